/* server/kept_add.c - see kept.h: one more is kept, if there is room, under a number that never was given before. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "server/kept.h"
#include "server/limits.h"

/* ---- room ---- */

struct room {
	const char *device;
	int64_t highest;
	int all, own;
};

static enum status count_any(void *ctx, int64_t number, const char *why, struct error *e)
{
	struct room *room = ctx;

	(void)why;
	(void)e;
	room->all++;
	if (number > room->highest)
		room->highest = number;
	return STATUS_OK;
}

static enum status count(void *ctx, const struct kept *k, struct error *e)
{
	struct room *room = ctx;

	room->own += strcmp(k->device, room->device) == 0;
	return count_any(ctx, k->number, "", e);
}

static enum status no_room(const struct practice *p, struct error *e)
{
	return error_set(e, STATUS_TOO_BIG, "as much as may be is kept aside of revoked devices already, until a manager of %s looks at it", p->ods);
}

enum status kept_check_room(struct practice *p, const char *device, struct error *e)
{
	struct room room = {.device = device};
	enum status st = kept_each(p, count, count_any, &room, e);

	return st == STATUS_OK && room.own == 0 && room.all >= LIMIT_KEPT_PRACTICE ? no_room(p, e) : st;
}

/* ---- numbers ---- */

enum status kept_next(int64_t *out, const struct practice *p, struct error *e)
{
	char path[FILE_PATH_MAX];
	cJSON *root = NULL;
	int64_t next = 1;
	enum status st = file_path(path, p->dir, KEPT_DIR "/" KEPT_NEXT, e);

	if (st == STATUS_OK)
		st = file_read_json(&root, path, e);
	if (st == STATUS_OK && (!json_integer(root, "next", &next) || next < 1))
		st = STATUS_MALFORMED;
	cJSON_Delete(root);
	if (st == STATUS_MALFORMED || st == STATUS_FORBIDDEN_FORM || st == STATUS_TOO_BIG)
		return error_set(e, STATUS_CORRUPT, "%s is damaged; write {\"next\":N} there, with a number above all that were given", path);
	if (st == STATUS_OK || st == STATUS_NOT_FOUND)
		*out = next;
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

/* Durable before anything has the number. */
static enum status take_number(int64_t *out, const struct practice *p, int64_t highest, struct error *e)
{
	char path[FILE_PATH_MAX];
	cJSON *root = cJSON_CreateObject();
	int64_t number = 0;
	enum status st = kept_next(&number, p, e);

	if (number <= highest)
		number = highest + 1;
	if (st == STATUS_OK)
		st = json_set_string(root, "schema", "kept-next/1");
	if (st == STATUS_OK)
		st = json_set_integer(root, "next", number + 1);
	if (st == STATUS_OK)
		st = file_path(path, p->dir, KEPT_DIR "/" KEPT_NEXT, e);
	if (st == STATUS_OK)
		st = file_write_json(path, root, e);
	cJSON_Delete(root);
	if (st == STATUS_OK)
		*out = number;
	return st;
}

/* ---- the file ---- */

static enum status write_line(struct buf *out, const struct kept *k)
{
	char hex[OID_HEX_LEN + 1];
	cJSON *line = cJSON_CreateObject();
	enum status st = json_set_string(line, "schema", "kept/1");

	oid_hex(hex, &k->head);
	if (st == STATUS_OK)
		st = json_set_string(line, "device", k->device);
	if (st == STATUS_OK)
		st = json_set_string(line, "head", hex);
	if (st == STATUS_OK)
		st = json_set_string(line, "received", k->received);
	if (st == STATUS_OK)
		st = json_set_integer(line, "commits", k->commits);
	if (st == STATUS_OK)
		st = json_set_string(line, "sha256", k->sha256);
	if (st == STATUS_OK)
		st = json_canonical(out, line);
	buf_addc(out, '\n');
	cJSON_Delete(line);
	return st;
}

/* Also if it was there: it may have been made by one who was killed before that was durable. */
static enum status make_folder(const struct practice *p, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, p->dir, KEPT_DIR, e);

	if (st == STATUS_OK)
		st = file_mkdir(path, 0700, e);
	return st == STATUS_OK ? file_sync_parent(path, e) : st;
}

static enum status write_file(struct kept *k, const struct practice *p, const void *pack, size_t len, struct error *e)
{
	char name[64], path[FILE_PATH_MAX];
	uint8_t hash[SHA256_LEN];
	struct buf bytes = BUF_INIT;
	enum status st = sha256(hash, pack, len);

	hex_encode(k->sha256, hash, sizeof(hash));
	(void)snprintf(name, sizeof(name), KEPT_DIR "/%" PRId64 KEPT_END, k->number);
	if (st == STATUS_OK)
		st = file_path(path, p->dir, name, e);
	if (st == STATUS_OK && write_line(&bytes, k) != STATUS_OK)
		st = error_set(e, STATUS_NOMEM, "out of memory");
	buf_add(&bytes, pack, len);
	if (st == STATUS_OK && !buf_ok(&bytes))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = file_write(path, bytes.data, bytes.len, 0600, e);
	buf_clear(&bytes);
	return st;
}

enum status kept_add(struct kept *k, struct practice *p, const void *pack, size_t len, const struct kept_parts *replaces, struct error *e)
{
	struct room room = {.device = k->device};
	enum status st = kept_each(p, count, count_any, &room, e);

	if (st == STATUS_OK && (room.own - replaces->len >= LIMIT_KEPT_DEVICE || room.all - replaces->len >= LIMIT_KEPT_PRACTICE))
		st = no_room(p, e);
	if (st == STATUS_OK)
		st = make_folder(p, e);
	if (st == STATUS_OK)
		st = take_number(&k->number, p, room.highest, e);
	if (st == STATUS_OK && replaces->taken.by[0])
		st = kept_taken_write(&replaces->taken, p, k->number, e); /* first: nobody sees it without */
	return st == STATUS_OK ? write_file(k, p, pack, len, e) : st;
}

enum status kept_sync(struct practice *p, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, p->dir, KEPT_DIR, e);

	if (st == STATUS_OK)
		st = file_sync_dir(path, e);
	return st == STATUS_OK ? file_sync_parent(path, e) : st;
}
