/* core/repo.c - a repository made, and the handle to one. */
#include "core/repo_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum status sync_path(const char *path, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int failed = 0;

	if (fd < 0)
		return error_set_errno(e, errno, "cannot open %s", path);
	failed = fsync(fd) ? errno : 0;
	close(fd);
	if (failed)
		return error_set_errno(e, failed, "cannot write %s to the disk", path);
	return STATUS_OK;
}

char *path_join(const char *dir, const char *name)
{
	size_t size = strlen(dir) + strlen(name) + 2;
	char *out = malloc(size);

	if (out)
		(void)snprintf(out, size, "%s/%s", dir, name);
	return out;
}

/* libgit2 does not fsync what a new repository consists of. */
static enum status sync_new(const char *path, struct error *e)
{
	static const char *const parts[] = {"HEAD", "config", "objects/pack", "objects", "refs/heads", "refs",
					    ".",    ".."};
	enum status st = STATUS_OK;

	for (size_t i = 0; i < ARRAY_LEN(parts) && !st; i++) {
		char *part = path_join(path, parts[i]);

		st = part ? sync_path(part, e) : error_set(e, STATUS_NOMEM, "no memory to make a repository");
		free(part);
	}
	return st;
}

enum status repo_create(const char *path, struct error *e)
{
	git_repository_init_options options;
	git_repository *git = NULL;
	int rc = git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);

	options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH | GIT_REPOSITORY_INIT_NO_REINIT;
	options.initial_head = "main";
	if (!rc)
		rc = git_repository_init_ext(&git, path, &options);
	git_repository_free(git);
	if (rc)
		return git_failed(e, rc, "cannot make the repository %s", path);
	return sync_new(path, e);
}

static int refresh_nothing(git_odb_backend *backend)
{
	(void)backend;
	return 0;
}

/* libgit2 looks through the pack directory again at every miss, and each new object is a miss. repo_refresh does it on
 * demand, and so does a miss once the directory was changed, which the view sees to; a backend without any refresh
 * would not be asked again after that. */
static void take_refreshers(struct repo *r)
{
	size_t backends = git_odb_num_backends(r->odb);

	for (size_t i = 0; i < backends && r->refreshers_len < REPO_MAX_BACKENDS; i++) {
		git_odb_backend *backend = NULL;

		if (git_odb_get_backend(&backend, r->odb, i) || !backend->refresh)
			continue;
		r->refreshers[r->refreshers_len++] = (struct refresher){backend, backend->refresh};
		backend->refresh = refresh_nothing;
	}
}

static enum status attach_git(struct repo *r, struct error *e)
{
	int rc = git_repository_open_bare(&r->git, r->path);

	return rc ? git_failed(e, rc, "cannot open the repository %s", r->path) : STATUS_OK;
}

static enum status attach(struct repo *r, struct error *e)
{
	enum status st = attach_git(r, e);
	int rc = 0;

	if (st != STATUS_OK)
		return st;
	packs_stamp(&r->seen, r); /* first: what comes or goes while we look must count as unseen */
	rc = git_repository_odb(&r->odb, r->git);
	if (rc)
		return git_failed(e, rc, "cannot open the repository %s", r->path);
	take_refreshers(r);
	return view_attach(r, e);
}

static void detach(struct repo *r)
{
	git_odb_free(r->odb);
	git_repository_free(r->git);
	r->odb = NULL;
	r->git = NULL;
	r->refreshers_len = 0;
}

static enum status open_handle(struct repo **out, const char *path, enum status (*attach_to)(struct repo *, struct error *),
			       struct error *e)
{
	struct repo *r = calloc(1, sizeof(*r));
	enum status st = STATUS_OK;

	if (!r || !(r->path = strdup(path)) || !(r->packs = path_join(path, "objects/pack")))
		st = error_set(e, STATUS_NOMEM, "no memory to open a repository");
	else
		st = attach_to(r, e);
	if (st) {
		repo_close(r);
		return st;
	}
	*out = r;
	return STATUS_OK;
}

enum status repo_open(struct repo **out, const char *path, struct error *e)
{
	return open_handle(out, path, attach, e);
}

enum status repo_open_refs(struct repo **out, const char *path, struct error *e)
{
	return open_handle(out, path, attach_git, e);
}

enum status repo_reopen(struct repo *r, struct error *e)
{
	struct repo old = *r;
	enum status st = STATUS_OK;

	r->git = NULL;
	r->odb = NULL;
	r->refreshers_len = 0;
	st = attach(r, e);
	if (st) {
		detach(r);
		*r = old;
		return st;
	}
	detach(&old);
	return STATUS_OK;
}

void repo_close(struct repo *r)
{
	if (!r)
		return;
	detach(r);
	recent_clear(r);
	staging_clear(&r->staged);
	oid_map_clear(&r->shallow);
	free(r->packs);
	free(r->path);
	free(r);
}

const char *repo_path(const struct repo *r)
{
	return r->path;
}

uint64_t repo_reads(const struct repo *r)
{
	return r->reads;
}

enum status repo_refresh(struct repo *r, struct error *e)
{
	packs_stamp(&r->seen, r);
	for (size_t i = 0; i < r->refreshers_len; i++) {
		int rc = r->refreshers[i].refresh(r->refreshers[i].backend);

		if (rc < 0)
			return git_failed(e, rc, "cannot look through the packs of %s", r->path);
	}
	return STATUS_OK;
}
