/* core/repo_internal.h - what the files of repo share among themselves; nobody else includes it. */
#ifndef QIP_CORE_REPO_INTERNAL_H
#define QIP_CORE_REPO_INTERNAL_H

#include <git2.h>
#include <git2/sys/odb_backend.h>
#if LIBGIT2_VER_MAJOR > 1 || LIBGIT2_VER_MINOR >= 8
#include <git2/sys/errors.h> /* git_error_clear moved there */
#endif
#include <sys/types.h>
#include <time.h>
#include <zlib.h>

#include "core/digest.h"
#include "core/repo.h"

#define REPO_MAX_OBJECT_BYTES ((size_t)32 << 20) /* the largest tree (REPO_MAX_TREE_ENTRIES long names) is 19 MB */
#define REPO_MAX_COMMIT_BYTES ((size_t)64 << 10)
#define REPO_MAX_PACK_OBJECTS ((size_t)1 << 24)
#define REPO_MAX_STAGED_OBJECTS ((size_t)1 << 20)
#define REPO_MAX_STAGED_BYTES ((size_t)256 << 20)
#define REPO_MAX_BACKENDS 8
#define REPO_INCOMING "incoming" /* files and directories that are not part of the repository yet */
#define REPO_MAX_DEPTH 32 /* of trees that are only passed on */
#define REPO_MAX_DEPTH_PLAIN 128

static inline const git_oid *git_id(const struct oid *id)
{
	return (const git_oid *)(const void *)id->id;
}

/* ---- repo_oid.c: a hash table from ids to places in an array of the owner's ---- */
struct oid_map {
	struct oid *keys; /* in the order they came */
	size_t len, keys_cap;
	uint32_t *slots; /* place + 1, or 0; slots_cap is a power of two */
	size_t slots_cap;
};
#define OID_MAP_INIT                                                                                                   \
	{                                                                                                              \
		0                                                                                                      \
	}
#define OID_MAP_NONE SIZE_MAX

/* The place of id, or OID_MAP_NONE. */
size_t oid_map_find(const struct oid_map *m, const struct oid *id);
/* Add id unless it is there; *place is where it stands, *added (may be NULL) whether it is new. */
enum status oid_map_add(size_t *place, bool *added, struct oid_map *m, const struct oid *id) MUST_CHECK;
/* Take the key back that was added last. */
void oid_map_pop(struct oid_map *m);
void oid_map_clear(struct oid_map *m);

/* ---- repo_view.c: staged objects, and the pack in quarantine, as a backend of the odb ---- */
struct staged_object {
	git_object_t kind;
	void *bytes; /* owned */
	size_t len;
	void *packed; /* owned; the same as a zlib stream, as it came; NULL if it did not come so */
	size_t packed_len;
};

struct staging {
	struct oid_map ids;
	struct staged_object *objects; /* parallel to ids.keys */
	size_t cap, bytes;
};

enum status staging_add(struct staging *s, const struct oid *id, git_object_t kind, const void *bytes, size_t len,
			struct error *e) MUST_CHECK;
/* Keep the zlib stream of the object that was added last, so that it need not be made again. Without memory it is made again. */
void staging_keep_packed(struct staging *s, const void *packed, size_t len);
void staging_clear(struct staging *s);
/* Put the view in front of the other backends of r->odb. */
enum status view_attach(struct repo *r, struct error *e) MUST_CHECK;

/* ---- repo_recent.c: what was read lately, if the handle keeps it ---- */
struct recent;
/* Borrowed until the next call; NULL if it is not there. */
const struct staged_object *recent_find(const struct repo *r, const struct oid *id);
void recent_add(struct repo *r, const struct oid *id, git_object_t kind, const void *bytes, size_t len);
void recent_clear(struct repo *r);

/* ---- repo.c: the handle ---- */
struct refresher {
	git_odb_backend *backend; /* borrowed from the odb */
	int (*refresh)(git_odb_backend *);
};

/* The directory of packs as it stood; all 0 if there is none. */
struct pack_stamp {
	ino_t ino;
	struct timespec changed;
	bool settled; /* whatever changes it from then on gives it another time */
};

struct repo {
	git_repository *git;
	git_odb *odb;
	char *path;
	struct staging staged;
	git_odb_backend
		*quarantine; /* borrowed from the intake that is finished and neither kept nor closed, or NULL */
	bool hide_new;	     /* while asking what the repository itself holds */
	uint64_t reads;
	struct recent *recent; /* owned; NULL unless kept */
	bool plain;		/* of anybody's making: the strict forms are not asked of it */
	struct oid_map shallow; /* commits whose parents are not here; for who asked for it */
	struct refresher refreshers[REPO_MAX_BACKENDS];
	size_t refreshers_len;
	char *packs;		/* path of the directory of packs */
	struct pack_stamp seen; /* as it stood before this handle last looked for packs */
};

