/* server/metrics.h - what a serving process counts. One set a process, as every thread counts; told by server/admin.h.
 *
 * Names and units as Prometheus asks for: https://prometheus.io/docs/practices/naming/ */
#ifndef QIP_SERVER_METRICS_H
#define QIP_SERVER_METRICS_H

#include <stdint.h>

#include "core/buf.h"
#include "server/route.h"

/* name, labels, help. Those of one name stand together; the first has the help. */
#define METRICS_LIST(X)                                                                                                      \
	X(CONNECTIONS, "qip_connections_accepted_total", "", "Connections accepted.")                                        \
	X(REFUSED_ADDRESS, "qip_connections_refused_total", "reason=\"address\"", "Connections refused, or ended to make room.") \
	X(REFUSED_ROOM, "qip_connections_refused_total", "reason=\"room\"", "")                                               \
	X(SLOW_CLIENT, "qip_connections_refused_total", "reason=\"slow\"", "")                                                \
	X(HANDSHAKES_FULL, "qip_handshakes_total", "kind=\"full\"", "TLS handshakes.")                                        \
	X(HANDSHAKES_RESUMED, "qip_handshakes_total", "kind=\"resumed\"", "")                                                 \
	X(HANDSHAKES_FAILED, "qip_handshakes_total", "kind=\"failed\"", "")                                                   \
	X(PUSHES_ACCEPTED, "qip_pushes_total", "outcome=\"accepted\"", "Pushes by outcome.")                                  \
	X(PUSHES_AGAIN, "qip_pushes_total", "outcome=\"accepted_before\"", "")                                                \
	X(PUSHES_POLICY, "qip_pushes_total", "outcome=\"refused_policy\"", "")                                                \
	X(PUSHES_SIGNATURE, "qip_pushes_total", "outcome=\"refused_signature\"", "")                                          \
	X(PUSHES_FORM, "qip_pushes_total", "outcome=\"refused_form\"", "")                                                    \
	X(PUSHES_LIMIT, "qip_pushes_total", "outcome=\"refused_limit\"", "")                                                  \
	X(PUSHES_OTHER, "qip_pushes_total", "outcome=\"refused_other\"", "")                                                  \
	X(PUSHES_BUSY, "qip_pushes_total", "outcome=\"told_to_wait\"", "")                                                   \
	X(PUSHES_FAILED, "qip_pushes_total", "outcome=\"failed_here\"", "")                                                   \
	X(REFUSED_RATE, "qip_rate_refused_total", "", "Requests of devices that sent too much in an hour.")                   \
	X(BLOBS_TAKEN, "qip_blobs_total", "way=\"taken\"", "Pieces of sealed free text and evidence.")                        \
	X(BLOBS_GIVEN, "qip_blobs_total", "way=\"given\"", "")                                                                \
	X(RECEIVED_BYTES, "qip_received_bytes_total", "", "Bytes of request bodies.")                                         \
	X(RELOADS, "qip_reloads_total", "outcome=\"done\"", "Settings read again.")                                           \
	X(RELOADS_FAILED, "qip_reloads_total", "outcome=\"failed\"", "")

enum metric {
#define METRICS_MEMBER(name, text, labels, help) METRIC_##name,
	METRICS_LIST(METRICS_MEMBER)
#undef METRICS_MEMBER
	METRICS
};

/* Seconds from a push's last byte to its outcome. */
#define METRICS_BUCKETS 10

void metrics_add(enum metric m, uint64_t n);
uint64_t metrics_get(enum metric m);
/* A push was told its outcome so long after its last byte. */
void metrics_push(enum status outcome, int64_t ms);
/* A request was answered; code 0: it was broken off. */
void metrics_request(enum route_kind kind, unsigned code);
/* All of it as Prometheus text. */
void metrics_write(struct buf *out);
/* One line with its HELP and TYPE, for what is looked up when it is asked for. */
void metrics_gauge(struct buf *out, const char *name, const char *help);
/* " and \ in a label's value. */
void metrics_label(struct buf *out, const char *text);

#endif
