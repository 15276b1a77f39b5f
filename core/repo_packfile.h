/* core/repo_packfile.h - the bytes of packs: mapped for reading with their index, and written one entry after the other.
 * For what copies objects as they are stored; all else reads through libgit2. Formats: gitformat-pack(5).
 *
 *     packfile_open_idx(); packfile_find(); packfile_open_pack(); pack_entry_read(); packfile_close();
 *     pack_stream_open(); pack_stream_put()...; pack_stream_end(); pack_stream_close();
 */
#ifndef QIP_CORE_REPO_PACKFILE_H
#define QIP_CORE_REPO_PACKFILE_H

#include "core/repo_internal.h"

#define PACK_START 12	   /* bytes before the first entry */
#define PACK_VARINT_MAX 10 /* bytes of a number */
#define PACK_PART_BYTES 8192 /* inflated or deflated at once */
#define PACK_OFS_DELTA 6
#define PACK_REF_DELTA 7

/* ---- core/repo_packfile.c: reading ---- */

struct mapped {
	const uint8_t *bytes;
	size_t len;
};

/* STATUS_NOT_FOUND; STATUS_CORRUPT when it is empty. */
enum status mapped_open(struct mapped *out, const char *path, struct error *e) MUST_CHECK;
void mapped_close(struct mapped *m);

/* A mapped file stays readable when its name is gone. */
struct packfile {
	char hex[PACK_HEX_MAX + 1];
	struct mapped idx, pack;
	uint32_t objects;
};

/* Map objects/pack/pack-<hex>.idx. STATUS_NOT_FOUND: it is gone, the pack was joined into another; STATUS_CORRUPT. */
enum status packfile_open_idx(struct packfile *out, struct repo *r, const char *hex, struct error *e) MUST_CHECK;
/* The same of an index anywhere; name: what to call the pack. */
enum status packfile_open_idx_at(struct packfile *out, const char *path, const char *name, struct error *e) MUST_CHECK;
/* Map the pack as well. STATUS_CORRUPT also when the index is another pack's. */
enum status packfile_open_pack(struct packfile *p, struct repo *r, struct error *e) MUST_CHECK;
enum status packfile_open_pack_at(struct packfile *p, const char *path, struct error *e) MUST_CHECK;
void packfile_close(struct packfile *p);

/* i: which in the order of ids, below `objects`. */
void packfile_id(struct oid *out, const struct packfile *p, uint32_t i);
uint32_t packfile_crc(const struct packfile *p, uint32_t i); /* of the whole entry, by CRC-32 */
/* Where the entry begins; with the pack open. 0: outside it, so the index is damaged. */
uint64_t packfile_offset(const struct packfile *p, uint32_t i);
bool packfile_find(uint32_t *i, const struct packfile *p, const struct oid *id);
/* "the pack <hex> is damaged", STATUS_CORRUPT */
enum status packfile_damaged(const struct packfile *p, struct error *e);

/* ---- core/repo_offsets.c: the objects of a pack by where they stand ---- */
struct pack_offset {
	uint64_t offset;
	uint32_t i; /* in the order of ids */
};
/* All of them, by offset; the caller frees *out. With the pack open. STATUS_CORRUPT. */
enum status packfile_offsets(struct pack_offset **out, const struct packfile *p, struct error *e) MUST_CHECK;

struct pack_entry {
	unsigned kind;	     /* enum repo_kind or a delta */
	uint64_t size;	     /* that `data` inflates to */
	uint64_t base_at;    /* of PACK_OFS_DELTA: where its base begins in the same pack */
	const uint8_t *base; /* of PACK_REF_DELTA: its base's id */
	const uint8_t *data; /* zlib stream */
	size_t data_len;     /* up to the `end` that was given */
};
/* The entry from start to at most end. STATUS_CORRUPT. */
enum status pack_entry_read(struct pack_entry *out, const struct packfile *p, uint64_t start, uint64_t end,
			    struct error *e) MUST_CHECK;

/* Append what its data inflates to, entry->size bytes. STATUS_CORRUPT. */
enum status pack_entry_inflate(struct buf *out, const struct pack_entry *entry, const struct packfile *p,
			       struct error *e) MUST_CHECK;

/* ---- core/repo_packset.c: all packs of a repository, searched ---- */

struct packset_pack {
	struct packfile file;
	bool open; /* index and pack */
	bool gone; /* joined into another since it was listed, or of a form that only libgit2 knows */
};

struct packset {
	struct repo *repo;
	struct packset_pack *packs; /* only ever grows */
	size_t len, cap;
	size_t recent; /* where something was found last */
};

/* Where an object is stored. */
struct packset_place {
	uint32_t pack; /* in packset.packs */
	uint32_t i;    /* in its index */
};

