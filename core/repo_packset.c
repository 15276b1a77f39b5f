/* core/repo_packset.c - all packs of a repository, searched. Indexes are opened as they are needed, the smallest pack's
 * first: what is asked for is mostly new, and lies there. */
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "core/repo_packfile.h"

#define MAX_LISTINGS 16

static bool is_known(const struct packset *s, const char *hex)
{
	for (size_t i = 0; i < s->len; i++) {
		if (strcmp(s->packs[i].file.hex, hex) == 0)
			return true;
	}
	return false;
}

static enum status add_pack(struct packset *s, const char *hex)
{
	if (!array_room(&s->packs, &s->cap, s->len))
		return STATUS_NOMEM;
	s->packs[s->len] = (struct packset_pack){.open = false};
	memcpy(s->packs[s->len++].file.hex, hex, strlen(hex) + 1);
	return STATUS_OK;
}

/* Those that are there now and not known yet. */
static enum status add_listed(struct packset *s, struct error *e)
{
	struct pack_list l = {NULL, 0, 0};
	size_t known = s->len;
	enum status st = packs_list(&l, s->repo, e);

	for (size_t i = 0; i < l.len && !st; i++) {
		if (known && is_known(s, l.packs[i].hex))
			continue;
		st = add_pack(s, l.packs[i].hex);
		if (st)
			st = error_set(e, st, "no memory to look through packs");
	}
	packs_clear(&l);
	return st;
}

enum status packset_open(struct packset *out, struct repo *r, struct error *e)
{
	struct packset s = {.repo = r};
	enum status st = add_listed(&s, e);

	if (st) {
		packset_close(&s);
		return st;
	}
	*out = s;
	return STATUS_OK;
}

void packset_close(struct packset *s)
{
	for (size_t i = 0; i < s->len; i++)
		packfile_close(&s->packs[i].file);
	free(s->packs);
	*s = (struct packset){.repo = NULL};
}

/* *missing: it was joined into another pack. A pack that is damaged in its frame is left to libgit2, which reads object
 * by object and says what is wrong. */
static enum status open_pack(bool *missing, struct packset *s, struct packset_pack *p, struct error *e)
{
	char hex[PACK_HEX_MAX + 1];
	enum status st = STATUS_OK;

	memcpy(hex, p->file.hex, sizeof(hex));
	st = packfile_open_idx(&p->file, s->repo, hex, e);
	if (!st)
		st = packfile_open_pack(&p->file, s->repo, e);
	if (!st) {
		p->open = true;
		return STATUS_OK;
	}
	packfile_close(&p->file);
	if (st != STATUS_NOT_FOUND && st != STATUS_CORRUPT)
		return st;
	p->gone = true;
	*missing = *missing || st == STATUS_NOT_FOUND;
	return STATUS_OK;
}

static enum status look_into(bool *found, bool *missing, struct packset_place *out, struct packset *s, size_t at,
			     const struct oid *id, struct error *e)
{
	struct packset_pack *p = &s->packs[at];
	enum status st = STATUS_OK;

	if (!p->open && !p->gone)
		st = open_pack(missing, s, p, e);
	*found = !st && p->open && packfile_find(&out->i, &p->file, id);
	if (*found)
		out->pack = (uint32_t)at;
	return st;
}

enum status packset_find(struct packset_place *out, struct packset *s, const struct oid *id, struct error *e)
{
	struct packset_place place = {0, 0};
	bool found = false, missing = false;
	size_t from = 0;
	enum status st = STATUS_OK;

	if (s->recent < s->len)
		st = look_into(&found, &missing, &place, s, s->recent, id, e);
	for (int listing = 0; listing < MAX_LISTINGS && !st && !found; listing++) {
		for (size_t at = from; at < s->len && !st && !found; at++)
			st = look_into(&found, &missing, &place, s, at, id, e);
		if (st || found || !missing)
			break;
		missing = false;
		from = s->len;
		st = add_listed(s, e);
	}
	if (st)
		return st;
	if (!found)
		return STATUS_NOT_FOUND;
	s->recent = place.pack;
	*out = place;
	return STATUS_OK;
}

enum status packset_open_all(struct packset *s, struct error *e)
{
	enum status st = STATUS_OK;
	bool missing = true;
	size_t at = 0;

	for (int listing = 0; listing < MAX_LISTINGS && missing && !st; listing++) {
		if (listing > 0)
			st = add_listed(s, e);
		missing = false;
		for (; at < s->len && !st; at++) {
			if (!s->packs[at].open && !s->packs[at].gone)
				st = open_pack(&missing, s, &s->packs[at], e);
		}
	}
	return st;
}
