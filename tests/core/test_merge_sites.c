/* tests/core/test_merge_sites.c - sites that edit and sync by turns at random, for every type of record: what the merge promises, checked
 * against a ledger of who made which edit and which edits its maker saw.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/merge.h"
#include "tests/fuzz/dice.h"
#include "tests/support/must.h"

#define SITES 5
#define STEPS 60
#define HISTORIES 10 /* of each type */
#define SLOT_MAX 48

static const char *const types[] = {"practice", "site", "action", "inspection", "triage", "theme", "opel", "access", "ppg", "return", "toolkit-answer", "person"};

/* One edit that somebody made. */
struct entry {
	char slot[SLOT_MAX]; /* of a log: its field */
	bool log;
	bool replaced;       /* by an edit whose maker saw it */
};

struct world {
	struct dice dice;
	const struct rules *rules;
	const char *type;
	cJSON *main;                /* as the server has it */
	cJSON *own[SITES];          /* as each site has it */
	cJSON *seen[SITES];         /* main as each last saw it */
	struct entry ledger[STEPS]; /* the number in an edit's id is its place */
	size_t ledger_len;
};

/* The same content, members the other way round: in memory, order is chance. */
static cJSON *turned(const cJSON *value)
{
	cJSON *out, *copy;
	const cJSON *item;

	if (!cJSON_IsObject(value))
		return cJSON_Duplicate(value, true);
	out = cJSON_CreateObject();
	cJSON_ArrayForEach(item, value) {
		copy = turned(item);
		if (!copy->string)
			copy->string = strdup(item->string);
		if (out->child)
			(void)cJSON_InsertItemInArray(out, 0, copy);
		else
			(void)cJSON_AddItemToArray(out, copy);
	}
	return out;
}

static cJSON *record_of(const char *type)
{
	cJSON *r = cJSON_CreateObject();
	char schema[RECORD_TYPE_MAX];

	(void)snprintf(schema, sizeof(schema), "%s/1", type);
	assert_int_equal(json_set_string(r, "schema", schema), STATUS_OK);
	assert_int_equal(json_set_string(r, "id", "01920000-0000-7000-8000-ffffffffffff"), STATUS_OK);
	return r;
}

static cJSON *merge(const struct world *w, const cJSON *base, const cJSON *ours, const cJSON *theirs)
{
	cJSON *out = NULL;
	struct error e = {0};

	if (merge_records(&out, base, ours, theirs, w->rules, &e) != STATUS_OK)
		fail_msg("%s: %s", w->type, e.text);
	return out;
}

/* Both ways, again, and from records whose members lie otherwise: the same bytes. */
static cJSON *merge_checked(const struct world *w, const cJSON *base, const cJSON *ours, const cJSON *theirs)
{
	cJSON *out = merge(w, base, ours, theirs), *other = merge(w, base, theirs, ours);
	cJSON *b = turned(base), *o = turned(ours), *t = turned(theirs);

	assert_same_json(out, other);
	cJSON_Delete(other);
	other = merge(w, b, o, t);
	assert_same_json(out, other);
	cJSON_Delete(other);
	other = merge(w, base, out, theirs); /* sent twice */
	assert_same_json(out, other);
	cJSON_Delete(other);
	other = merge(w, out, out, out);
	assert_same_json(out, other);
	assert_int_equal(record_check(out, w->rules, NULL), STATUS_OK);
	cJSON_Delete(other);
	cJSON_Delete(b);
	cJSON_Delete(o);
	cJSON_Delete(t);
	return out;
}

/* ---- what happens ---- */

static cJSON *some_value(struct world *w)
{
	static const char *const values[] = {"\"red\"",	 "\"amber\"", "\"green\"", "\"none\"", "\"urgent\"", "\"open\"", "\"met\"", "1", "4", "null",
					     "\"withhold\"", "{\"likelihood\":2,\"consequence\":5}", "{\"likelihood\":4,\"consequence\":2}", "[1,2]"};

	return cJSON_Parse(values[dice_roll(&w->dice, ARRAY_LEN(values))]);
}

static const char *pick_field(struct world *w)
{
	size_t n = 0;

	while (rules_field(w->rules, w->type, n))
		n++;
	return rules_field(w->rules, w->type, dice_roll(&w->dice, n));
}

static size_t number_of(const char *id)
{
	return (size_t)strtoull(id + strlen("01920000-0000-7000-8000-"), NULL, 16);
}

