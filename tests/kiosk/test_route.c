/* tests/kiosk/test_route.c - what each request gets, told by a fake desk; no sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "kiosk/form.h"
#include "tests/kiosk/desk.h"

static struct fake fake;
static struct response response;
static char *body;

static int set_up(void **state)
{
	(void)state;
	response = (struct response){.status = 0};
	return fake_start(&fake) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	response_clear(&response);
	free(body);
	body = NULL;
	fake_stop(&fake);
	return 0;
}

static const char *send_request(struct request r, const char *text)
{
	size_t len = strlen(text);

	response_clear(&response);
	free(body);
	body = malloc(len + 1);
	assert_non_null(body);
	memcpy(body, text, len + 1);
	r.body = body;
	r.body_len = len;
	route(&response, &fake.desk, &r);
	return buf_text(&response.body);
}

static struct request getting(const char *path)
{
	return (struct request){.method = "GET", .path = path, .host = "127.0.0.1:8080"};
}

static struct request posting(void)
{
	return (struct request){.method = "POST", .path = "/step", .host = "127.0.0.1:8080", .origin = "http://127.0.0.1:8080",
				.fetch_site = "same-origin", .content_type = "application/x-www-form-urlencoded"};
}

static const char *get(const char *path)
{
	return send_request(getting(path), "");
}

/* The hidden field of the page that is in the response now. */
static void page_state(struct buf *out)
{
	static const char mark[] = "name=\"state\" value=\"";
	const char *start = strstr(buf_text(&response.body), mark);
	const char *end = start ? strchr(start + strlen(mark), '"') : NULL;

	assert_non_null(end);
	buf_reset(out);
	buf_add(out, start + strlen(mark), (size_t)(end - start) - strlen(mark));
}

/* Post this state with these further fields. */
static const char *post(const struct buf *state, const char *fields)
{
	struct buf text = BUF_INIT;
	const char *page = NULL;

	buf_addf(&text, "state=%s&%s", buf_text(state), fields);
	page = send_request(posting(), buf_text(&text));
	buf_clear(&text);
	return page;
}

/* Go on from the page that is shown now. */
static const char *step(const char *fields)
{
	struct buf state = BUF_INIT;
	const char *page = NULL;

	page_state(&state);
	page = post(&state, fields);
	buf_clear(&state);
	return page;
}

static const char *start(const char *fields)
{
	(void)get("/");
	return step(fields);
}

/* Follow the way to the thanks. */
static const char *follow(void)
{
	static char state[4096];
	struct request r = getting("/thanks");

	assert_int_equal(response.status, 303);
	(void)snprintf(state, sizeof(state), "%s", strchr(buf_text(&response.location), '=') + 1);
	r.state = state;
	return send_request(r, "");
}

static void add_survey(const char *text)
{
	assert_true(cJSON_AddItemToArray(fake.surveys, fake_record(text, strlen(text))));
}

static const char waiting[] = "{\"schema\":\"survey/1\",\"id\":\"waiting\",\"version\":3,\"title\":{\"en\":{\"text\":\"The waiting room\",\"status\":\"reviewed\"}},"
	"\"questions\":[{\"id\":\"seat\",\"kind\":\"yes-no\",\"text\":{\"en\":{\"text\":\"Did you find a seat?\",\"status\":\"reviewed\"}}},"
	"{\"id\":\"comfort\",\"kind\":\"rating\",\"asked_if\":{\"question\":\"seat\",\"any_of\":[true]},\"text\":{\"en\":{\"text\":\"How comfortable was it?\",\"status\":\"reviewed\"}}}]}";

static void shows_the_question_with_all_it_needs(void **state)
{
	const char *page = get("/");

	(void)state;
	assert_int_equal(response.status, 200);
	assert_non_null(strstr(page, "Overall, how was your experience of our service?"));
	assert_non_null(strstr(page, "value=\"dont-know\""));
	assert_non_null(strstr(page, "This screen is not watched."));
	assert_non_null(strstr(page, "Harborough Vale (sample)"));
	assert_non_null(strstr(page, "Question 1 of 2"));
	assert_null(strstr(page, "value=\"skip\"")); /* it has "Don't know" */
	assert_null(strstr(page, "value=\"back\""));
	assert_null(strstr(page, "src=\"http"));
	assert_null(strstr(page, "href=\"http"));
	assert_null(strstr(page, "href=\"//"));
	assert_null(strstr(page, "style=\""));
	page = step("answer=good");
	assert_non_null(strstr(page, "<textarea"));
	assert_non_null(strstr(page, "name=\"publish\""));
	assert_null(strstr(page, " checked"));
	assert_non_null(strstr(page, "value=\"without\""));
	assert_non_null(strstr(page, "value=\"back\""));
	assert_int_equal(fake.kept_len, 0);
}

