/* core/repo_reached.c - what a commit reaches, written down, so that a clone of it all need not read every directory of a
 * history again: only what came since is walked.
 *
 * The file "reached" in the repository: magic, the commit's id, how many ids, the ids, CRC-32 of all before. Whatever is
 * wrong with it, it is as if there were none; so it is neither fsynced nor missed. It tells nothing that its commit does
 * not reach, and is used for that commit's descendants alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/repo_packfile.h"

#define FILE_NAME "reached"
#define MAGIC "QIPRCH1\n"
#define MAGIC_LEN (sizeof(MAGIC) - 1)
#define COUNT_AT (MAGIC_LEN + OID_LEN)
#define IDS_AT (COUNT_AT + 4)
#define CRC_LEN 4
#define RENEW_SHARE 8 /* a new one when an eighth as many objects came */

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_be32(uint8_t *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t crc_of(uint32_t crc, const uint8_t *bytes, size_t len)
{
	for (size_t at = 0; at < len; at += INT_MAX)
		crc = (uint32_t)crc32(crc, bytes + at, (uInt)(len - at < INT_MAX ? len - at : INT_MAX));
	return crc;
}

/* False: there is none that could be right. */
static bool map_note(struct mapped *out, const struct repo *r)
{
	char *path = path_join(r->path, FILE_NAME);
	bool found = path && mapped_open(out, path, NULL) == STATUS_OK;

	free(path);
	if (found && (out->len < IDS_AT + CRC_LEN || memcmp(out->bytes, MAGIC, MAGIC_LEN) != 0 ||
		      (out->len - IDS_AT - CRC_LEN) / OID_LEN != be32(out->bytes + COUNT_AT) ||
		      (out->len - IDS_AT - CRC_LEN) % OID_LEN != 0)) {
		mapped_close(out);
		return false;
	}
	return found;
}

static bool is_intact(const struct mapped *note)
{
	return crc_of(0, note->bytes, note->len - CRC_LEN) == be32(note->bytes + note->len - CRC_LEN);
}

static enum status read_ids(struct oid_map *out, const struct mapped *note, struct error *e)
{
	size_t count = be32(note->bytes + COUNT_AT), place = 0;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < count && !st; i++) {
		struct oid id;

		memcpy(id.id, note->bytes + IDS_AT + i * OID_LEN, OID_LEN);
		st = oid_map_add(&place, NULL, out, &id);
	}
	return st ? error_set(e, st, "no memory to go through a history") : STATUS_OK;
}

/* The note's commit is no more than what one of these reaches. */
static bool leads_to(struct repo *r, const struct oid *commit, const struct oid *tips, size_t tips_len)
{
	bool found = false;

	for (size_t i = 0; i < tips_len && !found; i++)
		found = repo_has(r, commit) && repo_is_ancestor(&found, r, commit, &tips[i], NULL) == STATUS_OK && found;
	return found;
}

enum status reached_read(struct oid *commit, struct oid_map *out, struct repo *r, const struct oid *tips, size_t tips_len,
			 struct error *e)
{
	struct mapped note = {NULL, 0};
	struct oid at;
	enum status st = STATUS_NOT_FOUND;

	if (!map_note(&note, r))
		return st;
	memcpy(at.id, note.bytes + MAGIC_LEN, OID_LEN);
	if (is_intact(&note) && leads_to(r, &at, tips, tips_len))
		st = read_ids(out, &note, e);
	mapped_close(&note);
	if (st == STATUS_OK)
		*commit = at;
	return st;
}

/* ---- writing ---- */

/* By the number of objects stored, which tells nothing of what is reached, but how much came. */
static bool is_due(struct repo *r)
{
	struct pack_list l = {NULL, 0, 0};
	struct mapped note = {NULL, 0};
	uint64_t stored = 0, noted = 0;
	bool due = packs_list(&l, r, NULL) == STATUS_OK;

	for (size_t i = 0; i < l.len; i++)
		stored += l.packs[i].objects;
	packs_clear(&l);
	if (map_note(&note, r))
		noted = be32(note.bytes + COUNT_AT);
	mapped_close(&note);
	return due && stored > noted + noted / RENEW_SHARE;
}

static enum status write_note(FILE *f, const struct oid *tip, const struct oid_map *ids)
{
	uint8_t head[IDS_AT] = MAGIC, tail[CRC_LEN];
	uint32_t crc = 0;

	memcpy(head + MAGIC_LEN, tip->id, OID_LEN);
	put_be32(head + COUNT_AT, (uint32_t)ids->len);
	crc = crc_of(crc_of(0, head, sizeof(head)), (const uint8_t *)ids->keys, ids->len * OID_LEN);
	put_be32(tail, crc);
	if (fwrite(head, sizeof(head), 1, f) != 1 || fwrite(ids->keys, OID_LEN, ids->len, f) != ids->len ||
	    fwrite(tail, sizeof(tail), 1, f) != 1)
		return STATUS_IO;
	return STATUS_OK;
}

static enum status replace_note(const struct repo *r, const struct oid *tip, const struct oid_map *ids, struct error *e)
{
	char *path = path_join(r->path, FILE_NAME), *fresh = path_join(r->path, FILE_NAME ".new");
	FILE *f = path && fresh ? fopen(fresh, "we") : NULL;
	enum status st = STATUS_OK;

	if (!path || !fresh)
		st = error_set(e, STATUS_NOMEM, "no memory to note what is reached");
	else if (!f || write_note(f, tip, ids))
		st = error_set_errno(e, errno, "cannot write %s", fresh);
	if (f && fclose(f) && !st)
		st = error_set_errno(e, errno, "cannot write %s", fresh);
	if (!st && rename(fresh, path))
		st = error_set_errno(e, errno, "cannot replace %s", path);
	if (st && fresh)
		(void)unlink(fresh);
	free(path);
	free(fresh);
	return st;
}

enum status repo_note_reached(struct repo *r, const struct oid *tip, struct error *e)
{
	struct closure c = {.repo = r, .e = e};
	struct repo_span span = {.wants = tip, .wants_len = 1};
	enum status st = STATUS_OK;

	if (!is_due(r))
		return STATUS_OK;
	st = closure_whole(&c, &span);
	if (!st)
		st = replace_note(r, tip, &c.seen, e);
	oid_map_clear(&c.seen);
	return st;
}
