/* client/retention_internal.h - what the files of retention share; see retention.h. */
#ifndef QIP_CLIENT_RETENTION_INTERNAL_H
#define QIP_CLIENT_RETENTION_INTERNAL_H

#include "client/retention.h"

/* Sealed bytes that are to go. */
struct retained {
	char id[ID_TEXT_LEN + 1];      /* of the answer */
	char device[NAME_MAX_LEN + 1]; /* that collected it; "" for a released text */
	char hex[SHA256_HEX_LEN + 1];
};
struct retained_list {
	struct retained *items; /* owned */
	size_t len, cap;
};

struct retention_note {
	int64_t months;
	char day[11];         /* "" never */
	struct oid merge;     /* zero: none */
	struct oid triage, erasures;
};

/* The newest merge of which all that it holds had been received before a day; zero: none. Looked for from the log's end back to `noted`. */
enum status retention_merge(struct oid *out, struct qip *q, const struct oid *noted, int64_t day_ms, struct error *e) MUST_CHECK;
/* Comments that came to the log between two merges and are not erased, at most LIMIT_RETENTION of them; then *more. */
enum status retention_due(struct retained_list *out, bool *more, struct qip *q, const struct oid *from, const struct oid *to, struct error *e) MUST_CHECK;
/* And all that was ever released of them. */
enum status retention_add_released(struct retained_list *list, struct qip *q, struct error *e) MUST_CHECK;
/* Texts released of comments that are erased, as far as triage/ or erasures/ are others than noted; the note then has what they are. */
enum status retention_late(struct retained_list *out, struct retention_note *note, struct qip *q, struct error *e) MUST_CHECK;

#endif
