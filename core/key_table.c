/* core/key_table.c - public keys whose multiples are kept for the next check.
 *
 * Enters: a point and a number. Leaves: their product. mbedTLS multiplies the generator of a group faster than any
 * other point: it notes multiples of it in the group, in the first multiplication. So each key becomes the generator of
 * a copy of the curve. That first multiplication is over before other threads see the copy, and from then on mbedTLS
 * only reads it; and it takes no longer than one that keeps nothing, so a key that is never seen again costs nothing.
 */
#include "core/key_internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/ecp.h>

struct table {
	uint8_t point[KEY_POINT_LEN];
	mbedtls_ecp_group group;  /* with the point as generator */
	mbedtls_ecp_point curves; /* the generator that the curve came with, for mbedTLS to free as it likes */
	unsigned refs;		  /* whoever multiplies, and the list; under the list's mutex */
	uint64_t used;		  /* the list's clock, when last; likewise */
};

static struct {
	pthread_mutex_t mutex;
	struct table *at[KEY_TABLES_MAX];
	size_t len, max;
	uint64_t clock; /* multiplications */
} list = {.mutex = PTHREAD_MUTEX_INITIALIZER, .max = KEY_TABLES_FEW};

/* ---- one key ---- */

static void table_free(struct table *t)
{
	mbedtls_ecp_point_free(&t->group.G);
	t->group.G = t->curves;
	mbedtls_ecp_group_free(&t->group);
	free(t);
}

static int table_make(struct table **out, const uint8_t point[KEY_POINT_LEN])
{
	struct table *t = calloc(1, sizeof(*t));
	mbedtls_ecp_point q;
	int failed = 0;

	if (!t)
		return MBEDTLS_ERR_ECP_ALLOC_FAILED;
	memcpy(t->point, point, KEY_POINT_LEN);
	t->refs = 1;
	mbedtls_ecp_point_init(&q);
	mbedtls_ecp_group_init(&t->group);
	failed = mbedtls_ecp_group_load(&t->group, MBEDTLS_ECP_DP_SECP256R1);
	if (!failed)
		failed = mbedtls_ecp_point_read_binary(&t->group, &q, point, KEY_POINT_LEN);
	if (failed) {
		mbedtls_ecp_point_free(&q);
		mbedtls_ecp_group_free(&t->group);
		free(t);
		return failed;
	}
	t->curves = t->group.G;
	t->group.G = q;
	t->group.MBEDTLS_PRIVATE(T) = NULL; /* mbedTLS 3 has the multiples of the curve's own built in */
	*out = t;
	return 0;
}

/* ---- the list; its mutex is held ---- */

static struct table *find(const uint8_t point[KEY_POINT_LEN])
{
	for (size_t i = 0; i < list.len; i++)
		if (memcmp(list.at[i]->point, point, KEY_POINT_LEN) == 0)
			return list.at[i];
	return NULL;
}

/* Takes over the list's share of it. */
static struct table *remove_oldest(void)
{
	size_t oldest = 0;
	struct table *t = NULL;

	for (size_t i = 1; i < list.len; i++)
		if (list.at[i]->used < list.at[oldest]->used)
			oldest = i;
	t = list.at[oldest];
	list.at[oldest] = list.at[--list.len];
	return t;
}

/* ---- all of it ---- */

static struct table *share(const uint8_t point[KEY_POINT_LEN])
{
	struct table *t = NULL;

	(void)pthread_mutex_lock(&list.mutex);
	t = find(point);
	if (t) {
		t->used = ++list.clock;
		t->refs++;
	}
	(void)pthread_mutex_unlock(&list.mutex);
	return t;
}

/* NULL is allowed. */
static void put(struct table *t)
{
	bool last = false;

	if (!t)
		return;
	(void)pthread_mutex_lock(&list.mutex);
	last = --t->refs == 0;
	(void)pthread_mutex_unlock(&list.mutex);
	if (last)
		table_free(t);
}

/* Another thread may have been faster with the same key; then one table is enough. */
static void keep(struct table *t)
{
	struct table *gone = NULL;

	(void)pthread_mutex_lock(&list.mutex);
	if (!find(t->point)) {
		if (list.len == list.max)
			gone = remove_oldest();
		t->used = ++list.clock;
		t->refs++;
		list.at[list.len++] = t;
	}
	(void)pthread_mutex_unlock(&list.mutex);
	put(gone);
}

void key_keep_many(void)
{
	(void)pthread_mutex_lock(&list.mutex);
	list.max = KEY_TABLES_MAX;
	(void)pthread_mutex_unlock(&list.mutex);
}

int key_multiply(mbedtls_ecp_point *out, const uint8_t point[KEY_POINT_LEN], const mbedtls_mpi *number)
{
	struct table *t = share(point);
	bool known = t != NULL;
	int failed = 0;

	if (!known)
		failed = table_make(&t, point);
	if (!failed)
		failed = mbedtls_ecp_mul(&t->group, out, number, &t->group.G, key_no_blinding, NULL);
	if (!failed && !known && t->group.MBEDTLS_PRIVATE(T))
		keep(t);
	put(t);
	return failed;
}