static void asks_for_no_comment_when_none_can_be_sealed(void **state)
{
	(void)state;
	fake.comments = false;
	assert_null(strstr(get("/"), "Question 1 of"));
	(void)step("answer=good&comment=Nobody+can+seal+this");
	assert_int_equal(response.status, 400);
	assert_int_equal(fake.kept_len, 0);
	(void)start("answer=good");
	assert_int_equal(response.status, 303);
	assert_int_equal(fake.kept_len, 1);
}

static void keeps_an_answer_and_then_thanks(void **state)
{
	const char *page = NULL;

	(void)state;
	(void)start("answer=very-good");
	(void)step("comment=Thank+you%0D%0Aall&publish=yes&go=send");
	assert_int_equal(response.status, 303);
	assert_int_equal(strncmp(buf_text(&response.location), "/thanks", 7), 0);
	assert_int_equal(fake.kept_len, 1);
	assert_string_equal(fake.kept[0].survey, "fft");
	assert_string_equal(fake.kept[0].language, "en");
	assert_string_equal(fake.kept[0].answers, "{\"experience\":\"very-good\"}");
	assert_string_equal(fake.kept[0].comment, "Thank you\nall");
	assert_int_equal(fake.kept[0].version, 1);
	assert_true(fake.kept[0].publish);
	page = follow();
	assert_int_equal(response.status, 200);
	assert_non_null(strstr(page, "Thank you"));
	assert_null(strstr(page, "all</textarea>"));
	assert_non_null(strstr(page, "http-equiv=\"refresh\" content=\"8; url=/\""));
	assert_non_null(strstr(get("/thanks"), "Thank you"));
}

static void an_empty_comment_is_none_and_cannot_be_published(void **state)
{
	(void)state;
	(void)start("answer=good");
	(void)step("comment=+%0D%0A+&publish=yes&go=send");
	assert_int_equal(response.status, 303);
	assert_string_equal(fake.kept[0].comment, "(none)");
	assert_false(fake.kept[0].publish);
}

static void what_was_written_is_not_kept_when_it_is_not_sent(void **state)
{
	(void)state;
	(void)start("answer=good");
	(void)step("comment=Better+not&publish=yes&go=without");
	assert_int_equal(response.status, 303);
	assert_string_equal(fake.kept[0].comment, "(none)");
	assert_false(fake.kept[0].publish);
}

static void the_same_page_again_is_thanked_again_and_kept_once(void **state)
{
	struct buf first = BUF_INIT, last = BUF_INIT;

	(void)state;
	(void)get("/");
	page_state(&first);
	(void)step("answer=good");
	page_state(&last);
	for (int i = 0; i < 3; i++) {
		(void)post(&last, i == 2 ? "go=send&comment=Another" : "go=without");
		assert_int_equal(response.status, 303);
	}
	(void)post(&first, "answer=poor"); /* nor an earlier page of it, after another start of the program */
	assert_int_equal(response.status, 303);
	assert_null(strstr(follow(), "good"));
	assert_int_equal(fake.kept_len, 1);
	assert_string_equal(fake.kept[0].answers, "{\"experience\":\"good\"}");
	assert_string_equal(fake.kept[0].comment, "(none)");
	buf_clear(&first);
	buf_clear(&last);
}

static void never_thanks_for_what_was_not_kept(void **state)
{
	static const enum status failures[] = {STATUS_IO, STATUS_NOMEM, STATUS_UNTRUSTED, STATUS_BUSY, STATUS_CORRUPT, STATUS_CRYPTO};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		fake.keep_says = failures[i];
		(void)start("answer=good");
		assert_non_null(strstr(step("go=without"), "Sorry, your answer could not be kept. Please tell reception."));
		assert_int_equal(response.status, 503);
		assert_int_equal(response.location.len, 0);
	}
	fake.keep_says = STATUS_NO_SPACE;
	(void)start("answer=good");
	assert_non_null(strstr(step("go=without"), "This screen cannot keep answers now."));
	assert_int_equal(response.status, 503);
	fake.keep_says = STATUS_INVALID;
	(void)start("answer=good");
	(void)step("go=without");
	assert_int_equal(response.status, 400);
}

