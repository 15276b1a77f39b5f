/* tests/client/test_asof.c - the plan as of a day, over histories in real repositories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/asof.h"
#include "core/merge.h"

#define PATH "qip/0190b0c2-7c00-7000-8000-000000000001.json"
#define ACTION "{\"id\":\"0190b0c2-7c00-7000-8000-000000000001\",\"schema\":\"action/1\"}"

/* A practice's log under construction. */
struct world {
	char dir[64];
	struct repo *repo;
	struct key *key;
	struct oid main;
	int64_t index;
	int edits; /* so far; makes ids and numbers */
};

static void ok(enum status st, const struct error *e)
{
	if (st != STATUS_OK)
		fail_msg("%s: %s", status_text(st), e->text);
}

static struct oid commit(struct world *w, const struct oid *tree, const struct oid *parents, size_t len,
			 const char *device, const char *message)
{
	struct commit_spec spec = {.tree = *tree,
				   .parents_len = len,
				   .name = device,
				   .email = "x@c82999.qip.invalid",
				   .message = message,
				   .key = w->key};
	struct error e = {0};
	struct oid id;

	for (size_t i = 0; i < len; i++)
		spec.parents[i] = parents[i];
	ok(repo_commit_write(&id, w->repo, &spec, &e), &e);
	return id;
}

static struct oid tree_of(struct world *w, const struct oid *id)
{
	struct commit c = COMMIT_INIT;
	struct error e = {0};
	struct oid tree;

	ok(repo_commit_read(&c, w->repo, id, &e), &e);
	tree = c.tree;
	commit_clear(&c);
	return tree;
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct error e = {0};
	struct oid tree;

	assert_non_null(w);
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/test_asof.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	ok(repo_create(w->dir, &e), &e);
	ok(repo_open(&w->repo, w->dir, &e), &e);
	ok(key_generate(&w->key, &e), &e);
	ok(tree_apply(&tree, w->repo, NULL, NULL, 0, &e), &e);
	w->main = commit(w, &tree, NULL, 0, "server", "Start of the log of C82999\n\nQip-Index: 0\n");
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	repo_close(w->repo);
	key_free(w->key);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

/* The record at a commit, or a new one. */
static cJSON *record_at(struct world *w, const struct oid *base)
{
	struct oid tree = tree_of(w, base);
	struct buf bytes = BUF_INIT;
	struct error e = {0};
	cJSON *record = NULL;

	if (tree_read_path(&bytes, w->repo, &tree, PATH, RECORD_MAX_BYTES, &e) != STATUS_OK)
		buf_adds(&bytes, ACTION);
	ok(json_parse(&record, buf_text(&bytes), bytes.len, &e), &e);
	buf_clear(&bytes);
	return record;
}

static struct oid commit_record(struct world *w, const struct oid *base, const char *device, const cJSON *record,
				bool orphan)
{
	struct tree_edit edit = {.path = PATH};
	struct oid tree = tree_of(w, base), new_tree;
	struct buf bytes = BUF_INIT;
	struct error e = {0};

	ok(json_canonical(&bytes, record), &e);
	ok(repo_write(&edit.id, w->repo, REPO_BLOB, bytes.data, bytes.len, &e), &e);
	ok(tree_apply(&new_tree, w->repo, orphan ? NULL : &tree, &edit, 1, &e), &e);
	buf_clear(&bytes);
	return commit(w, &new_tree, base, orphan ? 0 : 1, device, "Change action\n\nQip-Device: x\n");
}

static struct stamp new_stamp(struct world *w, const cJSON *record, const char *device, const char *effective)
{
	struct stamp s = {.n = record_next_number(record), .by = "staff", .at = "2026-01-01T00:00:00.000Z"};

	(void)snprintf(s.id, sizeof(s.id), "0190b0c2-7c00-7000-8000-%012d", 1000 + w->edits++);
	(void)snprintf(s.device, sizeof(s.device), "%s", device);
	(void)snprintf(s.effective, sizeof(s.effective), "%s", effective);
	return s;
}

/* A commit on `base` that sets a slot; value as JSON text. */
static struct oid set(struct world *w, const struct oid *base, const char *device, const char *slot, const char *value,
		      const char *effective)
{
	cJSON *record = record_at(w, base), *parsed = cJSON_Parse(value);
	struct stamp stamp = new_stamp(w, record, device, effective);
	struct error e = {0};
	struct oid id;

	ok(record_set(record, slot, parsed, &stamp, &e), &e);
	id = commit_record(w, base, device, record, false);
	cJSON_Delete(record);
	return id;
}

static struct oid note(struct world *w, const struct oid *base, const char *text, const char *effective)
{
	cJSON *record = record_at(w, base), *entry = cJSON_CreateObject();
	struct stamp stamp = new_stamp(w, record, "kibworth", effective);
	struct error e = {0};
	struct oid id;

