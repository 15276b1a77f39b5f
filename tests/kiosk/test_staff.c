/* tests/kiosk/test_staff.c - the pages for staff open to the site's PIN, and to nobody who tries them all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/kiosk/desk.h"

#define PIN "194837"

static struct fake fake;
static struct response response = {.body = BUF_INIT, .location = BUF_INIT};

static int set_up(void **state)
{
	(void)state;
	assert_true(fake_start(&fake));
	fake.has_pin = true;
	return key_pin_make(&fake.pin, PIN, env_system(), NULL) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	response_clear(&response);
	fake_stop(&fake);
	return 0;
}

static const char *ask(const char *method, const char *path, const char *text)
{
	char body[256];
	struct request r = {.method = method, .path = path, .host = "127.0.0.1:8080", .origin = "http://127.0.0.1:8080",
			    .content_type = "application/x-www-form-urlencoded", .body = body, .body_len = strlen(text)};

	(void)snprintf(body, sizeof(body), "%s", text);
	response_clear(&response);
	route(&response, &fake.desk, &r);
	return buf_text(&response.body);
}

static const char *try(const char *pin)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "pin=%s&go=open", pin);
	return ask("POST", "/staff/open", text);
}

static void the_right_pin_shows_how_the_kiosk_stands_once(void **state)
{
	const char *page = NULL;

	(void)state;
	page = ask("GET", "/staff", "");
	assert_int_equal(response.status, 200);
	assert_null(strstr(page, "kib-kiosk"));
	page = try(PIN);
	assert_int_equal(response.status, 200);
	assert_non_null(strstr(page, "kib-kiosk"));
	assert_non_null(strstr(page, "no &lt;network&gt;"));
	assert_null(strstr(page, PIN));
	assert_null(strstr(ask("GET", "/staff", ""), "kib-kiosk"));
}

static void digits_are_entered_key_by_key(void **state)
{
	(void)state;
	assert_non_null(strstr(ask("POST", "/staff/open", "pin=&go=1"), "value=\"1\""));
	assert_non_null(strstr(ask("POST", "/staff/open", "pin=1&go=9"), "maxlength=\"12\" value=\"19\""));
	assert_non_null(strstr(ask("POST", "/staff/open", "pin=19&go=delete"), "maxlength=\"12\" value=\"1\""));
	assert_non_null(strstr(ask("POST", "/staff/open", "pin=&go=delete"), "maxlength=\"12\" value=\"\""));
	assert_non_null(strstr(ask("POST", "/staff/open", "pin=123456789012&go=3"), "maxlength=\"12\" value=\"123456789012\""));
	assert_int_equal(fake.desk.guard.wrong, 0);
	(void)ask("POST", "/staff/open", "pin=19" "%3Cscript%3E&go=4");
	assert_int_equal(response.status, 400);
	(void)ask("POST", "/staff/open", "");
	assert_int_equal(response.status, 400);
}

static void after_five_wrong_pins_even_the_right_one_has_to_wait(void **state)
{
	(void)state;
	for (int i = 1; i < STAFF_TRIES; i++) {
		assert_non_null(strstr(try("111112"), "not the PIN"));
		assert_int_equal(response.status, 403);
	}
	assert_non_null(strstr(try("111112"), "try again in 1 minute"));
	assert_int_equal(response.status, 429);
	assert_null(strstr(try(PIN), "kib-kiosk"));
	assert_int_equal(response.status, 429);
	assert_non_null(strstr(ask("GET", "/staff", ""), "try again"));
	fake.later_ms += STAFF_WAIT_MS;
	assert_non_null(strstr(try("111112"), "try again in 2 minutes"));
	fake.later_ms += 2 * STAFF_WAIT_MS;
	assert_non_null(strstr(try(PIN), "kib-kiosk"));
	assert_non_null(strstr(try("111112"), "not the PIN")); /* the count begins again */
}

static void the_wait_grows_to_an_hour_and_no_further(void **state)
{
	struct staff_guard g = {.wrong = 0};
	int64_t now_ms = 5;

	(void)state;
	for (int i = 0; i < 1000; i++)
		staff_guard_wrong(&g, now_ms);
	assert_int_equal(staff_guard_wait(&g, now_ms), STAFF_WAIT_MAX_MS);
	assert_int_equal(staff_guard_wait(&g, now_ms + STAFF_WAIT_MAX_MS), 0);
}

static void another_page_in_the_browser_cannot_try_pins(void **state)
{
	char body[] = "pin=" PIN "&go=open";
	struct request r = {.method = "POST", .path = "/staff/open", .host = "127.0.0.1:8080", .origin = "http://evil.example",
			    .content_type = "application/x-www-form-urlencoded", .body = body, .body_len = strlen(body)};

	(void)state;
	route(&response, &fake.desk, &r);
	assert_int_equal(response.status, 403);
	assert_null(strstr(buf_text(&response.body), "kib-kiosk"));
	assert_int_equal(fake.desk.guard.wrong, 0);
}

static void without_a_pin_nothing_opens(void **state)
{
	(void)state;
	fake.has_pin = false;
	assert_non_null(strstr(try(PIN), "No PIN is set"));
	assert_null(strstr(try(""), "kib-kiosk"));
}

static void the_pages_are_in_english_on_a_screen_of_another_language(void **state)
{
	(void)state;
	fake.settings.drafts = true;
	(void)snprintf(fake.settings.languages[0], sizeof(fake.settings.languages[0]), "ur");
	fake.settings.languages_len = 1;
	assert_non_null(strstr(ask("GET", "/staff", ""), "<html lang=\"en\" dir=\"ltr\""));
	assert_non_null(strstr(try(PIN), "<html lang=\"en\" dir=\"ltr\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_right_pin_shows_how_the_kiosk_stands_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(digits_are_entered_key_by_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(after_five_wrong_pins_even_the_right_one_has_to_wait, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_wait_grows_to_an_hour_and_no_further, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_page_in_the_browser_cannot_try_pins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_pin_nothing_opens, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_pages_are_in_english_on_a_screen_of_another_language, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
