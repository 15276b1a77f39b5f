/* tests/kiosk/test_route.c - what each request gets, told by a fake desk; no sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

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
	buf_clear(&response.body);
	free(body);
	body = NULL;
	return 0;
}

static const char *send_request(struct request r, const char *text)
{
	size_t len = strlen(text);

	buf_clear(&response.body);
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
	return (struct request){.method = "POST", .path = "/answer", .host = "127.0.0.1:8080", .origin = "http://127.0.0.1:8080",
				.fetch_site = "same-origin", .content_type = "application/x-www-form-urlencoded"};
}

static const char *get(const char *path)
{
	return send_request(getting(path), "");
}

static void copy_value(char *out, size_t size, const char *page, const char *mark)
{
	const char *start = strstr(page, mark);
	const char *end = start ? strchr(start + strlen(mark), '"') : NULL;

	assert_non_null(end);
	start += strlen(mark);
	assert_true((size_t)(end - start) < size);
	memcpy(out, start, (size_t)(end - start));
	out[end - start] = '\0';
}

static void fresh_token(char token[TOKEN_TEXT_MAX])
{
	copy_value(token, TOKEN_TEXT_MAX, get("/"), "name=\"token\" value=\"");
}

/* Post a form with a fresh token and these further fields. */
static const char *post(const char *fields)
{
	char token[TOKEN_TEXT_MAX], text[512];

	fresh_token(token);
	(void)snprintf(text, sizeof(text), "token=%s&%s", token, fields);
	return send_request(posting(), text);
}

static void shows_the_question_with_all_it_needs(void **state)
{
	const char *page = get("/");
	char token[TOKEN_TEXT_MAX], other[TOKEN_TEXT_MAX];

	(void)state;
	assert_int_equal(response.status, 200);
	assert_non_null(strstr(page, "Overall, how was your experience of our service?"));
	assert_non_null(strstr(page, "Don’t know</label>"));
	assert_non_null(strstr(page, "<textarea"));
	assert_non_null(strstr(page, "name=\"publish\""));
	assert_non_null(strstr(page, "This screen is not watched."));
	assert_non_null(strstr(page, "Harborough Vale (sample)"));
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "src="));
	assert_null(strstr(page, "href=\"http"));
	assert_null(strstr(page, "href=\"//"));
	fresh_token(token);
	fresh_token(other);
	assert_string_not_equal(token, other);
}

static void asks_for_no_comment_when_none_can_be_sealed(void **state)
{
	const char *page = NULL;

	(void)state;
	fake.comments = false;
	page = get("/");
	assert_null(strstr(page, "<textarea"));
	assert_null(strstr(page, "publish"));
	assert_non_null(strstr(page, "This screen is not watched."));
	(void)post("experience=good&comment=Nobody+can+seal+this");
	assert_int_equal(response.status, 400);
	assert_int_equal(fake.kept_len, 0);
	(void)post("experience=good");
	assert_int_equal(response.status, 303);
}

static void keeps_an_answer_and_then_thanks(void **state)
{
	(void)state;
	(void)post("version=1&experience=very-good&comment=Thank+you%0D%0Aall&publish=yes");
	assert_int_equal(response.status, 303);
	assert_string_equal(response.location, "/thanks");
	assert_int_equal(fake.kept_len, 1);
	assert_string_equal(fake.kept[0].choice, "very-good");
	assert_string_equal(fake.kept[0].comment, "Thank you\nall");
	assert_int_equal(fake.kept[0].version, 1);
	assert_true(fake.kept[0].publish);
	assert_non_null(strstr(get("/thanks"), "Thank you"));
	assert_non_null(strstr(buf_text(&response.body), "http-equiv=\"refresh\" content=\"8; url=/\""));
}

static void an_empty_comment_is_none_and_cannot_be_published(void **state)
{
	(void)state;
	(void)post("experience=good&comment=+%0D%0A+&publish=yes");
	assert_int_equal(response.status, 303);
	assert_string_equal(fake.kept[0].comment, "(none)");
	assert_false(fake.kept[0].publish);
}

