/* kiosk/agent.h - the background thread that syncs: schedule.c says when, the caller how.
 *
 *     agent_start(&agent, &options, &e); … agent_nudge(agent) after an answer … agent_stop(agent, wait_ms)
 */
#ifndef QIP_KIOSK_AGENT_H
#define QIP_KIOSK_AGENT_H

#include "core/env.h"
#include "kiosk/schedule.h"

struct agent;

struct agent_options {
	/* One sync, on the agent's thread. *sent: answers that went, for the log. */
	enum status (*sync)(void *ctx, uint64_t *sent, struct error *e);
	void *ctx;
	int64_t every_ms;
	const struct env *env; /* its monotonic clock and randomness */
};

enum status agent_start(struct agent **out, const struct agent_options *o, struct error *e) MUST_CHECK;
/* There is a new answer. */
void agent_nudge(struct agent *a);
/* The network may be back. */
void agent_network(struct agent *a);
/* Why the last sync failed; "" when it did not. */
void agent_failure(struct agent *a, char out[ERROR_TEXT_MAX]);
/* End the thread and free the agent. False when a sync is still going on after wait_ms: then the agent stays, and the process may just end, since
 * a sync survives that at any point. */
bool agent_stop(struct agent *a, int wait_ms);

#endif
