/* core/tree_internal.h - what core/tree.c and core/tree_apply.c share. */
#ifndef QIP_CORE_TREE_INTERNAL_H
#define QIP_CORE_TREE_INTERNAL_H

#include "core/tree.h"

/* Relative, no empty part, within TREE_PATH_MAX and TREE_DEPTH_MAX. What names are allowed is repo's to say. */
bool tree_path_clean(const char *path);
/* True for the ways to say "the empty tree" without its id. */
bool tree_none(const struct oid *tree);
/* As repo_tree_read, but nothing for the empty tree, and STATUS_CORRUPT for one that is missing. *out must be empty. */
enum status tree_load(struct tree *out, struct repo *r, const struct oid *id, struct error *e) MUST_CHECK;

#endif
