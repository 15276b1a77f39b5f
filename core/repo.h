/* core/repo.h - a bare git repository, over libgit2: objects in and out, refs, packs.
 *
 * repo_init_library(); repo_open(); read, or stage objects and repo_flush() them as one fsynced pack; repo_ref_update(); repo_close().
 *
 * A handle belongs to one thread at a time. New objects are staged in memory, visible to this handle only, until repo_flush.
 * This is the only folder of the program that knows libgit2 (repo*.c).
 */
#ifndef QIP_CORE_REPO_H
#define QIP_CORE_REPO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/key.h"

#define OID_LEN 20
#define OID_HEX_LEN 40
#define REPO_MAX_PARENTS 2
#define REPO_MAX_TREE_ENTRIES 65536

struct oid {
	uint8_t id[OID_LEN];
};

bool oid_equal(const struct oid *a, const struct oid *b);
bool oid_is_zero(const struct oid *a);
void oid_hex(char out[OID_HEX_LEN + 1], const struct oid *id);
enum status oid_parse(struct oid *out, const char *hex, size_t len) MUST_CHECK; /* exactly 40 lower-case hex digits */

/* Once per process, before anything else: sets fsync, limits on packs, strict object checks. */
enum status repo_init_library(struct error *e) MUST_CHECK;
void repo_shutdown_library(void);

struct repo;

/* Make a new bare repository with HEAD -> refs/heads/main. STATUS_EXISTS. */
enum status repo_create(const char *path, struct error *e) MUST_CHECK;
enum status repo_open(struct repo **out, const char *path, struct error *e) MUST_CHECK;
/* For refs alone: no object is read through it. libgit2 keeps the files of a pack mapped as long as any handle knows the pack, so a handle
 * that stays open must know none. */
enum status repo_open_refs(struct repo **out, const char *path, struct error *e) MUST_CHECK;
/* A repository of anybody's making, bare or the .git of a work tree (core/repo_plain.c): its commits, trees and tags may have every form
 * that git itself reads, and its history may end where its file "shallow" says. Only what is said to take such handles does. */
enum status repo_open_plain(struct repo **out, const char *path, struct error *e) MUST_CHECK;
void repo_close(struct repo *r);
const char *repo_path(const struct repo *r);
/* How many objects were read through this handle: what a test of cost counts. */
uint64_t repo_reads(const struct repo *r);
/* Keep what is read in memory, some megabytes at most, for who reads the same objects again and again. What was taken away from the
 * repository meanwhile may still be read. Without memory nothing is kept. */
void repo_keep_recent(struct repo *r);
/* Look for packs that came since the handle was opened. A miss does so too, if any came or went; writing does not, and at worst stores
 * an object twice. */
enum status repo_refresh(struct repo *r, struct error *e) MUST_CHECK;
/* For who misses an object and blames somebody for it: libgit2 calls missing what it could not open. STATUS_IO when a pack cannot be
 * opened; else the handle is as new, and asking again tells. */
enum status repo_look_again(struct repo *r, struct error *e) MUST_CHECK;

/* ---- refs ---- */
/* STATUS_NOT_FOUND when absent. */
enum status repo_ref_get(struct oid *out, struct repo *r, const char *name, struct error *e) MUST_CHECK;
/* Compare and swap, durable on return. old NULL: must not exist; new NULL: delete. STATUS_STALE when it is not `old`.
 * STATUS_UNKNOWN: it was moved, but the disk does not say that it will last; repo_ref_put of the same value makes sure. */
enum status repo_ref_update(struct repo *r, const char *name, const struct oid *new_id, const struct oid *old_id,
			    struct error *e) MUST_CHECK;
/* The same of several refs (zero ids for what is not there), all or none: every ref is locked and compared before the first moves.
 * Plain handles only. STATUS_STALE, STATUS_BUSY: another program moves one of them; *failed, which. */
struct repo_move {
	const char *name;
	struct oid new_id, old_id;
};
enum status repo_refs_move(size_t *failed, struct repo *r, const struct repo_move *moves, size_t len, struct error *e) MUST_CHECK;
/* True for a name that git takes for a ref, below refs/. */
bool repo_ref_name_valid(const char *name);
/* Write a ref without comparing, for those who know by a lock of their own that nobody else moves it. Not durable: for what
 * follows from other refs and can be found again; a power cut may then leave it as it was, or empty. */
