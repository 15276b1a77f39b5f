/* core/tree.h - paths in trees: look up, edit, compare. Every function skips what has equal object ids, so that cost follows the
 * change and the depth, never the size of the tree. A NULL or zero tree id stands for the empty tree. A tree object that is
 * missing is STATUS_CORRUPT, never "no such path". */
#ifndef QIP_CORE_TREE_H
#define QIP_CORE_TREE_H

#include "core/repo.h"

#define TREE_PATH_MAX 256 /* bytes of a path with NUL */
#define TREE_DEPTH_MAX 8

/* Find a path; is_dir may be NULL. STATUS_NOT_FOUND. */
enum status tree_find(struct oid *out, bool *is_dir, struct repo *r, const struct oid *tree, const char *path,
		      struct error *e) MUST_CHECK;
/* Append the blob at a path. */
enum status tree_read_path(struct buf *out, struct repo *r, const struct oid *tree, const char *path, size_t max_bytes,
			   struct error *e) MUST_CHECK;

struct tree_edit {
	const char *path;
	struct oid id;  /* zero: remove (a path that is not there is no error) */
	bool is_dir;    /* id names a tree to be put there whole */
};
/* Stage the tree that `tree` becomes by these edits, in any order; directories left empty vanish. STATUS_INVALID when a path is not
 * clean or comes twice, or when a file stands where a directory is needed or the other way round and the edits do not remove it
 * themselves. All removed: *out is the empty tree's id (staged too). */
enum status tree_apply(struct oid *out, struct repo *r, const struct oid *tree, const struct tree_edit *edits, size_t len,
		       struct error *e) MUST_CHECK;

/* Visit every file that differs: old or new is NULL where it was added or removed. Depth first in git's order. STATUS_INVALID for an
 * empty directory in the new tree, which no visit would tell of. */
typedef enum status (*tree_visit)(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e);
enum status tree_diff(struct repo *r, const struct oid *old_tree, const struct oid *new_tree, tree_visit visit, void *ctx,
		      struct error *e) MUST_CHECK;
/* The same; when a directory cannot be read or taken, *place is its path ("" for the root), and the error does not repeat it. */
enum status tree_diff_place(char place[TREE_PATH_MAX], struct repo *r, const struct oid *old_tree, const struct oid *new_tree,
			    tree_visit visit, void *ctx, struct error *e) MUST_CHECK;
/* Visit every file below the directory `prefix` ("" for all; none if it is not there): tree_diff against nothing, paths from the
 * root. */
enum status tree_each(struct repo *r, const struct oid *tree, const char *prefix, tree_visit visit, void *ctx,
		      struct error *e) MUST_CHECK;

#endif
