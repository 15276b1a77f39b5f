#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/file.h"
#include "tests/server/place.h"
#include "tests/support/library.h"

static struct blob_id id_of(const void *bytes, size_t len)
{
	struct blob_id id;

	ok(sha256(id.sha256, bytes, len));
	return id;
}

static enum status put_named(const struct place *p, const struct blob_id *id, const void *bytes, size_t len,
			     bool *was_there)
{
	struct store_blob_put *put = NULL;
	enum status st = store_blob_put_begin(&put, p->history, id, NULL);
	size_t half = len / 2;

	if (st == STATUS_OK)
		st = store_blob_put_feed(put, bytes, half, NULL);
	if (st == STATUS_OK)
		st = store_blob_put_feed(put, (const char *)bytes + half, len - half, NULL);
	if (st == STATUS_OK)
		st = store_blob_put_finish(put, was_there, NULL);
	store_blob_put_end(put);
	return st;
}

static struct blob_id put(const struct place *p, const char *text)
{
	struct blob_id id = id_of(text, strlen(text));

	ok(put_named(p, &id, text, strlen(text), NULL));
	return id;
}

/* What came of a get, in words: "here 3:abc absent over 5 ". */
static enum status tell_blob(void *ctx, const struct blob_id *id, enum store_blob_state state, uint64_t size,
			     struct error *e)
{
	static const char *const words[] = {"here", "absent", "over"};

	(void)id;
	(void)e;
	buf_addf(ctx, "%s", words[state]);
	if (state != STORE_BLOB_ABSENT)
		buf_addf(ctx, " %d", (int)size);
	buf_addc(ctx, state == STORE_BLOB_HERE ? ':' : ' ');
	return STATUS_OK;
}

static enum status tell_bytes(void *ctx, const void *bytes, size_t len, struct error *e)
{
	(void)e;
	buf_add(ctx, bytes, len);
	return STATUS_OK;
}

static void assert_get(const struct place *p, const struct blob_id *ids, size_t len, uint64_t max_bytes,
		       const char *expected)
{
	struct buf said = BUF_INIT;
	const struct store_blob_sink sink = {.blob = tell_blob, .bytes = tell_bytes, .ctx = &said};

	ok(store_blob_get_many(p->history, ids, len, max_bytes, &sink, NULL));
	assert_string_equal(buf_text(&said), expected);
	buf_clear(&said);
}

static void blob_path(char out[256], const struct place *p, const struct blob_id *id, const char *suffix)
{
	char hex[SHA256_HEX_LEN + 1];

	hex_encode(hex, id->sha256, sizeof(id->sha256));
	(void)snprintf(out, 256, "%s/" ODS "/blobs/%.2s/%s%s", p->dir, hex, hex, suffix);
}

/* How many files lie below a folder of the practice. */
static int count_files(const struct place *p, const char *folder)
{
	char command[256];
	FILE *f = NULL;
	int count = -1;

	(void)snprintf(command, sizeof(command), "find '%s/" ODS "/%s' -type f 2>/dev/null | wc -l", p->dir, folder);
	f = popen(command, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &count), 1);
	(void)pclose(f);
	return count;
}

/* ---- taking in and giving out ---- */

static void what_was_put_is_there_after_a_restart(void **state)
{
	struct place *p = *state;
	struct blob_id ids[2] = {put(p, "sealed"), put(p, "")};

	place_close(p);
	place_open(p);
	assert_get(p, ids, 2, 100, "here 6:sealedhere 0:");
}

static void the_same_again_is_a_success_that_says_so(void **state)
{
	struct place *p = *state;
	struct blob_id id = id_of("sealed", 6);
	bool was_there = true;

	ok(put_named(p, &id, "sealed", 6, &was_there));
	assert_false(was_there);
	ok(put_named(p, &id, "sealed", 6, &was_there));
	assert_true(was_there);
	assert_get(p, &id, 1, 100, "here 6:sealed");
	assert_int_equal(count_files(p, "blobs"), 1);
}

static void a_blob_that_has_rotted_is_healed_by_the_next_put(void **state)
{
	struct place *p = *state;
	struct blob_id id = put(p, "sealed");
	char path[256];

	blob_path(path, p, &id, "");
	ok(file_write(path, "seal", 4, 0600, NULL));
	put(p, "sealed");
	assert_get(p, &id, 1, 100, "here 6:sealed");
}

static void bytes_of_another_name_are_refused_and_leave_nothing(void **state)
{
	struct place *p = *state;
	struct blob_id id = id_of("sealed", 6);

	assert_int_equal(put_named(p, &id, "Sealed", 6, NULL), STATUS_INVALID);
	assert_get(p, &id, 1, 100, "absent ");
	assert_int_equal(count_files(p, "blobs"), 0);
}

