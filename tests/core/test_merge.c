#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/merge.h"
#include "tests/support/practice.h"
#include "tests/support/must.h"

#define SITES 4
#define ROUNDS 200

/* xorshift64: the same run from the same seed on every machine */
static uint64_t seed;

static unsigned pick(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % n);
}

static unsigned next_id;

static struct stamp stamp(const char *device)
{
	struct stamp s = {.by = "staff", .effective = "2023-04-30", .at = "2023-04-30T10:00:00.000Z"};

	(void)snprintf(s.id, sizeof(s.id), "01920000-0000-7000-8000-%012x", ++next_id);
	(void)snprintf(s.device, sizeof(s.device), "%s", device);
	return s;
}

static const struct rules *rules(void)
{
	const struct rules *r = NULL;

	assert_int_equal(rules_get(&r, 1, NULL), STATUS_OK);
	return r;
}

static void set(cJSON *record, const char *slot, cJSON *value, const char *device)
{
	struct stamp s = stamp(device);
	struct error e = {0};

	if (record_set(record, slot, value, &s, &e) != STATUS_OK)
		fail_msg("%s", e.text);
}

static cJSON *action(void)
{
	cJSON *r = cJSON_Parse("{\"schema\":\"action/1\",\"id\":\"01920000-0000-7000-8000-000000000000\"}");

	set(r, "status", cJSON_CreateString("red"), "kib-1");
	set(r, "ref", cJSON_CreateString("QIP-07"), "kib-1");
	return r;
}

static cJSON *merge(const cJSON *base, const cJSON *ours, const cJSON *theirs)
{
	cJSON *out = NULL;
	struct error e = {0};

	if (merge_records(&out, base, ours, theirs, rules(), &e) != STATUS_OK)
		fail_msg("%s", e.text);
	return out;
}

static cJSON *copy(const cJSON *r)
{
	return cJSON_Duplicate(r, true);
}

static void different_fields_merge_without_a_conflict(void **state)
{
	cJSON *base = action(), *ours = copy(base), *theirs = copy(base), *merged;

	(void)state;
	set(ours, "status", cJSON_CreateString("amber"), "kib-1");
	set(theirs, "due_date", cJSON_CreateString("2023-01-01"), "fle-1");
	merged = merge(base, ours, theirs);
	assert_string_equal(json_string(merged, "status"), "amber");
	assert_string_equal(json_string(merged, "due_date"), "2023-01-01");
	assert_int_equal(record_conflicts(merged), 0);
	cJSON_Delete(base);
	cJSON_Delete(ours);
	cJSON_Delete(theirs);
	cJSON_Delete(merged);
}

static void one_field_set_twice_shows_the_more_severe_until_resolved(void **state)
{
	cJSON *base = action(), *ours = copy(base), *theirs = copy(base), *merged, *claims, *resolved, *again;

	(void)state;
	set(ours, "status", cJSON_CreateString("green"), "kib-1");
	set(ours, "status", cJSON_CreateString("green"), "kib-1"); /* later, and milder */
	set(theirs, "status", cJSON_CreateString("amber"), "fle-1");
	merged = merge(base, ours, theirs);
	assert_string_equal(json_string(merged, "status"), "amber");
	claims = record_claims(merged, "status");
	assert_int_equal(cJSON_GetArraySize(claims), 2);

	resolved = copy(merged);
	set(resolved, "status", cJSON_CreateString("green"), "fle-1");
	again = merge(merged, resolved, merged);
	assert_int_equal(record_conflicts(again), 0);
	assert_string_equal(json_string(again, "status"), "green");
	cJSON_Delete(base);
	cJSON_Delete(ours);
	cJSON_Delete(theirs);
	cJSON_Delete(merged);
	cJSON_Delete(claims);
	cJSON_Delete(resolved);
	cJSON_Delete(again);
}

