/* client/refused_blobs.h - sealed bytes that nothing but a refused edit names. They are not sent: nothing at the server would name them, so
 * nobody could have them erased. They wait with the edit, and go once it is dropped. */
#ifndef QIP_CLIENT_REFUSED_BLOBS_H
#define QIP_CLIENT_REFUSED_BLOBS_H

#include "client/home.h"
#include "core/digest.h"

struct refused_blobs {
	char (*held)[SHA256_HEX_LEN + 1]; /* owned */
	size_t len, cap;
};

/* What is to be held back in outbox/ now; what only dropped edits named is deleted there. End with refused_blobs_clear, in every case. */
enum status refused_blobs_settle(struct refused_blobs *out, struct qip *q, struct error *e) MUST_CHECK;
bool refused_blobs_has(const struct refused_blobs *r, const char *hex);
void refused_blobs_clear(struct refused_blobs *r);

#endif
