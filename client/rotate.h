/* client/rotate.h - a new generation of the comment key: what patients write from then on is not for whoever is left out.
 *
 * It is wrapped to every staff and manager device that has enrolled and not ended, but for those left out; and to the recovery key of the newest generation
 * that holds. Who is left out stands in `without` and stays out of later generations, too, until a manager grants it by hand: not by somebody's sync who did not
 * know of it. What was sealed before stays readable to whoever could read it.
 */
#ifndef QIP_CLIENT_ROTATE_H
#define QIP_CLIENT_ROTATE_H

#include "client/comment_key.h"

/* Whether a generation leaves a device out, on purpose and to this day. */
bool rotate_leaves_out(const cJSON *record, const char *device);
/* The newest generation that holds, and its record; the caller's. STATUS_NOT_FOUND when there is none. */
enum status rotate_newest(struct comment_key *out, cJSON **record, struct qip *q, struct error *e) MUST_CHECK;

/* Put the next generation into an edit. leave_out: array of device names, or NULL; recovery: public half of another recovery key, or NULL. */
enum status rotate_put(struct qip_edit *edit, struct qip *q, const cJSON *leave_out, const uint8_t *recovery, struct error *e) MUST_CHECK;
/* The same without one device, NULL: without nobody more. */
enum status rotate_put_without(struct qip_edit *edit, struct qip *q, const char *device, struct error *e) MUST_CHECK;

/* ---- managers' devices: STATUS_DENIED on others; each is one commit ---- */

enum status rotate_now(struct qip *q, struct error *e) MUST_CHECK;
/* Shut a device out of free text; it goes on with all else. STATUS_NOT_FOUND: there is no such device; STATUS_INVALID: it reads none, or would be the last
 * that does; STATUS_EXISTS: it is shut out already. */
enum status rotate_without(struct qip *q, const char *device, struct error *e) MUST_CHECK;
/* With a fresh recovery key: the paper is shown before the commit. Generations from before still open with the old paper alone. */
enum status rotate_paper(struct qip *q, qip_show_papers show, void *ctx, struct error *e) MUST_CHECK;

/* ---- in a sync ---- */

/* A manager's device makes a generation where the newest is wrapped to a device that was revoked: one that revoked itself, or while another manager made
 * that generation. */
enum status rotate_if_due(bool *made, struct qip *q, struct error *e) MUST_CHECK;

/* Of two generations that were made apart under one number, the server refused `made` and has another in its place; `now` is the tree as it is now, `before` the
 * one that `made` was made on. Is a further one *needed to make good what this one was for? Then that goes into the edit, if there is one. */
enum status rotate_again(bool *needed, struct qip_edit *edit, struct qip *q, const struct oid *now, const struct oid *before, const cJSON *made,
			 struct error *e) MUST_CHECK;

#endif
