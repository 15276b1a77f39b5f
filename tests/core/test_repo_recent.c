/* tests/core/test_repo_recent.c - a handle that keeps what it read: the same answers, from fewer looks at the disk. */
#include "repo_fixture.h"

static void lose_the_packs(struct fixture *f)
{
	assert_int_equal(run("rm -f '%s'/objects/pack/*", f->path), 0);
}

static enum status read_anew(struct fixture *f, const struct oid *id, const char *expected)
{
	struct buf out = BUF_INIT;
	enum status st = repo_read(&out, f->r, id, REPO_BLOB, 100, &f->e);

	if (st == STATUS_OK)
		assert_string_equal(buf_text(&out), expected);
	buf_clear(&out);
	return st;
}

/* libgit2 keeps a pack open once it has read from it: only a handle that has not done so misses it. */
static void what_was_read_once_is_read_again_from_memory_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	struct oid read = blob(f, "read before"), other = blob(f, "never read");

	ASSERT_OK(repo_flush(f->r, &f->e));
	repo_close(f->r);
	ASSERT_OK(repo_open(&f->r, f->path, &f->e));
	repo_keep_recent(f->r);
	ASSERT_OK(read_anew(f, &read, "read before"));
	lose_the_packs(f);
	ASSERT_OK(repo_refresh(f->r, &f->e));
	ASSERT_OK(read_anew(f, &read, "read before"));
	repo_close(f->r);
	ASSERT_OK(repo_open(&f->r, f->path, &f->e));
	repo_keep_recent(f->r);
	assert_int_not_equal(read_anew(f, &read, ""), STATUS_OK);
	assert_int_not_equal(read_anew(f, &other, ""), STATUS_OK);
}

static void what_was_kept_is_of_the_kind_and_size_that_it_was(void **state)
{
	struct fixture *f = *state;
	struct oid id = blob(f, "12345"), none = blob(f, "");
	struct buf out = BUF_INIT;

	ASSERT_OK(repo_flush(f->r, &f->e));
	repo_keep_recent(f->r);
	for (int i = 0; i < 2; i++) {
		ASSERT_OK(read_anew(f, &id, "12345"));
		ASSERT_OK(read_anew(f, &none, ""));
		assert_int_equal(repo_read(&out, f->r, &id, REPO_TREE, 100, &f->e), STATUS_INVALID);
		assert_int_equal(repo_read(&out, f->r, &id, REPO_BLOB, 4, &f->e), STATUS_TOO_BIG);
	}
}

static void what_was_staged_and_discarded_is_not_kept(void **state)
{
	struct fixture *f = *state;
	struct oid id;

	repo_keep_recent(f->r);
	id = blob(f, "not meant");
	ASSERT_OK(read_anew(f, &id, "not meant"));
	repo_discard(f->r);
	assert_int_equal(read_anew(f, &id, ""), STATUS_NOT_FOUND);
}

/* More of them than are kept, each read several times. */
static void many_objects_read_in_any_order_are_each_read_right(void **state)
{
	enum { COUNT = 3000 };
	struct fixture *f = *state;
	static struct oid ids[COUNT];
	char text[32];

	for (size_t i = 0; i < COUNT; i++) {
		(void)snprintf(text, sizeof(text), "object %zu", i);
		ids[i] = blob(f, text);
	}
	ASSERT_OK(repo_flush(f->r, &f->e));
	repo_keep_recent(f->r);
	for (size_t i = 0; i < 3 * COUNT; i++) {
		size_t at = i * 7919 % COUNT / (1 + i % 3);

		(void)snprintf(text, sizeof(text), "object %zu", at);
		ASSERT_OK(read_anew(f, &ids[at], text));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_read_once_is_read_again_from_memory_and_nothing_else),
		TEST(what_was_kept_is_of_the_kind_and_size_that_it_was),
		TEST(what_was_staged_and_discarded_is_not_kept),
		TEST(many_objects_read_in_any_order_are_each_read_right),
	};

	return cmocka_run_group_tests(tests, library_start, library_stop);
}