/* Two sites agree by chance; one then changes its mind: the other's word must stand against it. */
static void equal_values_of_two_sites_stay_two_claims(void **state)
{
	cJSON *base = action(), *ours = copy(base), *theirs = copy(base), *merged, *claims, *later, *end;

	(void)state;
	set(ours, "status", cJSON_CreateString("amber"), "kib-1");
	set(theirs, "status", cJSON_CreateString("amber"), "fle-1");
	merged = merge(base, ours, theirs);
	assert_int_equal(record_conflicts(merged), 0);
	claims = record_claims(merged, "status");
	assert_int_equal(cJSON_GetArraySize(claims), 2);
	later = copy(ours);
	set(later, "status", cJSON_CreateString("green"), "kib-1"); /* saw only its own claim */
	end = merge(ours, merged, later);
	assert_int_equal(record_conflicts(end), 1);
	assert_string_equal(json_string(end, "status"), "amber");
	cJSON_Delete(base);
	cJSON_Delete(ours);
	cJSON_Delete(theirs);
	cJSON_Delete(merged);
	cJSON_Delete(claims);
	cJSON_Delete(later);
	cJSON_Delete(end);
}

static void a_risk_is_never_a_pair_that_nobody_set(void **state)
{
	cJSON *base = action(), *ours = copy(base), *theirs = copy(base), *merged;

	(void)state;
	set(ours, "risk_current", cJSON_Parse("{\"likelihood\":4,\"consequence\":2}"), "kib-1");
	set(theirs, "risk_current", cJSON_Parse("{\"likelihood\":2,\"consequence\":5}"), "fle-1");
	merged = merge(base, ours, theirs);
	assert_same_json(json_get(merged, "risk_current"), json_get(theirs, "risk_current"));
	cJSON_Delete(base);
	cJSON_Delete(ours);
	cJSON_Delete(theirs);
	cJSON_Delete(merged);
}

static void logs_are_united(void **state)
{
	cJSON *base = action(), *ours = copy(base), *theirs = copy(base), *merged;
	struct stamp a = stamp("kib-1"), b = stamp("fle-1");

	(void)state;
	assert_int_equal(record_append(ours, "notes", cJSON_Parse("{\"text\":\"one\"}"), &a, NULL), STATUS_OK);
	assert_int_equal(record_append(theirs, "notes", cJSON_Parse("{\"text\":\"two\"}"), &b, NULL), STATUS_OK);
	merged = merge(base, ours, theirs);
	assert_int_equal(cJSON_GetArraySize(json_get(merged, "notes")), 2);
	cJSON_Delete(base);
	cJSON_Delete(ours);
	cJSON_Delete(theirs);
	cJSON_Delete(merged);
}

static void a_member_that_nobody_here_knows_is_kept(void **state)
{
	cJSON *base = action(), *ours = copy(base), *theirs = copy(base), *merged;

	(void)state;
	assert_int_equal(json_set_string(theirs, "from_the_future", "x"), STATUS_OK);
	set(ours, "status", cJSON_CreateString("amber"), "kib-1");
	merged = merge(base, ours, theirs);
	assert_string_equal(json_string(merged, "from_the_future"), "x");
	cJSON_Delete(merged);
	assert_int_equal(json_set_string(base, "from_the_future", "x"), STATUS_OK);
	assert_int_equal(json_set_string(ours, "from_the_future", "a"), STATUS_OK);
	merged = merge(base, ours, theirs); /* one side alone changed it */
	assert_string_equal(json_string(merged, "from_the_future"), "a");
	cJSON_Delete(base);
	cJSON_Delete(ours);
	cJSON_Delete(theirs);
	cJSON_Delete(merged);
}

