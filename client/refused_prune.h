/* client/refused_prune.h - what was refused and is settled is kept for a while, and then no longer. */
#ifndef QIP_CLIENT_REFUSED_PRUNE_H
#define QIP_CLIENT_REFUSED_PRUNE_H

#include "client/home.h"

/* Forget refusals that were made again and accepted, refused again under another number, or dropped: those settled for LIMIT_SETTLED_DAYS, and of more
 * than LIMIT_SETTLED the oldest. What is open stays, and so does the latest, whose number the next one goes on from. A failure is logged. */
void refused_prune(struct qip *q);

#endif
