/* server/reconcile.h - a restored practice: what is known of it, and opening it with the best of that. */
#ifndef QIP_SERVER_RECONCILE_H
#define QIP_SERVER_RECONCILE_H

#include "server/closed.h"
#include "server/offers.h"

struct reconcile {
	struct closed closed;
	struct offers mains, configs; /* of configs there may be none */
	int64_t known;		      /* the highest number that is known to have been given */
	/* Devices that may know more than what was offered: they have not been heard of since the restore. */
	char (*unheard)[NAME_MAX_LEN + 1];
	size_t unheard_len;
};

/* STATUS_NOT_FOUND: the practice is open. */
enum status reconcile_look(struct reconcile *out, struct practice *p, struct error *e) MUST_CHECK;
void reconcile_clear(struct reconcile *r);
/* True if opening now loses merges, or may. */
bool reconcile_loses(const struct reconcile *r);

/* Take the highest main that is offered, repair what derives from it, erase what it says, tell in the log of what is lost, and open. A
 * server may serve the practice meanwhile; cut short, it may be repeated. *out is what it was opened with. STATUS_NOT_FOUND: it is open. */
enum status reconcile_open(struct reconcile *out, struct practice *p, const struct env *env, struct error *e) MUST_CHECK;

#endif
