/* core/repo_consolidate.c - keeping packs few. Every push and sync adds one or two small packs, and each makes all
 * look-ups a little slower.
 *
 * Which packs: sorted by objects, the first ones up to the last that holds less than twice what those before it hold
 * together. What stays grows at least twofold from pack to pack (git-repack(1), --geometric=2), so an object is copied
 * again only after its pack's worth of new ones came, and flash and disk are spared.
 */
#include "core/repo_internal.h"

/* How many of the smallest packs to join. A pack that would not fit with those before it ends the row. */
static size_t choose(const struct pack_list *l, const struct repo_bounds *b)
{
	uint64_t objects = 0, bytes = 0;
	size_t chosen = 0;

	for (size_t i = 0; i < l->len; i++) {
		const struct pack_file *p = &l->packs[i];

		if (p->objects > b->objects || objects + p->objects > b->objects || p->bytes > b->pack_bytes ||
		    bytes + p->bytes > b->pack_bytes)
			break;
		if (p->objects < 2 * objects)
			chosen = i + 1;
		objects += p->objects;
		bytes += p->bytes;
	}
	return chosen;
}

static enum status join(struct pack_list *l, struct repo *r, const struct repo_bounds *b, struct error *e)
{
	char hex[2 * SHA1_LEN + 1];
	enum status st = packs_join(hex, r, l, b->stop, e);

	/* after a crash before this the packs are all there, and joined again */
	return st == STATUS_OK ? packs_retire(l, hex, r, e) : st;
}

enum status repo_consolidate(size_t *joined, struct repo *r, const struct repo_bounds *b, struct error *e)
{
	struct pack_list l = {NULL, 0, 0};
	size_t done = 0;
	enum status st = packs_list(&l, r, e);

	if (st == STATUS_OK && l.len > b->packs) {
		l.len = choose(&l, b);
		if (l.len > 1) {
			st = join(&l, r, b, e);
			done = l.len;
		}
	}
	packs_sweep(r, b->grace_ms);
	if (st == STATUS_OK && done)
		st = repo_reopen(r, e);
	if (st == STATUS_OK && joined)
		*joined = done;
	packs_clear(&l);
	return st;
}