enum status repo_ref_put(struct repo *r, const char *name, const struct oid *id, bool durable, struct error *e) MUST_CHECK;
/* Make the last repo_ref_put durable. */
enum status repo_ref_sync(struct repo *r, const char *name, struct error *e) MUST_CHECK;
/* Remove a ref that a power cut left empty after repo_ref_put; durable. One that can be read, or is not there, stays as it is. */
enum status repo_ref_drop_empty(struct repo *r, const char *name, struct error *e) MUST_CHECK;
/* Remove the lock that a killed process left on a ref, which is STATUS_BUSY until then. Only for those who know by a lock of
 * their own that nobody is moving it. */
void repo_ref_unlock(struct repo *r, const char *name);
/* Each ref below prefix ("refs/devices/"), sorted by name; visit returns non-OK to stop. */
typedef enum status (*repo_ref_visit)(void *ctx, const char *name, const struct oid *id);
enum status repo_ref_each(struct repo *r, const char *prefix, repo_ref_visit visit, void *ctx, struct error *e) MUST_CHECK;

/* ---- objects ---- */
enum repo_kind { REPO_COMMIT = 1, REPO_TREE = 2, REPO_BLOB = 3, REPO_TAG = 4 };

bool repo_has(struct repo *r, const struct oid *id);
/* Append the raw content. STATUS_NOT_FOUND absent; STATUS_INVALID another kind; STATUS_TOO_BIG over max_bytes. */
enum status repo_read(struct buf *out, struct repo *r, const struct oid *id, enum repo_kind kind, size_t max_bytes,
		      struct error *e) MUST_CHECK;
/* Kind and size without the content. */
enum status repo_stat(enum repo_kind *kind, size_t *size_bytes, struct repo *r, const struct oid *id, struct error *e) MUST_CHECK;
/* Stage raw bytes of a kind. */
enum status repo_write(struct oid *out, struct repo *r, enum repo_kind kind, const void *bytes, size_t len,
		       struct error *e) MUST_CHECK;
/* The same for bytes that hardly are there already, as they hold an id of their own or name what does: no time is spent on looking, and no
 * index of an old pack is read for it. At worst the object is there twice. */
enum status repo_write_new(struct oid *out, struct repo *r, enum repo_kind kind, const void *bytes, size_t len,
			   struct error *e) MUST_CHECK;

struct tree_entry {
	char *name;    /* owned by the tree; of one that was read, it may be a piece of `raw` */
	bool is_dir;
	struct oid id;
};
struct tree {
	struct tree_entry *entries; /* in git's order; names unique */
	size_t len;
	uint8_t *raw;  /* owned; as it was read; NULL of one that was not */
	size_t raw_len;
};
#define TREE_INIT {0}

/* Read a tree object. STATUS_INVALID for any mode but 100644 and 040000, for a name that is empty, ".", "..", ".git" in any
 * disguise, or holds '/' or NUL, for wrong order or duplicates; STATUS_TOO_BIG over REPO_MAX_TREE_ENTRIES. */
enum status repo_tree_read(struct tree *out, struct repo *r, const struct oid *id, struct error *e) MUST_CHECK;
/* Stage a tree out of entries in any order (they are sorted in place). */
enum status repo_tree_write(struct oid *out, struct repo *r, struct tree *t, struct error *e) MUST_CHECK;
/* Take an entry out; the last one takes its place. */
void tree_drop(struct tree *t, size_t at);
void tree_clear(struct tree *t);

struct commit {
	struct oid tree;
	struct oid parents[REPO_MAX_PARENTS];
	size_t parents_len;
	char *author_name, *author_email; /* owned */
	int64_t author_s, committer_s;    /* Unix time, s */
	char *message;                    /* owned */
	char *signature;                  /* owned; armored, or NULL */
	char *signed_text;                /* owned; what was signed: the commit without its gpgsig header */
	size_t signed_len;
};
#define COMMIT_INIT {0}

/* STATUS_INVALID for an ill-formed commit, more than REPO_MAX_PARENTS parents, or over 64 KiB. */
enum status repo_commit_read(struct commit *out, struct repo *r, const struct oid *id, struct error *e) MUST_CHECK;
void commit_clear(struct commit *c);
/* Zero for a commit without parents. Cheaper than reading all of it. */
enum status repo_commit_first_parent(struct oid *out, struct repo *r, const struct oid *id, struct error *e) MUST_CHECK;