enum status packset_open(struct packset *out, struct repo *r, struct error *e) MUST_CHECK;
/* STATUS_NOT_FOUND: in none of the packs. Packs that are joined meanwhile make no difference. */
enum status packset_find(struct packset_place *out, struct packset *s, const struct oid *id,
			 struct error *e) MUST_CHECK;
/* Open what is there now, and of packs that are joined meanwhile what they become. */
enum status packset_open_all(struct packset *s, struct error *e) MUST_CHECK;
void packset_close(struct packset *s);

/* ---- core/repo_packstream.c: writing ---- */

size_t pack_put_head(uint8_t out[PACK_VARINT_MAX], unsigned kind, uint64_t size);
size_t pack_put_distance(uint8_t out[PACK_VARINT_MAX], uint64_t distance);

/* Append bytes as a zlib stream; kept open from one to the next. End with pack_deflater_close. */
struct pack_deflater {
	z_stream z;
	bool open;
};
enum status pack_deflate(struct buf *out, struct pack_deflater *d, const void *bytes, size_t len,
			 struct error *e) MUST_CHECK;
void pack_deflater_close(struct pack_deflater *d);

struct pack_stream {
	repo_sink sink; /* gets pieces of some 64 KiB; sets the error itself */
	void *ctx;
	struct sha1 *sum;
	uint64_t written; /* bytes put: where the next entry begins */
	struct buf pending;
	uint8_t hash[SHA1_LEN]; /* at the pack's end, once ended */
	struct error *e;
};

/* Begins with the pack's header. End with pack_stream_close, also on failure. */
enum status pack_stream_open(struct pack_stream *out, repo_sink sink, void *ctx, size_t objects,
			     struct error *e) MUST_CHECK;
enum status pack_stream_put(struct pack_stream *s, const void *bytes, size_t len) MUST_CHECK;
/* The hash at the end, and all that was still pending. */
enum status pack_stream_end(struct pack_stream *s) MUST_CHECK;
void pack_stream_close(struct pack_stream *s);

/* ---- core/repo_packwrite.c: a pack with its index on their way to the disk ----
 *
 *     pack_writer_open(); for each object { pack_writer_begin(); pack_writer_put()...; } pack_writer_keep(); pack_writer_close();
 */

/* Where an object of the pack begins, and the checksum of its entry. */
struct pack_place {
	uint32_t offset, crc;
};

/* A file under a name of its own, until it is moved to where readers look. */
struct pack_piece {
	char *path; /* owned; NULL once it is gone from there */
	int fd;
};

struct pack_writer {
	struct repo *repo;
	struct error *e;
	struct pack_piece pack, idx;
	struct pack_stream out;
	struct pack_place *places; /* by the object's place; offset 0 while it is not written */
	struct pack_place *current;
};

/* For so many objects. End with pack_writer_close, also on failure. */
enum status pack_writer_open(struct pack_writer *out, struct repo *r, size_t objects, struct error *e) MUST_CHECK;
/* The entry of the object with that place comes next. STATUS_TOO_BIG: an index of ours reaches 2 GiB. */
enum status pack_writer_begin(struct pack_writer *w, size_t place) MUST_CHECK;
enum status pack_writer_put(struct pack_writer *w, const void *bytes, size_t len) MUST_CHECK;
/* All objects are written: ids by their places. Durable and seen by readers on return; hex is the pack's name. */
enum status pack_writer_keep(char hex[2 * SHA1_LEN + 1], struct pack_writer *w, const struct oid *ids, size_t len) MUST_CHECK;
/* Deletes what is not kept. */
void pack_writer_close(struct pack_writer *w);

/* ---- core/repo_likeness.c: directories as what distinguishes them from others, while packs are joined ---- */

struct likeness;
struct likeness *likeness_open(void); /* NULL without memory */
void likeness_close(struct likeness *l);
/* Whether directories of that size are worth asking for. */
bool likeness_is_for(uint64_t size);
/* True: *delta is what makes the raw tree out of one that was asked for before, *base the place of that. place: how raw
 * will be called from now on. */
bool likeness_find(struct buf *delta, size_t *base, struct likeness *l, const uint8_t *raw, size_t len, size_t place);

/* ---- core/repo_alike.c: records as what distinguishes them from one that came before ---- */

#define ALIKE_STORED_MAX 256 /* bytes of a delta that are not worth compressing: what is left of a record are its ids and numbers */

/* True: *out is what makes bytes out of base, and less than half of them. */
bool alike_delta(struct buf *out, const void *base, size_t base_len, const void *bytes, size_t len);
/* Append at most ALIKE_STORED_MAX bytes as a zlib stream (RFC 1950) that holds them as they are. */
void alike_store(struct buf *out, const uint8_t *bytes, size_t len);

#endif
