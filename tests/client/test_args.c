/* tests/client/test_args.c - command lines as staff type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli/args.h"

static const struct arg_option common[] = {
	{"home", "DIR", "", false}, {"json", NULL, "", false}, {"help", NULL, "", false}, {NULL, NULL, NULL, false}};
static const struct arg_option own[] = {
	{"site", "SITE", "", true}, {"since", "DAY", "", false}, {NULL, NULL, NULL, false}};

#define PARSE(a, e, ...)                                                                                               \
	args_parse((a), (int)ARRAY_LEN(((const char *const[]){__VA_ARGS__})), (const char *const[]){__VA_ARGS__},      \
		   common, own, (e))

static void takes_words_and_options_in_any_order(void **state)
{
	struct args a;
	struct error e = {0};

	(void)state;
	assert_int_equal(PARSE(&a, &e, "QIP-07", "--json", "--since=2023-01-02", "text", "--home", "/h"), STATUS_OK);
	assert_int_equal(a.words_len, 2);
	assert_string_equal(a.words[0], "QIP-07");
	assert_string_equal(a.words[1], "text");
	assert_true(args_has(&a, "json"));
	assert_false(args_has(&a, "help"));
	assert_string_equal(args_get(&a, "home"), "/h");
	assert_string_equal(args_get(&a, "since"), "2023-01-02");
	assert_null(args_get(&a, "site"));
}

static void takes_text_that_begins_with_a_dash_as_a_word(void **state)
{
	struct args a;
	struct error e = {0};

	(void)state;
	assert_int_equal(PARSE(&a, &e, "-5 points since May", "- first point", "--", "--json", "-h"), STATUS_OK);
	assert_int_equal(a.words_len, 4);
	assert_string_equal(a.words[0], "-5 points since May");
	assert_string_equal(a.words[2], "--json");
	assert_int_equal(a.given_len, 0);
	assert_int_equal(PARSE(&a, &e, "--since", "--json"),
			 STATUS_OK); /* a value is a value, whatever it looks like */
	assert_string_equal(args_get(&a, "since"), "--json");
}

static void gathers_an_option_that_may_be_repeated(void **state)
{
	struct args a;
	struct error e = {0};

	(void)state;
	assert_int_equal(PARSE(&a, &e, "--site", "kibworth", "--site=fleckney"), STATUS_OK);
	assert_string_equal(args_nth(&a, "site", 0), "kibworth");
	assert_string_equal(args_nth(&a, "site", 1), "fleckney");
	assert_null(args_nth(&a, "site", 2));
}

static void says_what_is_wrong_with_a_line(void **state)
{
	struct args a = {.words_len = 7};
	struct error e = {0};

	(void)state;
	assert_int_equal(PARSE(&a, &e, "--sites", "x"), STATUS_USAGE);
	assert_string_equal(e.text, "there is no option --sites here");
	assert_int_equal(PARSE(&a, &e, "--since"), STATUS_USAGE);
	assert_string_equal(e.text, "--since needs a value (DAY)");
	assert_int_equal(PARSE(&a, &e, "--json=yes"), STATUS_USAGE);
	assert_int_equal(PARSE(&a, &e, "--since", "a", "--since", "b"), STATUS_USAGE);
	assert_string_equal(e.text, "--since was given twice");
	assert_int_equal(a.words_len, 7); /* untouched */
}

static void refuses_more_than_its_limits(void **state)
{
	const char *words[ARGS_MAX_WORDS + 1], *options[ARGS_MAX_GIVEN + 1];
	struct args a;
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		words[i] = "x";
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		options[i] = "--site=x";
	assert_int_equal(args_parse(&a, ARGS_MAX_WORDS, words, common, own, &e), STATUS_OK);
	assert_int_equal(args_parse(&a, ARGS_MAX_WORDS + 1, words, common, own, &e), STATUS_USAGE);
	assert_int_equal(args_parse(&a, ARGS_MAX_GIVEN, options, common, own, &e), STATUS_OK);
	assert_int_equal(args_parse(&a, ARGS_MAX_GIVEN + 1, options, common, own, &e), STATUS_USAGE);
}

static void takes_only_real_days_where_a_day_is_asked(void **state)
{
	struct args a;
	struct error e = {0};
	const char *day = "untouched";

	(void)state;
	assert_int_equal(PARSE(&a, &e, "--since", "30/04/2023"), STATUS_OK);
	assert_int_equal(args_day(&day, &a, "since", &e), STATUS_USAGE);
	assert_non_null(strstr(e.text, "YYYY-MM-DD"));
	assert_string_equal(day, "untouched");
	assert_int_equal(PARSE(&a, &e, "--since", "2023-02-29"), STATUS_OK);
	assert_int_equal(args_day(&day, &a, "since", &e), STATUS_USAGE);
	assert_int_equal(PARSE(&a, &e, "--since", "2024-02-29"), STATUS_OK);
	assert_int_equal(args_day(&day, &a, "since", &e), STATUS_OK);
	assert_string_equal(day, "2024-02-29");
	assert_int_equal(PARSE(&a, &e, "word"), STATUS_OK);
	assert_int_equal(args_day(&day, &a, "since", &e), STATUS_OK);
	assert_null(day);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_words_and_options_in_any_order),
		cmocka_unit_test(takes_text_that_begins_with_a_dash_as_a_word),
		cmocka_unit_test(gathers_an_option_that_may_be_repeated),
		cmocka_unit_test(says_what_is_wrong_with_a_line),
		cmocka_unit_test(refuses_more_than_its_limits),
		cmocka_unit_test(takes_only_real_days_where_a_day_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
