/* server/runs.c - see runs.h. */
#include "server/runs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"

enum status runs_path(char out[FILE_PATH_MAX], const char *dir, const char *name, const char *end, struct error *e)
{
	if (snprintf(out, FILE_PATH_MAX, "%s/%s%s", dir, name, end) >= FILE_PATH_MAX)
		return error_set(e, STATUS_TOO_BIG, "the path %.100s… is too long", dir);
	return STATUS_OK;
}

enum status runs_index(struct run_index *out, const char *dir, const char *name, struct error *e)
{
	char path[FILE_PATH_MAX];
	struct buf text = BUF_INIT;
	enum status st = runs_path(path, dir, name, RUNS_INDEX, e);

	if (st == STATUS_OK)
		st = file_read_max(&text, path, RUN_INDEX_BYTES, e);
	if (st == STATUS_OK) {
		st = run_index_parse(out, &text, e);
		if (st != STATUS_OK)
			st = error_prefix(e, st, "%s", path);
	}
	buf_clear(&text);
	return st;
}

/* True, and its name, if the entry ends so. */
static bool name_of(char out[RUN_NAME_MAX], const char *entry, const char *end)
{
	size_t len = strlen(entry), end_len = strlen(end);

	if (len <= end_len || len - end_len >= RUN_NAME_MAX || strcmp(entry + len - end_len, end) != 0)
		return false;
	(void)snprintf(out, RUN_NAME_MAX, "%.*s", (int)(len - end_len), entry);
	return run_name_valid(out);
}

static bool stands(const char *dir, const char *name, const char *end)
{
	char path[FILE_PATH_MAX];

	return runs_path(path, dir, name, end, NULL) == STATUS_OK && file_exists(path);
}

/* ---- which are there ---- */

static enum status load_one(void *ctx, const char *entry, struct error *e)
{
	struct runs *r = ctx;
	struct run_index ix = RUN_INDEX_INIT;
	char name[RUN_NAME_MAX];
	enum status st = STATUS_OK;

	if (!name_of(name, entry, RUNS_INDEX) || !stands(r->dir, name, RUNS_SEALED))
		return STATUS_OK;
	st = runs_index(&ix, r->dir, name, e);
	if (st == STATUS_CORRUPT) /* it cannot be followed; what needs it says so */
		return STATUS_OK;
	if (st == STATUS_OK && r->len == RUNS_MAX)
		st = error_set(e, STATUS_TOO_BIG, "there are more than %d runs in %s", RUNS_MAX, r->dir);
	if (st == STATUS_OK && !array_room(&r->list, &r->cap, r->len))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK) {
		struct run *run = &r->list[r->len++];

		*run = (struct run){.at_ms = ix.at_ms};
		memcpy(run->name, name, sizeof(run->name));
		memcpy(run->after, ix.after, sizeof(run->after));
	}
	run_index_clear(&ix);
	return st;
}

enum status runs_load(struct runs *out, const char *dir, struct error *e)
{
	struct runs r = RUNS_INIT;
	enum status st = STATUS_OK;

	if (snprintf(r.dir, sizeof(r.dir), "%s", dir) >= (int)sizeof(r.dir))
		return error_set(e, STATUS_TOO_BIG, "the path %.100s… is too long", dir);
	st = file_each(dir, load_one, &r, e);
	if (st != STATUS_OK) {
		runs_clear(&r);
		return st;
	}
	*out = r;
	return STATUS_OK;
}

void runs_clear(struct runs *r)
{
	free(r->list);
	*r = (struct runs)RUNS_INIT;
}

const struct run *runs_find(const struct runs *r, const char *name)
{
	for (size_t i = 0; i < r->len; i++)
		if (strcmp(r->list[i].name, name) == 0)
			return &r->list[i];
	return NULL;
}

const struct run *runs_before(const struct runs *r, const struct run *run)
{
	return run->after[0] ? runs_find(r, run->after) : NULL;
}

static bool is_followed(const struct runs *r, const struct run *run)
{
	for (size_t i = 0; i < r->len; i++)
		if (strcmp(r->list[i].after, run->name) == 0)
			return true;
	return false;
}

