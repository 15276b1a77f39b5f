/* client/comments.h - patients' comments as the practice's staff see them: which there are, what was made of them, and their text where this device can open it.
 *
 *     struct comments list = {0};
 *     comments_read(&list, q, &(struct comments_filter){.max = 100}, &e); ... comments_open(&text, q, list.items[0].feedback, &e); comments_clear(&list);
 */
#ifndef QIP_CLIENT_COMMENTS_H
#define QIP_CLIENT_COMMENTS_H

#include "client/include/qip/client.h"
#include "client/personal.h"
#include "core/tree.h"

struct comment {
	cJSON *feedback, *triage; /* owned; triage is NULL while nobody has made anything of it */
};

struct comments_filter {
	const char *site, *since; /* NULL: any. By the latest time that the answer can have been given, so that no unsure clock hides one */
	const char *status;       /* "new" for those that nobody has read, or as in triage; NULL: any */
	const char *theme;        /* id */
	bool waiting;             /* only those that wait for somebody: new, or with an open escalation */
	size_t max;               /* keep so many: escalations that are open first, by deadline, then the newest */
};

struct comments {
	struct comment *items; /* owned */
	size_t len, cap;
	uint64_t matched; /* how many there are, with those that were not kept */
};

/* Memory follows `max`, not the history. An answer that several kiosks sent under one id is one. */
enum status comments_read(struct comments *out, struct qip *q, const struct comments_filter *f, struct error *e) MUST_CHECK;
void comments_clear(struct comments *c);

/* The comment of an answer by its id or at least 8 characters of it; the caller's, see comment_clear. STATUS_NOT_FOUND: none, also when the answer has no
 * comment; STATUS_INVALID: several. */
enum status comments_find(struct comment *out, struct qip *q, const char *ref, struct error *e) MUST_CHECK;
void comment_clear(struct comment *c);

/* Append a comment's text, and what was released of one; as sealed_open. STATUS_NOT_FOUND also when nothing is released. Wipe it. */
enum status comments_open(struct buf *out, struct qip *q, const cJSON *feedback, struct error *e) MUST_CHECK;
enum status comments_open_released(struct buf *out, struct qip *q, const cJSON *triage, struct error *e) MUST_CHECK;
/* Why a text cannot be shown, for a line of a list: "not here yet", "erased", "no key", "damaged". */
const char *comments_why_not(enum status st);

/* The escalation that nobody has met, {to, due}, borrowed; NULL when there is none. In a conflict an open one wins, so that no sync hides it. */
const cJSON *comments_escalation(const cJSON *triage);
void comments_triage_path(char out[TREE_PATH_MAX], const char *id);

/* Everything in a text that may tell who somebody is, *out the caller's to free. STATUS_NOMEM. */
enum status comments_personal(struct personal_found **out, size_t *len, const char *text, struct error *e) MUST_CHECK;
/* Append the text with each of these replaced by "[…]". */
void comments_redact(struct buf *out, const char *text, const struct personal_found *found, size_t len);

#endif
