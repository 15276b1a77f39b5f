/* server/refs.h - the advertisement of refs, and which of them a device may read. */
#ifndef QIP_SERVER_REFS_H
#define QIP_SERVER_REFS_H

#include "server/push.h"

/* Keep only what `who` may read. A device that is not enrolled yet reads nothing. */
void refs_filter(struct store_refs *refs, const struct identity *who);
/* Append what answers info/refs for "git-upload-pack" or "git-receive-pack" (gitprotocol-http, "Smart Clients"). */
void refs_advertise(struct buf *out, const struct store_refs *refs, const char *service);

#endif
