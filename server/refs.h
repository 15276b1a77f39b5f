/* server/refs.h - the advertisement of refs, and which of them a device may read. */
#ifndef QIP_SERVER_REFS_H
#define QIP_SERVER_REFS_H

#include "server/push.h"

#define REFS_MAIN "refs/heads/main" /* HEAD points to it */
#define REFS_AGENT "agent=qip/" QIP_VERSION

/* Keep only what `who` may read. A device that is not enrolled yet reads nothing. */
void refs_filter(struct store_refs *refs, const struct identity *who);
/* What HEAD stands for among them; NULL if it is not there, or not to be read. */
const struct store_ref *refs_head(const struct store_refs *refs);
/* Append what answers info/refs for "git-upload-pack" or "git-receive-pack" (gitprotocol-http, "Smart Clients"). */
void refs_advertise(struct buf *out, const struct store_refs *refs, const char *service);

#endif