static void the_same_token_is_thanked_again_and_kept_once(void **state)
{
	char token[TOKEN_TEXT_MAX], text[256];

	(void)state;
	fresh_token(token);
	for (int i = 0; i < 3; i++) {
		(void)snprintf(text, sizeof(text), "token=%s&experience=%s", token, i == 2 ? "poor" : "good");
		(void)send_request(posting(), text);
		assert_int_equal(response.status, 303);
	}
	assert_int_equal(fake.kept_len, 1);
	assert_string_equal(fake.kept[0].choice, "good");
}

static void never_thanks_for_what_was_not_kept(void **state)
{
	static const enum status failures[] = {STATUS_IO, STATUS_NO_SPACE, STATUS_NOMEM, STATUS_UNTRUSTED, STATUS_BUSY, STATUS_CORRUPT, STATUS_CRYPTO};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		fake.keep_says = failures[i];
		assert_non_null(strstr(post("experience=good"), "Sorry, your answer could not be kept. Please tell reception."));
		assert_int_equal(response.status, 503);
		assert_null(response.location);
	}
	fake.keep_says = STATUS_INVALID;
	(void)post("experience=good");
	assert_int_equal(response.status, 400);
}

static void asks_again_with_what_was_typed_when_nothing_was_chosen(void **state)
{
	char token[TOKEN_TEXT_MAX], again[TOKEN_TEXT_MAX], text[256];
	const char *page = NULL;

	(void)state;
	fresh_token(token);
	(void)snprintf(text, sizeof(text), "token=%s&comment=A+%%3Clong%%3E+wait&publish=yes", token);
	page = send_request(posting(), text);
	assert_int_equal(response.status, 400);
	assert_non_null(strstr(page, "Choose one of the answers"));
	assert_non_null(strstr(page, "href=\"#option-1\""));
	assert_non_null(strstr(page, "A &lt;long&gt; wait</textarea>"));
	assert_non_null(strstr(page, "value=\"yes\" checked"));
	copy_value(again, sizeof(again), page, "name=\"token\" value=\"");
	assert_string_equal(token, again); /* still the same answer */
}

static void asks_again_when_the_question_has_changed(void **state)
{
	(void)state;
	fake.question.version = 2;
	assert_non_null(strstr(post("version=1&experience=good"), "The question has changed"));
	assert_int_equal(response.status, 400);
	assert_int_equal(fake.kept_len, 0);
}

static const char *post_comment_of(size_t characters)
{
	char token[TOKEN_TEXT_MAX];
	struct buf text = BUF_INIT;
	const char *page = NULL;

	fresh_token(token);
	buf_addf(&text, "token=%s&experience=good&comment=", token);
	for (size_t i = 0; i < characters; i++)
		buf_adds(&text, "%F0%9F%99%82");
	assert_true(text.len <= FORM_MAX_BYTES);
	page = send_request(posting(), buf_text(&text));
	buf_clear(&text);
	return page;
}

static void takes_a_comment_of_ten_thousand_characters_in_any_script(void **state)
{
	(void)state;
	(void)post_comment_of(QIP_COMMENT_MAX);
	assert_int_equal(response.status, 303);
	assert_int_equal(fake.kept[0].comment_len, 4 * QIP_COMMENT_MAX);
	assert_non_null(strstr(post_comment_of(QIP_COMMENT_MAX + 1), "too long"));
	assert_int_equal(response.status, 400);
	assert_int_equal(fake.kept_len, 1);
}

static void refuses_forms_that_its_page_cannot_have_made(void **state)
{
	static const char *const bad[] = {"experience=splendid", "experience=good&experience=poor", "experience=good&extra=1", "experience=good&publish=maybe",
					  "experience=good&token=x", "experience=%FF", "experience=good&comment=%00"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_non_null(strstr(post(bad[i]), "start again"));
		assert_int_equal(response.status, 400);
	}
	(void)send_request(posting(), "experience=good");
	assert_int_equal(response.status, 400);
	(void)send_request(posting(), "token=00000000-0000-7000-8000-000000000000&experience=good");
	assert_int_equal(response.status, 400);
	(void)send_request(posting(), "");
	assert_int_equal(response.status, 400);
	assert_int_equal(fake.kept_len, 0);
}