struct commit_spec {
	struct oid tree;
	struct oid parents[REPO_MAX_PARENTS];
	size_t parents_len;
	const char *name, *email; /* author and committer */
	int64_t time_ms;          /* below 0 is written as 0 */
	const char *message;      /* ends with a newline */
	const struct key *key;    /* signs (SSHSIG, namespace "git") */
};
enum status repo_commit_write(struct oid *out, struct repo *r, const struct commit_spec *spec, struct error *e) MUST_CHECK;

/* ---- staged objects ---- */
/* Write everything staged as one pack with its index, fsynced, into the repository; nothing staged writes nothing. */
enum status repo_flush(struct repo *r, struct error *e) MUST_CHECK;
/* Forget everything staged. */
void repo_discard(struct repo *r);
/* How far staging is, and forgetting what was staged since. */
size_t repo_mark(const struct repo *r);
void repo_rollback(struct repo *r, size_t mark);
/* Bytes of all that is staged. */
size_t repo_staged_bytes(const struct repo *r);
/* Stage all that is staged in another handle; all or nothing. */
enum status repo_adopt(struct repo *to, const struct repo *from, struct error *e) MUST_CHECK;

/* ---- history ---- */
/* True (*out) if `ancestor` is reachable from `id` (equal counts). */
enum status repo_is_ancestor(bool *out, struct repo *r, const struct oid *ancestor, const struct oid *id, struct error *e) MUST_CHECK;
/* True if `id` reaches one of several commits; it may say no where one of them is an ancestor of another. */
enum status repo_reaches_any(bool *out, struct repo *r, const struct oid *id, const struct oid *goals, size_t goals_len,
			     struct error *e) MUST_CHECK;
/* True if `ancestor` is reachable from any of several commits. */
enum status repo_is_reached(bool *out, struct repo *r, const struct oid *ancestor, const struct oid *ids, size_t ids_len,
			    struct error *e) MUST_CHECK;

/* ---- packs over the wire (core/repo_send.c) ---- */
typedef enum status (*repo_sink)(void *ctx, const void *bytes, size_t len);
/* Send a pack of all that is reachable from wants and not from haves. Cost follows the difference: commits are walked until the haves,
 * trees only where they differ from a parent's; objects are copied as they are stored. haves that are not there are passed over. *objects
 * (may be NULL): how many. STATUS_CORRUPT: what is on disk is damaged; then, and when the sink fails, part of the pack may have been sent. */
enum status repo_pack_send(struct repo *r, const struct oid *wants, size_t wants_len, const struct oid *haves, size_t haves_len,
			   repo_sink sink, void *ctx, uint32_t *objects, struct error *e) MUST_CHECK;
/* The same for a shallow clone: of `cuts` it counts as true that they have no parents, on both sides. */
struct repo_tag {
	struct oid id, names; /* a tag object, and what it stands for in the end */
};
struct repo_span {
	const struct oid *wants, *haves, *cuts; /* through a plain handle a want may be of any kind */
	size_t wants_len, haves_len, cuts_len;
	bool ofs_delta; /* the other side reads deltas by distance */
	const struct repo_tag *tags; /* that come along when what they stand for does */
	size_t tags_len;
	bool (*given_up)(void *ctx); /* asked now and then: nobody wants the pack any more. STATUS_NETWORK then; NULL: never */
	void *given_up_ctx;
};
enum status repo_pack_send_span(struct repo *r, const struct repo_span *span, repo_sink sink, void *ctx, uint32_t *objects,
				struct error *e) MUST_CHECK;

/* ---- shallow clones (core/repo_shallow.c) ---- */
#define REPO_DEPTH_ALL UINT32_MAX
struct repo_depth {
	uint32_t commits;           /* in a row from a tip: 1 is the tip alone; REPO_DEPTH_ALL: no bound */
	int64_t since_s;            /* none committed before, Unix time, s; INT64_MIN: no bound */
	const struct oid *without;  /* nor what these reach */
	size_t without_len;
};
/* Where a clone of so much ends. */
struct repo_edge {
	struct oid *ids;            /* owned; commits of the clone that come without their parents */
	size_t len;
	struct oid *opened;         /* owned; of the ends of the clone as it was: those that are inside now */
	size_t opened_len;
	struct oid *beyond;         /* owned; the parents of opened */
	size_t beyond_len;
};
#define REPO_EDGE_INIT {0}

