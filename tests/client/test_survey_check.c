/* tests/client/test_survey_check.c - what a survey that can be asked looks like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/survey_check.h"
#include "core/embed.h"

#define EN "{\"en\":{\"text\":\"x\",\"status\":\"reviewed\"}}"
#define PL "{\"pl\":{\"text\":\"x\",\"status\":\"reviewed\"}}"
#define SURVEY(id, more, questions) "{\"schema\":\"survey/1\",\"id\":\"" id "\",\"version\":1," more "\"questions\":[" questions "]}"
#define USED "{\"id\":\"used\",\"kind\":\"choice\",\"text\":" EN ",\"options\":[{\"id\":\"yes\",\"text\":" EN "},{\"id\":\"no\",\"text\":" EN "}]}"
#define RATING(more) "{\"id\":\"wait\",\"kind\":\"rating\"," more "\"text\":" EN "}"
#define TEXT(id) "{\"id\":\"" id "\",\"kind\":\"text\",\"text\":" EN "}"
#define AFTER(question, values) "\"asked_if\":{\"question\":\"" question "\",\"any_of\":[" values "]},"
#define OPTION(id) "{\"id\":\"" id "\",\"text\":" EN "}"
#define FFT(more, options) SURVEY("fft", more, "{\"id\":\"experience\",\"kind\":\"choice\",\"text\":" EN ",\"options\":[" options "]}")
#define FIVE OPTION("very-good") "," OPTION("good") "," OPTION("neither") "," OPTION("poor") "," OPTION("very-poor")
#define SIX FIVE "," OPTION("dont-know")

static enum status check(char why[ERROR_TEXT_MAX], const char *text)
{
	struct error e = {0};
	cJSON *survey = NULL;
	enum status st;

	assert_int_equal(json_parse(&survey, text, strlen(text), NULL), STATUS_OK);
	st = survey_check(survey, &e);
	(void)snprintf(why, ERROR_TEXT_MAX, "%s", e.text);
	cJSON_Delete(survey);
	return st;
}

static void takes_what_can_be_asked(void **state)
{
	static const char *const good[] = {
		SURVEY("lift", , USED),
		SURVEY("lift", "\"title\":" EN ",\"sites\":[\"kibworth\"],\"starts\":\"2026-02-28\",\"ends\":\"2026-02-28\",",
		       USED "," RATING(AFTER("used", "\"yes\"") "\"low\":" EN ",\"high\":" EN ",") "," TEXT("why")),
		FFT(, SIX),
	};
	char why[ERROR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (check(why, good[i]) != STATUS_OK)
			fail_msg("%s", why);
	}
}

static void names_the_place_and_the_reason_of_what_cannot(void **state)
{
	static const struct {
		const char *survey, *pointer, *words;
	} bad[] = {
		{"[]", "/schema: ", "must be \"survey/1\""},
		{"{\"schema\":\"site/1\",\"id\":\"a\",\"name\":\"A\"}", "/schema: ", "must be \"survey/1\""},
		{SURVEY("lift", , USED "," USED), "/questions/1/id: ", "another's already"},
		{SURVEY("lift", "\"title\":" PL ",", USED), "/title/en: ", "is required"},
		{SURVEY("lift", , "{\"id\":\"again\",\"kind\":\"yes-no\",\"text\":" PL "}"), "/questions/0/text/en: ", "is required"},
		{SURVEY("lift", , "{\"id\":\"a\",\"kind\":\"choice\",\"text\":" EN ",\"options\":[" OPTION("b") "," OPTION("b") "]}"), "/questions/0/options/1/id: ",
		 "another's"},
		{SURVEY("lift", , "{\"id\":\"a\",\"kind\":\"choice\",\"text\":" EN ",\"options\":[" OPTION("b") ",{\"id\":\"c\",\"text\":" PL "}]}"),
		 "/questions/0/options/1/text/en: ", "is required"},
		{SURVEY("lift", , RATING("\"low\":" PL ",")), "/questions/0/low/en: ", "is required"},
		{SURVEY("lift", , RATING("\"optional\":true,")), "/questions/0/optional: ", "cannot be left out"},
		{SURVEY("lift", , TEXT("a") "," TEXT("b")), "/questions/1/kind: ", "only one question"},
		{SURVEY("lift", , RATING(AFTER("wait", "1"))), "/questions/0/asked_if/question: ", "no question \"wait\" before"},
		{SURVEY("lift", , USED "," RATING(AFTER("later", "1"))), "/questions/1/asked_if/question: ", "no question \"later\" before"},
		{SURVEY("lift", , TEXT("why") "," RATING(AFTER("why", "1"))), "/questions/1/asked_if/question: ", "for people to read"},
		{SURVEY("lift", , USED "," RATING(AFTER("used", "\"yes\",\"perhaps\""))), "/questions/1/asked_if/any_of/1: ", "no answer"},
		{SURVEY("lift", , USED "," RATING(AFTER("used", "true"))), "/questions/1/asked_if/any_of/0: ", "no answer"},
		{SURVEY("lift", , USED "," RATING(AFTER("used", "6"))), "/questions/1/asked_if/any_of/0: ", "at most 5"},
		{SURVEY("lift", "\"starts\":\"2026-02-30\",", USED), "/starts: ", "no day 2026-02-30"},
		{SURVEY("lift", "\"starts\":\"2026-02-02\",\"ends\":\"2026-02-01\",", USED), "/ends: ", "before the first day, 2026-02-02"},
		{SURVEY("lift", "\"sites\":[],", USED), "/sites: ", "at least 1"},
		{SURVEY("lift", "\"site\":\"kibworth\",", USED), "/site: ", "is not a field"},
		{SURVEY("fft", , USED), "/questions/0/id: ", "asks \"experience\" first"},
		{FFT(, FIVE), "/questions/0/options: ", "dont-know, too"},
		{FFT(, FIVE "," OPTION("no-idea")), "/questions/0/options/5: ", "in this order"},
		{FFT(, SIX "," OPTION("no-idea")), "/questions/0/options/6: ", "in this order"},
		{FFT("\"ends\":\"2026-01-01\",", SIX), "/ends: ", "at all times"},
		{FFT("\"sites\":[\"kibworth\"],", SIX), "/sites: ", "at every site"},
	};
	char why[ERROR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (check(why, bad[i].survey) != STATUS_INVALID || strncmp(why, bad[i].pointer, strlen(bad[i].pointer)) != 0 ||
		    !strstr(why, bad[i].words))
			fail_msg("%s gives: %s", bad[i].survey, why);
	}
}

static void every_survey_that_comes_with_the_program_can_be_asked(void **state)
{
	const struct embedded *file = embed_find(client_data, "fft-1.json");
	char why[ERROR_TEXT_MAX], *text = NULL;

	(void)state;
	text = strndup((const char *)file->bytes, file->len);
	assert_non_null(text);
	if (check(why, text) != STATUS_OK)
		fail_msg("%s", why);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_can_be_asked),
		cmocka_unit_test(names_the_place_and_the_reason_of_what_cannot),
		cmocka_unit_test(every_survey_that_comes_with_the_program_can_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
