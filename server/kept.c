/* server/kept.c - see kept.h. */
#include "server/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/limits.h"

#define DAY_MS 86400000LL
#define LINE_MAX_BYTES 512

static enum status path_of(char out[FILE_PATH_MAX], const struct practice *p, int64_t number, struct error *e)
{
	char name[64];

	(void)snprintf(name, sizeof(name), KEPT_DIR "/%" PRId64 KEPT_END, number);
	return file_path(out, p->dir, name, e);
}

/* "12.kept"; 0 for any other name. */
static int64_t number_of(const char *name)
{
	char *end = NULL;
	long long n = strtoll(name, &end, 10);

	return name[0] >= '1' && name[0] <= '9' && strcmp(end, KEPT_END) == 0 && n <= JSON_MAX_INTEGER ? n : 0;
}

static enum status parse(struct kept *out, int64_t number, const struct buf *bytes)
{
	const char *end = bytes->len ? memchr(bytes->data, '\n', bytes->len) : NULL, *device = NULL, *head = NULL, *received = NULL;
	struct kept k = {.number = number};
	cJSON *line = NULL;
	enum status st = end ? json_parse(&line, buf_text(bytes), (size_t)(end - buf_text(bytes)), NULL) : STATUS_MALFORMED;

	device = json_string(line, "device");
	head = json_string(line, "head");
	received = json_string(line, "received");
	if (st == STATUS_OK && (!device || !name_valid(device) || !head || oid_parse(&k.head, head, strlen(head)) != STATUS_OK || !received ||
				strlen(received) >= sizeof(k.received) || !json_integer(line, "commits", &k.commits)))
		st = STATUS_MALFORMED;
	if (st == STATUS_OK) {
		(void)snprintf(k.device, sizeof(k.device), "%s", device);
		(void)snprintf(k.received, sizeof(k.received), "%s", received);
		*out = k;
	}
	cJSON_Delete(line);
	return st;
}

/* The first line, without what may be much behind it. */
static enum status read_line(struct buf *out, const struct practice *p, int64_t number, struct error *e)
{
	char path[FILE_PATH_MAX], line[LINE_MAX_BYTES];
	ssize_t n = -1;
	int fd = -1;
	enum status st = path_of(path, p, number, e);

	if (st != STATUS_OK)
		return st;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read(fd, line, sizeof(line));
	if (n > 0)
		buf_add(out, line, (size_t)n);
	else
		st = fd < 0 && errno == ENOENT ? STATUS_NOT_FOUND : error_set(e, STATUS_IO, "%s cannot be read", path);
	if (fd >= 0)
		(void)close(fd);
	return st == STATUS_OK && !buf_ok(out) ? error_set(e, STATUS_NOMEM, "out of memory") : st;
}

struct visiting {
	struct practice *practice;
	kept_visit visit;
	void *ctx;
};

static enum status visit_name(void *ctx, const char *name, struct error *e)
{
	struct visiting *v = ctx;
	struct buf bytes = BUF_INIT;
	struct kept k;
	int64_t number = number_of(name);
	enum status st = number ? read_line(&bytes, v->practice, number, e) : STATUS_NOT_FOUND;

	if (st == STATUS_OK && parse(&k, number, &bytes) == STATUS_OK)
		st = v->visit(v->ctx, &k, e);
	buf_clear(&bytes);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

enum status kept_each(struct practice *p, kept_visit visit, void *ctx, struct error *e)
{
	struct visiting v = {p, visit, ctx};
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, p->dir, KEPT_DIR, e);

	if (st == STATUS_OK)
		st = file_each(path, visit_name, &v, e);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

/* ---- one more ---- */

struct room {
	const char *device;
	int64_t highest;
	int all, own;
};

static enum status count(void *ctx, const struct kept *k, struct error *e)
{
	struct room *room = ctx;

	(void)e;
	room->all++;
	room->own += strcmp(k->device, room->device) == 0;
	if (k->number > room->highest)
		room->highest = k->number;
	return STATUS_OK;
}

static enum status check_room(struct kept *k, struct practice *p, int replaces, struct error *e)
{
	struct room room = {.device = k->device};
	enum status st = kept_each(p, count, &room, e);

	if (st == STATUS_OK && (room.own - replaces >= LIMIT_KEPT_DEVICE || room.all - replaces >= LIMIT_KEPT_PRACTICE))
		st = error_set(e, STATUS_TOO_BIG, "as much as may be is kept aside of revoked devices already, until a manager of %s looks at it", p->ods);
	k->number = room.highest + 1;
	return st;
}

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
		st = json_canonical(out, line);
	buf_addc(out, '\n');
	cJSON_Delete(line);
	return st;
}

enum status kept_add(struct kept *k, struct practice *p, const void *pack, size_t len, int replaces, struct error *e)
{
	char path[FILE_PATH_MAX];
	struct buf bytes = BUF_INIT;
	enum status st = check_room(k, p, replaces, e);

	if (st == STATUS_OK)
		st = file_path(path, p->dir, KEPT_DIR, e);
	if (st == STATUS_OK)
		st = file_mkdir(path, 0700, e);
	if (st == STATUS_OK)
		st = path_of(path, p, k->number, e);
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

enum status kept_read(struct buf *out, struct practice *p, int64_t number, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = path_of(path, p, number, e);

	return st == STATUS_OK ? file_read_max(out, path, LIMIT_KEPT_FILE_BYTES + LINE_MAX_BYTES, e) : st;
}

enum status kept_remove(struct practice *p, int64_t number, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = path_of(path, p, number, e);

	return st == STATUS_OK ? file_remove(path, e) : st;
}

struct expiring {
	struct practice *practice;
	int64_t before_ms;
};

static enum status expire(void *ctx, const struct kept *k, struct error *e)
{
	struct expiring *x = ctx;
	int64_t at = 0;

	return time_parse(&at, k->received) == STATUS_OK && at < x->before_ms ? kept_remove(x->practice, k->number, e) : STATUS_OK;
}

enum status kept_expire(struct practice *p, int64_t now_ms, struct error *e)
{
	struct expiring x = {p, now_ms - LIMIT_KEPT_DAYS * DAY_MS};

	return kept_each(p, expire, &x, e);
}
