/* tests/fuzz/forge_trees.h - a tree as a forger changes it: a record deep inside, or a directory's own entries. */
#ifndef QIP_TESTS_FUZZ_FORGE_TREES_H
#define QIP_TESTS_FUZZ_FORGE_TREES_H

#include "core/repo.h"
#include "tests/fuzz/dice.h"

#define FORGED_PATH_MAX 1024

/* What was changed where, so that later trees can have the same. */
struct tree_forgery {
	char path[FORGED_PATH_MAX]; /* "" for the root */
	struct oid was, is;
};

/* Stage a forged form of *root, and make *root its id. */
void forge_tree(struct oid *root, struct tree_forgery *out, struct repo *r, struct dice *d);
/* The same change of another tree, where that has what was changed; else *root stays. */
void forge_tree_again(struct oid *root, const struct tree_forgery *f, struct repo *r);

#endif
