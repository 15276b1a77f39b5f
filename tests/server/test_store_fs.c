#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/server/place.h"
#include "tests/support/library.h"

#define MAIN "refs/heads/main"

/* The linker puts it in the place of unlink (--wrap): the program is killed there. */
static bool dies_at_unlink;
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
	if (dies_at_unlink)
		_exit(0);
	return __real_unlink(path);
}

/* What a program leaves that was killed while it moved the ref. */
static void leave_lock(const struct place *p, const char *ref)
{
	char command[512];

	(void)snprintf(command, sizeof(command),
		       "f='%s/" ODS "/history.git/%s.lock'; mkdir -p \"${f%%/*}\" && touch \"$f\"", p->dir, ref);
	assert_int_equal(system(command), 0);
}

/* Write a blob and move the ref to it under the practice's lock. */
static enum status commit_to(const char *ref, struct oid *out, const struct place *p, const char *text, const struct oid *old_id)
{
	struct store_lock *lock = NULL;
	struct store_txn *t = NULL;
	bool moved = false;
	enum status st = STATUS_OK;

	ok(store_lock(&lock, p->history, 1000, NULL));
	ok(store_txn_begin(&t, p->history, NULL));
	ok(repo_write(out, store_txn_repo(t), REPO_BLOB, text, strlen(text), NULL));
	st = store_txn_commit(t, &(struct store_move){.ref = ref, .id = *out, .old_id = old_id}, &moved, NULL);
	store_txn_end(t);
	store_unlock(lock);
	return st;
}

static enum status commit_text(struct oid *out, const struct place *p, const char *text, const struct oid *old_id)
{
	return commit_to(MAIN, out, p, text, old_id);
}

static void a_killed_programs_lock_on_a_ref_stops_nobody(void **state)
{
	struct place *p = *state;
	struct store_lock *lock = NULL;
	struct oid first, second, there;

	leave_lock(p, MAIN);
	ok(commit_text(&first, p, "first", NULL));
	leave_lock(p, MAIN);
	ok(commit_text(&second, p, "second", &first));
	ok(store_ref_get(&there, p->history, MAIN, NULL));
	assert_true(oid_equal(&there, &second));

	leave_lock(p, "refs/devices/oadby");
	ok(store_lock(&lock, p->history, 1000, NULL));
	ok(store_ref_move(p->history, "refs/devices/oadby", &first, NULL));
	store_unlock(lock);
}

static void a_ref_that_was_moved_meanwhile_is_stale_all_the_same(void **state)
{
	struct place *p = *state;
	struct oid first, second, third, there;

	ok(commit_text(&first, p, "first", NULL));
	ok(commit_text(&second, p, "second", &first));
	leave_lock(p, MAIN);
	assert_int_equal(commit_text(&third, p, "third", &first), STATUS_STALE);
	ok(store_ref_get(&there, p->history, MAIN, NULL));
	assert_true(oid_equal(&there, &second));
}

static bool sees(const struct place *p, const struct oid *ids, size_t len)
{
	struct store_txn *t = NULL;
	struct buf text = BUF_INIT;
	bool all = true;

	ok(store_txn_begin(&t, p->history, NULL));
	for (size_t i = 0; i < len && all; i++)
		all = repo_read(&text, store_txn_repo(t), &ids[i], REPO_BLOB, 100, NULL) == STATUS_OK;
	store_txn_end(t);
	buf_clear(&text);
	return all;
}

static void a_transaction_sees_what_others_committed_since_the_one_before_it(void **state)
{
	struct place *p = *state;
	struct oid ids[3];
	struct store *other = NULL;
	struct place elsewhere = *p;

	ok(commit_text(&ids[0], p, "first", NULL));
	ok(store_open(&other, p->dir, NULL));
	ok(store_history_open(&elsewhere.history, other, ODS, NULL));
	ok(commit_text(&ids[1], &elsewhere, "second", &ids[0]));
	assert_true(sees(p, ids, 2));
	ok(commit_text(&ids[2], p, "third", &ids[1]));
	assert_true(sees(&elsewhere, ids, 3));
	store_history_close(elsewhere.history);
	store_close(other);
}

