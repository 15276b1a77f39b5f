/* server/run_read.c - see run_read.h. */
#include "server/run_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/id.h"
#include "server/archive.h"
#include "server/backup_folder.h"
#include "server/backup_history.h"
#include "server/run_write.h"

void run_reader_begin(struct run_reader *r, const char *root)
{
	*r = (struct run_reader){.root = root, .index = RUN_INDEX_INIT};
}

/* ---- a pack ---- */

static void drop_pack(struct run_reader *r)
{
	repo_intake_close(r->intake);
	repo_close(r->repo);
	r->intake = NULL;
	r->repo = NULL;
	r->ods[0] = '\0';
}

static enum status end_pack(struct run_reader *r, struct error *e)
{
	enum status st = STATUS_OK;

	if (!r->intake)
		return STATUS_OK;
	st = repo_intake_finish(r->intake, e);
	if (st == STATUS_OK)
		st = repo_intake_keep(r->intake, e);
	if (st != STATUS_OK)
		st = error_prefix(e, st, "%s", r->ods);
	drop_pack(r);
	return st;
}

static enum status begin_pack(struct run_reader *r, const char *ods, struct error *e)
{
	char folder[FILE_PATH_MAX], path[FILE_PATH_MAX];
	enum status st = end_pack(r, e);

	if (st == STATUS_OK)
		st = file_path(folder, r->root, ods, e);
	if (st == STATUS_OK)
		st = file_path(path, folder, BACKUP_HISTORY, e);
	if (st == STATUS_OK && !file_exists(path))
		st = repo_create(path, e);
	if (st == STATUS_OK)
		st = repo_open(&r->repo, path, e);
	if (st == STATUS_OK)
		st = repo_intake_begin(&r->intake, r->repo, &backup_history_limits, e);
	(void)snprintf(r->ods, sizeof(r->ods), "%s", ods);
	r->parts = 0;
	return st;
}

/* "<ods>/history.pack/00000000": the parts come in turn. */
static enum status take_part(struct run_reader *r, const char *path, const struct buf *bytes, struct error *e)
{
	char ods[8];
	const char *number = strrchr(path, '/') + 1;
	enum status st = STATUS_OK;

	(void)snprintf(ods, sizeof(ods), "%.*s", (int)strcspn(path, "/"), path);
	if (!ods_valid(ods))
		return error_set(e, STATUS_CORRUPT, "the backup holds \"%.100s\"", path);
	if (strcmp(ods, r->ods) != 0)
		st = begin_pack(r, ods, e);
	if (st == STATUS_OK && strtol(number, NULL, 10) != r->parts++)
		st = error_set(e, STATUS_CORRUPT, "a part of the backup is missing before \"%.100s\"", path);
	return st == STATUS_OK ? repo_intake_feed(r->intake, bytes->data, bytes->len, e) : st;
}

/* ---- a run ---- */

static enum status take_index(struct run_reader *r, const struct buf *text, struct error *e)
{
	struct run_index ix = RUN_INDEX_INIT;
	enum status st = run_index_parse(&ix, text, e);

	if (st != STATUS_OK)
		return st;
	if (strcmp(ix.after, r->name) != 0) {
		st = ix.after[0] ? error_set(e, STATUS_CORRUPT, "the run %s holds only what came after %s, which has to be there, too", ix.name, ix.after)
				 : error_set(e, STATUS_CORRUPT, "the run %s begins anew, and does not follow %s", ix.name, r->name);
		run_index_clear(&ix);
		return st;
	}
	run_index_clear(&r->index);
	r->index = ix;
	r->indexed = true;
	return STATUS_OK;
}

static enum status take(void *ctx, const char *path, const struct buf *content, struct error *e)
{
	struct run_reader *r = ctx;
	enum status st = STATUS_OK;

	if (strstr(path, "/" RUN_PACK_DIR "/"))
		return take_part(r, path, content, e);
	st = end_pack(r, e);
	if (st == STATUS_OK && strcmp(path, RUN_INDEX_FILE) == 0)
		return take_index(r, content, e);
	return st == STATUS_OK ? backup_folder_file(r->root, path, content->data, content->len, e) : st;
}

enum status run_read(struct run_reader *r, int fd, struct error *e)
{
	enum status st = STATUS_OK;

	(void)snprintf(r->name, sizeof(r->name), "%s", r->index.name);
	r->indexed = false;
	st = archive_in_each(fd, take, r, e);
	if (st == STATUS_OK)
		st = end_pack(r, e);
	if (st == STATUS_OK && !r->indexed)
		st = error_set(e, STATUS_CORRUPT, "this is no backup of qip-server's: it has no index");
	return st;
}

/* ---- all of them ---- */

struct pruning {
	const struct run_practice *p;
	char dir[FILE_PATH_MAX], sub[FILE_PATH_MAX];
};

static enum status prune_blob(void *ctx, const char *name, struct error *e)
{
	const struct pruning *pr = ctx;
	char path[FILE_PATH_MAX];
	enum status st = STATUS_OK;

	if (run_practice_has(pr->p, name))
		return STATUS_OK;
	st = file_path(path, pr->sub, name, e);
	return st == STATUS_OK ? file_remove(path, e) : st;
}

static enum status prune_folder(void *ctx, const char *name, struct error *e)
{
	struct pruning *pr = ctx;
	enum status st = file_path(pr->sub, pr->dir, name, e);

	return st == STATUS_OK ? file_each(pr->sub, prune_blob, pr, e) : st;
}

static enum status prune(const char *root, const struct run_practice *p, struct error *e)
{
	struct pruning pr = {.p = p};
	char practice[FILE_PATH_MAX];
	enum status st = file_path(practice, root, p->ods, e);

	if (st == STATUS_OK)
		st = file_path(pr.dir, practice, "blobs", e);
	if (st == STATUS_OK)
		st = file_each(pr.dir, prune_folder, &pr, e);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

enum status run_reader_finish(struct run_reader *r, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < r->index.len; i++)
		st = prune(r->root, &r->index.practices[i], e);
	return st;
}

void run_reader_clear(struct run_reader *r)
{
	drop_pack(r);
	run_index_clear(&r->index);
}
