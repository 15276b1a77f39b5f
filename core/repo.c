/* core/repo.c - the library's settings, the handle, and single objects in and out.
 *
 * libgit2's object cache is off: it would go on answering for staged objects that were discarded and for packs that
 * were refused, and then an object that is nowhere on disk would count as "already there". Ids are computed by
 * libgit2's collision-detecting SHA-1, on writing, on reading and by the indexer alike, so nothing here looks for
 * collisions.
 */
#include "core/repo_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
		return STATUS_CORRUPT;
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

enum status sync_path(const char *path, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int failed = 0;

	if (fd < 0)
		return error_set_errno(e, errno, "cannot open %s", path);
	failed = fsync(fd) ? errno : 0;
	close(fd);
	if (failed)
		return error_set_errno(e, failed, "cannot write %s to the disk", path);
	return STATUS_OK;
}

char *path_join(const char *dir, const char *name)
{
	size_t size = strlen(dir) + strlen(name) + 2;
	char *out = malloc(size);

	if (out)
		(void)snprintf(out, size, "%s/%s", dir, name);
	return out;
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

/* libgit2 does not fsync what a new repository consists of. */
static enum status sync_new(const char *path, struct error *e)
{
	static const char *const parts[] = {"HEAD", "config", "objects/pack", "objects", "refs/heads", "refs",
					    ".",    ".."};
	enum status st = STATUS_OK;

	for (size_t i = 0; i < ARRAY_LEN(parts) && !st; i++) {
		char *part = path_join(path, parts[i]);

		st = part ? sync_path(part, e) : error_set(e, STATUS_NOMEM, "no memory to make a repository");
		free(part);
	}
	return st;
}

enum status repo_create(const char *path, struct error *e)
{
	git_repository_init_options options;
	git_repository *git = NULL;
	int rc = git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);

	options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH | GIT_REPOSITORY_INIT_NO_REINIT;
	options.initial_head = "main";
	if (!rc)
		rc = git_repository_init_ext(&git, path, &options);
	git_repository_free(git);
	if (rc)
		return git_failed(e, rc, "cannot make the repository %s", path);
	return sync_new(path, e);
}

static int refresh_nothing(git_odb_backend *backend)
{
	(void)backend;
	return 0;
}

/* libgit2 looks through the pack directory again at every miss, and each new object is a miss. repo_refresh does it on
 * demand, and so does a miss once the directory was changed, which the view sees to; a backend without any refresh
 * would not be asked again after that. */
static void take_refreshers(struct repo *r)
{
	size_t backends = git_odb_num_backends(r->odb);

	for (size_t i = 0; i < backends && r->refreshers_len < REPO_MAX_BACKENDS; i++) {
		git_odb_backend *backend = NULL;

		if (git_odb_get_backend(&backend, r->odb, i) || !backend->refresh)
			continue;
		r->refreshers[r->refreshers_len++] = (struct refresher){backend, backend->refresh};
		backend->refresh = refresh_nothing;
	}
}

static enum status attach_git(struct repo *r, struct error *e)
{
	int rc = git_repository_open_bare(&r->git, r->path);

	return rc ? git_failed(e, rc, "cannot open the repository %s", r->path) : STATUS_OK;
}

static enum status attach(struct repo *r, struct error *e)
{
	enum status st = attach_git(r, e);
	int rc = 0;

	if (st != STATUS_OK)
		return st;
	packs_stamp(&r->seen, r); /* first: what comes or goes while we look must count as unseen */
	rc = git_repository_odb(&r->odb, r->git);
	if (rc)
		return git_failed(e, rc, "cannot open the repository %s", r->path);
	take_refreshers(r);
	return view_attach(r, e);
}

static void detach(struct repo *r)
{
	git_odb_free(r->odb);
	git_repository_free(r->git);
	r->odb = NULL;
	r->git = NULL;
	r->refreshers_len = 0;
}

static enum status open_handle(struct repo **out, const char *path, enum status (*attach_to)(struct repo *, struct error *),
			       struct error *e)
{
	struct repo *r = calloc(1, sizeof(*r));
	enum status st = STATUS_OK;

	if (!r || !(r->path = strdup(path)) || !(r->packs = path_join(path, "objects/pack")))
		st = error_set(e, STATUS_NOMEM, "no memory to open a repository");
	else
		st = attach_to(r, e);
	if (st) {
		repo_close(r);
		return st;
	}
	*out = r;
	return STATUS_OK;
}

enum status repo_open(struct repo **out, const char *path, struct error *e)
{
	return open_handle(out, path, attach, e);
}

enum status repo_open_refs(struct repo **out, const char *path, struct error *e)
{
	return open_handle(out, path, attach_git, e);
}

