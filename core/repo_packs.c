/* core/repo_packs.c - the directory of packs: what lies there, and how packs leave it under readers' hands.
 *
 * A pack that was joined into another loses its index first: who opens the repository from then on, or looks through it
 * again, does not see it. A handle that opened the index before goes on reading; one that had only listed the pack
 * misses its objects, finds that the directory was changed, looks again and sees the joined pack. So does one that
 * misses what came after it was opened. The bytes themselves stay a while longer, because libgit2 may close a pack's
 * file and open it again.
 *
 * The order that makes this safe: joined pack durable, indexes gone, much later packs gone.
 */
#include "core/repo_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/array.h"

#define PACK_DIR "objects/pack"
#define MAX_PACKS ((size_t)1 << 20)
#define STEP_MS 20 /* a system's clock tick takes 10 at most */
#define COARSE_STEP_MS 3000
/* Of an index of version 2 (gitformat-pack): magic, version and fan-out; for each object id, checksum and offset; two
 * hashes. */
#define IDX_FIXED_BYTES (8 + 256 * 4 + 2 * OID_LEN)
#define IDX_OBJECT_BYTES (OID_LEN + 4 + 4)

char *packs_path(const struct repo *r, const char *hex, const char *suffix)
{
	size_t size = strlen(r->path) + strlen(hex) + strlen(suffix) + sizeof(PACK_DIR "/pack-") + 3;
	char *out = malloc(size);

	if (out)
		(void)snprintf(out, size, "%s/" PACK_DIR "/pack-%s.%s", r->path, hex, suffix);
	return out;
}

/* The hex part of "pack-<hex>.<suffix>"; false for any other name. */
static bool parse_name(char hex[PACK_HEX_MAX + 1], const char *name, const char *suffix)
{
	size_t len = strlen(name), end = strlen(suffix) + 1, start = strlen("pack-");

	if (len <= start + end || len - start - end > PACK_HEX_MAX || strncmp(name, "pack-", start) != 0)
		return false;
	if (name[len - end] != '.' || strcmp(name + len - end + 1, suffix) != 0)
		return false;
	(void)snprintf(hex, PACK_HEX_MAX + 1, "%.*s", (int)(len - start - end), name + start);
	return true;
}

static enum status add_pack(struct pack_list *l, const struct pack_file *pack)
{
	if (l->len == MAX_PACKS)
		return STATUS_TOO_BIG;
	if (!array_room(&l->packs, &l->cap, l->len))
		return STATUS_NOMEM;
	l->packs[l->len++] = *pack;
	return STATUS_OK;
}

/* Fewest objects first; the name makes the order a certain one. */
static int compare_packs(const void *a, const void *b)
{
	const struct pack_file *x = a, *y = b;

	if (x->objects != y->objects)
		return x->objects < y->objects ? -1 : 1;
	return strcmp(x->hex, y->hex);
}

static DIR *open_packs(const struct repo *r)
{
	return opendir(r->packs);
}

/* An index of another version, or a large pack's, tells a number that is too high: such a pack is large or foreign, and
 * is found so when it is read. */
static bool measure(struct pack_file *pack, int dir)
{
	char name[PACK_HEX_MAX + 16];
	struct stat idx, data;

	(void)snprintf(name, sizeof(name), "pack-%s.idx", pack->hex);
	if (fstatat(dir, name, &idx, 0) || idx.st_size < IDX_FIXED_BYTES)
		return false;
	(void)snprintf(name, sizeof(name), "pack-%s.pack", pack->hex);
	if (fstatat(dir, name, &data, 0))
		return false;
	pack->objects = (uint32_t)((idx.st_size - IDX_FIXED_BYTES) / IDX_OBJECT_BYTES);
	pack->bytes = (uint64_t)data.st_size;
	return true;
}

enum status packs_list(struct pack_list *out, struct repo *r, struct error *e)
{
	struct pack_list l = {NULL, 0, 0};
	enum status st = STATUS_OK;
	struct dirent *entry = NULL;
	DIR *d = open_packs(r);

	if (!d && errno != ENOENT) /* a linked work tree of stock git has no packs of its own */
		return error_set_errno(e, errno, "cannot list the packs of %s", r->path);
	while (st == STATUS_OK && d && (entry = readdir(d)) != NULL) {
		struct pack_file pack = {"", 0, 0};

		if (parse_name(pack.hex, entry->d_name, "idx") && measure(&pack, dirfd(d)))
			st = add_pack(&l, &pack);
	}
	if (d)
		closedir(d);
	if (st != STATUS_OK) {
		packs_clear(&l);
		return error_set(e, st, "cannot list the packs of %s", r->path);
	}
	if (l.len)
		qsort(l.packs, l.len, sizeof(*l.packs), compare_packs);
	*out = l;
	return STATUS_OK;
}

void packs_clear(struct pack_list *l)
{
	free(l->packs);
	*l = (struct pack_list){NULL, 0, 0};
}

