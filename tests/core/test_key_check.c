/* Checking signatures: every verdict is mbedtls_ecdsa_verify's, whether or not the key was seen before; the edges of
 * ECDSA's range; more keys than multiples are kept of; threads. */
#include "core/key_internal.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <mbedtls/ecdsa.h>

#define ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ORDER_LESS_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
#define ORDER_MORE_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552"
#define FIELD "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
#define HIGHEST "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define NIL "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define GENERATOR                                                                                                      \
	"046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"                                           \
	"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
/* RFC 6979, appendix A.2.5 */
#define SCALAR "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
#define POINT                                                                                                          \
	"0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"                                           \
	"7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define SAMPLE_R "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
#define SAMPLE_S "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
#define SAMPLE_DIGEST "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf"

struct bytes {
	uint8_t point[KEY_POINT_LEN], digest[SHA256_LEN], sig[64];
};

static struct bytes bytes_of(const char *point, const char *digest, const char *r, const char *s)
{
	struct bytes b;

	assert_int_equal(hex_decode(b.point, sizeof(b.point), point), STATUS_OK);
	assert_int_equal(hex_decode(b.digest, sizeof(b.digest), digest), STATUS_OK);
	assert_int_equal(hex_decode(b.sig, 32, r), STATUS_OK);
	assert_int_equal(hex_decode(b.sig + 32, 32, s), STATUS_OK);
	return b;
}

/* What mbedTLS says by itself. */
static enum status reference(const struct bytes *b)
{
	mbedtls_ecp_group group;
	mbedtls_ecp_point q;
	mbedtls_mpi r, s;
	bool good = false;

	mbedtls_ecp_group_init(&group);
	mbedtls_ecp_point_init(&q);
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	good = mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
	       mbedtls_ecp_point_read_binary(&group, &q, b->point, KEY_POINT_LEN) == 0 &&
	       mbedtls_mpi_read_binary(&r, b->sig, 32) == 0 && mbedtls_mpi_read_binary(&s, b->sig + 32, 32) == 0 &&
	       mbedtls_ecdsa_verify(&group, b->digest, SHA256_LEN, &q, &r, &s) == 0;
	mbedtls_ecp_group_free(&group);
	mbedtls_ecp_point_free(&q);
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&s);
	return good ? STATUS_OK : STATUS_UNTRUSTED;
}

/* By a key that may be new, by one that is not, and by mbedTLS. */
static void assert_verdict(const struct bytes *b, enum status expected)
{
	assert_int_equal(key_check(b->point, b->digest, b->sig), expected);
	assert_int_equal(key_check(b->point, b->digest, b->sig), expected);
	assert_int_equal(reference(b), expected);
}

/* ---- edges ---- */

static void a_known_signature_holds_and_its_mirror_too(void **state)
{
	const struct bytes good = bytes_of(POINT, SAMPLE_DIGEST, SAMPLE_R, SAMPLE_S);
	/* the order less s: ECDSA cannot tell */
	const struct bytes mirror = bytes_of(POINT, SAMPLE_DIGEST, SAMPLE_R,
					     "0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9");
	const struct bytes swapped = bytes_of(POINT, SAMPLE_DIGEST, SAMPLE_S, SAMPLE_R);

	(void)state;
	assert_verdict(&good, STATUS_OK);
	assert_verdict(&mirror, STATUS_OK);
	assert_verdict(&swapped, STATUS_UNTRUSTED);
}

