/* server/metrics.h - what a serving process counts. One set a process, as every thread counts.
 *
 * Told at GET /metrics of the admin address, see server/admin.h. */
#ifndef QIP_SERVER_METRICS_H
#define QIP_SERVER_METRICS_H

#include <stdint.h>

/* name, labels, help. The same name with several labels stands together. */
#define METRICS_LIST(X)                                                                                                \
	X(CONNECTIONS, "qip_connections_accepted_total", "", "Connections accepted.")                                  \
	X(REFUSED_ADDRESS, "qip_connections_refused_total", "reason=\"address\"", "Connections refused or ended to make room.") \
	X(REFUSED_ROOM, "qip_connections_refused_total", "reason=\"room\"", "")                                         \
	X(HANDSHAKES_FULL, "qip_handshakes_total", "kind=\"full\"", "TLS handshakes.")                                  \
	X(HANDSHAKES_RESUMED, "qip_handshakes_total", "kind=\"resumed\"", "")                                           \
	X(HANDSHAKES_FAILED, "qip_handshakes_total", "kind=\"failed\"", "")

enum metric {
#define METRICS_MEMBER(name, text, labels, help) METRIC_##name,
	METRICS_LIST(METRICS_MEMBER)
#undef METRICS_MEMBER
	METRICS
};

void metrics_add(enum metric m, uint64_t n);
uint64_t metrics_get(enum metric m);

#endif
