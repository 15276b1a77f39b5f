/* client/basis.h - what a capture stands on: in whose name it keeps answers, sealed to what, to which surveys, as the practice has set them.
 *
 * Read out of the history along the chain to the root. What was read so last is also kept beside it, signed by the kiosk's own key: the device's own last
 * verified state, which it goes on from where the history is damaged or another program has it locked. No newer than the last sync, no less checked, and
 * of no other device: whoever can forge it holds the kiosk's key, and writes to its folder.
 *
 * basis.json: {"schema":"basis/1","ods","device","site","comment_key":{"generation","public_key"}|null,"practice":record|null,"site_record":record|null,
 * "surveys":[record],"signature"}
 */
#ifndef QIP_CLIENT_BASIS_H
#define QIP_CLIENT_BASIS_H

#include "client/captured.h"
#include "client/survey_shelf.h"

struct basis {
	struct capturer who;
	struct survey_shelf shelf; /* in force */
	struct state state;
	cJSON *practice, *site;    /* owned; practice.json, sites/<site>.json; NULL where there is none */
	uint64_t committed;        /* the journal's number of the last answer on the own branch; recalled: of the last that arrived */
};

/* Out of the history, and kept for basis_recall; slow on a card. */
enum status basis_load(struct basis *out, struct qip *q, struct error *e) MUST_CHECK;
/* As it was kept last. STATUS_NOT_FOUND: never; STATUS_UNTRUSTED: it is damaged, or not this kiosk's. */
enum status basis_recall(struct basis *out, const struct qip *q, struct error *e) MUST_CHECK;
void basis_clear(struct basis *b);

#endif
