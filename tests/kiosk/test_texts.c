#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "kiosk/texts.h"

static void english_is_the_first_language_and_ships_reviewed(void **state)
{
	const struct texts *t = texts_at(0);

	(void)state;
	assert_string_equal(texts_language(t), "en");
	assert_string_equal(texts_name(t), "English");
	assert_string_equal(texts_direction(t), "ltr");
	assert_false(texts_is_draft(t));
	assert_string_equal(texts_get(t, "yes"), "Yes");
	assert_ptr_equal(texts_find("en"), t);
}

static void a_language_or_key_that_nobody_wrote_is_none(void **state)
{
	(void)state;
	assert_null(texts_find("xx"));
	assert_null(texts_find(""));
	assert_null(texts_get(texts_at(0), "no-such-key"));
	assert_null(texts_get(texts_at(0), ""));
}

static void values_stand_where_their_names_stood(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	texts_fill(&out, texts_at(0), "progress", (struct texts_value[]){{"n", "2"}, {"count", "{n}"}, {NULL, NULL}});
	assert_string_equal(buf_text(&out), "Question 2 of {n}");
	buf_reset(&out);
	texts_fill(&out, texts_at(0), "progress", (struct texts_value[]){{"n", "2"}, {NULL, NULL}});
	assert_string_equal(buf_text(&out), "Question 2 of {count}");
	buf_reset(&out);
	texts_fill(&out, texts_at(0), "no-such-key", (struct texts_value[]){{NULL, NULL}});
	assert_int_equal(out.len, 0);
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(english_is_the_first_language_and_ships_reviewed),
		cmocka_unit_test(a_language_or_key_that_nobody_wrote_is_none),
		cmocka_unit_test(values_stand_where_their_names_stood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