static void a_put_that_ends_early_leaves_nothing(void **state)
{
	struct place *p = *state;
	struct blob_id id = id_of("sealed", 6);
	struct store_blob_put *put = NULL;

	ok(store_blob_put_begin(&put, p->history, &id, NULL));
	ok(store_blob_put_feed(put, "seal", 4, NULL));
	assert_int_equal(count_files(p, "blobs"), 1);
	store_blob_put_end(put);
	assert_int_equal(count_files(p, "blobs"), 0);
}

static void a_blob_has_a_limit_to_the_byte(void **state)
{
	struct place *p = *state;
	char *bytes = calloc(1, LIMIT_BLOB_BYTES + 1);
	struct blob_id id;

	assert_non_null(bytes);
	id = id_of(bytes, LIMIT_BLOB_BYTES);
	ok(put_named(p, &id, bytes, LIMIT_BLOB_BYTES, NULL));
	id = id_of(bytes, LIMIT_BLOB_BYTES + 1);
	assert_int_equal(put_named(p, &id, bytes, LIMIT_BLOB_BYTES + 1, NULL), STATUS_TOO_BIG);
	assert_int_equal(count_files(p, "blobs/new"), 0);
	free(bytes);
}

static void only_so_much_is_on_its_way_at_once(void **state)
{
	struct place *p = *state;
	struct store_blob_put *puts[LIMIT_BLOB_PUTS + 1] = {NULL};
	char *bytes = calloc(1, LIMIT_BLOB_BYTES);
	struct blob_id id = id_of("sealed", 6);
	size_t full = LIMIT_BLOB_PENDING_BYTES / LIMIT_BLOB_BYTES;

	assert_non_null(bytes);
	for (size_t i = 0; i < LIMIT_BLOB_PUTS; i++)
		ok(store_blob_put_begin(&puts[i], p->history, &id, NULL));
	assert_int_equal(store_blob_put_begin(&puts[LIMIT_BLOB_PUTS], p->history, &id, NULL), STATUS_BUSY);
	for (size_t i = 0; i < full; i++)
		ok(store_blob_put_feed(puts[i], bytes, LIMIT_BLOB_BYTES, NULL));
	assert_int_equal(store_blob_put_feed(puts[full], "s", 1, NULL), STATUS_BUSY);
	store_blob_put_end(puts[0]);
	ok(store_blob_put_feed(puts[full], "s", 1, NULL));
	for (size_t i = 1; i < LIMIT_BLOB_PUTS; i++)
		store_blob_put_end(puts[i]);
	/* all of it is given back */
	put(p, "sealed");
	assert_int_equal(count_files(p, "blobs"), 1);
	free(bytes);
}

static void absent_is_no_error_and_over_the_limit_is_told(void **state)
{
	struct place *p = *state;
	struct blob_id ids[] = {put(p, "one"), id_of("never", 5), put(p, "three"), put(p, "four"), put(p, "x")};

	assert_get(p, ids, 5, 8, "here 3:oneabsent here 5:threeover 4 over 1 ");
	assert_get(p, ids + 3, 2, 4, "here 4:fourover 1 ");
	assert_get(p, ids + 2, 3, 4, "over 5 here 4:fourover 1 ");
}

static void a_read_error_is_no_absence(void **state)
{
	struct place *p = *state;
	struct blob_id id = put(p, "sealed");
	struct buf said = BUF_INIT;
	const struct store_blob_sink sink = {.blob = tell_blob, .bytes = tell_bytes, .ctx = &said};
	struct error e = {STATUS_OK, ""};
	char path[256];

	blob_path(path, p, &id, "");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	assert_int_equal(store_blob_get_many(p->history, &id, 1, 100, &sink, &e), STATUS_IO);
	assert_non_null(strstr(e.text, "cannot open"));
	buf_clear(&said);
}

/* ---- erasing ---- */

static void what_was_erased_is_gone_and_not_taken_again(void **state)
{
	struct place *p = *state;
	struct blob_id ids[] = {put(p, "one"), put(p, "two"), id_of("never", 5)};
	char path[256];

	ok(store_blob_erase(p->history, ids, 3, NULL));
	ok(store_blob_erase(p->history, ids, 3, NULL));
	assert_get(p, ids, 3, 100, "absent absent absent ");
	blob_path(path, p, &ids[0], "");
	assert_false(file_exists(path));
	place_close(p);
	place_open(p);
	assert_int_equal(put_named(p, &ids[0], "one", 3, NULL), STATUS_GONE);
	assert_int_equal(put_named(p, &ids[2], "never", 5, NULL), STATUS_GONE);
	put(p, "three");
	assert_int_equal(count_files(p, "blobs/new"), 0);
}

