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

/* 0 choice, 1 asked after "b", 2 asked if 1 is at most 2, 3 text asked if 2 is true */
static const char skipping[] =
	"{\"questions\":[{\"id\":\"visit\",\"kind\":\"choice\",\"options\":[{\"id\":\"a\"},{\"id\":\"b\"}]},"
	"{\"id\":\"wait\",\"kind\":\"rating\",\"asked_if\":{\"question\":\"visit\",\"any_of\":[\"b\"]}},"
	"{\"id\":\"again\",\"kind\":\"yes-no\",\"asked_if\":{\"question\":\"wait\",\"any_of\":[1,2]}},"
	"{\"id\":\"why\",\"kind\":\"text\",\"asked_if\":{\"question\":\"again\",\"any_of\":[true]}}]}";

static cJSON *parse(const char *text)
{
	cJSON *out = NULL;

	assert_int_equal(json_parse(&out, text, strlen(text), NULL), STATUS_OK);
	return out;
}

static void leads_past_the_questions_that_are_not_to_be_asked(void **state)
{
	static const struct {
		const char *answers;
		size_t from;
		int next;
	} cases[] = {
		{"{}", 0, 0},
		{"{\"visit\":\"a\"}", 1, -1},
		{"{\"visit\":\"b\"}", 1, 1},
		{"{\"visit\":\"b\"}", 2, -1}, /* the wait was left out */
		{"{\"visit\":\"b\",\"wait\":2}", 2, 2},
		{"{\"visit\":\"b\",\"wait\":3}", 2, -1},
		{"{\"visit\":\"b\",\"wait\":1,\"again\":true}", 3, 3},
		{"{\"visit\":\"b\",\"wait\":1,\"again\":false}", 3, -1},
		{"{\"visit\":\"a\",\"wait\":1,\"again\":true}", 1, -1}, /* went back and chose otherwise */
		{"{}", 4, -1},
	};
	cJSON *s = parse(skipping);

	(void)state;
	assert_int_equal(survey_count(s), 4);
	assert_null(survey_question(s, 4));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cJSON *answers = parse(cases[i].answers);

		assert_int_equal(survey_next(s, cases[i].from, answers), cases[i].next);
		cJSON_Delete(answers);
	}
	cJSON_Delete(s);
}

static void tells_what_can_still_come_while_questions_are_open(void **state)
{
	cJSON *s = parse(skipping), *none = parse("{}"), *b = parse("{\"visit\":\"b\"}"), *a = parse("{\"visit\":\"a\"}");

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_true(survey_may_ask(s, i, none, 0));
		assert_true(survey_may_ask(s, i, b, 1));
		assert_int_equal(survey_may_ask(s, i, a, 1), i == 0);
	}
	assert_false(survey_may_ask(s, 2, b, 2));
	assert_false(survey_may_ask(s, 4, none, 0));
	cJSON_Delete(s);
	cJSON_Delete(none);
	cJSON_Delete(a);
	cJSON_Delete(b);
}

static void a_condition_on_itself_or_a_later_question_is_never_met(void **state)
{
	cJSON *s = parse("{\"questions\":[{\"id\":\"x\",\"kind\":\"yes-no\",\"asked_if\":{\"question\":\"x\",\"any_of\":[true]}},"
			 "{\"id\":\"y\",\"kind\":\"yes-no\",\"asked_if\":{\"question\":\"z\",\"any_of\":[true]}}]}");
	cJSON *answers = parse("{\"x\":true,\"y\":true,\"z\":true}");

	(void)state;
	assert_int_equal(survey_next(s, 0, answers), -1);
	cJSON_Delete(answers);
	cJSON_Delete(s);
}

static void any_question_but_the_first_may_be_left_out(void **state)
{
	cJSON *s = parse(skipping);

	(void)state;
	assert_false(survey_may_skip(s, 0));
	assert_true(survey_may_skip(s, 1));
	cJSON_Delete(s);
	assert_int_equal(check(skipping, strlen(skipping), "{\"visit\":\"b\"}", false), STATUS_OK);
	assert_int_equal(check(skipping, strlen(skipping), "{\"visit\":\"b\",\"wait\":1}", false), STATUS_OK);
	assert_int_equal(check(skipping, strlen(skipping), "{\"visit\":\"b\",\"wait\":1,\"again\":true}", true), STATUS_OK);
	assert_int_equal(check(skipping, strlen(skipping), "{\"wait\":1}", false), STATUS_INVALID);
}

