/* tests/kiosk/test_flow.c - from page to page, step by step; no pages, no clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "kiosk/flow.h"
#include "tests/kiosk/survey_records.h"

#define ID "01890000-0000-7000-8000-000000000001"
#define FRESH_ID "01890000-0000-7000-8000-000000000002"

static struct screen screen;
static struct visit visit;
static enum flow_fault fault;

static int set_up(void **state)
{
	(void)state;
	screen = screen_of(VISIT_SURVEY, true);
	flow_start(&visit, &screen, ID);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	visit_clear(&visit);
	screen_close(&screen);
	return 0;
}

/* A form with these fields, each "name=value" up to a space. */
static enum flow_next step(const char *fields)
{
	char body[256];
	struct form f;

	(void)snprintf(body, sizeof(body), "state=x&%s", fields);
	assert_int_equal(form_parse(&f, body, strlen(body), NULL), STATUS_OK);
	return flow_step(&visit, &fault, &screen, &f, FRESH_ID);
}

static const char *asked(void)
{
	const char *id = json_string(survey_question(flow_survey(&visit, &screen), visit.question), "id");

	return id ? id : "";
}

static void assert_progress(unsigned at, unsigned count)
{
	struct flow_progress p = flow_progress(&visit, &screen);

	assert_int_equal(p.at, at);
	assert_int_equal(p.count, count);
}

static void assert_answers(const char *wanted)
{
	struct buf text = BUF_INIT;

	assert_int_equal(json_canonical(&text, visit.answers), STATUS_OK);
	assert_string_equal(buf_text(&text), wanted);
	buf_clear(&text);
}

static void goes_through_every_kind_of_question(void **state)
{
	(void)state;
	assert_string_equal(asked(), "way");
	assert_true(visit.opening);
	assert_int_equal(step("answer=came"), FLOW_SHOW);
	assert_false(visit.opening);
	assert_string_equal(asked(), "comfort");
	assert_int_equal(step("answer=2"), FLOW_SHOW);
	assert_string_equal(asked(), "cold");
	assert_int_equal(step("answer=yes"), FLOW_SHOW);
	assert_string_equal(asked(), "words");
	assert_true(flow_is_text(&visit, &screen));
	assert_int_equal(step("comment=Brr&publish=yes&go=send"), FLOW_SHOW);
	assert_string_equal(asked(), "again");
	assert_int_equal(step("answer=no"), FLOW_KEEP);
	assert_answers("{\"again\":false,\"cold\":true,\"comfort\":2,\"way\":\"came\"}");
	assert_string_equal(visit.comment, "Brr");
	assert_true(visit.publish);
	assert_string_equal(visit.id, ID);
}

static void counts_what_can_still_come(void **state)
{
	(void)state;
	assert_progress(1, 5);
	assert_int_equal(step("answer=called"), FLOW_SHOW);
	assert_string_equal(asked(), "words");
	assert_progress(2, 3);
	assert_int_equal(step("go=back"), FLOW_SHOW);
	assert_progress(1, 5); /* another answer may be given */
	assert_int_equal(step("answer=came"), FLOW_SHOW);
	assert_progress(2, 5);
	assert_int_equal(step("answer=5"), FLOW_SHOW);
	assert_progress(3, 4);
}

static void goes_back_over_what_was_not_asked(void **state)
{
	(void)state;
	assert_int_equal(step("answer=called"), FLOW_SHOW);
	assert_int_equal(step("go=without"), FLOW_SHOW);
	assert_string_equal(asked(), "again");
	assert_int_equal(step("go=back"), FLOW_SHOW);
	assert_string_equal(asked(), "words");
	assert_int_equal(step("go=back"), FLOW_SHOW);
	assert_string_equal(asked(), "way");
	assert_false(flow_can_go_back(&visit, &screen));
	assert_int_equal(step("go=back"), FLOW_REFUSED);
}

static void a_change_of_mind_leaves_no_answer_to_what_is_not_asked(void **state)
{
	(void)state;
	assert_int_equal(step("answer=came"), FLOW_SHOW);
	assert_int_equal(step("answer=1"), FLOW_SHOW);
	assert_int_equal(step("answer=yes"), FLOW_SHOW);
	for (int i = 0; i < 3; i++)
		assert_int_equal(step("go=back"), FLOW_SHOW);
	assert_int_equal(step("answer=called"), FLOW_SHOW);
	assert_int_equal(step("go=without"), FLOW_SHOW);
	assert_int_equal(step("answer=yes"), FLOW_KEEP);
	assert_answers("{\"again\":true,\"way\":\"called\"}");
}

static void what_is_left_out_has_no_answer_and_asks_nothing_after_it(void **state)
{
	(void)state;
	assert_int_equal(step("go=skip"), FLOW_REFUSED); /* the first */
	assert_int_equal(step("answer=came"), FLOW_SHOW);
	assert_int_equal(step("answer=1"), FLOW_SHOW);
	assert_int_equal(step("go=back"), FLOW_SHOW);
	assert_int_equal(step("go=skip"), FLOW_SHOW); /* takes the answer back */
	assert_string_equal(asked(), "words");
	assert_int_equal(step("comment=+&go=send"), FLOW_SHOW);
	assert_int_equal(step("go=skip"), FLOW_KEEP);
	assert_answers("{\"way\":\"came\"}");
	assert_null(visit.comment);
}

