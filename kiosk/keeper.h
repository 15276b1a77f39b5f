/* kiosk/keeper.h - the one place that holds the open journal and the question on the screen, for the web server's thread and the agent's.
 *
 * The home's own lock is held only while something is read from it, so that `qip-kiosk status` and `sync` work beside a running kiosk.
 */
#ifndef QIP_KIOSK_KEEPER_H
#define QIP_KIOSK_KEEPER_H

#include "kiosk/question.h"
#include "kiosk/standing.h"

struct keeper;

/* Open the home and its journal. A home that has not received its survey yet opens too: there is no question until a sync brought it.
 * STATUS_DENIED: not a kiosk's home. */
enum status keeper_open(struct keeper **out, const char *home, const struct env *env, struct error *e) MUST_CHECK;
void keeper_close(struct keeper *k);

/* Copy the question; options_len 0: none yet. *comments: a comment can be sealed. */
void keeper_question(struct keeper *k, struct question *out, bool *comments);
/* Make an answer durable: see qip_capture. After a failed disk the journal is opened again for the next answer. */
enum status keeper_keep(struct keeper *k, const struct qip_answer *answer, struct error *e) MUST_CHECK;
/* All but the sync's failure. */
void keeper_standing(struct keeper *k, struct standing *out);

/* Sync the home, then take over what the sync brought. *sent: answers that got their receipt. */
enum status keeper_sync(struct keeper *k, uint64_t *sent, struct error *e) MUST_CHECK;

#endif
