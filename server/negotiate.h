/* server/negotiate.h - one round of upload-pack: what is common, and whether the pack follows. */
#ifndef QIP_SERVER_NEGOTIATE_H
#define QIP_SERVER_NEGOTIATE_H

#include "server/fetch_request.h"
#include "server/refs.h"

/* True for some commits that are reached from a readable tip: those for which it takes no walk to say so. */
struct negotiate_shortcut {
	enum status (*knows)(bool *out, void *ctx, const struct oid *id, struct error *e);
	void *ctx;
};

/* Every want must be a tip among `readable`, or be a commit reached from one: the log may have moved since the client
 * looked, or is copied in slices. Fills f->commits. shortcut: or NULL. STATUS_DENIED. */
enum status negotiate_wants(struct fetch_request *f, struct repo *r, struct refs *readable,
			    const struct negotiate_shortcut *shortcut, struct error *e) MUST_CHECK;

/* Append the ACK and NAK lines; *send_pack says whether the pack follows. f->haves keeps only what is here. */
enum status negotiate_round(struct buf *out, bool *send_pack, struct fetch_request *f, struct repo *r,
			    struct error *e) MUST_CHECK;

/* The same of v2: append the section "acknowledgments", with the packet behind it. f->haves keeps only what is here. */
enum status negotiate_acks(struct buf *out, bool *send_pack, struct fetch_request *f, struct repo *r,
			   struct error *e) MUST_CHECK;

#endif
