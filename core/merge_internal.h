/* core/merge_internal.h - what core/merge.c and core/merge_slot.c share. */
#ifndef QIP_CORE_MERGE_INTERNAL_H
#define QIP_CORE_MERGE_INTERNAL_H

#include "core/merge.h"

/* A merge under way. */
struct merge {
	const char *type;
	const struct rules *rules;
	const cJSON *base, *ours, *theirs; /* base: NULL if there was none */
	const cJSON *edits[3], *conflicts[3]; /* members of each, in that order */
	cJSON *out;
	bool refers; /* out may refer to pieces of the sides */
	struct error *e;
};

/* What a side has, for the merged record. NULL without memory. */
cJSON *merge_piece(const struct merge *m, const cJSON *value);
/* Into *out what both sides have under one id, which is one thing, so choosing between two contents would let the one hide the other:
 * honest programs never make this, and a merge does not take it. STATUS_DENIED, in words of `place` and `what`. */
enum status merge_same_thing(const cJSON **out, const cJSON *base, const cJSON *ours, const cJSON *theirs, const char *place,
			     const char *what, const char *id, struct error *e) MUST_CHECK;
/* One slot's claims, into m->out. */
enum status merge_slot(const struct merge *m, const char *slot) MUST_CHECK;

#endif
