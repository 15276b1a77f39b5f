/* client/incarnation.h - is this home still where it was, or a copy of it? Of kiosks alone: who copies staff's homes is told by a sync.
 *
 * incarnation.json: {"schema":"incarnation/1","machine","storage","doubt"?:{"by":"hardware"|"head","at","noticed"}}. Machine is
 * a hash of what env tells of it, "" for nothing, and storage one for each number that the card or disk shows (client/storage_id.h). Storage decides, because two copies cannot lie on one: on the same storage a
 * home moved with it, or its system was set up anew. Other storage, or another machine where storage tells nothing, is a copy: then answers
 * are kept as ever, and nothing is sent in the old name until the home is joined again (client/rejoin.h).
 */
#ifndef QIP_CLIENT_INCARNATION_H
#define QIP_CLIENT_INCARNATION_H

#include "client/home.h"
#include "client/storage_id.h"

#define INCARNATION_FILE "incarnation.json"

/* On opening: compare, note what is new, and set q->doubt. A disk that takes no writes costs the note alone. */
void incarnation_look(struct qip *q);
/* The server holds a head of this device that was not made here: note it. */
void incarnation_doubt_head(struct qip *q);
/* The refusal to send in a doubtful name. */
enum status incarnation_refuse(const struct qip *q, struct error *e);

/* Pure, of hashes, "" for unknown: is it a copy? */
bool incarnation_is_copy(const char *machine, const struct storage_id *storage, const char *machine_now, const struct storage_id *storage_now);

#endif
