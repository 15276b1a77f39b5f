/* core/head.h - judging a device's pushed head, and merging it: what server/verify (stage 6) and server/merge (stage 7) do,
 * and what client/audit (stage 9) does again. Pure but for reading and staging objects. */
#ifndef QIP_CORE_HEAD_H
#define QIP_CORE_HEAD_H

#include "core/merge.h"
#include "core/policy.h"

/* What one push may hold at most, whoever judges it. */
#define HEAD_MAX_COMMITS 100000 /* new ones */
#define HEAD_MAX_PATHS 2000000  /* files that they add, change or remove; one that several paths name counts for each */
/* How far back the checkpoints of one head may lie, taken together: who writes one names what it has just followed. */
#define HEAD_MAX_CHECKPOINT_STEPS 20000
/* Records of other kiosks that one push is compared with, where kiosks may have taken over the same answers. Those of the first by name count. */
#define HEAD_MAX_CARRIED 50000

/* What a server grants of it. */
struct head_limits {
	size_t commits, paths;
	size_t depth; /* names in a path */
};

/* What a head is judged against. */
struct head_context {
	struct repo *repo;                /* sees the pushed objects */
	const char *ods;
	struct oid main;                  /* current end of the log */
	struct oid main_tree;
	const struct registry *registry;  /* of main_tree; NULL while the practice has no genesis */
	const char *device;               /* whose head it is; "server" for the host's own */
	struct oid last;                  /* the device's last accepted head, zero for none */
	const char *first_invite_key;     /* only for a genesis: public half of the first manager's code */
	const char *server_key;           /* only for a genesis: the key that it must endorse */
	const struct rules *rules;        /* to judge by; NULL: those that the server merges by */
	bool though_revoked;              /* judge what a revoked device sent as if it were not, and by what it could know: for who keeps it aside or
					   * takes it over, not to be merged */
	const struct head_limits *limits; /* NULL: the maxima; an auditor must not refuse what a server was free to take */
};

struct head {
	struct oid id, tree;
	struct oid base, base_tree; /* where the new commits start from; zero for an orphan */
	size_t commits;             /* how many are new */
	size_t records;             /* files added or changed by them */
};

struct head_fault {
	struct oid commit;          /* zero when it is the head as a whole */
	char path[TREE_PATH_MAX];   /* "" when it is the commit as a whole */
};

/* Check every new commit from `id` back to the log: connectivity, shape, signature by the device, entitlement, policy, schemas, record form.
 * *fault says which commit and path on failure. STATUS_EXISTS: already accepted (nothing new). STATUS_STALE: an older head than
 * the accepted one, or one that does not contain it. STATUS_DENIED, STATUS_INVALID, STATUS_UNTRUSTED, STATUS_TOO_BIG. */
enum status head_check(struct head *out, struct head_fault *fault, const struct head_context *ctx, const struct oid *id,
		       struct error *e) MUST_CHECK;

/* The tree that main becomes by merging the head; staged. `kept` as merge_trees. */
enum status head_merge(struct oid *tree, struct buf *kept, const struct head_context *ctx, const struct head *head,
		       const struct rules *rules, struct error *e) MUST_CHECK;

/* What a merge commit says. */
struct merge_note {
	char device[NAME_MAX_LEN + 1];
	char received[TIME_TEXT_MAX];
	int64_t index;
	int rules_version;
	char rules_digest[SHA256_HEX_LEN + 1];
	struct buf kept; /* paths, one a line */
};
enum status merge_note_format(struct buf *message, const struct merge_note *n) MUST_CHECK;
/* Strict: exactly what merge_note_format writes. STATUS_MALFORMED. Clear with buf_clear(&out->kept). */
enum status merge_note_parse(struct merge_note *out, const char *message, struct error *e) MUST_CHECK;

/* The message of a device's commit: "<subject>\n\nQip-Device: <device>\n", the subject being one line. */
enum status head_message_format(struct buf *message, const char *subject, const char *device) MUST_CHECK;
/* The same for a commit that makes again, under this device's own signature, what a revoked device had committed:
 * "<subject>\n\nQip-Adopts: <commit>\nQip-Device: <device>\n". */
enum status head_message_adopt(struct buf *message, const char *subject, const struct oid *adopts, const char *device) MUST_CHECK;
/* The commit that such a message names; false when it names none. */
bool head_message_adopts(struct oid *out, const char *message);
/* True if the message has one of these forms and names that device. */
bool head_message_names(const char *message, const char *device);
/* Author e-mail of a device or the server: "<device>@<ods lower case>.qip.invalid". */
#define HEAD_EMAIL_MAX 96
void head_email(char out[HEAD_EMAIL_MAX], const char *device, const char *ods);

/* Number of a device's last feedback record in a tree, 0 for none. */
enum status head_feedback_last(uint64_t *out, struct repo *r, const struct oid *tree, const char *device, struct error *e) MUST_CHECK;
/* The same of another folder whose records are numbered for each device. */
enum status head_series_last(uint64_t *out, struct repo *r, const struct oid *tree, const char *folder, const char *device,
			     struct error *e) MUST_CHECK;

#endif