static void no_free_text_is_asked_for_that_cannot_be_sealed(void **state)
{
	(void)state;
	screen.comments = false;
	assert_progress(1, 4);
	assert_int_equal(step("answer=called"), FLOW_SHOW);
	assert_string_equal(asked(), "again");
	assert_int_equal(step("comment=x&go=send"), FLOW_REFUSED);
}

/* The key to seal with went while the patient was writing. */
static void what_cannot_be_sealed_any_more_is_neither_passed_on_nor_left_out_unsaid(void **state)
{
	(void)state;
	assert_int_equal(step("answer=called"), FLOW_SHOW);
	screen.comments = false;
	assert_int_equal(step("comment=x&publish=yes&go=send"), FLOW_SHOW);
	assert_int_equal(step("answer=yes"), FLOW_CHANGED);
}

static void a_comment_that_tells_who_somebody_is_is_shown_before_it_goes_on(void **state)
{
	(void)state;
	assert_int_equal(step("answer=called"), FLOW_SHOW);
	assert_int_equal(step("comment=me@example.org&go=send"), FLOW_SHOW);
	assert_int_equal(visit.place, VISIT_PERSONAL);
	assert_int_equal(step("answer=yes"), FLOW_REFUSED);
	assert_int_equal(step("go=back"), FLOW_SHOW);
	assert_int_equal(visit.place, VISIT_QUESTION);
	assert_string_equal(asked(), "words");
	assert_int_equal(step("comment=me@example.org&go=send"), FLOW_SHOW);
	assert_int_equal(step("go=keep"), FLOW_SHOW);
	assert_string_equal(asked(), "again");
	assert_string_equal(visit.comment, "me@example.org");
}

static void only_showing_it_otherwise_leaves_the_first_page_the_first(void **state)
{
	(void)state;
	assert_int_equal(step("go=larger"), FLOW_SHOW);
	assert_true(visit.opening && visit.larger && !visit.contrast);
	assert_int_equal(step("go=contrast"), FLOW_SHOW);
	assert_true(visit.larger && visit.contrast);
	assert_int_equal(step("go=smaller"), FLOW_SHOW);
	assert_int_equal(step("go=colours"), FLOW_SHOW);
	assert_true(visit.opening && !visit.larger && !visit.contrast);
	assert_string_equal(asked(), "way");
}

static void after_the_end_nothing_of_the_answer_is_left(void **state)
{
	(void)state;
	assert_int_equal(step("go=larger"), FLOW_SHOW);
	assert_int_equal(step("answer=called"), FLOW_SHOW);
	assert_int_equal(step("comment=mine&go=send"), FLOW_SHOW);
	assert_int_equal(step("answer=yes"), FLOW_KEEP);
	flow_finish(&visit);
	assert_int_equal(visit.place, VISIT_THANKS);
	assert_string_equal(visit.id, "");
	assert_null(visit.answers);
	assert_null(visit.comment);
	assert_true(visit.larger); /* the same patient may go on */
	assert_int_equal(step("survey=visit"), FLOW_CHANGED); /* answered already */
	assert_int_equal(step("answer=yes"), FLOW_REFUSED);
}

static void a_further_survey_gets_an_id_of_its_own_and_leads_back_to_the_thanks(void **state)
{
	(void)state;
	assert_true(cJSON_AddItemToArray(screen.surveys, record_of(SURVEY("other", "{\"id\":\"q\",\"kind\":\"yes-no\",\"text\":" EN("Well?") "}"))));
	assert_int_equal(step("answer=called"), FLOW_SHOW);
	assert_int_equal(step("go=without"), FLOW_SHOW);
	assert_int_equal(step("answer=yes"), FLOW_KEEP);
	flow_finish(&visit);
	assert_int_equal(step("survey=other"), FLOW_SHOW);
	assert_string_equal(visit.id, FRESH_ID);
	assert_string_equal(asked(), "q");
	assert_int_equal(step("go=back"), FLOW_SHOW);
	assert_int_equal(visit.place, VISIT_THANKS);
	assert_int_equal(step("survey=other"), FLOW_SHOW);
	assert_int_equal(step("answer=no"), FLOW_KEEP);
	assert_answers("{\"q\":false}");
}

static void a_survey_that_is_not_known_any_more_is_told(void **state)
{
	(void)state;
	assert_int_equal(step("answer=called"), FLOW_SHOW);
	visit.version = 2;
	assert_int_equal(step("go=without"), FLOW_CHANGED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(goes_through_every_kind_of_question),
		TEST(counts_what_can_still_come),
		TEST(goes_back_over_what_was_not_asked),
		TEST(a_change_of_mind_leaves_no_answer_to_what_is_not_asked),
		TEST(what_is_left_out_has_no_answer_and_asks_nothing_after_it),
		TEST(no_free_text_is_asked_for_that_cannot_be_sealed),
		TEST(what_cannot_be_sealed_any_more_is_neither_passed_on_nor_left_out_unsaid),
		TEST(a_comment_that_tells_who_somebody_is_is_shown_before_it_goes_on),
		TEST(only_showing_it_otherwise_leaves_the_first_page_the_first),
		TEST(after_the_end_nothing_of_the_answer_is_left),
		TEST(a_further_survey_gets_an_id_of_its_own_and_leads_back_to_the_thanks),
		TEST(a_survey_that_is_not_known_any_more_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
