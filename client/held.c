/* client/held.c - see held.h. */
#include "client/held.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/follow.h"
#include "client/own_head.h"
#include "core/array.h"
#include "core/record_file.h"

struct held_id {
	char text[ID_TEXT_LEN + 1];
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct held_id *)a)->text, ((const struct held_id *)b)->text);
}

/* A void record bears its answer's id, too: it was refused, or another copy has sent it. */
static enum status add_id(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct held *h = ctx;
	cJSON *record = NULL;
	const char *id = NULL;
	enum status st = STATUS_OK;

	(void)old_id;
	if (!new_id || strncmp(path, "feedback/", strlen("feedback/")) != 0)
		return STATUS_OK;
	if (h->len == LIMIT_HELD_IDS)
		return error_set(e, STATUS_TOO_BIG,
				 "copies of this kiosk have sent more than %d answers, which cannot all be looked at: join it in a new home, and keep "
				 "this one's folder: all that waits is in its journal",
				 LIMIT_HELD_IDS);
	if (!array_room(&h->ids, &h->cap, h->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	st = record_read(&record, h->q->repo, new_id, e);
	id = json_string(record, "id");
	if (st == STATUS_OK && id && id_valid(id))
		(void)snprintf(h->ids[h->len++].text, sizeof(h->ids[0].text), "%s", id);
	cJSON_Delete(record);
	return st;
}

enum status held_add(struct held *h, const struct oid *from, const struct oid *to, struct error *e)
{
	struct oid before, after;
	enum status st = home_tree_of(&before, h->q, from, e);

	if (st == STATUS_OK)
		st = home_tree_of(&after, h->q, to, e);
	return st == STATUS_OK ? tree_diff(h->q->repo, &before, &after, add_id, h, e) : st;
}

/* Another kiosk that goes on with the same answers. Its record hangs on a manager; its head is by the key that the record names. */
static enum status look_at_kin(struct held *h, struct remote *r, const struct remote_kin *kin, struct error *e)
{
	const struct oid none = {{0}};
	const struct registry *reg = NULL;
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	const char *line = NULL;
	struct key *key = NULL;
	struct oid tree;
	enum status st = follow_own(h->q, r, &kin->head, e);

	(void)snprintf(path, sizeof(path), "devices/%s.json", kin->device);
	if (st == STATUS_OK)
		st = home_tree_of(&tree, h->q, &kin->head, e);
	if (st == STATUS_OK)
		st = record_read_path(&record, h->q->repo, &tree, path, e);
	if (st == STATUS_OK)
		st = view_registry(&reg, h->judge ? h->judge : h->q, e);
	if (st == STATUS_OK)
		st = registry_check_device(reg, record, e);
	line = json_string(json_get(record, "enrolment"), "key");
	if (st == STATUS_OK)
		st = line ? key_from_ssh(&key, line, e) : error_set(e, STATUS_UNTRUSTED, "%s has not enrolled", kin->device);
	if (st == STATUS_OK)
		st = own_head_signed(h->q, &kin->head, key, kin->device, e);
	if (st == STATUS_OK)
		st = held_add(h, &none, &kin->head, e);
	key_free(key);
	cJSON_Delete(record);
	return st;
}

/* What the names before this one had sent was asked when this one began. */
static bool is_known(const struct held *h, const char *device)
{
	const struct numbers *n = &h->q->numbers;

	for (size_t i = 0; !h->formers && n->left_out_len < LIMIT_LEFT_OUT && i < n->former_len; i++)
		if (strcmp(n->former[i], device) == 0)
			return true;
	return strcmp(h->q->identity.device, device) == 0;
}

enum status held_add_kin(struct held *h, struct remote *r, const struct remote_refs *refs, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < refs->kin_len; i++)
		if (!is_known(h, refs->kin[i].device))
			st = look_at_kin(h, r, &refs->kin[i], e);
	return st;
}

void held_sort(struct held *h)
{
	if (h->len > 0)
		qsort(h->ids, h->len, sizeof(*h->ids), compare);
}

bool held_has(const struct held *h, const char *id)
{
	struct held_id key;

	if (!id || strlen(id) >= sizeof(key.text) || h->len == 0)
		return false;
	(void)snprintf(key.text, sizeof(key.text), "%s", id);
	return bsearch(&key, h->ids, h->len, sizeof(*h->ids), compare) != NULL;
}

bool held_has_record(const struct held *h, const struct journal_record *r)
{
	cJSON *captured = NULL;
	bool held = h->len > 0 && json_parse(&captured, r->json, r->json_len, NULL) == STATUS_OK && held_has(h, json_string(captured, "id"));

	cJSON_Delete(captured);
	return held;
}

void held_clear(struct held *h)
{
	free(h->ids);
	*h = (struct held){.q = h->q, .judge = h->judge, .formers = h->formers};
}
