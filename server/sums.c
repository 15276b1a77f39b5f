/* server/sums.c - the small files of a backup. */
#include "server/sums.h"

#include <stdio.h>
#include <string.h>

#include "core/digest.h"
#include "core/log.h"
#include "server/kept.h"
#include "server/limits.h"

static enum status add_line(struct buf *lines, const char *name, const struct buf *content, struct error *e)
{
	uint8_t hash[SHA256_LEN];
	char hex[SHA256_HEX_LEN + 1];
	enum status st = sha256(hash, content->data, content->len);

	if (st != STATUS_OK)
		return error_set(e, st, "cannot hash %s", name);
	hex_encode(hex, hash, sizeof(hash));
	buf_addf(lines, "%s  %s\n", hex, name);
	return buf_ok(lines) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status put(const struct sums *s, const char *name, const struct buf *content, struct error *e)
{
	char path[FILE_PATH_MAX];

	if (snprintf(path, sizeof(path), "%s%s%s", s->folder, s->folder[0] ? "/" : "", name) >= (int)sizeof(path))
		return error_set(e, STATUS_TOO_BIG, "the path of %.100s is too long", name);
	return s->to->file(s->to->ctx, path, content->data, content->len, e);
}

enum status sums_add(struct sums *s, const char *name, const struct buf *content, struct error *e)
{
	enum status st = put(s, name, content, e);

	return st == STATUS_OK ? add_line(&s->lines, name, content, e) : st;
}

static bool is_besides(const struct sums *s, const char *name)
{
	for (const char *const *one = s->besides; one && *one; one++)
		if (strcmp(name, *one) == 0)
			return true;
	return false;
}

/* What is half-written (".new"), a lock or a port file stays behind. */
static bool is_copied(const char *name)
{
	static const char *const ends[] = {".json", ".key", ".crt", KEPT_END, KEPT_TAKEN_END};
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t end = strlen(ends[i]);

		if (name[0] != '.' && len > end && strcmp(name + len - end, ends[i]) == 0)
			return true;
	}
	return false;
}

struct copying {
	struct sums *sums;
	const char *from, *sub;
	bool all; /* nothing is whole without each of them */
};

static enum status copy_one(const struct copying *c, const char *name, struct error *e)
{
	char path[FILE_PATH_MAX];
	struct buf content = BUF_INIT;
	struct error why = {STATUS_OK, ""};
	enum status st = file_path(path, c->from, name, e);

	if (st != STATUS_OK)
		return st;
	st = file_read_max(&content, path, LIMIT_KEPT_FILE_BYTES + KEPT_LINE_MAX_BYTES, &why);
	if (st == STATUS_OK) {
		st = sums_add(c->sums, name, &content, e);
	} else if (st == STATUS_NOT_FOUND) {
		st = STATUS_OK; /* a first manager's code that was used meanwhile */
	} else if (c->all || st == STATUS_NOMEM) {
		st = error_set(e, st, "%s", why.text);
	} else {
		log_line(LOG_LEVEL_WARN, "left out of the backup", "file", path, "reason", why.text, NULL);
		st = STATUS_OK;
	}
	buf_wipe(&content);
	return st;
}

static enum status copy_named(void *ctx, const char *entry, struct error *e)
{
	const struct copying *c = ctx;
	char name[FILE_PATH_MAX];

	if (!is_copied(entry) || is_besides(c->sums, entry))
		return STATUS_OK;
	if (snprintf(name, sizeof(name), "%s%s%s", c->sub, c->sub[0] ? "/" : "", entry) >= (int)sizeof(name))
		return error_set(e, STATUS_TOO_BIG, "the path of %.100s is too long", entry);
	return copy_one(c, name, e);
}

enum status sums_copy(struct sums *sums, const char *from, const char *sub, struct error *e)
{
	struct copying c = {sums, from, sub, strcmp(sub, KEPT_DIR) != 0};
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, from, sub, e);

	if (st == STATUS_OK)
		st = file_each(path, copy_named, &c, e);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

enum status sums_write(const struct sums *s, struct error *e)
{
	return put(s, SUMS_FILE, &s->lines, e);
}

static enum status visit_one(const char *folder, const char *hex, const char *name, sums_visit visit, void *ctx, struct error *e)
{
	uint8_t expected[SHA256_LEN], actual[SHA256_LEN];
	char path[FILE_PATH_MAX];
	struct buf content = BUF_INIT;
	enum status st = hex_decode(expected, sizeof(expected), hex);

	if (st == STATUS_OK && (strstr(name, "..") || name[0] == '/'))
		st = STATUS_MALFORMED;
	if (st != STATUS_OK)
		return error_set(e, STATUS_CORRUPT, "%s/" SUMS_FILE " is damaged; please use another backup", folder);
	st = file_path(path, folder, name, e);
	if (st == STATUS_OK)
		st = file_read_max(&content, path, LIMIT_SUMS_BYTES, e);
	if (st == STATUS_OK)
		st = sha256(actual, content.data, content.len);
	if (st == STATUS_NOT_FOUND)
		st = error_set(e, STATUS_CORRUPT, "%s is missing; please use another backup", path);
	else if (st == STATUS_OK && memcmp(expected, actual, sizeof(actual)) != 0)
		st = error_set(e, STATUS_CORRUPT, "%s is not what was written when the backup was made; please use another backup", path);
	if (st == STATUS_OK)
		st = visit(ctx, name, &content, e);
	buf_wipe(&content);
	return st;
}

enum status sums_each(const char *folder, sums_visit visit, void *ctx, struct error *e)
{
	char path[FILE_PATH_MAX];
	struct buf lines = BUF_INIT;
	char *save = NULL, *line = NULL;
	enum status st = file_path(path, folder, SUMS_FILE, e);

	if (st == STATUS_OK)
		st = file_read_max(&lines, path, LIMIT_SUMS_BYTES, e);
	if (st == STATUS_NOT_FOUND)
		st = error_set(e, STATUS_CORRUPT, "%s is missing; please use another backup", path);
	if (st == STATUS_OK && lines.len)
		line = strtok_r((char *)lines.data, "\n", &save);
	for (; st == STATUS_OK && line; line = strtok_r(NULL, "\n", &save)) {
		if (strlen(line) < SHA256_HEX_LEN + 3 || memcmp(line + SHA256_HEX_LEN, "  ", 2) != 0) {
			st = error_set(e, STATUS_CORRUPT, "%s is damaged; please use another backup", path);
			break;
		}
		line[SHA256_HEX_LEN] = 0;
		st = visit_one(folder, line, line + SHA256_HEX_LEN + 2, visit, ctx, e);
	}
	buf_clear(&lines);
	return st;
}
