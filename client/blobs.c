/* client/blobs.c - see blobs.h. */
#include "client/blobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/files.h"
#include "core/digest.h"

#define NAME_BYTES (SHA256_HEX_LEN + 32)
#define DAMAGED ".damaged"

bool blobs_is_name(const char *text)
{
	return strlen(text) == SHA256_HEX_LEN && strspn(text, "0123456789abcdef") == SHA256_HEX_LEN;
}

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
	return is_there(q, HOME_BLOBS, hex, "") || is_there(q, HOME_OUTBOX, hex, "");
}

enum status blobs_make_outbox(struct qip *q, struct error *e)
{
	enum status st = STATUS_OK;

	if (faccessat(q->dir, HOME_OUTBOX, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return STATUS_OK;
	if (home_is_kiosk(q) && renameat(q->dir, HOME_BLOBS, q->dir, HOME_OUTBOX) != 0 && errno != ENOENT)
		return error_set_errno(e, errno, "cannot make %s/" HOME_OUTBOX, q->path);
	st = files_make_dir(q->dir, HOME_OUTBOX, e);
	if (st == STATUS_OK)
		st = files_make_dir(q->dir, HOME_BLOBS, e);
	return st == STATUS_OK ? files_sync_folder(q->dir, ".", e) : st;
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
	(void)snprintf(name, sizeof(name), HOME_OUTBOX "/%s", hex);
	st = blobs_make_outbox(q, e);
	return st == STATUS_OK ? files_write(q->dir, name, sealed, len, 0600, e) : st;
}

static void path_of(char out[NAME_BYTES], const char *folder, const char *hex, const char *suffix)
{
	(void)snprintf(out, NAME_BYTES, "%s/%.64s%s", folder, hex, suffix);
}

/* Bytes that are not what the name says serve nobody. Of those that no server has, what is left stays for hands. */
static enum status put_away(struct qip *q, const char *folder, const char *hex, struct error *e)
{
	char name[NAME_BYTES], aside[NAME_BYTES];

	path_of(name, folder, hex, "");
	if (strcmp(folder, HOME_OUTBOX) != 0) {
		(void)(files_remove(q->dir, name, NULL) == STATUS_OK);
		(void)(files_remove(q->dir, HOME_WANTED, NULL) == STATUS_OK); /* which says that it came */
		return error_set(e, STATUS_CORRUPT, "the sealed bytes %s are damaged here, and were put away: the next sync asks for them again", hex);
	}
	path_of(aside, folder, hex, DAMAGED);
	(void)renameat(q->dir, name, q->dir, aside);
	return error_set(e, STATUS_CORRUPT, "the sealed bytes %s are damaged before they reached the server: the card or disk of this device is failing", hex);
}

static enum status read_checked(struct buf *out, struct qip *q, const char *folder, const char *hex, struct error *e)
{
	char found[SHA256_HEX_LEN + 1], name[NAME_BYTES];
	size_t before = out->len;
	enum status st = STATUS_OK;

	path_of(name, folder, hex, "");
	st = files_read(out, q->dir, name, LIMIT_BLOB_BYTES, e);
	if (st == STATUS_OK)
		st = name_of(found, out->data + before, out->len - before, e);
	if (st != STATUS_OK || strcmp(found, hex) == 0)
		return st;
	out->len = before;
	return put_away(q, folder, hex, e);
}

enum status blobs_get(struct buf *out, struct qip *q, const char *hex, struct error *e)
{
	static const char *const folders[] = {HOME_BLOBS, HOME_OUTBOX};
	enum status st = STATUS_NOT_FOUND;

	if (!blobs_is_name(hex))
		return error_set(e, STATUS_MALFORMED, "\"%.80s\" names no sealed bytes", hex);
	if (blobs_is_erased(q, hex))
		return error_set(e, STATUS_GONE, "it was erased for good");
	for (size_t i = 0; st == STATUS_NOT_FOUND && i < ARRAY_LEN(folders); i++)
		st = read_checked(out, q, folders[i], hex, e);
	return st == STATUS_NOT_FOUND ? error_set(e, st, "the sealed bytes are not here yet: sync, and if that does not help, the kiosk that has them has not synced") : st;
}

/* ---- at the server ---- */

static void set_time(const struct qip *q, const char *name, int64_t at_ms)
{
	const struct timespec at = {.tv_sec = (time_t)(at_ms / 1000), .tv_nsec = (long)(at_ms % 1000) * 1000000};

	(void)utimensat(q->dir, name, (const struct timespec[2]){at, at}, AT_SYMLINK_NOFOLLOW); /* else it is sent, or goes, at another time */
}

static enum status move(struct qip *q, const char *hex, const char *from, const char *to, struct error *e)
{
	char before[NAME_BYTES], after[NAME_BYTES];

	path_of(before, from, hex, "");
	path_of(after, to, hex, "");
	if (renameat(q->dir, before, q->dir, after) != 0 && errno != ENOENT)
		return error_set_errno(e, errno, "cannot move %s/%s", q->path, before);
	return STATUS_OK;
}

enum status blobs_keep(struct qip *q, const char *hex, const void *sealed, size_t len, int64_t now_ms, struct error *e)
{
	char found[SHA256_HEX_LEN + 1], name[NAME_BYTES];
	enum status st = name_of(found, sealed, len, e);

	if (st == STATUS_OK && strcmp(found, hex) != 0)
		return error_set(e, STATUS_UNTRUSTED, "the server gave other bytes than %s: nothing of them was kept", hex);
	if (st == STATUS_OK && blobs_is_erased(q, hex))
		return error_set(e, STATUS_GONE, "%s was erased for good", hex);
	path_of(name, HOME_BLOBS, hex, "");
	if (st == STATUS_OK)
		st = files_make_dir(q->dir, HOME_BLOBS, e);
	if (st == STATUS_OK)
		st = files_write(q->dir, name, sealed, len, 0600, e);
	if (st == STATUS_OK)
		set_time(q, name, now_ms);
	return st;
}

/* A power cut may bring it back into outbox/, from where it is sent once more. */
enum status blobs_arrived(struct qip *q, const char *hex, int64_t now_ms, struct error *e)
{
	char name[NAME_BYTES];
	enum status st = files_make_dir(q->dir, HOME_BLOBS, e);

	path_of(name, HOME_OUTBOX, hex, "");
	set_time(q, name, now_ms);
	return st == STATUS_OK ? move(q, hex, HOME_OUTBOX, HOME_BLOBS, e) : st;
}

void blobs_put_off(struct qip *q, const char *hex, int64_t now_ms)
{
	char name[NAME_BYTES];

	path_of(name, HOME_OUTBOX, hex, "");
	set_time(q, name, now_ms);
}

enum status blobs_drop(struct qip *q, const char *hex, struct error *e)
{
	char name[NAME_BYTES];

	if (!blobs_is_name(hex))
		return error_set(e, STATUS_MALFORMED, "\"%.80s\" names no sealed bytes", hex);
	path_of(name, HOME_OUTBOX, hex, "");
	return files_remove(q->dir, name, e);
}

enum status blobs_erase(struct qip *q, const char *hex, struct error *e)
{
	char mark[NAME_BYTES], name[NAME_BYTES];
	enum status st = blobs_is_name(hex) ? files_make_dir(q->dir, HOME_BLOBS, e) : error_set(e, STATUS_MALFORMED, "\"%.80s\" names no sealed bytes", hex);

	path_of(mark, HOME_BLOBS, hex, BLOBS_ERASED);
	if (st == STATUS_OK && !blobs_is_erased(q, hex))
		st = files_write(q->dir, mark, "", 0, 0600, e);
	path_of(name, HOME_BLOBS, hex, "");
	if (st == STATUS_OK)
		st = files_remove(q->dir, name, e);
	path_of(name, HOME_OUTBOX, hex, "");
	if (st == STATUS_OK)
		st = files_remove(q->dir, name, e);
	path_of(name, HOME_OUTBOX, hex, DAMAGED);
	return st == STATUS_OK ? files_remove(q->dir, name, e) : st;
}

/* ---- many ---- */

enum status blobs_named(const cJSON *record, blobs_named_visit visit, void *ctx, struct error *e)
{
	const cJSON *member = NULL;
	const char *hex = json_get(record, "size") ? json_string(record, "sha256") : NULL;
	enum status st = hex && blobs_is_name(hex) ? visit(ctx, hex, e) : STATUS_OK;

	cJSON_ArrayForEach(member, record)
	{
		if (st == STATUS_OK && (cJSON_IsObject(member) || cJSON_IsArray(member)))
			st = blobs_named(member, visit, ctx, e);
	}
	return st;
}

enum status blobs_each(struct qip *q, const char *folder, blobs_visit visit, void *ctx, struct error *e)
{
	int fd = openat(q->dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry = NULL;
	enum status st = STATUS_OK;

	if (fd < 0 && errno == ENOENT)
		return STATUS_OK;
	if (!d) {
		st = error_set_errno(e, errno, "cannot read %s/%s", q->path, folder);
		if (fd >= 0)
			(void)close(fd);
		return st;
	}
	while (st == STATUS_OK && (entry = readdir(d)) != NULL) {
		struct stat s;

		if (blobs_is_name(entry->d_name) && fstatat(fd, entry->d_name, &s, AT_SYMLINK_NOFOLLOW) == 0)
			st = visit(ctx, entry->d_name, (int64_t)s.st_mtim.tv_sec * 1000 + s.st_mtim.tv_nsec / 1000000, e);
	}
	(void)closedir(d);
	return st;
}

struct aging {
	struct qip *q;
	int64_t now_ms;
};

static enum status send_again(void *ctx, const char *hex, int64_t at_ms, struct error *e)
{
	struct aging *a = ctx;

	return a->now_ms - at_ms < LIMIT_KEEP_RECEIPTED_MS ? move(a->q, hex, HOME_BLOBS, HOME_OUTBOX, e) : STATUS_OK;
}

/* Durable before anything else of the restore is: who is cut off in between would never send it. */
enum status blobs_send_again(struct qip *q, int64_t now_ms, struct error *e)
{
	struct aging a = {.q = q, .now_ms = now_ms};
	enum status st = blobs_make_outbox(q, e);

	if (st == STATUS_OK)
		st = blobs_each(q, HOME_BLOBS, send_again, &a, e);
	if (st == STATUS_OK)
		st = files_sync_folder(q->dir, HOME_OUTBOX, e);
	return st == STATUS_OK ? files_sync_folder(q->dir, HOME_BLOBS, e) : st;
}

static enum status drop_old(void *ctx, const char *hex, int64_t at_ms, struct error *e)
{
	const struct aging *a = ctx;
	char name[NAME_BYTES];

	(void)e;
	path_of(name, HOME_BLOBS, hex, "");
	if (a->now_ms - at_ms >= LIMIT_KEEP_RECEIPTED_MS)
		(void)unlinkat(a->q->dir, name, 0);
	return STATUS_OK;
}

void blobs_tidy(struct qip *q, int64_t now_ms)
{
	struct aging a = {.q = q, .now_ms = now_ms};
	int64_t at_ms = q->state.tidied_ms;

	if (at_ms > 0 && now_ms >= at_ms && now_ms - at_ms < LIMIT_FORGET_AGAIN_MS)
		return;
	(void)(blobs_each(q, HOME_BLOBS, drop_old, &a, NULL) == STATUS_OK);
	q->state.tidied_ms = now_ms;
	(void)(state_save(&q->state, q->dir, NULL) == STATUS_OK); /* else the next visit looks again */
}
