/* client/blobs.h - sealed bytes of this home beside its history, by the SHA-256 of what is sealed: patients' comments, what was released of them, evidence,
 * names of staff. None of it can be read without a comment key (client/sealed.h).
 *
 *     outbox/<sha256>         made here, and not at the server yet
 *     outbox/<sha256>.damaged what the disk no longer gives as it was written
 *     blobs/<sha256>          at the server, too; the file's time says since when, by the server's clock. Of a kiosk it goes 35 days later
 *     blobs/<sha256>.erased   empty: it was erased for good, and is never taken again
 */
#ifndef QIP_CLIENT_BLOBS_H
#define QIP_CLIENT_BLOBS_H

#include "client/home.h"

#define BLOBS_ERASED ".erased"

/* 64 lower case hexadecimal digits. */
bool blobs_is_name(const char *text);
/* Keep new bytes, durably, to be sent with the next sync. `hex` is their name; the same bytes again are the same file. */
enum status blobs_put(char hex[SHA256_HEX_LEN + 1], struct qip *q, const void *sealed, size_t len, struct error *e) MUST_CHECK;
/* Append the bytes. STATUS_NOT_FOUND: not here (yet); STATUS_GONE: erased; STATUS_CORRUPT: what stands here is not what the name says: it is put away, so
 * that a sync asks for it again. */
enum status blobs_get(struct buf *out, struct qip *q, const char *hex, struct error *e) MUST_CHECK;
/* Here, in either folder. */
bool blobs_has(const struct qip *q, const char *hex);
bool blobs_is_erased(const struct qip *q, const char *hex);

/* As it came from the server; bytes that the name does not name are STATUS_UNTRUSTED, and erased ones STATUS_GONE: nothing is kept. */
enum status blobs_keep(struct qip *q, const char *hex, const void *sealed, size_t len, int64_t now_ms, struct error *e) MUST_CHECK;
/* The server has what waits in outbox/, durably. now_ms: its clock. */
enum status blobs_arrived(struct qip *q, const char *hex, int64_t now_ms, struct error *e) MUST_CHECK;
/* What waits in outbox/ and is to reach nobody. STATUS_MALFORMED: no such name. */
enum status blobs_drop(struct qip *q, const char *hex, struct error *e) MUST_CHECK;
/* Delete it from this home for good: the mark comes first, so that a power cut between the two leaves nothing that can be read. The name may come
 * from anywhere. STATUS_MALFORMED: it is none. */
enum status blobs_erase(struct qip *q, const char *hex, struct error *e) MUST_CHECK;
/* The server may have lost what got there in the last 35 days: all of that waits again. */
enum status blobs_send_again(struct qip *q, int64_t now_ms, struct error *e) MUST_CHECK;
/* Kiosk: what got there longer ago goes; as far as that works. Looked for once a day. */
void blobs_tidy(struct qip *q, int64_t now_ms);
/* Make outbox/. Kiosks of earlier programs had none, and kept in blobs/ what was never sent: all of it is moved there with that. */
enum status blobs_make_outbox(struct qip *q, struct error *e) MUST_CHECK;
/* The server does not take it now: it comes last with the next visit, so that the others go before. */
void blobs_put_off(struct qip *q, const char *hex, int64_t now_ms);

/* {"sha256":…,"size":…}, wherever in a record it stands: a comment, what was released of it, evidence, a name; claims in conflict, too. Only what is a
 * name. Non-OK stops. */
typedef enum status (*blobs_named_visit)(void *ctx, const char *hex, struct error *e);
enum status blobs_named(const cJSON *record, blobs_named_visit visit, void *ctx, struct error *e) MUST_CHECK;
/* Each name in a folder (HOME_BLOBS, HOME_OUTBOX), in no order. `at_ms`: the file's time. Non-OK stops. */
typedef enum status (*blobs_visit)(void *ctx, const char *hex, int64_t at_ms, struct error *e);
enum status blobs_each(struct qip *q, const char *folder, blobs_visit visit, void *ctx, struct error *e) MUST_CHECK;

#endif
