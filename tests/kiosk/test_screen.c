/* tests/kiosk/test_screen.c - what the screen may show: surveys, languages, drafts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/embed.h"
#include "tests/kiosk/survey_records.h"

static struct screen_settings settings_of(const char *practice_text, const char *site_text)
{
	struct screen_settings settings;
	cJSON *practice = record_of(practice_text), *site = record_of(site_text);

	screen_settings_read(&settings, practice, site);
	cJSON_Delete(practice);
	cJSON_Delete(site);
	return settings;
}

static struct screen fft_screen(const char *site)
{
	const struct embedded *file = embed_find(client_data, "fft-1.json");
	struct screen_settings settings = settings_of("{\"name\":\"High Street\"}", site);
	cJSON *surveys = cJSON_CreateArray();
	struct screen s;

	assert_true(cJSON_AddItemToArray(surveys, record_of((const char *)file->bytes)));
	screen_open(&s, &settings, surveys, true);
	return s;
}

static void shows_only_what_somebody_has_reviewed(void **state)
{
	struct screen s = fft_screen("{\"id\":\"kibworth\"}");

	(void)state;
	assert_string_equal(s.practice, "High Street");
	assert_int_equal(s.languages_len, 1);
	assert_string_equal(texts_language(s.languages[0]), "en");
	assert_false(screen_speaks(&s, screen_shown(&s, 0), "gu"));
	screen_close(&s);
}

static void shows_drafts_in_the_order_that_the_practice_gives_once_it_turned_them_on(void **state)
{
	struct screen s = fft_screen("{\"kiosk\":{\"drafts\":true,\"languages\":[\"gu\",\"xx\",\"en\",\"gu\"]}}");

	(void)state;
	assert_int_equal(s.languages_len, 2);
	assert_string_equal(texts_language(s.languages[0]), "gu");
	assert_string_equal(texts_language(s.languages[1]), "en");
	screen_close(&s);
	s = fft_screen("{\"kiosk\":{\"drafts\":true}}");
	assert_int_equal(s.languages_len, texts_count());
	screen_close(&s);
	s = fft_screen("{\"kiosk\":{\"languages\":[\"gu\"]}}");
	assert_int_equal(s.languages_len, 1); /* in English, rather than not at all */
	assert_string_equal(texts_language(s.languages[0]), "en");
	screen_close(&s);
}

static void a_survey_of_nothing_but_free_text_is_not_shown_where_none_can_be_sealed(void **state)
{
	static const char text[] = SURVEY("words", "{\"id\":\"words\",\"kind\":\"text\",\"text\":" EN("Well?") "}");
	struct screen s = screen_of(text, true);

	(void)state;
	assert_non_null(screen_shown(&s, 0));
	screen_close(&s);
	s = screen_of(text, false);
	assert_null(screen_shown(&s, 0));
	assert_int_equal(s.languages_len, 0);
	screen_close(&s);
}

static void a_survey_that_cannot_do_without_its_free_text_is_not_shown_there_either(void **state)
{
	struct screen s = screen_of(SURVEY("words", "{\"id\":\"words\",\"kind\":\"text\",\"text\":" EN("Well?") "},"
						    "{\"id\":\"again\",\"kind\":\"yes-no\",\"text\":" EN("Again?") "}"), false);

	(void)state;
	assert_null(screen_shown(&s, 0));
	screen_close(&s);
}

static void asks_for_free_text_once(void **state)
{
	struct screen s = screen_of(SURVEY("words", "{\"id\":\"one\",\"kind\":\"text\",\"text\":" EN("One?") "},{\"id\":\"two\",\"kind\":\"text\",\"text\":" EN("Two?") "}"), true);

	(void)state;
	assert_true(screen_asks(&s, screen_shown(&s, 0), 0, NULL));
	assert_false(screen_asks(&s, screen_shown(&s, 0), 1, NULL));
	screen_close(&s);
}

static void knows_the_version_that_somebody_has_begun(void **state)
{
	struct screen s = screen_of(VISIT_SURVEY, true);

	(void)state;
	s.earlier = cJSON_Duplicate(screen_shown(&s, 0), true);
	assert_int_equal(json_set_integer(s.earlier, "version", 7), STATUS_OK);
	assert_ptr_equal(screen_survey(&s, "visit", 1), screen_shown(&s, 0));
	assert_ptr_equal(screen_survey(&s, "visit", 7), s.earlier);
	assert_null(screen_survey(&s, "visit", 2));
	assert_null(screen_survey(&s, "other", 1));
	screen_close(&s);
}

static void nothing_is_shown_before_the_first_survey(void **state)
{
	struct screen s;

	(void)state;
	screen_open(&s, &(struct screen_settings){.practice = ""}, NULL, true);
	assert_int_equal(s.languages_len, 0);
	assert_null(screen_survey(&s, "fft", 1));
	screen_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_only_what_somebody_has_reviewed),
		cmocka_unit_test(shows_drafts_in_the_order_that_the_practice_gives_once_it_turned_them_on),
		cmocka_unit_test(a_survey_of_nothing_but_free_text_is_not_shown_where_none_can_be_sealed),
		cmocka_unit_test(a_survey_that_cannot_do_without_its_free_text_is_not_shown_there_either),
		cmocka_unit_test(asks_for_free_text_once),
		cmocka_unit_test(knows_the_version_that_somebody_has_begun),
		cmocka_unit_test(nothing_is_shown_before_the_first_survey),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
