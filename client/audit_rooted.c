/* client/audit_rooted.c - managers' devices that the root key let in after the practice's start.
 *
 * It is no fault, and yet the practice has to know of each: whoever holds that key can make themselves a manager.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/audit_certificate.h"
#include "client/audit_internal.h"
#include "client/build.h"

static bool add(struct audit_rooted **list, size_t *len, const struct audit_rooted *one)
{
	struct audit_rooted *grown = NULL;

	if (*len == REGISTRY_MAX_DEVICES)
		return true;
	grown = realloc(*list, (*len + 1) * sizeof(*grown));
	if (!grown)
		return false;
	*list = grown;
	grown[(*len)++] = *one;
	return true;
}

enum status audit_note_rooted(struct auditor *a, const struct oid *id, const struct merge_note *note, uint64_t index, const struct registry *before)
{
	const struct registry *after = audit_registry_get(a->registry);
	const struct device *d = before && after && !registry_find(before, note->device) ? registry_find(after, note->device) : NULL;
	struct audit_rooted one = {.index = index};

	if (!d || strcmp(d->invited_by, "root") != 0)
		return STATUS_OK;
	oid_hex(one.commit, id);
	(void)snprintf(one.device, sizeof(one.device), "%s", d->id);
	(void)snprintf(one.received, sizeof(one.received), "%s", note->received);
	return add(&a->out->rooted, &a->out->rooted_len, &one) ? STATUS_OK : error_set(&a->e, STATUS_NOMEM, "out of memory");
}

enum status audit_go_on_rooted(struct auditor *a)
{
	for (size_t i = 0; i < a->from->rooted_len; i++)
		if (!add(&a->out->rooted, &a->out->rooted_len, &a->from->rooted[i]))
			return error_set(&a->e, STATUS_NOMEM, "out of memory");
	return STATUS_OK;
}

cJSON *audit_rooted_json(const struct audit *a)
{
	enum status st = STATUS_OK;
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; list && i < a->rooted_len && st == STATUS_OK; i++) {
		cJSON *item = build_object(&st);

		build_string(&st, item, "commit", a->rooted[i].commit);
		build_string(&st, item, "device", a->rooted[i].device);
		build_integer(&st, item, "index", (int64_t)a->rooted[i].index);
		build_string(&st, item, "received", a->rooted[i].received);
		if (st != STATUS_OK || !cJSON_AddItemToArray(list, item)) {
			cJSON_Delete(item);
			st = STATUS_NOMEM;
		}
	}
	if (st == STATUS_OK)
		return list;
	cJSON_Delete(list);
	return NULL;
}

bool audit_read_rooted(struct audit_checkpoint *c, const cJSON *list)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list) {
		const char *commit = json_string(item, "commit"), *device = json_string(item, "device"), *received = json_string(item, "received");
		struct audit_rooted one = {.index = 0};
		int64_t index = 0;

		if (!commit || strlen(commit) != OID_HEX_LEN || !device || strlen(device) > NAME_MAX_LEN || !received || strlen(received) >= TIME_TEXT_MAX ||
		    !json_integer(item, "index", &index) || index < 0)
			return false;
		(void)snprintf(one.commit, sizeof(one.commit), "%s", commit);
		(void)snprintf(one.device, sizeof(one.device), "%s", device);
		(void)snprintf(one.received, sizeof(one.received), "%s", received);
		one.index = (uint64_t)index;
		if (!add(&c->rooted, &c->rooted_len, &one))
			return false;
	}
	return true;
}
