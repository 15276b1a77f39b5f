/* Sealing against the vector of RFC 9180, and what must not open. */
#include "core/seal_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* RFC 9180, appendix A.2.1: base mode of DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305; sequence number 0
 */
#define RFC_INFO "Ode on a Grecian Urn"
#define RFC_AAD "Count-0"
#define RFC_PLAIN "Beauty is truth, truth beauty"
#define RFC_EPHEMERAL "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600"
#define RFC_RECIPIENT "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb"
#define RFC_PUBLIC "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a"
#define RFC_SEALED                                                                                                     \
	"1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"                                             \
	"1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"

#define INFO "qip comment key"
#define AAD "C82999/1"

struct pair {
	uint8_t private_key[SEAL_KEY_LEN], public_key[SEAL_KEY_LEN];
};

static void unhex(uint8_t *out, size_t len, const char *hex)
{
	assert_int_equal(hex_decode(out, len, hex), STATUS_OK);
}

static struct pair new_pair(void)
{
	struct pair p;

	assert_int_equal(seal_generate(p.private_key, p.public_key, NULL), STATUS_OK);
	return p;
}

static void seal(struct buf *out, const struct pair *to, const char *plain)
{
	assert_int_equal(seal_to(out, to->public_key, INFO, AAD, strlen(AAD), plain, strlen(plain), NULL), STATUS_OK);
}

static int unseal(struct buf *out, const struct pair *by, const char *info, const char *aad, const struct buf *sealed)
{
	return seal_open(out, by->private_key, info, aad, strlen(aad), sealed->data, sealed->len, NULL);
}

static void seals_as_rfc_9180_says(void **state)
{
	uint8_t ephemeral[SEAL_KEY_LEN], to[SEAL_KEY_LEN];
	struct buf sealed = BUF_INIT;
	char hex[2 * 128 + 1];

	(void)state;
	unhex(ephemeral, sizeof(ephemeral), RFC_EPHEMERAL);
	unhex(to, sizeof(to), RFC_PUBLIC);
	assert_int_equal(seal_with(&sealed, ephemeral, to, RFC_INFO, RFC_AAD, strlen(RFC_AAD), RFC_PLAIN,
				   strlen(RFC_PLAIN), NULL),
			 STATUS_OK);
	assert_int_equal(sealed.len, strlen(RFC_PLAIN) + SEAL_OVERHEAD);
	hex_encode(hex, sealed.data, sealed.len);
	assert_string_equal(hex, RFC_SEALED);
	buf_clear(&sealed);
}

static void opens_as_rfc_9180_says(void **state)
{
	uint8_t recipient[SEAL_KEY_LEN], public_key[SEAL_KEY_LEN], expected[SEAL_KEY_LEN];
	uint8_t sealed[sizeof(RFC_SEALED) / 2];
	struct buf plain = BUF_INIT;

	(void)state;
	unhex(recipient, sizeof(recipient), RFC_RECIPIENT);
	unhex(expected, sizeof(expected), RFC_PUBLIC);
	assert_int_equal(seal_public(public_key, recipient, NULL), STATUS_OK);
	assert_memory_equal(public_key, expected, sizeof(expected));
	unhex(sealed, sizeof(sealed), RFC_SEALED);
	assert_int_equal(seal_open(&plain, recipient, RFC_INFO, RFC_AAD, strlen(RFC_AAD), sealed, sizeof(sealed), NULL),
			 STATUS_OK);
	assert_string_equal(buf_text(&plain), RFC_PLAIN);
	buf_wipe(&plain);
}

static void what_is_sealed_to_a_key_it_opens(void **state)
{
	static const char *const texts[] = {"", "x", "Dr Nkemelu was kind."};
	struct pair p = new_pair();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf sealed = BUF_INIT, plain = BUF_INIT;

		buf_adds(&plain, "before:");
		seal(&sealed, &p, texts[i]);
		assert_int_equal(sealed.len, strlen(texts[i]) + SEAL_OVERHEAD);
		assert_int_equal(unseal(&plain, &p, INFO, AAD, &sealed), STATUS_OK);
		assert_string_equal(buf_text(&plain) + strlen("before:"), texts[i]);
		buf_clear(&sealed);
		buf_wipe(&plain);
	}
}

