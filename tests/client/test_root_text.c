/* tests/client/test_root_text.c - the root key comes back from its paper, and what was mistyped does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/genesis.h"
#include "client/root_text.h"

static struct error e;

static void make(char text[QIP_ROOT_TEXT_MAX], char ssh[KEY_SSH_MAX])
{
	uint8_t scalar[KEY_PRIVATE_LEN];
	struct key *key = NULL;

	assert_int_equal(key_generate(&key, &e), STATUS_OK);
	assert_int_equal(key_private(scalar, key), STATUS_OK);
	genesis_root_text(text, scalar);
	key_ssh(ssh, key);
	key_free(key);
}

static void gives(const char *text, const char *expected_ssh)
{
	struct key *key = NULL;
	char ssh[KEY_SSH_MAX];

	if (root_text_read(&key, text, &e) != STATUS_OK)
		fail_msg("%s", e.text);
	key_ssh(ssh, key);
	assert_string_equal(ssh, expected_ssh);
	key_free(key);
}

/* No part of what was typed may end in a log. */
static void refused(const char *text, const char *words)
{
	struct key *key = NULL;

	assert_int_equal(root_text_read(&key, text, &e), STATUS_MALFORMED);
	assert_null(key);
	if (!strstr(e.text, words))
		fail_msg("\"%s\" for \"%s\"", e.text, words);
	assert_true(strlen(text) < 5 || !strstr(e.text, text));
}

static void any_key_comes_back_as_it_was_printed(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		char text[QIP_ROOT_TEXT_MAX], ssh[KEY_SSH_MAX];

		make(text, ssh);
		gives(text, ssh);
	}
}

static void people_type_it_in_their_own_way(void **state)
{
	char text[QIP_ROOT_TEXT_MAX], ssh[KEY_SSH_MAX], typed[4 * QIP_ROOT_TEXT_MAX];
	size_t n = 0;

	(void)state;
	make(text, ssh);
	for (const char *at = text; *at; at++) {
		if (*at == '-')
			n += (size_t)snprintf(typed + n, sizeof(typed) - n, " \t\r\n");
		else if (*at == '0' || *at == '1')
			typed[n] = *at == '0' ? "oO0"[n % 3] : "iIlL1"[n % 5];
		else
			typed[n] = (char)(n % 2 && *at >= 'A' ? *at + 32 : *at);
		n += *at != '-';
	}
	typed[n] = '\0';
	gives(typed, ssh);
}

/* Each digit replaced by each other one, each pair of neighbours swapped: none passes for a key. */
static void every_single_mistake_is_told(void **state)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char text[QIP_ROOT_TEXT_MAX], ssh[KEY_SSH_MAX], typed[QIP_ROOT_TEXT_MAX];
	size_t len;

	(void)state;
	make(text, ssh);
	len = strlen(text);
	for (size_t i = 0; i < len; i++) {
		for (size_t k = 0; text[i] != '-' && k < strlen(digits); k++) {
			memcpy(typed, text, sizeof(typed));
			typed[i] = digits[k];
			if (typed[i] != text[i])
				refused(typed, "typing mistake");
		}
		if (i + 1 < len && text[i] != '-' && text[i + 1] != '-' && text[i] != text[i + 1]) {
			memcpy(typed, text, sizeof(typed));
			typed[i] = text[i + 1];
			typed[i + 1] = text[i];
			refused(typed, "typing mistake");
		}
	}
}

static void what_is_missing_too_much_or_of_another_alphabet_is_told(void **state)
{
	static const uint8_t zeros[KEY_PRIVATE_LEN];
	uint8_t high[KEY_PRIVATE_LEN];
	char text[QIP_ROOT_TEXT_MAX], ssh[KEY_SSH_MAX], typed[QIP_ROOT_TEXT_MAX + 8];

	(void)state;
	make(text, ssh);
	for (size_t len = 0; len < strlen(text); len++) {
		(void)snprintf(typed, sizeof(typed), "%.*s", (int)len, text);
		refused(typed, "too short");
	}
	(void)snprintf(typed, sizeof(typed), "%s0", text);
	refused(typed, "too long");
	(void)snprintf(typed, sizeof(typed), "%s", text);
	typed[7] = 'U';
	refused(typed, "character in group 2");
	typed[7] = '\xc3';
	refused(typed, "character in group 2");
	genesis_root_text(text, zeros); /* a checksum that fits, and no key */
	refused(text, "no root key");
	memset(high, 0xFF, sizeof(high));
	genesis_root_text(text, high);
	refused(text, "no root key");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_key_comes_back_as_it_was_printed),
		cmocka_unit_test(people_type_it_in_their_own_way),
		cmocka_unit_test(every_single_mistake_is_told),
		cmocka_unit_test(what_is_missing_too_much_or_of_another_alphabet_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
