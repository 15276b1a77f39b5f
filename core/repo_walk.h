/* core/repo_walk.h - a walk through two histories at the same pace, see core/repo_walk.c.
 *
 *     struct walk w = {.repo = …, .e = …};
 *     walk_cut()…; walk_have()…; walk_want()…; walk_both(); walk_extra(); … walk_clear();
 */
#ifndef QIP_CORE_REPO_WALK_H
#define QIP_CORE_REPO_WALK_H

#include "core/repo_internal.h"

#define MARK_WANTED 1
#define MARK_HAD 2
#define MARK_READ 4
#define MARK_GOAL 8
#define MARK_OPENED 16 /* collect: its parents come first */
#define MARK_TAKEN 32

struct node {
	struct oid tree;
	uint32_t parents_at, parents_len; /* in walk.parents */
	uint8_t marks;
};

/* First in, first out; every node enters once. */
struct queue {
	uint32_t *items;
	size_t first, len, cap;
};

struct walk {
	struct repo *repo;
	struct error *e;
	const struct repo_span *span; /* NULL: nobody can give it up */
	struct oid_map cuts; /* commits that count as having no parents */
	struct oid_map ids;
	struct node *nodes; /* parallel to ids.keys */
	size_t cap;
	struct queue wanted, had;
	struct queue stack; /* of mark_had; from the end */
	struct queue roots; /* that were reached from what is wanted */
	bool found;	    /* something wanted leads to a goal */
	struct queue parents; /* of all nodes that are read; none is taken out */
};

/* The history ends at that commit. Before all else. */
enum status walk_cut(struct walk *w, const struct oid *id) MUST_CHECK;
/* The other side has it. One that is not here, or is no commit, helps nobody and is passed over. */
enum status walk_have(struct walk *w, const struct oid *id) MUST_CHECK;
enum status walk_want(struct walk *w, const struct oid *id) MUST_CHECK;
/* Walk both sides until nothing wanted is left to read, or a goal is found to be wanted. */
enum status walk_both(struct walk *w) MUST_CHECK;
/* Look somewhat further for whether the other side has the roots that were reached. */
enum status walk_extra(struct walk *w) MUST_CHECK;
void walk_clear(struct walk *w);

/* Read a commit unless it is read: its tree, its parents. */
enum status walk_read(struct walk *w, size_t at) MUST_CHECK;
/* The i-th parent of one that is read. */
static inline size_t walk_parent(const struct walk *w, size_t at, size_t i)
{
	return w->parents.items[w->nodes[at].parents_at + i];
}
/* STATUS_NOMEM. */
enum status walk_push(struct queue *q, size_t item) MUST_CHECK;

#endif
