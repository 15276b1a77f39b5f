/* tests/support/strike/calls.c - the calls by number, and their arguments read out of the stopped thread. */
#include "tests/support/strike/calls.h"

#include <fcntl.h>
#include <linux/net.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define NONE (-1)

/* Where a call's files stand among its arguments. A path goes with the directory's descriptor before it, if it has one.
 */
struct shape {
	int fd;		     /* a descriptor */
	int dir, path;	     /* a name; dir NONE: from the working directory */
	int to_dir, to_path; /* a new name */
	int flags;	     /* of an open */
};

#define ON_FD(n)                                                                                                       \
	{                                                                                                              \
		(n), NONE, NONE, NONE, NONE, NONE                                                                      \
	}
#define ON_PATH(p)                                                                                                     \
	{                                                                                                              \
		NONE, NONE, (p), NONE, NONE, NONE                                                                      \
	}
#define ON_PATH_AT(d, p)                                                                                               \
	{                                                                                                              \
		NONE, (d), (p), NONE, NONE, NONE                                                                       \
	}

#define CALL(name, kind, ...)                                                                                          \
	{                                                                                                              \
		SYS_##name, #name, (kind), __VA_ARGS__                                                                 \
	}
static const struct known {
	uint64_t nr;
	const char *name;
	enum call_kind kind;
	struct shape shape;
} known[] = {
	CALL(write, CALL_WRITE, ON_FD(0)),
	CALL(pwrite64, CALL_WRITE, ON_FD(0)),
	CALL(writev, CALL_WRITE, ON_FD(0)),
	CALL(pwritev, CALL_WRITE, ON_FD(0)),
	CALL(ftruncate, CALL_WRITE, ON_FD(0)),
	CALL(fallocate, CALL_WRITE, ON_FD(0)),
	CALL(sendfile, CALL_WRITE, ON_FD(0)),
	CALL(copy_file_range, CALL_WRITE, ON_FD(2)),
	CALL(truncate, CALL_WRITE, ON_PATH(0)),
	CALL(fsync, CALL_SYNC, ON_FD(0)),
	CALL(fdatasync, CALL_SYNC, ON_FD(0)),
	CALL(syncfs, CALL_SYNC, ON_FD(0)),
	CALL(msync, CALL_SYNC, {NONE, NONE, NONE, NONE, NONE, NONE}),
	CALL(renameat, CALL_RENAME, {NONE, 0, 1, 2, 3, NONE}),
	CALL(renameat2, CALL_RENAME, {NONE, 0, 1, 2, 3, NONE}),
	CALL(linkat, CALL_RENAME, {NONE, 0, 1, 2, 3, NONE}),
	CALL(openat, CALL_OPEN, {NONE, 0, 1, NONE, NONE, 2}),
	CALL(mkdirat, CALL_DIR, ON_PATH_AT(0, 1)),
	CALL(unlinkat, CALL_DIR, ON_PATH_AT(0, 1)),
	CALL(symlinkat, CALL_DIR, ON_PATH_AT(1, 2)),
	CALL(fchmod, CALL_DIR, ON_FD(0)),
	CALL(fchmodat, CALL_DIR, ON_PATH_AT(0, 1)),
	CALL(utimensat, CALL_DIR, ON_PATH_AT(0, 1)),
	CALL(flock, CALL_DIR, ON_FD(0)),
#ifdef SYS_mmap2
	CALL(mmap2, CALL_READ, ON_FD(4)),
#else
	CALL(mmap, CALL_READ, ON_FD(4)),
#endif
	CALL(read, CALL_READ, ON_FD(0)),
	CALL(pread64, CALL_READ, ON_FD(0)),
	CALL(readv, CALL_READ, ON_FD(0)),
	CALL(getdents64, CALL_READ, ON_FD(0)),
	CALL(fstat, CALL_STAT, ON_FD(0)),
	CALL(statx, CALL_STAT, ON_PATH_AT(0, 1)),
	CALL(faccessat, CALL_STAT, ON_PATH_AT(0, 1)),
	CALL(readlinkat, CALL_STAT, ON_PATH_AT(0, 1)),
#ifdef SYS_newfstatat
	CALL(newfstatat, CALL_STAT, ON_PATH_AT(0, 1)),
#else /* 32 bits */
	CALL(fstatat64, CALL_STAT, ON_PATH_AT(0, 1)),
	CALL(fstat64, CALL_STAT, ON_FD(0)),
	CALL(stat64, CALL_STAT, ON_PATH(0)),
	CALL(lstat64, CALL_STAT, ON_PATH(0)),
	CALL(ftruncate64, CALL_WRITE, ON_FD(0)),
	CALL(truncate64, CALL_WRITE, ON_PATH(0)),
	CALL(sendfile64, CALL_WRITE, ON_FD(0)),
	CALL(utimensat_time64, CALL_DIR, ON_PATH_AT(0, 1)),
	CALL(futex_time64, CALL_OTHER, {NONE, NONE, NONE, NONE, NONE, NONE}),
#endif
/* Newer machines have none of these. */
#ifdef SYS_open
	CALL(open, CALL_OPEN, {NONE, NONE, 0, NONE, NONE, 1}),
	CALL(creat, CALL_CREATE, ON_PATH(0)),
	CALL(rename, CALL_RENAME, {NONE, NONE, 0, NONE, 1, NONE}),
	CALL(link, CALL_RENAME, {NONE, NONE, 0, NONE, 1, NONE}),
	CALL(mkdir, CALL_DIR, ON_PATH(0)),
	CALL(rmdir, CALL_DIR, ON_PATH(0)),
	CALL(unlink, CALL_DIR, ON_PATH(0)),
	CALL(symlink, CALL_DIR, ON_PATH(1)),
	CALL(chmod, CALL_DIR, ON_PATH(0)),
	CALL(stat, CALL_STAT, ON_PATH(0)),
	CALL(lstat, CALL_STAT, ON_PATH(0)),
	CALL(access, CALL_STAT, ON_PATH(0)),
	CALL(readlink, CALL_STAT, ON_PATH(0)),
#endif
	/* mostly only to have a name in reports */
	CALL(close, CALL_OTHER, ON_FD(0)),
	CALL(munmap, CALL_OTHER, {NONE, NONE, NONE, NONE, NONE, NONE}),
	CALL(sendto, CALL_SEND, ON_FD(0)),
	CALL(sendmsg, CALL_SEND, ON_FD(0)),
	CALL(recvfrom, CALL_OTHER, ON_FD(0)),
	CALL(accept4, CALL_OTHER, ON_FD(0)),
	CALL(shutdown, CALL_OTHER, ON_FD(0)),
	CALL(epoll_ctl, CALL_OTHER, ON_FD(2)),
	CALL(futex, CALL_OTHER, {NONE, NONE, NONE, NONE, NONE, NONE}),
};

