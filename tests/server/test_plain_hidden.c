#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/plain_hidden.h"
#include "tests/support/folder.h"
#include "tests/support/library.h"

/* A repository with these settings, one a line of git's configuration. */
static int make(char dir[FOLDER_MAX], const char *settings)
{
	char command[1024];

	folder_make(dir, "hidden");
	(void)snprintf(command, sizeof(command), "git init -q --bare '%s/x.git' && printf '%s' >>'%s/x.git/config'", dir, settings, dir);
	return system(command);
}

static bool is_hidden(const char *settings, const char *ref, bool push)
{
	struct hidden h = HIDDEN_INIT;
	char dir[FOLDER_MAX], path[96];
	struct repo *r = NULL;
	bool hidden = false;

	assert_int_equal(make(dir, settings), 0);
	(void)snprintf(path, sizeof(path), "%s/x.git", dir);
	assert_int_equal(repo_open_plain(&r, path, NULL), STATUS_OK);
	assert_int_equal(hidden_read(&h, r, push, NULL), STATUS_OK);
	hidden = hidden_is(&h, ref);
	hidden_clear(&h);
	repo_close(r);
	folder_remove(dir);
	return hidden;
}

static void a_folder_hides_what_is_in_it_and_nothing_beside_it(void **state)
{
	static const char settings[] = "[transfer]\\nhideRefs = refs/heads/secret/\\n";

	(void)state;
	assert_true(is_hidden(settings, "refs/heads/secret/plan", false));
	assert_true(is_hidden(settings, "refs/heads/secret", true));
	assert_false(is_hidden(settings, "refs/heads/secretary", false));
	assert_false(is_hidden(settings, "refs/heads/main", false));
	assert_false(is_hidden("", "refs/heads/main", false));
}

static void a_later_setting_outdoes_an_earlier_one(void **state)
{
	static const char settings[] = "[transfer]\\nhideRefs = refs/pull\\nhideRefs = !refs/pull/7\\n";

	(void)state;
	assert_true(is_hidden(settings, "refs/pull/6/head", false));
	assert_false(is_hidden(settings, "refs/pull/7/head", false));
}

static void fetching_and_pushing_hide_each_their_own(void **state)
{
	static const char settings[] = "[uploadpack]\\nhideRefs = refs/a\\n[receive]\\nhideRefs = ^refs/b\\n";

	(void)state;
	assert_true(is_hidden(settings, "refs/a/x", false));
	assert_false(is_hidden(settings, "refs/a/x", true));
	assert_false(is_hidden(settings, "refs/b/x", false));
	assert_true(is_hidden(settings, "refs/b/x", true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_hides_what_is_in_it_and_nothing_beside_it),
		cmocka_unit_test(a_later_setting_outdoes_an_earlier_one),
		cmocka_unit_test(fetching_and_pushing_hide_each_their_own),
	};
	return cmocka_run_group_tests(tests, library_start, library_stop);
}