static void the_same_text_is_never_sealed_the_same(void **state)
{
	struct pair p = new_pair();
	struct buf a = BUF_INIT, b = BUF_INIT;

	(void)state;
	seal(&a, &p, "yes");
	seal(&b, &p, "yes");
	assert_memory_not_equal(a.data, b.data, 32);
	assert_memory_not_equal(a.data + 32, b.data + 32, 3);
	buf_clear(&a);
	buf_clear(&b);
}

static void another_key_purpose_or_context_does_not_open(void **state)
{
	struct pair p = new_pair(), other = new_pair();
	struct buf sealed = BUF_INIT, plain = BUF_INIT;
	struct error e = {0};

	(void)state;
	seal(&sealed, &p, "secret");
	assert_int_equal(unseal(&plain, &other, INFO, AAD, &sealed), STATUS_UNTRUSTED);
	assert_int_equal(unseal(&plain, &p, "another purpose", AAD, &sealed), STATUS_UNTRUSTED);
	assert_int_equal(unseal(&plain, &p, INFO, "C82999/2", &sealed), STATUS_UNTRUSTED);
	assert_int_equal(seal_open(&plain, p.private_key, INFO, NULL, 0, sealed.data, sealed.len, &e),
			 STATUS_UNTRUSTED);
	assert_non_null(strstr(e.text, "could not unseal"));
	assert_int_equal(plain.len, 0);
	buf_clear(&sealed);
	buf_clear(&plain);
}

static void any_changed_or_missing_byte_is_noticed(void **state)
{
	struct pair p = new_pair();
	struct buf sealed = BUF_INIT, plain = BUF_INIT;

	(void)state;
	seal(&sealed, &p, "secret");
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.data[i] ^= 1;
		assert_int_equal(unseal(&plain, &p, INFO, AAD, &sealed), STATUS_UNTRUSTED);
		sealed.data[i] ^= 1;
	}
	while (sealed.len > 0) {
		sealed.len--;
		assert_int_equal(unseal(&plain, &p, INFO, AAD, &sealed), STATUS_UNTRUSTED);
	}
	assert_int_equal(plain.len, 0);
	buf_clear(&sealed);
	buf_clear(&plain);
}

/* Points of small order give a shared secret of zero, which everybody knows (RFC 7748, section 6.1). */
static void refuses_keys_that_share_no_secret(void **state)
{
	static const char *const bad[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	struct pair p = new_pair();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		uint8_t sealed[SEAL_OVERHEAD] = {0};
		struct buf out = BUF_INIT;

		unhex(sealed, 32, bad[i]);
		assert_int_equal(seal_to(&out, sealed, INFO, NULL, 0, "x", 1, NULL), STATUS_MALFORMED);
		assert_int_equal(seal_open(&out, p.private_key, INFO, NULL, 0, sealed, sizeof(sealed), NULL),
				 STATUS_UNTRUSTED);
		assert_int_equal(out.len, 0);
	}
}

static void refuses_what_is_over_the_limits(void **state)
{
	struct pair p = new_pair();
	struct buf out = BUF_INIT;
	char info[512];

	(void)state;
	memset(info, 'i', sizeof(info) - 1);
	info[sizeof(info) - 1] = '\0';
	assert_int_equal(seal_to(&out, p.public_key, info, NULL, 0, "x", 1, NULL), STATUS_TOO_BIG);
	assert_int_equal(seal_to(&out, p.public_key, INFO, NULL, 0, "x", SIZE_MAX / 2, NULL), STATUS_TOO_BIG);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seals_as_rfc_9180_says),
		cmocka_unit_test(opens_as_rfc_9180_says),
		cmocka_unit_test(what_is_sealed_to_a_key_it_opens),
		cmocka_unit_test(the_same_text_is_never_sealed_the_same),
		cmocka_unit_test(another_key_purpose_or_context_does_not_open),
		cmocka_unit_test(any_changed_or_missing_byte_is_noticed),
		cmocka_unit_test(refuses_keys_that_share_no_secret),
		cmocka_unit_test(refuses_what_is_over_the_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
