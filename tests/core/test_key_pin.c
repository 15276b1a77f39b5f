/* tests/core/test_key_pin.c - the staff's PIN of a kiosk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/key_pin.h"

/* The vectors of RFC 6070 with SHA-256 in the place of SHA-1, as published by many; one block of each. */
static void pbkdf2_gives_the_published_vectors(void **state)
{
	static const struct {
		uint32_t rounds;
		const char *hex;
	} vectors[] = {
		{1, "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b"},
		{2, "ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43"},
		{4096, "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"},
	};
	uint8_t out[SHA256_LEN];
	char hex[SHA256_HEX_LEN + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		assert_int_equal(key_pbkdf2(out, "password", 8, "salt", 4, vectors[i].rounds), STATUS_OK);
		hex_encode(hex, out, sizeof(out));
		assert_string_equal(hex, vectors[i].hex);
	}
	assert_int_equal(key_pbkdf2(out, "password", 8, "salt", 4, 0), STATUS_CRYPTO);
}

static void a_pin_is_known_again_and_no_other_is(void **state)
{
	struct key_pin a, b;
	struct error e = {.text = ""};

	(void)state;
	assert_int_equal(key_pin_make(&a, "194837", env_system(), &e), STATUS_OK);
	assert_int_equal(key_pin_make(&b, "194837", env_system(), &e), STATUS_OK);
	assert_memory_not_equal(a.salt, b.salt, sizeof(a.salt));
	assert_memory_not_equal(a.hash, b.hash, sizeof(a.hash));
	assert_int_equal(a.rounds, KEY_PIN_ROUNDS);
	assert_int_equal(key_pin_check(&a, "194837"), STATUS_OK);
	assert_int_equal(key_pin_check(&b, "194837"), STATUS_OK);
	assert_int_equal(key_pin_check(&a, "194838"), STATUS_DENIED);
	assert_int_equal(key_pin_check(&a, "19483"), STATUS_DENIED);
	assert_int_equal(key_pin_check(&a, ""), STATUS_DENIED);
	assert_int_equal(key_pin_check(&a, "1948370000000"), STATUS_DENIED);
}

static void refuses_what_is_no_pin_or_the_first_to_be_tried(void **state)
{
	static const char *const bad[] = {"", "12345", "abcdef", "12 456", "1234567890123", "000000", "123456", "654321", "0123456789"};
	struct key_pin p = {.rounds = 7};
	struct error e = {.text = ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(key_pin_make(&p, bad[i], env_system(), &e), STATUS_INVALID);
		assert_int_equal(p.rounds, 7);
	}
	assert_int_equal(key_pin_make(&p, "112233", env_system(), &e), STATUS_OK);
}

static void a_record_that_would_keep_the_kiosk_busy_opens_for_nobody(void **state)
{
	struct key_pin p;
	struct error e = {.text = ""};

	(void)state;
	assert_int_equal(key_pin_make(&p, "194837", env_system(), &e), STATUS_OK);
	p.rounds = KEY_PIN_ROUNDS_MAX + 1;
	assert_int_equal(key_pin_check(&p, "194837"), STATUS_DENIED);
	p.rounds = 0;
	assert_int_equal(key_pin_check(&p, "194837"), STATUS_DENIED);
}

static void goes_into_a_record_and_out_again(void **state)
{
	static const char *const bad[] = {"null", "{}", "{\"hash\":\"00\",\"rounds\":1,\"salt\":\"00\"}"};
	struct key_pin a, b = {.rounds = 7};
	struct error e = {.text = ""};
	cJSON *json = NULL;

	(void)state;
	assert_int_equal(key_pin_make(&a, "194837", env_system(), &e), STATUS_OK);
	json = key_pin_json(&a);
	assert_non_null(json);
	assert_int_equal(key_pin_read(&b, json), STATUS_OK);
	assert_int_equal(key_pin_check(&b, "194837"), STATUS_OK);
	cJSON_ReplaceItemInObjectCaseSensitive(json, "rounds", cJSON_CreateNumber(KEY_PIN_ROUNDS_MAX + 1));
	assert_int_equal(key_pin_read(&b, json), STATUS_MALFORMED);
	cJSON_Delete(json);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		json = NULL;
		assert_int_equal(json_parse(&json, bad[i], strlen(bad[i]), &e), STATUS_OK);
		assert_int_equal(key_pin_read(&b, json), STATUS_MALFORMED);
		cJSON_Delete(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pbkdf2_gives_the_published_vectors),
		cmocka_unit_test(a_pin_is_known_again_and_no_other_is),
		cmocka_unit_test(refuses_what_is_no_pin_or_the_first_to_be_tried),
		cmocka_unit_test(a_record_that_would_keep_the_kiosk_busy_opens_for_nobody),
		cmocka_unit_test(goes_into_a_record_and_out_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
