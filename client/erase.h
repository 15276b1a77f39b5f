/* client/erase.h - erasing free text and evidence for good: a manager's record says what goes, and whoever holds copies deletes them and says so.
 *
 * The history stays as it is: it holds only hashes of sealed bytes.
 */
#ifndef QIP_CLIENT_ERASE_H
#define QIP_CLIENT_ERASE_H

#include "client/home.h"

#define ERASE_REASON_MAX 200
#define ERASE_BLOBS_MAX 100 /* of one record, and answers, and kiosks: core/schemas/erasure-1.json */

/* Write the record of an erasure of one answer's free text, `id` its name: the comment, and all that was ever released of it, as far as this home
 * knows the history. This home's own copies are gone on return, the others' with their next syncs. `reason` stays for ever: no personal data.
 * STATUS_DENIED: not a manager; STATUS_NOT_FOUND: no such answer; STATUS_GONE: it holds no free text, or all of it was erased before. */
enum status erase_feedback(char id[ID_TEXT_LEN + 1], struct qip *q, const char *feedback, const char *reason, struct error *e) MUST_CHECK;
/* The same of bytes that some other record names: {"sha256",…}. */
enum status erase_blob(char id[ID_TEXT_LEN + 1], struct qip *q, const char *hex, const char *reason, struct error *e) MUST_CHECK;

struct erase_what {
	const char *feedback;          /* the answer, where it is one; or NULL */
	cJSON *answers;                /* array of ids, where they are many; or NULL */
	cJSON *devices;                /* array of the kiosks that collected what goes; or NULL */
	cJSON *blobs;                  /* array */
};
/* Put the record of an erasure into an edit; nothing is deleted by that. */
enum status erase_put(char id[ID_TEXT_LEN + 1], struct qip_edit *edit, struct qip *q, const struct erase_what *what, const char *reason,
		      struct error *e) MUST_CHECK;

/* Delete what the erasures that this home knows name, if its copies may hold it; durable. Cheap where nothing is new and the folder is the one that
 * was looked through: an old copy of it that was put back is looked through again. *fresh (may be NULL): how many records were carried out. */
enum status erase_carry_out(uint64_t *fresh, struct qip *q, struct error *e) MUST_CHECK;
/* Say, as an edit or a kiosk's commit, that the copies here are gone: of each erasure that does not have this device's word yet, and concerns it. */
enum status erase_acknowledge(uint64_t *said, struct qip *q, int64_t now_ms, struct error *e) MUST_CHECK;

#endif
