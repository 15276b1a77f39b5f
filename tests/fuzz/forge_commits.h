/* tests/fuzz/forge_commits.h - the text of a commit as a forger changes it, and its signature. */
#ifndef QIP_TESTS_FUZZ_FORGE_COMMITS_H
#define QIP_TESTS_FUZZ_FORGE_COMMITS_H

#include "core/repo.h"
#include "tests/fuzz/dice.h"

/* Change the text that is signed. others: ids that a forger may name, at least one. */
void forge_commit_text(struct buf *text, const struct oid *others, size_t others_len, struct dice *d);
/* Change the armored signature. other: another one that the forger has. */
void forge_signature(struct buf *armored, const char *other, struct dice *d);

/* The raw commit: the text with the signature as its header; none when it is empty. */
void commit_join(struct buf *raw, const struct buf *text, const char *armored);

#endif