static void a_revocation_and_a_key_once_there_stay(void **state)
{
	cJSON *base = cJSON_Parse("{\"schema\":\"device/1\",\"id\":\"k\",\"role\":\"staff\",\"invite\":{}}");
	cJSON *ours = copy(base), *theirs = copy(base), *merged, *back;

	(void)state;
	assert_int_equal(json_set(ours, "revoked", cJSON_CreateObject()), STATUS_OK);
	assert_int_equal(json_set(theirs, "enrolment", cJSON_Parse("{\"key\":\"a\"}")), STATUS_OK);
	merged = merge(base, ours, theirs);
	assert_non_null(json_get(merged, "revoked"));
	assert_non_null(json_get(merged, "enrolment"));
	back = merge(merged, base, merged);
	assert_non_null(json_get(back, "revoked"));
	assert_non_null(json_get(back, "enrolment"));
	cJSON_Delete(base);
	cJSON_Delete(ours);
	cJSON_Delete(theirs);
	cJSON_Delete(merged);
	cJSON_Delete(back);
}

/* ---- random histories ---- */

static void random_edit(cJSON *record, const char *device)
{
	static const char *const statuses[] = {"red", "amber", "green", "blue"};
	static const char *const sites[] = {"sites/kibworth", "sites/fleckney", "sites/great-glen"};
	static const char *const drivers[] = {"leadership", "staffing", "clarity"};
	struct stamp s;
	cJSON *risk;

	switch (pick(6)) {
	case 0:
		set(record, "driver", cJSON_CreateString(drivers[pick(3)]), device);
		break;
	case 1:
		set(record, sites[pick(3)], pick(3) ? cJSON_CreateTrue() : cJSON_CreateNull(), device);
		break;
	case 2:
		s = stamp(device);
		assert_int_equal(record_append(record, "notes", cJSON_Parse("{\"text\":\"n\"}"), &s, NULL), STATUS_OK);
		break;
	case 3:
		risk = cJSON_CreateObject();
		(void)cJSON_AddNumberToObject(risk, "likelihood", 1 + pick(5));
		(void)cJSON_AddNumberToObject(risk, "consequence", 1 + pick(5));
		set(record, "risk_current", risk, device);
		break;
	default:
		set(record, "status", cJSON_CreateString(statuses[pick(4)]), device);
	}
}

static void merging_is_commutative_and_idempotent(void **state)
{
	(void)state;
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		cJSON *base = action(), *a, *b, *ab, *ba, *aa, *base_a;

		seed = round * 0x9e3779b97f4a7c15u;
		for (unsigned i = pick(4); i > 0; i--)
			random_edit(base, "kib-1");
		a = copy(base);
		b = copy(base);
		for (unsigned i = pick(6); i > 0; i--)
			random_edit(a, "kib-1");
		for (unsigned i = pick(6); i > 0; i--)
			random_edit(b, "fle-1");
		ab = merge(base, a, b);
		ba = merge(base, b, a);
		aa = merge(base, a, a);
		base_a = merge(base, base, a);
		assert_same_json(ab, ba);
		assert_same_json(aa, a);
		assert_same_json(base_a, a);
		assert_int_equal(record_check(ab, rules(), NULL), STATUS_OK);
		cJSON_Delete(base);
		cJSON_Delete(a);
		cJSON_Delete(b);
		cJSON_Delete(ab);
		cJSON_Delete(ba);
		cJSON_Delete(aa);
		cJSON_Delete(base_a);
	}
}

/* Sync the sites' edits into one log in a given order. */
static cJSON *sync_in_order(const cJSON *base, cJSON *const sites[SITES], const unsigned order[SITES])
{
	cJSON *main = copy(base);

	for (unsigned i = 0; i < SITES; i++) {
		cJSON *next = merge(base, main, sites[order[i]]);

		cJSON_Delete(main);
		main = next;
	}
	return main;
}

