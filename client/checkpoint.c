/* client/checkpoint.c - see checkpoint.h.
 *
 * Enters: a place of the log that was followed. Leaves: this device's word on it, as a commit that waits.
 */
#include "client/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/place.h"
#include "client/seen.h"
#include "core/record_file.h"

#define DAY_MS (24LL * 3600 * 1000)

/* ---- when one is due ---- */

/* The place that the own last checkpoint names; without one the log's first merge, or its start where that lies far back. */
static enum status last_place(struct place *out, struct qip *q, const struct place *end, struct error *e)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	const char *hex = NULL;
	struct oid id = {{0}};
	enum status st = STATUS_OK;

	(void)snprintf(path, sizeof(path), CHECKPOINT_FOLDER "/%s.json", q->identity.device);
	st = record_read_path(&record, q->repo, &end->tree, path, e);
	if (st == STATUS_OK) {
		hex = json_string(record, "main");
		if (!hex || oid_parse(&id, hex, strlen(hex)) != STATUS_OK)
			st = error_set(e, STATUS_CORRUPT, "%s names no merge", path);
	} else if (st == STATUS_NOT_FOUND && end->index < LIMIT_CHECKPOINT_MERGES) {
		st = place_find(&id, q, &end->id, 1, e);
	} else if (st == STATUS_NOT_FOUND) {
		*out = (struct place){.index = 0};
		return STATUS_OK;
	}
	cJSON_Delete(record);
	return st == STATUS_OK ? place_read(out, q, &id, e) : st;
}

/* Received times are the server's: a home's own clock may be years off. */
static bool is_time(const struct place *last, const struct place *end)
{
	int64_t last_ms = 0, end_ms = 0;

	if (end->index - last->index >= LIMIT_CHECKPOINT_MERGES)
		return true;
	return time_parse(&last_ms, last->received) == STATUS_OK && time_parse(&end_ms, end->received) == STATUS_OK &&
	       end_ms - last_ms >= DAY_MS;
}

/* Names and ids of two trees' entries, apart from checkpoints. */
static bool same_entries(const struct tree *a, const struct tree *b)
{
	size_t i = 0, k = 0;

	for (;;) {
		i += i < a->len && strcmp(a->entries[i].name, CHECKPOINT_FOLDER) == 0;
		k += k < b->len && strcmp(b->entries[k].name, CHECKPOINT_FOLDER) == 0;
		if (i >= a->len || k >= b->len)
			return i >= a->len && k >= b->len;
		if (strcmp(a->entries[i].name, b->entries[k].name) != 0 || !oid_equal(&a->entries[i].id, &b->entries[k].id))
			return false;
		i++;
		k++;
	}
}

static enum status anything_else(bool *out, struct qip *q, const struct place *last, const struct place *end, struct error *e)
{
	struct tree before = TREE_INIT, after = TREE_INIT;
	enum status st = oid_is_zero(&last->tree) ? STATUS_OK : repo_tree_read(&before, q->repo, &last->tree, e);

	if (st == STATUS_OK)
		st = repo_tree_read(&after, q->repo, &end->tree, e);
	if (st == STATUS_OK)
		*out = !same_entries(&before, &after);
	tree_clear(&before);
	tree_clear(&after);
	return st;
}

/* A device that was told to end hands in what it has, and no more. */
static bool is_ended(struct qip *q)
{
	const struct registry *reg = NULL;
	const struct device *own = NULL;

	if (view_registry(&reg, q, NULL) == STATUS_OK)
		own = registry_find(reg, q->identity.device);
	return !own || own->retired || own->revoked;
}

static enum status is_due(bool *out, struct place *end, struct qip *q, struct error *e)
{
	struct oid main, work;
	struct place last;
	bool refused = false;
	enum status st = home_ref(&main, q, REF_MAIN, e);

	*out = false;
	if (st == STATUS_OK)
		st = home_ref(&work, q, REF_WORK, e);
	if (st != STATUS_OK || oid_is_zero(&main) || !oid_equal(&main, &work) || is_ended(q))
		return st;
	st = place_read(end, q, &main, e);
	if (st != STATUS_OK || end->index == 0)
		return st;
	st = last_place(&last, q, end, e);
	if (st == STATUS_OK && is_time(&last, end))
		st = anything_else(out, q, &last, end, e);
	if (st == STATUS_OK && *out)
		st = seen_waits(&refused, q, "not-taken", e);
	*out = *out && !refused; /* or every sync would have one refused */
	return st;
}

/* ---- making one ---- */

static cJSON *make_record(enum status *st, struct qip *q, const struct place *end)
{
	cJSON *record = build_object(st);
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, &end->id);
	build_string(st, record, "schema", "checkpoint/1");
	build_string(st, record, "device", q->identity.device);
	build_string(st, record, "main", hex);
	build_integer(st, record, "index", end->index);
	build_time(st, record, "at", state_now_ms(&q->state, q->env));
	return record;
}

enum status checkpoint_make(bool *made, struct qip *q, struct error *e)
{
	struct qip_edit *edit = NULL;
	struct place end;
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	enum status st = is_due(made, &end, q, e);

	if (st != STATUS_OK || !*made)
		return st;
	(void)snprintf(path, sizeof(path), CHECKPOINT_FOLDER "/%s.json", q->identity.device);
	record = make_record(&st, q, &end);
	if (st != STATUS_OK)
		st = error_set(e, st, "out of memory");
	if (st == STATUS_OK)
		st = qip_edit_begin(&edit, q, NULL, e);
	if (st == STATUS_OK)
		st = qip_edit_put(edit, path, record, e);
	if (st == STATUS_OK)
		st = qip_edit_commit(edit, "Checkpoint", e);
	else
		qip_edit_abort(edit);
	cJSON_Delete(record);
	return st;
}
