/* server/verify.h - stage 6 of 9: is the peer who it says, and is its head acceptable? */
#ifndef QIP_SERVER_VERIFY_H
#define QIP_SERVER_VERIFY_H

#include "core/tls.h"
#include "server/push.h"

/* Who is at the other end, by its certificate and the registry. STATUS_DENIED with a sentence that says what to do. */
enum status verify_peer(struct identity *out, struct practice *p, const struct view *v, const struct tls_peer *peer,
			struct error *e) MUST_CHECK;
/* Why a peer of this practice was refused, where that stands in the log: "unknown" to it, or "ended", revoked or replaced. NULL: otherwise. */
const char *verify_refusal(const struct practice *p, const struct view *v, const struct tls_peer *peer);
/* The device's last accepted head, zero before its first. */
enum status verify_last(struct oid *out, const struct push *p, struct error *e) MUST_CHECK;
/* Judge the head in the transaction, at p->view. STATUS_EXISTS: accepted before. Refusals leave p->fault. */
enum status verify_push(struct push *p, struct error *e) MUST_CHECK;

#endif