/* ends: of the clone as it was; those that the tips do not reach are passed over. A tip that the bounds leave out comes alone;
 * STATUS_USAGE when they leave out all. */
enum status repo_edge_find(struct repo_edge *out, struct repo *r, const struct oid *tips, size_t tips_len,
			   const struct repo_depth *depth, const struct oid *ends, size_t ends_len, struct error *e) MUST_CHECK;
void repo_edge_clear(struct repo_edge *edge);

/* ---- plain repositories (core/repo_plain.c, core/repo_connect.c) ---- */
/* What a tag object stands for in the end; zero for any other object. */
enum status repo_peel(struct oid *out, struct repo *r, const struct oid *id, struct error *e) MUST_CHECK;
/* The commit that an object stands for, by itself or through tags; zero for a tree or file. */
enum status repo_commit_of(struct oid *out, struct repo *r, const struct oid *id, struct error *e) MUST_CHECK;
/* The commits at which the repository's own history ends; borrowed from r. */
const struct oid *repo_shallow_ends(size_t *len, const struct repo *r);
/* What HEAD names: *name, "refs/heads/…" (the caller's buffer of `size` bytes), or "" when it stands for a commit itself; *id, zero while
 * there is none. */
enum status repo_head(char *name, size_t size, struct oid *id, struct repo *r, struct error *e) MUST_CHECK;
/* Each ref below refs/ that points to another ref, and to which. */
typedef enum status (*repo_symref_visit)(void *ctx, const char *name, const char *target);
enum status repo_symref_each(struct repo *r, repo_symref_visit visit, void *ctx, struct error *e) MUST_CHECK;
/* A boolean of the repository's own configuration. */
bool repo_config_bool(struct repo *r, const char *key, bool otherwise);
/* A word of it, in lower case; false when it is not set. */
bool repo_config_word(char *out, size_t size, struct repo *r, const char *key);
/* Each value of a setting that may have several, in their order; visit returns non-OK to stop. */
typedef enum status (*repo_config_visit)(void *ctx, const char *value);
enum status repo_config_each(struct repo *r, const char *key, repo_config_visit visit, void *ctx, struct error *e) MUST_CHECK;
/* It has a work tree, or should have one. */
bool repo_has_tree(struct repo *r);
/* STATUS_INVALID unless all that `news` (objects of any kind) need is here, given that what `olds` reach is whole. Cost follows the difference. */
enum status repo_check_whole(struct repo *r, const struct oid *news, size_t news_len, const struct oid *olds, size_t olds_len,
			     struct error *e) MUST_CHECK;

/* Taking a pack in, through a quarantine directory inside the repository. One at a time on a handle. A pack without objects is
 * allowed; a thin one (deltas against objects that are not in it) is not: advertise no-thin, ask for no thin-pack. Objects of any
 * kind and form pass, connected or not: that is the caller's to check between finish and keep, for all that a head reaches. */
struct repo_intake;
struct repo_limits {
	uint64_t pack_bytes;    /* as received */
	uint32_t objects;
	uint64_t object_bytes;  /* any one object, inflated */
	uint32_t cpu_ms;        /* processor time to unpack and index it all; 0: no limit */
	uint64_t inflated_bytes; /* all objects and deltas together; 0: no limit */
	uint32_t delta_depth;   /* of deltas on deltas; 0: no limit */
};
enum status repo_intake_begin(struct repo_intake **out, struct repo *r, const struct repo_limits *limits, struct error *e) MUST_CHECK;
enum status repo_intake_feed(struct repo_intake *in, const void *bytes, size_t len, struct error *e) MUST_CHECK;
/* All bytes are there: index them. From now on `r` sees the objects; nobody else does. STATUS_MALFORMED, STATUS_TOO_BIG. */
enum status repo_intake_finish(struct repo_intake *in, struct error *e) MUST_CHECK;
/* Between finish and keep: STATUS_INVALID when the pack holds an object that `head` does not need. */
enum status repo_intake_only(struct repo_intake *in, const struct oid *head, struct error *e) MUST_CHECK;
/* Move the pack into the repository, durably; objects staged in `r` stay staged. */
enum status repo_intake_keep(struct repo_intake *in, struct error *e) MUST_CHECK;
/* Ends the intake in every case; what was not kept is deleted. */
void repo_intake_close(struct repo_intake *in);
/* A file without a name, for a pack that is not to be looked at yet; the caller's to close. */
enum status repo_intake_file(int *out, struct repo *r, struct error *e) MUST_CHECK;