static void every_claim_of_every_site_is_there(const cJSON *main, cJSON *const sites[SITES])
{
	for (unsigned i = 0; i < SITES; i++) {
		cJSON *slots = record_slots(sites[i], NULL);
		const cJSON *slot, *claim, *other;

		cJSON_ArrayForEach(slot, slots) {
			cJSON *mine = record_claims(sites[i], slot->valuestring), *all = record_claims(main, slot->valuestring);

			cJSON_ArrayForEach(claim, mine) {
				bool found = false, own = strncmp(json_string(claim, "device"), "site-", 5) == 0;

				cJSON_ArrayForEach(other, all)
					found = found || strcmp(json_string(other, "id"), json_string(claim, "id")) == 0;
				if (own && !found)
					fail_msg("a claim to %s that nobody replaced is lost", slot->valuestring);
			}
			cJSON_Delete(mine);
			cJSON_Delete(all);
		}
		cJSON_Delete(slots);
	}
}

static void any_order_of_syncs_gives_the_same_bytes_and_loses_no_claim(void **state)
{
	static const unsigned orders[][SITES] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}};

	(void)state;
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		cJSON *base = action(), *sites[SITES], *first;

		seed = round * 0xbf58476d1ce4e5b9u;
		for (unsigned i = 0; i < 5; i++)
			random_edit(base, "kib-0");
		for (unsigned i = 0; i < SITES; i++) {
			char name[16];

			(void)snprintf(name, sizeof(name), "site-%u", i + 1);
			sites[i] = copy(base);
			for (unsigned k = pick(5); k > 0; k--)
				random_edit(sites[i], name);
		}
		first = sync_in_order(base, sites, orders[0]);
		every_claim_of_every_site_is_there(first, sites);
		for (unsigned o = 1; o < ARRAY_LEN(orders); o++) {
			cJSON *other = sync_in_order(base, sites, orders[o]);

			assert_same_json(first, other);
			cJSON_Delete(other);
		}
		for (unsigned i = 0; i < SITES; i++)
			cJSON_Delete(sites[i]);
		cJSON_Delete(first);
		cJSON_Delete(base);
	}
}

/* ---- every kind of record ---- */

/* Both orders give the same bytes, or the same refusal. */
static void assert_commutes(const cJSON *base, const cJSON *a, const cJSON *b, enum status expected)
{
	cJSON *ab = NULL, *ba = NULL;

	assert_int_equal(merge_records(&ab, base, a, b, rules(), NULL), expected);
	assert_int_equal(merge_records(&ba, base, b, a, rules(), NULL), expected);
	if (expected == STATUS_OK)
		assert_same_json(ab, ba);
	cJSON_Delete(ab);
	cJSON_Delete(ba);
}