static void what_was_typed_stays_when_the_page_is_shown_otherwise_or_left_and_come_back_to(void **state)
{
	const char *page = NULL;

	(void)state;
	(void)start("answer=good");
	page = step("comment=A+%3Clong%3E+wait&publish=yes&go=larger");
	assert_int_equal(response.status, 200);
	assert_non_null(strstr(page, "kiosk--larger"));
	assert_non_null(strstr(page, "A &lt;long&gt; wait</textarea>"));
	assert_non_null(strstr(page, " checked"));
	page = step("comment=A+longer+wait&publish=yes&go=contrast");
	assert_non_null(strstr(page, "kiosk--larger kiosk--contrast"));
	page = step("comment=A+longer+wait&publish=yes&go=back");
	assert_non_null(strstr(page, "value=\"good\" aria-current=\"true\""));
	assert_null(strstr(page, "longer wait"));
	page = step("answer=poor");
	assert_non_null(strstr(page, "A longer wait</textarea>"));
	assert_non_null(strstr(page, " checked"));
	(void)step("comment=A+longer+wait&go=send");
	assert_int_equal(response.status, 303);
	assert_string_equal(fake.kept[0].answers, "{\"experience\":\"poor\"}");
	assert_false(fake.kept[0].publish);
}

static void points_out_what_may_say_who_somebody_is_before_it_is_kept(void **state)
{
	const char *page = NULL;

	(void)state;
	(void)start("answer=good");
	page = step("comment=Call+07700+900123+%3Cnow%3E&publish=yes&go=send");
	assert_int_equal(response.status, 200);
	assert_int_equal(fake.kept_len, 0);
	assert_non_null(strstr(page, "Please check your comment"));
	assert_non_null(strstr(page, "Phone number"));
	assert_non_null(strstr(page, "Call <mark>07700 900123</mark> &lt;now&gt;"));
	page = step("go=change");
	assert_non_null(strstr(page, "Call 07700 900123 &lt;now&gt;</textarea>"));
	assert_non_null(strstr(page, " checked"));
	(void)step("comment=Call+07700+900123&go=send");
	(void)step("go=keep");
	assert_int_equal(response.status, 303);
	assert_string_equal(fake.kept[0].comment, "Call 07700 900123");
}

static void goes_on_with_another_survey_under_a_new_id(void **state)
{
	const char *page = NULL;

	(void)state;
	add_survey(waiting);
	(void)start("answer=good");
	(void)step("go=without");
	page = follow();
	assert_non_null(strstr(page, "The waiting room"));
	page = step("survey=waiting");
	assert_non_null(strstr(page, "Did you find a seat?"));
	assert_non_null(strstr(page, "Question 1 of 2"));
	page = step("answer=yes");
	assert_non_null(strstr(page, "How comfortable was it?"));
	assert_non_null(strstr(page, "value=\"5\""));
	(void)step("answer=4");
	page = follow();
	assert_null(strstr(page, "The waiting room"));
	assert_int_equal(fake.kept_len, 2);
	assert_string_not_equal(fake.kept[0].id, fake.kept[1].id);
	assert_string_equal(fake.kept[1].survey, "waiting");
	assert_string_equal(fake.kept[1].answers, "{\"comfort\":4,\"seat\":true}");
}

static void leaves_out_what_an_answer_makes_needless_also_after_a_change_of_mind(void **state)
{
	(void)state;
	add_survey(waiting);
	(void)start("answer=good");
	(void)step("go=without");
	(void)follow();
	(void)step("survey=waiting");
	(void)step("answer=yes");
	(void)step("go=back");
	(void)step("answer=no");
	assert_int_equal(response.status, 303);
	assert_string_equal(fake.kept[1].answers, "{\"seat\":false}");
}

static void a_question_may_be_left_out_but_not_the_first(void **state)
{
	(void)state;
	add_survey(waiting);
	(void)start("go=skip");
	assert_int_equal(response.status, 400);
	(void)start("answer=good");
	(void)step("go=without");
	(void)follow();
	(void)step("survey=waiting");
	assert_non_null(strstr(step("answer=yes"), "Prefer not to say"));
	(void)step("go=skip");
	assert_int_equal(response.status, 303);
	assert_string_equal(fake.kept[1].answers, "{\"seat\":true}");
}

static void a_page_that_lay_for_long_says_so_and_starts_again(void **state)
{
	(void)state;
	(void)get("/");
	(void)step("go=larger");
	(void)step("answer=good");
	(void)step("go=back");
	fake.later_ms = VISIT_AGE_MAX_MS + 1000;
	assert_non_null(strstr(step("answer=good"), "This took a long time"));
	assert_int_equal(response.status, 400);
	(void)start("answer=good");
	fake.boot = "another boot";
	assert_non_null(strstr(step("go=without"), "This took a long time"));
	assert_int_equal(fake.kept_len, 0);
}

