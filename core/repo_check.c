/* core/repo_check.c - is what lies on disk what was once written? Every pack and index by its own checksum, every object
 * by its name. Readers, intakes and a consolidation may go on meanwhile. */
#include "core/repo_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/tree.h"

#define PACK_DIR "objects/pack"
#define PIECE_BYTES ((size_t)16 << 10)

struct check {
	struct repo *repo;
	repo_damage damage;
	void *ctx;
	struct error *e;
	const char *name; /* of the pack at hand */
	git_odb_backend *backend;
	uint64_t objects;
	enum status st; /* of the visitor */
};

static enum status tell(struct check *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
static enum status tell(struct check *c, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return c->damage(c->ctx, text);
}

/* ---- the files ---- */

/* git ends packs and indexes with the SHA-1 of all before it. */
static enum status sum_file(bool *right, int fd, struct sha1 *s)
{
	uint8_t bytes[PIECE_BYTES + SHA1_LEN], sum[SHA1_LEN];
	size_t held = 0; /* the last bytes may be the checksum itself */
	ssize_t n = 0;
	enum status st = STATUS_OK;

	while ((n = read(fd, bytes + held, sizeof(bytes) - held)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return STATUS_IO;
		held += (size_t)n;
		if (held > SHA1_LEN) {
			sha1_add(s, bytes, held - SHA1_LEN);
			memmove(bytes, bytes + held - SHA1_LEN, SHA1_LEN);
			held = SHA1_LEN;
		}
	}
	st = sha1_finish(sum, s);
	*right = st == STATUS_OK && held == SHA1_LEN && memcmp(sum, bytes, SHA1_LEN) == 0;
	return st;
}

static enum status check_file(bool *sound, struct check *c, const char *hex, const char *suffix)
{
	struct sha1 *s = sha1_open();
	char *path = packs_path(c->repo, hex, suffix);
	enum status st = STATUS_OK;
	int fd = -1;

	if (!s || !path) {
		st = error_set(c->e, STATUS_NOMEM, "no memory to check a pack");
		goto done;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		st = tell(c, "pack-%s.%s: %s", hex, suffix, errno == ENOENT ? "the file is missing" : strerror(errno));
	else if (sum_file(sound, fd, s) != STATUS_OK)
		st = tell(c, "pack-%s.%s: the file cannot be read", hex, suffix);
	else if (!*sound)
		st = tell(c, "pack-%s.%s: the file is not what was written: its checksum is another one", hex, suffix);
done:
	if (fd >= 0)
		(void)close(fd);
	sha1_close(s);
	free(path);
	return st;
}

/* ---- the objects ---- */

static int check_object(const git_oid *id, void *ctx)
{
	struct check *c = ctx;
	char hex[OID_HEX_LEN + 1];
	git_object_t kind = GIT_OBJECT_INVALID;
	void *bytes = NULL;
	size_t len = 0;
	git_oid sum;
	int rc = c->backend->read(&bytes, &len, &kind, c->backend, id);
	bool read = rc == 0;

	c->objects++;
	if (!rc)
		rc = git_odb_hash(&sum, bytes, len, kind);
	git_odb_backend_data_free(c->backend, bytes);
	if (rc || memcmp(sum.id, id->id, OID_LEN) != 0) {
		oid_hex(hex, (const struct oid *)(const void *)id->id);
		c->st = tell(c, "%s: object %s %s", c->name, hex, read ? "does not have the content of its name" : "cannot be read");
	}
	return c->st ? GIT_EUSER : 0;
}

static enum status check_backend(struct check *c)
{
	int rc = c->backend->foreach (c->backend, check_object, c);

	if (!c->st && rc)
		c->st = tell(c, "%s: its objects cannot be listed", c->name);
	return c->st;
}

static enum status check_pack(struct check *c, const char *hex)
{
	char name[PACK_HEX_MAX + 16];
	char *path = packs_path(c->repo, hex, "idx");
	bool idx_sound = false, pack_sound = false;
	enum status st = path ? check_file(&idx_sound, c, hex, "idx") : error_set(c->e, STATUS_NOMEM, "no memory to check a pack");

	if (st == STATUS_OK)
		st = check_file(&pack_sound, c, hex, "pack");
	if (st != STATUS_OK || !idx_sound) /* without a sound index there is no telling where objects start */
		goto done;
	(void)snprintf(name, sizeof(name), "pack-%s", hex);
	c->name = name;
	if (git_odb_backend_one_pack(&c->backend, path)) {
		st = tell(c, "%s: the pack cannot be opened", name);
		goto done;
	}
	st = check_backend(c);
	c->backend->free(c->backend);
	c->backend = NULL;
done:
	free(path);
	return st;
}

static enum status check_loose(struct check *c)
{
	char *objects = path_join(c->repo->path, "objects");
	enum status st = STATUS_OK;

	if (!objects || git_odb_backend_loose(&c->backend, objects, -1, 0, 0, 0)) {
		free(objects);
		return error_set(c->e, STATUS_NOMEM, "no memory to check loose objects");
	}
	c->name = "objects";
	st = check_backend(c);
	c->backend->free(c->backend);
	c->backend = NULL;
	free(objects);
	return st;
}

/* The name's hex part if it is a pack's index. */
static bool index_name(char hex[PACK_HEX_MAX + 1], const char *name)
{
	size_t len = strlen(name);

	if (len <= strlen("pack-.idx") || strncmp(name, "pack-", 5) != 0 || strcmp(name + len - 4, ".idx") != 0 ||
	    len - strlen("pack-.idx") > PACK_HEX_MAX)
		return false;
	(void)snprintf(hex, PACK_HEX_MAX + 1, "%.*s", (int)(len - strlen("pack-.idx")), name + 5);
	return true;
}

/* A pack whose index went meanwhile was joined into another. */
static bool is_gone(const struct check *c, const char *hex)
{
	char *path = packs_path(c->repo, hex, "idx");
	bool gone = path && access(path, F_OK) != 0;

	free(path);
	return gone;
}

static enum status check_packs(struct check *c)
{
	char *path = path_join(c->repo->path, PACK_DIR);
	DIR *d = path ? opendir(path) : NULL;
	struct dirent *entry = NULL;
	enum status st = STATUS_OK;

	if (!d)
		st = tell(c, PACK_DIR ": the folder cannot be listed");
	while (d && st == STATUS_OK && (entry = readdir(d)) != NULL) {
		char hex[PACK_HEX_MAX + 1];

		if (index_name(hex, entry->d_name) && !is_gone(c, hex))
			st = check_pack(c, hex);
	}
	if (d)
		(void)closedir(d);
	free(path);
	return st;
}

enum status repo_check_stored(uint64_t *objects, struct repo *r, repo_damage damage, void *ctx, struct error *e)
{
	struct check c = {.repo = r, .damage = damage, .ctx = ctx, .e = e};
	enum status st = check_packs(&c);

	if (st == STATUS_OK)
		st = check_loose(&c);
	if (st == STATUS_OK)
		*objects = c.objects;
	return st;
}

size_t repo_count_leftovers(struct repo *r, int64_t age_s)
{
	char *path = path_join(r->path, "incoming");
	DIR *d = path ? opendir(path) : NULL;
	const struct dirent *entry = NULL;
	struct stat info;
	size_t count = 0;

	while (d && (entry = readdir(d)) != NULL) {
		if (entry->d_name[0] != '.' && fstatat(dirfd(d), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0)
			count += (int64_t)info.st_mtime <= (int64_t)time(NULL) - age_s;
	}
	if (d)
		(void)closedir(d);
	free(path);
	return count;
}

/* ---- what hangs together ---- */

struct needs {
	struct repo *repo;
	const struct oid *commit;
};

static enum status check_needed(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	const struct needs *n = ctx;
	char hex[OID_HEX_LEN + 1], commit[OID_HEX_LEN + 1];

	(void)old_id;
	if (!new_id || repo_has(n->repo, new_id))
		return STATUS_OK;
	oid_hex(hex, new_id);
	oid_hex(commit, n->commit);
	return error_set(e, STATUS_CORRUPT, "object %s is missing, which is %.200s of commit %s", hex, path, commit);
}

enum status repo_check_complete(struct repo *r, const struct oid *wants, size_t wants_len, const struct oid *haves, size_t haves_len,
				struct error *e)
{
	const struct repo_span span = {.wants = wants, .wants_len = wants_len, .haves = haves, .haves_len = haves_len};
	const struct oid nothing = {{0}};
	struct walk_commit *commits = NULL;
	size_t len = 0;
	enum status st = walk_difference(&commits, &len, r, &span, e);

	/* what equals a parent's entry at the same place came with that parent, or was there before */
	for (size_t i = 0; i < len && st == STATUS_OK; i++) {
		struct needs n = {.repo = r, .commit = &commits[i].id};

		st = tree_diff(r, commits[i].before_len ? &commits[i].before[0] : &nothing, &commits[i].tree, check_needed, &n, e);
	}
	free(commits);
	if (st == STATUS_NOT_FOUND) {
		if (e)
			e->status = STATUS_CORRUPT;
		st = STATUS_CORRUPT;
	}
	return st;
}
