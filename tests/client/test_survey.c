/* tests/client/test_survey.c - which answers belong to a survey. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/survey.h"
#include "core/embed.h"
#include "core/schema.h"

static const char many[] =
	"{\"questions\":[{\"id\":\"choice\",\"kind\":\"choice\",\"options\":[{\"id\":\"a\"},{\"id\":\"b\"}]},"
	"{\"id\":\"rating\",\"kind\":\"rating\",\"optional\":true},{\"id\":\"yes\",\"kind\":\"yes-no\",\"optional\":true}]}";

static enum status check(const char *survey, size_t len, const char *answers, bool comment)
{
	cJSON *s = NULL, *a = NULL;
	struct error e = {0};
	enum status st = STATUS_OK;

	assert_int_equal(json_parse(&s, survey, len, NULL), STATUS_OK);
	assert_int_equal(json_parse(&a, answers, strlen(answers), NULL), STATUS_OK);
	st = survey_check_answers(s, a, comment, &e);
	if (st != STATUS_OK)
		assert_string_not_equal(e.text, "");
	cJSON_Delete(s);
	cJSON_Delete(a);
	return st;
}

static void takes_each_kind_of_answer(void **state)
{
	static const char *const good[] = {"{\"choice\":\"a\"}", "{\"choice\":\"b\",\"rating\":1,\"yes\":false}", "{\"choice\":\"b\",\"rating\":5,\"yes\":true}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(check(many, strlen(many), good[i], false), STATUS_OK);
}

static void refuses_what_the_survey_does_not_ask(void **state)
{
	static const char *const bad[] = {"{}", "[]", "{\"choice\":\"c\"}", "{\"choice\":1}", "{\"choice\":\"a\",\"other\":\"a\"}",
					  "{\"choice\":\"a\",\"rating\":0}", "{\"choice\":\"a\",\"rating\":6}", "{\"choice\":\"a\",\"rating\":\"5\"}",
					  "{\"choice\":\"a\",\"yes\":\"yes\"}", "{\"rating\":3}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(check(many, strlen(many), bad[i], false), STATUS_INVALID);
	assert_int_equal(check(many, strlen(many), "{\"choice\":\"a\"}", true), STATUS_INVALID);
}

static void the_friends_and_family_survey_asks_what_nhs_england_asks(void **state)
{
	static const char *const options[] = {"very-good", "good", "neither", "poor", "very-poor", "dont-know"};
	const struct embedded *file = embed_find(client_data, "fft-1.json");
	const cJSON *option = NULL;
	cJSON *survey = NULL;
	struct error e = {0};
	char answer[64];
	size_t i = 0;

	(void)state;
	assert_non_null(file);
	assert_int_equal(json_parse(&survey, (const char *)file->bytes, file->len, &e), STATUS_OK);
	assert_int_equal(schema_check(survey, &e), STATUS_OK);
	cJSON_ArrayForEach(option, json_get(cJSON_GetArrayItem(json_get(survey, "questions"), 0), "options"))
	{
		assert_true(i < ARRAY_LEN(options));
		assert_string_equal(json_string(option, "id"), options[i++]);
	}
	assert_int_equal(i, ARRAY_LEN(options));
	cJSON_Delete(survey);
	for (i = 0; i < ARRAY_LEN(options); i++) {
		(void)snprintf(answer, sizeof(answer), "{\"experience\":\"%s\"}", options[i]);
		assert_int_equal(check((const char *)file->bytes, file->len, answer, i % 2 == 0), STATUS_OK);
	}
	/* free text is sealed as the comment; as an answer it would stand open in the history */
	assert_int_equal(check((const char *)file->bytes, file->len, "{\"experience\":\"good\",\"comment\":\"hello\"}", false), STATUS_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_each_kind_of_answer),
		cmocka_unit_test(refuses_what_the_survey_does_not_ask),
		cmocka_unit_test(the_friends_and_family_survey_asks_what_nhs_england_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