static void every_kind_of_record_merges_the_same_both_ways_with_and_without_a_base(void **state)
{
	static const struct {
		const char *base, *a, *b;
		enum status with_base, without;
	} cases[] = {
		/* a device: ended by two at once; joined by the one, ended by the other */
		{"{\"schema\":\"device/1\",\"id\":\"k\",\"role\":\"staff\"}",
		 "{\"schema\":\"device/1\",\"id\":\"k\",\"role\":\"staff\",\"retired\":{\"by\":\"a\"}}",
		 "{\"schema\":\"device/1\",\"id\":\"k\",\"role\":\"staff\",\"retired\":{\"by\":\"b\"},\"enrolment\":{\"key\":\"x\"}}", STATUS_OK,
		 STATUS_OK},
		{"{\"schema\":\"survey/1\",\"id\":\"fft\",\"version\":1}", "{\"schema\":\"survey/1\",\"id\":\"fft\",\"version\":2,\"questions\":[1]}",
		 "{\"schema\":\"survey/1\",\"id\":\"fft\",\"version\":2,\"questions\":[2]}", STATUS_OK, STATUS_OK},
		{"{\"schema\":\"survey/1\",\"id\":\"fft\",\"version\":1}", "{\"schema\":\"survey/1\",\"id\":\"fft\",\"version\":9}",
		 "{\"schema\":\"survey/1\",\"id\":\"fft\",\"version\":10}", STATUS_OK, STATUS_OK},
		{"{\"schema\":\"checkpoint/1\",\"device\":\"d\",\"index\":1}", "{\"schema\":\"checkpoint/1\",\"device\":\"d\",\"index\":9}",
		 "{\"schema\":\"checkpoint/1\",\"device\":\"d\",\"index\":10}", STATUS_OK, STATUS_OK},
		/* a comment key that one side no longer has for whom the base had it */
		{"{\"schema\":\"key/1\",\"wrapped\":{\"a\":\"x\"}}", "{\"schema\":\"key/1\",\"wrapped\":{\"a\":\"x\",\"b\":\"y\"}}",
		 "{\"schema\":\"key/1\",\"wrapped\":{}}", STATUS_OK, STATUS_OK},
		/* a newer schema on one side, another id, an unknown type */
		{"{\"schema\":\"action/1\",\"id\":\"x\"}", "{\"schema\":\"action/1\",\"id\":\"x\"}", "{\"schema\":\"action/2\",\"id\":\"x\"}",
		 STATUS_INVALID, STATUS_INVALID},
		{"{\"schema\":\"site/1\",\"id\":\"x\"}", "{\"schema\":\"site/1\",\"id\":\"x\"}", "{\"schema\":\"site/1\",\"id\":\"y\"}", STATUS_INVALID,
		 STATUS_INVALID},
		{"{\"schema\":\"novel/1\",\"id\":\"x\"}", "{\"schema\":\"novel/1\",\"id\":\"x\",\"a\":1}", "{\"schema\":\"novel/1\",\"id\":\"x\",\"a\":2}",
		 STATUS_OK, STATUS_OK},
		{"{}", "{}", "[]", STATUS_OK, STATUS_OK},
		/* log entries of one id and two contents: never, also where the base has one of them */
		{"{\"schema\":\"action/1\",\"notes\":{\"n\":{\"text\":\"a\"}}}", "{\"schema\":\"action/1\",\"notes\":{\"n\":{\"text\":\"b\"}}}",
		 "{\"schema\":\"action/1\",\"notes\":{\"n\":{\"text\":\"c\"}}}", STATUS_DENIED, STATUS_DENIED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cJSON *base = cJSON_Parse(cases[i].base), *a = cJSON_Parse(cases[i].a), *b = cJSON_Parse(cases[i].b);

		assert_true(base && a && b);
		assert_commutes(base, a, b, cases[i].with_base);
		assert_commutes(NULL, a, b, cases[i].without);
		cJSON_Delete(base);
		cJSON_Delete(a);
		cJSON_Delete(b);
	}
}

static void each_kind_of_record_keeps_both_words_and_shows_the_one_that_its_rules_say(void **state)
{
	static const struct {
		const char *record, *slot, *a, *b, *shown; /* of values, the greater device's */
	} cases[] = {
		{"{\"schema\":\"opel/1\",\"week\":\"2022-W49\"}", "level", "3", "2", "3"},
		{"{\"schema\":\"toolkit-answer/1\",\"toolkit\":\"t\",\"statement\":\"s\"}", "answer", "\"not-met\"", "\"met\"", "\"not-met\""},
		{"{\"schema\":\"theme/1\",\"id\":\"x\"}", "improved", "\"no\"", "\"yes\"", "\"no\""},
		{"{\"schema\":\"triage/1\",\"id\":\"x\"}", "publication", "\"withhold\"", "\"publish\"", "\"withhold\""},
		{"{\"schema\":\"ppg/1\",\"id\":\"x\"}", "members", "12", "14", "14"},
		{"{\"schema\":\"return/1\",\"month\":\"2022-06\"}", "totals", "{\"options\":{\"good\":1}}", "{\"options\":{\"good\":2}}",
		 "{\"options\":{\"good\":2}}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cJSON *base = cJSON_Parse(cases[i].record), *a = copy(base), *b = copy(base), *shown = cJSON_Parse(cases[i].shown), *ab, *claims;

		set(a, cases[i].slot, cJSON_Parse(cases[i].a), "fle-1");
		set(b, cases[i].slot, cJSON_Parse(cases[i].b), "kib-1");
		ab = merge(base, a, b);
		claims = record_claims(ab, cases[i].slot);
		assert_int_equal(cJSON_GetArraySize(claims), 2);
		assert_same_json(json_get(ab, cases[i].slot), shown);
		assert_commutes(base, a, b, STATUS_OK);
		assert_commutes(NULL, a, b, STATUS_OK);
		cJSON_Delete(claims);
		cJSON_Delete(ab);
		cJSON_Delete(shown);
		cJSON_Delete(base);
		cJSON_Delete(a);
		cJSON_Delete(b);
	}
}

/* Two sites count their own appointments, and two people ask for support: neither gets in the other's way. */
static void keys_of_a_map_that_two_set_apart_are_both_there(void **state)
{
	cJSON *base = cJSON_Parse("{\"schema\":\"access/1\",\"month\":\"2022-06\"}"), *a = copy(base), *b = copy(base), *ab;

	(void)state;
	set(a, "sites/fleckney", cJSON_Parse("{\"video\":{\"attended\":3,\"did_not_attend\":1}}"), "fle-1");
	set(b, "sites/kibworth", cJSON_Parse("{\"video\":{\"attended\":5,\"did_not_attend\":0}}"), "kib-1");
	ab = merge(base, a, b);
	assert_int_equal(cJSON_GetArraySize(json_get(ab, "sites")), 2);
	assert_int_equal(record_conflicts(ab), 0);
	assert_commutes(NULL, a, b, STATUS_OK);
	cJSON_Delete(ab);
	cJSON_Delete(base);
	cJSON_Delete(a);
	cJSON_Delete(b);
}

static void records_made_on_both_sides_merge_the_same_both_ways(void **state)
{
	(void)state;
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		cJSON *a = cJSON_Parse("{\"schema\":\"inspection/1\",\"id\":\"01920000-0000-7000-8000-000000000000\"}"), *b = copy(a);

		seed = round * 0x94d049bb133111ebu;
		for (unsigned i = pick(6); i > 0; i--) {
			set(a, pick(2) ? "ratings/safe" : "ratings/caring", pick(3) ? cJSON_CreateString("good") : cJSON_CreateNull(), "kib-1");
			set(a, "breaches/12", pick(2) ? cJSON_CreateTrue() : cJSON_CreateNull(), "kib-1");
			set(b, pick(2) ? "ratings/safe" : "overall", cJSON_CreateString(pick(2) ? "good" : "poor"), "fle-1");
			set(b, pick(2) ? "breaches/12" : "breaches/17", pick(2) ? cJSON_CreateTrue() : cJSON_CreateNull(), "fle-1");
		}
		assert_commutes(NULL, a, b, STATUS_OK);
		cJSON_Delete(a);
		cJSON_Delete(b);
	}
}

/* ---- trees ---- */

static struct oid put(struct practice *p, const struct oid *tree, const char *path, const cJSON *record)
{
	struct tree_edit edit = {.path = path};
	struct error e = {0};
	struct oid out;

	if (record)
		edit.id = practice_blob(p, copy(record));
	if (tree_apply(&out, p->repo, tree, &edit, 1, &e) != STATUS_OK)
		fail_msg("%s", e.text);
	return out;
}

static struct oid merge3(struct practice *p, struct buf *kept, const struct oid *base, const struct oid *ours, const struct oid *theirs)
{
	struct error e = {0};
	struct oid out;

	if (merge_trees(&out, kept, p->repo, base, ours, theirs, rules(), &e) != STATUS_OK)
		fail_msg("%s", e.text);
	return out;
}

static void trees_merge_by_path_and_records_by_field(void **state)
{
	struct practice p;
	struct buf kept = BUF_INIT;
	struct oid base, ours, theirs, merged, mirrored;
	cJSON *r = action(), *a = copy(r), *b = copy(r), *both;

	(void)state;
	practice_open(&p);
	set(a, "status", cJSON_CreateString("amber"), "kib-1");
	set(b, "driver", cJSON_CreateString("leadership"), "fle-1");
	base = put(&p, NULL, "qip/1.json", r);
	base = put(&p, &base, "qip/2.json", r);
	ours = put(&p, &base, "qip/1.json", a);
	ours = put(&p, &ours, "feedback/k/0/0/1.json", r);
	theirs = put(&p, &base, "qip/1.json", b);
	theirs = put(&p, &theirs, "feedback/l/0/0/1.json", r);
	theirs = put(&p, &theirs, "qip/2.json", NULL);
	merged = merge3(&p, &kept, &base, &ours, &theirs);
	mirrored = merge3(&p, &kept, &base, &theirs, &ours);
	assert_true(oid_equal(&merged, &mirrored));
	assert_string_equal(buf_text(&kept), "");
	both = practice_read(&p, &merged, "qip/1.json");
	assert_string_equal(json_string(both, "status"), "amber");
	assert_string_equal(json_string(both, "driver"), "leadership");
	cJSON_Delete(both);
	assert_null(practice_read(&p, &merged, "qip/2.json"));
	both = practice_read(&p, &merged, "feedback/k/0/0/1.json");
	assert_non_null(both);
	cJSON_Delete(both);
	both = practice_read(&p, &merged, "feedback/l/0/0/1.json");
	assert_non_null(both);
	cJSON_Delete(both);
	cJSON_Delete(r);
	cJSON_Delete(a);
	cJSON_Delete(b);
	buf_clear(&kept);
	practice_end(&p);
}

static void a_change_beats_a_deletion_and_is_named(void **state)
{
	struct practice p;
	struct buf kept = BUF_INIT;
	struct oid base, ours, theirs, merged;
	cJSON *r = action(), *a = copy(r), *there;

	(void)state;
	practice_open(&p);
	set(a, "status", cJSON_CreateString("amber"), "kib-1");
	base = put(&p, NULL, "qip/1.json", r);
	base = put(&p, &base, "sites/x.json", r);
	ours = put(&p, &base, "qip/1.json", a);
	theirs = put(&p, &base, "qip/1.json", NULL);
	merged = merge3(&p, &kept, &base, &ours, &theirs);
	there = practice_read(&p, &merged, "qip/1.json");
	assert_string_equal(json_string(there, "status"), "amber");
	assert_string_equal(buf_text(&kept), "qip/1.json\n");
	buf_reset(&kept);
	merged = merge3(&p, &kept, &base, &theirs, &ours);
	assert_string_equal(buf_text(&kept), "qip/1.json\n");
	assert_true(oid_equal(&merged, &ours));
	cJSON_Delete(there);
	cJSON_Delete(r);
	cJSON_Delete(a);
	buf_clear(&kept);
	practice_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(different_fields_merge_without_a_conflict),
		cmocka_unit_test(one_field_set_twice_shows_the_more_severe_until_resolved),
		cmocka_unit_test(equal_values_of_two_sites_stay_two_claims),
		cmocka_unit_test(a_risk_is_never_a_pair_that_nobody_set),
		cmocka_unit_test(logs_are_united),
		cmocka_unit_test(a_member_that_nobody_here_knows_is_kept),
		cmocka_unit_test(a_revocation_and_a_key_once_there_stay),
		cmocka_unit_test(merging_is_commutative_and_idempotent),
		cmocka_unit_test(any_order_of_syncs_gives_the_same_bytes_and_loses_no_claim),
		cmocka_unit_test(every_kind_of_record_merges_the_same_both_ways_with_and_without_a_base),
		cmocka_unit_test(each_kind_of_record_keeps_both_words_and_shows_the_one_that_its_rules_say),
		cmocka_unit_test(keys_of_a_map_that_two_set_apart_are_both_there),
		cmocka_unit_test(records_made_on_both_sides_merge_the_same_both_ways),
		cmocka_unit_test(trees_merge_by_path_and_records_by_field),
		cmocka_unit_test(a_change_beats_a_deletion_and_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
