/* tests/client/test_table.c - tables that fit the screen and steer no terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli/table.h"
#include "client/cli/text.h"

static const struct table_column columns[] = {
	{.title = "Ref", .bold = true},
	{.title = "No", .right = true},
	{.title = "Owner", .gives = 1},
	{.title = "Action", .gives = 2},
};

static void printed(char **text, const struct table *t, bool bold)
{
	size_t len = 0;
	FILE *f = open_memstream(text, &len);
	struct error e = {0};

	assert_non_null(f);
	assert_int_equal(table_print(f, t, bold, &e), STATUS_OK);
	(void)fclose(f);
}

static void aligns_columns_and_ends_lines_without_blanks(void **state)
{
	struct table t;
	char *text;

	(void)state;
	table_init(&t, columns, ARRAY_LEN(columns));
	table_add(&t, (const char *const[]){"QIP-1", "7", "Nurse", "Do"});
	table_add(&t, (const char *const[]){"QIP-10", "123", "é", NULL});
	printed(&text, &t, false);
	assert_string_equal(text, "Ref      No  Owner  Action\n"
				  "QIP-1     7  Nurse  Do\n"
				  "QIP-10  123  é\n");
	free(text);
	table_clear(&t);
}

static void fits_the_screen_and_cuts_the_main_text_last(void **state)
{
	char owner[61], action[201];
	struct table t;
	char *text, *line;

	(void)state;
	memset(owner, 'o', 60);
	owner[60] = '\0';
	memset(action, 'a', 200);
	action[200] = '\0';
	table_init(&t, columns, ARRAY_LEN(columns));
	table_add(&t, (const char *const[]){"QIP-1", "7", owner, action});
	printed(&text, &t, false);
	line = strchr(text, '\n') + 1;
	*strchr(line, '\n') = '\0';
	assert_int_equal(text_width(line), TEXT_WIDTH);
	assert_non_null(strstr(line, "ooooooooooooo…  aaa")); /* 13 and the ellipsis */
	assert_null(strstr(line, "oooooooooooooo"));
	free(text);
	table_clear(&t);
}

static void shows_control_characters_as_blanks_and_hides_what_turns_text_around(void **state)
{
	struct table t;
	char *text;

	(void)state;
	table_init(&t, columns, ARRAY_LEN(columns));
	table_add(&t, (const char *const[]){"a\x1b[31m\nb", "\xc2\x9b",
					    "\xe2\x80\xae"
					    "abc",
					    "\xff"});
	printed(&text, &t, false);
	assert_null(strchr(text, '\x1b'));
	assert_null(strstr(text, "\xc2\x9b"));
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_non_null(strstr(text, "a [31m b"));
	assert_non_null(strstr(text, "abc"));
	assert_non_null(strstr(text, "?"));
	free(text);
	table_clear(&t);
}

static void emphasises_on_a_terminal_only_and_prints_nothing_for_no_rows(void **state)
{
	struct table t;
	char *text;

	(void)state;
	table_init(&t, columns, ARRAY_LEN(columns));
	printed(&text, &t, true);
	assert_string_equal(text, "");
	free(text);
	table_add(&t, (const char *const[]){"x", "", "", ""});
	printed(&text, &t, true);
	assert_non_null(strstr(text, "\x1b[1mx\x1b[0m"));
	free(text);
	table_clear(&t);
}

static void wraps_text_at_words_under_its_first_line(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	text_wrap(f, "aaaaaaaaaa bbbbbbbbbb\ncc", 85);
	(void)fclose(f);
	assert_int_equal(strncmp(text, "aaaaaaaaaa\n", 11), 0);
	assert_int_equal(strspn(text + 11, " "), 85);
	assert_string_equal(text + 11 + 85, "bbbbbbbbbb cc\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligns_columns_and_ends_lines_without_blanks),
		cmocka_unit_test(fits_the_screen_and_cuts_the_main_text_last),
		cmocka_unit_test(shows_control_characters_as_blanks_and_hides_what_turns_text_around),
		cmocka_unit_test(emphasises_on_a_terminal_only_and_prints_nothing_for_no_rows),
		cmocka_unit_test(wraps_text_at_words_under_its_first_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