/* As time takes it away at last; handles that were open before would still look there. */
static void delete_joined(const struct place *p)
{
	char command[256];

	(void)snprintf(command, sizeof(command),
		       "cd '%s/" ODS "/history.git/objects/pack' && for f in *.pack; do test -e \"${f%%.pack}.idx\" || rm -f \"$f\"; done",
		       p->dir);
	assert_int_equal(system(command), 0);
}

static void what_was_joined_while_a_transaction_was_at_work_is_read_by_the_next(void **state)
{
	static const char *const ref = "refs/heads/texts";
	struct place *p = *state;
	struct store_txn *open = NULL;
	struct oid ids[LIMIT_PACKS + 2];
	char text[32];
	bool moved = false;
	size_t joined = 0, len = 0;

	for (; len <= LIMIT_PACKS; len++) {
		(void)snprintf(text, sizeof(text), "text %zu", len);
		ok(commit_to(ref, &ids[len], p, text, len ? &ids[len - 1] : NULL));
	}
	ok(store_txn_begin(&open, p->history, NULL)); /* is at work while packs are joined, and knows them */
	for (size_t i = 0; i < len; i++)
		assert_true(repo_has(store_txn_repo(open), &ids[i]));
	ok(store_consolidate(&joined, p->history, NULL, NULL));
	assert_true(joined > LIMIT_PACKS);
	ok(repo_write(&ids[len], store_txn_repo(open), REPO_BLOB, "last", 4, NULL));
	ok(store_txn_commit(open, &(struct store_move){.ref = ref, .id = ids[len], .old_id = &ids[len - 1]}, &moved, NULL));
	store_txn_end(open);
	delete_joined(p);
	assert_true(sees(p, ids, len + 1));
}

#define DEVICE "refs/devices/oadby"

/* Main and the device's ref move to a new text. */
static void commit_for_device(struct oid *out, const struct place *p, const char *text, const struct oid *old_id)
{
	struct store_ref device = {.name = DEVICE};
	struct store_move move = {.ref = MAIN, .old_id = old_id, .derived = &device, .derived_len = 1};
	struct store_txn *t = NULL;
	bool moved = false;

	ok(store_txn_begin(&t, p->history, NULL));
	ok(repo_write(out, store_txn_repo(t), REPO_BLOB, text, strlen(text), NULL));
	move.id = device.id = *out;
	ok(store_txn_commit(t, &move, &moved, NULL));
	assert_true(moved);
	store_txn_end(t);
}

/* By its name alone, and among all. */
static bool device_is(struct store_history *h, const struct oid *id)
{
	struct store_refs refs = STORE_REFS_INIT;
	struct oid there;
	bool same = store_ref_get(&there, h, DEVICE, NULL) == STATUS_OK && oid_equal(&there, id), listed = false;

	ok(store_refs(&refs, h, NULL));
	for (size_t i = 0; i < refs.len; i++) {
		assert_true(i == 0 || strcmp(refs.refs[i - 1].name, refs.refs[i].name) < 0);
		listed = listed || (strcmp(refs.refs[i].name, DEVICE) == 0 && oid_equal(&refs.refs[i].id, id));
	}
	store_refs_clear(&refs);
	assert_int_equal(same, listed);
	return same;
}

static void a_derived_ref_has_moved_with_the_commit_and_for_others_once_it_is_written(void **state)
{
	struct place *p = *state;
	struct store *other = NULL;
	struct store_history *elsewhere = NULL;
	struct oid ids[4];

	ok(store_open(&other, p->dir, NULL));
	ok(store_history_open(&elsewhere, other, ODS, NULL));
	for (int i = 0; i < 3; i++) {
		commit_for_device(&ids[i], p, i == 0 ? "a" : i == 1 ? "b" : "c", i ? &ids[i - 1] : NULL);
		assert_true(device_is(p->history, &ids[i]));
		assert_false(device_is(elsewhere, &ids[i]));
		ok(i == 1 ? store_derived_sync(p->history, NULL) : store_derived_write(p->history, NULL));
		assert_true(device_is(p->history, &ids[i]));
		assert_true(device_is(elsewhere, &ids[i]));
	}
	/* what is repaired meanwhile is not undone */
	commit_for_device(&ids[3], p, "d", &ids[2]);
	ok(store_ref_move(p->history, DEVICE, &ids[0], NULL));
	ok(store_derived_write(p->history, NULL));
	assert_true(device_is(p->history, &ids[0]));
	assert_true(device_is(elsewhere, &ids[0]));
	store_history_close(elsewhere);
	store_close(other);
}

