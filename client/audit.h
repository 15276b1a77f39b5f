/* client/audit.h - stage 9 of 9: re-run the history.
 *
 * Enters: a copy of a practice's history, and the root key's fingerprint. Leaves: findings, each with commit, path and reason, or none.
 * Trusts nothing but the root key: every signature, right, schema, number and merge is checked again.
 */
#ifndef QIP_CLIENT_AUDIT_H
#define QIP_CLIENT_AUDIT_H

#include "core/head.h"

#define AUDIT_UNHEARD_MAX 512

struct audit_finding {
	char commit[OID_HEX_LEN + 1]; /* "" when it is no single commit */
	char path[TREE_PATH_MAX];     /* "" when it is no single path */
	char device[NAME_MAX_LEN + 1];
	char text[ERROR_TEXT_MAX];
};

struct audit_device {
	char id[NAME_MAX_LEN + 1];
	enum role role;
	char invited_by[NAME_MAX_LEN + 1];
	uint64_t answers;         /* feedback numbered 1..last, voids and losses counted */
	uint64_t last_seq;
	char last_received[TIME_TEXT_MAX]; /* of its merges by the server's word; "" for none */
	bool silent;              /* it may still write, and was not heard of in the last LIMIT_AUDIT_SILENT_MS of the log */
};

/* The server was restored from a backup, and its log went on from an earlier place (incidents/<id>.json). */
struct audit_incident {
	char restored[TIME_TEXT_MAX], backup[TIME_TEXT_MAX]; /* when, and when the backup was made */
	int64_t index;           /* number of the merge it went on from */
	int64_t known;           /* the highest that had been given: those between are lost */
	char unheard[AUDIT_UNHEARD_MAX]; /* devices that might know of more, as words; "" for none */
};

struct audit {
	uint64_t merges, commits, records; /* checked */
	char main[OID_HEX_LEN + 1];
	char first_received[TIME_TEXT_MAX], last_received[TIME_TEXT_MAX];
	struct audit_finding *findings;
	size_t findings_len;
	uint64_t findings_more;  /* beyond AUDIT_MAX_FINDINGS; after AUDIT_MAX_FAULTS in all the rest of the log is not judged */
	uint64_t backdated;      /* edits whose effective day lies before the day they were received */
	uint64_t clock_back;     /* merges that say they were received before the one ahead of them: the server's clock was set back */
	char clock_back_first[OID_HEX_LEN + 1]; /* "" for none */
	struct audit_device *devices;
	size_t devices_len;
	struct audit_incident *incidents; /* oldest first */
	size_t incidents_len;
};
#define AUDIT_INIT {0}
#define AUDIT_MAX_FINDINGS 100
#define AUDIT_MAX_FAULTS 1000
#define AUDIT_MAX_INCIDENTS 100

/* Audit everything reachable from `main`. root_pin: first CODE_PIN_LEN bytes of the root key's fingerprint, or NULL to take the history's
 * own word (told as a finding). STATUS_OK: the audit ran; whether it passed is findings_len == 0. */
enum status audit_run(struct audit *out, struct repo *r, const struct oid *main, const char *ods, const uint8_t *root_pin, struct error *e) MUST_CHECK;
void audit_clear(struct audit *a);

#endif
