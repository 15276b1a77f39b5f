/* client/audit_internal.h - what the files of one audit share.
 *
 * One thread, the walker, follows the log from its start and works out what each merge is judged against: the place before it, the registry
 * there, the device's last head. With that every merge is judged by itself, by as many threads as the machine has processors.
 */
#ifndef QIP_CLIENT_AUDIT_INTERNAL_H
#define QIP_CLIENT_AUDIT_INTERNAL_H

#include <pthread.h>

#include "client/audit.h"

#define AUDIT_MAX_HEADS (REGISTRY_MAX_DEVICES + 1) /* with the host's own */

/* ---- audit_find.c: findings in the order of the log, whoever comes upon them first ---- */
#define AUDIT_PLACE_END UINT64_MAX /* of what is found once the whole log was walked */

struct audit_findings {
	pthread_mutex_t mutex;
	struct audit_finding *list; /* AUDIT_MAX_FINDINGS, by place */
	uint64_t *places;
	size_t len;
	uint64_t more;
};

enum status audit_findings_open(struct audit_findings *f, struct error *e) MUST_CHECK;
void audit_findings_close(struct audit_findings *f);
/* Another, beside the log: in what the home keeps, behind all others. Cut to whole characters, as is any text that is cleaned. */
void audit_find_beside(struct audit *out, const char *commit, const char *path, const char *device, const char *fmt, ...) PRINTF_LIKE(5, 6);
void audit_clean_text(char *text);
/* Enough: a log can be made so that judging one more merge costs as much as all before it. */
bool audit_findings_enough(struct audit_findings *f);

/* A registry that several merges are judged against; whoever holds it last frees it. */
struct audit_registry;
enum status audit_registry_load(struct audit_registry **out, const struct audit_registry *known, struct repo *r, const struct oid *tree,
				const uint8_t *root_pin, struct error *e) MUST_CHECK;
/* The record that such a failure is about, "" for none that it names; its words begin with the path then. */
const char *audit_registry_fault(char path[TREE_PATH_MAX], const struct error *e);
struct audit_registry *audit_registry_hold(struct audit_registry *r); /* NULL is allowed, here and below */
void audit_registry_release(struct audit_registry *r);
const struct registry *audit_registry_get(const struct audit_registry *r);

/* The walker's, or one thread's that judges. */
struct auditor {
	struct audit *out;           /* a judging thread's holds counts alone */
	struct audit_findings *found; /* shared by all */
	uint64_t place;              /* in the log, of what is being looked at */
	struct repo *repo;           /* its own handle */
	const char *ods;
	const uint8_t *root_pin;
	struct error e;              /* of the step at hand */
	struct oid *log;             /* merges, newest first */
	size_t log_len, log_cap;
	uint64_t first;              /* number of the oldest of them */
	const struct audit_checkpoint *from; /* where it begins; NULL: at the start of the log */
	struct oid from_tree;        /* there; zero at the start */
	struct audit_head *heads;    /* AUDIT_MAX_HEADS of them; zero for none accepted yet */
	size_t heads_len;
	struct oid main, main_tree;  /* the place reached */
	char signer[KEY_SSH_MAX];    /* of the merge before; "" where that is not known */
	int rules_version;           /* the highest that a merge up to there went by */
	uint64_t answers_left;       /* that are counted at the log's end: a directory named many times makes few bytes many */
	struct audit_registry *registry; /* there, held; NULL while there is none */
};

void audit_find(struct auditor *a, const struct oid *commit, const char *path, const char *device, const char *fmt, ...)
	PRINTF_LIKE(5, 6);

/* ---- audit_merge.c ---- */
/* A merge, and what it is judged against. */
struct audit_task {
	uint64_t place;
	struct oid id;
	struct commit commit;   /* owned */
	struct merge_note note; /* owned */
	bool judged;            /* it is a merge with a note, of a device that can be */
	struct oid last;        /* the device's last accepted head */
	struct oid main, main_tree; /* before it */
	struct audit_registry *before, *after; /* held */
};

/* Judge the head, re-run the merge, check the server's signature. */
void audit_merge(struct auditor *a, const struct audit_task *task);
void audit_task_clear(struct audit_task *task);
/* By the keys that count between the registry before it and its own; either may be NULL. */
void audit_server_signature(struct auditor *a, const struct registry *before, const struct registry *after, const struct oid *id, const struct commit *c);

/* ---- audit_notes.c ---- */
/* What a merge's message says of the log, against what those before it said: number, rules, time. */
void audit_note(struct auditor *a, const struct oid *id, const struct merge_note *note, uint64_t index);
/* out->devices: when each was last heard of, and who is silent. */
void audit_tell_silence(struct auditor *a);

/* ---- audit_doubles.c ---- */
/* out->devices: answers that another kiosk sent as well, which went on with the same. All are compared, wherever the audit began. */
void audit_tell_doubles(struct auditor *a);

/* ---- audit_rooted.c ---- */
/* After a merge, with the registry before it: did the root key let the device in? */
enum status audit_note_rooted(struct auditor *a, const struct oid *id, const struct merge_note *note, uint64_t index,
			      const struct registry *before) MUST_CHECK;
/* Those that the earlier audit noted. */
enum status audit_go_on_rooted(struct auditor *a) MUST_CHECK;
/* As a checkpoint keeps them; `list` may be NULL for none. False: it is damaged. */
bool audit_read_rooted(struct audit_checkpoint *c, const cJSON *list);

/* ---- audit_server_keys.c ---- */
/* After a merge, with the registry before it: did the practice endorse or retire a key of the server, did another one sign? */
enum status audit_note_server_keys(struct auditor *a, const struct oid *id, const struct commit *c, const struct merge_note *note, uint64_t index,
				   const struct registry *before) MUST_CHECK;
/* From the merge that the earlier audit reached. */
void audit_go_on_server_keys(struct auditor *a, const struct commit *c);

/* ---- audit_pool.c ---- */
struct audit_pool;
/* `walker` is borrowed until the end, and the counts are added to its. */
enum status audit_pool_open(struct audit_pool **out, struct auditor *walker, struct error *e) MUST_CHECK;
/* Takes the task's content over. Waits while enough tasks are waiting. */
void audit_pool_give(struct audit_pool *p, struct audit_task *task);
/* Returns once everything is judged. NULL is allowed. */
void audit_pool_close(struct audit_pool *p);

/* ---- audit_count.c, audit_incidents.c ---- */
/* practice.json, retired-keys/ or devices/ differ between the place reached and `tree`. */
bool audit_registry_changed(struct auditor *a, const struct oid *tree);
/* Edits that come with `tree` and speak of a day before they were received. */
uint64_t audit_count_backdated(struct auditor *a, const struct oid *tree, const char *received);
/* Fill out->devices from the last tree, on top of what the earlier audit counted; gaps in the numbering are findings. */
enum status audit_count_feedback(struct auditor *a) MUST_CHECK;
/* Fill out->incidents from the last tree; one that does not fit the log is a finding. */
enum status audit_list_incidents(struct auditor *a) MUST_CHECK;
/* A record's JSON, or NULL where it cannot be read (`id` may be NULL); the caller's. */
cJSON *audit_read_record(struct auditor *a, const struct oid *id);
/* The merge of a number, of the log that is audited or before where the audit began; false when it has none. */
bool audit_merge_at(struct oid *out, struct auditor *a, uint64_t index);

/* ---- audit_earlier.c ---- */
/* The log was audited from its start: does it lead through the place that the earlier audit reached, or did the server tell since why not? */
void audit_check_earlier(struct auditor *a, const struct audit_checkpoint *earlier);

#endif
