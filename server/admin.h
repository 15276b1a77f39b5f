/* server/admin.h - what whoever runs the server looks at: GET /metrics (Prometheus text) and GET /healthz by plain HTTP on an address of this
 * machine alone. It names practices and devices' syncs, no patient and no text.
 *
 *     admin_open(); ... admin_close()
 */
#ifndef QIP_SERVER_ADMIN_H
#define QIP_SERVER_ADMIN_H

#include "server/listener.h"
#include "server/request.h"

struct admin;

struct admin_options {
	const struct service *service;
	struct listener *listener;
	const struct address *address;
};

/* STATUS_DENIED for an address that other machines can reach. */
enum status admin_open(struct admin **out, const struct admin_options *o, struct error *e) MUST_CHECK;
/* "host:port" as bound. */
const char *admin_address(const struct admin *a);
/* NULL is allowed. */
void admin_close(struct admin *a);

#endif