static void refuses_answers_to_questions_that_were_not_to_be_asked(void **state)
{
	(void)state;
	assert_int_equal(check(skipping, strlen(skipping), "{\"visit\":\"a\",\"wait\":1}", false), STATUS_INVALID);
	assert_int_equal(check(skipping, strlen(skipping), "{\"visit\":\"b\",\"again\":true}", false), STATUS_INVALID);
	assert_int_equal(check(skipping, strlen(skipping), "{\"visit\":\"a\",\"wait\":1,\"again\":true}", false), STATUS_INVALID);
	assert_int_equal(check(skipping, strlen(skipping), "{\"visit\":\"b\",\"wait\":1,\"again\":false}", true), STATUS_INVALID);
	assert_int_equal(check(skipping, strlen(skipping), "{\"visit\":\"a\"}", true), STATUS_INVALID);
}

static void forgets_what_is_not_asked_any_more(void **state)
{
	cJSON *s = parse(skipping), *answers = parse("{\"visit\":\"a\",\"wait\":1,\"again\":true}"), *left = parse("{\"visit\":\"a\"}");

	(void)state;
	survey_forget_unasked(s, answers);
	assert_true(json_equal(answers, left));
	cJSON_Delete(s);
	cJSON_Delete(answers);
	cJSON_Delete(left);
}

static void shows_at_its_sites_on_its_days(void **state)
{
	static const struct {
		const char *survey, *site, *day;
		bool shows;
	} cases[] = {
		{"{}", "kibworth", "2026-01-01", true},
		{"{}", "kibworth", NULL, true},
		{"{\"sites\":[\"fleckney\"]}", "kibworth", "2026-01-01", false},
		{"{\"sites\":[\"fleckney\",\"kibworth\"]}", "kibworth", NULL, true},
		{"{\"starts\":\"2026-01-02\"}", "kibworth", "2026-01-01", false},
		{"{\"starts\":\"2026-01-02\"}", "kibworth", "2026-01-02", true},
		{"{\"starts\":\"2026-01-02\"}", "kibworth", NULL, false},
		{"{\"ends\":\"2026-01-02\"}", "kibworth", "2026-01-02", true},
		{"{\"ends\":\"2026-01-02\"}", "kibworth", "2026-01-03", false},
		{"{\"ends\":\"2026-01-02\"}", "kibworth", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cJSON *s = parse(cases[i].survey);

		assert_int_equal(survey_shows(s, cases[i].site, cases[i].day), cases[i].shows);
		cJSON_Delete(s);
	}
}

static void speaks_a_language_when_every_wording_is_there(void **state)
{
#define EN "\"en\":{\"text\":\"x\",\"status\":\"reviewed\"}"
#define PL "\"pl\":{\"text\":\"x\",\"status\":\"draft\"}"
#define GU "\"gu\":{\"text\":\"x\",\"status\":\"official\"}"
	cJSON *s = parse("{\"title\":{" EN "," PL "," GU "},\"questions\":[{\"kind\":\"choice\",\"text\":{" EN "," PL "," GU "},\"options\":"
			 "[{\"text\":{" EN "," PL "}}]},{\"kind\":\"rating\",\"text\":{" EN "," PL "," GU "},\"low\":{" EN "," PL "}}]}");

	(void)state;
	assert_true(survey_speaks(s, "en", false));
	assert_false(survey_speaks(s, "pl", false));
	assert_true(survey_speaks(s, "pl", true));
	assert_false(survey_speaks(s, "gu", true));
	assert_false(survey_speaks(s, "so", true));
	assert_null(survey_text(json_get(s, "title"), "pl", false));
	assert_string_equal(survey_text(json_get(s, "title"), "pl", true), "x");
	cJSON_Delete(s);
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
		cmocka_unit_test(leads_past_the_questions_that_are_not_to_be_asked),
		cmocka_unit_test(tells_what_can_still_come_while_questions_are_open),
		cmocka_unit_test(a_condition_on_itself_or_a_later_question_is_never_met),
		cmocka_unit_test(any_question_but_the_first_may_be_left_out),
		cmocka_unit_test(refuses_answers_to_questions_that_were_not_to_be_asked),
		cmocka_unit_test(forgets_what_is_not_asked_any_more),
		cmocka_unit_test(shows_at_its_sites_on_its_days),
		cmocka_unit_test(speaks_a_language_when_every_wording_is_there),
		cmocka_unit_test(refuses_what_the_survey_does_not_ask),
		cmocka_unit_test(the_friends_and_family_survey_asks_what_nhs_england_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
