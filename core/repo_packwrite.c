/* core/repo_packwrite.c - a pack and its index on their way to the disk, each written once and straight.
 *
 * Durable because: both are written and fsynced under names that no reader looks at, then renamed, the pack first since
 * readers go by the index, and then objects/pack is fsynced. Nothing may point to the objects before that. (3 fsyncs.)
 * Formats: gitformat-pack(5).
 */
#include "core/repo_packfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0444
#define PIECE_INIT                                                                                                     \
	{                                                                                                              \
		.fd = -1                                                                                               \
	}

static enum status no_memory(struct pack_writer *w)
{
	return error_set(w->e, STATUS_NOMEM, "no memory for a pack");
}

/* ---- files ---- */

static enum status piece_open(struct pack_piece *out, struct pack_writer *w)
{
	char *dir = path_join(w->repo->path, REPO_INCOMING), *path = dir ? path_join(dir, "XXXXXX") : NULL;
	enum status st = STATUS_OK;

	if (!path)
		st = no_memory(w);
	else if (mkdir(dir, 0700) && errno != EEXIST)
		st = error_set_errno(w->e, errno, "cannot make %s", dir);
	else if ((out->fd = mkostemp(path, O_CLOEXEC)) < 0)
		st = error_set_errno(w->e, errno, "cannot make a file in %s", dir);
	free(dir);
	if (st == STATUS_OK)
		out->path = path;
	else
		free(path);
	return st;
}

static enum status piece_write(struct pack_piece *p, const void *bytes, size_t len, struct error *e)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		ssize_t n = write(p->fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set_errno(e, n ? errno : EIO, "cannot write a pack to %s", p->path);
		at += n;
		len -= (size_t)n;
	}
	return STATUS_OK;
}

/* On the disk, closed, and under its final name. */
static enum status piece_keep(struct pack_piece *p, const char *to, struct error *e)
{
	if (rename(p->path, to))
		return error_set_errno(e, errno, "cannot move a pack to %s", to);
	free(p->path);
	p->path = NULL;
	return STATUS_OK;
}

/* On its way to the disk, with all that there is to know of the file: where the file system has a journal, the first fsync of the two then takes the other
 * file's entry along, and the second has no more to write there. A hint: failing is fsync's to tell. */
static enum status piece_end(struct pack_piece *p, struct error *e)
{
	if (fchmod(p->fd, FILE_MODE))
		return error_set_errno(e, errno, "cannot write a pack to %s", p->path);
	(void)sync_file_range(p->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return STATUS_OK;
}

static enum status piece_sync(struct pack_piece *p, struct error *e)
{
	int failed = fsync(p->fd) ? errno : 0;

	if (close(p->fd) && !failed)
		failed = errno;
	p->fd = -1;
	return failed ? error_set_errno(e, failed, "cannot write a pack to %s", p->path) : STATUS_OK;
}

static void piece_close(struct pack_piece *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	if (p->path)
		(void)unlink(p->path);
	free(p->path);
}

/* An id with its place, to be sorted. */
struct row {
	const struct oid *id;
	const struct pack_place *place;
};

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return memcmp(x->id->id, y->id->id, OID_LEN);
}

static void put32(struct buf *out, uint32_t n)
{
	const uint8_t bytes[] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	buf_add(out, bytes, sizeof(bytes));
}

static void put_rows(struct buf *out, const struct row *rows, size_t len)
{
	size_t below = 0;

	for (unsigned first = 0; first < 256; first++) {
		while (below < len && rows[below].id->id[0] <= first)
			below++;
		put32(out, (uint32_t)below);
	}
	for (size_t i = 0; i < len; i++)
		buf_add(out, rows[i].id->id, OID_LEN);
	for (size_t i = 0; i < len; i++)
		put32(out, rows[i].place->crc);
	for (size_t i = 0; i < len; i++)
		put32(out, rows[i].place->offset);
}

static enum status add_sum(struct buf *out, struct pack_writer *w)
{
	struct sha1 *sum = sha1_open();
	uint8_t bytes[SHA1_LEN];
	enum status st = sum && buf_ok(out) ? STATUS_OK : no_memory(w);

	if (st == STATUS_OK) {
		sha1_add(sum, out->data, out->len);
		st = sha1_finish(bytes, sum);
		if (st != STATUS_OK)
			(void)error_set(w->e, st, "a pack's index cannot be hashed");
	}
	if (st == STATUS_OK)
		buf_add(out, bytes, sizeof(bytes));
	sha1_close(sum);
	return st;
}

