#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/plain.h"
#include "tests/support/library.h"

struct folder {
	char dir[64], real[PATH_MAX];
};

/* A shell command in the folder. */
static int run(const char *dir, const char *what)
{
	char command[2048];

	(void)snprintf(command, sizeof(command), "cd '%s' && %s", dir, what);
	return system(command);
}

static int make(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/qip-plain-XXXXXX");
	if (!mkdtemp(f->dir) || !realpath(f->dir, f->real))
		return -1;
	*state = f;
	return run(f->dir,
		   "mkdir -p in/deep/er out in/C82999 && for r in in/a.git in/deep/er/b.git out/secret.git"
		   " in/C82999/history.git; do git init -q --bare -b main $r || exit 1; done && git init -q -b main in/tree &&"
		   " echo {} >in/C82999/practice.json && ln -s ../out/secret.git in/link.git && ln -s deep in/alias");
}

static int clean(void **state)
{
	struct folder *f = *state;
	int rc = run(f->dir, "rm -rf in out && rmdir \"$PWD\"");

	free(f);
	return rc;
}

static const char *find(struct folder *f, const char *name)
{
	static char path[FILE_PATH_MAX];
	char dir[FILE_PATH_MAX];
	struct error e = {STATUS_OK, ""};

	(void)snprintf(dir, sizeof(dir), "%s/in", f->dir);
	if (plain_find(path, dir, name, &e) == STATUS_OK)
		return path + strlen(f->real) + strlen("/in/");
	assert_int_equal(e.status, STATUS_NOT_FOUND);
	return "none";
}

static void a_repository_is_found_with_its_ending_or_without(void **state)
{
	assert_string_equal(find(*state, "a.git"), "a.git");
	assert_string_equal(find(*state, "a"), "a.git");
	assert_string_equal(find(*state, "deep/er/b"), "deep/er/b.git");
	assert_string_equal(find(*state, "tree"), "tree/.git");
	assert_string_equal(find(*state, "tree/.git"), "tree/.git");
	assert_string_equal(find(*state, "alias/er/b.git"), "deep/er/b.git");
	assert_string_equal(find(*state, "deep"), "none");
}

static void nothing_outside_the_folder_is_found(void **state)
{
	static const char *const names[] = {"../out/secret.git", "link.git", "deep/../a.git", "./a.git", "/a.git",
					    "a.git/",		 "deep//er/b.git", "..", ""};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_string_equal(find(*state, names[i]), "none");
}

static void a_practice_s_history_is_no_ordinary_repository(void **state)
{
	assert_string_equal(find(*state, "C82999/history.git"), "none");
	assert_string_equal(find(*state, "C82999/history"), "none");
}

static enum status try_open(struct folder *f, bool push, bool open_to_all)
{
	char path[FILE_PATH_MAX];
	struct error e = {STATUS_OK, ""};
	struct repo *r = NULL;
	enum status st = STATUS_OK;

	(void)snprintf(path, sizeof(path), "%s/in/a.git", f->dir);
	st = plain_open(&r, path, push, open_to_all, &e);
	repo_close(r);
	return st;
}

static void its_own_configuration_opens_and_closes_it(void **state)
{
	struct folder *f = *state;

	assert_int_equal(try_open(f, false, true), STATUS_OK);
	assert_int_equal(try_open(f, true, false), STATUS_OK);
	assert_int_equal(try_open(f, true, true), STATUS_DENIED);
	assert_int_equal(run(f->dir, "git -C in/a.git config http.receivepack true"), 0);
	assert_int_equal(try_open(f, true, true), STATUS_OK);
	assert_int_equal(run(f->dir, "cd in/a.git && git config http.receivepack false && git config http.uploadpack false"), 0);
	assert_int_equal(try_open(f, true, false), STATUS_DENIED);
	assert_int_equal(try_open(f, false, false), STATUS_DENIED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)

/* How many refs a handle lists that was opened before `what` was done to the repository, and all that they name is there. */
static size_t refs_after(struct folder *f, const char *what)
{
	struct error e = {STATUS_OK, ""};
	struct refs refs = REFS_INIT;
	struct repo *r = NULL;
	char path[FILE_PATH_MAX];
	size_t len = 0;

	assert_int_equal(file_path(path, f->real, "in/tree/.git", &e), STATUS_OK);
	assert_int_equal(plain_open(&r, path, false, true, &e), STATUS_OK);
	assert_int_equal(run(f->dir, what), 0);
	assert_int_equal(plain_refs(&refs, r, false, &e), STATUS_OK);
	len = refs.len;
	for (size_t i = 0; i < len; i++)
		assert_true(repo_has(r, &refs.list[i].id));
	refs_clear(&refs);
	repo_close(r);
	return len;
}

static void a_ref_that_moves_while_the_list_is_made_is_in_it(void **state)
{
	static const char commits[] = "cd in/tree && for i in 1 2 3; do git -c user.name=a -c user.email=a@b commit -q --allow-empty -m $i &&"
				      " git branch b$i || exit 1; done";

	assert_int_equal(run(*state, commits), 0);
	assert_int_equal(refs_after(*state, "cd in/tree && git repack -qad && git prune-packed -q"), 4);
	assert_int_equal(refs_after(*state, "cd in/tree && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m 4 &&"
					    " git branch b4 && git repack -qad"),
			 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_repository_is_found_with_its_ending_or_without),
		TEST(nothing_outside_the_folder_is_found),
		TEST(a_practice_s_history_is_no_ordinary_repository),
		TEST(its_own_configuration_opens_and_closes_it),
		TEST(a_ref_that_moves_while_the_list_is_made_is_in_it),
	};
	return cmocka_run_group_tests(tests, library_start, library_stop);
}
