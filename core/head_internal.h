/* core/head_internal.h - what head.c and head_changes.c share while one head is judged. */
#ifndef QIP_CORE_HEAD_INTERNAL_H
#define QIP_CORE_HEAD_INTERNAL_H

#include "core/head.h"

enum head_kind {
	HEAD_GENESIS,   /* a practice's first: made by its first manager */
	HEAD_ENROLMENT, /* a device adds its key to its invite, on main or brought along from the root key's paper */
	HEAD_KIOSK,     /* own folders only, on its own last head */
	HEAD_STAFF,     /* everybody who reads the log and builds on it */
	HEAD_HOST,      /* the server's own: auditors that it invites */
};

struct judge {
	const struct head_context *ctx;
	struct head_fault *fault;
	struct error *e;
	const struct rules *rules;
	enum head_kind kind;
	const struct device *device;     /* NULL for the host */
	const struct registry *registry; /* of the log's end, or a genesis's own */
	struct registry own;             /* of a genesis */
	struct key *enrolling;           /* of an enrolment: the key in it */
	bool by_root;                    /* of an enrolment: it brings its invite along, which the root key signed; main has none */
	char email[HEAD_EMAIL_MAX];
	struct oid base, base_tree;      /* where the new commits start from; zero for an orphan */
	size_t steps;                    /* taken back through the log for checkpoints */
	struct oid *commits;             /* new ones, newest first */
	size_t commits_len;
	struct carried *carried;         /* owned, sorted: what others have sent that this kiosk may have taken over, too; NULL before it is asked */
	size_t carried_len, carried_read; /* records: read for it, and among those the answers */
};

/* Every path that one commit changes: form, schema, right, numbering. Adds to *records. The fault is blamed on commit and path. */
enum status head_check_changes(struct judge *j, const struct oid *commit, const struct oid *parent_tree, const struct oid *tree,
			       size_t *records) MUST_CHECK;

/* A checkpoint in a new commit: its merge stands under its number in the log that the head builds on. STATUS_UNTRUSTED otherwise. */
enum status head_check_checkpoint(struct judge *j, const cJSON *checkpoint) MUST_CHECK;

/* A monthly return in a new commit: nobody submitted it, or changed what is submitted here, since the place that the head builds on.
 * STATUS_DENIED otherwise. */
enum status head_check_return(struct judge *j, const char *path, const cJSON *after) MUST_CHECK;

/* A survey in a new commit, `after` its blob: nobody else made or changed it since the place that the head builds on. STATUS_DENIED otherwise. */
enum status head_check_survey(struct judge *j, const char *path, const struct oid *after) MUST_CHECK;

/* practice.json in a new commit: it has the server's keys that main has, and goes on from there. STATUS_DENIED otherwise. */
enum status head_check_server_keys(struct judge *j, const cJSON *before, const cJSON *after) MUST_CHECK;

/* An answer in a new commit of a kiosk that took over a former name's: no other that took over the same has sent it. STATUS_DENIED otherwise. */
enum status head_check_carried(struct judge *j, const cJSON *record) MUST_CHECK;

#endif