/* The site's new edit takes the place of what it has in that slot. */
static void note_replaced(struct world *w, const cJSON *record, const char *slot)
{
	cJSON *claims = record_claims(record, slot);
	const cJSON *claim;

	cJSON_ArrayForEach(claim, claims)
		w->ledger[number_of(json_string(claim, "id"))].replaced = true;
	cJSON_Delete(claims);
}

static void edit(struct world *w, size_t site)
{
	const char *field = pick_field(w);
	enum field_kind kind = rules_field_kind(w->rules, w->type, field);
	struct entry *entry = &w->ledger[w->ledger_len];
	struct stamp s = {.by = "staff", .effective = "2023-04-30", .at = "2023-04-30T10:00:00.000Z"};
	cJSON *value = some_value(w);

	(void)snprintf(s.id, sizeof(s.id), "01920000-0000-7000-8000-%012x", (unsigned)w->ledger_len++);
	(void)snprintf(s.device, sizeof(s.device), "site-%zu", site);
	(void)snprintf(entry->slot, sizeof(entry->slot), "%s", field);
	entry->log = kind == FIELD_LOG;
	if (entry->log) {
		cJSON_Delete(value);
		assert_int_equal(record_append(w->own[site], field, cJSON_Parse("{\"text\":\"n\"}"), &s, NULL), STATUS_OK);
		return;
	}
	if (kind == FIELD_SET || kind == FIELD_MAP)
		(void)snprintf(entry->slot, sizeof(entry->slot), "%s/key-%zu", field, dice_roll(&w->dice, 3));
	if (kind == FIELD_SET) {
		cJSON_Delete(value);
		value = dice_once_in(&w->dice, 3) ? cJSON_CreateNull() : cJSON_CreateTrue();
	}
	note_replaced(w, w->own[site], entry->slot);
	assert_int_equal(record_set(w->own[site], entry->slot, value, &s, NULL), STATUS_OK);
}

static void sync(struct world *w, size_t site)
{
	cJSON *merged = merge_checked(w, w->seen[site], w->main, w->own[site]);

	cJSON_Delete(w->main);
	cJSON_Delete(w->own[site]);
	cJSON_Delete(w->seen[site]);
	w->main = merged;
	w->own[site] = cJSON_Duplicate(merged, true);
	w->seen[site] = cJSON_Duplicate(merged, true);
}

/* ---- what has to come of it ---- */

static bool is_there(const cJSON *record, const struct entry *entry, size_t number)
{
	char id[ID_TEXT_LEN + 1];
	cJSON *claims;
	const cJSON *claim;
	bool found = false;

	(void)snprintf(id, sizeof(id), "01920000-0000-7000-8000-%012x", (unsigned)number);
	if (entry->log)
		return json_get(json_get(record, entry->slot), id) != NULL;
	claims = record_claims(record, entry->slot);
	cJSON_ArrayForEach(claim, claims)
		found = found || strcmp(json_string(claim, "id"), id) == 0;
	cJSON_Delete(claims);
	return found;
}

static void assert_ledger(const struct world *w)
{
	for (size_t i = 0; i < w->ledger_len; i++)
		if (is_there(w->main, &w->ledger[i], i) != !w->ledger[i].replaced)
			fail_msg("%s: edit %zu of %s %s", w->type, i, w->ledger[i].slot,
				 w->ledger[i].replaced ? "is there, though it was replaced" : "is lost, and nobody replaced it");
}

/* A field shows nothing milder than what some site believes. */
static void assert_severest_shows(const struct world *w)
{
	for (size_t i = 0; rules_field(w->rules, w->type, i); i++) {
		const char *field = rules_field(w->rules, w->type, i);
		cJSON *claims = rules_field_kind(w->rules, w->type, field) == FIELD_SEVERITY ? record_claims(w->main, field) : NULL, *none = cJSON_CreateNull();
		const cJSON *shown = json_get(w->main, field), *claim;

		cJSON_ArrayForEach(claim, claims)
			assert_true(rules_compare_severity(w->rules, w->type, field, shown ? shown : none, json_get(claim, "value")) >= 0);
		cJSON_Delete(claims);
		cJSON_Delete(none);
	}
}

static void world_open(struct world *w, const char *type, uint64_t seed)
{
	*w = (struct world){.dice = {.state = seed}, .type = type};
	assert_int_equal(rules_get(&w->rules, 1, NULL), STATUS_OK);
	w->main = record_of(type);
	for (size_t i = 0; i < SITES; i++) {
		w->own[i] = cJSON_Duplicate(w->main, true);
		w->seen[i] = cJSON_Duplicate(w->main, true);
	}
}

