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

static void a_token_passes_and_gives_its_id_also_after_a_restart(void **state)
{
	struct token_secret before, after;
	char token[TOKEN_TEXT_MAX], again[TOKEN_TEXT_MAX], id[ID_TEXT_LEN + 1];
	struct error e;

	(void)state;
	write_key("-----BEGIN EC PRIVATE KEY-----\nAAAA\n");
	assert_int_equal(token_secret_load(&before, home, &e), STATUS_OK);
	assert_int_equal(token_make(token, &before, env_system()), STATUS_OK);
	assert_int_equal(token_make(again, &before, env_system()), STATUS_OK);
	assert_string_not_equal(token, again);
	assert_int_equal(token_secret_load(&after, home, &e), STATUS_OK);
	assert_int_equal(token_read(id, &after, token), STATUS_OK);
	assert_true(id_valid(id));
	assert_memory_equal(id, token, ID_TEXT_LEN);
}

static void a_changed_or_invented_token_does_not_pass(void **state)
{
	struct token_secret secret, other;
	char token[TOKEN_TEXT_MAX], bad[TOKEN_TEXT_MAX + 8], id[ID_TEXT_LEN + 1];
	struct error e;

	(void)state;
	write_key("one");
	assert_int_equal(token_secret_load(&secret, home, &e), STATUS_OK);
	write_key("two");
	assert_int_equal(token_secret_load(&other, home, &e), STATUS_OK);
	assert_int_equal(token_make(token, &secret, env_system()), STATUS_OK);
	assert_int_equal(token_read(id, &other, token), STATUS_UNTRUSTED);
	for (size_t i = 0; i < strlen(token); i++) {
		strcpy(bad, token);
		bad[i] = bad[i] == '1' ? '2' : '1';
		assert_int_equal(token_read(id, &secret, bad), STATUS_UNTRUSTED);
	}
	(void)snprintf(bad, sizeof(bad), "%s0", token);
	assert_int_equal(token_read(id, &secret, bad), STATUS_UNTRUSTED);
	bad[ID_TEXT_LEN] = '\0';
	assert_int_equal(token_read(id, &secret, bad), STATUS_UNTRUSTED);
	assert_int_equal(token_read(id, &secret, ""), STATUS_UNTRUSTED);
	assert_int_equal(token_read(id, &secret, "00000000-0000-7000-8000-000000000000"), STATUS_UNTRUSTED);
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
		TEST(a_token_passes_and_gives_its_id_also_after_a_restart),
		TEST(a_changed_or_invented_token_does_not_pass),
		TEST(a_home_without_a_key_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
