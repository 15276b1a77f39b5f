/* core/head_carried.c - copies of one kiosk that were joined again under new names may wait with the same answers: whose arrive first are taken.
 *
 * Each said in its enrolment how many of its first answers may be such, so that no others have to be looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "core/head_internal.h"
#include "core/id.h"
#include "core/record_file.h"

struct carried {
	char id[ID_TEXT_LEN + 1];
	const char *device; /* the registry's */
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct carried *)a)->id, ((const struct carried *)b)->id);
}

static bool is_answer(const cJSON *record)
{
	const char *schema = json_string(record, "schema"), *id = json_string(record, "id");

	return schema && strncmp(schema, "feedback/", 9) == 0 && id && strlen(id) == ID_TEXT_LEN;
}

/* Up to the number that it declared; a number that is not there yet ends them. */
static enum status add_of(struct judge *j, const struct device *d)
{
	enum status st = STATUS_OK;

	for (uint64_t seq = 1; st == STATUS_OK && seq <= d->carries && j->carried_read < HEAD_MAX_CARRIED; seq++, j->carried_read++) {
		struct carried *c = &j->carried[j->carried_len];
		char path[TREE_PATH_MAX];
		cJSON *record = NULL;

		policy_feedback_path(path, d->id, seq);
		st = record_read_path(&record, j->ctx->repo, &j->ctx->main_tree, path, j->e);
		if (st == STATUS_OK && is_answer(record)) {
			memcpy(c->id, json_string(record, "id"), sizeof(c->id));
			c->device = d->id;
			j->carried_len++;
		}
		cJSON_Delete(record);
	}
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static enum status load(struct judge *j)
{
	const struct registry *reg = j->registry;
	enum status st = STATUS_OK;

	j->carried = calloc(HEAD_MAX_CARRIED, sizeof(*j->carried));
	if (!j->carried)
		return error_set(j->e, STATUS_NOMEM, "out of memory");
	for (size_t i = 0; st == STATUS_OK && i < reg->devices_len; i++) {
		const struct device *d = &reg->devices[i];

		if (d != j->device && d->carries > 0 && registry_are_kin(reg, d->id, j->device->id))
			st = add_of(j, d);
	}
	qsort(j->carried, j->carried_len, sizeof(*j->carried), compare);
	return st;
}

enum status head_check_carried(struct judge *j, const cJSON *record)
{
	struct carried key = {.device = NULL};
	const struct carried *held = NULL;
	int64_t seq = 0;
	enum status st = STATUS_OK;

	if (j->kind != HEAD_KIOSK || !is_answer(record) || !json_integer(record, "seq", &seq) || (uint64_t)seq > j->device->carries ||
	    !registry_may_double(j->registry, j->device))
		return STATUS_OK;
	if (!j->carried)
		st = load(j);
	if (st != STATUS_OK)
		return st;
	memcpy(key.id, json_string(record, "id"), sizeof(key.id));
	held = bsearch(&key, j->carried, j->carried_len, sizeof(key), compare);
	return held ? error_set(j->e, STATUS_DENIED, "%s, a copy of the same kiosk, has sent this answer", held->device) : STATUS_OK;
}