/* Copy a NUL-terminated path out of the thread's memory; "" when that cannot be done. */
static void read_text(char out[PATH_MAX], pid_t tid, uint64_t address)
{
	size_t have = 0;

	while (have < PATH_MAX - 1) {
		/* never across a page, the next of which may not be there */
		size_t part = 256 - (address + have) % 256;
		struct iovec local = {out + have, part < PATH_MAX - 1 - have ? part : PATH_MAX - 1 - have};
		struct iovec remote = {(void *)(uintptr_t)(address + have),
				       local.iov_len}; /* NOLINT(performance-no-int-to-ptr) */
		ssize_t n = process_vm_readv(tid, &local, 1, &remote, 1, 0);

		if (n <= 0)
			break;
		if (memchr(local.iov_base, 0, (size_t)n))
			return;
		have += (size_t)n;
	}
	out[0] = 0;
}

static void read_link(char out[PATH_MAX], pid_t tid, const char *what, int fd)
{
	char link[64];
	ssize_t n = 0;

	if (fd == AT_FDCWD)
		(void)snprintf(link, sizeof(link), "/proc/%d/cwd", (int)tid);
	else
		(void)snprintf(link, sizeof(link), "/proc/%d/%s/%d", (int)tid, what, fd);
	n = readlink(link, out, PATH_MAX - 1);
	out[n > 0 ? n : 0] = 0;
}