/* It waits for the next patient, perhaps for days; and a child touches it twice. */
static void the_first_page_never_grows_old_and_counts_a_double_touch_once(void **state)
{
	struct buf first = BUF_INIT;

	(void)state;
	fake.comments = false;
	(void)get("/");
	page_state(&first);
	fake.later_ms = 3 * VISIT_AGE_MAX_MS;
	fake.boot = "another boot";
	for (int i = 0; i < 2; i++) {
		(void)post(&first, "answer=good");
		assert_int_equal(response.status, 303);
	}
	assert_int_equal(fake.kept_len, 1);
	buf_clear(&first);
}

/* Somebody else touches the page that the browser has kept: that is an answer of its own. */
static void an_old_first_page_gives_the_next_patient_an_answer_of_their_own(void **state)
{
	struct buf first = BUF_INIT;

	(void)state;
	(void)get("/");
	page_state(&first);
	fake.later_ms = 3 * VISIT_AGE_MAX_MS;
	for (int i = 0; i < 2; i++) {
		(void)post(&first, "answer=good");
		assert_int_equal(response.status, 200);
		(void)step("go=without");
		assert_int_equal(response.status, 303);
		assert_int_equal(fake.kept_len, i + 1);
		fake.later_ms += 30000;
	}
	assert_string_not_equal(fake.kept[0].id, fake.kept[1].id);
	buf_clear(&first);
}

static void what_could_not_be_kept_is_tried_again_with_all_that_was_written(void **state)
{
	static const enum status failures[] = {STATUS_IO, STATUS_NO_SPACE};
	const char *page = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		fake.keep_says = failures[i];
		(void)start("answer=good");
		page = step("comment=A+long+wait&publish=yes&go=send");
		assert_int_equal(response.status, 503);
		assert_non_null(strstr(page, "value=\"again\""));
		assert_null(strstr(page, "A long wait"));
		(void)step("go=again");
		assert_int_equal(response.status, 503);
		(void)step("go=larger");
		assert_int_equal(response.status, 200);
		(void)step("answer=poor");
		assert_int_equal(response.status, 400);
		(void)start("answer=good");
		(void)step("comment=A+long+wait&publish=yes&go=send");
		fake.keep_says = STATUS_OK;
		(void)step("go=again");
		assert_int_equal(response.status, 303);
		assert_int_equal(fake.kept_len, i + 1);
		assert_string_equal(fake.kept[i].comment, "A long wait");
		assert_true(fake.kept[i].publish);
	}
}

/* The disk failed, and has it all the same. */
static void another_try_counts_what_is_there_already_once(void **state)
{
	(void)state;
	(void)start("answer=good");
	fake.keep_says = STATUS_IO;
	(void)step("go=without");
	fake.keep_says = STATUS_OK;
	(void)step("go=again");
	fake.keep_says = STATUS_IO; /* a second touch meets an answer that is there */
	(void)follow();
	assert_int_equal(fake.kept_len, 1);
}

static void who_writes_has_an_hour(void **state)
{
	(void)state;
	(void)start("answer=good");
	fake.later_ms = VISIT_AGE_WRITING_MS - 1000;
	(void)step("comment=Call+07700+900123&go=send");
	assert_int_equal(response.status, 200);
	fake.later_ms *= 2;
	(void)step("go=keep");
	assert_int_equal(response.status, 303);
	assert_string_equal(fake.kept[0].comment, "Call 07700 900123");
	(void)start("answer=good");
	fake.later_ms += VISIT_AGE_WRITING_MS + 1000;
	assert_non_null(strstr(step("comment=mine&go=send"), "This took a long time"));
}

static void a_comment_that_cannot_be_sealed_any_more_is_not_left_out_unsaid(void **state)
{
	(void)state;
	(void)start("answer=good");
	fake.comments = false;
	assert_non_null(strstr(step("comment=A+long+wait&go=send"), "The questions have changed"));
	assert_int_equal(response.status, 400);
	fake.comments = true;
	(void)start("answer=good");
	fake.comments = false;
	(void)step("comment=A+long+wait&go=without");
	assert_int_equal(response.status, 303);
	assert_string_equal(fake.kept[0].comment, "(none)");
	assert_int_equal(fake.kept_len, 1);
}