static void numbers_outside_the_group_are_refused(void **state)
{
	static const char *const outside[] = {NIL, ORDER, ORDER_MORE_1, FIELD, HIGHEST};
	static const char *const inside[] = {ONE, ORDER_LESS_1, SAMPLE_R, SAMPLE_S};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(outside); i++) {
		for (size_t k = 0; k < ARRAY_LEN(inside); k++) {
			const struct bytes r = bytes_of(POINT, SAMPLE_DIGEST, outside[i], inside[k]);
			const struct bytes s = bytes_of(POINT, SAMPLE_DIGEST, inside[k], outside[i]);

			assert_verdict(&r, STATUS_UNTRUSTED);
			assert_verdict(&s, STATUS_UNTRUSTED);
		}
		for (size_t k = 0; k < ARRAY_LEN(outside); k++) {
			const struct bytes both = bytes_of(POINT, SAMPLE_DIGEST, outside[i], outside[k]);

			assert_verdict(&both, STATUS_UNTRUSTED);
		}
	}
}

static void the_ends_of_the_range_are_only_numbers(void **state)
{
	static const char *const ends[] = {ONE, ORDER_LESS_1};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		for (size_t k = 0; k < ARRAY_LEN(ends); k++) {
			const struct bytes b = bytes_of(POINT, SAMPLE_DIGEST, ends[i], ends[k]);

			assert_verdict(&b, STATUS_UNTRUSTED);
		}
	}
}

/* The sum's x is the order plus 3, and the key was computed so that s can be 5: r is 3, and neither number may be
 * another of the same remainder. */
#define WRAP_POINT                                                                                                     \
	"0403bcbf0512bfa36558dc3c26890c5018a3b7620e2be9815ac5cf76d0bf085727"                                           \
	"f7037910feda2b739626888d4a54e12ef128156d7b4a5e2465d54788e831e8ed"
#define THREE "0000000000000000000000000000000000000000000000000000000000000003"
#define FIVE "0000000000000000000000000000000000000000000000000000000000000005"
#define ORDER_MORE_3 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632554"
#define ORDER_MORE_5 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632556"

static void an_x_beyond_the_order_is_reduced_and_r_and_s_are_not(void **state)
{
	const struct bytes good = bytes_of(WRAP_POINT, SAMPLE_DIGEST, THREE, FIVE);
	const struct bytes high_r = bytes_of(WRAP_POINT, SAMPLE_DIGEST, ORDER_MORE_3, FIVE);
	const struct bytes high_s = bytes_of(WRAP_POINT, SAMPLE_DIGEST, THREE, ORDER_MORE_5);

	(void)state;
	assert_verdict(&good, STATUS_OK);
	assert_verdict(&high_r, STATUS_UNTRUSTED);
	assert_verdict(&high_s, STATUS_UNTRUSTED);
}

static void a_sum_at_infinity_is_refused(void **state)
{
	/* the digest is the order less r times the private half, so that the products cancel out whatever s is */
	static const char *const r = "0000000000000000000000000000000000000000000000000000000000001111";
	const struct bytes own =
		bytes_of(POINT, "f10e4e8efcd7c9d4c0aafb4f4df0f47e061edd4a2aea6fab870c9b59308fd632", r, SAMPLE_S);
	const struct bytes generator = bytes_of(GENERATOR, ORDER_LESS_1, ONE, SAMPLE_S);

	(void)state;
	assert_verdict(&own, STATUS_UNTRUSTED);
	assert_verdict(&generator, STATUS_UNTRUSTED);
}

static void two_equal_products_are_added_right(void **state)
{
	/* the key is the generator and the digest r, so that both factors are the same */
	static const char *const r = "335cf7142bfeb1458200f1ec602b57951eb8e78b7e9e624c224b319f948f8857";
	const struct bytes b =
		bytes_of(GENERATOR, r, r, "ef7e69222ae5e3276fd03fcd27a8f172471b330be6153c8161d27efd19ee64be");

	(void)state;
	assert_verdict(&b, STATUS_OK);
}

