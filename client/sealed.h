/* client/sealed.h - free text and files sealed to the practice's comment key; the history holds only what names them: {"sha256","size","key"}.
 *
 * HPKE base mode (core/seal.h). info says what it is for, aad is "<ODS>/<id>" of the record that names it, so that bytes sealed for one record or use open in
 * no other.
 */
#ifndef QIP_CLIENT_SEALED_H
#define QIP_CLIENT_SEALED_H

#include "client/home.h"

enum sealed_use {
	SEALED_COMMENT,  /* of feedback; id: the feedback's */
	SEALED_RELEASED, /* of triage; id: the feedback's */
	SEALED_EVIDENCE, /* of an action's evidence; id: the entry's */
	SEALED_NAME,     /* of a person; id: the person's */
};

/* Seal to the practice's newest comment key, keep the bytes to be sent, and give the object that names them, the caller's. STATUS_UNTRUSTED: there is no key
 * that holds; STATUS_TOO_BIG. */
enum status sealed_make(cJSON **ref, struct qip *q, enum sealed_use use, const char *id, const void *plain, size_t len, struct error *e) MUST_CHECK;
/* Append the plain bytes. STATUS_NOT_FOUND, STATUS_GONE, STATUS_CORRUPT as blobs_get; STATUS_DENIED: the key is not wrapped to this device, and *e says who
 * can do that; STATUS_UNTRUSTED: the bytes were not sealed for this record, or not to that generation. */
enum status sealed_open(struct buf *out, struct qip *q, enum sealed_use use, const char *id, const cJSON *ref, struct error *e) MUST_CHECK;
/* What the use is called in the info of HPKE. Static storage. */
const char *sealed_info(enum sealed_use use);

#endif