static void who_has_begun_may_finish_when_the_last_survey_ends_or_the_language_goes_off(void **state)
{
	const char *page = NULL;

	(void)state;
	fake.settings.drafts = true;
	fake.settings.languages_len = 1;
	(void)snprintf(fake.settings.languages[0], sizeof(fake.settings.languages[0]), "gu");
	(void)start("answer=good");
	fake.earlier = cJSON_DetachItemFromArray(fake.surveys, 0);
	fake.settings.drafts = false;
	page = step("go=larger");
	assert_int_equal(response.status, 200);
	assert_non_null(strstr(page, "<html lang=\"gu\""));
	assert_null(strstr(page, "<h1 class=\"nhsuk-label-wrapper\"></h1>"));
	page = step("go=back");
	assert_int_equal(response.status, 200);
	assert_non_null(strstr(page, "value=\"very-good\""));
	assert_non_null(strstr(page, "\xe0\xaa")); /* in Gujarati letters */
	(void)step("answer=good");
	(void)step("go=without");
	assert_int_equal(response.status, 303);
	assert_int_equal(fake.kept_len, 1);
	assert_string_equal(fake.kept[0].language, "gu");
	(void)get("/");
	assert_int_equal(response.status, 503);
}

static enum status no_randomness(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	(void)out;
	(void)len;
	return STATUS_IO;
}

static void where_no_page_can_be_made_a_fixed_one_asks_again_by_itself(void **state)
{
	(void)state;
	fake.env.random = no_randomness;
	assert_string_equal(get("/"), "");
	assert_int_equal(response.status, 503);
	assert_non_null(response.fixed);
	assert_non_null(strstr(response.fixed, "http-equiv=\"refresh\" content=\"30; url=/\""));
}

static void an_answer_begun_under_an_earlier_version_is_kept_as_one_of_that(void **state)
{
	cJSON *survey = NULL;

	(void)state;
	(void)start("answer=good");
	survey = cJSON_GetArrayItem(fake.surveys, 0);
	fake.earlier = cJSON_Duplicate(survey, true);
	assert_int_equal(json_set_integer(survey, "version", 2), STATUS_OK);
	(void)step("go=without");
	assert_int_equal(response.status, 303);
	assert_int_equal(fake.kept[0].version, 1);
	cJSON_Delete(fake.earlier);
	fake.earlier = NULL;
	(void)start("answer=good");
	assert_int_equal(json_set_integer(survey, "version", 3), STATUS_OK);
	assert_non_null(strstr(step("go=without"), "The questions have changed"));
	assert_int_equal(response.status, 400);
	assert_int_equal(fake.kept_len, 1);
}

static void asks_for_the_language_first_where_several_are_on(void **state)
{
	const char *page = NULL;

	(void)state;
	fake.settings.drafts = true;
	fake.settings.languages_len = 2;
	(void)snprintf(fake.settings.languages[0], sizeof(fake.settings.languages[0]), "en");
	(void)snprintf(fake.settings.languages[1], sizeof(fake.settings.languages[1]), "ur");
	page = get("/");
	assert_non_null(strstr(page, "Choose your language"));
	assert_non_null(strstr(page, "value=\"ur\" lang=\"ur\" dir=\"rtl\""));
	assert_null(strstr(page, "value=\"pl\""));
	(void)step("language=pl");
	assert_int_equal(response.status, 400);
	page = start("language=ur");
	assert_non_null(strstr(page, "<html lang=\"ur\" dir=\"rtl\""));
	assert_non_null(strstr(page, "value=\"very-good\""));
	assert_null(strstr(page, "Very good"));
	page = step("go=back");
	assert_non_null(strstr(page, "name=\"language\""));
	(void)step("language=ur");
	(void)step("answer=good");
	page = step("comment=Shukria&go=languages");
	page = step("language=en");
	assert_non_null(strstr(page, "Shukria</textarea>"));
	assert_non_null(strstr(page, "lang=\"en\""));
	(void)step("comment=Shukria&go=send");
	assert_int_equal(response.status, 303);
	assert_string_equal(fake.kept[0].language, "en");
}

static void never_offers_a_draft_unless_drafts_are_on(void **state)
{
	const char *page = get("/");

	(void)state;
	assert_null(strstr(page, "name=\"language\"")); /* English alone */
	fake.settings.drafts = true;
	page = get("/");
	assert_non_null(strstr(page, "name=\"language\" value=\"gu\""));
}

static const char *send_comment_of(size_t characters)
{
	struct buf text = BUF_INIT;
	const char *page = NULL;

	(void)start("answer=good");
	page_state(&text);
	assert_true(text.len < 2048);
	buf_reset(&text);
	buf_adds(&text, "go=send&comment=");
	for (size_t i = 0; i < characters; i++)
		buf_adds(&text, "%F0%9F%99%82");
	assert_true(text.len + 2048 <= FORM_MAX_BYTES);
	page = step(buf_text(&text));
	buf_clear(&text);
	return page;
}