static void world_close(struct world *w)
{
	cJSON_Delete(w->main);
	for (size_t i = 0; i < SITES; i++) {
		cJSON_Delete(w->own[i]);
		cJSON_Delete(w->seen[i]);
	}
}

static void sites_agree_to_the_byte_and_no_edit_is_lost_or_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types) * HISTORIES; i++) {
		struct world w;

		world_open(&w, types[i % ARRAY_LEN(types)], i);
		for (size_t step = 0; step < STEPS; step++) {
			size_t site = dice_roll(&w.dice, SITES);

			if (dice_once_in(&w.dice, 3))
				sync(&w, site);
			else
				edit(&w, site);
		}
		for (size_t site = 0; site < 2 * SITES; site++)
			sync(&w, site % SITES);
		for (size_t site = 0; site < SITES; site++)
			assert_same_json(w.own[site], w.main);
		assert_ledger(&w);
		assert_severest_shows(&w);
		world_close(&w);
	}
}

/* What a site has not sent yet: any order of sending gives the same. */
static void any_order_of_syncs_gives_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types) * HISTORIES; i++) {
		struct world w;
		cJSON *first = NULL;

		world_open(&w, types[i % ARRAY_LEN(types)], i + 1000000);
		for (size_t step = 0; step < STEPS / 2; step++)
			edit(&w, dice_roll(&w.dice, SITES));
		for (size_t order = 0; order < 4; order++) {
			cJSON *main = cJSON_Duplicate(w.main, true);
			size_t from = dice_roll(&w.dice, SITES), by = 1 + dice_roll(&w.dice, SITES - 1); /* SITES is prime: each comes once */

			for (size_t k = 0; k < SITES; k++) {
				cJSON *next = merge(&w, w.main, main, w.own[(from + k * by) % SITES]);

				cJSON_Delete(main);
				main = next;
			}
			if (first)
				assert_same_json(first, main);
			else
				first = cJSON_Duplicate(main, true);
			cJSON_Delete(main);
		}
		cJSON_Delete(first);
		world_close(&w);
	}
}

/* ---- records without claims ---- */

static cJSON *random_device(struct dice *d)
{
	static const char *const roles[] = {"kiosk", "auditor", "icb", "staff", "manager"};
	cJSON *r = record_of("device");
	char by[32];

	assert_int_equal(json_set_string(r, "role", roles[dice_roll(d, ARRAY_LEN(roles))]), STATUS_OK);
	for (const char *const *name = (const char *const[]){"retired", "revoked", "enrolment", NULL}; *name; name++) {
		cJSON *member = dice_once_in(d, 2) ? cJSON_CreateObject() : NULL;

		(void)snprintf(by, sizeof(by), "m%zu", dice_roll(d, 3));
		if (!member)
			continue;
		assert_int_equal(json_set_string(member, "by", by), STATUS_OK);
		assert_int_equal(json_set(r, *name, member), STATUS_OK);
	}
	return r;
}

static void a_device_that_was_ended_stays_so_and_has_the_least_role(void **state)
{
	struct world w = {.type = "device"};
	struct dice d = {.state = 7};

	(void)state;
	assert_int_equal(rules_get(&w.rules, 1, NULL), STATUS_OK);
	for (int i = 0; i < 500; i++) {
		cJSON *base = random_device(&d), *a = random_device(&d), *b = random_device(&d), *m = merge_checked(&w, base, a, b);

		for (const char *const *name = (const char *const[]){"retired", "revoked", "enrolment", NULL}; *name; name++)
			if (json_get(base, *name))
				assert_same_json(json_get(m, *name), json_get(base, *name));
			else if (json_get(a, *name) || json_get(b, *name))
				assert_non_null(json_get(m, *name));
		if (strcmp(json_string(a, "role"), "kiosk") == 0 || strcmp(json_string(b, "role"), "kiosk") == 0)
			assert_string_equal(json_string(m, "role"), "kiosk");
		cJSON_Delete(base);
		cJSON_Delete(a);
		cJSON_Delete(b);
		cJSON_Delete(m);
	}
}

static cJSON *random_version(const char *type, const char *member, struct dice *d)
{
	cJSON *r = record_of(type);

	assert_int_equal(json_set_integer(r, member, (int64_t)dice_roll(d, 4)), STATUS_OK);
	assert_int_equal(json_set_integer(r, "content", (int64_t)dice_roll(d, 3)), STATUS_OK);
	return r;
}

