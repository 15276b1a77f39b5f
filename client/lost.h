/* client/lost.h - a server whose log went on from an earlier place, because it was restored from a backup and nobody offered the rest.
 *
 * A rewritten history is refused. This one is told apart by the server's own signed record, incidents/<id>.json, which names the merge that
 * the log went on from, stays in the log for every auditor to see, and was not there before. What is left behind is kept under
 * refs/lost/<n>; own edits in it are made anew on the new log.
 */
#ifndef QIP_CLIENT_LOST_H
#define QIP_CLIENT_LOST_H

#include "client/home.h"

/* From where on `tip` has to be judged: `known`, or the last merge that both logs share if the new one announces that it went on from there.
 * *parting: the last that both share in any case, zero for none; `known` where one of them is no log. */
enum status lost_base(struct oid *base, struct oid *parting, struct qip *q, const struct oid *tip, const struct oid *known,
			   struct error *e) MUST_CHECK;
/* The same for a kiosk's configuration: the last that both share, zero for none. */
enum status lost_config_base(struct oid *base, struct qip *q, const struct oid *tip, const struct oid *known, struct error *e) MUST_CHECK;
/* Whether `tip` tells of a restore that the commit `known` does not know of; base: one that went on from that merge, NULL: any. */
enum status lost_announced(bool *out, struct qip *q, const struct oid *tip, const struct oid *known, const struct oid *base, struct error *e)
	MUST_CHECK;
/* Before the ref moves from `known` to a judged `tip` whose base is another: keep what is left behind, and (but on kiosks, whose branch is
 * apart) own edits since the base. Durable; cut short, it may be repeated. */
enum status lost_go_on(struct qip *q, const struct oid *base, const struct oid *tip, const struct oid *known, struct error *e) MUST_CHECK;

#endif
