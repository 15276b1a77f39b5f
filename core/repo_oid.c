/* core/repo_oid.c - object ids: as text, compared, and as keys of a hash table. */
#include "core/repo_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"

bool oid_equal(const struct oid *a, const struct oid *b)
{
	return memcmp(a->id, b->id, OID_LEN) == 0;
}

bool oid_is_zero(const struct oid *a)
{
	static const struct oid zero;

	return oid_equal(a, &zero);
}

void oid_hex(char out[OID_HEX_LEN + 1], const struct oid *id)
{
	hex_encode(out, id->id, OID_LEN);
}

enum status oid_parse(struct oid *out, const char *hex, size_t len)
{
	char text[OID_HEX_LEN + 1] = {0};

	if (len != OID_HEX_LEN)
		return STATUS_MALFORMED;
	memcpy(text, hex, OID_HEX_LEN);
	return hex_decode(out->id, OID_LEN, text);
}

/* Ids are digests already; a peer who grinds ids to collide here pays 2^32 hashes for every extra probe. */
static size_t slot_of(const struct oid *id, size_t slots_cap)
{
	uint32_t hash = 0;

	memcpy(&hash, id->id, sizeof(hash));
	return (size_t)hash & (slots_cap - 1);
}

/* The slot that holds id, or the empty one where it belongs. */
static size_t probe(const struct oid_map *m, const struct oid *id)
{
	size_t at = slot_of(id, m->slots_cap);

	while (m->slots[at] && !oid_equal(&m->keys[m->slots[at] - 1], id))
		at = (at + 1) & (m->slots_cap - 1);
	return at;
}

size_t oid_map_find(const struct oid_map *m, const struct oid *id)
{
	size_t at = 0;

	if (m->len == 0)
		return OID_MAP_NONE;
	at = probe(m, id);
	return m->slots[at] ? m->slots[at] - 1 : OID_MAP_NONE;
}

static enum status grow_slots(struct oid_map *m)
{
	size_t cap = m->slots_cap ? m->slots_cap * 2 : 64;
	uint32_t *slots = NULL;

	if (cap > UINT32_MAX / 2 || cap > SIZE_MAX / sizeof(*slots))
		return STATUS_TOO_BIG;
	slots = calloc(cap, sizeof(*slots));
	if (!slots)
		return STATUS_NOMEM;
	free(m->slots);
	m->slots = slots;
	m->slots_cap = cap;
	for (size_t i = 0; i < m->len; i++)
		m->slots[probe(m, &m->keys[i])] = (uint32_t)(i + 1);
	return STATUS_OK;
}

static enum status grow_keys(struct oid_map *m)
{
	size_t cap = m->keys_cap ? m->keys_cap * 2 : 32;
	struct oid *keys = NULL;

	if (cap > SIZE_MAX / sizeof(*keys))
		return STATUS_TOO_BIG;
	keys = realloc(m->keys, cap * sizeof(*keys));
	if (!keys)
		return STATUS_NOMEM;
	m->keys = keys;
	m->keys_cap = cap;
	return STATUS_OK;
}

enum status oid_map_add(size_t *place, bool *added, struct oid_map *m, const struct oid *id)
{
	size_t found = oid_map_find(m, id);
	enum status st = STATUS_OK;

	if (added)
		*added = found == OID_MAP_NONE;
	if (found != OID_MAP_NONE) {
		*place = found;
		return STATUS_OK;
	}
	if (m->len == m->keys_cap)
		st = grow_keys(m);
	if (!st && (m->len + 1) * 2 > m->slots_cap)
		st = grow_slots(m);
	if (st)
		return st;
	m->keys[m->len] = *id;
	m->slots[probe(m, id)] = (uint32_t)(m->len + 1);
	*place = m->len++;
	return STATUS_OK;
}

/* The slot of the key that came last stands at the end of every way of probing that leads over it: emptying it hides no
 * other. */
void oid_map_pop(struct oid_map *m)
{
	m->slots[probe(m, &m->keys[m->len - 1])] = 0;
	m->len--;
}

void oid_map_clear(struct oid_map *m)
{
	free(m->keys);
	free(m->slots);
	*m = (struct oid_map)OID_MAP_INIT;
}
