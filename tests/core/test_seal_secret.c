/* tests/core/test_seal_secret.c - what is sealed for oneself opens with the same secret and purpose alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/seal_secret.h"

static const uint8_t secret[SEAL_SECRET_LEN] = {1, 2, 3};

static void opens_what_it_sealed_also_when_it_is_empty(void **state)
{
	static const char *const texts[] = {"", "a", "what a patient wrote, longer than one block of the cipher"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf sealed = BUF_INIT, plain = BUF_INIT;

		buf_adds(&sealed, "before");
		assert_int_equal(seal_secret(&sealed, secret, "test", texts[i], strlen(texts[i])), STATUS_OK);
		assert_int_equal(sealed.len, strlen("before") + strlen(texts[i]) + SEAL_SECRET_OVERHEAD);
		assert_int_equal(seal_secret_open(&plain, secret, "test", sealed.data + strlen("before"), sealed.len - strlen("before")), STATUS_OK);
		assert_string_equal(buf_text(&plain), texts[i]);
		buf_clear(&sealed);
		buf_clear(&plain);
	}
}

static void the_same_text_is_never_sealed_the_same_way(void **state)
{
	struct buf one = BUF_INIT, other = BUF_INIT;

	(void)state;
	assert_int_equal(seal_secret(&one, secret, "test", "same", 4), STATUS_OK);
	assert_int_equal(seal_secret(&other, secret, "test", "same", 4), STATUS_OK);
	assert_int_equal(one.len, other.len);
	assert_memory_not_equal(one.data, other.data, one.len);
	buf_clear(&one);
	buf_clear(&other);
}

static void refuses_whatever_was_changed_cut_or_meant_for_something_else(void **state)
{
	static const uint8_t other[SEAL_SECRET_LEN] = {9};
	struct buf sealed = BUF_INIT, plain = BUF_INIT;

	(void)state;
	assert_int_equal(seal_secret(&sealed, secret, "test", "good", 4), STATUS_OK);
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.data[i] ^= 0x20;
		assert_int_equal(seal_secret_open(&plain, secret, "test", sealed.data, sealed.len), STATUS_UNTRUSTED);
		sealed.data[i] ^= 0x20;
		assert_int_equal(seal_secret_open(&plain, secret, "test", sealed.data, i), STATUS_UNTRUSTED);
	}
	assert_int_equal(seal_secret_open(&plain, other, "test", sealed.data, sealed.len), STATUS_UNTRUSTED);
	assert_int_equal(seal_secret_open(&plain, secret, "text", sealed.data, sealed.len), STATUS_UNTRUSTED);
	assert_int_equal(plain.len, 0);
	buf_clear(&sealed);
	buf_clear(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_what_it_sealed_also_when_it_is_empty),
		cmocka_unit_test(the_same_text_is_never_sealed_the_same_way),
		cmocka_unit_test(refuses_whatever_was_changed_cut_or_meant_for_something_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
