/* tests/client/bad_file.h - a disk that does not give one file, in the programs that include this. */
#ifndef QIP_TESTS_CLIENT_BAD_FILE_H
#define QIP_TESTS_CLIENT_BAD_FILE_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static const char *bad_file; /* NULL: all are given */

static int give(int dir, const char *name, int flags, mode_t mode)
{
	if (bad_file && strcmp(name, bad_file) == 0) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_openat, dir, name, flags | O_LARGEFILE, mode);
}

int openat(int dir, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list rest;

	va_start(rest, flags);
	if (flags & O_CREAT)
		mode = va_arg(rest, mode_t);
	va_end(rest);
	return give(dir, name, flags, mode);
}

/* What a fortified call without a mode becomes. */
int __openat_2(int dir, const char *name, int flags);

int __openat_2(int dir, const char *name, int flags)
{
	return give(dir, name, flags, 0);
}

#endif
