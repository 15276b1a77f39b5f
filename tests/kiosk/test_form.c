/* tests/kiosk/test_form.c - what may be sent to the kiosk as a form, and what not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kiosk/form.h"

/* Parsed in a heap copy of exactly its size, so that a sanitizer sees every byte read beyond it. */
static char *body;

static enum status parse_bytes(struct form *f, const char *bytes, size_t len)
{
	struct error e;

	free(body);
	body = malloc(len + 1);
	assert_non_null(body);
	memcpy(body, bytes, len);
	body[len] = '\0';
	return form_parse(f, body, len, &e);
}

static enum status parse(struct form *f, const char *text)
{
	return parse_bytes(f, text, strlen(text));
}

static void reads_fields_as_browsers_write_them(void **state)
{
	struct form f;

	(void)state;
	assert_int_equal(parse(&f, "token=abc&experience=very-good&comment=Caf%C3%A9+%26+more%21%2B&publish="), STATUS_OK);
	assert_int_equal(f.len, 4);
	assert_string_equal(form_get(&f, "token"), "abc");
	assert_string_equal(form_get(&f, "experience"), "very-good");
	assert_string_equal(form_get(&f, "comment"), "Caf\xc3\xa9 & more!+");
	assert_string_equal(form_get(&f, "publish"), "");
	assert_null(form_get(&f, "other"));
}

static void line_breaks_become_one_character(void **state)
{
	struct form f;

	(void)state;
	assert_int_equal(parse(&f, "c=one%0D%0Atwo%0Dthree%0Afour%0D%0A"), STATUS_OK);
	assert_string_equal(form_get(&f, "c"), "one\ntwo\nthree\nfour\n");
}

static void refuses_what_is_no_form(void **state)
{
	static const char *const bad[] = {"", "&", "a=1&", "a", "=1", "a=%", "a=%4", "a=%zz", "a=%4z&b=1", "a%=1", "a=%00", "a=%FF", "a=%C3", "a=%C0%80",
					  "a=%ED%A0%80", "a=1&a=2", "a=1&%61=2", "{\"a\":1}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct form f = {.len = 77};

		assert_int_equal(parse(&f, bad[i]), STATUS_MALFORMED);
		assert_int_equal(f.len, 77);
	}
}

static void refuses_a_raw_nul(void **state)
{
	struct form f;

	(void)state;
	assert_int_equal(parse_bytes(&f, "a=b\0c", 5), STATUS_MALFORMED);
	assert_int_equal(parse_bytes(&f, "a\0=b", 4), STATUS_MALFORMED);
}

static void refuses_more_fields_than_any_form_has(void **state)
{
	struct form f;

	(void)state;
	assert_int_equal(parse(&f, "a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=&l=&m=&n=&o=&p="), STATUS_OK);
	assert_int_equal(parse(&f, "a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=&l=&m=&n=&o=&p=&q="), STATUS_TOO_BIG);
}

static void noise_is_read_without_harm(void **state)
{
	static const char alphabet[] = "ab=&%%%+0123456789abcdef\r\n\0\xff\xc3\xa9";
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char noise[40];
		size_t len = (size_t)rand_r(&seed) % sizeof(noise);
		struct form f = {.len = 0};

		for (size_t i = 0; i < len; i++)
			noise[i] = alphabet[(size_t)rand_r(&seed) % (sizeof(alphabet) - 1)];
		if (parse_bytes(&f, noise, len) != STATUS_OK)
			continue;
		assert_true(f.len > 0);
		for (size_t i = 0; i < f.len; i++)
			assert_ptr_equal(form_get(&f, f.fields[i].name), f.fields[i].value);
	}
}

static int clear(void **state)
{
	(void)state;
	free(body);
	body = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_fields_as_browsers_write_them),
		cmocka_unit_test(line_breaks_become_one_character),
		cmocka_unit_test(refuses_what_is_no_form),
		cmocka_unit_test(refuses_a_raw_nul),
		cmocka_unit_test(refuses_more_fields_than_any_form_has),
		cmocka_unit_test(noise_is_read_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, clear);
}
