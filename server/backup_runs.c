/* server/backup_runs.c - see backup_runs.h. */
#include "server/backup_runs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "server/run_write.h"
#include "server/runs.h"

#define DAY_MS (24 * 60 * 60 * (int64_t)1000)
#define CHAIN_MS (30 * DAY_MS) /* then a whole one is made again: what was erased meanwhile goes with the old chain, and a lost run costs no more than that */
#define CHAIN_RUNS 1000

/* The plain side is closed before age is asked how it went: then all is written. What age says of a failure is nearer to its cause than a pipe that broke. */
static enum status encrypt(int fd, const struct backup_runs *b, struct run_index *ix, const struct run_index *before, const char *dir,
			   const struct env *env, backup_done done, void *ctx, struct error *e)
{
	struct age age = AGE_INIT;
	struct error ended = {STATUS_OK, ""};
	enum status st = age_encrypt(&age, b->recipients, fd, e), end = STATUS_OK;

	if (st != STATUS_OK)
		return st;
	st = run_write(age.fd, ix, before, dir, env, done, ctx, e);
	end = age_finish(&age, &ended);
	if (st == STATUS_OK || (st == STATUS_IO && end != STATUS_OK)) {
		st = end;
		*e = ended;
	}
	return st;
}

/* ---- into a folder ---- */

struct adding {
	const struct backup_runs *b;
	const char *dir, *to;
	const struct env *env;
	backup_done done;
	void *ctx;
	struct run_index ix, before; /* before: has a name if this one follows it */
};

static enum status lock_folder(int *out, const char *to, struct error *e)
{
	enum status st = file_mkdir(to, 0700, e);
	int fd = -1;

	if (st != STATUS_OK)
		return st;
	fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(e, errno, "cannot open %s", to);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		(void)close(fd);
		return error_set(e, STATUS_BUSY, "another backup to %s is running", to);
	}
	*out = fd;
	return STATUS_OK;
}

/* Its whole one is neither old nor of a clock's other time, and all between is there. */
static bool can_follow(const struct runs *r, const struct run *newest, int64_t now_ms)
{
	size_t len = 0;
	const struct run *root = newest ? runs_root(r, newest, &len) : NULL;

	return root && len < CHAIN_RUNS && root->at_ms <= now_ms && now_ms - root->at_ms < CHAIN_MS;
}

static enum status choose(struct adding *a, const struct runs *r, int64_t now_ms, struct error *e)
{
	const struct run *newest = runs_newest(r);
	enum status st = STATUS_OK;

	do {
		run_name(a->ix.name, now_ms++);
	} while (runs_find(r, a->ix.name));
	a->ix.at_ms = now_ms - 1;
	if (a->b->whole || !can_follow(r, newest, now_ms))
		return STATUS_OK;
	st = runs_index(&a->before, r->dir, newest->name, e);
	if (st == STATUS_OK)
		(void)snprintf(a->ix.after, sizeof(a->ix.after), "%s", newest->name);
	return st;
}

static enum status write_sealed(struct adding *a, const char *path, struct error *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum status st = STATUS_OK;

	if (fd < 0)
		return error_set_errno(e, errno, "cannot make %s", path);
	st = encrypt(fd, a->b, &a->ix, a->before.name[0] ? &a->before : NULL, a->dir, a->env, a->done, a->ctx, e);
	if (st == STATUS_OK && fsync(fd) != 0)
		st = error_set_errno(e, errno, "cannot write %s", path);
	(void)close(fd);
	return st;
}

/* What is not whole is taken away; what cannot be now is by the next one. */
static enum status write_run(struct adding *a, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = runs_path(path, a->to, a->ix.name, RUNS_TEMPORARY, e);

	if (st != STATUS_OK)
		return st;
	st = write_sealed(a, path, e);
	if (st == STATUS_OK)
		st = runs_commit(a->to, &a->ix, e);
	if (st != STATUS_OK)
		(void)(runs_recover(a->to, NULL) == STATUS_OK);
	return st;
}

static enum status expire(size_t *gone, const struct adding *a, struct error *e)
{
	struct runs r = RUNS_INIT;
	enum status st = runs_load(&r, a->to, e);

	if (st == STATUS_OK)
		st = runs_expire(gone, &r, a->ix.at_ms, a->b->keep_ms, e);
	runs_clear(&r);
	return st == STATUS_OK ? st : error_prefix(e, st, "the backup is whole, but old ones cannot be deleted");
}

static enum status add(struct adding *a, struct error *e)
{
	struct runs r = RUNS_INIT;
	enum status st = runs_recover(a->to, e);

	if (st == STATUS_OK)
		st = runs_load(&r, a->to, e);
	if (st == STATUS_OK)
		st = choose(a, &r, a->env->now_ms(a->env->ctx), e);
	if (st == STATUS_OK)
		st = write_run(a, e);
	runs_clear(&r);
	return st;
}

enum status backup_runs_add(struct backup_runs_made *out, const struct backup_runs *b, const char *dir, const char *to, const struct env *env,
			    backup_done done, void *ctx, struct error *e)
{
	struct adding a = {.b = b, .dir = dir, .to = to, .env = env, .done = done, .ctx = ctx, .ix = RUN_INDEX_INIT, .before = RUN_INDEX_INIT};
	struct backup_runs_made made = {.gone = 0};
	int lock = -1;
	enum status st = lock_folder(&lock, to, e);

	if (st != STATUS_OK)
		return st;
	st = add(&a, e);
	if (st == STATUS_OK && b->keep_ms > 0)
		st = expire(&made.gone, &a, e);
	(void)snprintf(made.name, sizeof(made.name), "%s", a.ix.name);
	(void)snprintf(made.after, sizeof(made.after), "%s", a.ix.after);
	run_index_clear(&a.ix);
	run_index_clear(&a.before);
	(void)close(lock);
	*out = made;
	return st;
}

enum status backup_runs_stream(const struct backup_runs *b, const char *dir, int fd, const struct env *env, backup_done done, void *ctx, struct error *e)
{
	struct run_index ix = RUN_INDEX_INIT;
	enum status st = STATUS_OK;

	ix.at_ms = env->now_ms(env->ctx);
	run_name(ix.name, ix.at_ms);
	st = encrypt(fd, b, &ix, NULL, dir, env, done, ctx, e);
	run_index_clear(&ix);
	return st;
}
