/* core/key_curve.c - the curve P-256, one copy a thread, since mbedTLS caches in it without a lock; and randomness. */
#include "core/key_internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include <mbedtls/ecp.h>

static pthread_once_t curve_once = PTHREAD_ONCE_INIT;
static pthread_key_t curve_slot;
static bool curve_slot_made;

static void free_curve(void *group)
{
	mbedtls_ecp_group_free(group);
	free(group);
}

static void make_curve_slot(void)
{
	curve_slot_made = pthread_key_create(&curve_slot, free_curve) == 0;
}

mbedtls_ecp_group *key_curve(void)
{
	mbedtls_ecp_group *group = NULL;

	if (pthread_once(&curve_once, make_curve_slot) != 0 || !curve_slot_made)
		return NULL;
	group = pthread_getspecific(curve_slot);
	if (group)
		return group;
	group = malloc(sizeof(*group));
	if (!group)
		return NULL;
	mbedtls_ecp_group_init(group);
	if (mbedtls_ecp_group_load(group, MBEDTLS_ECP_DP_SECP256R1) != 0 ||
	    pthread_setspecific(curve_slot, group) != 0) {
		free_curve(group);
		return NULL;
	}
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
