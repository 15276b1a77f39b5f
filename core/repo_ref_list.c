/* core/repo_ref_list.c - all refs under a prefix, or a failure: never some of them.
 *
 * libgit2's iterator passes over a directory or a ref that cannot be read just now, as on a failing disk. Who lists a
 * repository of ours would then say that a ref is gone. So the loose ones are looked for here, and libgit2 is asked for
 * each by name.
 */
#include "core/repo_internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/array.h"

#define REPO_MAX_REFS 65536
#define REF_DEPTH 8

struct ref_list {
	struct ref {
		char *name; /* owned */
		struct oid id;
	} * refs;
	size_t len, cap;
};

static int compare_refs(const void *a, const void *b)
{
	return strcmp(((const struct ref *)a)->name, ((const struct ref *)b)->name);
}

static enum status list_add(struct ref_list *l, const char *name, const git_oid *id, struct error *e)
{
	if (l->len >= REPO_MAX_REFS)
		return error_set(e, STATUS_TOO_BIG, "more than %d refs", REPO_MAX_REFS);
	if (!array_room(&l->refs, &l->cap, l->len))
		return error_set(e, STATUS_NOMEM, "no memory to list the refs");
	l->refs[l->len].name = strdup(name);
	if (!l->refs[l->len].name)
		return error_set(e, STATUS_NOMEM, "no memory to list the refs");
	memcpy(l->refs[l->len].id.id, id->id, OID_LEN);
	l->len++;
	return STATUS_OK;
}

static void list_clear(struct ref_list *l)
{
	for (size_t i = 0; i < l->len; i++)
		free(l->refs[i].name);
	free(l->refs);
}

/* A symbolic ref counts in plain repositories, unless it leads nowhere. */
static enum status list_ref(struct ref_list *l, struct repo *r, const git_reference *ref, struct error *e)
{
	const git_oid *target = git_reference_target(ref);
	git_oid resolved;

	if (!target && r->plain && git_reference_name_to_id(&resolved, r->git, git_reference_name(ref)) == 0)
		target = &resolved;
	return target ? list_add(l, git_reference_name(ref), target, e) : STATUS_OK;
}

static enum status list_by_libgit2(struct ref_list *l, struct repo *r, const char *prefix, struct error *e)
{
	struct buf glob = BUF_INIT;
	git_reference_iterator *it = NULL;
	git_reference *ref = NULL;
	enum status st = STATUS_OK;
	int rc = 0;

	buf_addf(&glob, "%s*", prefix);
	if (!buf_ok(&glob))
		return error_set(e, STATUS_NOMEM, "no memory to list the refs");
	rc = git_reference_iterator_glob_new(&it, r->git, buf_text(&glob));
	while (!rc && !st && !(rc = git_reference_next(&ref, it))) {
		const char *name = git_reference_name(ref);

		if (!strncmp(name, prefix, strlen(prefix)))
			st = list_ref(l, r, ref, e);
		git_reference_free(ref);
	}
	if (!st && rc != GIT_ITEROVER)
		st = git_failed(e, rc, "cannot list the refs of %s", r->path);
	git_reference_iterator_free(it);
	buf_clear(&glob);
	return st;
}

static bool has_packed_refs(struct repo *r)
{
	char *path = path_join(r->path, "packed-refs");
	bool there = !path || access(path, F_OK) == 0 || errno != ENOENT; /* in doubt libgit2 shall look */

	free(path);
	return there;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && !strcmp(text + len - end_len, end);
}

/* One file below refs/. It may be deleted by now, be a symbolic ref, or a file that is none. */
static enum status list_loose(struct ref_list *l, struct repo *r, const char *name, struct error *e)
{
	git_reference *ref = NULL;
	enum status st = STATUS_OK;
	int rc = 0, valid = 0;

