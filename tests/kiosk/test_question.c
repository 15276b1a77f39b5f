/* tests/kiosk/test_question.c - from the survey record to what the screen asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/embed.h"
#include "kiosk/question.h"

static cJSON *survey_record(void)
{
	const struct embedded *file = embed_find(client_data, "fft-1.json");
	cJSON *survey = NULL;

	assert_non_null(file);
	assert_int_equal(json_parse(&survey, (const char *)file->bytes, file->len, NULL), STATUS_OK);
	return survey;
}

static cJSON *practice_record(void)
{
	cJSON *practice = cJSON_CreateObject();

	assert_int_equal(json_set_string(practice, "name", "Harborough Vale (sample)"), STATUS_OK);
	return practice;
}

static enum status read_survey(struct question *q, const cJSON *survey, const char *language, struct error *e)
{
	cJSON *practice = practice_record();
	enum status st = question_read(q, survey, practice, language, e);

	cJSON_Delete(practice);
	return st;
}

static void asks_the_friends_and_family_question_in_its_official_words(void **state)
{
	static const char *const ids[] = {"very-good", "good", "neither", "poor", "very-poor", "dont-know"};
	cJSON *survey = survey_record();
	struct question q;
	struct error e;

	(void)state;
	assert_int_equal(read_survey(&q, survey, "en", &e), STATUS_OK);
	assert_string_equal(q.survey, "fft");
	assert_int_equal(q.version, 1);
	assert_string_equal(q.practice, "Harborough Vale (sample)");
	assert_string_equal(q.text, "Overall, how was your experience of our service?");
	assert_int_equal(q.options_len, ARRAY_LEN(ids));
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		assert_string_equal(q.options[i].id, ids[i]);
		assert_ptr_equal(question_option(&q, ids[i]), &q.options[i]);
	}
	assert_null(question_option(&q, "splendid"));
	assert_string_equal(q.comment_id, "comment");
	cJSON_Delete(survey);
}

/* The text at a question or option, to be changed. */
static cJSON *english(cJSON *item)
{
	return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(item, "text"), "en");
}

static void never_shows_a_draft(void **state)
{
	cJSON *survey = survey_record();
	cJSON *questions = cJSON_GetObjectItemCaseSensitive(survey, "questions");
	struct question q = {.version = 77};
	struct error e;

	(void)state;
	assert_int_equal(json_set_string(english(cJSON_GetArrayItem(questions, 1)), "status", "draft"), STATUS_OK);
	assert_int_equal(read_survey(&q, survey, "en", &e), STATUS_OK);
	assert_string_equal(q.comment_id, ""); /* the choice is still asked */
	q.version = 77;
	assert_int_equal(json_set_string(english(cJSON_GetArrayItem(questions, 0)), "status", "draft"), STATUS_OK);
	assert_int_equal(read_survey(&q, survey, "en", &e), STATUS_INVALID);
	assert_int_equal(q.version, 77);
	cJSON_Delete(survey);
}

static void says_that_it_lacks_a_language(void **state)
{
	cJSON *survey = survey_record();
	struct question q;
	struct error e;

	(void)state;
	assert_int_equal(read_survey(&q, survey, "gu", &e), STATUS_INVALID);
	assert_non_null(strstr(e.text, "language gu"));
	cJSON_Delete(survey);
}

static void refuses_more_options_than_fit(void **state)
{
	cJSON *survey = survey_record();
	cJSON *choice = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(survey, "questions"), 0);
	cJSON *options = cJSON_GetObjectItemCaseSensitive(choice, "options");
	struct question q;
	struct error e;

	(void)state;
	while (cJSON_GetArraySize(options) <= QUESTION_MAX_OPTIONS)
		assert_true(cJSON_AddItemToArray(options, cJSON_Duplicate(cJSON_GetArrayItem(options, 0), true)));
	assert_int_equal(read_survey(&q, survey, "en", &e), STATUS_INVALID);
	cJSON_Delete(survey);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_the_friends_and_family_question_in_its_official_words),
		cmocka_unit_test(never_shows_a_draft),
		cmocka_unit_test(says_that_it_lacks_a_language),
		cmocka_unit_test(refuses_more_options_than_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