static void takes_a_comment_of_ten_thousand_characters_in_any_script(void **state)
{
	(void)state;
	(void)send_comment_of(QIP_COMMENT_MAX);
	assert_int_equal(response.status, 303);
	assert_int_equal(fake.kept[0].comment_len, 4 * QIP_COMMENT_MAX);
	assert_non_null(strstr(send_comment_of(QIP_COMMENT_MAX + 1), "too long"));
	assert_int_equal(response.status, 400);
	assert_int_equal(fake.kept_len, 1);
}

static void the_longest_comment_fits_into_the_page_that_asks_whether_to_keep_it(void **state)
{
	struct buf text = BUF_INIT, sealed = BUF_INIT;

	(void)state;
	(void)start("answer=good");
	buf_adds(&text, "go=send&comment=07700900123+");
	for (size_t i = 0; i < QIP_COMMENT_MAX - 12; i++)
		buf_adds(&text, i % 2 ? "%01" : "%F0%9F%99%82");
	(void)step(buf_text(&text));
	assert_int_equal(response.status, 200);
	page_state(&sealed);
	assert_true(sealed.len + 64 <= FORM_MAX_BYTES);
	(void)post(&sealed, "go=keep");
	assert_int_equal(response.status, 303);
	buf_clear(&text);
	buf_clear(&sealed);
}

static void refuses_forms_that_its_page_cannot_have_made(void **state)
{
	static const char *const first[] = {"answer=splendid", "answer=good&answer=poor", "answer=good&extra=1", "answer=good&go=back", "answer=good&go=send",
					    "comment=x&answer=good", "go=send", "go=back", "go=keep", "go=", "answer=", "language=en", "survey=fft", "publish=yes",
					    "answer=%FF", "answer=good%00", "state=x&answer=good", ""};
	static const char *const second[] = {"answer=good", "go=keep", "go=skip", "go=send&publish=maybe", "go=send&comment=%00", "go=send&comment=%FF",
					     "go=send&go=without", "comment=x", "survey=fft", "go=send&experience=good"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(first); i++) {
		assert_non_null(strstr(start(first[i]), "start again"));
		assert_int_equal(response.status, 400);
	}
	for (size_t i = 0; i < ARRAY_LEN(second); i++) {
		(void)start("answer=good");
		(void)step(second[i]);
		assert_int_equal(response.status, 400);
	}
	(void)send_request(posting(), "answer=good");
	assert_int_equal(response.status, 400);
	(void)send_request(posting(), "state=AAAA&answer=good");
	assert_int_equal(response.status, 400);
	(void)send_request(posting(), "");
	assert_int_equal(response.status, 400);
	assert_int_equal(fake.kept_len, 0);
}

static void only_its_own_page_on_its_own_address_may_post(void **state)
{
	struct request elsewhere[] = {posting(), posting(), posting(), posting(), posting()};
	struct buf token = BUF_INIT, text = BUF_INIT;

	(void)state;
	fake.comments = false;
	elsewhere[0].origin = "https://elsewhere.example";
	elsewhere[1].origin = "null";
	elsewhere[2].fetch_site = "cross-site";
	elsewhere[3].host = "elsewhere.example";
	elsewhere[4].origin = "http://localhost:8080"; /* not the name that the page was asked by */
	(void)get("/");
	page_state(&token);
	buf_addf(&text, "state=%s&answer=good", buf_text(&token));
	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
		(void)send_request(elsewhere[i], buf_text(&text));
		assert_int_equal(response.status, 403);
	}
	assert_int_equal(fake.kept_len, 0);
	elsewhere[4].host = "localhost:8080";
	(void)send_request(elsewhere[4], buf_text(&text));
	assert_int_equal(response.status, 303);
	buf_clear(&token);
	buf_clear(&text);
}

static void a_foreign_name_for_this_address_shows_nothing(void **state)
{
	struct request r = getting("/status.json");

	(void)state;
	r.host = "rebound.example:8080";
	assert_null(strstr(send_request(r, ""), "kib-kiosk"));
	assert_int_equal(response.status, 403);
	r.host = NULL;
	(void)send_request(r, "");
	assert_int_equal(response.status, 400);
}

static void says_which_methods_a_page_takes(void **state)
{
	struct request r = getting("/");

	(void)state;
	r.method = "DELETE";
	(void)send_request(r, "");
	assert_int_equal(response.status, 405);
	assert_string_equal(response.allow, "GET, HEAD");
	(void)get("/step");
	assert_int_equal(response.status, 405);
	assert_string_equal(response.allow, "POST");
	(void)get("/../../etc/passwd");
	assert_int_equal(response.status, 404);
	(void)get("/step/");
	assert_int_equal(response.status, 404);
}

