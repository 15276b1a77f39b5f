#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/tree.h"
#include "server/erasures.h"
#include "tests/server/place.h"
#include "tests/support/library.h"

/* A practice's store, and trees as main has them one after the other. */
struct erasing {
	struct place place;
	struct practice practice;
	struct store_txn *txn; /* what it stages, it sees */
	struct oid tree;
	unsigned records;
};

static struct repo *repo(const struct erasing *p)
{
	return store_txn_repo(p->txn);
}

static void open_history(struct erasing *p)
{
	place_open(&p->place);
	p->practice = (struct practice){.ods = ODS, .history = p->place.history};
	ok(store_txn_begin(&p->txn, p->practice.history, NULL));
}

static void close_history(struct erasing *p)
{
	store_txn_end(p->txn);
	place_close(&p->place);
}

static int open_place(void **state)
{
	struct erasing *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	place_make(p->place.dir);
	open_history(p);
	*state = p;
	return 0;
}

static int close_place(void **state)
{
	struct erasing *p = *state;

	close_history(p);
	folder_remove(p->place.dir);
	free(p);
	return 0;
}

/* A server that starts again; the objects that were staged are on disk by then. */
static void restart(struct erasing *p)
{
	ok(repo_flush(repo(p), NULL));
	close_history(p);
	open_history(p);
}

static struct blob_id id_of(const char *text)
{
	struct blob_id id;

	ok(sha256(id.sha256, text, strlen(text)));
	return id;
}

static struct blob_id put(const struct erasing *p, const char *text)
{
	struct blob_id id = id_of(text);
	struct store_blob_put *b = NULL;

	ok(store_blob_put_begin(&b, p->practice.history, &id, NULL));
	ok(store_blob_put_feed(b, text, strlen(text), NULL));
	ok(store_blob_put_finish(b, NULL, NULL));
	store_blob_put_end(b);
	return id;
}

static bool is_erased(const struct erasing *p, const struct blob_id *id)
{
	struct store_blob_put *b = NULL;
	enum status st = store_blob_put_begin(&b, p->practice.history, id, NULL);

	store_blob_put_end(b);
	return st == STATUS_GONE;
}

/* Add a record that erases these. */
static void record(struct erasing *p, const struct blob_id *ids, size_t len)
{
	char path[64], hex[SHA256_HEX_LEN + 1];
	struct buf text = BUF_INIT;
	struct tree_edit edit = {.path = path};

	(void)snprintf(path, sizeof(path), "erasures/%02x/%u.json", p->records % 256, p->records);
	p->records++;
	buf_adds(&text, "{\"blobs\":[");
	for (size_t i = 0; i < len; i++) {
		hex_encode(hex, ids[i].sha256, sizeof(ids[i].sha256));
		buf_addf(&text, "%s\"%s\"", i ? "," : "", hex);
	}
	buf_adds(&text, "]}");
	ok(repo_write(&edit.id, repo(p), REPO_BLOB, text.data, text.len, NULL));
	ok(tree_apply(&p->tree, repo(p), &p->tree, &edit, 1, NULL));
	buf_clear(&text);
}

static void record_text(struct erasing *p, const char *text)
{
	struct blob_id id = id_of(text);

	record(p, &id, 1);
}

static enum status carry_out(struct erasing *p)
{
	return erasures_carry_out(&p->practice, repo(p), &p->tree, NULL);
}

static void run(const struct erasing *p, const char *command)
{
	char all[320];

	(void)snprintf(all, sizeof(all), "cd '%s/" ODS "' && %s", p->place.dir, command);
	assert_int_equal(system(all), 0);
}

/* ---- what happens ---- */

static void a_log_that_erases_nothing_leaves_no_trace(void **state)
{
	struct erasing *p = *state;
	struct tree_edit edit = {.path = "practice.json"};

	ok(repo_write(&edit.id, repo(p), REPO_BLOB, "{}", 2, NULL));
	ok(tree_apply(&p->tree, repo(p), NULL, &edit, 1, NULL));
	ok(carry_out(p));
	run(p, "test ! -e blobs");
}

static void a_new_record_costs_itself_however_many_there_are(void **state)
{
	struct erasing *p = *state;
	char text[24];
	uint64_t reads = 0;

	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "text %u", i);
		record_text(p, text);
	}
	ok(carry_out(p));
	restart(p);
	reads = repo_reads(repo(p));
	ok(carry_out(p));
	assert_true(repo_reads(repo(p)) - reads <= 1); /* the root */
	record_text(p, "one more");
	reads = repo_reads(repo(p));
	ok(carry_out(p));
	assert_true(repo_reads(repo(p)) - reads <= 6); /* root, both sides' erasures/ and erasures/xx, the record */
	for (unsigned i = 0; i < 1000; i += 111) {
		struct blob_id id;

		(void)snprintf(text, sizeof(text), "text %u", i);
		id = id_of(text);
		assert_true(is_erased(p, &id));
	}
}

