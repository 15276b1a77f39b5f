/* core/repo_ref.c - refs: read, listed, moved by compare-and-swap.
 *
 * libgit2 writes a ref through "<ref>.lock", fsyncs file and directory, and compares under that lock. Not left to it:
 * the entries of directories that a new ref made, a deleted ref's directory, and that a ref never points to what is not
 * on the disk.
 */
#include "core/repo_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPO_MAX_REFS 262144

/* The ref's path with a suffix, the caller's; NULL without memory. */
static char *ref_path(const struct repo *r, const char *name, const char *suffix)
{
	size_t size = strlen(r->path) + strlen(name) + strlen(suffix) + 2;
	char *path = malloc(size);

	if (path)
		(void)snprintf(path, size, "%s/%s%s", r->path, name, suffix);
	return path;
}

/* A ref in a file of its own that holds an id, as ours do; of all others libgit2 knows what they are. It would look up each
 * directory on the way. */
static bool read_loose(struct oid *out, const struct repo *r, const char *name)
{
	char text[OID_HEX_LEN + 2];
	char *path = strncmp(name, "refs/", 5) == 0 && !strstr(name, "..") ? ref_path(r, name, "") : NULL;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text));

	if (fd >= 0)
		(void)close(fd);
	free(path);
	return len == OID_HEX_LEN + 1 && text[OID_HEX_LEN] == '\n' && oid_parse(out, text, OID_HEX_LEN) == STATUS_OK;
}

enum status repo_ref_get(struct oid *out, struct repo *r, const char *name, struct error *e)
{
	git_oid id;
	int rc = 0;

	if (read_loose(out, r, name))
		return STATUS_OK;
	rc = git_reference_name_to_id(&id, r->git, name);

	if (rc)
		return git_failed(e, rc, "cannot read the ref %s", name);
	memcpy(out->id, id.id, OID_LEN);
	return STATUS_OK;
}

/* fsync the directories from the ref's up to the repository's; those that were removed as empty are passed over. */
static enum status sync_dirs(const struct repo *r, const char *name, struct error *e)
{
	char *path = path_join(r->path, name);
	enum status st = STATUS_OK;
	size_t root = strlen(r->path);

	if (!path)
		return error_set(e, STATUS_NOMEM, "no memory to write the ref %s", name);
	for (char *slash = strrchr(path, '/'); slash && (size_t)(slash - path) >= root && !st;
	     slash = strrchr(path, '/')) {
		*slash = '\0';
		if (access(path, F_OK) == 0)
			st = sync_path(path, e);
	}
	free(path);
	return st;
}

static enum status check_target(struct repo *r, const char *name, const struct oid *id, struct error *e)
{
	char hex[OID_HEX_LEN + 1];

	if (repo_has_kept(r, id))
		return STATUS_OK;
	if (repo_refresh(r, e))
		return e ? e->status : STATUS_IO;
	if (repo_has_kept(r, id))
		return STATUS_OK;
	oid_hex(hex, id);
	return error_set(e, STATUS_NOT_FOUND, "%s cannot point to %s, which is not in the repository", name, hex);
}

static enum status delete_ref(struct repo *r, const char *name, const struct oid *old_id, struct error *e)
{
	git_reference *ref = NULL;
	enum status st = STATUS_OK;
	int rc = git_reference_lookup(&ref, r->git, name);

	if (rc == GIT_ENOTFOUND)
		return error_set(e, STATUS_STALE, "the ref %s is gone already", name);
	if (rc)
		return git_failed(e, rc, "cannot read the ref %s", name);
	if (!git_reference_target(ref) || !git_oid_equal(git_reference_target(ref), git_id(old_id)))
		st = error_set(e, STATUS_STALE, "the ref %s was moved meanwhile", name);
	if (!st && (rc = git_reference_delete(ref))) /* compares with what `ref` holds, under the lock */
		st = git_failed(e, rc, "cannot delete the ref %s", name);
	git_reference_free(ref);
	return st ? st : sync_dirs(r, name, e);
}

/* The directories that lead to the ref. */
static enum status make_dirs(const struct repo *r, char *path, struct error *e)
{
	for (char *slash = strchr(path + strlen(r->path) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int failed = 0;

		*slash = '\0';
		failed = mkdir(path, 0777) && errno != EEXIST ? errno : 0;
		if (failed)
			(void)error_set_errno(e, failed, "cannot make %s", path);
		*slash = '/';
		if (failed)
			return failed == ENOSPC || failed == EDQUOT ? STATUS_NO_SPACE : STATUS_IO;
	}
	return STATUS_OK;
}

static enum status write_ref(const char *path, const struct oid *id, bool durable, struct error *e)
{
	char line[OID_HEX_LEN + 2];
	int failed = 0, fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return error_set_errno(e, errno, "cannot write %s", path);
	oid_hex(line, id);
	line[OID_HEX_LEN] = '\n';
	errno = EIO;
	if (write(fd, line, OID_HEX_LEN + 1) != OID_HEX_LEN + 1 || (durable && fsync(fd)))
		failed = errno;
	if (close(fd) && !failed)
		failed = errno;
	if (!failed)
		return STATUS_OK;
	(void)unlink(path);
	return error_set_errno(e, failed, "cannot write %s", path);
}

enum status repo_ref_put(struct repo *r, const char *name, const struct oid *id, bool durable, struct error *e)
{
	char *path = ref_path(r, name, ""), *lock = ref_path(r, name, ".lock");
	enum status st = path && lock ? STATUS_OK : error_set(e, STATUS_NOMEM, "no memory to write %s", name);

