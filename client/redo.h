/* client/redo.h - what a kept edit changed, worked out again on the practice as it is now. */
#ifndef QIP_CLIENT_REDO_H
#define QIP_CLIENT_REDO_H

#include "client/home.h"

struct redo {
	struct qip_edit *edit; /* takes the changes; NULL: only count them */
	cJSON *words;          /* an array that takes one line for each change as it was made then; NULL: nobody asks */
	uint64_t changes;      /* fields, entries and whole records that would change */
	uint64_t overtaken;    /* left alone: this device has set them again since (not before), or a whole record is another by now */
	/* Of another device's commit: claims and entries are made in this one's name, under ids that follow from the original's and from this
	 * device, so that a second time makes nothing twice. What has no claims, or is not this device's to write, is left out. */
	bool adopt;
	/* Told of each part that is not made again, by path, field or "", and the record as it was made (NULL: removed); or NULL. */
	enum status (*leave)(void *ctx, const char *path, const char *slot, const cJSON *made, const char *why, struct error *e);
	void *ctx;
	uint64_t left;         /* records that were left out: of one's own, those that are not here now, for they may be back later */
	char why[ERROR_TEXT_MAX]; /* the last of them */
};

/* Compare the commit `id` with its parent, and make what it changed again on `now` (a tree). Claims keep their ids and so are never made
 * twice; they take the record's next number, and stand in place of those claims alone that the original replaced, and of this device's
 * earlier ones.
 * STATUS_DENIED, STATUS_INVALID: policy or schema does not allow it (from qip_edit_put); STATUS_MALFORMED: it cannot be read. */
enum status redo_commit(struct redo *redo, struct qip *q, const struct oid *id, const struct oid *now, struct error *e) MUST_CHECK;

/* The claim with the same id among these, or one that was adopted from it, or that it was adopted from; NULL for none. */
const cJSON *redo_find_claim(const cJSON *claims, const cJSON *claim);
/* The record at a path of a tree, the caller's; *out stays as it is where there is none. */
enum status redo_read(cJSON **out, struct qip *q, const struct oid *tree, const char *path, struct error *e) MUST_CHECK;

/* ---- client/redo_words.c ---- */

/* Append "<path> <field>: <before> -> <after>", each cut short; a long list ends. */
enum status redo_add_words(cJSON *words, const char *path, const char *what, const cJSON *before, const cJSON *after, struct error *e) MUST_CHECK;

#endif
