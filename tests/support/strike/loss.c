/* tests/support/strike/loss.c - files whose bytes, and directories whose names, were not fsynced yet. */
#include "tests/support/strike/loss.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A file with bytes that may not be on the disk. */
struct dirty {
	dev_t device;
	ino_t inode;
	int fd; /* ours, for writing; -1: clean, the slot is free */
};

/* Bytes as they were before they were written over in place, by a write that may not be on the disk. */
struct image {
	dev_t device;
	ino_t inode;
	int fd; /* ours */
	off_t at;
	size_t len;
	uint8_t *bytes;
};

enum change_kind { MADE, MOVED, REMOVED };

/* A name that may not be on the disk as it is now. */
struct change {
	enum change_kind kind;
	bool is_dir;
	char path[PATH_MAX];  /* made or removed; moved to here */
	char from[PATH_MAX];  /* moved */
	char stash[PATH_MAX]; /* what stood at path before; "" nothing */
};

struct losses {
	char dir[PATH_MAX], stash_dir[PATH_MAX];
	struct dirty *dirty;
	size_t dirty_len;
	struct image *images; /* oldest first */
	size_t images_len;
	struct change *changes; /* oldest first */
	size_t changes_len;
	unsigned stashed;
};

struct losses *losses_open(const char *dir)
{
	struct losses *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	(void)snprintf(l->dir, sizeof(l->dir), "%s", dir);
	if (snprintf(l->stash_dir, sizeof(l->stash_dir), "%s.stash", dir) >= (int)sizeof(l->stash_dir) ||
	    (mkdir(l->stash_dir, 0700) && errno != EEXIST)) {
		free(l);
		return NULL;
	}
	return l;
}

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *walk)
{
	(void)st;
	(void)what;
	(void)walk;
	(void)remove(path);
	return 0;
}

static void remove_all(const char *path)
{
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void free_image(struct image *image)
{
	(void)close(image->fd);
	free(image->bytes);
}

void losses_close(struct losses *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->dirty_len; i++) {
		if (l->dirty[i].fd >= 0)
			(void)close(l->dirty[i].fd);
	}
	for (size_t i = 0; i < l->images_len; i++)
		free_image(&l->images[i]);
	remove_all(l->stash_dir);
	free(l->images);
	free(l->dirty);
	free(l->changes);
	free(l);
}

/* ---- bytes ---- */

static struct dirty *find_dirty(struct losses *l, const struct stat *st)
{
	for (size_t i = 0; i < l->dirty_len; i++) {
		if (l->dirty[i].fd >= 0 && l->dirty[i].device == st->st_dev && l->dirty[i].inode == st->st_ino)
			return &l->dirty[i];
	}
	return NULL;
}

/* The thread's descriptor becomes ours as well, so that it serves even when the file cannot be opened for writing any
 * more. */
static int take_descriptor(pid_t tid, int fd)
{
	char status[64], line[128];
	long pid = tid;
	FILE *f = NULL;
	int process = -1, own = -1;

	(void)snprintf(status, sizeof(status), "/proc/%d/status", (int)tid);
	f = fopen(status, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "Tgid:", 5) == 0)
			pid = strtol(line + 5, NULL, 10);
	}
	if (f)
		(void)fclose(f);
	process = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (process >= 0)
		own = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	if (process >= 0)
		(void)close(process);
	return own;
}

static void became_dirty(struct losses *l, pid_t tid, int fd)
{
	int own = take_descriptor(tid, fd);
	struct dirty *more = NULL;
	struct stat st;

	if (own < 0)
		return;
	if (fstat(own, &st) || !S_ISREG(st.st_mode) || find_dirty(l, &st)) {
		(void)close(own);
		return;
	}
	more = realloc(l->dirty, (l->dirty_len + 1) * sizeof(*more));
	if (!more) {
		(void)close(own);
		return;
	}
	l->dirty = more;
	l->dirty[l->dirty_len++] = (struct dirty){.device = st.st_dev, .inode = st.st_ino, .fd = own};
}

/* A write in place is about to happen: keep what it writes over. False if it is none, or the file is not on the disk
 * as a whole. */
static bool keep_image(struct losses *l, pid_t tid, const struct call *c)
{
	struct image image = {.at = (off_t)c->args[3], .len = (size_t)c->args[2]};
	struct image *more = NULL;
	struct stat st;

	image.fd = take_descriptor(tid, (int)c->args[0]);
	image.bytes = malloc(image.len + 1);
	more = realloc(l->images, (l->images_len + 1) * sizeof(*more));
	if (more)
		l->images = more;
	if (image.fd < 0 || !image.bytes || !more || fstat(image.fd, &st) || find_dirty(l, &st) ||
	    image.at + (off_t)image.len > st.st_size ||
	    pread(image.fd, image.bytes, image.len, image.at) != (ssize_t)image.len) {
		if (image.fd >= 0)
			(void)close(image.fd);
		free(image.bytes);
		return false;
	}
	image.device = st.st_dev;
	image.inode = st.st_ino;
	l->images[l->images_len++] = image;
	return true;
}

