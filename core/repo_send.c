/* core/repo_send.c - a difference between two histories as a pack, over the wire. Enters: what the other side wants and
 * has. Leaves: the bytes of a pack.
 *
 * Objects are copied as they are stored. A delta is copied when its base stands before it in the pack, which keeps the
 * chains free of circles whatever the packs were, too; otherwise the object is expanded. So is what is in no pack:
 * staged, loose, or in a form that only libgit2 reads. Nothing of an object but its entry is in memory at a time, beside
 * some 70 bytes for each object, and for a moment 32 for each of the largest pack's.
 *
 * A copied entry must have the checksum that the index tells, so damage is not handed on; what is expanded is hashed.
 */
#include <stdlib.h>
#include <string.h>

#include "core/repo_packfile.h"

/* From so many objects on, packs of up to so many times as many are gone through from one end to the other: each object is then found without
 * a search, and where an entry ends is where the next begins. What is sent of larger ones is searched for one by one. */
#define SWEEP_MIN 256
#define SWEEP_SHARE 4
#define OFFSET_BITS 44 /* 16 TiB */
#define INFLATE_BYTES 16384
#define INFLATE_MAX ((size_t)1 << 30) /* zlib counts in unsigned int */

struct stored {
	uint64_t at;	 /* pack << OFFSET_BITS | offset */
	uint64_t end;	 /* of the entry; 0: not known */
	uint32_t object; /* in send.ids */
	uint32_t i;	 /* in the pack's index */
};

struct send {
	struct repo *repo;
	struct error *e;
	repo_sink sink;
	void *ctx;
	bool ofs_delta;
	struct oid_map ids; /* borrowed */
	uint64_t *written; /* parallel to ids.keys: where it stands in what is sent; 0 while it does not */
	struct packset packs;
	struct stored *stored; /* sorted by where they are */
	size_t stored_len;
	bool *found; /* parallel to ids.keys: it is among those stored */
	struct pack_stream out;
	struct pack_deflater deflater;
	struct buf packed;
	z_stream inflater;
	bool inflates; /* it was begun */
};

static enum status no_memory(struct send *s)
{
	return error_set(s->e, STATUS_NOMEM, "no memory to pack a history");
}

static enum status give_sink(void *ctx, const void *bytes, size_t len)
{
	struct send *s = ctx;
	enum status st = s->sink(s->ctx, bytes, len);

	return st ? error_set(s->e, st, "the pack could not be sent: %s", status_text(st)) : STATUS_OK;
}

/* ---- where everything is ---- */

