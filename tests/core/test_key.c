/* Keys: their texts, their derivation against an independent computation, ECDSA against RFC 6979, and threads that
 * share one. */
#include "core/key.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* RFC 6979, appendix A.2.5 */
#define RFC6979_SCALAR "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
#define RFC6979_SSH                                                                                                    \
	"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGD+1LolWp0xyWHrdMY1bWjASbiSO2H6bOZp" \
	"Yi5g8p+2eQP+EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk="
#define RFC6979_SIGNATURE                                                                                              \
	"efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"                                             \
	"f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"

/* Made by Python's cryptography from the bytes 0 to 15 and the label "qip invite". */
#define SEED_SSH                                                                                                       \
	"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBO79qjd9CMlAit1zNkKWuzsYi4/o9vVPySFq" \
	"viETpeqAVR9KVvYYKZN1PDdErf+bRG4C2UFkPvcQuE61rvRQYCU="
#define SEED_PKCS8                                                                                                     \
	"-----BEGIN PRIVATE KEY-----\n"                                                                                \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgbpe109vRxxGlrAis\n"                                           \
	"2BziYsgdtR/d7ginLI1LVwyjwYOhRANCAATu/ao3fQjJQIrdczZClrs7GIuP6Pb1\n"                                           \
	"T8khar4hE6XqgFUfSlb2GCmTdTw3RK3/m0RuAtlBZD73ELhOta70UGAl\n"                                                   \
	"-----END PRIVATE KEY-----\n"

static struct key *rfc6979_key(void)
{
	uint8_t scalar[KEY_PRIVATE_LEN];
	struct key *key = NULL;

	assert_int_equal(hex_decode(scalar, sizeof(scalar), RFC6979_SCALAR), STATUS_OK);
	assert_int_equal(key_from_private(&key, scalar, NULL), STATUS_OK);
	return key;
}

static struct key *new_key(void)
{
	struct key *key = NULL;

	assert_int_equal(key_generate(&key, NULL), STATUS_OK);
	return key;
}

static void assert_same_key(const struct key *a, const struct key *b)
{
	char text_a[KEY_SSH_MAX], text_b[KEY_SSH_MAX];

	key_ssh(text_a, a);
	key_ssh(text_b, b);
	assert_string_equal(text_a, text_b);
}

static void a_new_key_is_never_the_last_one(void **state)
{
	struct key *a = new_key(), *b = new_key();
	uint8_t print_a[SHA256_LEN], print_b[SHA256_LEN];

	(void)state;
	key_fingerprint(print_a, a);
	key_fingerprint(print_b, b);
	assert_memory_not_equal(print_a, print_b, SHA256_LEN);
	key_free(a);
	key_free(b);
}

static void a_seed_always_gives_the_same_key(void **state)
{
	uint8_t seed[16];
	struct key *key = NULL, *other = NULL;
	char text[KEY_SSH_MAX], other_text[KEY_SSH_MAX];

	(void)state;
	for (uint8_t i = 0; i < sizeof(seed); i++)
		seed[i] = i;
	assert_int_equal(key_from_seed(&key, seed, sizeof(seed), "qip invite", NULL), STATUS_OK);
	key_ssh(text, key);
	assert_string_equal(text, SEED_SSH);
	assert_int_equal(key_from_seed(&other, seed, sizeof(seed), "qip other", NULL), STATUS_OK);
	key_ssh(other_text, other);
	assert_string_not_equal(text, other_text);
	key_free(key);
	key_free(other);
}

