/* client/blobs.c - see blobs.h. */
#include "client/blobs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/files.h"
#include "core/digest.h"

#define NAME_BYTES (SHA256_HEX_LEN + 32)

static bool is_there(const struct qip *q, const char *folder, const char *hex, const char *suffix)
{
	char name[NAME_BYTES];

	(void)snprintf(name, sizeof(name), "%s/%.64s%s", folder, hex, suffix);
	return faccessat(q->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool blobs_is_erased(const struct qip *q, const char *hex)
{
	return is_there(q, HOME_BLOBS, hex, BLOBS_ERASED);
}

bool blobs_has(const struct qip *q, const char *hex)
{
	return is_there(q, HOME_BLOBS, hex, "") || is_there(q, BLOBS_OUTBOX, hex, "");
}

static enum status name_of(char hex[SHA256_HEX_LEN + 1], const void *bytes, size_t len, struct error *e)
{
	uint8_t digest[SHA256_LEN];
	enum status st = sha256(digest, bytes, len);

	if (st != STATUS_OK)
		return error_set(e, st, "a hash cannot be computed");
	hex_encode(hex, digest, sizeof(digest));
	return STATUS_OK;
}

enum status blobs_put(char hex[SHA256_HEX_LEN + 1], struct qip *q, const void *sealed, size_t len, struct error *e)
{
	char name[NAME_BYTES];
	enum status st = name_of(hex, sealed, len, e);

	if (st == STATUS_OK && blobs_is_erased(q, hex))
		return error_set(e, STATUS_GONE, "%s was erased for good", hex);
	if (st != STATUS_OK || blobs_has(q, hex))
		return st;
	(void)snprintf(name, sizeof(name), BLOBS_OUTBOX "/%s", hex);
	st = files_make_dir(q->dir, BLOBS_OUTBOX, e);
	return st == STATUS_OK ? files_write(q->dir, name, sealed, len, 0600, e) : st;
}

/* Bytes that are not what the name says serve nobody. */
static enum status read_checked(struct buf *out, struct qip *q, const char *name, const char *hex, struct error *e)
{
	char found[SHA256_HEX_LEN + 1];
	size_t before = out->len;
	enum status st = files_read(out, q->dir, name, LIMIT_BLOB_BYTES, e);

	if (st == STATUS_OK)
		st = name_of(found, out->data + before, out->len - before, e);
	if (st != STATUS_OK || strcmp(found, hex) == 0)
		return st;
	out->len = before;
	(void)(files_remove(q->dir, name, NULL) == STATUS_OK);
	return error_set(e, STATUS_CORRUPT, "the sealed bytes %s are damaged here, and were put away: the next sync asks for them again", hex);
}

enum status blobs_get(struct buf *out, struct qip *q, const char *hex, struct error *e)
{
	static const char *const folders[] = {HOME_BLOBS, BLOBS_OUTBOX};
	enum status st = STATUS_NOT_FOUND;

	if (strlen(hex) != SHA256_HEX_LEN || strspn(hex, "0123456789abcdef") != SHA256_HEX_LEN)
		return error_set(e, STATUS_MALFORMED, "\"%.80s\" names no sealed bytes", hex);
	if (blobs_is_erased(q, hex))
		return error_set(e, STATUS_GONE, "it was erased for good");
	for (size_t i = 0; st == STATUS_NOT_FOUND && i < ARRAY_LEN(folders); i++) {
		char name[NAME_BYTES];

		(void)snprintf(name, sizeof(name), "%s/%s", folders[i], hex);
		st = read_checked(out, q, name, hex, e);
	}
	return st == STATUS_NOT_FOUND ? error_set(e, st, "the sealed bytes are not here yet: sync, and if that does not help, the kiosk that has them has not synced") : st;
}