enum status repo_reopen(struct repo *r, struct error *e)
{
	struct repo old = *r;
	enum status st = STATUS_OK;

	r->git = NULL;
	r->odb = NULL;
	r->refreshers_len = 0;
	st = attach(r, e);
	if (st) {
		detach(r);
		*r = old;
		return st;
	}
	detach(&old);
	return STATUS_OK;
}

void repo_close(struct repo *r)
{
	if (!r)
		return;
	detach(r);
	recent_clear(r);
	staging_clear(&r->staged);
	oid_map_clear(&r->shallow);
	free(r->packs);
	free(r->path);
	free(r);
}

const char *repo_path(const struct repo *r)
{
	return r->path;
}

uint64_t repo_reads(const struct repo *r)
{
	return r->reads;
}

enum status repo_refresh(struct repo *r, struct error *e)
{
	packs_stamp(&r->seen, r);
	for (size_t i = 0; i < r->refreshers_len; i++) {
		int rc = r->refreshers[i].refresh(r->refreshers[i].backend);

		if (rc < 0)
			return git_failed(e, rc, "cannot look through the packs of %s", r->path);
	}
	return STATUS_OK;
}

static bool has(struct repo *r, const struct oid *id)
{
	return git_odb_exists_ext(r->odb, git_id(id), GIT_ODB_LOOKUP_NO_REFRESH) == 1;
}

bool repo_has(struct repo *r, const struct oid *id)
{
	return has(r, id) || (packs_heal(r) && has(r, id));
}

bool repo_has_kept(struct repo *r, const struct oid *id)
{
	bool found = false;

	r->hide_new = true;
	found = repo_has(r, id);
	r->hide_new = false;
	return found;
}

static git_object_t git_kind(enum repo_kind kind)
{
	return (git_object_t)kind; /* the numbers are git's own */
}

static enum status object_failed(struct error *e, int rc, const struct oid *id)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, id);
	return git_failed(e, rc, "cannot read object %s", hex);
}

/* What an object's content must be. */
static enum status take_content(struct buf *out, const struct oid *id, git_object_t found, const void *bytes, size_t len,
				enum repo_kind kind, size_t max_bytes, struct error *e)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, id);
	if (found != git_kind(kind))
		return error_set(e, STATUS_INVALID, "object %s is a %s and not a %s", hex, git_object_type2string(found),
				 git_object_type2string(git_kind(kind)));
	if (len > max_bytes)
		return error_set(e, STATUS_TOO_BIG, "object %s has %zu bytes; at most %zu are allowed", hex, len, max_bytes);
	buf_add(out, bytes, len);
	return buf_ok(out) ? STATUS_OK : error_set(e, STATUS_NOMEM, "no memory to read object %s", hex);
}

/* The size is looked at after inflating only: whatever is in a repository came through repo_write or an intake, and
 * both have limits. What is staged was hashed when it came: libgit2 would copy and hash it again. */
enum status repo_read(struct buf *out, struct repo *r, const struct oid *id, enum repo_kind kind, size_t max_bytes,
		      struct error *e)
{
	size_t place = r->hide_new ? OID_MAP_NONE : oid_map_find(&r->staged.ids, id);
	const struct staged_object *o = place != OID_MAP_NONE ? &r->staged.objects[place] : recent_find(r, id);
	git_odb_object *object = NULL;
	enum status st = STATUS_OK;
	int rc = 0;

	if (o) {
		r->reads++;
		return take_content(out, id, o->kind, o->bytes, o->len, kind, max_bytes, e);
	}
	rc = git_odb_read(&object, r->odb, git_id(id));
	if (rc)
		return object_failed(e, rc, id);
	r->reads++;
	st = take_content(out, id, git_odb_object_type(object), git_odb_object_data(object), git_odb_object_size(object), kind,
			  max_bytes, e);
	recent_add(r, id, git_odb_object_type(object), git_odb_object_data(object), git_odb_object_size(object));
	git_odb_object_free(object);
	return st;
}

enum status repo_stat(enum repo_kind *kind, size_t *size_bytes, struct repo *r, const struct oid *id, struct error *e)
{
	git_object_t found = GIT_OBJECT_INVALID;
	size_t len = 0;
	int rc = git_odb_read_header(&len, &found, r->odb, git_id(id));

	if (rc)
		return object_failed(e, rc, id);
	if (found < GIT_OBJECT_COMMIT || found > GIT_OBJECT_TAG)
		return error_set(e, STATUS_CORRUPT, "an object in %s is of no known kind", r->path);
	*kind = (enum repo_kind)found;
	*size_bytes = len;
	return STATUS_OK;
}
