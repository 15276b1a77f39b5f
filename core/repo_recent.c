/* core/repo_recent.c - objects that were read lately, for who asks for the same ones again and again: each merge that an audit judges
 * shares most of its directories with the one before, and looks at them several times.
 *
 * Unlike libgit2's cache it holds only what came from the repository itself, never what is staged or in quarantine.
 */
#include "core/repo_internal.h"

#include <stdlib.h>
#include <string.h>

#define RECENT_SLOTS 512
#define RECENT_MAX_BYTES ((size_t)24 << 10) /* of one object: a directory of 500 names */

struct recent {
	struct staged_object objects[RECENT_SLOTS]; /* by the first bytes of their ids; the later one stays */
	struct oid ids[RECENT_SLOTS];
};

void repo_keep_recent(struct repo *r)
{
	if (!r->recent)
		r->recent = calloc(1, sizeof(*r->recent));
}

static size_t slot_of(const struct oid *id)
{
	return (size_t)(id->id[0] | id->id[1] << 8) % RECENT_SLOTS;
}

const struct staged_object *recent_find(const struct repo *r, const struct oid *id)
{
	size_t at = slot_of(id);

	return r->recent && r->recent->objects[at].bytes && oid_equal(&r->recent->ids[at], id) ? &r->recent->objects[at] : NULL;
}

void recent_add(struct repo *r, const struct oid *id, git_object_t kind, const void *bytes, size_t len)
{
	struct staged_object *o = r->recent ? &r->recent->objects[slot_of(id)] : NULL;
	void *grown = o && !r->quarantine && len <= RECENT_MAX_BYTES ? realloc(o->bytes, len + 1) : NULL;

	if (!grown)
		return;
	if (len)
		memcpy(grown, bytes, len);
	*o = (struct staged_object){.kind = kind, .bytes = grown, .len = len};
	r->recent->ids[slot_of(id)] = *id;
}

void recent_clear(struct repo *r)
{
	for (size_t i = 0; r->recent && i < RECENT_SLOTS; i++)
		free(r->recent->objects[i].bytes);
	free(r->recent);
	r->recent = NULL;
}
