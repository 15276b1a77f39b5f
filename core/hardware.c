/* core/hardware.c - see hardware.h. Everything here may be missing: a container, a virtual machine, a file system without a disk. */
#include "core/hardware.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PATH_ROOM 2048
#define MAPPED_DEPTH 4 /* a volume on an encrypted partition on a disk, and one more */

/* The text of a small file, without blanks at its ends; false if there is none. */
static bool read_text(char out[ENV_HARDWARE_MAX], const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;
	size_t start = 0, end = 0;

	out[0] = '\0';
	if (fd < 0)
		return false;
	do
		n = read(fd, out, ENV_HARDWARE_MAX - 1);
	while (n < 0 && errno == EINTR);
	(void)close(fd);
	for (ssize_t i = 0; i < n; i++) /* some are padded with NUL, or bytes that are no text */
		if (out[i] <= ' ' || out[i] > '~')
			out[i] = ' ';
	end = n > 0 ? (size_t)n : 0;
	while (end > 0 && out[end - 1] == ' ')
		end--;
	while (start < end && out[start] == ' ')
		start++;
	memmove(out, out + start, end - start);
	out[end - start] = '\0';
	return out[0] != '\0';
}

void hardware_machine_id(void *ctx, char out[ENV_HARDWARE_MAX])
{
	(void)ctx;
	if (!read_text(out, "/proc/device-tree/serial-number"))
		(void)read_text(out, "/etc/machine-id");
}

/* The disk below a mapped volume. *several: there are more, as below a mirror: which is listed first says nothing. */
static bool step_down(char path[PATH_ROOM], bool *several)
{
	size_t len = strlen(path), found = 0;
	const struct dirent *entry = NULL;
	DIR *dir = NULL;

	if (len + sizeof("/slaves/") + NAME_MAX >= PATH_ROOM)
		return false;
	memcpy(path + len, "/slaves", sizeof("/slaves"));
	dir = opendir(path);
	while (dir && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		found++;
		(void)snprintf(path + len, PATH_ROOM - len, "/slaves/%.*s", NAME_MAX, entry->d_name);
	}
	if (dir)
		(void)closedir(dir);
	if (found == 0)
		path[len] = '\0';
	*several = found > 1;
	return found == 1;
}

void hardware_storage_at(const char *sys, unsigned device_major, unsigned device_minor, char out[ENV_STORAGE_MAX])
{
	/* of a card, a disk, a virtual disk; or of the one that a partition is part of */
	static const char *const places[] = {"device/cid", "device/serial", "device/wwid", "serial"};
	char path[PATH_ROOM], file[PATH_ROOM + 32], number[ENV_HARDWARE_MAX];
	bool several = false;
	size_t len = 0;

	out[0] = '\0';
	(void)snprintf(path, sizeof(path), "%s/dev/block/%u:%u", sys, device_major, device_minor);
	for (int depth = 0; depth < MAPPED_DEPTH && step_down(path, &several); depth++)
		;
	for (size_t i = 0; i < ARRAY_LEN(places) && !several; i++) {
		(void)snprintf(file, sizeof(file), "%s/%s", path, places[i]);
		if (!read_text(number, file)) {
			(void)snprintf(file, sizeof(file), "%s/../%s", path, places[i]);
			if (!read_text(number, file))
				continue;
		}
		len += (size_t)snprintf(out + len, ENV_STORAGE_MAX - len, "%s=%s\n", places[i], number);
	}
}

void hardware_storage_serial(void *ctx, int dir, char out[ENV_STORAGE_MAX])
{
	struct stat s;

	(void)ctx;
	out[0] = '\0';
	if (fstat(dir, &s) == 0)
		hardware_storage_at("/sys", major(s.st_dev), minor(s.st_dev), out);
}
