/* client/keys.c - the generations of the comment key go to devices that joined after they were made; see keys.h. */
#include "client/keys.h"

#include <string.h>

#include "client/comment_key.h"
#include "client/limits.h"

struct granting {
	struct qip *q;
	const struct registry *reg;
	struct qip_edit *edit; /* NULL until something is to be added */
	uint64_t granted;
};

static bool lacks(const struct device *d, const cJSON *wrapped)
{
	return comment_key_may_read(d) && !json_get(wrapped, d->id);
}

static bool is_wanted(const struct granting *g, const cJSON *wrapped)
{
	for (size_t i = 0; i < g->reg->devices_len; i++)
		if (lacks(&g->reg->devices[i], wrapped))
			return true;
	return false;
}

/* The record with everybody added who lacks it, as far as one visit goes. */
static enum status add_readers(struct granting *g, cJSON *record, int64_t generation, const uint8_t private_key[SEAL_KEY_LEN], struct error *e)
{
	cJSON *wrapped = cJSON_GetObjectItemCaseSensitive(record, "wrapped");
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < g->reg->devices_len && g->granted < LIMIT_GRANTS; i++) {
		const struct device *d = &g->reg->devices[i];
		const struct comment_reader reader = {.device = d->id, .seal_key = d->seal_key};

		if (!lacks(d, wrapped))
			continue;
		st = comment_key_wrap(wrapped, g->q->identity.ods, generation, private_key, &reader, e);
		if (st == STATUS_OK)
			g->granted++;
	}
	return st;
}

static enum status put(struct granting *g, const char *path, const cJSON *record, struct error *e)
{
	enum status st = g->edit ? STATUS_OK : qip_edit_begin(&g->edit, g->q, NULL, e);

	return st == STATUS_OK ? qip_edit_put(g->edit, path, record, e) : st;
}

static enum status look_at(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct granting *g = ctx;
	uint8_t private_key[SEAL_KEY_LEN] = {0};
	struct error why = {.text = ""};
	int64_t generation = 0;
	cJSON *after = NULL;
	enum status st = STATUS_OK;

	if (g->granted >= LIMIT_GRANTS || !json_integer(record, "generation", &generation) || !is_wanted(g, json_get(record, "wrapped")))
		return STATUS_OK;
	st = comment_key_open(private_key, g->q, generation, &why);
	if (st == STATUS_DENIED || st == STATUS_UNTRUSTED)
		return STATUS_OK;
	if (st != STATUS_OK)
		return error_set(e, st, "%s", why.text);
	after = cJSON_Duplicate(record, true);
	st = after ? add_readers(g, after, generation, private_key, e) : error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = put(g, path, after, e);
	explicit_bzero(private_key, sizeof(private_key));
	cJSON_Delete(after);
	return st;
}

enum status keys_grant(uint64_t *granted, struct qip *q, struct error *e)
{
	struct granting g = {.q = q};
	enum status st = STATUS_OK;

	*granted = 0;
	if (q->identity.role != ROLE_MANAGER)
		return STATUS_OK;
	st = view_registry(&g.reg, q, e);
	if (st == STATUS_OK)
		st = qip_each(q, "keys/", look_at, &g, e);
	if (st == STATUS_OK && g.edit) {
		st = qip_edit_commit(g.edit, "Hand the comment key to devices that joined", e);
		g.edit = NULL;
	}
	if (g.edit)
		qip_edit_abort(g.edit);
	if (st == STATUS_OK)
		*granted = g.granted;
	return st;
}