/* By the chain, not by the clock, as far as there is one. */
const struct run *runs_newest(const struct runs *r)
{
	const struct run *newest = NULL;

	for (size_t i = 0; i < r->len; i++)
		if (!is_followed(r, &r->list[i]) && (!newest || r->list[i].at_ms >= newest->at_ms))
			newest = &r->list[i];
	return newest;
}

const struct run *runs_root(const struct runs *r, const struct run *run, size_t *len)
{
	size_t n = 1;

	while (run && run->after[0] && n <= r->len) { /* never in a ring */
		run = runs_before(r, run);
		n++;
	}
	if (len)
		*len = n;
	return run && !run->after[0] ? run : NULL;
}

/* ---- changes ---- */

static enum status put_in_place(const char *dir, const char *name, struct error *e)
{
	char temporary[FILE_PATH_MAX], path[FILE_PATH_MAX];
	enum status st = runs_path(temporary, dir, name, RUNS_TEMPORARY, e);

	if (st == STATUS_OK)
		st = runs_path(path, dir, name, RUNS_SEALED, e);
	if (st == STATUS_OK && rename(temporary, path) != 0)
		st = error_set_errno(e, errno, "cannot rename %s", temporary);
	return st == STATUS_OK ? file_sync_dir(dir, e) : st;
}

enum status runs_commit(const char *dir, const struct run_index *ix, struct error *e)
{
	char path[FILE_PATH_MAX];
	struct buf text = BUF_INIT;
	enum status st = run_index_text(&text, ix, e);

	if (st == STATUS_OK)
		st = runs_path(path, dir, ix->name, RUNS_INDEX, e);
	if (st == STATUS_OK)
		st = file_write(path, text.data, text.len, 0600, e); /* from here on recovery ends it */
	buf_clear(&text);
	return st == STATUS_OK ? put_in_place(dir, ix->name, e) : st;
}

static enum status remove_one(const char *dir, const char *name, const char *end, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = runs_path(path, dir, name, end, e);

	return st == STATUS_OK ? file_remove(path, e) : st;
}

static enum status recover_one(void *ctx, const char *entry, struct error *e)
{
	const char *dir = ctx;
	char name[RUN_NAME_MAX];

	if (name_of(name, entry, RUNS_TEMPORARY))
		return stands(dir, name, RUNS_INDEX) && !stands(dir, name, RUNS_SEALED) ? put_in_place(dir, name, e) : remove_one(dir, name, RUNS_TEMPORARY, e);
	if (name_of(name, entry, RUNS_INDEX) && !stands(dir, name, RUNS_SEALED) && !stands(dir, name, RUNS_TEMPORARY))
		return remove_one(dir, name, RUNS_INDEX, e);
	return STATUS_OK;
}

enum status runs_recover(const char *dir, struct error *e)
{
	char path[FILE_PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s", dir);
	return file_each(path, recover_one, path, e);
}

/* When the whole one behind this one was made; INT64_MAX: there are not two behind it. */
static int64_t replaced_ms(const struct runs *r, const struct run *root)
{
	const struct run *next = NULL;
	size_t behind = 0;

	for (size_t i = 0; i < r->len; i++) {
		const struct run *other = &r->list[i];

		if (other->after[0] || strcmp(other->name, root->name) <= 0)
			continue;
		behind++;
		if (!next || strcmp(other->name, next->name) < 0)
			next = other;
	}
	return behind >= 2 ? next->at_ms : INT64_MAX;
}

/* The bytes go first: an index without them is removed by the next recovery. From the last run back, so that what is left is a chain. */
enum status runs_expire(size_t *gone, const struct runs *r, int64_t now_ms, int64_t keep_ms, struct error *e)
{
	enum status st = STATUS_OK;

	*gone = 0;
	for (size_t i = r->len; st == STATUS_OK && i-- > 0;) {
		const struct run *run = &r->list[i], *root = runs_root(r, run, NULL);
		int64_t at_ms = root ? replaced_ms(r, root) : INT64_MAX;

		if (at_ms == INT64_MAX || at_ms > now_ms - keep_ms)
			continue;
		st = remove_one(r->dir, run->name, RUNS_SEALED, e);
		if (st == STATUS_OK)
			st = remove_one(r->dir, run->name, RUNS_INDEX, e);
		*gone += st == STATUS_OK;
	}
	return st;
}
