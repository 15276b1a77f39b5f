/* Join codes: what is written is read back, however it is copied, and no typing mistake gets through. */
#include "core/code.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CODE_DIGITS 96

static struct code sample(void)
{
	struct code c = {.ods = "C82999", .has_root = true};

	for (uint8_t i = 0; i < 16; i++) {
		c.secret[i] = (uint8_t)(i * 17);
		c.ca_pin[i] = (uint8_t)(200 - i);
		c.root_pin[i] = (uint8_t)(i ^ 0x5a);
	}
	return c;
}

static void assert_same_code(const struct code *a, const struct code *b)
{
	assert_string_equal(a->ods, b->ods);
	assert_memory_equal(a->secret, b->secret, CODE_SECRET_LEN);
	assert_memory_equal(a->ca_pin, b->ca_pin, CODE_PIN_LEN);
	assert_memory_equal(a->root_pin, b->root_pin, CODE_PIN_LEN);
	assert_int_equal(a->has_root, b->has_root);
}

static void a_code_is_read_back(void **state)
{
	struct code c = sample(), back = {0};
	char text[CODE_TEXT_MAX];

	(void)state;
	code_format(text, &c);
	assert_int_equal(code_parse(&back, text, NULL), STATUS_OK);
	assert_same_code(&c, &back);
}

static void the_text_is_groups_of_five(void **state)
{
	struct code c = sample();
	char text[CODE_TEXT_MAX];
	size_t digits = 0;

	(void)state;
	code_format(text, &c);
	for (size_t i = 0; text[i]; i++) {
		if (i % 6 == 5) {
			assert_int_equal(text[i], '-');
			continue;
		}
		assert_non_null(strchr("0123456789ABCDEFGHJKMNPQRSTVWXYZ", text[i]));
		digits++;
	}
	assert_int_equal(digits, CODE_DIGITS);
	/* The version, 1, no flag but the root's, then "C82999": the form is fixed for good. */
	assert_memory_equal(text, "040M6-E1J74", 11);
}

static void the_code_of_a_first_manager_carries_no_root(void **state)
{
	static const uint8_t none[CODE_PIN_LEN] = {0};
	struct code c = sample(), back = sample();
	char text[CODE_TEXT_MAX];

	(void)state;
	c.has_root = false;
	code_format(text, &c);
	assert_int_equal(code_parse(&back, text, NULL), STATUS_OK);
	assert_false(back.has_root);
	assert_memory_equal(back.root_pin, none, CODE_PIN_LEN);
	assert_memory_equal(back.ca_pin, c.ca_pin, CODE_PIN_LEN);
}

static void case_separators_and_lookalikes_do_not_matter(void **state)
{
	struct code c = sample(), back = {0};
	char text[CODE_TEXT_MAX], typed[2 * CODE_TEXT_MAX];
	size_t n = 0;

	(void)state;
	code_format(text, &c);
	typed[n++] = '\n';
	for (size_t i = 0; text[i]; i++) {
		char as_typed = (char)tolower((unsigned char)text[i]);

		if (as_typed == '0')
			as_typed = "oO0"[i % 3];
		else if (as_typed == '1')
			as_typed = "IiLl"[i % 4];
		else if (as_typed == '-')
			as_typed = "- \t\n"[i / 6 % 4];
		typed[n++] = as_typed;
		if (i % 7 == 0)
			typed[n++] = ' ';
	}
	typed[n] = '\0';
	assert_int_equal(code_parse(&back, typed, NULL), STATUS_OK);
	assert_same_code(&c, &back);
}

static void any_mistyped_character_is_noticed(void **state)
{
	struct code c = sample(), back = {0};
	char text[CODE_TEXT_MAX];

	(void)state;
	code_format(text, &c);
	for (size_t i = 0; text[i]; i++) {
		char old = text[i];

		for (const char *other = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; *other; other++) {
			struct error e = {0};

			if (*other == old || old == '-')
				continue;
			text[i] = *other;
			assert_int_equal(code_parse(&back, text, &e), STATUS_MALFORMED);
			assert_non_null(strstr(e.text, "typing mistake"));
		}
		text[i] = old;
	}
	assert_string_equal(back.ods, "");
}

static void swapped_neighbours_are_noticed(void **state)
{
	struct code c = sample(), back = {0};
	char text[CODE_TEXT_MAX];

	(void)state;
	code_format(text, &c);
	for (size_t i = 0; text[i + 1]; i++) {
		char old = text[i];

		if (old == text[i + 1] || old == '-' || text[i + 1] == '-')
			continue;
		text[i] = text[i + 1];
		text[i + 1] = old;
		assert_int_equal(code_parse(&back, text, NULL), STATUS_MALFORMED);
		text[i + 1] = text[i];
		text[i] = old;
	}
}