static void read_path(char out[PATH_MAX], pid_t tid, const uint64_t args[6], int dir, int path)
{
	char name[PATH_MAX], base[PATH_MAX];
	int fd = dir == NONE ? AT_FDCWD : (int)args[dir];

	read_text(name, tid, args[path]);
	if (name[0] == '/') {
		memcpy(out, name, strlen(name) + 1);
		return;
	}
	read_link(base, tid, "fd", fd);
	/* an empty name means the descriptor itself (AT_EMPTY_PATH) */
	if (snprintf(out, PATH_MAX, "%s%s%s", base, name[0] ? "/" : "", name) >= PATH_MAX)
		out[0] = 0;
}

static bool is_mmap(uint64_t nr)
{
#ifdef SYS_mmap2 /* 32 bits; the older one has its arguments in memory, and nobody calls it */
	return nr == SYS_mmap2;
#else
	return nr == SYS_mmap;
#endif
}

static enum call_kind kind_of(const struct known *k, const uint64_t args[6])
{
	if (is_mmap(k->nr) && (args[3] & MAP_SHARED) && (args[2] & PROT_WRITE))
		return CALL_MAP;
	if (k->shape.flags != NONE &&
	    ((args[k->shape.flags] & O_ACCMODE) != O_RDONLY || (args[k->shape.flags] & O_CREAT)))
		return CALL_CREATE;
	return k->kind;
}

#ifdef SYS_socketcall
/* On a 32-bit PC the C library sends by way of this call, with the arguments in memory: what is meant is looked up instead. */
static void unwrap_send(uint64_t *nr, uint64_t args[6], pid_t tid)
{
	uint32_t words[3] = {0};
	struct iovec local = {words, sizeof(words)};
	struct iovec remote = {(void *)(uintptr_t)args[1], sizeof(words)}; /* NOLINT(performance-no-int-to-ptr) */
	bool is_message = args[0] == SYS_SENDMSG;

	if (*nr != SYS_socketcall || !(is_message || args[0] == SYS_SEND || args[0] == SYS_SENDTO))
		return;
	if (process_vm_readv(tid, &local, 1, &remote, 1, 0) != (ssize_t)sizeof(words))
		return;
	*nr = is_message ? SYS_sendmsg : SYS_sendto;
	for (int i = 0; i < 3; i++)
		args[i] = words[i];
}
#endif

void call_read(struct call *out, pid_t tid, uint64_t nr, const uint64_t given[6])
{
	const struct known *k = NULL;
	uint64_t args[6];

	memcpy(args, given, sizeof(args));
#ifdef SYS_socketcall
	unwrap_send(&nr, args, tid);
#endif
	out->name = NULL;
	out->nr = nr;
	out->kind = CALL_OTHER;
	out->file[0] = out->target[0] = 0;
	memcpy(out->args, args, sizeof(out->args));
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]) && !k; i++) {
		if (known[i].nr == nr)
			k = &known[i];
	}
	if (!k)
		return;
	out->name = k->name;
	out->kind = kind_of(k, args);
	if (k->shape.fd != NONE && (int)args[k->shape.fd] >= 0)
		read_link(out->file, tid, "fd", (int)args[k->shape.fd]);
	if (k->shape.path != NONE)
		read_path(out->file, tid, args, k->shape.dir, k->shape.path);
	if (k->shape.to_path != NONE)
		read_path(out->target, tid, args, k->shape.to_dir, k->shape.to_path);
}

bool call_kinds_parse(unsigned *kinds, bool *everything, const char *words)
{
	static const struct {
		const char *word;
		unsigned kinds;
	} table[] = {
		{"write", CALL_WRITE},
		{"sync", CALL_SYNC},
		{"rename", CALL_RENAME},
		{"create", CALL_CREATE},
		{"open", CALL_OPEN},
		{"dir", CALL_DIR},
		{"map", CALL_MAP},
		{"read", CALL_READ},
		{"stat", CALL_STAT},
		{"send", CALL_SEND},
		{"changes", CALL_WRITE | CALL_SYNC | CALL_RENAME | CALL_CREATE | CALL_DIR | CALL_MAP},
	};

	while (*words) {
		size_t len = strcspn(words, ","), i = 0, count = sizeof(table) / sizeof(table[0]);

		if (len == 3 && strncmp(words, "all", len) == 0) {
			*everything = true;
		} else {
			while (i < count && (strlen(table[i].word) != len || strncmp(words, table[i].word, len) != 0))
				i++;
			if (i == count)
				return false;
			*kinds |= table[i].kinds;
		}
		words += len + (words[len] == ',');
	}
	return true;
}