	ok(json_set_string(entry, "text", text), &e);
	ok(record_append(record, "notes", entry, &stamp, &e), &e);
	id = commit_record(w, base, "kibworth", record, false);
	cJSON_Delete(record);
	return id;
}

/* The server merges a head whose new commits start from `base`. */
static void merge(struct world *w, const struct oid *base, const struct oid *head, const char *received)
{
	const struct oid parents[] = {w->main, *head};
	struct oid tree, zero = {{0}}, base_tree = base ? tree_of(w, base) : zero, ours = tree_of(w, &w->main),
			 theirs = tree_of(w, head);
	struct merge_note n = {.device = "kibworth", .index = ++w->index, .rules_version = RULES_VERSION};
	struct buf kept = BUF_INIT, message = BUF_INIT;
	const struct rules *rules;
	struct error e = {0};

	ok(rules_get(&rules, RULES_VERSION, &e), &e);
	(void)snprintf(n.rules_digest, sizeof(n.rules_digest), "%s", rules_digest(rules));
	(void)snprintf(n.received, sizeof(n.received), "%sT09:00:00.000Z", received);
	ok(merge_trees(&tree, &kept, w->repo, &base_tree, &ours, &theirs, rules, &e), &e);
	ok(merge_note_format(&message, &n), &e);
	w->main = commit(w, &tree, parents, 2, "server", buf_text(&message));
	buf_clear(&kept);
	buf_clear(&message);
}

/* One edit, on main and merged at once. */
static void set_and_merge(struct world *w, const char *slot, const char *value, const char *effective,
			  const char *received)
{
	struct oid base = w->main, head = set(w, &base, "kibworth", slot, value, effective);

	merge(w, &base, &head, received);
}

static enum status keep_record(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	cJSON **out = ctx;

	(void)e;
	assert_string_equal(path, PATH);
	assert_null(*out);
	*out = cJSON_Duplicate(record, true);
	return STATUS_OK;
}

static enum status try_view(cJSON **out, struct world *w, const struct oid *tip, const char *as_of,
			    const char *received_by)
{
	struct asof_options o = {
		.range = {.main = &w->main, .tip = tip, .received_by = received_by}, .as_of = as_of, .folder = "qip"};
	struct error e = {0};

	return asof_each(w->repo, &o, keep_record, out, &e);
}

static cJSON *view(struct world *w, const char *as_of, const char *received_by)
{
	cJSON *record = NULL;

	assert_int_equal(try_view(&record, w, NULL, as_of, received_by), STATUS_OK);
	return record;
}

/* The status shown as of a day; "" when the action does not exist or has none. */
static const char *status_as_of(struct world *w, const char *day)
{
	static char text[16];
	cJSON *record = view(w, day, NULL);
	const char *status = json_string(record, "status");

	(void)snprintf(text, sizeof(text), "%s", status ? status : "");
	cJSON_Delete(record);
	return text;
}

static void shows_what_was_effective_by_the_day(void **state)
{
	struct world *w = *state;

	set_and_merge(w, "status", "\"red\"", "2022-06-06", "2026-01-01");
	set_and_merge(w, "status", "\"green\"", "2023-04-28", "2026-01-01");
	assert_string_equal(status_as_of(w, "2022-06-06"), "red");
	assert_string_equal(status_as_of(w, "2023-04-27"), "red");
	assert_string_equal(status_as_of(w, "2023-04-28"), "green");
	assert_string_equal(status_as_of(w, NULL), "green");
}

static void knows_no_record_before_its_first_day(void **state)
{
	struct world *w = *state;
	cJSON *record;

	set_and_merge(w, "status", "\"red\"", "2022-06-06", "2026-01-01");
	record = view(w, "2022-06-05", NULL);
	assert_null(record);
}

static void lets_an_edit_entered_later_for_an_earlier_day_take_its_place(void **state)
{
	struct world *w = *state;

	set_and_merge(w, "status", "\"red\"", "2022-06-06", "2026-01-01");
	set_and_merge(w, "status", "\"green\"", "2023-04-28", "2026-01-02");
	set_and_merge(w, "status", "\"amber\"", "2022-12-01",
		      "2026-01-03"); /* in truth it was amber, and green was wrong */
	assert_string_equal(status_as_of(w, "2022-11-30"), "red");
	/* Red was replaced by green, effective later, and green by amber: red does not come back. */
	assert_string_equal(status_as_of(w, "2022-12-31"), "amber");
	assert_string_equal(status_as_of(w, "2023-12-31"), "amber");
}

static void shows_a_conflict_as_of_the_day_it_was_one(void **state)
{
	struct world *w = *state;
	struct oid base, kibworth, fleckney;
	cJSON *record;

	set_and_merge(w, "ref", "\"QIP-01\"", "2022-06-06", "2026-01-01");
	set_and_merge(w, "status", "\"red\"", "2022-06-06", "2026-01-01");
	base = w->main;
	kibworth = set(w, &base, "kibworth", "status", "\"green\"", "2022-09-01");
	fleckney = set(w, &base, "fleckney", "status", "\"amber\"", "2022-09-05");
	merge(w, &base, &kibworth, "2026-01-02");
	merge(w, &base, &fleckney, "2026-01-02");
	set_and_merge(w, "status", "\"green\"", "2022-10-01", "2026-01-03");
	assert_string_equal(status_as_of(w, "2022-08-31"), "red");
	assert_string_equal(status_as_of(w, "2022-09-01"), "green"); /* only Kibworth's was effective */
	record = view(w, "2022-09-30", NULL);
	assert_string_equal(json_string(record, "status"), "amber");
	assert_int_equal(record_conflicts(record), 1);
	cJSON_Delete(record);
	record = view(w, "2022-10-01", NULL);
	assert_string_equal(json_string(record, "status"), "green");
	assert_int_equal(record_conflicts(record), 0);
	cJSON_Delete(record);
}

static void adds_and_removes_elements_of_sets_by_their_days(void **state)
{
	struct world *w = *state;
	cJSON *record;

	set_and_merge(w, "sites/kibworth", "true", "2022-06-06", "2026-01-01");
	set_and_merge(w, "sites/fleckney", "true", "2022-07-01", "2026-01-01");
	set_and_merge(w, "sites/kibworth", "null", "2022-08-01", "2026-01-01");
	record = view(w, "2022-07-15", NULL);
	assert_int_equal(cJSON_GetArraySize(json_get(record, "sites")), 2);
	cJSON_Delete(record);
	record = view(w, "2022-08-01", NULL);
	assert_int_equal(cJSON_GetArraySize(json_get(record, "sites")), 1);
	assert_string_equal(json_get(record, "sites")->child->valuestring, "fleckney");
	cJSON_Delete(record);
}

static void shows_notes_by_their_day_also_those_of_two_devices(void **state)
{
	struct world *w = *state;
	struct oid base, one, two;
	cJSON *record;

	set_and_merge(w, "ref", "\"QIP-01\"", "2022-06-06", "2026-01-01");
	set_and_merge(w, "status", "\"red\"", "2022-06-06", "2026-01-01");
	base = w->main;
	one = note(w, &base, "Begun", "2022-07-01");
	two = note(w, &base, "Half done", "2022-08-01");
	merge(w, &base, &one, "2026-01-02");
	merge(w, &base, &two, "2026-01-02");
	record = view(w, "2022-07-31", NULL);
	assert_int_equal(cJSON_GetArraySize(json_get(record, "notes")), 1);
	assert_string_equal(json_string(json_get(record, "notes")->child, "text"), "Begun");
	cJSON_Delete(record);
	record = view(w, "2022-08-01", NULL);
	assert_int_equal(cJSON_GetArraySize(json_get(record, "notes")), 2);
	cJSON_Delete(record);
}

static void knows_only_what_had_been_received_by_the_day(void **state)
{
	struct world *w = *state;
	cJSON *record = NULL;

	set_and_merge(w, "status", "\"red\"", "2022-06-06", "2026-01-10");
	set_and_merge(w, "status", "\"green\"", "2022-06-07", "2026-01-20");
	assert_int_equal(try_view(&record, w, NULL, NULL, "2026-01-09"), STATUS_NOT_FOUND);
	assert_null(record);
	record = view(w, NULL, "2026-01-10");
	assert_string_equal(json_string(record, "status"), "red");
	cJSON_Delete(record);
	record = view(w, "2022-06-30", "2026-01-19");
	assert_string_equal(json_string(record, "status"), "red");
	cJSON_Delete(record);
	record = view(w, "2022-06-30", "2026-01-20");
	assert_string_equal(json_string(record, "status"), "green");
	cJSON_Delete(record);
	assert_null(view(w, "2022-06-05", "2026-01-20"));
}

static void counts_own_edits_that_were_not_sent_yet(void **state)
{
	struct world *w = *state;
	struct oid tip;
	cJSON *record = NULL;

	set_and_merge(w, "status", "\"red\"", "2022-06-06", "2026-01-10");
	tip = set(w, &w->main, "kibworth", "status", "\"amber\"", "2022-07-01");
	assert_int_equal(try_view(&record, w, &tip, "2022-07-01", NULL), STATUS_OK);
	assert_string_equal(json_string(record, "status"), "amber");
	cJSON_Delete(record);
	record = NULL;
	assert_int_equal(try_view(&record, w, &tip, "2022-07-01", "2026-01-10"), STATUS_OK);
	assert_string_equal(json_string(record, "status"), "red");
	cJSON_Delete(record);
}

static void takes_a_head_without_parent_as_all_new(void **state)
{
	struct world *w = *state;
	cJSON *record = record_at(w, &w->main);
	struct stamp stamp = new_stamp(w, record, "kibworth", "2022-06-06");
	struct error e = {0};
	struct oid head;

	ok(record_set(record, "status", cJSON_CreateString("red"), &stamp, &e), &e);
	head = commit_record(w, &w->main, "kibworth", record, true);
	cJSON_Delete(record);
	merge(w, NULL, &head, "2026-01-01");
	assert_string_equal(status_as_of(w, "2022-06-06"), "red");
}

/* Whatever was done, the view without a day is the record as the merges made it. */
static void agrees_with_the_record_itself_when_no_day_is_named(void **state)
{
	static const char *const slots[] = {"status", "owner_role", "sites/kibworth", "regulations/12", "risk_current"};
	static const char *const values[][2] = {
		{"\"green\"", "\"amber\""},
		{"\"Lead nurse\"", "\"Practice manager\""},
		{"true", "null"},
		{"true", "null"},
		{"{\"likelihood\":2,\"consequence\":4}", "{\"likelihood\":4,\"consequence\":2}"}};
	struct world *w = *state;
	struct oid heads[2], bases[2];
	uint32_t random = 12345;
	cJSON *seen, *wanted;

	set_and_merge(w, "ref", "\"QIP-01\"", "2022-06-06", "2026-01-01");
	bases[0] = bases[1] = heads[0] = heads[1] = w->main;
	for (int i = 0; i < 200; i++) {
		size_t device, slot;
		char day[11];

		random = random * 1103515245u + 12345u;
		device = (random >> 16) % 2;
		slot = (random >> 20) % ARRAY_LEN(slots);
		(void)snprintf(day, sizeof(day), "2022-%02u-01", 1 + (random >> 24) % 12);
		heads[device] = set(w, &heads[device], device ? "fleckney" : "kibworth", slots[slot],
				    values[slot][(random >> 28) % 2], day);
		if (i % 5 == 4) { /* one syncs: pushes, and goes on from the new main */
			merge(w, &bases[device], &heads[device], "2026-01-02");
			bases[device] = heads[device] = w->main;
		}
	}
	wanted = record_at(w, &w->main);
	seen = view(w, NULL, NULL);
	assert_true(record_next_number(wanted) > 2);
	assert_true(json_equal(seen, wanted));
	cJSON_Delete(seen);
	seen = view(w, "2022-12-31", NULL); /* every day is effective by then */
	assert_true(json_equal(seen, wanted));
	cJSON_Delete(seen);
	cJSON_Delete(wanted);
}

int main(void)
{
	struct error e = {0};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(shows_what_was_effective_by_the_day, set_up, tear_down),
		cmocka_unit_test_setup_teardown(knows_no_record_before_its_first_day, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lets_an_edit_entered_later_for_an_earlier_day_take_its_place, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(shows_a_conflict_as_of_the_day_it_was_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(adds_and_removes_elements_of_sets_by_their_days, set_up, tear_down),
		cmocka_unit_test_setup_teardown(shows_notes_by_their_day_also_those_of_two_devices, set_up, tear_down),
		cmocka_unit_test_setup_teardown(knows_only_what_had_been_received_by_the_day, set_up, tear_down),
		cmocka_unit_test_setup_teardown(counts_own_edits_that_were_not_sent_yet, set_up, tear_down),
		cmocka_unit_test_setup_teardown(takes_a_head_without_parent_as_all_new, set_up, tear_down),
		cmocka_unit_test_setup_teardown(agrees_with_the_record_itself_when_no_day_is_named, set_up, tear_down),
	};

	ok(repo_init_library(&e), &e);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
