/* client/blobs.h - sealed bytes of this home beside its history, by the SHA-256 of what is sealed: patients' comments, what was released of them, evidence,
 * names of staff. None of it can be read without a comment key (client/sealed.h).
 *
 *     outbox/<sha256>         made here, and not at the server yet
 *     blobs/<sha256>          at the server, too; of a kiosk until 35 days after it got there (the file's time says when, by the server's clock)
 *     blobs/<sha256>.erased   empty: it was erased for good, and is never taken again
 */
#ifndef QIP_CLIENT_BLOBS_H
#define QIP_CLIENT_BLOBS_H

#include "client/home.h"

#define BLOBS_OUTBOX "outbox"
#define BLOBS_ERASED ".erased"

/* Keep new bytes, durably, to be sent with the next sync. `hex` is their name; the same bytes again are the same file. */
enum status blobs_put(char hex[SHA256_HEX_LEN + 1], struct qip *q, const void *sealed, size_t len, struct error *e) MUST_CHECK;
/* Append the bytes. STATUS_NOT_FOUND: not here (yet); STATUS_GONE: erased; STATUS_CORRUPT: what stands here is not what the name says: it is put away, so
 * that a sync asks for it again. */
enum status blobs_get(struct buf *out, struct qip *q, const char *hex, struct error *e) MUST_CHECK;
/* Here, in either folder. */
bool blobs_has(const struct qip *q, const char *hex);
bool blobs_is_erased(const struct qip *q, const char *hex);

#endif