/* ---- large pushes ---- */

#define LARGE_BYTES ((size_t)700 << 10)

static enum status feed_large(struct store_txn *t)
{
	static const uint8_t bytes[LARGE_BYTES];

	return store_txn_feed(t, bytes, sizeof(bytes), NULL);
}

static void large_pushes_share_room_on_disk_and_give_it_back(void **state)
{
	struct place *p = *state;
	struct limits limits = limits_default;
	struct store_txn *txns[3];

	limits.push_bytes = (int64_t)LARGE_BYTES;
	limits.push_disk_bytes = (int64_t)(2 * LARGE_BYTES + 1);
	store_limit(p->store, &limits);
	for (size_t i = 0; i < 3; i++) {
		ok(store_txn_begin(&txns[i], p->history, NULL));
		assert_int_equal(feed_large(txns[i]), i < 2 ? STATUS_OK : STATUS_BUSY);
		assert_true(store_txn_is_large(txns[i]));
	}
	store_txn_end(txns[2]);
	assert_int_equal(store_disk_bytes(p->store), 2 * LARGE_BYTES);
	assert_int_equal(store_txn_feed(txns[0], "x", 1, NULL), STATUS_TOO_BIG);
	store_txn_end(txns[0]);
	ok(store_txn_begin(&txns[2], p->history, NULL));
	ok(feed_large(txns[2]));
	store_txn_end(txns[1]);
	store_txn_end(txns[2]);
	assert_int_equal(store_disk_bytes(p->store), 0);
}

static void keep_large_and_die(const struct place *p)
{
	struct store_txn *t = NULL;

	if (store_txn_begin(&t, p->history, NULL) != STATUS_OK)
		_exit(1);
	dies_at_unlink = true;
	(void)feed_large(t);
	_exit(1);
}

static int files_in(const struct place *p)
{
	char command[512];
	FILE *found = NULL;
	int n = -1;

	(void)snprintf(command, sizeof(command), "find '%s/" ODS "/history.git' -type f | wc -l", p->dir);
	found = popen(command, "r");
	assert_non_null(found);
	assert_int_equal(fscanf(found, "%d", &n), 1);
	(void)pclose(found);
	return n;
}

static void a_server_that_is_killed_while_it_keeps_a_large_push_leaves_nothing_of_it(void **state)
{
	struct place *p = *state;
	struct store_lock *lock = NULL;
	int before = files_in(p), ended = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		keep_large_and_die(p);
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_int_equal(ended, 0);
	assert_int_equal(files_in(p), before + 1);
	ok(store_lock(&lock, p->history, 1000, NULL));
	ok(store_recover(p->history, NULL));
	store_unlock(lock);
	assert_int_equal(files_in(p), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_killed_programs_lock_on_a_ref_stops_nobody, place_begin, place_end),
		cmocka_unit_test_setup_teardown(a_ref_that_was_moved_meanwhile_is_stale_all_the_same, place_begin,
						place_end),
		cmocka_unit_test_setup_teardown(a_transaction_sees_what_others_committed_since_the_one_before_it, place_begin,
						place_end),
		cmocka_unit_test_setup_teardown(what_was_joined_while_a_transaction_was_at_work_is_read_by_the_next, place_begin,
						place_end),
		cmocka_unit_test_setup_teardown(a_derived_ref_has_moved_with_the_commit_and_for_others_once_it_is_written,
						place_begin, place_end),
		cmocka_unit_test_setup_teardown(large_pushes_share_room_on_disk_and_give_it_back, place_begin, place_end),
		cmocka_unit_test_setup_teardown(a_server_that_is_killed_while_it_keeps_a_large_push_leaves_nothing_of_it, place_begin, place_end),
	};

	return cmocka_run_group_tests(tests, library_start, library_stop);
}
