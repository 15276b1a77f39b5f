/* client/audit_count.c - what an audit counts: answers by device and number, edits dated back. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/audit_internal.h"
#include "client/limits.h"
#include "core/record_file.h"

static bool differs(struct auditor *a, const struct oid *tree, const char *name)
{
	struct oid before = {{0}}, after = {{0}};
	enum status sb = tree_find(&before, NULL, a->repo, &a->main_tree, name, &a->e);
	enum status sa = tree_find(&after, NULL, a->repo, tree, name, &a->e);

	return sb != sa || !oid_equal(&before, &after);
}

bool audit_registry_changed(struct auditor *a, const struct oid *tree)
{
	const struct registry *reg = audit_registry_get(a->registry);
	bool same = false;

	if (differs(a, tree, "practice.json") || differs(a, tree, "devices"))
		return true;
	if (reg->server_keys_len > 1 && differs(a, tree, "retired-keys")) /* the last key is never retired */
		return true;
	return registry_same_ends(&same, reg, a->repo, tree, &a->e) != STATUS_OK || !same;
}

/* ---- dated back ---- */

struct backdating {
	struct auditor *a;
	const char *received;
	uint64_t count;
};

cJSON *audit_read_record(struct auditor *a, const struct oid *id)
{
	cJSON *record = NULL;

	return id && record_read(&record, a->repo, id, &a->e) == STATUS_OK ? record : NULL;
}

static uint64_t count_slot(const cJSON *before, const cJSON *after, const char *slot, const char *received)
{
	cJSON *old = before ? record_claims(before, slot) : NULL, *new = record_claims(after, slot);
	const cJSON *claim;
	uint64_t count = 0;

	cJSON_ArrayForEach(claim, new) {
		const char *day = json_string(claim, "effective");

		if (day && strncmp(day, received, 10) < 0 && !record_find_claim(old, json_string(claim, "id")))
			count++;
	}
	cJSON_Delete(old);
	cJSON_Delete(new);
	return count;
}

static enum status visit_changed(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct backdating *b = ctx;
	cJSON *before, *after, *slots;
	const cJSON *slot;

	(void)e;
	if (!new_id || strncmp(path, "feedback/", 9) == 0)
		return STATUS_OK;
	before = audit_read_record(b->a, old_id);
	after = audit_read_record(b->a, new_id);
	slots = record_slots(after, NULL);
	cJSON_ArrayForEach(slot, slots)
		b->count += count_slot(before, after, slot->valuestring, b->received);
	cJSON_Delete(slots);
	cJSON_Delete(before);
	cJSON_Delete(after);
	return STATUS_OK;
}

uint64_t audit_count_backdated(struct auditor *a, const struct oid *tree, const char *received)
{
	struct backdating b = {.a = a, .received = received};

	if (tree_diff(a->repo, &a->main_tree, tree, visit_changed, &b, &a->e) != STATUS_OK)
		audit_find(a, &a->main, "", "", "what follows this merge cannot be read: %s", a->e.text);
	return b.count;
}

/* ---- answers ---- */

static struct audit_device *device_of(struct auditor *a, const char *path)
{
	size_t len = strcspn(path, "/");

	for (size_t i = 0; i < a->out->devices_len; i++)
		if (strncmp(a->out->devices[i].id, path, len) == 0 && !a->out->devices[i].id[len])
			return &a->out->devices[i];
	return NULL;
}

/* One that was added since the audit began, or is there no more; whether it may have changed is asked merge by merge. */
static enum status visit_answer(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct auditor *a = ctx;
	const char *name = strrchr(path, '/');
	struct audit_device *d = device_of(a, path);
	uint64_t seq = name ? strtoull(name + 1, NULL, 10) : 0;
	char whole[TREE_PATH_MAX];

	if (a->answers_left-- == 0)
		return error_set(e, STATUS_TOO_BIG, "more answers than all commits brought; the rest is not counted");
	if (!d) {
		(void)snprintf(whole, sizeof(whole), "feedback/%s", path);
		audit_find(a, NULL, whole, "", "an answer of a device that nobody invited");
		return STATUS_OK;
	}
	if (!old_id)
		d->answers++;
	if (!new_id && d->answers > 0)
		d->answers--;
	if (new_id && seq > d->last_seq)
		d->last_seq = seq;
	return STATUS_OK;
}

/* The directory of answers, zero where there is none. */
static struct oid answers_in(struct auditor *a, const struct oid *tree)
{
	struct oid id = {{0}};
	enum status st = tree_find(&id, NULL, a->repo, tree, "feedback", &a->e);

	if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		audit_find(a, &a->main, "feedback", "", "%s", a->e.text);
	return id;
}

/* What the earlier audit counted, if it is what its tree holds. */
static void count_on(struct auditor *a)
{
	for (size_t i = 0; a->from && i < a->from->lasts_len; i++) {
		const struct audit_last *l = &a->from->lasts[i];
		struct audit_device *d = device_of(a, l->device);
		uint64_t there = 0;

		if (head_feedback_last(&there, a->repo, &a->from_tree, l->device, &a->e) != STATUS_OK || there != l->seq || !d)
			audit_find(a, &a->from->main, "feedback", l->device,
				   "the earlier audit counted %" PRIu64 " answers here; now it is %" PRIu64, l->seq, there);
		if (d)
			d->answers = d->last_seq = l->seq;
	}
}

/* Names the first missing numbers; a forged number of any size costs no more than that. */
static void report_gaps(struct auditor *a, const struct audit_device *d)
{
	size_t missing = 0;

	for (uint64_t seq = 1; seq <= d->last_seq && missing < AUDIT_MAX_FINDINGS; seq++) {
		char path[TREE_PATH_MAX];
		struct oid id;

		policy_feedback_path(path, d->id, seq);
		if (tree_find(&id, NULL, a->repo, &a->main_tree, path, &a->e) == STATUS_OK)
			continue;
		missing++;
		audit_find(a, &a->main, path, d->id, "answer number %" PRIu64 " of %" PRIu64 " is missing", seq, d->last_seq);
	}
}

enum status audit_count_feedback(struct auditor *a)
{
	const struct registry *reg = audit_registry_get(a->registry);
	struct oid before, after;

	a->out->devices = calloc(reg->devices_len + 1, sizeof(*a->out->devices));
	if (!a->out->devices)
		return error_set(&a->e, STATUS_NOMEM, "out of memory");
	for (size_t i = 0; i < reg->devices_len; i++) {
		struct audit_device *d = &a->out->devices[a->out->devices_len++];

		(void)snprintf(d->id, sizeof(d->id), "%s", reg->devices[i].id);
		(void)snprintf(d->invited_by, sizeof(d->invited_by), "%s", reg->devices[i].invited_by);
		(void)snprintf(d->replaces, sizeof(d->replaces), "%s", reg->devices[i].replaces);
		d->ends = reg->devices[i].ends;
		d->role = reg->devices[i].role;
	}
	a->answers_left = a->out->records + LIMIT_AUDIT_ODD_ANSWERS;
	count_on(a);
	before = answers_in(a, &a->from_tree);
	after = answers_in(a, &a->main_tree);
	if (tree_diff(a->repo, &before, &after, visit_answer, a, &a->e) != STATUS_OK)
		audit_find(a, &a->main, "feedback", "", "%s", a->e.text);
	for (size_t i = 0; i < a->out->devices_len; i++)
		if (a->out->devices[i].answers != a->out->devices[i].last_seq)
			report_gaps(a, &a->out->devices[i]);
	return STATUS_OK;
}
