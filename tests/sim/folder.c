/* tests/sim/folder.c - see folder.h. */
#include "tests/sim/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART (256 * 1024)

static enum status copy_bytes(int in, int out)
{
	static _Thread_local char part[PART];
	ssize_t n = 0;

	while ((n = read(in, part, sizeof(part))) > 0) {
		if (write(out, part, (size_t)n) != n)
			return STATUS_IO;
	}
	return n == 0 ? STATUS_OK : STATUS_IO;
}

static enum status copy_file(int from, int to, const char *name, mode_t mode)
{
	int in = openat(from, name, O_RDONLY | O_CLOEXEC), out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0777);
	enum status st = in >= 0 && out >= 0 ? copy_bytes(in, out) : STATUS_IO;

	if (in >= 0)
		(void)close(in);
	if (out >= 0)
		(void)close(out);
	return st;
}

enum status folder_copy(const char *from, const char *to)
{
	char inner_from[1024], inner_to[1024];
	DIR *dir = mkdir(to, 0700) == 0 ? opendir(from) : NULL;
	int out = dir ? open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	enum status st = out >= 0 ? STATUS_OK : STATUS_IO;
	struct dirent *d = NULL;
	struct stat s;

	while (st == STATUS_OK && (d = readdir(dir)) != NULL) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(dir), d->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0)
			continue; /* it has gone meanwhile */
		if (S_ISREG(s.st_mode))
			st = copy_file(dirfd(dir), out, d->d_name, s.st_mode);
		else if (S_ISDIR(s.st_mode) &&
			 snprintf(inner_from, sizeof(inner_from), "%s/%s", from, d->d_name) < (int)sizeof(inner_from) &&
			 snprintf(inner_to, sizeof(inner_to), "%s/%s", to, d->d_name) < (int)sizeof(inner_to))
			st = folder_copy(inner_from, inner_to);
	}
	if (out >= 0)
		(void)close(out);
	if (dir)
		(void)closedir(dir);
	return st;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *ftw)
{
	(void)s;
	(void)type;
	(void)ftw;
	return remove(path);
}

void folder_remove(const char *path)
{
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
