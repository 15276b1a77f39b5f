/* core/key_check.c - does a signature hold? ECDSA's verification (FIPS 186-5, section 6.4.2) as mbedtls_ecdsa_verify
 * makes it, but with the multiples of a key that was seen before (see key_table.c), and without hiding what is public.
 */
#include "core/key_internal.h"

#include <mbedtls/ecp.h>

struct check {
	mbedtls_ecp_group *curve;
	mbedtls_mpi r, s, e, u1, u2, one;
	mbedtls_ecp_point by_curve, by_key, sum; /* u1 G, u2 Q */
};

static void check_init(struct check *c)
{
	mbedtls_mpi_init(&c->r);
	mbedtls_mpi_init(&c->s);
	mbedtls_mpi_init(&c->e);
	mbedtls_mpi_init(&c->u1);
	mbedtls_mpi_init(&c->u2);
	mbedtls_mpi_init(&c->one);
	mbedtls_ecp_point_init(&c->by_curve);
	mbedtls_ecp_point_init(&c->by_key);
	mbedtls_ecp_point_init(&c->sum);
}

static void check_clear(struct check *c)
{
	mbedtls_mpi_free(&c->r);
	mbedtls_mpi_free(&c->s);
	mbedtls_mpi_free(&c->e);
	mbedtls_mpi_free(&c->u1);
	mbedtls_mpi_free(&c->u2);
	mbedtls_mpi_free(&c->one);
	mbedtls_ecp_point_free(&c->by_curve);
	mbedtls_ecp_point_free(&c->by_key);
	mbedtls_ecp_point_free(&c->sum);
}

static bool in_range(const mbedtls_mpi *number, const mbedtls_mpi *order)
{
	return mbedtls_mpi_cmp_int(number, 1) >= 0 && mbedtls_mpi_cmp_mpi(number, order) < 0;
}

static int multiply_mod(mbedtls_mpi *out, const mbedtls_mpi *a, const mbedtls_mpi *b, const mbedtls_mpi *order)
{
	int failed = mbedtls_mpi_mul_mpi(out, a, b);

	return failed ? failed : mbedtls_mpi_mod_mpi(out, out, order);
}

/* u1 = e / s, u2 = r / s */
static int find_factors(struct check *c)
{
	const mbedtls_mpi *order = &c->curve->N;
	int failed = mbedtls_mpi_inv_mod(&c->s, &c->s, order);

	if (!failed)
		failed = multiply_mod(&c->u1, &c->e, &c->s, order);
	if (!failed)
		failed = multiply_mod(&c->u2, &c->r, &c->s, order);
	return failed;
}

/* sum = u1 G + u2 Q. Of the two only u1 can be zero, and mbedTLS's product does not take that. */
static int add_products(struct check *c, const uint8_t point[KEY_POINT_LEN])
{
	int failed = key_multiply(&c->by_key, point, &c->u2);

	if (!failed && mbedtls_mpi_cmp_int(&c->u1, 0) == 0)
		return mbedtls_ecp_copy(&c->sum, &c->by_key);
	if (!failed)
		failed = mbedtls_ecp_mul(c->curve, &c->by_curve, &c->u1, &c->curve->G, key_no_blinding, NULL);
	if (!failed)
		failed = mbedtls_mpi_lset(&c->one, 1);
	return failed ? failed : mbedtls_ecp_muladd(c->curve, &c->sum, &c->one, &c->by_curve, &c->one, &c->by_key);
}

static int sum_is_r(bool *out, struct check *c)
{
	mbedtls_mpi *x = &c->sum.MBEDTLS_PRIVATE(X);
	int failed = 0;

	*out = false;
	if (mbedtls_ecp_is_zero(&c->sum))
		return 0;
	failed = mbedtls_mpi_mod_mpi(x, x, &c->curve->N);
	*out = !failed && mbedtls_mpi_cmp_mpi(x, &c->r) == 0;
	return failed;
}

static int read_signature(struct check *c, const uint8_t digest[SHA256_LEN], const uint8_t sig[64])
{
	const mbedtls_mpi *order = &c->curve->N;
	int failed = mbedtls_mpi_read_binary(&c->r, sig, 32);

	if (!failed)
		failed = mbedtls_mpi_read_binary(&c->s, sig + 32, 32);
	if (!failed && (!in_range(&c->r, order) || !in_range(&c->s, order)))
		failed = MBEDTLS_ERR_ECP_VERIFY_FAILED;
	if (!failed)
		failed = mbedtls_mpi_read_binary(&c->e, digest, SHA256_LEN);
	return failed ? failed : mbedtls_mpi_mod_mpi(&c->e, &c->e, order);
}

enum status key_check(const uint8_t point[KEY_POINT_LEN], const uint8_t digest[SHA256_LEN], const uint8_t sig[64])
{
	struct check c = {.curve = key_curve()};
	bool holds = false;
	int failed = 0;

	if (!c.curve)
		return STATUS_NOMEM;
	check_init(&c);
	failed = read_signature(&c, digest, sig);
	if (!failed)
		failed = find_factors(&c);
	if (!failed)
		failed = add_products(&c, point);
	if (!failed)
		failed = sum_is_r(&holds, &c);
	check_clear(&c);
	if (failed == MBEDTLS_ERR_MPI_ALLOC_FAILED || failed == MBEDTLS_ERR_ECP_ALLOC_FAILED)
		return STATUS_NOMEM;
	return !failed && holds ? STATUS_OK : STATUS_UNTRUSTED;
}