static void more_than_a_batch_is_erased_to_the_last(void **state)
{
	enum { RECORDS = LIMIT_ERASE_BATCH / 100 + 2 };
	struct erasing *p = *state;
	struct blob_id ids[100], first = {{0}}, last = {{0}};
	char text[24];

	for (unsigned i = 0; i < RECORDS; i++) {
		for (unsigned k = 0; k < ARRAY_LEN(ids); k++) {
			(void)snprintf(text, sizeof(text), "%u of %u", k, i);
			ids[k] = id_of(text);
		}
		record(p, ids, ARRAY_LEN(ids));
		if (i == 0)
			first = ids[0];
		last = ids[ARRAY_LEN(ids) - 1];
	}
	ok(carry_out(p));
	assert_true(is_erased(p, &first));
	assert_true(is_erased(p, &last));
	(void)snprintf(text, sizeof(text), "%d", RECORDS * 100);
	run(p, "find blobs -name '*.erased' | wc -l > count");
	(void)snprintf(text, sizeof(text), "grep -qx %d count", RECORDS * 100);
	run(p, text);
}

static void what_failed_is_tried_again(void **state)
{
	struct erasing *p = *state;
	struct blob_id id = put(p, "regretted");
	struct oid noted = {{0}};
	char command[64];

	record_text(p, "regretted");
	(void)snprintf(command, sizeof(command), "mv blobs/%02x aside && touch blobs/%02x", id.sha256[0], id.sha256[0]);
	run(p, command);
	restart(p);
	assert_int_equal(carry_out(p), STATUS_IO);
	ok(store_blob_erasures(&noted, p->practice.history, NULL));
	assert_true(oid_is_zero(&noted));
	(void)snprintf(command, sizeof(command), "rm blobs/%02x && mv aside blobs/%02x", id.sha256[0], id.sha256[0]);
	run(p, command);
	assert_false(is_erased(p, &id));
	ok(carry_out(p));
	assert_true(is_erased(p, &id));
}

static void a_note_of_another_history_is_no_reason_to_keep_anything(void **state)
{
	struct erasing *p = *state;
	struct blob_id id = put(p, "regretted");
	const struct oid elsewhere = {{1, 2, 3}};

	record_text(p, "regretted");
	ok(store_blob_set_erasures(p->practice.history, &elsewhere, NULL));
	ok(carry_out(p));
	assert_true(is_erased(p, &id));
}

/* Main was restored to what it was before an erasure, and later gets it back. */
static void what_an_older_main_does_not_know_stays_erased(void **state)
{
	struct erasing *p = *state;
	struct blob_id first = put(p, "first"), second = put(p, "second");
	struct oid newer;

	record_text(p, "first");
	newer = p->tree;
	record_text(p, "second");
	ok(carry_out(p));
	p->tree = newer;
	restart(p);
	ok(carry_out(p));
	assert_true(is_erased(p, &first));
	assert_true(is_erased(p, &second));
}

static void a_record_that_names_no_blob_is_told(void **state)
{
	static const char *const bad[] = {"{\"blobs\":[\"../../server.key\"]}", "{\"blobs\":[1]}", "not JSON"};
	struct erasing *p = *state;
	struct tree_edit edit = {.path = "erasures/00/1.json"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ok(repo_write(&edit.id, repo(p), REPO_BLOB, bad[i], strlen(bad[i]), NULL));
		ok(tree_apply(&p->tree, repo(p), NULL, &edit, 1, NULL));
		assert_int_not_equal(carry_out(p), STATUS_OK);
	}
	run(p, "test ! -e blobs/erasures");
}

int main(void)
{
#define ERASURES_TEST(name) cmocka_unit_test_setup_teardown(name, open_place, close_place)
	const struct CMUnitTest tests[] = {
		ERASURES_TEST(a_log_that_erases_nothing_leaves_no_trace),
		ERASURES_TEST(a_new_record_costs_itself_however_many_there_are),
		ERASURES_TEST(more_than_a_batch_is_erased_to_the_last),
		ERASURES_TEST(what_failed_is_tried_again),
		ERASURES_TEST(a_note_of_another_history_is_no_reason_to_keep_anything),
		ERASURES_TEST(what_an_older_main_does_not_know_stays_erased),
		ERASURES_TEST(a_record_that_names_no_blob_is_told),
	};

	return cmocka_run_group_tests(tests, library_start, library_stop);
}