	if (st == STATUS_OK && access(path, F_OK)) /* a new one */
		st = make_dirs(r, path, e);
	if (st == STATUS_OK)
		st = write_ref(lock, id, durable, e);
	if (st == STATUS_OK && rename(lock, path))
		st = error_set_errno(e, errno, "cannot move the ref %s", name);
	if (st == STATUS_OK && durable)
		st = sync_dirs(r, name, e);
	free(path);
	free(lock);
	return st;
}

enum status repo_ref_sync(struct repo *r, const char *name, struct error *e)
{
	char *path = ref_path(r, name, "");
	enum status st = path ? sync_path(path, e) : error_set(e, STATUS_NOMEM, "no memory to write %s", name);

	free(path);
	return st == STATUS_OK ? sync_dirs(r, name, e) : st;
}

enum status repo_ref_drop_empty(struct repo *r, const char *name, struct error *e)
{
	char *path = ref_path(r, name, "");
	struct oid id;
	enum status st = STATUS_OK;

	if (!path)
		return error_set(e, STATUS_NOMEM, "no memory to look at %s", name);
	if (access(path, F_OK) == 0 && !read_loose(&id, r, name)) {
		if (unlink(path))
			st = error_set_errno(e, errno, "cannot remove %s", path);
		else
			st = sync_dirs(r, name, e);
	}
	free(path);
	return st;
}

/* A move failed. If the ref holds the new value all the same, only the disk's last word is missing: it is written once
 * more, since asking the disk again about the same bytes may be told what is not true. */
static enum status look_again(struct repo *r, const char *name, const struct oid *id, enum status failed,
			      struct error *e)
{
	struct oid there;
	struct error why = {STATUS_OK, ""};

	if (repo_ref_get(&there, r, name, NULL) != STATUS_OK || !oid_equal(&there, id))
		return failed;
	if (repo_ref_put(r, name, id, true, &why) == STATUS_OK)
		return STATUS_OK;
	return error_set(e, STATUS_UNKNOWN, "it is not sure that the ref %s was moved: %s", name, why.text);
}

enum status repo_ref_update(struct repo *r, const char *name, const struct oid *new_id, const struct oid *old_id,
			    struct error *e)
{
	git_reference *ref = NULL;
	enum status st = STATUS_OK;
	int rc = 0;

	if (!new_id)
		return old_id ? delete_ref(r, name, old_id, e)
			      : error_set(e, STATUS_USAGE, "a ref that is not there cannot be deleted");
	st = check_target(r, name, new_id, e);
	if (st)
		return st;
	rc = git_reference_create_matching(&ref, r->git, name, git_id(new_id), old_id != NULL,
					   old_id ? git_id(old_id) : NULL, NULL);
	git_reference_free(ref);
	if (rc == GIT_EMODIFIED || (rc == GIT_ENOTFOUND && old_id) || (rc == GIT_EEXISTS && !old_id))
		return error_set(e, STATUS_STALE, "the ref %s was moved meanwhile", name);
	if (rc)
		st = git_failed(e, rc, "cannot move the ref %s", name);
	else if (!old_id)
		st = sync_dirs(r, name, e);
	return st == STATUS_OK || st == STATUS_BUSY ? st : look_again(r, name, new_id, st, e);
}

bool repo_ref_name_valid(const char *name)
{
	int valid = 0;

	return strncmp(name, "refs/", 5) == 0 && git_reference_name_is_valid(&valid, name) == 0 && valid;
}

/* ---- several at once ---- */

/* Under the ref's lock. */
static enum status move_one(git_transaction *t, struct repo *r, const struct repo_move *m, struct error *e)
{
	git_oid now = {{0}};
	int rc = git_reference_name_to_id(&now, r->git, m->name);

	if (rc && rc != GIT_ENOTFOUND)
		return git_failed(e, rc, "cannot read the ref %s", m->name);
	if (memcmp(now.id, m->old_id.id, OID_LEN) != 0)
		return error_set(e, STATUS_STALE, "the ref %s was moved meanwhile", m->name);
	if (oid_is_zero(&m->new_id))
		rc = rc ? 0 : git_transaction_remove(t, m->name);
	else
		rc = git_transaction_set_target(t, m->name, git_id(&m->new_id), NULL, NULL);
	return rc ? git_failed(e, rc, "cannot move the ref %s", m->name) : STATUS_OK;
}

enum status repo_refs_move(size_t *failed, struct repo *r, const struct repo_move *moves, size_t len, struct error *e)
{
	git_transaction *t = NULL;
	int rc = git_transaction_new(&t, r->git);
	enum status st = rc ? git_failed(e, rc, "cannot move refs") : STATUS_OK;

	for (size_t i = 0; i < len && !st; i++) {
		*failed = i;
		if (!oid_is_zero(&moves[i].new_id))
			st = check_target(r, moves[i].name, &moves[i].new_id, e);
		if (!st && (rc = git_transaction_lock_ref(t, moves[i].name)))
			st = git_failed(e, rc, "cannot lock the ref %s", moves[i].name);
		if (!st)
			st = move_one(t, r, &moves[i], e);
	}
	if (!st && (rc = git_transaction_commit(t)))
		st = git_failed(e, rc, "cannot move refs");
	git_transaction_free(t);
	for (size_t i = 0; i < len && !st; i++)
		st = sync_dirs(r, moves[i].name, e);
	return st;
}

void repo_ref_unlock(struct repo *r, const char *name)
{
	char *path = ref_path(r, name, ".lock");

	if (path)
		(void)unlink(path);
	free(path);
}