static void only_its_own_page_on_its_own_address_may_post(void **state)
{
	struct request elsewhere[] = {posting(), posting(), posting(), posting(), posting()};
	char token[TOKEN_TEXT_MAX], text[128];

	(void)state;
	elsewhere[0].origin = "https://elsewhere.example";
	elsewhere[1].origin = "null";
	elsewhere[2].fetch_site = "cross-site";
	elsewhere[3].host = "elsewhere.example";
	elsewhere[4].origin = "http://localhost:8080"; /* not the name that the page was asked by */
	fresh_token(token);
	(void)snprintf(text, sizeof(text), "token=%s&experience=good", token);
	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
		(void)send_request(elsewhere[i], text);
		assert_int_equal(response.status, 403);
	}
	assert_int_equal(fake.kept_len, 0);
	elsewhere[4].host = "localhost:8080";
	(void)send_request(elsewhere[4], text);
	assert_int_equal(response.status, 303);
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
	(void)get("/answer");
	assert_int_equal(response.status, 405);
	assert_string_equal(response.allow, "POST");
	(void)get("/../../etc/passwd");
	assert_int_equal(response.status, 404);
	(void)get("/answer/");
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

static void tells_staff_how_it_stands(void **state)
{
	const char *page = NULL;

	(void)state;
	(void)post("experience=good");
	page = get("/status");
	assert_int_equal(response.status, 200);
	assert_non_null(strstr(page, "kib-kiosk"));
	assert_non_null(strstr(page, "number 1, 2022-11-22 05:00 UTC by a clock that nobody has set"));
	assert_non_null(strstr(page, "no &lt;network&gt;"));
	page = get("/status.json");
	assert_string_equal(response.type, "application/json");
	assert_string_equal(page, "{\"comments\":false,\"device\":\"kib-kiosk\",\"last\":1,\"last_answer_at\":\"2022-11-22T05:00:00.000Z\","
				  "\"last_answer_clock\":\"unknown\",\"last_sync\":null,\"site\":\"kibworth\",\"sync_error\":\"no <network>\",\"waiting\":1}");
}

static void says_that_it_is_not_ready_before_the_first_survey(void **state)
{
	(void)state;
	fake.question.options_len = 0;
	assert_non_null(strstr(get("/"), "not received its question yet"));
	assert_int_equal(response.status, 503);
	(void)send_request(posting(), "token=x&experience=good");
	assert_int_equal(response.status, 503);
	(void)get("/status");
	assert_int_equal(response.status, 200);
}

static void serves_its_style_sheet_which_asks_for_nothing(void **state)
{
	const char *css = get("/style.css");

	(void)state;
	assert_int_equal(response.status, 200);
	assert_string_equal(response.type, "text/css; charset=utf-8");
	assert_non_null(strstr(css, ".kiosk-tiles"));
	assert_null(strstr(css, "@font-face"));
	assert_null(strstr(css, "http"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shows_the_question_with_all_it_needs),
		TEST(asks_for_no_comment_when_none_can_be_sealed),
		TEST(keeps_an_answer_and_then_thanks),
		TEST(an_empty_comment_is_none_and_cannot_be_published),
		TEST(the_same_token_is_thanked_again_and_kept_once),
		TEST(never_thanks_for_what_was_not_kept),
		TEST(asks_again_with_what_was_typed_when_nothing_was_chosen),
		TEST(asks_again_when_the_question_has_changed),
		TEST(takes_a_comment_of_ten_thousand_characters_in_any_script),
		TEST(refuses_forms_that_its_page_cannot_have_made),
		TEST(only_its_own_page_on_its_own_address_may_post),
		TEST(a_foreign_name_for_this_address_shows_nothing),
		TEST(says_which_methods_a_page_takes),
		TEST(wants_a_form_of_a_sensible_size),
		TEST(tells_staff_how_it_stands),
		TEST(says_that_it_is_not_ready_before_the_first_survey),
		TEST(serves_its_style_sheet_which_asks_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