static void wants_a_form_of_a_sensible_size(void **state)
{
	struct request r = posting();

	(void)state;
	r.content_type = "application/json";
	(void)send_request(r, "{}");
	assert_int_equal(response.status, 415);
	r.content_type = NULL;
	(void)send_request(r, "a=b");
	assert_int_equal(response.status, 415);
	r = posting();
	r.too_big = true;
	(void)send_request(r, "");
	assert_int_equal(response.status, 413);
	r = posting();
	r.ambiguous = true;
	(void)send_request(r, "a=b");
	assert_int_equal(response.status, 400);
	assert_int_equal(fake.kept_len, 0);
}

static void tells_everybody_whether_it_works_and_no_more(void **state)
{
	const char *page = NULL;

	(void)state;
	(void)start("answer=good");
	page = get("/status");
	assert_int_equal(response.status, 200);
	assert_non_null(strstr(page, "answers are kept"));
	assert_non_null(strstr(page, "No PIN is set"));
	assert_null(strstr(page, "kib-kiosk"));
	assert_null(strstr(page, "number 1"));
	assert_non_null(strstr(get("/staff"), "No PIN is set")); /* without one there is no more */
	page = get("/status.json");
	assert_string_equal(response.type, "application/json");
	assert_non_null(strstr(page, "\"keeping\":true,\"last_sync\":null,\"troubles\":[]"));
	assert_null(strstr(page, "kib-kiosk"));
}

static void says_that_it_is_not_ready_before_the_first_survey(void **state)
{
	(void)state;
	cJSON_DeleteItemFromArray(fake.surveys, 0);
	assert_non_null(strstr(get("/"), "This screen is not ready yet"));
	assert_int_equal(response.status, 503);
	(void)send_request(posting(), "state=x&answer=good");
	assert_int_equal(response.status, 503);
	(void)get("/status");
	assert_int_equal(response.status, 200);
}

static void serves_its_style_sheet_which_asks_for_nothing(void **state)
{
	const struct asset *style = assets_named(&fake.desk.assets, "style.css");
	const char *css = NULL;

	(void)state;
	assert_non_null(style);
	assert_non_null(strstr(get("/"), style->path));
	assert_false(response.lasting);
	css = get(style->path);
	assert_int_equal(response.status, 200);
	assert_true(response.lasting);
	assert_string_equal(response.type, "text/css; charset=utf-8");
	assert_non_null(strstr(css, ".kiosk-tiles"));
	assert_null(strstr(css, "@font-face"));
	assert_null(strstr(css, "http"));
	(void)get("/a/layout.html");
	assert_int_equal(response.status, 404);
	assert_false(response.lasting);
}

/* An address is kept by browsers: what stands in one must not bring a page back. */
static void the_address_of_the_thanks_brings_no_other_page_back(void **state)
{
	struct request r = getting("/thanks");
	struct buf question = BUF_INIT;
	const char *page = NULL;

	(void)state;
	(void)start("answer=good");
	(void)step("comment=07700900123&go=send");
	page_state(&question); /* of the page that shows the comment */
	r.state = buf_text(&question);
	page = send_request(r, "");
	assert_int_equal(response.status, 200);
	assert_non_null(strstr(page, "Thank you"));
	assert_null(strstr(page, "07700"));
	assert_null(strstr(page, "name=\"state\""));
	assert_int_equal(fake.kept_len, 0);
	buf_clear(&question);
}

/* ---- what stays in memory ---- */

#define HIDDEN_KEY 0x5a
#define LOOK_BYTES 65536
#define LOOK_MAX ((uintptr_t)256 * 1024 * 1024) /* larger ones are a sanitizer's own */

/* "marigold-ter" by HIDDEN_KEY, so that it is in no text of this program. */
static const unsigned char hidden[] = {0x37, 0x3b, 0x28, 0x33, 0x3d, 0x35, 0x36, 0x3e, 0x77, 0x2e, 0x3f, 0x28};

static size_t count_hidden(const unsigned char *bytes, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i + sizeof(hidden) <= len; i++) {
		size_t n = 0;

		while (n < sizeof(hidden) && (bytes[i + n] ^ HIDDEN_KEY) == hidden[n])
			n++;
		count += n == sizeof(hidden);
	}
	return count;
}

