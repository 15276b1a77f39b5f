/* tests/support/hardware/hardware.c - for LD_PRELOAD: a program sees another machine and another card, as the files `machine` and `card` in the
 * folder $QIP_TEST_HARDWARE say; a file that is not there is hardware that tells nothing. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISKS "/sys/dev/block/"
#define CARD "/device/cid"

int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);

static int open_really(const char *path, int flags, mode_t mode)
{
	int (*next)(const char *, int, ...) = NULL;
	void *found = dlsym(RTLD_NEXT, "open");

	memcpy(&next, &found, sizeof(next));
	return next(path, flags, mode);
}

static int open_faked(const char *path, int flags, mode_t mode)
{
	const char *dir = getenv("QIP_TEST_HARDWARE"), *name = NULL;
	size_t len = strlen(path);
	char other[512];

	if (!dir)
		return open_really(path, flags, mode);
	if (strcmp(path, "/etc/machine-id") == 0)
		name = "machine";
	else if (strncmp(path, DISKS, strlen(DISKS)) == 0 && len > strlen(CARD) && strcmp(path + len - strlen(CARD), CARD) == 0 &&
		 !strstr(path, "/../"))
		name = "card";
	else if (strncmp(path, DISKS, strlen(DISKS)) == 0 || strcmp(path, "/proc/device-tree/serial-number") == 0) {
		errno = ENOENT;
		return -1;
	}
	if (!name)
		return open_really(path, flags, mode);
	(void)snprintf(other, sizeof(other), "%s/%s", dir, name);
	return open_really(other, flags, mode);
}

static mode_t read_mode(int flags, va_list args)
{
	return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(args, unsigned) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode = 0;

	va_start(args, flags);
	mode = read_mode(flags, args);
	va_end(args);
	return open_faked(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode = 0;

	va_start(args, flags);
	mode = read_mode(flags, args);
	va_end(args);
	return open_faked(path, flags | O_LARGEFILE, mode);
}
