/* client/audit_texts.c - sealed texts beside the history: is each what its hash says, and is any gone that nobody erased? */
#include "client/audit_texts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/audit_internal.h"
#include "client/intern.h"
#include "client/limits.h"
#include "core/digest.h"
#include "core/record_file.h"

struct texts {
	struct audit_texts found;
	struct audit *audit;
	struct repo *repo;
	int store;
	struct intern erased; /* hashes that erasures name */
};

/* Nothing is known of commits here: what is damaged is this folder. */
static void find_damage(struct texts *t, const char *name, const char *why)
{
	char path[TREE_PATH_MAX];

	(void)snprintf(path, sizeof(path), "blobs/%.*s", SHA256_HEX_LEN, name);
	audit_find_beside(t->audit, "", path, "", "%s", why);
}

static bool is_hash(const char *name)
{
	uint8_t digest[SHA256_LEN];

	return hex_decode(digest, sizeof(digest), name) == STATUS_OK;
}

/* Evidence may be large: never in memory as a whole. */
static enum status add_all(struct sha256 *hash, int fd, const char *name, struct error *e)
{
	uint8_t chunk[16 * 1024];
	long long left = LIMIT_AUDIT_TEXT_BYTES;
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(e, errno, "cannot read %s", name);
		if (n > left)
			return error_set(e, STATUS_TOO_BIG, "%s is larger than %lld bytes", name, LIMIT_AUDIT_TEXT_BYTES);
		left -= n;
		sha256_add(hash, chunk, (size_t)n);
	}
	return STATUS_OK;
}

static enum status hash_file(uint8_t digest[SHA256_LEN], int store, const char *name, struct error *e)
{
	struct sha256 *hash = sha256_open();
	struct stat info;
	int fd = openat(store, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); /* a pipe has no end */
	enum status st = STATUS_OK;

	if (!hash)
		st = error_set(e, STATUS_NOMEM, "out of memory");
	else if (fd < 0 || fstat(fd, &info) != 0)
		st = error_set_errno(e, errno, "cannot open %s", name);
	else if (!S_ISREG(info.st_mode))
		st = error_set(e, STATUS_CORRUPT, "%s is no file", name);
	if (st == STATUS_OK)
		st = add_all(hash, fd, name, e);
	if (st == STATUS_OK)
		st = sha256_finish(digest, hash);
	if (fd >= 0)
		(void)close(fd);
	sha256_close(hash);
	return st;
}

static enum status check_text(struct texts *t, const char *name, struct error *e)
{
	uint8_t digest[SHA256_LEN];
	char hex[SHA256_HEX_LEN + 1];
	size_t number;
	enum status st = hash_file(digest, t->store, name, e);

	if (st == STATUS_NOMEM)
		return st;
	if (st != STATUS_OK) {
		find_damage(t, name, e->text);
		return STATUS_OK;
	}
	hex_encode(hex, digest, sizeof(digest));
	if (strcmp(hex, name) != 0) {
		find_damage(t, name, "the sealed text is not the one of this hash: it was altered or damaged");
		return STATUS_OK;
	}
	t->found.intact++;
	t->found.erased_here += intern_find(&t->erased, name, strlen(name), &number);
	return STATUS_OK;
}

static enum status check_store(struct texts *t, struct error *e)
{
	int fd = openat(t->store, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	enum status st = STATUS_OK;

	if (!folder) {
		st = error_set_errno(e, errno, "cannot read the folder of sealed texts");
		if (fd >= 0)
			(void)close(fd);
		return st;
	}
	while (st == STATUS_OK && (entry = readdir(folder)))
		if (is_hash(entry->d_name))
			st = check_text(t, entry->d_name, e);
	(void)closedir(folder);
	return st;
}

/* ---- what the history says ---- */

static enum status visit_erasure(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct texts *t = ctx;
	cJSON *record = NULL;
	const cJSON *hash;
	size_t number;
	enum status st = record_read(&record, t->repo, new_id, e);

	(void)path;
	(void)old_id;
	cJSON_ArrayForEach(hash, json_get(record, "blobs"))
		if (st == STATUS_OK && cJSON_IsString(hash))
			st = intern_add(&t->erased, hash->valuestring, strlen(hash->valuestring), &number, NULL, e);
	cJSON_Delete(record);
	return st;
}

static enum status visit_answer(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct texts *t = ctx;
	struct stat info;
	cJSON *record = NULL;
	const char *hash;
	size_t number;
	enum status st = record_read(&record, t->repo, new_id, e);

	(void)old_id;
	hash = json_string(json_get(record, "comment"), "sha256");
	if (st == STATUS_OK && hash && is_hash(hash) && fstatat(t->store, hash, &info, AT_SYMLINK_NOFOLLOW) != 0 &&
	    !intern_find(&t->erased, hash, strlen(hash), &number) && t->found.absent++ == 0)
		(void)snprintf(t->found.absent_first, sizeof(t->found.absent_first), "%s", path);
	cJSON_Delete(record);
	return st;
}

static enum status find_absent(struct texts *t, const struct oid *tree, const char *device, struct error *e)
{
	char own[TREE_PATH_MAX];

	(void)snprintf(own, sizeof(own), "feedback/%s", device);
	return tree_each(t->repo, tree, own, visit_answer, t, e);
}

enum status audit_look_at_texts(struct audit *a, struct repo *r, const struct oid *main, int store, const char *device, struct error *e)
{
	struct texts t = {.audit = a, .repo = r, .store = store, .found = {.looked = true}};
	struct commit c = COMMIT_INIT;
	bool sound = a->findings_len == 0; /* else paths without number may stand there */
	enum status st = repo_commit_read(&c, r, main, e);

	if (st == STATUS_OK && sound)
		st = tree_each(r, &c.tree, "erasures", visit_erasure, &t, e);
	if (st == STATUS_OK)
		st = check_store(&t, e);
	if (st == STATUS_OK && sound)
		st = find_absent(&t, &c.tree, device, e);
	if (st == STATUS_OK)
		a->texts = t.found;
	intern_clear(&t.erased);
	commit_clear(&c);
	return st;
}