static void forget_images(struct losses *l, const struct stat *st)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->images_len; i++) {
		if (l->images[i].device == st->st_dev && l->images[i].inode == st->st_ino)
			free_image(&l->images[i]);
		else
			l->images[kept++] = l->images[i];
	}
	l->images_len = kept;
}

/* A file of the program was fsynced: its bytes, or the names in it, are on the disk. */
static void became_clean(struct losses *l, const char *path)
{
	struct dirty *d = NULL;
	struct stat st;
	size_t kept = 0;

	if (stat(path, &st))
		return;
	forget_images(l, &st);
	d = find_dirty(l, &st);
	if (d) {
		(void)close(d->fd);
		d->fd = -1;
	}
	for (size_t i = 0; i < l->changes_len; i++) {
		const struct change *c = &l->changes[i];
		const char *slash = strrchr(c->path, '/');
		bool here = slash && strlen(path) == (size_t)(slash - c->path) &&
			    strncmp(path, c->path, (size_t)(slash - c->path)) == 0;

		if (here && c->stash[0])
			remove_all(c->stash);
		if (!here)
			l->changes[kept++] = *c;
	}
	l->changes_len = kept;
}

/* ---- names ---- */

/* Keep what stands at path from vanishing, by another name. */
static void stash(struct losses *l, char out[PATH_MAX], const char *path)
{
	char name[PATH_MAX];

	out[0] = 0;
	if (snprintf(name, sizeof(name), "%s/%u", l->stash_dir, l->stashed) >= (int)sizeof(name) || link(path, name))
		return;
	l->stashed++;
	memcpy(out, name, strlen(name) + 1);
}

static void add_change(struct losses *l, enum change_kind kind, bool is_dir, const struct call *call, const char *path)
{
	struct change *more = realloc(l->changes, (l->changes_len + 1) * sizeof(*more));

	if (!more)
		return;
	l->changes = more;
	more = &l->changes[l->changes_len++];
	*more = (struct change){.kind = kind, .is_dir = is_dir};
	(void)snprintf(more->path, sizeof(more->path), "%s", path);
	if (kind == MOVED)
		(void)snprintf(more->from, sizeof(more->from), "%s", call->file);
	(void)snprintf(more->stash, sizeof(more->stash), "%s", call->stash);
}

static bool is_named(const struct call *c, const char *prefix)
{
	return c->name && strncmp(c->name, prefix, strlen(prefix)) == 0;
}

void losses_entry(struct losses *l, pid_t tid, struct call *c)
{
	struct stat st;

	c->was_there = lstat(c->file, &st) == 0;
	c->was_dir = c->was_there && S_ISDIR(st.st_mode);
	c->stash[0] = 0;
	c->in_place = is_named(c, "pwrite") && keep_image(l, tid, c);
	if (is_named(c, "rename"))
		stash(l, c->stash, c->target);
	else if (is_named(c, "unlink"))
		stash(l, c->stash, c->file);
}

void losses_exit(struct losses *l, pid_t tid, const struct call *c, long long result)
{
	if (result < 0) {
		if (c->stash[0])
			(void)unlink(c->stash);
		return;
	}
	if (c->kind == CALL_SYNC && c->file[0])
		became_clean(l, c->file);
	else if (c->kind == CALL_WRITE && !c->in_place)
		became_dirty(l, tid, (int)c->args[is_named(c, "copy_file_range") ? 2 : 0]);
	else if (c->kind == CALL_MAP)
		became_dirty(l, tid, (int)c->args[4]);
	else if ((c->kind == CALL_CREATE || is_named(c, "mkdir") || is_named(c, "symlink")) && !c->was_there)
		add_change(l, MADE, is_named(c, "mkdir"), c, c->file);
	else if (is_named(c, "link"))
		add_change(l, MADE, false, c, c->target);
	else if (is_named(c, "rename"))
		add_change(l, MOVED, c->was_dir, c, c->target);
	else if (is_named(c, "unlink") || is_named(c, "rmdir"))
		add_change(l, REMOVED, c->was_dir, c, c->file);
}

static void undo(const struct change *c)
{
	switch (c->kind) {
	case MADE:
		remove_all(c->path);
		break;
	case MOVED:
		(void)rename(c->path, c->from);
		break;
	case REMOVED:
		if (c->is_dir)
			(void)mkdir(c->path, 0700);
		break;
	}
	if (c->stash[0])
		(void)rename(c->stash, c->path);
}

unsigned losses_take(struct losses *l, enum loss loss)
{
	unsigned lost = 0;

	for (size_t i = 0; loss != LOSS_NONE && i < l->dirty_len; i++)
		lost += l->dirty[i].fd >= 0 && ftruncate(l->dirty[i].fd, 0) == 0;
	for (size_t i = l->images_len; loss != LOSS_NONE && i > 0; i--) {
		const struct image *image = &l->images[i - 1];

		lost += pwrite(image->fd, image->bytes, image->len, image->at) == (ssize_t)image->len;
	}
	for (size_t i = l->changes_len; loss == LOSS_BYTES_AND_NAMES && i > 0; i--, lost++)
		undo(&l->changes[i - 1]);
	return lost;
}
