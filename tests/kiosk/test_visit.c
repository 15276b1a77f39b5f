/* tests/kiosk/test_visit.c - where a patient stands, into the hidden field and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kiosk/visit.h"

static const struct token_secret secret = {.bytes = {7}};

static struct visit a_visit(void)
{
	struct visit v = {.place = VISIT_PERSONAL, .id = "01890000-0000-7000-8000-000000000000", .survey = "fft", .version = 3, .language = "pt-BR",
			  .larger = true, .question = 4, .publish = true, .done = {"waiting", "fft"}, .done_len = 2};

	v.answers = cJSON_CreateObject();
	assert_int_equal(json_set_string(v.answers, "experience", "good"), STATUS_OK);
	assert_int_equal(visit_set_comment(&v, "A \"comment\"\nof two lines, ਪੰਜਾਬੀ"), STATUS_OK);
	visit_stamp(&v, env_system());
	return v;
}

static void all_of_a_visit_comes_back_from_its_token(void **state)
{
	struct visit v = a_visit(), back = VISIT_INIT;
	struct buf token = BUF_INIT;

	(void)state;
	assert_int_equal(visit_write(&token, &v, true, &secret), STATUS_OK);
	assert_int_equal(visit_read(&back, &secret, buf_text(&token)), STATUS_OK);
	assert_int_equal(back.place, VISIT_PERSONAL);
	assert_string_equal(back.id, v.id);
	assert_string_equal(back.survey, "fft");
	assert_int_equal(back.version, 3);
	assert_string_equal(back.language, "pt-BR");
	assert_true(back.larger && !back.contrast && !back.opening && back.publish);
	assert_int_equal(back.question, 4);
	assert_true(json_equal(back.answers, v.answers));
	assert_string_equal(back.comment, v.comment);
	assert_int_equal(back.done_len, 2);
	assert_string_equal(back.done[1], "fft");
	assert_true(visit_is_fresh(&back, env_system()));
	visit_clear(&back);
	visit_clear(&v);
	buf_clear(&token);
}

static void the_comment_is_not_in_it_where_the_page_shows_it(void **state)
{
	struct visit v = a_visit(), back = VISIT_INIT;
	struct buf token = BUF_INIT;

	(void)state;
	assert_int_equal(visit_write(&token, &v, false, &secret), STATUS_OK);
	assert_int_equal(visit_read(&back, &secret, buf_text(&token)), STATUS_OK);
	assert_null(back.comment);
	visit_clear(&back);
	visit_clear(&v);
	buf_clear(&token);
}

/* As after an update of the program: sealed by this kiosk, but in another form. */
static void what_an_earlier_program_sealed_is_refused_and_leaves_out_untouched(void **state)
{
	static const char *const bad[] = {"", "{}", "[]", "{\"place\":\"question\"}", "null", "{\"place\":\"nowhere\",\"answers\":{}}"};
	struct visit back = {.version = 77};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct buf token = BUF_INIT;

		assert_int_equal(token_make(&token, &secret, bad[i], strlen(bad[i])), STATUS_OK);
		assert_int_equal(visit_read(&back, &secret, buf_text(&token)), STATUS_UNTRUSTED);
		assert_int_equal(back.version, 77);
		buf_clear(&token);
	}
}

static int64_t now_ms;
static const char *boot;
static int64_t set_monotonic_ms(void *ctx)
{
	(void)ctx;
	return now_ms;
}
static void set_boot_id(void *ctx, char out[ENV_BOOT_ID_MAX])
{
	(void)ctx;
	strcpy(out, boot);
}

static void a_page_is_fresh_for_ten_minutes_of_one_boot(void **state)
{
	const struct env env = {.monotonic_ms = set_monotonic_ms, .boot_id = set_boot_id};
	struct visit v = VISIT_INIT;

	(void)state;
	now_ms = 5000;
	boot = "one";
	visit_stamp(&v, &env);
	assert_true(visit_is_fresh(&v, &env));
	now_ms += VISIT_AGE_MAX_MS;
	assert_true(visit_is_fresh(&v, &env));
	now_ms += 1;
	assert_false(visit_is_fresh(&v, &env));
	now_ms = 4999;
	assert_false(visit_is_fresh(&v, &env));
	now_ms = 5000;
	boot = "other";
	assert_false(visit_is_fresh(&v, &env));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_a_visit_comes_back_from_its_token),
		cmocka_unit_test(the_comment_is_not_in_it_where_the_page_shows_it),
		cmocka_unit_test(what_an_earlier_program_sealed_is_refused_and_leaves_out_untouched),
		cmocka_unit_test(a_page_is_fresh_for_ten_minutes_of_one_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
