/* server/fsck_blobs.c - a practice's blobs, compared with their names. */
#include <stdio.h>
#include <string.h>

#include "server/fsck_internal.h"

struct reading {
	struct fsck *fsck;
	struct sha256 *hash; /* of the blob at hand; NULL: it went meanwhile */
};

static enum status begin_blob(void *ctx, const struct blob_id *id, enum store_blob_state state, uint64_t size, struct error *e)
{
	struct reading *r = ctx;

	(void)id;
	(void)size;
	if (state != STORE_BLOB_HERE)
		return STATUS_OK;
	r->hash = sha256_open();
	return r->hash ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status add_bytes(void *ctx, const void *bytes, size_t len, struct error *e)
{
	struct reading *r = ctx;

	(void)e;
	sha256_add(r->hash, bytes, len);
	return STATUS_OK;
}

static enum status check_blob(void *ctx, const struct blob_id *id, uint64_t size, struct error *e)
{
	struct reading *r = ctx;
	const struct store_blob_sink sink = {.blob = begin_blob, .bytes = add_bytes, .ctx = r};
	uint8_t hash[SHA256_LEN];
	char hex[SHA256_HEX_LEN + 1];
	struct error why = {STATUS_OK, ""};
	enum status st = store_blob_get_many(r->fsck->practice->history, id, 1, LIMIT_BLOB_BYTES, &sink, &why);

	(void)size;
	(void)e;
	hex_encode(hex, id->sha256, sizeof(id->sha256));
	if (st != STATUS_OK)
		fsck_tell(r->fsck, true, "blob %s cannot be read: %s", hex, why.text);
	else if (r->hash && (sha256_finish(hash, r->hash) != STATUS_OK || memcmp(hash, id->sha256, sizeof(hash)) != 0))
		fsck_tell(r->fsck, true, "blob %s is not what its name says; take it from a backup", hex);
	r->fsck->out->blobs++;
	sha256_close(r->hash);
	r->hash = NULL;
	return STATUS_OK;
}

void fsck_check_blobs(struct fsck *f)
{
	struct reading r = {.fsck = f};
	struct error e = {STATUS_OK, ""};

	if (store_blob_each(f->practice->history, check_blob, &r, &e) != STATUS_OK)
		fsck_tell(f, true, "blobs cannot be listed: %s", e.text);
}