static void digests_at_the_edges_are_taken(void **state)
{
	static const char *const digests[] = {NIL, ONE, ORDER_LESS_1, ORDER, ORDER_MORE_1, HIGHEST};
	uint8_t scalar[KEY_PRIVATE_LEN];
	struct key *key = NULL;

	(void)state;
	assert_int_equal(hex_decode(scalar, sizeof(scalar), SCALAR), STATUS_OK);
	assert_int_equal(key_from_private(&key, scalar, NULL), STATUS_OK);
	for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
		struct bytes b = bytes_of(POINT, digests[i], NIL, NIL);

		assert_int_equal(key_sign(b.sig, key, b.digest), STATUS_OK);
		assert_verdict(&b, STATUS_OK);
		b.digest[31] ^= 4;
		assert_verdict(&b, STATUS_UNTRUSTED);
	}
	key_free(key);
}

static void what_is_no_point_of_the_curve_checks_nothing(void **state)
{
	struct bytes good = bytes_of(POINT, SAMPLE_DIGEST, SAMPLE_R, SAMPLE_S);
	struct bytes moved = good, beyond = good, form = good, zero = good;

	(void)state;
	moved.point[40] ^= 1;
	assert_int_equal(hex_decode(beyond.point + 33, 32, FIELD), STATUS_OK);
	form.point[0] = 0x02;
	memset(zero.point + 1, 0, KEY_POINT_LEN - 1);
	assert_verdict(&moved, STATUS_UNTRUSTED);
	assert_verdict(&beyond, STATUS_UNTRUSTED);
	assert_verdict(&form, STATUS_UNTRUSTED);
	assert_verdict(&zero, STATUS_UNTRUSTED);
	assert_verdict(&good, STATUS_OK);
}

/* ---- many ---- */

#define KEYS 24
#define FORMS 9

static struct key *numbered_key(uint16_t n)
{
	struct key *key = NULL;
	const uint8_t seed[2] = {(uint8_t)(n >> 8), (uint8_t)n};

	assert_int_equal(key_from_seed(&key, seed, sizeof(seed), "test", NULL), STATUS_OK);
	return key;
}

static void point_of(uint8_t point[KEY_POINT_LEN], const struct key *key)
{
	uint8_t blob[KEY_BLOB_LEN];

	key_blob(blob, key);
	memcpy(point, blob + KEY_BLOB_LEN - KEY_POINT_LEN, KEY_POINT_LEN);
}

static void flip(uint8_t *bytes, size_t len, const uint8_t random[2])
{
	bytes[random[0] % len] ^= (uint8_t)(1U << random[1] % 8);
}

/* One of the ways in which a signature comes to be wrong; the first leaves it right. */
static void spoil(struct bytes *b, int form, const struct bytes *other)
{
	uint8_t random[64];

	assert_int_equal(key_random(NULL, random, sizeof(random)), 0);
	switch (form) {
	case 1:
		flip(b->sig, 32, random);
		break;
	case 2:
		flip(b->sig + 32, 32, random);
		break;
	case 3:
		flip(b->digest, SHA256_LEN, random);
		break;
	case 4:
		memcpy(b->point, other->point, KEY_POINT_LEN);
		break;
	case 5:
		memcpy(b->sig, other->sig, 32);
		break;
	case 6:
		memcpy(b->sig + 32, other->sig + 32, 32);
		break;
	case 7:
		memcpy(b->sig, random, 64);
		break;
	case 8:
		flip(b->point + 1, KEY_POINT_LEN - 1, random);
		break;
	default:
		break;
	}
}

static void random_signatures_get_the_verdict_of_mbedtls(void **state)
{
	struct bytes last = bytes_of(POINT, SAMPLE_DIGEST, SAMPLE_R, SAMPLE_S);
	struct key *keys[KEYS];

	(void)state;
	for (uint16_t i = 0; i < KEYS; i++)
		keys[i] = numbered_key(i);
	for (int i = 0; i < 10 * KEYS; i++) {
		struct bytes good;

		assert_int_equal(key_random(NULL, good.digest, SHA256_LEN), 0);
		assert_int_equal(key_sign(good.sig, keys[i % KEYS], good.digest), STATUS_OK);
		point_of(good.point, keys[i % KEYS]);
		for (int form = 0; form < FORMS; form++) {
			struct bytes b = good;
			enum status st = STATUS_OK;

			spoil(&b, form, &last);
			st = key_check(b.point, b.digest, b.sig);
			assert_int_equal(st, reference(&b));
			assert_int_equal(st, form == 0 ? STATUS_OK : STATUS_UNTRUSTED);
		}
		last = good;
	}
	for (size_t i = 0; i < KEYS; i++)
		key_free(keys[i]);
}

