/* client/intern.c - see intern.h. Open addressing with linear probing, at most half full. */
#include "client/intern.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a, 64 bit (draft-eastlake-fnv). */
static uint64_t hash_bytes(const uint8_t *bytes, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* The bucket that holds the key, or the free one where it would go. */
static size_t find_bucket(const struct intern *in, const void *key, size_t len, uint64_t hash)
{
	size_t mask = in->buckets_len - 1, i = (size_t)hash & mask;

	for (; in->buckets[i]; i = (i + 1) & mask) {
		const struct intern_key *k = &in->keys[in->buckets[i] - 1];

		if (k->hash == hash && k->len == len && memcmp(in->bytes.data + k->at, key, len) == 0)
			break;
	}
	return i;
}

bool intern_find(const struct intern *in, const void *key, size_t len, size_t *number)
{
	size_t i;

	if (in->len == 0)
		return false;
	i = find_bucket(in, key, len, hash_bytes(key, len));
	if (in->buckets[i])
		*number = in->buckets[i] - 1;
	return in->buckets[i] != 0;
}

static bool grow(struct intern *in)
{
	size_t buckets_len = in->buckets_len ? in->buckets_len * 2 : 64, cap = buckets_len / 2;
	uint32_t *buckets = calloc(buckets_len, sizeof(*buckets));
	struct intern_key *keys = realloc(in->keys, cap * sizeof(*keys));

	if (keys)
		in->keys = keys;
	if (!keys || !buckets) {
		free(buckets);
		return false;
	}
	free(in->buckets);
	in->buckets = buckets;
	in->buckets_len = buckets_len;
	in->cap = cap;
	for (size_t n = 0; n < in->len; n++) {
		size_t i = (size_t)in->keys[n].hash & (buckets_len - 1);

		while (buckets[i])
			i = (i + 1) & (buckets_len - 1);
		buckets[i] = (uint32_t)(n + 1);
	}
	return true;
}

enum status intern_add(struct intern *in, const void *key, size_t len, size_t *number, bool *is_new, struct error *e)
{
	uint64_t hash = hash_bytes(key, len);
	size_t i, at = in->bytes.len;

	if (is_new)
		*is_new = false;
	if (intern_find(in, key, len, number))
		return STATUS_OK;
	if (in->len == INTERN_MAX_KEYS)
		return error_set(e, STATUS_TOO_BIG, "the history is too long for this view");
	buf_add(&in->bytes, key, len);
	buf_addc(&in->bytes, '\0');
	if (!buf_ok(&in->bytes) || (in->len == in->cap && !grow(in)))
		return error_set(e, STATUS_NOMEM, "out of memory");
	i = find_bucket(in, key, len, hash);
	in->keys[in->len] = (struct intern_key){at, len, hash};
	in->buckets[i] = (uint32_t)(in->len + 1);
	*number = in->len++;
	if (is_new)
		*is_new = true;
	return STATUS_OK;
}

const char *intern_key(const struct intern *in, size_t number)
{
	return (const char *)in->bytes.data + in->keys[number].at;
}

void intern_clear(struct intern *in)
{
	buf_clear(&in->bytes);
	free(in->keys);
	free(in->buckets);
	*in = (struct intern)INTERN_INIT;
}
