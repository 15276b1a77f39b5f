/* client/keys.c - the generations of the comment key go to devices that joined after they were made; see keys.h. */
#include "client/keys.h"

#include <string.h>

#include "client/limits.h"
#include "client/refused_note.h"
#include "client/rotate.h"
#include "client/shut_out.h"

struct granting {
	struct qip *q;
	const struct registry *reg;
	cJSON *newest;          /* record of the newest generation; NULL: there is none */
	const char *only;       /* one device, by hand; NULL: all that lack it */
	struct qip_edit *edit;  /* NULL until something is to be added */
	uint64_t granted, closed;
	struct shut_out shut_out; /* nobody of these by itself */
	struct error why;       /* the last that was closed */
};

static bool lacks(const struct granting *g, const struct device *d, const cJSON *wrapped)
{
	if (!comment_key_may_read(d) || json_get(wrapped, d->id))
		return false;
	return g->only ? strcmp(d->id, g->only) == 0 : !rotate_leaves_out(g->newest, d->id) && !shut_out_has(&g->shut_out, d->id);
}

static bool is_wanted(const struct granting *g, const cJSON *wrapped)
{
	for (size_t i = 0; i < g->reg->devices_len; i++)
		if (lacks(g, &g->reg->devices[i], wrapped))
			return true;
	return false;
}

static enum status put(struct granting *g, const char *path, const cJSON *record, struct error *e)
{
	enum status st = g->edit ? STATUS_OK : qip_edit_begin(&g->edit, g->q, NULL, e);

	return st == STATUS_OK ? qip_edit_put(g->edit, path, record, e) : st;
}

/* The record with everybody added who lacks it, as far as one visit goes. */
static enum status add_readers(struct granting *g, const char *path, const cJSON *record, const uint8_t private_key[SEAL_KEY_LEN], struct error *e)
{
	cJSON *after = cJSON_Duplicate(record, true), *wrapped = cJSON_GetObjectItemCaseSensitive(after, "wrapped");
	int64_t generation = 0;
	enum status st = after && json_integer(record, "generation", &generation) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");

	for (size_t i = 0; st == STATUS_OK && i < g->reg->devices_len && g->granted < LIMIT_GRANTS; i++) {
		const struct device *d = &g->reg->devices[i];
		const struct comment_reader reader = {.device = d->id, .seal_key = d->seal_key};

		if (!lacks(g, d, wrapped))
			continue;
		st = comment_key_wrap(wrapped, g->q->identity.ods, generation, private_key, &reader, e);
		if (st == STATUS_OK)
			g->granted++;
	}
	if (st == STATUS_OK)
		st = put(g, path, after, e);
	cJSON_Delete(after);
	return st;
}

static enum status look_at(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct granting *g = ctx;
	uint8_t private_key[SEAL_KEY_LEN] = {0};
	int64_t generation = 0;
	enum status st = STATUS_OK;

	if (g->granted >= LIMIT_GRANTS || !json_integer(record, "generation", &generation) || !is_wanted(g, json_get(record, "wrapped")))
		return STATUS_OK;
	st = comment_key_open(private_key, g->q, generation, &g->why);
	if (st == STATUS_OK)
		st = add_readers(g, path, record, private_key, e);
	else if (st == STATUS_DENIED || st == STATUS_UNTRUSTED) {
		g->closed++;
		st = STATUS_OK;
	} else
		st = error_set(e, st, "%s", g->why.text);
	explicit_bzero(private_key, sizeof(private_key));
	return st;
}

static enum status grant(struct granting *g, struct error *e)
{
	struct comment_key newest;
	enum status st = view_registry(&g->reg, g->q, e);

	if (st == STATUS_OK)
		st = rotate_newest(&newest, &g->newest, g->q, e);
	if (st == STATUS_OK)
		st = shut_out_note(&g->shut_out, g->q, g->reg, g->newest, e);
	if (st == STATUS_OK)
		st = qip_each(g->q, "keys/", look_at, g, e);
	shut_out_clear(&g->shut_out);
	cJSON_Delete(g->newest);
	g->newest = NULL;
	if (st == STATUS_OK && g->edit)
		return qip_edit_commit(g->edit, "Hand the comment key to devices that joined", e);
	if (g->edit)
		qip_edit_abort(g->edit);
	return st;
}

enum status keys_grant(uint64_t *granted, struct qip *q, struct error *e)
{
	struct granting g = {.q = q};
	enum status st = STATUS_OK;

	*granted = 0;
	if (q->identity.role != ROLE_MANAGER)
		return STATUS_OK;
	st = grant(&g, e);
	if (st == STATUS_OK)
		*granted = g.granted;
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

enum status keys_grant_to(struct keys_granted *out, struct qip *q, const char *device, struct error *e)
{
	struct granting g = {.q = q, .only = device};
	const struct registry *reg = NULL;
	const struct device *d = NULL;
	enum status st = comment_key_check_manager(q, e);

	if (st == STATUS_OK)
		st = view_registry(&reg, q, e);
	if (st != STATUS_OK)
		return st;
	d = registry_find(reg, device);
	if (!d)
		return error_set(e, STATUS_NOT_FOUND, "there is no device %.60s", device);
	if (!comment_key_may_read(d))
		return error_set(e, STATUS_INVALID, "%s reads no free text: those do that are a manager's or staff's, have joined and have not ended", device);
	st = grant(&g, e);
	if (st == STATUS_OK && g.granted == 0 && g.closed > 0)
		st = error_set(e, STATUS_DENIED, "%s", g.why.text);
	if (st == STATUS_OK)
		st = shut_out_forget(q, device, e);
	*out = (struct keys_granted){.granted = g.granted, .closed = g.closed};
	return st;
}

/* ---- in a sync ---- */

#define RETRIES 16 /* of one visit */

struct refusals {
	int numbers[RETRIES];
	size_t len;
};

static enum status note_refusal(void *ctx, const struct qip_refusal *r, struct error *e)
{
	struct refusals *all = ctx;

	(void)e;
	if (r->state == QIP_REFUSAL_OPEN && strncmp(r->path, "keys/", strlen("keys/")) == 0 && all->len < RETRIES)
		all->numbers[all->len++] = r->number;
	return STATUS_OK;
}

enum status keys_retry(uint64_t *settled, uint64_t *made, struct qip *q, struct error *e)
{
	struct refusals all = {.len = 0};
	enum status st = STATUS_OK;

	*settled = *made = 0;
	if (q->identity.role != ROLE_MANAGER)
		return STATUS_OK;
	st = refused_note_each(q, note_refusal, &all, e);
	for (size_t i = 0; st == STATUS_OK && i < all.len; i++) {
		struct qip_retried retried;

		st = qip_refused_retry(&retried, q, all.numbers[i], e);
		*settled += st == STATUS_OK;
		*made += st == STATUS_OK && retried.state == QIP_REFUSAL_MADE;
	}
	return st;
}