static void says_what_is_wrong(void **state)
{
	struct code c = sample(), back = {0};
	char text[CODE_TEXT_MAX], longer[CODE_TEXT_MAX + 8];
	struct error e = {0};

	(void)state;
	code_format(text, &c);
	(void)snprintf(longer, sizeof(longer), "%s-7", text);
	assert_int_equal(code_parse(&back, longer, &e), STATUS_MALFORMED);
	assert_non_null(strstr(e.text, "too long"));
	text[strlen(text) - 1] = '\0';
	assert_int_equal(code_parse(&back, text, &e), STATUS_MALFORMED);
	assert_non_null(strstr(e.text, "too short: 95 of its 96"));
	assert_int_equal(code_parse(&back, "", &e), STATUS_MALFORMED);
	text[7] = 'U';
	assert_int_equal(code_parse(&back, text, &e), STATUS_MALFORMED);
	assert_non_null(strstr(e.text, "'U' in group 2"));
	text[7] = '\x80';
	assert_int_equal(code_parse(&back, text, &e), STATUS_MALFORMED);
	assert_non_null(strstr(e.text, "a character in group 2"));
}

/* Text of bytes whose checksum is right, as a later version or a forger would make it. */
static void write_raw(char out[CODE_TEXT_MAX], uint8_t version, uint8_t flags, const char *ods)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint8_t bytes[60] = {version, flags};
	uint32_t crc = 0;

	memcpy(bytes + 2, ods, 6);
	crc = crc32c(0, bytes, 56);
	for (unsigned i = 0; i < 4; i++)
		bytes[56 + i] = (uint8_t)(crc >> (24 - 8 * i));
	for (size_t i = 0; i < CODE_DIGITS; i++) {
		size_t bit = i * 5;
		uint32_t two = (uint32_t)bytes[bit / 8] << 8 | (bit / 8 + 1 < sizeof(bytes) ? bytes[bit / 8 + 1] : 0);

		out[i] = alphabet[two >> (11 - bit % 8) & 31];
	}
	out[CODE_DIGITS] = '\0';
}

static void refuses_other_versions_and_practices_that_cannot_be(void **state)
{
	struct code back = {0};
	char text[CODE_TEXT_MAX];
	struct error e = {0};

	(void)state;
	write_raw(text, 1, 0, "C82999");
	assert_int_equal(code_parse(&back, text, &e), STATUS_OK);
	write_raw(text, 2, 0, "C82999");
	assert_int_equal(code_parse(&back, text, &e), STATUS_MALFORMED);
	assert_non_null(strstr(e.text, "newer version"));
	write_raw(text, 1, 2, "C82999");
	assert_int_equal(code_parse(&back, text, &e), STATUS_MALFORMED);
	write_raw(text, 1, 1, "c82999");
	assert_int_equal(code_parse(&back, text, &e), STATUS_MALFORMED);
	write_raw(text, 1, 1, "../..\0");
	assert_int_equal(code_parse(&back, text, &e), STATUS_MALFORMED);
	assert_non_null(strstr(e.text, "names no practice"));
}

static void both_ends_of_a_code_derive_the_same_invite_key(void **state)
{
	struct code c = sample(), back = {0};
	char text[CODE_TEXT_MAX], line[KEY_SSH_MAX], again[KEY_SSH_MAX];
	struct key *key = NULL;

	(void)state;
	assert_int_equal(code_invite_key(&key, &c, NULL), STATUS_OK);
	key_ssh(line, key);
	key_free(key);
	code_format(text, &c);
	assert_int_equal(code_parse(&back, text, NULL), STATUS_OK);
	assert_int_equal(code_invite_key(&key, &back, NULL), STATUS_OK);
	key_ssh(again, key);
	key_free(key);
	assert_string_equal(line, again);
	back.secret[0] ^= 1;
	assert_int_equal(code_invite_key(&key, &back, NULL), STATUS_OK);
	key_ssh(again, key);
	key_free(key);
	assert_string_not_equal(line, again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_is_read_back),
		cmocka_unit_test(the_text_is_groups_of_five),
		cmocka_unit_test(the_code_of_a_first_manager_carries_no_root),
		cmocka_unit_test(case_separators_and_lookalikes_do_not_matter),
		cmocka_unit_test(any_mistyped_character_is_noticed),
		cmocka_unit_test(swapped_neighbours_are_noticed),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(refuses_other_versions_and_practices_that_cannot_be),
		cmocka_unit_test(both_ends_of_a_code_derive_the_same_invite_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