enum status repo_count_packs(size_t *out, struct repo *r, struct error *e)
{
	struct pack_list l = {NULL, 0, 0};
	enum status st = packs_list(&l, r, e);

	if (st == STATUS_OK)
		*out = l.len;
	packs_clear(&l);
	return st;
}

/* ---- what changed ---- */

static int64_t ms_since(const struct timespec *now, const struct timespec *then)
{
	return (now->tv_sec - then->tv_sec) * INT64_C(1000) + (now->tv_nsec - then->tv_nsec) / 1000000;
}

/* The system's times go in steps, some file systems' in whole seconds: two changes within a step look like one. */
static bool is_settled(const struct timespec *now, const struct timespec *changed)
{
	return ms_since(now, changed) > (changed->tv_nsec ? STEP_MS : COARSE_STEP_MS);
}

void packs_stamp(struct pack_stamp *out, const struct repo *r)
{
	struct timespec now = {0}; /* from before: a change after it must not seem to be older */
	struct stat s;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct pack_stamp){.settled = true};
	if (stat(r->packs, &s) == 0)
		*out = (struct pack_stamp){s.st_ino, s.st_ctim, is_settled(&now, &s.st_ctim)};
}

bool packs_heal(struct repo *r)
{
	struct pack_stamp now;

	packs_stamp(&now, r);
	if (r->seen.settled && now.ino == r->seen.ino && now.changed.tv_sec == r->seen.changed.tv_sec &&
	    now.changed.tv_nsec == r->seen.changed.tv_nsec)
		return false;
	return repo_refresh(r, NULL) == STATUS_OK;
}

static enum status can_open(const struct repo *r, const char *hex, const char *suffix, struct error *e)
{
	char *path = packs_path(r, hex, suffix);
	enum status st = path ? STATUS_OK : error_set(e, STATUS_NOMEM, "no memory to look for an object");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	/* one that is gone was joined into another, which is listed or comes with the next look */
	if (path && fd < 0 && errno != ENOENT)
		st = error_set_errno(e, errno, "cannot open %s", path);
	if (fd >= 0)
		(void)close(fd);
	free(path);
	return st;
}

enum status repo_look_again(struct repo *r, struct error *e)
{
	enum status st = STATUS_OK;
	struct dirent *entry = NULL;
	DIR *d = open_packs(r);

	if (!d && errno != ENOENT)
		return error_set_errno(e, errno, "cannot list the packs of %s", r->path);
	while (st == STATUS_OK && d && (entry = readdir(d)) != NULL) {
		char hex[PACK_HEX_MAX + 1];

		if (!parse_name(hex, entry->d_name, "idx"))
			continue;
		st = can_open(r, hex, "idx", e);
		if (st == STATUS_OK)
			st = can_open(r, hex, "pack", e);
	}
	if (d)
		closedir(d);
	return st == STATUS_OK ? repo_reopen(r, e) : st;
}

/* ---- leaving ---- */

static void remove_file(const struct repo *r, const char *hex, const char *suffix)
{
	char *path = packs_path(r, hex, suffix);

	if (path)
		(void)unlink(path); /* what stays costs room, and is joined again */
	free(path);
}

/* Its time of change is what the grace is counted from. */
static void touch(const struct repo *r, const char *hex)
{
	char *path = packs_path(r, hex, "pack");

	if (path)
		(void)utimensat(AT_FDCWD, path, NULL, 0);
	free(path);
}

enum status packs_retire(const struct pack_list *l, const char *but, struct repo *r, struct error *e)
{
	char *midx = path_join(r->packs, "multi-pack-index");

	if (!midx)
		return error_set(e, STATUS_NOMEM, "no memory to join packs");
	(void)unlink(midx); /* a host's own repacking may have left one, and it names packs */
	for (size_t i = 0; i < l->len; i++) {
		const char *hex = l->packs[i].hex;

		if (strcmp(hex, but) == 0)
			continue;
		touch(r, hex);
		remove_file(r, hex, "bitmap");
		remove_file(r, hex, "rev");
		remove_file(r, hex, "idx");
	}
	free(midx);
	return STATUS_OK;
}

static bool is_old(const struct stat *s, int64_t grace_ms)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return ms_since(&now, &s->st_ctim) >= grace_ms;
}

void packs_sweep(struct repo *r, int64_t grace_ms)
{
	DIR *d = open_packs(r);
	struct dirent *entry = NULL;

	while (d && (entry = readdir(d)) != NULL) {
		char hex[PACK_HEX_MAX + 1], idx[PACK_HEX_MAX + 16];
		struct stat s;

		if (!parse_name(hex, entry->d_name, "pack") || fstatat(dirfd(d), entry->d_name, &s, 0))
			continue;
		(void)snprintf(idx, sizeof(idx), "pack-%s.idx", hex);
		if (is_old(&s, grace_ms) && faccessat(dirfd(d), idx, F_OK, 0) && errno == ENOENT)
			(void)unlinkat(dirfd(d), entry->d_name, 0);
	}
	if (d)
		closedir(d);
}