static void more_keys_than_are_kept_are_told_apart(void **state)
{
	enum { ALL = KEY_TABLES_MAX + 20 };
	static struct bytes signatures[ALL];

	(void)state;
	key_keep_many();
	for (uint16_t i = 0; i < ALL; i++) {
		struct key *key = numbered_key(i);

		signatures[i] = bytes_of(POINT, SAMPLE_DIGEST, NIL, NIL);
		assert_int_equal(key_sign(signatures[i].sig, key, signatures[i].digest), STATUS_OK);
		point_of(signatures[i].point, key);
		key_free(key);
	}
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ALL; i++) {
			struct bytes b = signatures[i];

			assert_int_equal(key_check(b.point, b.digest, b.sig), STATUS_OK);
			memcpy(b.point, signatures[(i + 1) % ALL].point, KEY_POINT_LEN);
			assert_int_equal(key_check(b.point, b.digest, b.sig), STATUS_UNTRUSTED);
		}
	}
}

/* ---- threads ---- */

#define THREADS 4
#define THREAD_KEYS (2 * KEY_TABLES_FEW)

struct shared {
	struct bytes good[THREAD_KEYS];
};

/* Every thread begins with the same keys, and there are more than are kept. */
static void *check_all(void *arg)
{
	const struct shared *shared = arg;
	uintptr_t right = 0;

	for (size_t i = 0; i < 4 * THREAD_KEYS; i++) {
		const struct bytes *b = &shared->good[i % THREAD_KEYS];
		const struct bytes *other = &shared->good[(i + 1) % THREAD_KEYS];

		right += key_check(b->point, b->digest, b->sig) == STATUS_OK;
		right += key_check(b->point, b->digest, other->sig) == STATUS_UNTRUSTED;
	}
	return (void *)right;
}

static void threads_check_by_the_same_keys(void **state)
{
	struct shared shared;
	pthread_t threads[THREADS];

	(void)state;
	for (uint16_t i = 0; i < THREAD_KEYS; i++) {
		struct key *key = numbered_key((uint16_t)(1000 + i));

		shared.good[i] = bytes_of(POINT, SAMPLE_DIGEST, NIL, NIL);
		assert_int_equal(key_sign(shared.good[i].sig, key, shared.good[i].digest), STATUS_OK);
		point_of(shared.good[i].point, key);
		key_free(key);
	}
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, check_all, &shared), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *right = NULL;

		assert_int_equal(pthread_join(threads[i], &right), 0);
		assert_int_equal((uintptr_t)right, 8 * THREAD_KEYS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_check_by_the_same_keys), /* while few are kept, and none yet */
		cmocka_unit_test(a_known_signature_holds_and_its_mirror_too),
		cmocka_unit_test(numbers_outside_the_group_are_refused),
		cmocka_unit_test(the_ends_of_the_range_are_only_numbers),
		cmocka_unit_test(an_x_beyond_the_order_is_reduced_and_r_and_s_are_not),
		cmocka_unit_test(a_sum_at_infinity_is_refused),
		cmocka_unit_test(two_equal_products_are_added_right),
		cmocka_unit_test(digests_at_the_edges_are_taken),
		cmocka_unit_test(what_is_no_point_of_the_curve_checks_nothing),
		cmocka_unit_test(random_signatures_get_the_verdict_of_mbedtls),
		cmocka_unit_test(more_keys_than_are_kept_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