static void the_public_line_and_fingerprint_are_openssh_s(void **state)
{
	struct key *key = rfc6979_key();
	char line[KEY_SSH_MAX], print[KEY_FINGERPRINT_MAX], command[512], printed[256] = "";
	char path[] = "/tmp/qip-key-XXXXXX";
	int fd = mkstemp(path);
	FILE *pipe = NULL;

	(void)state;
	assert_true(fd >= 0);
	key_ssh(line, key);
	assert_string_equal(line, RFC6979_SSH);
	assert_int_equal(dprintf(fd, "%s\n", line), (int)strlen(line) + 1);
	(void)snprintf(command, sizeof(command), "ssh-keygen -l -f %s", path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_non_null(fgets(printed, sizeof(printed), pipe));
	assert_int_equal(pclose(pipe), 0);
	key_fingerprint_text(print, key);
	assert_memory_equal(printed, "256 SHA256:", 11);
	assert_memory_equal(printed + 4, print, strlen(print));
	assert_int_equal(printed[4 + strlen(print)], ' ');
	assert_int_equal(remove(path), 0);
	key_free(key);
}

static void the_public_line_is_read_back(void **state)
{
	struct key *key = new_key(), *back = NULL;
	char line[KEY_SSH_MAX];
	uint8_t scalar[KEY_PRIVATE_LEN];
	uint8_t sig[64], digest[SHA256_LEN] = {0};
	struct buf pem = BUF_INIT;

	(void)state;
	key_ssh(line, key);
	assert_int_equal(key_from_ssh(&back, line, NULL), STATUS_OK);
	assert_same_key(key, back);
	assert_int_equal(key_private(scalar, back), STATUS_USAGE);
	assert_int_equal(key_sign(sig, back, digest), STATUS_USAGE);
	assert_int_equal(key_to_pem(&pem, back), STATUS_USAGE);
	key_free(key);
	key_free(back);
}

static void refuses_a_line_that_is_not_one_p256_key(void **state)
{
	static const char *const bad[] = {
		"",
		"ecdsa-sha2-nistp256",
		"ecdsa-sha2-nistp256 ",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8k6LRLsRJ3dPW6Qqd4VQ1DdVgb3Nn0ktnyo1hEHSY5",
		RFC6979_SSH " comment",
		RFC6979_SSH "\n",
		" " RFC6979_SSH,
		/* a point off the curve */
		"ecdsa-sha2-nistp256 "
		"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGD+1LolWp0xyWHrdMY1bWjASbiSO2H6bOZp"
		"Yi5g8p+2eQP+EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpo=",
		/* all zero */
		"ecdsa-sha2-nistp256 "
		"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		/* one byte short */
		"ecdsa-sha2-nistp256 "
		"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGD+1LolWp0xyWHrdMY1bWjASbiSO2H6bOZp"
		"Yi5g8p+2eQP+EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIg==",
	};
	char line[600];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct key *key = NULL;
		struct error e = {0};

		assert_int_equal(key_from_ssh(&key, bad[i], &e), STATUS_MALFORMED);
		assert_null(key);
		assert_non_null(strstr(e.text, "public key"));
	}
	memset(line, 'A', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	memcpy(line, RFC6979_SSH, strlen("ecdsa-sha2-nistp256 "));
	assert_int_equal(key_from_ssh(&(struct key *){NULL}, line, NULL), STATUS_MALFORMED);
}

static void pem_goes_both_ways(void **state)
{
	struct key *key = new_key(), *back = NULL;
	struct buf pem = BUF_INIT;
	uint8_t scalar[KEY_PRIVATE_LEN], again[KEY_PRIVATE_LEN];

	(void)state;
	assert_int_equal(key_to_pem(&pem, key), STATUS_OK);
	assert_non_null(strstr(buf_text(&pem), "-----BEGIN EC PRIVATE KEY-----\n"));
	assert_int_equal(key_from_pem(&back, buf_text(&pem), NULL), STATUS_OK);
	assert_same_key(key, back);
	assert_int_equal(key_private(scalar, key), STATUS_OK);
	assert_int_equal(key_private(again, back), STATUS_OK);
	assert_memory_equal(scalar, again, KEY_PRIVATE_LEN);
	buf_wipe(&pem);
	key_free(key);
	key_free(back);
}

static void reads_pkcs8_too(void **state)
{
	struct key *key = NULL;
	char line[KEY_SSH_MAX];

	(void)state;
	assert_int_equal(key_from_pem(&key, SEED_PKCS8, NULL), STATUS_OK);
	key_ssh(line, key);
	assert_string_equal(line, SEED_SSH);
	key_free(key);
}

static void refuses_pem_of_anything_else(void **state)
{
	static const char *const bad[] = {
		"",
		"-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\n"
		"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7v2qN30IyUCK3XM2Qpa7OxiLj+j2\n"
		"9U/JIWq+IROl6oBVH0pW9hgpk3U8N0St/5tEbgLZQWQ+9xC4TrWu9FBgJQ==\n"
		"-----END PUBLIC KEY-----\n",
		/* P-384 */
		"-----BEGIN EC PRIVATE KEY-----\n"
		"MIGkAgEBBDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
		"AAAAAAAAMDmgBwYFK4EEACKhZANiAAToa5leNQ5NMSqVprfV2M3NtGgvWIgAoc1s\n"
		"ly4dyypaw42QBGlRsDzLOxeaif2oixtIW58sH0Sw3UHObjw6aQu/qr7B4f9K77JG\n"
		"H92mYpvsvUPPdME9jBoWJWEiQ/AEYUg=\n"
		"-----END EC PRIVATE KEY-----\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct key *key = NULL;

		assert_int_equal(key_from_pem(&key, bad[i], NULL), STATUS_MALFORMED);
		assert_null(key);
	}
}

static void refuses_a_scalar_outside_the_group(void **state)
{
	static const char *const bad[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		uint8_t scalar[KEY_PRIVATE_LEN];
		struct key *key = NULL;

		assert_int_equal(hex_decode(scalar, sizeof(scalar), bad[i]), STATUS_OK);
		assert_int_equal(key_from_private(&key, scalar, NULL), STATUS_MALFORMED);
		assert_null(key);
	}
}

static void signs_as_rfc_6979_says(void **state)
{
	struct key *key = rfc6979_key();
	uint8_t digest[SHA256_LEN], sig[64];
	char hex[129];

	(void)state;
	assert_int_equal(sha256(digest, "sample", 6), STATUS_OK);
	assert_int_equal(key_sign(sig, key, digest), STATUS_OK);
	hex_encode(hex, sig, sizeof(sig));
	assert_string_equal(hex, RFC6979_SIGNATURE);
	assert_int_equal(key_verify(key, digest, sig), STATUS_OK);
	key_free(key);
}

static void a_signature_holds_for_its_key_and_digest_only(void **state)
{
	struct key *key = new_key(), *other = new_key();
	uint8_t digest[SHA256_LEN] = {1}, sig[64];
	const uint8_t zero[64] = {0};

	(void)state;
	assert_int_equal(key_sign(sig, key, digest), STATUS_OK);
	assert_int_equal(key_verify(other, digest, sig), STATUS_UNTRUSTED);
	assert_int_equal(key_verify(key, digest, zero), STATUS_UNTRUSTED);
	for (size_t i = 0; i < sizeof(sig); i += 21) {
		sig[i] ^= 0x10;
		assert_int_equal(key_verify(key, digest, sig), STATUS_UNTRUSTED);
		sig[i] ^= 0x10;
	}
	digest[31] ^= 1;
	assert_int_equal(key_verify(key, digest, sig), STATUS_UNTRUSTED);
	key_free(key);
	key_free(other);
}

#define THREADS 4
#define ROUNDS 20

static void *sign_and_verify(void *shared)
{
	const struct key *key = shared;
	uintptr_t good = 0;

	for (uint8_t i = 0; i < ROUNDS; i++) {
		uint8_t digest[SHA256_LEN] = {i}, sig[64];

		if (key_sign(sig, key, digest) == STATUS_OK && key_verify(key, digest, sig) == STATUS_OK)
			good++;
	}
	return (void *)good;
}

static void several_threads_use_one_key(void **state)
{
	struct key *key = new_key();
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sign_and_verify, key), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *good = NULL;

		assert_int_equal(pthread_join(threads[i], &good), 0);
		assert_int_equal((uintptr_t)good, ROUNDS);
	}
	key_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_key_is_never_the_last_one),
		cmocka_unit_test(a_seed_always_gives_the_same_key),
		cmocka_unit_test(the_public_line_and_fingerprint_are_openssh_s),
		cmocka_unit_test(the_public_line_is_read_back),
		cmocka_unit_test(refuses_a_line_that_is_not_one_p256_key),
		cmocka_unit_test(pem_goes_both_ways),
		cmocka_unit_test(reads_pkcs8_too),
		cmocka_unit_test(refuses_pem_of_anything_else),
		cmocka_unit_test(refuses_a_scalar_outside_the_group),
		cmocka_unit_test(signs_as_rfc_6979_says),
		cmocka_unit_test(a_signature_holds_for_its_key_and_digest_only),
		cmocka_unit_test(several_threads_use_one_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
