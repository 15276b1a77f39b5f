#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "core/status.h"
#include "core/utf8.h"

static void every_status_has_its_own_text(void **state)
{
	static const enum status all[] = {
#define STATUS_VALUE(name, value, text) STATUS_##name,
		STATUS_LIST(STATUS_VALUE)
#undef STATUS_VALUE
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		assert_true(strlen(status_text(all[i])) > 3);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(status_text(all[i]), status_text(all[j]));
	}
	assert_string_equal(status_text(STATUS_NO_SPACE), "the disk is full");
	assert_string_equal(status_text((enum status)-999), "an unknown failure");
}

static void setting_an_error_returns_its_status_and_keeps_the_sentence(void **state)
{
	struct error e = {0};

	(void)state;
	assert_int_equal(error_set(&e, STATUS_DENIED, "%s may not write %d", "kib-kiosk", 7), STATUS_DENIED);
	assert_int_equal(e.status, STATUS_DENIED);
	assert_string_equal(e.text, "kib-kiosk may not write 7");
	assert_int_equal(error_set(NULL, STATUS_DENIED, "nobody listens"), STATUS_DENIED);
}

static void an_errno_becomes_a_status_and_words(void **state)
{
	struct error e = {0};

	(void)state;
	assert_int_equal(error_set_errno(&e, ENOENT, "open %s", "config.json"), STATUS_IO);
	assert_string_equal(e.text, "open config.json: No such file or directory");
	assert_int_equal(error_set_errno(&e, ENOSPC, "write"), STATUS_NO_SPACE);
	assert_int_equal(e.status, STATUS_NO_SPACE);
	assert_int_equal(error_set_errno(&e, EDQUOT, "write"), STATUS_NO_SPACE);
	assert_int_equal(error_set_errno(NULL, EIO, "write"), STATUS_IO);
}

static void prefixes_stack_up_in_front(void **state)
{
	struct error e = {0};

	(void)state;
	(void)error_set(&e, STATUS_INVALID, "/status: is required");
	assert_int_equal(error_prefix(&e, STATUS_INVALID, "line %d", 3), STATUS_INVALID);
	assert_int_equal(error_prefix(&e, STATUS_INVALID, "plan.csv"), STATUS_INVALID);
	assert_string_equal(e.text, "plan.csv: line 3: /status: is required");
	assert_int_equal(error_prefix(NULL, STATUS_INVALID, "plan.csv"), STATUS_INVALID);
}

static void an_error_may_be_made_of_its_own_text(void **state)
{
	struct error e = {0};

	(void)state;
	(void)error_set(&e, STATUS_IO, "first");
	(void)error_set(&e, STATUS_IO, "<%s>", e.text);
	assert_string_equal(e.text, "<first>");
	(void)error_prefix(&e, STATUS_INVALID, "again %s", e.text);
	assert_string_equal(e.text, "again <first>: <first>");
}

static void a_text_that_is_too_long_is_cut_between_characters(void **state)
{
	char text[3 * ERROR_TEXT_MAX + 1];
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < ERROR_TEXT_MAX; i++)
		memcpy(text + 3 * i, "\xe2\x82\xac", 3);
	for (size_t shift = 0; shift < 3; shift++) {
		memset(text, 'x', 3);
		text[3 * ERROR_TEXT_MAX] = '\0';
		(void)error_set(&e, STATUS_IO, "%s", text + shift);
		assert_true(strlen(e.text) >= ERROR_TEXT_MAX - 3 && strlen(e.text) < ERROR_TEXT_MAX);
		assert_true(utf8_valid(NULL, e.text, strlen(e.text)));
		(void)error_prefix(&e, STATUS_INVALID, "%s", text + shift);
		assert_true(utf8_valid(NULL, e.text, strlen(e.text)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_has_its_own_text),
		cmocka_unit_test(setting_an_error_returns_its_status_and_keeps_the_sentence),
		cmocka_unit_test(an_errno_becomes_a_status_and_words),
		cmocka_unit_test(prefixes_stack_up_in_front),
		cmocka_unit_test(an_error_may_be_made_of_its_own_text),
		cmocka_unit_test(a_text_that_is_too_long_is_cut_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
