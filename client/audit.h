/* client/audit.h - stage 9 of 9: re-run the history.
 *
 * Enters: a copy of a practice's history, the root key's fingerprint, and maybe what an earlier audit reached. Leaves: findings, each with
 * commit, path and reason, or none. Trusts nothing but the root key and that earlier audit: every signature, right, schema, number and merge
 * since is checked again.
 */
#ifndef QIP_CLIENT_AUDIT_H
#define QIP_CLIENT_AUDIT_H

#include "core/code.h"
#include "core/head.h"

#define AUDIT_UNHEARD_MAX 512

/* What this program's audits check. Raised whenever they check more, or otherwise: an audit does not go on from one that checked less. */
#define AUDIT_CHECKS 4

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
	char replaces[NAME_MAX_LEN + 1]; /* the kiosk whose answers it goes on with; "" for none */
	bool ends;                /* and under that name nothing more is taken */
	uint64_t doubled;         /* answers that stand under the name of another kiosk of its line, too (client/doubles.h) */
	char doubled_first[TREE_PATH_MAX]; /* "" for none */
	bool silent;              /* it may still write, and was not heard of in the last LIMIT_AUDIT_SILENT_MS of the log */
};

/* The server was restored from a backup, and its log went on from an earlier place (incidents/<id>.json). */
struct audit_incident {
	char restored[TIME_TEXT_MAX], backup[TIME_TEXT_MAX]; /* when, and when the backup was made */
	int64_t index;           /* number of the merge it went on from */
	int64_t known;           /* the highest that had been given: those between are lost */
	char unheard[AUDIT_UNHEARD_MAX]; /* devices that might know of more, as words; "" for none */
};

/* A manager's device that came in by the root key, after the practice's start. */
struct audit_rooted {
	char device[NAME_MAX_LEN + 1];
	uint64_t index;                /* number of the merge that brought it, and that merge */
	char commit[OID_HEX_LEN + 1];
	char received[TIME_TEXT_MAX];  /* when, by the server's word */
};

/* What became of a key of the server. */
enum audit_key_event { AUDIT_KEY_ENDORSED, AUDIT_KEY_SIGNS, AUDIT_KEY_RETIRED };
const char *audit_key_text(enum audit_key_event what); /* "endorsed", "signs" from that merge on, "retired" */
struct audit_server_key {
	enum audit_key_event what;
	char fingerprint[KEY_FINGERPRINT_MAX];
	char device[NAME_MAX_LEN + 1]; /* whose merge it was */
	uint64_t index;                /* number of that merge, and it */
	char commit[OID_HEX_LEN + 1];
	char received[TIME_TEXT_MAX];  /* when, by the server's word */
};

struct audit_counts {
	uint64_t merges, commits, records, backdated;
};

struct audit_head {
	char device[NAME_MAX_LEN + 1]; /* "server" for the host's own */
	struct oid last;               /* accepted head, zero for none yet */
	char received[TIME_TEXT_MAX];  /* when, by the server's word */
};

/* A place of the log that an audit reached without a finding, and what the next one needs to go on from there; audit_checkpoint.h keeps it. */
struct audit_checkpoint {
	char ods[7];
	char device[NAME_MAX_LEN + 1]; /* whose home it is */
	char root[KEY_FINGERPRINT_MAX];
	struct oid main;
	uint64_t index;
	struct audit_head *heads;      /* owned */
	size_t heads_len;
	struct audit_last {
		char device[NAME_MAX_LEN + 1];
		uint64_t seq;          /* number of its last answer */
	} *lasts;                      /* owned; of devices that have answers */
	size_t lasts_len;
	struct audit_rooted *rooted;   /* owned */
	size_t rooted_len;
	uint64_t checks;               /* AUDIT_CHECKS of the program that made it; 0: from before they were counted */
	int rules_version;             /* the highest that a merge went by */
	struct audit_counts counts;    /* from the start of the log */
	char last_received[TIME_TEXT_MAX];
	char at[TIME_TEXT_MAX];        /* by the device's clock */
};
#define AUDIT_CHECKPOINT_INIT {0}

/* The log as it was before a restore, as far as an earlier audit had followed it: further than the server, which could not ask this device, knew. */
struct audit_held {
	uint64_t index;                /* number of its last merge; 0: there is no such log */
	char main[OID_HEX_LEN + 1];    /* that merge */
	char at[TIME_TEXT_MAX];        /* of the earlier audit */
	int64_t known;                 /* the highest number that the server told of */
};

