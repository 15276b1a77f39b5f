/* The digests against the vectors of their standards, the encodings against RFC 4648 and against bad text. */
#include "core/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void hashes_as_fips_180_says(void **state)
{
	uint8_t digest[SHA256_LEN];
	char hex[SHA256_HEX_LEN + 1];

	(void)state;
	assert_int_equal(sha256(digest, "abc", 3), STATUS_OK);
	hex_encode(hex, digest, sizeof(digest));
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(sha256(digest, NULL, 0), STATUS_OK);
	hex_encode(hex, digest, sizeof(digest));
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void a_hash_of_pieces_is_the_hash_of_the_whole(void **state)
{
	uint8_t digest[SHA256_LEN], whole[SHA256_LEN];
	struct sha256 *s = sha256_open();

	(void)state;
	assert_non_null(s);
	sha256_add(s, "a", 1);
	sha256_add(s, NULL, 0);
	sha256_add(s, "bc", 2);
	assert_int_equal(sha256_finish(digest, s), STATUS_OK);
	sha256_close(s);
	assert_int_equal(sha256(whole, "abc", 3), STATUS_OK);
	assert_memory_equal(digest, whole, sizeof(whole));
}

static void hashes_in_pieces_as_git_does(void **state)
{
	uint8_t digest[SHA1_LEN];
	char hex[2 * SHA1_LEN + 1];
	struct sha1 *s = sha1_open();

	(void)state;
	assert_non_null(s);
	sha1_add(s, "a", 1);
	sha1_add(s, NULL, 0);
	sha1_add(s, "bc", 2);
	assert_int_equal(sha1_finish(digest, s), STATUS_OK);
	sha1_close(s);
	hex_encode(hex, digest, sizeof(digest));
	assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d"); /* FIPS 180 */
}

/* RFC 3720, appendix B.4 */
static void checks_sums_as_rfc_3720_says(void **state)
{
	uint8_t bytes[32];

	(void)state;
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x62a8ab43);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = i;
	assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x46dd794e);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = (uint8_t)(31 - i);
	assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x113fdb5c);
}

static void a_sum_in_pieces_is_the_sum_of_the_whole(void **state)
{
	uint32_t crc = 0;

	(void)state;
	crc = crc32c(crc, "1234", 4);
	crc = crc32c(crc, "", 0);
	crc = crc32c(crc, "56789", 5);
	assert_int_equal(crc, 0xe3069283);
}

static void hex_goes_both_ways(void **state)
{
	const uint8_t bytes[4] = {0x00, 0x9f, 0xa0, 0xff};
	uint8_t back[4];
	char text[9];

	(void)state;
	hex_encode(text, bytes, sizeof(bytes));
	assert_string_equal(text, "009fa0ff");
	assert_int_equal(hex_decode(back, sizeof(back), text), STATUS_OK);
	assert_memory_equal(back, bytes, sizeof(bytes));
}

static void refuses_what_is_not_lower_case_hex_of_that_length(void **state)
{
	static const char *const bad[] = {"", "0", "00ff0", "00ff001", "00FF", "00fg", " 0ff", "00ff00"};
	uint8_t out[2] = {1, 2};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(hex_decode(out, sizeof(out), bad[i]), STATUS_MALFORMED);
	assert_int_equal(out[0], 1);
	assert_int_equal(out[1], 2);
}

/* RFC 4648, section 10 */
static void encodes_base64_as_rfc_4648_says(void **state)
{
	static const char *const pairs[][2] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct buf text = BUF_INIT;
		struct buf back = BUF_INIT;

		base64_encode(&text, pairs[i][0], strlen(pairs[i][0]));
		assert_string_equal(buf_text(&text), pairs[i][1]);
		assert_int_equal(base64_decode(&back, buf_text(&text), text.len), STATUS_OK);
		assert_string_equal(buf_text(&back), pairs[i][0]);
		buf_clear(&text);
		buf_clear(&back);
	}
}

static void base64url_uses_its_own_two_letters_and_no_padding(void **state)
{
	const uint8_t bytes[4] = {0xfb, 0xff, 0xfe, 0x01};
	struct buf text = BUF_INIT;
	struct buf back = BUF_INIT;

	(void)state;
	base64url_encode(&text, bytes, sizeof(bytes));
	assert_string_equal(buf_text(&text), "-__-AQ");
	assert_int_equal(base64url_decode(&back, buf_text(&text), text.len), STATUS_OK);
	assert_int_equal(back.len, sizeof(bytes));
	assert_memory_equal(back.data, bytes, sizeof(bytes));
	buf_clear(&text);
	buf_clear(&back);
}

static void refuses_text_that_is_no_encoding(void **state)
{
	static const char *const bad[] = {"Zg",	   "Zg=",   "Zg===", "Z===", "Zh==",	 "Zm9=",    "Zm9v\n",
					  "Zm 9v", "Zm9v=", "====",  "Zm9_", "Zg==Zg==", "AAAA===="};
	static const char *const bad_url[] = {"Zg==", "Z", "Zh", "Zm9", "Zm9+", "Zm9/", "Zm9v "};
	struct buf out = BUF_INIT;

	(void)state;
	buf_adds(&out, "kept");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(base64_decode(&out, bad[i], strlen(bad[i])), STATUS_MALFORMED);
	for (size_t i = 0; i < ARRAY_LEN(bad_url); i++)
		assert_int_equal(base64url_decode(&out, bad_url[i], strlen(bad_url[i])), STATUS_MALFORMED);
	assert_int_equal(base64_decode(&out, "Zg\0=", 4), STATUS_MALFORMED);
	assert_string_equal(buf_text(&out), "kept");
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_as_fips_180_says),
		cmocka_unit_test(a_hash_of_pieces_is_the_hash_of_the_whole),
		cmocka_unit_test(hashes_in_pieces_as_git_does),
		cmocka_unit_test(checks_sums_as_rfc_3720_says),
		cmocka_unit_test(a_sum_in_pieces_is_the_sum_of_the_whole),
		cmocka_unit_test(hex_goes_both_ways),
		cmocka_unit_test(refuses_what_is_not_lower_case_hex_of_that_length),
		cmocka_unit_test(encodes_base64_as_rfc_4648_says),
		cmocka_unit_test(base64url_uses_its_own_two_letters_and_no_padding),
		cmocka_unit_test(refuses_text_that_is_no_encoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