static int compare_stored(const void *a, const void *b)
{
	const struct stored *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Nothing is sent before each object was found somewhere. */
static enum status locate(struct send *s, uint32_t object)
{
	struct packset_place place = {0, 0};
	enum repo_kind kind = REPO_BLOB;
	uint64_t offset = 0;
	size_t size = 0;
	enum status st = packset_find(&place, &s->packs, &s->ids.keys[object], s->e);

	if (st == STATUS_NOT_FOUND)
		return repo_stat(&kind, &size, s->repo, &s->ids.keys[object], s->e);
	if (st)
		return st;
	offset = packfile_offset(&s->packs.packs[place.pack].file, place.i);
	if (offset == 0 || offset >> OFFSET_BITS)
		return packfile_damaged(&s->packs.packs[place.pack].file, s->e);
	s->stored[s->stored_len++] =
		(struct stored){(uint64_t)place.pack << OFFSET_BITS | offset, 0, object, place.i};
	return STATUS_OK;
}

/* Those of the pack that are wanted and stand in none before it, by where they are. */
static void take_from(struct send *s, uint64_t pack, const struct pack_offset *offsets)
{
	const struct packfile *p = &s->packs.packs[pack].file;

	for (uint32_t k = 0; k < p->objects; k++) {
		uint64_t end = k + 1 < p->objects ? offsets[k + 1].offset : p->pack.len - OID_LEN;
		size_t object = OID_MAP_NONE;
		struct oid id;

		packfile_id(&id, p, offsets[k].i);
		object = oid_map_find(&s->ids, &id);
		if (object == OID_MAP_NONE || s->found[object])
			continue;
		s->found[object] = true;
		s->stored[s->stored_len++] =
			(struct stored){pack << OFFSET_BITS | offsets[k].offset, end, (uint32_t)object, offsets[k].i};
	}
}

static enum status sweep(struct send *s)
{
	enum status st = packset_open_all(&s->packs, s->e);

	for (size_t at = 0; at < s->packs.len && !st; at++) {
		const struct packset_pack *p = &s->packs.packs[at];
		struct pack_offset *offsets = NULL;

		if (!p->open || p->file.objects / SWEEP_SHARE > s->ids.len || (uint64_t)p->file.pack.len >> OFFSET_BITS)
			continue;
		st = packfile_offsets(&offsets, &p->file, s->e);
		if (!st)
			take_from(s, at, offsets);
		free(offsets);
	}
	return st;
}

static enum status locate_all(struct send *s)
{
	size_t swept = 0;
	enum status st = packset_open(&s->packs, s->repo, s->e);

	if (st)
		return st;
	s->stored = malloc((s->ids.len + 1) * sizeof(*s->stored));
	s->written = calloc(s->ids.len + 1, sizeof(*s->written));
	s->found = calloc(s->ids.len + 1, sizeof(*s->found));
	if (!s->stored || !s->written || !s->found)
		return no_memory(s);
	if (s->ids.len >= SWEEP_MIN)
		st = sweep(s);
	swept = s->stored_len;
	for (size_t i = 0; i < s->ids.len && !st; i++) {
		if (!s->found[i])
			st = locate(s, (uint32_t)i);
	}
	if (s->stored_len > swept)
		qsort(s->stored, s->stored_len, sizeof(*s->stored), compare_stored);
	return st;
}

/* ---- where an entry ends ---- */

/* Of a pack of which little is sent, so that a few new objects cost the same in any pack: inflate the entry and see. */
static enum status inflated_end(uint64_t *end, struct send *s, const struct packfile *p, uint64_t start)
{
	uint64_t last = p->pack.len - OID_LEN;
	struct pack_entry entry;
	uint8_t forget[INFLATE_BYTES];
	int rc = Z_OK;
	enum status st = pack_entry_read(&entry, p, start, last, s->e);

	if (st)
		return st;
	if ((s->inflates ? inflateReset(&s->inflater) : inflateInit(&s->inflater)) != Z_OK)
		return no_memory(s);
	s->inflates = true;
	s->inflater.next_in = (Bytef *)(uintptr_t)entry.data; /* zlib only reads it */
	s->inflater.avail_in = (uInt)(entry.data_len < INFLATE_MAX ? entry.data_len : INFLATE_MAX);
	while (rc == Z_OK) {
		s->inflater.next_out = forget;
		s->inflater.avail_out = sizeof(forget);
		rc = inflate(&s->inflater, Z_NO_FLUSH);
	}
	if (rc != Z_STREAM_END)
		return packfile_damaged(p, s->e);
	*end = start + (uint64_t)(s->inflater.next_in - (p->pack.bytes + start));
	return STATUS_OK;
}

/* ---- one object ---- */

static enum status put_deflated(struct send *s, unsigned kind, const void *bytes, size_t len)
{
	uint8_t head[PACK_VARINT_MAX];
	enum status st = STATUS_OK;

	buf_reset(&s->packed);
	st = pack_deflate(&s->packed, &s->deflater, bytes, len, s->e);
	if (!st)
		st = pack_stream_put(&s->out, head, pack_put_head(head, kind, len));
	return st ? st : pack_stream_put(&s->out, s->packed.data, s->packed.len);
}

static enum status put_expanded(struct send *s, uint32_t object)
{
	git_odb_object *content = NULL;
	char hex[OID_HEX_LEN + 1];
	uint64_t here = s->out.written;
	enum status st = STATUS_OK;
	int rc = git_odb_read(&content, s->repo->odb, git_id(&s->ids.keys[object]));

	oid_hex(hex, &s->ids.keys[object]);
	if (rc)
		return git_failed(s->e, rc, "cannot read object %s", hex);
	s->repo->reads++;
	st = put_deflated(s, (unsigned)git_odb_object_type(content), git_odb_object_data(content),
			  git_odb_object_size(content));
	git_odb_object_free(content);
	s->written[object] = here;
	return st;
}

/* The object that a delta is made against, if it stands in what was sent already; OID_MAP_NONE. */
static size_t sent_base(const struct send *s, const struct stored *stored, const struct pack_entry *entry)
{
	size_t object = OID_MAP_NONE;
	struct oid id;

	if (entry->kind == PACK_REF_DELTA) {
		memcpy(id.id, entry->base, OID_LEN);
		object = oid_map_find(&s->ids, &id);
	} else {
		const struct stored key = {.at = stored->at >> OFFSET_BITS << OFFSET_BITS | entry->base_at};
		const struct stored *found =
			bsearch(&key, s->stored, s->stored_len, sizeof(key), compare_stored);

		object = found ? found->object : OID_MAP_NONE;
	}
	return object != OID_MAP_NONE && s->written[object] ? object : OID_MAP_NONE;
}

static enum status put_delta(struct send *s, const struct pack_entry *entry, size_t base)
{
	unsigned kind = s->ofs_delta ? PACK_OFS_DELTA : PACK_REF_DELTA;
	uint64_t here = s->out.written;
	uint8_t head[2 * PACK_VARINT_MAX];
	size_t len = pack_put_head(head, kind, entry->size);
	enum status st = STATUS_OK;

	if (s->ofs_delta)
		len += pack_put_distance(head + len, here - s->written[base]);
	st = pack_stream_put(&s->out, head, len);
	if (!st && !s->ofs_delta)
		st = pack_stream_put(&s->out, s->ids.keys[base].id, OID_LEN);
	return st ? st : pack_stream_put(&s->out, entry->data, entry->data_len);
}

static bool is_intact(const struct packfile *p, const struct stored *stored, const uint8_t *bytes, size_t len)
{
	uLong crc = crc32(0, NULL, 0);

	for (size_t at = 0; at < len; at += INFLATE_MAX)
		crc = crc32(crc, bytes + at, (uInt)(len - at < INFLATE_MAX ? len - at : INFLATE_MAX));
	return crc == packfile_crc(p, stored->i);
}

static enum status put_stored(struct send *s, const struct packfile *p, const struct stored *stored)
{
	uint64_t start = stored->at & ((UINT64_C(1) << OFFSET_BITS) - 1), end = stored->end, here = s->out.written;
	const uint8_t *bytes = p->pack.bytes + start;
	struct pack_entry entry;
	size_t base = OID_MAP_NONE;
	enum status st = STATUS_OK;

	if (end == 0)
		st = inflated_end(&end, s, p, start);
	if (!st)
		st = pack_entry_read(&entry, p, start, end, s->e);
	if (!st && !is_intact(p, stored, bytes, (size_t)(end - start)))
		st = packfile_damaged(p, s->e);
	if (st)
		return st;
	if (entry.kind == PACK_OFS_DELTA || entry.kind == PACK_REF_DELTA) {
		base = sent_base(s, stored, &entry);
		st = base == OID_MAP_NONE ? put_expanded(s, stored->object) : put_delta(s, &entry, base);
	} else {
		st = pack_stream_put(&s->out, bytes, (size_t)(end - start));
	}
	s->written[stored->object] = here;
	return st;
}

/* ---- all ---- */

static enum status put_all(struct send *s)
{
	enum status st = pack_stream_open(&s->out, give_sink, s, s->ids.len, s->e);

	for (size_t i = 0; i < s->stored_len && !st; i++)
		st = put_stored(s, &s->packs.packs[s->stored[i].at >> OFFSET_BITS].file, &s->stored[i]);
	for (size_t i = 0; i < s->ids.len && s->stored_len < s->ids.len && !st; i++) {
		if (s->written[i] == 0)
			st = put_expanded(s, (uint32_t)i);
	}
	return st ? st : pack_stream_end(&s->out);
}

static void send_clear(struct send *s)
{
	pack_deflater_close(&s->deflater);
	buf_clear(&s->packed);
	if (s->inflates)
		(void)inflateEnd(&s->inflater);
	pack_stream_close(&s->out);
	packset_close(&s->packs);
	free(s->stored);
	free(s->written);
	free(s->found);
}

enum status pack_send_objects(struct repo *r, const struct oid_map *ids, bool ofs_delta, repo_sink sink, void *ctx,
			      struct error *e)
{
	struct send s = {.repo = r, .e = e, .sink = sink, .ctx = ctx, .ofs_delta = ofs_delta, .ids = *ids};
	enum status st = locate_all(&s);

	if (!st)
		st = put_all(&s);
	send_clear(&s);
	return st;
}

enum status repo_pack_send_span(struct repo *r, const struct repo_span *span, repo_sink sink, void *ctx,
				uint32_t *objects, struct error *e)
{
	struct closure c = {.repo = r, .e = e};
	enum status st = closure_whole(&c, span);

	if (!st)
		st = pack_send_objects(r, &c.seen, span->ofs_delta, sink, ctx, e);
	if (!st && objects)
		*objects = (uint32_t)c.seen.len;
	oid_map_clear(&c.seen);
	return st;
}

enum status repo_pack_send(struct repo *r, const struct oid *wants, size_t wants_len, const struct oid *haves,
			   size_t haves_len, repo_sink sink, void *ctx, uint32_t *objects, struct error *e)
{
	const struct repo_span span = {
		.wants = wants, .wants_len = wants_len, .haves = haves, .haves_len = haves_len, .ofs_delta = true};

	return repo_pack_send_span(r, &span, sink, ctx, objects, e);
}