static void an_erasure_wins_over_a_put_that_began_before(void **state)
{
	struct place *p = *state;
	struct blob_id id = id_of("sealed", 6);
	struct store_blob_put *put = NULL;

	ok(store_blob_put_begin(&put, p->history, &id, NULL));
	ok(store_blob_put_feed(put, "sealed", 6, NULL));
	ok(store_blob_erase(p->history, &id, 1, NULL));
	assert_int_equal(store_blob_put_finish(put, NULL, NULL), STATUS_GONE);
	store_blob_put_end(put);
	assert_get(p, &id, 1, 100, "absent ");
	assert_int_equal(count_files(p, "blobs"), 1); /* the mark */
}

static enum status note_size(void *ctx, const struct blob_id *id, uint64_t size, struct error *e)
{
	(void)id;
	(void)e;
	buf_addf(ctx, "%d ", (int)size);
	return STATUS_OK;
}

/* As after a restore of single files, or an unlink that failed. */
static void an_erased_blob_whose_file_is_back_is_still_not_given_out(void **state)
{
	struct place *p = *state;
	struct blob_id id = put(p, "sealed");
	struct buf said = BUF_INIT;
	char path[256];

	ok(store_blob_erase(p->history, &id, 1, NULL));
	blob_path(path, p, &id, "");
	ok(file_write(path, "sealed", 6, 0600, NULL));
	assert_get(p, &id, 1, 100, "absent ");
	ok(store_blob_each(p->history, note_size, &said, NULL));
	assert_int_equal(said.len, 0);
	ok(store_blob_erase(p->history, &id, 1, NULL));
	assert_false(file_exists(path));
}

static void how_far_erasures_are_is_kept_with_the_blobs(void **state)
{
	struct place *p = *state;
	struct oid tree = {{1, 2, 3}}, found = {{9}};
	char path[160];

	ok(store_blob_erasures(&found, p->history, NULL));
	assert_true(oid_is_zero(&found));
	ok(store_blob_set_erasures(p->history, &tree, NULL));
	place_close(p);
	place_open(p);
	ok(store_blob_erasures(&found, p->history, NULL));
	assert_true(oid_equal(&found, &tree));
	(void)snprintf(path, sizeof(path), "%s/" ODS "/blobs/erasures", p->dir);
	ok(file_write(path, "torn", 4, 0600, NULL));
	ok(store_blob_erasures(&found, p->history, NULL));
	assert_true(oid_is_zero(&found));
}

/* ---- many at once ---- */

struct rusher {
	const struct place *place;
	pthread_t thread;
	bool failed; /* cmocka's assertions belong to the main thread */
};

static void *put_often(void *arg)
{
	struct rusher *r = arg;
	char text[24];

	for (int i = 0; i < 40; i++) {
		struct blob_id id;
		enum status st = STATUS_OK;

		(void)snprintf(text, sizeof(text), "text %d", i);
		st = sha256(id.sha256, text, strlen(text));
		if (st == STATUS_OK)
			st = put_named(r->place, &id, text, strlen(text), NULL);
		r->failed = r->failed || (st != STATUS_OK && st != STATUS_GONE);
	}
	return NULL;
}

static void devices_put_the_same_blobs_while_they_are_erased(void **state)
{
	struct place *p = *state;
	struct rusher rushers[4];
	struct blob_id ids[20];
	char text[24];

	for (size_t i = 0; i < ARRAY_LEN(rushers); i++) {
		rushers[i] = (struct rusher){.place = p};
		assert_int_equal(pthread_create(&rushers[i].thread, NULL, put_often, &rushers[i]), 0);
	}
	for (int i = 0; i < 20; i++) {
		(void)snprintf(text, sizeof(text), "text %d", i * 2);
		ids[i] = id_of(text, strlen(text));
		ok(store_blob_erase(p->history, &ids[i], 1, NULL));
	}
	for (size_t i = 0; i < ARRAY_LEN(rushers); i++) {
		assert_int_equal(pthread_join(rushers[i].thread, NULL), 0);
		assert_false(rushers[i].failed);
	}
	for (int i = 0; i < 40; i++) {
		struct blob_id id;
		char expected[40];

		(void)snprintf(text, sizeof(text), "text %d", i);
		(void)snprintf(expected, sizeof(expected), "here %zu:%s", strlen(text), text);
		id = id_of(text, strlen(text));
		assert_get(p, &id, 1, 100, i % 2 == 0 ? "absent " : expected);
	}
}

