/* client/audit_internal.h - what audit.c and audit_count.c share during one audit. */
#ifndef QIP_CLIENT_AUDIT_INTERNAL_H
#define QIP_CLIENT_AUDIT_INTERNAL_H

#include "client/audit.h"

struct audited_head {
	char device[NAME_MAX_LEN + 1];
	struct oid last; /* accepted head, zero for none yet */
};

#define AUDIT_MAX_HEADS (REGISTRY_MAX_DEVICES + 1) /* with the host's own */

struct auditor {
	struct audit *out;
	struct repo *repo;
	const char *ods;
	const uint8_t *root_pin;
	struct error e;              /* of the step at hand */
	struct oid *log;             /* merges, newest first */
	size_t log_len, log_cap;
	struct audited_head *heads;  /* AUDIT_MAX_HEADS of them */
	size_t heads_len;
	struct oid main, main_tree;  /* the place reached */
	struct registry registry;    /* there; meaningless while has_registry is false */
	bool has_registry;
};

void audit_find(struct auditor *a, const struct oid *commit, const char *path, const char *device, const char *fmt, ...)
	PRINTF_LIKE(5, 6);

/* practice.json or devices/ differ between the place reached and `tree`. */
bool audit_registry_changed(struct auditor *a, const struct oid *tree);
/* Edits that come with `tree` and speak of a day before they were received. */
uint64_t audit_count_backdated(struct auditor *a, const struct oid *tree, const char *received);
/* Fill out->devices from the last tree; gaps in the numbering are findings. */
enum status audit_count_feedback(struct auditor *a) MUST_CHECK;
/* Fill out->incidents from the last tree; one that does not fit the log is a finding. */
enum status audit_list_incidents(struct auditor *a) MUST_CHECK;

#endif
