/* server/backup_folder.c - see backup_folder.h. */
#include "server/backup_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "server/backup_history.h"

#define UNFINISHED "unfinished" /* marks a folder as ours to remove, and is held locked while we fill it */

static enum status hold_mark(int *out, const char *path, struct error *e)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(e, errno, "cannot open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		(void)close(fd);
		return error_set(e, STATUS_BUSY, "another backup to the same place is running");
	}
	*out = fd;
	return STATUS_OK;
}

static enum status refuse_others(void *ctx, const char *name, struct error *e)
{
	if (strncmp(name, UNFINISHED, strlen(UNFINISHED)) == 0) /* or on its way to be that */
		return STATUS_OK;
	return error_set(e, STATUS_EXISTS, "%s is in the way; please move it elsewhere", (const char *)ctx);
}

/* What an interrupted backup left is removed; anything else is somebody else's. */
static enum status clear_leftover(struct backup_folder *f, const char *mark, struct error *e)
{
	enum status st = STATUS_OK;
	int fd = -1;

	if (!file_exists(f->temporary))
		return STATUS_OK;
	st = file_exists(mark) ? hold_mark(&fd, mark, e) : file_each(f->temporary, refuse_others, f->temporary, e);
	if (st == STATUS_OK)
		st = file_remove_tree(f->temporary, e);
	if (fd >= 0)
		(void)close(fd);
	return st;
}

enum status backup_folder_begin(struct backup_folder *f, const char *to, struct error *e)
{
	char mark[FILE_PATH_MAX];
	size_t len = strlen(to);
	enum status st = STATUS_OK;

	f->mark = -1;
	while (len > 1 && to[len - 1] == '/')
		len--;
	if (snprintf(f->temporary, sizeof(f->temporary), "%.*s.tmp", (int)len, to) >= (int)sizeof(f->temporary))
		return error_set(e, STATUS_TOO_BIG, "the path %.100s… is too long", to);
	(void)snprintf(f->to, sizeof(f->to), "%.*s", (int)len, to);
	if (file_exists(f->to))
		return error_set(e, STATUS_EXISTS, "%s is there already; please name a new folder", f->to);
	st = file_path(mark, f->temporary, UNFINISHED, e);
	if (st == STATUS_OK)
		st = clear_leftover(f, mark, e);
	if (st == STATUS_OK)
		st = file_mkdir(f->temporary, 0700, e);
	if (st == STATUS_OK)
		st = file_write(mark, "", 0, 0600, e);
	return st == STATUS_OK ? hold_mark(&f->mark, mark, e) : st;
}

/* From here on it is whole; the marker says nothing any more. */
enum status backup_folder_finish(struct backup_folder *f, struct error *e)
{
	char mark[FILE_PATH_MAX];
	enum status st = STATUS_OK;

	if (rename(f->temporary, f->to))
		return error_set_errno(e, errno, "cannot rename %s to %s", f->temporary, f->to);
	st = file_sync_parent(f->temporary, e);
	if (st == STATUS_OK)
		st = file_path(mark, f->to, UNFINISHED, e);
	return st == STATUS_OK ? file_remove(mark, e) : st;
}

/* What cannot be removed now is removed by the next one. */
void backup_folder_end(struct backup_folder *f)
{
	if (f->mark < 0)
		return;
	(void)(file_remove_tree(f->temporary, NULL) == STATUS_OK);
	(void)close(f->mark);
	f->mark = -1;
}

/* ---- what is put into it ---- */

enum status backup_folder_file(const char *root, const char *path, const void *bytes, size_t len, struct error *e)
{
	char full[FILE_PATH_MAX];
	enum status st = file_path(full, root, path, e);

	for (char *slash = full + strlen(root) + 1; st == STATUS_OK && (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		if (!file_exists(full))
			st = file_mkdir(full, 0700, e);
		*slash = '/';
	}
	return st == STATUS_OK ? file_write(full, bytes, len, 0600, e) : st;
}

static enum status put_file(void *ctx, const char *path, const void *bytes, size_t len, struct error *e)
{
	return backup_folder_file(ctx, path, bytes, len, e);
}

static enum status put_history(void *ctx, const char *ods, struct store_history *h, const struct store_refs *refs, struct error *e)
{
	char folder[FILE_PATH_MAX], path[FILE_PATH_MAX];
	enum status st = file_path(folder, ctx, ods, e);

	if (st == STATUS_OK)
		st = file_path(path, folder, BACKUP_HISTORY, e);
	return st == STATUS_OK ? backup_history_write(path, h, refs, e) : st;
}

static enum status want_blob(void *ctx, const char *hex, bool *has, struct error *e)
{
	(void)ctx;
	(void)hex;
	(void)e;
	*has = false;
	return STATUS_OK;
}

struct backup_to backup_folder_to(char *root)
{
	return (struct backup_to){.file = put_file, .history = put_history, .blob = want_blob, .ctx = root};
}

enum status backup_make(const char *dir, const char *to, const struct env *env, backup_done done, void *ctx, struct error *e)
{
	struct backup_folder f;
	struct backup_to target = backup_folder_to(f.temporary);
	enum status st = backup_folder_begin(&f, to, e);

	if (st == STATUS_OK)
		st = backup_write(&target, dir, env, done, ctx, e);
	if (st == STATUS_OK)
		st = backup_folder_finish(&f, e);
	backup_folder_end(&f);
	return st;
}
