/* kiosk/keeper.h - the one place that holds the open journal and what the screen may show, for the web server's thread and the agent's.
 *
 * The home's own lock is held only while something is read from it, so that `qip-kiosk status` and `sync` work beside a running kiosk.
 */
#ifndef QIP_KIOSK_KEEPER_H
#define QIP_KIOSK_KEEPER_H

#include "core/key_pin.h"
#include "kiosk/screen.h"
#include "kiosk/standing.h"

struct keeper;

/* Open the home and its journal. A home that has not received its survey yet opens too: there is no question until a sync brought it. Where the
 * history is damaged, or another program has the home locked for more than some seconds, the questions are those that were kept last. STATUS_BUSY: another
 * kiosk runs on this home.
 * STATUS_DENIED: not a kiosk's home. */
enum status keeper_open(struct keeper **out, const char *home, const struct env *env, struct error *e) MUST_CHECK;
void keeper_close(struct keeper *k);

/* What may be shown now, the caller's to end by screen_close(); without languages: nothing yet. */
void keeper_screen(struct keeper *k, struct screen *out);
/* One version of a survey, the caller's; NULL: not known here. */
cJSON *keeper_survey(struct keeper *k, const char *id, int64_t version);
/* True if an answer of that id is durable, as far back as the journal's last ones are remembered. */
bool keeper_kept(struct keeper *k, const char *id);
/* Make an answer durable, with its flags (kiosk/flags.h): see qip_capture. After a failed disk the journal is opened again for the next answer. */
enum status keeper_keep(struct keeper *k, const struct qip_answer *answer, struct error *e) MUST_CHECK;
/* The staff's PIN; false: the practice has set none for this site. */
bool keeper_pin(struct keeper *k, struct key_pin *out);
/* All but the sync's failure. */
void keeper_standing(struct keeper *k, struct standing *out);

/* Sync the home, then take over what the sync brought. *sent: answers that got their receipt. */
enum status keeper_sync(struct keeper *k, uint64_t *sent, struct error *e) MUST_CHECK;

#endif