/* ---- listing ---- */

static enum status note_id(void *ctx, const struct blob_id *id, uint64_t size, struct error *e)
{
	struct buf *said = ctx;
	char hex[SHA256_HEX_LEN + 1];

	(void)e;
	hex_encode(hex, id->sha256, sizeof(id->sha256));
	buf_addf(said, "%s %d\n", hex, (int)size);
	return STATUS_OK;
}

static void all_blobs_are_listed_in_order_and_nothing_else(void **state)
{
	struct place *p = *state;
	struct buf said = BUF_INIT;
	struct blob_id id = put(p, "abc"), erased = put(p, "erased");
	char path[256], last[SHA256_HEX_LEN + 1] = "";
	int lines = 0;

	for (int i = 0; i < 600; i++) {
		(void)snprintf(path, sizeof(path), "text %d", i);
		put(p, path);
	}
	ok(store_blob_erase(p->history, &erased, 1, NULL));
	blob_path(path, p, &id, ".new");
	ok(file_write(path, "x", 1, 0600, NULL));
	ok(store_blob_each(p->history, note_id, &said, NULL));
	assert_non_null(
		strstr(buf_text(&said), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 3\n"));
	for (const char *at = buf_text(&said); *at; at = strchr(at, '\n') + 1, lines++) {
		assert_true(strncmp(last, at, SHA256_HEX_LEN) < 0);
		memcpy(last, at, SHA256_HEX_LEN);
	}
	assert_int_equal(lines, 601);
	buf_clear(&said);
}

static enum status stop_at_once(void *ctx, const struct blob_id *id, uint64_t size, struct error *e)
{
	(void)id;
	(void)size;
	++*(int *)ctx;
	return error_set(e, STATUS_NO_SPACE, "enough");
}

static void a_visit_that_fails_ends_the_listing(void **state)
{
	struct place *p = *state;
	int calls = 0;

	ok(store_blob_each(p->history, stop_at_once, &calls, NULL));
	put(p, "one");
	put(p, "two");
	assert_int_equal(store_blob_each(p->history, stop_at_once, &calls, NULL), STATUS_NO_SPACE);
	assert_int_equal(calls, 1);
}

/* ---- crashes ---- */

static void what_a_killed_server_had_begun_is_swept_at_start(void **state)
{
	struct place *p = *state;
	struct blob_id id = id_of("sealed", 6), kept = put(p, "kept");
	struct store_blob_put *put = NULL;
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (store_blob_put_begin(&put, p->history, &id, NULL) == STATUS_OK &&
		    store_blob_put_feed(put, "sealed", 6, NULL) == STATUS_OK)
			_exit(0);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(count_files(p, "blobs/new"), 1);
	place_close(p);
	place_open(p);
	ok(store_recover(p->history, NULL));
	assert_int_equal(count_files(p, "blobs/new"), 0);
	assert_get(p, &kept, 1, 100, "here 4:kept");
	assert_get(p, &id, 1, 100, "absent ");
}

int main(void)
{
#define BLOB_TEST(name) cmocka_unit_test_setup_teardown(name, place_begin, place_end)
	const struct CMUnitTest tests[] = {
		BLOB_TEST(what_was_put_is_there_after_a_restart),
		BLOB_TEST(the_same_again_is_a_success_that_says_so),
		BLOB_TEST(a_blob_that_has_rotted_is_healed_by_the_next_put),
		BLOB_TEST(bytes_of_another_name_are_refused_and_leave_nothing),
		BLOB_TEST(a_put_that_ends_early_leaves_nothing),
		BLOB_TEST(a_blob_has_a_limit_to_the_byte),
		BLOB_TEST(only_so_much_is_on_its_way_at_once),
		BLOB_TEST(absent_is_no_error_and_over_the_limit_is_told),
		BLOB_TEST(a_read_error_is_no_absence),
		BLOB_TEST(what_was_erased_is_gone_and_not_taken_again),
		BLOB_TEST(an_erasure_wins_over_a_put_that_began_before),
		BLOB_TEST(an_erased_blob_whose_file_is_back_is_still_not_given_out),
		BLOB_TEST(how_far_erasures_are_is_kept_with_the_blobs),
		BLOB_TEST(devices_put_the_same_blobs_while_they_are_erased),
		BLOB_TEST(all_blobs_are_listed_in_order_and_nothing_else),
		BLOB_TEST(a_visit_that_fails_ends_the_listing),
		BLOB_TEST(what_a_killed_server_had_begun_is_swept_at_start),
	};

	return cmocka_run_group_tests(tests, library_start, library_stop);
}
