/* tests/fuzz/history.h - a small true history, and forged forms of it.
 *
 * history_open(); then again and again history_forge(), judge out.main, history_forget(); history_close().
 */
#ifndef QIP_TESTS_FUZZ_HISTORY_H
#define QIP_TESTS_FUZZ_HISTORY_H

#include "tests/fuzz/dice.h"
#include "tests/support/practice.h"

#define HISTORY_MAX_STEPS 128

/* One commit as it truly is. */
struct step {
	struct oid id, tree;
	struct oid parents[REPO_MAX_PARENTS];
	size_t parents_len;
	char author[NAME_MAX_LEN + 1]; /* "server": the start or a merge */
	struct buf text, signature;    /* what was signed, and the armored signature */
};

struct history {
	struct practice practice;
	struct step steps[HISTORY_MAX_STEPS]; /* parents before children; the last is main */
	size_t len;
	struct buf packs;              /* names of the true history's packs, one a line */
};

struct forgery {
	char told[512];    /* what was done, for people */
	struct oid main;   /* the forged log's end, on the disk */
	size_t at;         /* the step that was forged: none before it is any different */
	bool changed;      /* it differs from the true one */
	bool must_be_found; /* something signed was changed and not signed anew by the key that it belongs to, or a merge is not what comes of its parents */
};

void history_open(struct history *h);
void history_close(struct history *h);
void history_forge(struct forgery *out, struct history *h, struct dice *d);
/* The repository is again as history_open left it. */
void history_forget(struct history *h);

#endif
