/* core/key_curve.c - the curve P-256, one copy for all threads; and randomness. */
#include "core/key_internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <mbedtls/ecp.h>

static pthread_mutex_t curve_mutex = PTHREAD_MUTEX_INITIALIZER;
static mbedtls_ecp_group *curve; /* kept until the process ends */

/* mbedTLS notes multiples of the generator in the first multiplication, without a lock, and only reads them from then
 * on: that one has to be over before threads share the group. */
static bool note_multiples(mbedtls_ecp_group *group)
{
	mbedtls_ecp_point product;
	mbedtls_mpi one;
	bool ok = false;

	mbedtls_ecp_point_init(&product);
	mbedtls_mpi_init(&one);
	ok = mbedtls_mpi_lset(&one, 1) == 0 &&
	     mbedtls_ecp_mul(group, &product, &one, &group->G, key_no_blinding, NULL) == 0;
	mbedtls_ecp_point_free(&product);
	mbedtls_mpi_free(&one);
	return ok;
}

static mbedtls_ecp_group *make_curve(void)
{
	mbedtls_ecp_group *group = malloc(sizeof(*group));

	if (!group)
		return NULL;
	mbedtls_ecp_group_init(group);
	if (mbedtls_ecp_group_load(group, MBEDTLS_ECP_DP_SECP256R1) == 0 && note_multiples(group))
		return group;
	mbedtls_ecp_group_free(group);
	free(group);
	return NULL;
}

mbedtls_ecp_group *key_curve(void)
{
	mbedtls_ecp_group *group = NULL;

	(void)pthread_mutex_lock(&curve_mutex);
	if (!curve)
		curve = make_curve();
	group = curve;
	(void)pthread_mutex_unlock(&curve_mutex);
	return group;
}

int key_random(void *ctx, unsigned char *out, size_t len)
{
	(void)ctx;
	while (len > 0) {
		ssize_t n = getrandom(out, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return MBEDTLS_ERR_ECP_RANDOM_FAILED;
		out += n;
		len -= (size_t)n;
	}
	return 0;
}

int key_no_blinding(void *ctx, unsigned char *out, size_t len)
{
	(void)ctx;
	memset(out, 0x5a, len); /* a number below the field's, which mbedTLS insists on */
	return 0;
}
