/* server/plain.c - ordinary repositories below one folder. */
#include "server/plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "server/plain_hidden.h"

#define PRACTICE_FILE "practice.json" /* beside a practice's history */

/* ---- finding ---- */

static bool is_dir(const char *path, const char *name)
{
	char full[FILE_PATH_MAX];
	struct stat s;

	return file_path(full, path, name, NULL) == STATUS_OK && stat(full, &s) == 0 && S_ISDIR(s.st_mode);
}

static bool is_repository(const char *path)
{
	char head[FILE_PATH_MAX];

	return is_dir(path, "objects") && is_dir(path, "refs") && file_path(head, path, "HEAD", NULL) == STATUS_OK &&
	       file_exists(head);
}

/* No "", "." or ".." between its slashes. */
static bool name_is_clean(const char *name)
{
	for (const char *at = name; *at; at += strcspn(at, "/")) {
		size_t len = 0;

		at += *at == '/';
		len = strcspn(at, "/");
		if (len == 0 || (len <= 2 && strncmp(at, "..", len) == 0))
			return false;
	}
	return name[0] && name[0] != '/';
}

static bool is_practice(const char *path)
{
	char dir[FILE_PATH_MAX], file[FILE_PATH_MAX];
	const char *slash = strrchr(path, '/');

	(void)snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) : 0, path);
	return file_path(file, dir, PRACTICE_FILE, NULL) == STATUS_OK && file_exists(file);
}

/* Where it really is must be inside the folder, whatever links there are. */
static bool take_if_inside(char out[FILE_PATH_MAX], const char *dir, const char *path)
{
	char *real_dir = realpath(dir, NULL), *real = realpath(path, NULL);
	size_t len = real_dir ? strlen(real_dir) : 0;
	bool inside = real && len > 0 && strncmp(real, real_dir, len) == 0 && real[len] == '/' &&
		      strlen(real) < FILE_PATH_MAX && !is_practice(real);

	if (inside)
		(void)snprintf(out, FILE_PATH_MAX, "%s", real);
	free(real_dir);
	free(real);
	return inside;
}

enum status plain_find(char out[FILE_PATH_MAX], const char *dir, const char *name, struct error *e)
{
	static const char *const endings[] = {"", "/.git", ".git"};

	for (size_t i = 0; i < ARRAY_LEN(endings) && name_is_clean(name); i++) {
		char path[FILE_PATH_MAX];
		int n = snprintf(path, sizeof(path), "%s/%s%s", dir, name, endings[i]);

		if (n > 0 && n < FILE_PATH_MAX && is_repository(path) && take_if_inside(out, dir, path))
			return STATUS_OK;
	}
	return error_set(e, STATUS_NOT_FOUND, "there is no git repository at this address");
}

/* ---- reading ---- */

enum status plain_open(struct repo **out, const char *path, bool push, bool open_to_all, struct error *e)
{
	struct repo *r = NULL;
	enum status st = repo_open_plain(&r, path, e);

	if (st != STATUS_OK)
		return st;
	if (!push && !repo_config_bool(r, "http.uploadpack", true))
		st = error_set(e, STATUS_DENIED, "this repository is not for fetching (its http.uploadpack is false)");
	if (push && !repo_config_bool(r, "http.receivepack", !open_to_all))
		st = error_set(e, STATUS_DENIED,
			       "this repository takes no pushes (git config http.receivepack true in it allows them)");
	if (st != STATUS_OK) {
		repo_close(r);
		return st;
	}
	*out = r;
	return STATUS_OK;
}

struct listing {
	struct refs *refs;
	struct hidden hidden;
	struct repo *repo;
	struct error *e;
};

/* A ref to what is not there is passed over, as git does. */
static enum status list_ref(void *ctx, const char *name, const struct oid *id)
{
	struct listing *l = ctx;
	struct oid peeled = {{0}};

	if (strlen(name) >= LIMIT_PLAIN_REF_BYTES || hidden_is(&l->hidden, name) || !repo_has(l->repo, id))
		return STATUS_OK;
	/* a broken tag is told like any other object; who wants it will hear of it */
	if (repo_peel(&peeled, l->repo, id, NULL) != STATUS_OK)
		peeled = (struct oid){{0}};
	return refs_add(l->refs, name, id, &peeled, l->e);
}

static int compare_names(const void *name, const void *ref)
{
	return strcmp(name, ((const struct ref *)ref)->name);
}

static enum status note_target(void *ctx, const char *name, const char *target)
{
	struct listing *l = ctx;
	struct ref *ref =
		l->refs->len ? bsearch(name, l->refs->list, l->refs->len, sizeof(*ref), compare_names) : NULL;

	/* one that leads nowhere, or is hidden, is not in the list; what it names may not be told if that is hidden */
	if (!ref || hidden_is(&l->hidden, target))
		return STATUS_OK;
	ref->target = strdup(target);
	return ref->target ? STATUS_OK : STATUS_NOMEM;
}

static enum status copy_ends(struct refs *refs, struct repo *r, struct error *e)
{
	size_t len = 0;
	const struct oid *ends = repo_shallow_ends(&len, r);

	if (len == 0)
		return STATUS_OK;
	refs->ends = calloc(len, sizeof(*refs->ends));
	if (!refs->ends)
		return error_set(e, STATUS_NOMEM, "out of memory");
	memcpy(refs->ends, ends, len * sizeof(*ends));
	refs->ends_len = len;
	return STATUS_OK;
}

enum status plain_refs(struct refs *out, struct repo *r, bool push, struct error *e)
{
	struct refs refs = REFS_INIT;
	struct listing l = {.refs = &refs, .repo = r, .e = e};
	enum status st = repo_head(refs.head_target, sizeof(refs.head_target), &refs.head, r, e);

	if (st == STATUS_OK)
		st = hidden_read(&l.hidden, r, push, e);
	if (st == STATUS_OK && refs.head_target[0] && hidden_is(&l.hidden, refs.head_target))
		refs.head = (struct oid){{0}};
	if (st == STATUS_OK)
		st = repo_ref_each(r, "refs/", list_ref, &l, e);
	if (st == STATUS_OK)
		st = repo_symref_each(r, note_target, &l, e);
	refs.any_object = repo_config_bool(r, "uploadpack.allowanysha1inwant", false);
	if (st == STATUS_OK)
		st = copy_ends(&refs, r, e);
	hidden_clear(&l.hidden);
	if (st != STATUS_OK) {
		refs_clear(&refs);
		return st;
	}
	*out = refs;
	return STATUS_OK;
}