/* What a sync of this home found that contradicts the history, and a person here explained: no finding any more, but told. */
struct audit_settled {
	int number;                    /* in this home's list */
	char commit[OID_HEX_LEN + 1];
	char device[NAME_MAX_LEN + 1]; /* whose word said otherwise; "" for the home's own */
	char found[TIME_TEXT_MAX], settled[TIME_TEXT_MAX]; /* when */
	char text[ERROR_TEXT_MAX / 2];
	char why[256];
};

/* Sealed texts that are kept beside the history (audit_texts.h). */
struct audit_texts {
	bool looked;          /* there is a folder of them */
	uint64_t intact;      /* here, and what their hash says */
	uint64_t erased_here; /* of them, those that an erasure told to go */
	uint64_t absent;      /* of this device's own answers, neither here nor erased */
	char absent_first[TREE_PATH_MAX]; /* the answer; "" for none */
};

struct audit {
	uint64_t merges, commits, records; /* checked */
	char main[OID_HEX_LEN + 1];
	uint64_t index;          /* its number */
	char root[KEY_FINGERPRINT_MAX]; /* of the practice's root key, as the history has it; "" when it has none */
	bool anew;               /* it began at the start, unasked: the earlier audit was made by an earlier version of the checks */
	uint64_t from;           /* number of the merge that an earlier audit reached, and where this one began; 0: the start of the log */
	char from_main[OID_HEX_LEN + 1], from_at[TIME_TEXT_MAX]; /* "" when it began at the start */
	struct audit_counts before;      /* of the earlier audits that this one goes on from */
	char first_received[TIME_TEXT_MAX], last_received[TIME_TEXT_MAX];
	struct audit_finding *findings; /* owned; room for AUDIT_MAX_FINDINGS */
	size_t findings_len;
	uint64_t findings_more;  /* beyond AUDIT_MAX_FINDINGS; after AUDIT_MAX_FAULTS in all the rest of the log is not judged */
	uint64_t backdated;      /* edits whose effective day lies before the day they were received */
	uint64_t clock_back;     /* merges that say they were received before the one ahead of them: the server's clock was set back */
	char clock_back_first[OID_HEX_LEN + 1]; /* "" for none */
	struct audit_device *devices;
	size_t devices_len;
	struct audit_incident *incidents; /* oldest first */
	size_t incidents_len;
	struct audit_rooted *rooted;   /* owned; since the start of the log, in its order */
	size_t rooted_len;
	struct audit_server_key *server_keys; /* owned; from where this audit began, in the order of the log */
	size_t server_keys_len;        /* AUDIT_MAX_SERVER_KEYS at most */
	struct audit_held held;
	struct audit_settled *settled;    /* owned; in the order in which they were found */
	size_t settled_len;
	uint64_t settled_more;            /* beyond AUDIT_MAX_SETTLED */
	char settled_by[NAME_MAX_LEN + 1]; /* whose home it is */
	struct audit_texts texts;
	struct audit_head *heads; /* of all devices, for the next audit */
	size_t heads_len;
	int rules_version;
};
#define AUDIT_INIT {0}
#define AUDIT_MAX_FINDINGS 100
#define AUDIT_MAX_SERVER_KEYS (3 * REGISTRY_MAX_SERVER_KEYS) /* each is endorsed, taken into use and retired once */
#define AUDIT_MAX_FAULTS 1000
#define AUDIT_MAX_INCIDENTS 100
#define AUDIT_MAX_SETTLED 100

/* Audit everything reachable from `main`. root_pin: first CODE_PIN_LEN bytes of the root key's fingerprint, or NULL to take the history's
 * own word (told as a finding). STATUS_OK: the audit ran; whether it passed is findings_len == 0. */
enum status audit_run(struct audit *out, struct repo *r, const struct oid *main, const char *ods, const uint8_t *root_pin, struct error *e) MUST_CHECK;

/* The same with what an earlier audit reached (NULL: there was none). Begins there or, with `all` or where that one checked less, at the start
 * of the log; then a log that does not lead through that place is a finding, unless the server told of a restore since. Else STATUS_STALE, and nothing was audited. */
struct audit_scope {
	const struct audit_checkpoint *earlier;
	bool all;
};
enum status audit_run_in(struct audit *out, struct repo *r, const struct oid *main, const char *ods, const uint8_t *root_pin,
			 const struct audit_scope *scope, struct error *e) MUST_CHECK;
void audit_clear(struct audit *a);

/* The first bytes of a fingerprint, "SHA256:<base64 without padding>". STATUS_USAGE. */
enum status audit_parse_root(uint8_t pin[CODE_PIN_LEN], const char *text, struct error *e) MUST_CHECK;

/* client/audit_seen.c: add what this home's syncs found (client/seen.h): as findings, or what was settled as that. */
struct qip;
enum status audit_seen(struct audit *a, struct qip *q, struct error *e) MUST_CHECK;

#endif