/* Let go of packs that are gone; what is staged or in quarantine stays. The handle is as before if it fails. */
enum status repo_reopen(struct repo *r, struct error *e) MUST_CHECK;
enum status sync_path(const char *path, struct error *e) MUST_CHECK; /* fsync a file or directory */
/* A new string "<dir>/<name>", or NULL. */
char *path_join(const char *dir, const char *name);

/* ---- repo_library.c ---- */
/* Turn a failed libgit2 call into a status; the text is "<fmt>: <libgit2's message>". */
enum status git_failed(struct error *e, int rc, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* ---- repo_read.c: single objects ---- */
/* True if the repository itself holds id: neither staged nor in quarantine. */
bool repo_has_kept(struct repo *r, const struct oid *id);

/* ---- repo_scan.c: a pack's objects looked over as they come, against bombs ---- */
enum scan_state { SCAN_KIND, SCAN_SIZE, SCAN_OFFSET, SCAN_BASE, SCAN_DATA, SCAN_END };

struct pack_scan {
	enum scan_state state;
	uint32_t left; /* objects, with the current one */
	uint64_t object_bytes;
	uint64_t all_bytes, left_bytes; /* that all may unpack to, and what is left of it */
	int kind;	/* of the current object */
	uint64_t size;	/* that it says it unpacks to */
	unsigned shift; /* of the size's next bits */
	size_t skipped; /* bytes of what names its base */
	uint64_t unpacked;
	uint8_t delta[20]; /* the first bytes of a delta: two numbers */
	size_t delta_len;
	z_stream stream;
	bool open;
};

/* Behind the pack's header. To be ended with pack_scan_end, also on failure. */
enum status pack_scan_begin(struct pack_scan *s, uint32_t objects, const struct repo_limits *limits,
			    struct error *e) MUST_CHECK;
/* What is behind the last object is passed over. STATUS_TOO_BIG for an object that would be larger than allowed, alone or with those
 * before it, and before it is unpacked; STATUS_MALFORMED. */
enum status pack_scan_feed(struct pack_scan *s, const uint8_t *bytes, size_t len, struct error *e) MUST_CHECK;
void pack_scan_end(struct pack_scan *s);

/* ---- repo_quarantine.c: a pack in a directory of its own, until it is renamed into the repository ---- */
struct quarantine {
	char *dir;
	char *base; /* "<dir>/pack-<hex>" once indexed, without suffix */
	git_indexer *indexer;
	git_indexer_progress progress;
	int64_t cpu_ns_left;  /* of the processor, for the indexer */
	int64_t cpu_ns_start; /* the thread's own time when the indexer was called */
	bool too_slow;
	struct buf pending; /* fed, and not yet given to the indexer */
};
#define QUARANTINE_INIT                                                                                                \
	{                                                                                                              \
		.cpu_ns_left = INT64_MAX                                                                               \
	}

enum status quarantine_open(struct quarantine *q, struct repo *r, struct error *e) MUST_CHECK;
enum status quarantine_feed(struct quarantine *q, const void *bytes, size_t len, struct error *e) MUST_CHECK;
enum status quarantine_index(struct quarantine *q, struct error *e) MUST_CHECK;
/* Durable on return. */
enum status quarantine_keep(struct quarantine *q, struct repo *r, struct error *e) MUST_CHECK;
/* Delete what is still there. */
void quarantine_close(struct quarantine *q);

/* ---- repo_depth.c ---- */
/* STATUS_TOO_BIG for a delta on a delta on … more than `max` deep in the pack "<base>.pack". */
enum status pack_check_depth(const char *base, uint32_t max, struct error *e) MUST_CHECK;
/* The sentence of it. */
enum status pack_too_deep(uint32_t max, struct error *e);

/* ---- repo_reach.c ---- */
/* STATUS_INVALID unless each of the pack's objects is reached from head through objects of the pack; r sees the pack.
 * pack: NULL for what is staged. */
enum status pack_check_reached(struct repo *r, git_odb_backend *pack, size_t objects, const struct oid *head,
			       struct error *e) MUST_CHECK;

/* ---- repo_packs.c: the directory of packs ---- */
#define PACK_HEX_MAX 64

struct pack_file {
	char hex[PACK_HEX_MAX + 1]; /* objects/pack/pack-<hex>.idx and .pack */
	uint32_t objects;
	uint64_t bytes; /* of the .pack */
};

struct pack_list {
	struct pack_file *packs; /* fewest objects first */
	size_t len, cap;
};

enum status packs_list(struct pack_list *out, struct repo *r, struct error *e) MUST_CHECK;
void packs_clear(struct pack_list *l);
/* Path of a pack's file ("idx", "pack"), the caller's; NULL without memory. */
char *packs_path(const struct repo *r, const char *hex, const char *suffix);
/* Take packs out of sight; all their objects are durable in others. Their bytes stay until packs_sweep. */
enum status packs_retire(const struct pack_list *l, const char *but, struct repo *r, struct error *e) MUST_CHECK;
/* Delete packs without an index, retired or left by a killed process, once they are that old. */
void packs_sweep(struct repo *r, int64_t grace_ms);
void packs_stamp(struct pack_stamp *out, const struct repo *r);
/* True, and the packs are looked for anew, if some may have come or gone since this handle last looked. */
bool packs_heal(struct repo *r);

/* ---- repo_join.c: many packs become one ---- */
/* Every object of the packs in one, durable on return; hex: its name. */
enum status packs_join(char hex[2 * SHA1_LEN + 1], struct repo *r, const struct pack_list *l, const atomic_bool *stop,
		       struct error *e) MUST_CHECK;

/* ---- repo_tree.c: a raw tree, entry by entry, strictly checked, nothing allocated ---- */
#define TREE_NAME_MAX 255

struct tree_item {
	const char *name; /* not NUL-terminated; points into the raw tree */
	size_t name_len;
	bool is_dir;
	struct oid id;
};

struct tree_cursor {
	const uint8_t *at, *end;
	struct tree_item item; /* the current entry */
	const char *file;      /* name of the last file seen that may yet have a directory of the same name behind it */
	uint8_t lens[TREE_NAME_MAX]; /* lengths of its beginnings that are file names, too */
	size_t lens_len;
	bool plain; /* any mode, name and order; commits of other repositories are passed over */
};

/* plain: as the handle is that the tree was read through. */
void tree_cursor_init(struct tree_cursor *c, const void *raw, size_t len, bool plain);
/* Move to the next entry. STATUS_NOT_FOUND behind the last, STATUS_INVALID for a tree out of form. */
enum status tree_cursor_next(struct tree_cursor *c) MUST_CHECK;
/* git's order: a directory sorts as if its name ended in '/'. 0 only for the same name and kind. */
int tree_name_compare(const char *a, size_t a_len, bool a_is_dir, const char *b, size_t b_len, bool b_is_dir);

/* ---- repo_commit.c ---- */
struct commit_links {
	struct oid tree;
	struct oid *parents; /* owned; those that are here: none of a commit at which the repository's history ends */
	size_t parents_len;
	int64_t committer_s; /* Unix time, s; 0 where it cannot be read */
};
#define COMMIT_LINKS_INIT                                                                                              \
	{                                                                                                              \
		.parents_len = 0                                                                                       \
	}
enum status commit_links_read(struct commit_links *out, struct repo *r, const struct oid *id,
			      struct error *e) MUST_CHECK;
void commit_links_clear(struct commit_links *links);

/* ---- repo_plain.c ---- */
#define REPO_MAX_TAGS 16 /* that name each other */
/* What a tag object names; out may be id. */
enum status tag_target(struct oid *out, struct repo *r, const struct oid *id, struct error *e) MUST_CHECK;

/* ---- repo_walk.c: see also repo_walk.h ---- */
/* For the n-th of many steps: STATUS_NETWORK if the span is given up. */
enum status span_go_on(const struct repo_span *span, size_t n, struct error *e) MUST_CHECK;

/* ---- repo_difference.c: which commits are new ---- */
struct walk_commit {
	struct oid id, tree;
	struct oid before[REPO_MAX_PARENTS]; /* its first parents' trees */
	size_t before_len;
};
/* Commits reachable from wants and not from haves, each after its parents; the array is the caller's, to free(). */
enum status walk_difference(struct walk_commit **out, size_t *out_len, struct repo *r, const struct repo_span *span,
			    struct error *e) MUST_CHECK;

/* ---- repo_closure.c: which objects are new ---- */
struct closure {
	struct repo *repo;
	struct oid_map seen;
	/* each object once; item: its entry in the tree where it was found, or NULL. NULL: seen is enough */
	enum status (*visit)(void *ctx, const struct oid *id, enum repo_kind kind, const struct tree_item *item);
	void *ctx;
	struct error *e;
	bool everything; /* set by closure_span: the other side has nothing */
	const struct repo_span *span; /* set by closure_span */
};
/* All objects that span->wants reach and span->haves do not. The caller clears c->seen. */
enum status closure_span(struct closure *c, const struct repo_span *span) MUST_CHECK;
/* The same, and where the other side has nothing, by what was noted; `visit` is not told of that. */
enum status closure_whole(struct closure *c, const struct repo_span *span) MUST_CHECK;

/* ---- repo_send.c ---- */
/* A pack of these objects, as they are stored where that is possible. */
enum status pack_send_objects(struct repo *r, const struct oid_map *ids, bool ofs_delta, repo_sink sink, void *ctx,
			      struct error *e) MUST_CHECK;

/* ---- repo_plain.c ---- */
/* Read the file "shallow" into r->shallow. */
enum status shallow_read(struct repo *r, struct error *e) MUST_CHECK;

/* ---- repo_reached.c: what a commit reaches, written down ---- */
/* Add what *commit reaches, an ancestor of one of the tips. STATUS_NOT_FOUND: nothing of use was noted. */
enum status reached_read(struct oid *commit, struct oid_map *out, struct repo *r, const struct oid *tips, size_t tips_len,
			 struct error *e) MUST_CHECK;

#endif
