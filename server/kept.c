/* server/kept.c - see kept.h: reading what is kept, and removing it. */
#include "server/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/limits.h"

static enum status path_of(char out[FILE_PATH_MAX], const struct practice *p, int64_t number, const char *end, struct error *e)
{
	char name[64];

	(void)snprintf(name, sizeof(name), KEPT_DIR "/%" PRId64 "%s", number, end);
	return file_path(out, p->dir, name, e);
}

/* "12.kept"; 0 for any other name. */
static int64_t number_of(const char *name, const char *expected_end)
{
	char *end = NULL;
	long long n = strtoll(name, &end, 10);

	return name[0] >= '1' && name[0] <= '9' && strcmp(end, expected_end) == 0 && n <= JSON_MAX_INTEGER ? n : 0;
}

static enum status parse_line(struct kept *out, int64_t number, const cJSON *line)
{
	const char *schema = json_string(line, "schema"), *device = json_string(line, "device"), *head = json_string(line, "head"),
		   *received = json_string(line, "received"), *hash = json_string(line, "sha256");
	uint8_t bytes[SHA256_LEN];
	struct kept k = {.number = number};
	int64_t at_ms = 0;

	if (!schema || strcmp(schema, "kept/1") != 0 || !device || !name_valid(device) || !head || oid_parse(&k.head, head, strlen(head)) != STATUS_OK ||
	    !received || strlen(received) >= sizeof(k.received) || time_parse(&at_ms, received) != STATUS_OK ||
	    !json_integer(line, "commits", &k.commits) || !hash || hex_decode(bytes, sizeof(bytes), hash) != STATUS_OK)
		return STATUS_MALFORMED;
	(void)snprintf(k.device, sizeof(k.device), "%s", device);
	(void)snprintf(k.received, sizeof(k.received), "%s", received);
	(void)snprintf(k.sha256, sizeof(k.sha256), "%s", hash);
	*out = k;
	return STATUS_OK;
}

/* *used: where the pack begins. */
static enum status parse(struct kept *out, size_t *used, int64_t number, const struct buf *bytes, struct error *e)
{
	const char *end = bytes->len ? memchr(bytes->data, '\n', bytes->len) : NULL;
	size_t len = end ? (size_t)(end - buf_text(bytes)) : 0;
	cJSON *line = NULL;
	enum status st = end ? json_parse(&line, buf_text(bytes), len, NULL) : STATUS_MALFORMED;

	if (st == STATUS_OK)
		st = parse_line(out, number, line);
	cJSON_Delete(line);
	if (st != STATUS_OK)
		return error_set(e, STATUS_CORRUPT, "its first line is damaged");
	*used = len + 1;
	return STATUS_OK;
}

/* The first line, without what may be much behind it. */
static enum status read_line(struct buf *out, const struct practice *p, int64_t number, struct error *e)
{
	char path[FILE_PATH_MAX], line[KEPT_LINE_MAX_BYTES];
	ssize_t n = -1;
	int fd = -1;
	enum status st = path_of(path, p, number, KEPT_END, e);

	if (st != STATUS_OK)
		return st;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read(fd, line, sizeof(line));
	if (n >= 0)
		buf_add(out, line, (size_t)n);
	else
		st = fd < 0 && errno == ENOENT ? STATUS_NOT_FOUND : error_set(e, STATUS_IO, "it cannot be read: %s", strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return st == STATUS_OK && !buf_ok(out) ? error_set(e, STATUS_NOMEM, "out of memory") : st;
}

struct visiting {
	struct practice *practice;
	kept_visit visit;
	kept_damaged damaged;
	void *ctx;
};

static enum status visit_name(void *ctx, const char *name, struct error *e)
{
	struct visiting *v = ctx;
	struct buf bytes = BUF_INIT;
	struct error why = {STATUS_OK, ""};
	struct kept k;
	size_t used = 0;
	int64_t number = number_of(name, KEPT_END);
	enum status st = number ? read_line(&bytes, v->practice, number, &why) : STATUS_NOT_FOUND;

	if (st == STATUS_OK)
		st = parse(&k, &used, number, &bytes, &why);
	buf_clear(&bytes);
	if (st == STATUS_OK)
		return v->visit(v->ctx, &k, e);
	if (st == STATUS_NOT_FOUND || !v->damaged) /* removed meanwhile, or another kind of file */
		return STATUS_OK;
	return v->damaged(v->ctx, number, why.text, e);
}

enum status kept_each(struct practice *p, kept_visit visit, kept_damaged damaged, void *ctx, struct error *e)
{
	struct visiting v = {p, visit, damaged, ctx};
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, p->dir, KEPT_DIR, e);

	if (st == STATUS_OK)
		st = file_each(path, visit_name, &v, e);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

/* ---- one ---- */

enum status kept_read(struct buf *out, struct practice *p, int64_t number, struct error *e)
{
	char path[FILE_PATH_MAX], hex[SHA256_HEX_LEN + 1];
	uint8_t hash[SHA256_LEN];
	struct buf bytes = BUF_INIT;
	struct kept k;
	size_t used = 0;
	enum status st = path_of(path, p, number, KEPT_END, e);

	if (st == STATUS_OK)
		st = file_read_max(&bytes, path, LIMIT_KEPT_FILE_BYTES + KEPT_LINE_MAX_BYTES, e);
	if (st == STATUS_OK)
		st = parse(&k, &used, number, &bytes, e);
	if (st == STATUS_OK)
		st = sha256(hash, bytes.data + used, bytes.len - used);
	if (st == STATUS_OK) {
		hex_encode(hex, hash, sizeof(hash));
		st = strcmp(hex, k.sha256) == 0 ? STATUS_OK : error_set(e, STATUS_CORRUPT, "its pack is damaged");
	}
	if (st == STATUS_OK)
		buf_add(out, bytes.data, bytes.len);
	if (st == STATUS_OK && !buf_ok(out))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	buf_clear(&bytes);
	return st;
}

enum status kept_remove(struct practice *p, int64_t number, struct error *e)
{
	static const char *const ends[] = {KEPT_END, KEPT_TAKEN_END}; /* in this order: half of it is swept up at the next start */
	char path[FILE_PATH_MAX];
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < ARRAY_LEN(ends); i++) {
		st = path_of(path, p, number, ends[i], e);
		if (st == STATUS_OK)
			st = file_remove(path, e);
	}
	return st;
}

/* ---- all ---- */

/* Half a write, or what is noted of something that is gone. */
static enum status sweep(void *ctx, const char *name, struct error *e)
{
	const struct practice *p = ctx;
	char path[FILE_PATH_MAX], inside[FILE_PATH_MAX];
	size_t len = strlen(name);
	int64_t taken = number_of(name, KEPT_TAKEN_END);
	bool goes = len > 4 && strcmp(name + len - 4, ".new") == 0;
	enum status st = STATUS_OK;

	if (taken) {
		st = path_of(path, p, taken, KEPT_END, e);
		goes = st == STATUS_OK && !file_exists(path);
	}
	if (st != STATUS_OK || !goes)
		return st;
	st = file_path(inside, p->dir, KEPT_DIR, e);
	if (st == STATUS_OK)
		st = file_path(path, inside, name, e);
	return st == STATUS_OK ? file_remove(path, e) : st;
}

enum status kept_recover(struct practice *p, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, p->dir, KEPT_DIR, e);

	if (st == STATUS_OK)
		st = file_each(path, sweep, p, e);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}