	if (ends_with(name, ".lock") || git_reference_name_is_valid(&valid, name) || !valid)
		return STATUS_OK;
	rc = git_reference_lookup(&ref, r->git, name);
	if (rc == GIT_ENOTFOUND)
		return STATUS_OK;
	if (rc)
		return git_failed(e, rc, "cannot read the ref %s", name);
	if (git_reference_target(ref))
		st = list_add(l, name, git_reference_target(ref), e);
	git_reference_free(ref);
	return st;
}

/* Whether names that begin so may begin with prefix as well. */
static bool may_hold(const char *dir, const char *prefix)
{
	size_t dir_len = strlen(dir), prefix_len = strlen(prefix);

	return !strncmp(dir, prefix, dir_len < prefix_len ? dir_len : prefix_len);
}

static enum status list_dir(struct ref_list *l, struct repo *r, const char *dir, const char *prefix, int depth,
			    struct error *e);

static enum status list_entry(struct ref_list *l, struct repo *r, const char *name, const char *prefix, int depth,
			      struct error *e)
{
	char *path = path_join(r->path, name);
	enum status st = STATUS_OK;
	struct stat s;

	if (!path)
		return error_set(e, STATUS_NOMEM, "no memory to list the refs");
	if (lstat(path, &s))
		st = errno == ENOENT ? STATUS_OK : error_set_errno(e, errno, "cannot read %s", path);
	else if (S_ISDIR(s.st_mode))
		st = list_dir(l, r, name, prefix, depth + 1, e);
	else if (!strncmp(name, prefix, strlen(prefix)))
		st = list_loose(l, r, name, e);
	free(path);
	return st;
}

static enum status list_dir(struct ref_list *l, struct repo *r, const char *dir, const char *prefix, int depth,
			    struct error *e)
{
	char *path = path_join(r->path, dir);
	struct dirent *entry = NULL;
	enum status st = STATUS_OK;
	DIR *d = NULL;

	if (!path)
		return error_set(e, STATUS_NOMEM, "no memory to list the refs");
	if (!may_hold(dir, prefix) || depth > REF_DEPTH)
		goto done;
	d = opendir(path);
	if (!d && errno != ENOENT && errno != ENOTDIR)
		st = error_set_errno(e, errno, "cannot read %s", path);
	while (d && !st && (errno = 0, entry = readdir(d))) {
		char *name = entry->d_name[0] == '.' ? NULL : path_join(dir, entry->d_name);

		if (name)
			st = list_entry(l, r, name, prefix, depth, e);
		else if (entry->d_name[0] != '.')
			st = error_set(e, STATUS_NOMEM, "no memory to list the refs");
		free(name);
	}
	if (d && !st && errno)
		st = error_set_errno(e, errno, "cannot read %s", path);
	if (d)
		closedir(d);
done:
	free(path);
	return st;
}

static enum status list_refs(struct ref_list *l, struct repo *r, const char *prefix, struct error *e)
{
	enum status st = STATUS_OK;

	/* a repository of anybody's making may hold broken refs, which git passes over, and so do we */
	if (!r->plain)
		st = list_dir(l, r, "refs", prefix, 0, e);
	if (!st && (r->plain || has_packed_refs(r)))
		st = list_by_libgit2(l, r, prefix, e);
	return st;
}

/* Sorted, each once: libgit2 tells the loose refs again beside the packed ones. */
static void list_sort(struct ref_list *l)
{
	size_t kept = 0;

	if (l->len)
		qsort(l->refs, l->len, sizeof(*l->refs), compare_refs);
	for (size_t i = 0; i < l->len; i++) {
		if (kept && !strcmp(l->refs[kept - 1].name, l->refs[i].name))
			free(l->refs[i].name);
		else
			l->refs[kept++] = l->refs[i];
	}
	l->len = kept;
}

enum status repo_ref_each(struct repo *r, const char *prefix, repo_ref_visit visit, void *ctx, struct error *e)
{
	struct ref_list l = {0};
	enum status st = list_refs(&l, r, prefix, e);

	if (!st)
		list_sort(&l);
	for (size_t i = 0; i < l.len && !st; i++)
		st = visit(ctx, l.refs[i].name, &l.refs[i].id);
	list_clear(&l);
	return st;
}
