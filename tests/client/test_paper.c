/* tests/client/test_paper.c - the root key and the recovery key come back from their papers, and what was mistyped does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/paper.h"

static struct error e;

static void make(char text[QIP_PAPER_TEXT_MAX], char ssh[KEY_SSH_MAX])
{
	uint8_t scalar[KEY_PRIVATE_LEN];
	struct key *key = NULL;

	assert_int_equal(key_generate(&key, &e), STATUS_OK);
	assert_int_equal(key_private(scalar, key), STATUS_OK);
	paper_print(text, PAPER_ROOT, scalar);
	key_ssh(ssh, key);
	key_free(key);
}

static void gives(const char *text, const char *expected_ssh)
{
	struct key *key = NULL;
	char ssh[KEY_SSH_MAX];

	if (paper_read_root(&key, text, &e) != STATUS_OK)
		fail_msg("%s", e.text);
	key_ssh(ssh, key);
	assert_string_equal(ssh, expected_ssh);
	key_free(key);
}

/* No part of what was typed may end in a log. */
static void refused(const char *text, const char *words)
{
	struct key *key = NULL;

	assert_int_equal(paper_read_root(&key, text, &e), STATUS_MALFORMED);
	assert_null(key);
	if (!strstr(e.text, words))
		fail_msg("\"%s\" for \"%s\"", e.text, words);
	assert_true(strlen(text) < 5 || !strstr(e.text, text));
}

static void any_key_comes_back_as_it_was_printed(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		char text[QIP_PAPER_TEXT_MAX], ssh[KEY_SSH_MAX];

		make(text, ssh);
		gives(text, ssh);
	}
}

static void people_type_it_in_their_own_way(void **state)
{
	char text[QIP_PAPER_TEXT_MAX], ssh[KEY_SSH_MAX], typed[4 * QIP_PAPER_TEXT_MAX];
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
	char text[QIP_PAPER_TEXT_MAX], ssh[KEY_SSH_MAX], typed[QIP_PAPER_TEXT_MAX];
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
	char text[QIP_PAPER_TEXT_MAX], ssh[KEY_SSH_MAX], typed[QIP_PAPER_TEXT_MAX + 8];

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
	paper_print(text, PAPER_ROOT, zeros); /* a checksum that fits, and no key */
	refused(text, "no root key");
	memset(high, 0xFF, sizeof(high));
	paper_print(text, PAPER_ROOT, high);
	refused(text, "no root key");
}

static void the_recovery_key_s_paper_is_read_with_its_first_word_and_without(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < 50; i++) {
		uint8_t secret[PAPER_SECRET_LEN] = {i, [31] = (uint8_t)(7 * i)}, got[PAPER_SECRET_LEN];
		char text[QIP_PAPER_TEXT_MAX], typed[2 * QIP_PAPER_TEXT_MAX];

		paper_print(text, PAPER_RECOVERY, secret);
		assert_memory_equal(text, "RECOVERY-", 9);
		assert_int_equal(strlen(text), 9 + 58 + 11);
		assert_int_equal(paper_read(got, PAPER_RECOVERY, text, &e), STATUS_OK);
		assert_memory_equal(got, secret, sizeof(secret));
		assert_int_equal(paper_read(got, PAPER_RECOVERY, text + 9, &e), STATUS_OK);
		(void)snprintf(typed, sizeof(typed), " recovery %s\n", text + 9);
		assert_int_equal(paper_read(got, PAPER_RECOVERY, typed, &e), STATUS_OK);
		assert_memory_equal(got, secret, sizeof(secret));
	}
}

static void each_paper_is_told_from_the_other(void **state)
{
	uint8_t secret[PAPER_SECRET_LEN] = {1, 2, 3}, got[PAPER_SECRET_LEN];
	char text[QIP_PAPER_TEXT_MAX];

	(void)state;
	paper_print(text, PAPER_RECOVERY, secret);
	refused(text, "that is the recovery key");
	refused(text + 9, "that is the recovery key");
	text[21] = text[21] == 'A' ? 'B' : 'A';
	assert_int_equal(paper_read(got, PAPER_RECOVERY, text, &e), STATUS_MALFORMED);
	assert_non_null(strstr(e.text, "typing mistake"));
	paper_print(text, PAPER_ROOT, secret);
	assert_int_equal(paper_read(got, PAPER_RECOVERY, text, &e), STATUS_MALFORMED);
	assert_non_null(strstr(e.text, "that is the root key"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_key_comes_back_as_it_was_printed),
		cmocka_unit_test(people_type_it_in_their_own_way),
		cmocka_unit_test(every_single_mistake_is_told),
		cmocka_unit_test(what_is_missing_too_much_or_of_another_alphabet_is_told),
		cmocka_unit_test(the_recovery_key_s_paper_is_read_with_its_first_word_and_without),
		cmocka_unit_test(each_paper_is_told_from_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