/* In all memory that this process may write to, freed or not. */
static size_t count_in_memory(void)
{
	static unsigned char bytes[LOOK_BYTES];
	FILE *maps = fopen("/proc/self/maps", "re");
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	uintptr_t from = 0, to = 0;
	char may[5], line[512];
	size_t count = 0;

	assert_non_null(maps);
	assert_true(mem >= 0);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &from, &to, may) != 3 || may[1] != 'w' || to - from > LOOK_MAX)
			continue;
		for (; from < to; from += sizeof(bytes)) {
			ssize_t got = pread(mem, bytes, to - from < sizeof(bytes) ? to - from : sizeof(bytes), (off_t)from);

			count += got > 0 ? count_hidden(bytes, (size_t)got) : 0;
			explicit_bzero(bytes, sizeof(bytes));
		}
	}
	(void)fclose(maps);
	(void)close(mem);
	return count;
}

/* As step(), but nothing here keeps a copy. */
static void step_hidden(const char *before, const char *after)
{
	static char text[8192];
	struct request r = posting();
	struct buf state = BUF_INIT;
	size_t len = 0;

	page_state(&state);
	response_clear(&response);
	len = (size_t)snprintf(text, sizeof(text), "state=%s%s", buf_text(&state), before);
	for (size_t i = 0; i < sizeof(hidden); i++)
		text[len++] = (char)(hidden[i] ^ HIDDEN_KEY);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", after);
	r.body = text;
	r.body_len = len;
	route(&response, &fake.desk, &r);
	explicit_bzero(text, sizeof(text));
	buf_clear(&state);
}

static void nothing_of_a_comment_stays_in_memory_once_its_page_is_sent(void **state)
{
	(void)state;
	(void)start("answer=good");
	step_hidden("&comment=Call+07700+900123+at+", "&go=send"); /* the page that quotes it */
	assert_int_equal(response.status, 200);
	assert_true(count_in_memory() > 0);
	response_clear(&response);
	assert_int_equal(count_in_memory(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shows_the_question_with_all_it_needs),
		TEST(asks_for_no_comment_when_none_can_be_sealed),
		TEST(keeps_an_answer_and_then_thanks),
		TEST(an_empty_comment_is_none_and_cannot_be_published),
		TEST(what_was_written_is_not_kept_when_it_is_not_sent),
		TEST(the_same_page_again_is_thanked_again_and_kept_once),
		TEST(never_thanks_for_what_was_not_kept),
		TEST(what_was_typed_stays_when_the_page_is_shown_otherwise_or_left_and_come_back_to),
		TEST(points_out_what_may_say_who_somebody_is_before_it_is_kept),
		TEST(the_address_of_the_thanks_brings_no_other_page_back),
		TEST(goes_on_with_another_survey_under_a_new_id),
		TEST(leaves_out_what_an_answer_makes_needless_also_after_a_change_of_mind),
		TEST(a_question_may_be_left_out_but_not_the_first),
		TEST(a_page_that_lay_for_long_says_so_and_starts_again),
		TEST(the_first_page_never_grows_old_and_counts_a_double_touch_once),
		TEST(an_old_first_page_gives_the_next_patient_an_answer_of_their_own),
		TEST(what_could_not_be_kept_is_tried_again_with_all_that_was_written),
		TEST(another_try_counts_what_is_there_already_once),
		TEST(who_writes_has_an_hour),
		TEST(a_comment_that_cannot_be_sealed_any_more_is_not_left_out_unsaid),
		TEST(who_has_begun_may_finish_when_the_last_survey_ends_or_the_language_goes_off),
		TEST(where_no_page_can_be_made_a_fixed_one_asks_again_by_itself),
		TEST(an_answer_begun_under_an_earlier_version_is_kept_as_one_of_that),
		TEST(asks_for_the_language_first_where_several_are_on),
		TEST(never_offers_a_draft_unless_drafts_are_on),
		TEST(takes_a_comment_of_ten_thousand_characters_in_any_script),
		TEST(the_longest_comment_fits_into_the_page_that_asks_whether_to_keep_it),
		TEST(refuses_forms_that_its_page_cannot_have_made),
		TEST(only_its_own_page_on_its_own_address_may_post),
		TEST(a_foreign_name_for_this_address_shows_nothing),
		TEST(says_which_methods_a_page_takes),
		TEST(wants_a_form_of_a_sensible_size),
		TEST(tells_everybody_whether_it_works_and_no_more),
		TEST(says_that_it_is_not_ready_before_the_first_survey),
		TEST(serves_its_style_sheet_which_asks_for_nothing),
		TEST(nothing_of_a_comment_stays_in_memory_once_its_page_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
