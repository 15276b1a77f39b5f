/* tests/bench/signature_check.c - checking signatures by keys that were seen before: ours, beside mbedTLS alone.
 *
 *     signature_check ROUNDS      one line a round: checks in a second of the processor, ours and mbedTLS's
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <mbedtls/ecdsa.h>

#include "core/key_internal.h"

#define KEYS 8
#define TURNS 10
#define CHECKS_PER_TURN 24

struct signature {
	struct key *key;
	uint8_t digest[SHA256_LEN], sig[64];
	mbedtls_ecp_point q;
	mbedtls_mpi r, s;
};

static mbedtls_ecp_group group;
static struct signature signatures[KEYS];

_Noreturn static void fail(const char *what)
{
	(void)fprintf(stderr, "signature_check: %s\n", what);
	exit(1);
}

static double seconds(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void sign(struct signature *s)
{
	uint8_t blob[KEY_BLOB_LEN];

	mbedtls_ecp_point_init(&s->q);
	mbedtls_mpi_init(&s->r);
	mbedtls_mpi_init(&s->s);
	if (key_random(NULL, s->digest, sizeof(s->digest)) != 0 || key_generate(&s->key, NULL) != STATUS_OK ||
	    key_sign(s->sig, s->key, s->digest) != STATUS_OK)
		fail("cannot sign");
	key_blob(blob, s->key);
	if (mbedtls_ecp_point_read_binary(&group, &s->q, blob + KEY_BLOB_LEN - KEY_POINT_LEN, KEY_POINT_LEN) != 0 ||
	    mbedtls_mpi_read_binary(&s->r, s->sig, 32) != 0 || mbedtls_mpi_read_binary(&s->s, s->sig + 32, 32) != 0)
		fail("cannot read a signature");
}

static void check_ours(const struct signature *s)
{
	if (key_verify(s->key, s->digest, s->sig) != STATUS_OK)
		fail("a good signature does not hold");
}

static void check_theirs(const struct signature *s)
{
	if (mbedtls_ecdsa_verify(&group, s->digest, sizeof(s->digest), &s->q, &s->r, &s->s) != 0)
		fail("a good signature does not hold by mbedTLS");
}

static double time_turn(void (*check)(const struct signature *s))
{
	double start = seconds();

	for (int i = 0; i < CHECKS_PER_TURN; i++)
		check(&signatures[i % KEYS]);
	return seconds() - start;
}

int main(int argc, char **argv)
{
	int rounds = argc == 2 ? atoi(argv[1]) : 0;

	if (rounds < 1) {
		(void)fputs("usage: signature_check ROUNDS\n", stderr);
		return 2;
	}
	mbedtls_ecp_group_init(&group);
	if (mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) != 0)
		fail("no memory");
	for (size_t i = 0; i < KEYS; i++) {
		sign(&signatures[i]);
		check_ours(&signatures[i]);
		check_theirs(&signatures[i]);
	}
	for (int round = 0; round < rounds; round++) {
		double ours = 0, theirs = 0;

		for (int turn = 0; turn < TURNS; turn++) {
			ours += time_turn(check_ours);
			theirs += time_turn(check_theirs);
		}
		printf("%.1f %.1f\n", TURNS * CHECKS_PER_TURN / ours, TURNS * CHECKS_PER_TURN / theirs);
	}
	for (size_t i = 0; i < KEYS; i++) {
		key_free(signatures[i].key);
		mbedtls_ecp_point_free(&signatures[i].q);
		mbedtls_mpi_free(&signatures[i].r);
		mbedtls_mpi_free(&signatures[i].s);
	}
	mbedtls_ecp_group_free(&group);
	return 0;
}