/* Taking a small pack in without a file (core/repo_unpack.c): stage the objects of a whole pack; all or nothing. What may pass is as
 * for an intake. STATUS_TOO_BIG over the limits (cpu_ms counts for nothing: memory_bytes, which all its objects and deltas together
 * may unpack to, bounds the time as well). STATUS_MALFORMED. */
enum status repo_unpack(struct repo *r, const void *bytes, size_t len, const struct repo_limits *limits, size_t memory_bytes,
			struct error *e) MUST_CHECK;
/* STATUS_INVALID when an object is staged that `head` does not need. */
enum status repo_staged_only(struct repo *r, const struct oid *head, struct error *e) MUST_CHECK;

/* ---- keeping packs few (core/repo_consolidate.c) ---- */
struct repo_bounds {
	size_t packs;         /* nothing is done up to this many */
	uint32_t objects;     /* in one pack that is made; memory is about 200 bytes for each */
	uint64_t pack_bytes;  /* of it */
	int64_t grace_ms;     /* how long the bytes of replaced packs stay for handles that have them open */
	const atomic_bool *stop; /* give up soon once it is true; NULL: never */
};
/* Join the smallest packs into one, so that each object is copied about log2(objects) times in its life. *joined (may be NULL): how many
 * packs became one; 0 if there was nothing to do. Intakes, flushes and readers of other handles may go on meanwhile, another
 * consolidation may not. Losing power at any step loses no object. STATUS_CORRUPT: a pack is damaged; nothing is removed then. */
enum status repo_consolidate(size_t *joined, struct repo *r, const struct repo_bounds *bounds, struct error *e) MUST_CHECK;
/* Note what a commit reaches, unless what was noted before is nearly as much: a clone of it, or of what follows it, is then
 * found without reading the directories. Memory is about 60 bytes for each object. */
enum status repo_note_reached(struct repo *r, const struct oid *tip, struct error *e) MUST_CHECK;
enum status repo_count_packs(size_t *out, struct repo *r, struct error *e) MUST_CHECK;
/* ---- forgetting the beginning (core/repo_cut.c) ---- */
/* The history may end where the file "shallow" says: after repo_cut. For handles that are not plain; before all else. */
enum status repo_take_ends(struct repo *r, struct error *e) MUST_CHECK;
/* Keep what the refs reach down to `ends`: these commits with all directories and what lies in them, but of files in the folders `bare` (names of
 * the root directory's entries) only those that came later. What comes before is forgotten, and the disk freed. Alone on the repository.
 * Losing power at any step leaves the old or the new state, or what is needed for both. STATUS_CORRUPT, STATUS_NOT_FOUND: something that is to be
 * kept is not there; nothing is removed then. */
enum status repo_cut(struct repo *r, const struct oid *ends, size_t ends_len, const char *const *bare, size_t bare_len,
		     struct error *e) MUST_CHECK;
/* Bytes of all packs. */
enum status repo_pack_bytes(uint64_t *out, struct repo *r, struct error *e) MUST_CHECK;
/* Delete what a killed process left: quarantine directories, files of packs and lock files of refs. Only while nobody else uses the repository. */
enum status repo_intake_sweep(struct repo *r, struct error *e) MUST_CHECK;

/* ---- looking for damage (core/repo_check.c); others may use the repository meanwhile ---- */
/* Called with a sentence for each damage; anything but STATUS_OK ends the search. */
typedef enum status (*repo_damage)(void *ctx, const char *text);
/* Compare every pack, index and object with its checksum. STATUS_OK: all was looked at, whatever was found. */
enum status repo_check_stored(uint64_t *objects, struct repo *r, repo_damage damage, void *ctx, struct error *e) MUST_CHECK;
/* How many packs lie in quarantine since that long, or longer. */
size_t repo_count_leftovers(struct repo *r, int64_t age_s);
/* STATUS_CORRUPT unless all is there that wants need and haves do not reach. */
enum status repo_check_complete(struct repo *r, const struct oid *wants, size_t wants_len, const struct oid *haves, size_t haves_len,
				struct error *e) MUST_CHECK;

#endif