/* keys/1.json, wrapped to some devices more than `base` says. */
static cJSON *random_key(const cJSON *base, struct dice *d)
{
	cJSON *r = base ? cJSON_Duplicate(base, true) : record_of("key"), *wrapped = cJSON_GetObjectItemCaseSensitive(r, "wrapped");

	if (!wrapped)
		wrapped = cJSON_AddObjectToObject(r, "wrapped");
	for (size_t n = dice_roll(d, 4); n > 0; n--) {
		char device[16], sealed[16];

		(void)snprintf(device, sizeof(device), "desk-%u", (unsigned)dice_roll(d, 6));
		(void)snprintf(sealed, sizeof(sealed), "%u", (unsigned)dice_roll(d, 1000));
		if (!json_get(wrapped, device))
			assert_int_equal(json_set_string(wrapped, device, sealed), STATUS_OK);
	}
	return r;
}

static void a_comment_key_is_wrapped_to_all_whom_somebody_let_in_in_any_order(void **state)
{
	struct dice d = {.state = 12};
	struct world w = {.type = "key"};
	const cJSON *entry;

	(void)state;
	assert_int_equal(rules_get(&w.rules, 1, NULL), STATUS_OK);
	for (size_t i = 0; i < 500; i++) {
		cJSON *base = random_key(NULL, &d), *r[3], *ab, *bc, *x, *y;

		for (size_t k = 0; k < 3; k++)
			r[k] = random_key(base, &d);
		ab = merge(&w, base, r[0], r[1]);
		x = merge(&w, base, ab, r[2]);
		bc = merge(&w, base, r[2], r[1]);
		y = merge(&w, base, bc, r[0]);
		assert_same_json(x, y);
		for (size_t k = 0; k < 3; k++) {
			cJSON_ArrayForEach(entry, json_get(r[k], "wrapped"))
				assert_non_null(json_get(json_get(x, "wrapped"), entry->string));
		}
		cJSON_ArrayForEach(entry, json_get(base, "wrapped"))
			assert_true(json_equal(entry, json_get(json_get(x, "wrapped"), entry->string)));
		for (size_t k = 0; k < 3; k++)
			cJSON_Delete(r[k]);
		cJSON_Delete(base);
		cJSON_Delete(ab);
		cJSON_Delete(bc);
		cJSON_Delete(x);
		cJSON_Delete(y);
	}
}

static void of_whole_records_the_highest_version_is_left_in_any_order(void **state)
{
	static const char *const whole[] = {"survey", "checkpoint", "health"};
	struct dice d = {.state = 11};

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		struct world w = {.type = whole[i % ARRAY_LEN(whole)]};
		const char *member;
		cJSON *base, *r[3], *x, *y, *ab, *bc;
		int64_t highest = 0, n = 0;

		assert_int_equal(rules_get(&w.rules, 1, NULL), STATUS_OK);
		member = rules_version_member(w.rules, w.type);
		base = random_version(w.type, member, &d);
		for (size_t k = 0; k < 3; k++) { /* each is changed: it went on from the base */
			r[k] = random_version(w.type, member, &d);
			assert_true(json_integer(base, member, &n));
			n += 1 + (int64_t)dice_roll(&d, 3);
			assert_int_equal(json_set_integer(r[k], member, n), STATUS_OK);
			highest = n > highest ? n : highest;
		}
		ab = merge(&w, base, r[0], r[1]);
		x = merge(&w, base, ab, r[2]);
		bc = merge(&w, base, r[2], r[1]);
		y = merge(&w, base, bc, r[0]);
		assert_same_json(x, y);
		assert_true(json_integer(x, member, &n) && n == highest);
		cJSON_Delete(base);
		cJSON_Delete(ab);
		cJSON_Delete(bc);
		cJSON_Delete(x);
		cJSON_Delete(y);
		for (size_t k = 0; k < 3; k++)
			cJSON_Delete(r[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sites_agree_to_the_byte_and_no_edit_is_lost_or_comes_back),
		cmocka_unit_test(any_order_of_syncs_gives_the_same),
		cmocka_unit_test(a_device_that_was_ended_stays_so_and_has_the_least_role),
		cmocka_unit_test(of_whole_records_the_highest_version_is_left_in_any_order),
		cmocka_unit_test(a_comment_key_is_wrapped_to_all_whom_somebody_let_in_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
