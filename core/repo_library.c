/* core/repo_library.c - libgit2 itself: its settings, and its failures in our words.
 *
 * Its object cache is off: it would go on answering for staged objects that were discarded and for packs that were refused, and then an
 * object that is nowhere on disk would count as "already there". Ids are computed by libgit2's collision-detecting SHA-1, on writing, on
 * reading and by the indexer alike, so nothing here looks for collisions.
 */
#include "core/repo_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WINDOW_BYTES ((size_t)4 << 20) /* of a pack, mapped at once */
#define WINDOWS_TOTAL_BYTES                                                                                            \
	((size_t)128 << 20) /* a soft limit for the process; leaves room in a 32-bit address space */
#define WINDOW_FILES ((size_t)256)

/* libgit2 keeps the errno only as its text at the end of the message. */
static bool tells_of_full_disk(const char *message)
{
	return strstr(message, strerror(ENOSPC)) || strstr(message, strerror(EDQUOT));
}

static enum status status_of(int rc, const git_error *error, const char *message)
{
	switch (rc) {
	case GIT_ENOTFOUND:
		return STATUS_NOT_FOUND;
	case GIT_EEXISTS:
		return STATUS_EXISTS;
	case GIT_EMODIFIED:
		return STATUS_STALE;
	case GIT_ELOCKED:
		return STATUS_BUSY;
	case GIT_EINVALIDSPEC:
		return STATUS_INVALID;
	case GIT_EMISMATCH:
		return STATUS_CORRUPT;
	default:
		break;
	}
	if (tells_of_full_disk(message))
		return STATUS_NO_SPACE;
	switch (error ? error->klass : GIT_ERROR_NONE) {
	case GIT_ERROR_NOMEMORY:
		return STATUS_NOMEM;
	case GIT_ERROR_ODB:
	case GIT_ERROR_OBJECT:
	case GIT_ERROR_TREE:
	case GIT_ERROR_ZLIB:
	case GIT_ERROR_SHA:
	case GIT_ERROR_CONFIG:
		return STATUS_CORRUPT;
	case GIT_ERROR_REFERENCE: /* a class of much else, too */
		return strstr(message, "corrupted") ? STATUS_CORRUPT : STATUS_IO;
	default:
		return STATUS_IO;
	}
}

enum status git_failed(struct error *e, int rc, const char *fmt, ...)
{
	const git_error *error = git_error_last();
	const char *message = error && error->message ? error->message : "";
	enum status st = status_of(rc, error, message);
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(text, sizeof(text), fmt, args) < 0)
		text[0] = '\0';
	va_end(args);
	st = error_set(e, st, "%s: %s", text, message[0] ? message : status_text(st));
	git_error_clear(); /* not every failure of libgit2 leaves a message, and an old one would mislead */
	return st;
}

/* Nothing of a user's or system's git configuration may change what we do. */
static int close_search_paths(void)
{
	static const int levels[] = {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
				     GIT_CONFIG_LEVEL_GLOBAL};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(levels) && !rc; i++)
		rc = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
	return rc;
}

static int set_options(void)
{
	int rc = 0;

	rc |= git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1); /* sampled when a repository is opened */
	rc |= git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 1);
	rc |= git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
	rc |= git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION,
			       0); /* the server may run as another user than made the folder */
	rc |= git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	rc |= git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, WINDOW_BYTES);
	rc |= git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, WINDOWS_TOTAL_BYTES);
	rc |= git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, WINDOW_FILES);
	rc |= git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, REPO_MAX_PACK_OBJECTS);
#ifdef QIP_LIBGIT2_PACK_MAX_OBJECT_SIZE /* an enumerator that some releases lack: the build looks for it */
	rc |= git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE, REPO_MAX_OBJECT_BYTES);
#endif
	return rc ? rc : close_search_paths();
}

enum status repo_init_library(struct error *e)
{
	int rc = git_libgit2_init();

	if (rc < 0)
		return git_failed(e, rc, "cannot start libgit2");
	rc = set_options();
	if (rc) {
		enum status st = git_failed(e, rc, "libgit2 refuses a setting");

		git_libgit2_shutdown();
		return st;
	}
	return STATUS_OK;
}

void repo_shutdown_library(void)
{
	git_libgit2_shutdown();
}
