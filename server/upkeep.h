/* server/upkeep.h - work that no request waits for: keeping practices' packs few, moving derived refs that could not
 * be moved with main, and removing what revoked devices sent long ago. One thread, one practice at a time; what fails is tried again after a while. When nothing is pushed
 * for a while, what was kept for the next push is let go of.
 *
 * upkeep_open(); upkeep_pushed() after each accepted push; upkeep_close() before the practices are closed. */
#ifndef QIP_SERVER_UPKEEP_H
#define QIP_SERVER_UPKEEP_H

#include "server/practice.h"

struct upkeep;

enum status upkeep_open(struct upkeep **out, const struct env *env, struct error *e) MUST_CHECK;
/* Count a push; every so many the practice's packs are looked at soon. Takes no time. NULL is allowed. */
void upkeep_pushed(struct upkeep *u, struct practice *p);
/* Breaks off what runs: it is done again after the next start. */
void upkeep_close(struct upkeep *u);

#endif