static enum status write_idx(struct pack_writer *w, const struct oid *ids, size_t len)
{
	static const uint8_t magic[] = {0xff, 't', 'O', 'c', 0, 0, 0, 2};
	struct row *rows = malloc(len * sizeof(*rows));
	struct buf out = BUF_INIT;
	enum status st = rows ? STATUS_OK : no_memory(w);

	for (size_t i = 0; i < len && rows; i++)
		rows[i] = (struct row){&ids[i], &w->places[i]};
	if (st == STATUS_OK) {
		qsort(rows, len, sizeof(*rows), compare_rows);
		buf_add(&out, magic, sizeof(magic));
		put_rows(&out, rows, len);
		buf_add(&out, w->out.hash, SHA1_LEN);
		st = add_sum(&out, w);
	}
	if (st == STATUS_OK && !buf_ok(&out))
		st = no_memory(w);
	if (st == STATUS_OK)
		st = piece_write(&w->idx, out.data, out.len, w->e);
	buf_clear(&out);
	free(rows);
	return st;
}

/* ---- both ---- */

static enum status to_pack(void *ctx, const void *bytes, size_t len)
{
	struct pack_writer *w = ctx;

	return piece_write(&w->pack, bytes, len, w->e);
}

enum status pack_writer_open(struct pack_writer *out, struct repo *r, size_t objects, struct error *e)
{
	enum status st = STATUS_OK;

	*out = (struct pack_writer){.repo = r, .e = e, .pack = PIECE_INIT, .idx = PIECE_INIT};
	out->places = calloc(objects ? objects : 1, sizeof(*out->places));
	if (!out->places)
		return no_memory(out);
	st = piece_open(&out->pack, out);
	return st == STATUS_OK ? pack_stream_open(&out->out, to_pack, out, objects, e) : st;
}

enum status pack_writer_begin(struct pack_writer *w, size_t place)
{
	if (w->out.written > INT32_MAX)
		return error_set(w->e, STATUS_TOO_BIG, "a pack may not have more than 2 GiB");
	w->current = &w->places[place];
	w->current->offset = (uint32_t)w->out.written;
	return STATUS_OK;
}

enum status pack_writer_put(struct pack_writer *w, const void *bytes, size_t len)
{
	w->current->crc = (uint32_t)crc32_z(w->current->crc, bytes, len);
	return pack_stream_put(&w->out, bytes, len);
}

static enum status move_in(struct pack_writer *w, const char *hex)
{
	char *pack = packs_path(w->repo, hex, "pack"), *idx = packs_path(w->repo, hex, "idx");
	char *dir = path_join(w->repo->path, "objects/pack");
	enum status st = pack && idx && dir ? STATUS_OK : no_memory(w);

	if (st == STATUS_OK)
		st = piece_keep(&w->pack, pack, w->e);
	if (st == STATUS_OK)
		st = piece_keep(&w->idx, idx, w->e);
	if (st == STATUS_OK)
		st = sync_path(dir, w->e);
	free(dir);
	free(pack);
	free(idx);
	return st;
}

enum status pack_writer_keep(char hex[2 * SHA1_LEN + 1], struct pack_writer *w, const struct oid *ids, size_t len)
{
	enum status st = pack_stream_end(&w->out);

	if (st == STATUS_OK)
		st = piece_open(&w->idx, w);
	if (st == STATUS_OK)
		st = write_idx(w, ids, len);
	if (st == STATUS_OK)
		st = piece_end(&w->idx, w->e);
	if (st == STATUS_OK)
		st = piece_end(&w->pack, w->e);
	if (st == STATUS_OK)
		st = piece_sync(&w->pack, w->e);
	if (st == STATUS_OK)
		st = piece_sync(&w->idx, w->e);
	hex_encode(hex, w->out.hash, SHA1_LEN);
	return st == STATUS_OK ? move_in(w, hex) : st;
}

void pack_writer_close(struct pack_writer *w)
{
	pack_stream_close(&w->out);
	piece_close(&w->pack);
	piece_close(&w->idx);
	free(w->places);
	*w = (struct pack_writer){.pack = PIECE_INIT, .idx = PIECE_INIT};
}
