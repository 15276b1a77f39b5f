/* tests/kiosk/test_token.c - only this kiosk's own tokens pass, also after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kiosk/token.h"

static char home[64], key_path[96];

static void write_key(const char *text)
{
	FILE *f = fopen(key_path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(home, "/tmp/qip-token-XXXXXX");
	if (!mkdtemp(home))
		return -1;
	(void)snprintf(key_path, sizeof(key_path), "%s/device.key", home);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(key_path);
	return rmdir(home);
}

static const char text[] = "{\"answers\":{}}";

static void a_token_gives_back_what_is_in_it_also_after_a_restart(void **state)
{
	struct token_secret before, after;
	struct buf token = BUF_INIT, again = BUF_INIT, inside = BUF_INIT;
	struct error e;

	(void)state;
	write_key("-----BEGIN EC PRIVATE KEY-----\nAAAA\n");
	assert_int_equal(token_secret_load(&before, home, &e), STATUS_OK);
	assert_int_equal(token_make(&token, &before, text, strlen(text)), STATUS_OK);
	assert_int_equal(token_make(&again, &before, text, strlen(text)), STATUS_OK);
	assert_string_not_equal(buf_text(&token), buf_text(&again));
	assert_null(strstr(buf_text(&token), "answers"));
	assert_int_equal(strspn(buf_text(&token), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), token.len);
	assert_int_equal(token_secret_load(&after, home, &e), STATUS_OK);
	assert_int_equal(token_read(&inside, &after, buf_text(&token)), STATUS_OK);
	assert_string_equal(buf_text(&inside), text);
	buf_clear(&token);
	buf_clear(&again);
	buf_clear(&inside);
}

static void a_changed_or_invented_token_does_not_pass(void **state)
{
	static const char *const invented[] = {"", "A", "=", "AAAA", "../../etc/passwd", "00000000-0000-7000-8000-000000000000"};
	struct token_secret secret, other;
	struct buf token = BUF_INIT, inside = BUF_INIT;
	struct error e;

	(void)state;
	write_key("one");
	assert_int_equal(token_secret_load(&secret, home, &e), STATUS_OK);
	write_key("two");
	assert_int_equal(token_secret_load(&other, home, &e), STATUS_OK);
	assert_int_equal(token_make(&token, &secret, text, strlen(text)), STATUS_OK);
	assert_int_equal(token_read(&inside, &other, buf_text(&token)), STATUS_UNTRUSTED);
	for (size_t i = 0; i < token.len; i++) {
		uint8_t good = token.data[i];

		token.data[i] = good == 'x' ? 'y' : 'x';
		assert_int_equal(token_read(&inside, &secret, buf_text(&token)), STATUS_UNTRUSTED);
		token.data[i] = good;
	}
	buf_adds(&token, "AAAA");
	assert_int_equal(token_read(&inside, &secret, buf_text(&token)), STATUS_UNTRUSTED);
	for (size_t i = 0; i < ARRAY_LEN(invented); i++)
		assert_int_equal(token_read(&inside, &secret, invented[i]), STATUS_UNTRUSTED);
	assert_int_equal(inside.len, 0);
	buf_clear(&token);
	buf_clear(&inside);
}

static void a_home_without_a_key_is_told(void **state)
{
	struct token_secret secret;
	struct error e;

	(void)state;
	assert_int_equal(token_secret_load(&secret, home, &e), STATUS_IO);
	assert_non_null(strstr(e.text, "device.key"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_token_gives_back_what_is_in_it_also_after_a_restart),
		TEST(a_changed_or_invented_token_does_not_pass),
		TEST(a_home_without_a_key_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
