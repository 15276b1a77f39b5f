/* server/restore_runs.c - see restore_runs.h. */
#include "server/restore_runs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/age.h"
#include "server/backup_folder.h"
#include "server/run_read.h"
#include "server/runs.h"

/* ---- one run ---- */

/* To the end, whatever was made of it: then age has seen all of it, and what it says is of the bytes. */
static void drain(int fd)
{
	char part[16 * 1024];
	ssize_t n = 0;

	do {
		n = read(fd, part, sizeof(part));
	} while (n > 0 || (n < 0 && errno == EINTR));
}

static enum status open_stream(struct run_reader *reader, int fd, const char *identity, struct error *e)
{
	struct age age = AGE_INIT;
	struct error ended = {STATUS_OK, ""};
	enum status st = age_decrypt(&age, identity, fd, e), end = STATUS_OK;

	if (st != STATUS_OK)
		return st;
	st = run_read(reader, age.fd, e);
	drain(age.fd);
	end = age_finish(&age, &ended);
	if (end != STATUS_OK && (st == STATUS_OK || st == STATUS_CORRUPT)) { /* a stream that ends early is age's to explain */
		st = end;
		*e = ended;
	}
	return st;
}

static enum status open_file(struct run_reader *reader, const char *path, const char *identity, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum status st = STATUS_OK;

	if (fd < 0)
		return error_set_errno(e, errno, "cannot open %s", path);
	st = open_stream(reader, fd, identity, e);
	(void)close(fd);
	return st == STATUS_OK ? st : error_prefix(e, st, "%s", path);
}

/* ---- a folder of them ---- */

static enum status pick(const struct run **out, const struct runs *r, const char *name, struct error *e)
{
	*out = name ? runs_find(r, name) : runs_newest(r);
	if (*out)
		return STATUS_OK;
	return name ? error_set(e, STATUS_NOT_FOUND, "there is no run %s in %s", name, r->dir)
		    : error_set(e, STATUS_NOT_FOUND, "there is no backup in %s", r->dir);
}

/* From the whole one on. */
static enum status open_chain(struct run_reader *reader, const struct runs *r, const struct run *last, const char *identity, struct error *e)
{
	size_t len = 0;
	const struct run *root = runs_root(r, last, &len), *at = last;
	const struct run **chain = root ? calloc(len, sizeof(*chain)) : NULL;
	enum status st = STATUS_OK;

	if (!root)
		return error_set(e, STATUS_NOT_FOUND, "a run that %s follows is missing in %s; restore an earlier one with --run, and look for the missing file",
				 last->name, r->dir);
	if (!chain)
		return error_set(e, STATUS_NOMEM, "out of memory");
	for (size_t i = len; i-- > 0; at = runs_before(r, at))
		chain[i] = at;
	for (size_t i = 0; st == STATUS_OK && i < len; i++) {
		char path[FILE_PATH_MAX];

		st = runs_path(path, r->dir, chain[i]->name, RUNS_SEALED, e);
		if (st == STATUS_OK)
			st = open_file(reader, path, identity, e);
	}
	free(chain);
	return st;
}

static enum status open_folder(struct run_reader *reader, const struct restore_runs *in, struct error *e)
{
	struct runs r = RUNS_INIT;
	const struct run *last = NULL;
	enum status st = runs_load(&r, in->from, e);

	if (st == STATUS_OK)
		st = pick(&last, &r, in->run, e);
	if (st == STATUS_OK)
		st = open_chain(reader, &r, last, in->identity, e);
	runs_clear(&r);
	return st;
}

/* ---- the whole ---- */

static bool is_folder(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static enum status open_runs(const struct restore_runs *in, const char *folder, struct error *e)
{
	struct run_reader reader;
	enum status st = STATUS_OK;

	run_reader_begin(&reader, folder);
	if (strcmp(in->from, "-") == 0)
		st = open_stream(&reader, STDIN_FILENO, in->identity, e);
	else if (is_folder(in->from))
		st = open_folder(&reader, in, e);
	else
		st = open_file(&reader, in->from, in->identity, e);
	if (st == STATUS_OK)
		st = run_reader_finish(&reader, e);
	run_reader_clear(&reader);
	return st;
}

enum status restore_runs_make(const struct restore_runs *r, const char *dir, const struct env *env, backup_done done, void *ctx, struct error *e)
{
	struct backup_folder opened;
	char beside[FILE_PATH_MAX];
	size_t len = strlen(dir);
	enum status st = STATUS_OK;

	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (snprintf(beside, sizeof(beside), "%.*s.opened", (int)len, dir) >= (int)sizeof(beside))
		return error_set(e, STATUS_TOO_BIG, "the path %.100s… is too long", dir);
	st = backup_folder_begin(&opened, beside, e);
	if (st == STATUS_OK)
		st = open_runs(r, opened.temporary, e);
	if (st == STATUS_OK)
		st = restore_make(opened.temporary, dir, env, done, ctx, e);
	backup_folder_end(&opened);
	return st;
}
