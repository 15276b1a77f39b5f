/* client/rotate.c - a new generation of the comment key; see rotate.h. */
#include "client/rotate.h"

#include <stdlib.h>
#include <string.h>

#include "client/build.h"
#include "client/paper.h"
#include "client/redo.h"

static bool names(const cJSON *list, const char *device)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
	{
		if (cJSON_IsString(item) && strcmp(item->valuestring, device) == 0)
			return true;
	}
	return false;
}

bool rotate_leaves_out(const cJSON *record, const char *device)
{
	return names(json_get(record, "without"), device) && !json_get(json_get(record, "wrapped"), device);
}

enum status rotate_newest(struct comment_key *out, cJSON **record, struct qip *q, struct error *e)
{
	char path[TREE_PATH_MAX];
	enum status st = comment_key_find(out, q, e);

	if (st != STATUS_OK)
		return st;
	comment_key_path(path, out->generation);
	return qip_read(record, q, path, e);
}

/* ---- making one ---- */

struct plan {
	const struct registry *reg;
	const cJSON *newest;    /* its record; NULL: there is none */
	const cJSON *leave_out; /* or NULL */
	struct comment_reader *readers; /* owned */
	size_t readers_len;
	cJSON *without;         /* owned */
};

static enum status add_name(cJSON *list, const char *name)
{
	cJSON *item = cJSON_CreateString(name);

	if (item && cJSON_AddItemToArray(list, item))
		return STATUS_OK;
	cJSON_Delete(item);
	return STATUS_NOMEM;
}

/* Those left out stay so as long as they could read. */
static enum status choose(struct plan *p)
{
	enum status st = STATUS_OK;

	p->without = cJSON_CreateArray();
	p->readers = calloc(p->reg->devices_len + 1, sizeof(*p->readers));
	if (!p->without || !p->readers)
		return STATUS_NOMEM;
	for (size_t i = 0; st == STATUS_OK && i < p->reg->devices_len; i++) {
		const struct device *d = &p->reg->devices[i];

		if (names(p->leave_out, d->id) || (comment_key_may_read(d) && rotate_leaves_out(p->newest, d->id)))
			st = add_name(p->without, d->id);
		else if (comment_key_may_read(d))
			p->readers[p->readers_len++] = (struct comment_reader){.device = d->id, .seal_key = d->seal_key};
	}
	return st;
}

enum status rotate_put(struct qip_edit *edit, struct qip *q, const cJSON *leave_out, const uint8_t *recovery, struct error *e)
{
	struct plan p = {.leave_out = leave_out};
	struct comment_key last = {.generation = 0};
	struct comment_key_spec spec = {.ods = q->identity.ods, .by = q->identity.device, .signer = q->key, .at_ms = state_now_ms(&q->state, q->env)};
	cJSON *newest = NULL, *record = NULL;
	char path[TREE_PATH_MAX];
	enum status st = rotate_newest(&last, &newest, q, e);

	if (st == STATUS_OK || st == STATUS_NOT_FOUND)
		st = view_registry(&p.reg, q, e);
	p.newest = newest;
	if (st == STATUS_OK && choose(&p) != STATUS_OK)
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st != STATUS_OK)
		goto done;
	spec.generation = last.generation + 1;
	spec.readers = p.readers;
	spec.readers_len = p.readers_len;
	spec.without = p.without;
	spec.recovery = recovery ? recovery : last.has_recovery ? last.recovery : NULL;
	comment_key_path(path, spec.generation);
	st = comment_key_make(&record, &spec, e);
	if (st == STATUS_OK)
		st = qip_edit_put(edit, path, record, e);
done:
	cJSON_Delete(newest);
	cJSON_Delete(record);
	cJSON_Delete(p.without);
	free(p.readers);
	return st;
}

enum status rotate_put_without(struct qip_edit *edit, struct qip *q, const char *device, struct error *e)
{
	cJSON *list = cJSON_CreateArray();
	enum status st = list ? STATUS_OK : STATUS_NOMEM;

	if (st == STATUS_OK && device)
		st = add_name(list, device);
	st = st == STATUS_OK ? rotate_put(edit, q, list, NULL, e) : error_set(e, st, "out of memory");
	cJSON_Delete(list);
	return st;
}

/* ---- by a manager ---- */

static enum status commit_one(struct qip *q, const char *without, const uint8_t *recovery, struct error *e)
{
	struct qip_edit *edit = NULL;
	enum status st = qip_edit_begin(&edit, q, NULL, e);

	if (st != STATUS_OK)
		return st;
	st = recovery ? rotate_put(edit, q, NULL, recovery, e) : rotate_put_without(edit, q, without, e);
	if (st == STATUS_OK)
		return qip_edit_commit(edit, "Make a new comment key", e);
	qip_edit_abort(edit);
	return st;
}

enum status rotate_now(struct qip *q, struct error *e)
{
	enum status st = comment_key_check_manager(q, e);

	return st == STATUS_OK ? commit_one(q, NULL, NULL, e) : st;
}

enum status rotate_paper(struct qip *q, qip_show_papers show, void *ctx, struct error *e)
{
	uint8_t secret[SEAL_KEY_LEN] = {0}, public_key[SEAL_KEY_LEN];
	char text[QIP_PAPER_TEXT_MAX] = "";
	const struct qip_papers papers = {.recovery = text, .at_ms = state_now_ms(&q->state, q->env), .fingerprint = q->identity.root_fingerprint};
	enum status st = comment_key_check_manager(q, e);

	if (st == STATUS_OK)
		st = seal_generate(secret, public_key, e);
	if (st == STATUS_OK) {
		paper_print(text, PAPER_RECOVERY, secret);
		show(ctx, &papers);
		st = commit_one(q, NULL, public_key, e);
	}
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(text, sizeof(text));
	return st;
}

static size_t count_others(const struct registry *reg, const cJSON *newest, const char *device)
{
	size_t n = 0;

	for (size_t i = 0; i < reg->devices_len; i++)
		n += comment_key_may_read(&reg->devices[i]) && strcmp(reg->devices[i].id, device) != 0 && !rotate_leaves_out(newest, reg->devices[i].id);
	return n;
}

static enum status check_reader(struct qip *q, const char *device, struct error *e)
{
	struct comment_key newest;
	const struct registry *reg = NULL;
	const struct device *d = NULL;
	cJSON *record = NULL;
	enum status st = view_registry(&reg, q, e);

	if (st == STATUS_OK)
		st = rotate_newest(&newest, &record, q, e);
	if (st != STATUS_OK)
		return st;
	d = registry_find(reg, device);
	if (!d)
		st = error_set(e, STATUS_NOT_FOUND, "there is no device %.60s", device);
	else if (!comment_key_may_read(d))
		st = error_set(e, STATUS_INVALID, "%s reads no free text: those do that are a manager's or staff's, have joined and have not ended", device);
	else if (rotate_leaves_out(record, device))
		st = error_set(e, STATUS_EXISTS, "%s is shut out of free text already", device);
	else if (count_others(reg, record, device) == 0)
		st = error_set(e, STATUS_INVALID, "nobody else could read what patients write from then on: let another device join first");
	cJSON_Delete(record);
	return st;
}

enum status rotate_without(struct qip *q, const char *device, struct error *e)
{
	enum status st = comment_key_check_manager(q, e);

	if (st == STATUS_OK)
		st = check_reader(q, device, e);
	return st == STATUS_OK ? commit_one(q, device, NULL, e) : st;
}

/* ---- in a sync ---- */

enum status rotate_if_due(bool *made, struct qip *q, struct error *e)
{
	struct comment_key newest;
	const struct registry *reg = NULL;
	cJSON *record = NULL;
	bool due = false;
	enum status st = STATUS_OK;

	*made = false;
	if (q->identity.role != ROLE_MANAGER)
		return STATUS_OK;
	st = rotate_newest(&newest, &record, q, e);
	if (st == STATUS_OK)
		st = view_registry(&reg, q, e);
	for (size_t i = 0; st == STATUS_OK && i < reg->devices_len; i++)
		due = due || (reg->devices[i].revoked && json_get(json_get(record, "wrapped"), reg->devices[i].id));
	cJSON_Delete(record);
	if (st == STATUS_OK && due)
		st = commit_one(q, NULL, NULL, e);
	*made = st == STATUS_OK && due;
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

/* The highest that stands in a tree from a generation on. */
static enum status read_last(cJSON **out, struct qip *q, const struct oid *tree, int64_t generation, struct error *e)
{
	enum status st = STATUS_OK;

	for (cJSON *next = NULL; st == STATUS_OK; generation++) {
		char path[TREE_PATH_MAX];

		comment_key_path(path, generation);
		next = NULL;
		st = redo_read(&next, q, tree, path, e);
		if (!next)
			break;
		cJSON_Delete(*out);
		*out = next;
	}
	return st;
}

static const char *recovery_of(const cJSON *record)
{
	return json_string(json_get(record, "recovery"), "public_key");
}

/* It came with a paper of its own, which is printed by now. */
static enum status is_other_paper(bool *out, struct qip *q, const struct oid *before, const cJSON *made, int64_t generation, struct error *e)
{
	char path[TREE_PATH_MAX];
	const char *own = recovery_of(made), *earlier = NULL;
	cJSON *last = NULL;
	enum status st = STATUS_OK;

	comment_key_path(path, generation - 1);
	st = redo_read(&last, q, before, path, e);
	earlier = recovery_of(last);
	*out = own && (!earlier || strcmp(own, earlier) != 0);
	cJSON_Delete(last);
	return st;
}

/* *recovery: the paper's public half where it came with one of its own that is not in force, or NULL. */
static enum status compare(bool *needed, const char **recovery, struct qip *q, const struct oid *now, const struct oid *before, const cJSON *made, struct error *e)
{
	const cJSON *name;
	const char *own = recovery_of(made), *present = NULL;
	cJSON *newest = NULL;
	int64_t generation = 0;
	bool other = false;
	enum status st = json_integer(made, "generation", &generation) ? STATUS_OK : error_set(e, STATUS_MALFORMED, "a comment key has no generation");

	if (st == STATUS_OK)
		st = read_last(&newest, q, now, generation, e);
	if (st == STATUS_OK)
		st = is_other_paper(&other, q, before, made, generation, e);
	present = recovery_of(newest);
	*recovery = other && !(present && strcmp(present, own) == 0) ? own : NULL;
	*needed = *recovery != NULL;
	cJSON_ArrayForEach(name, json_get(made, "without"))
	{
		*needed = *needed || (cJSON_IsString(name) && json_get(json_get(newest, "wrapped"), name->valuestring));
	}
	cJSON_Delete(newest);
	return st;
}

enum status rotate_again(bool *needed, struct qip_edit *edit, struct qip *q, const struct oid *now, const struct oid *before, const cJSON *made,
			 struct error *e)
{
	const char *text = NULL;
	uint8_t recovery[SEAL_KEY_LEN];
	enum status st = compare(needed, &text, q, now, before, made, e);

	if (st != STATUS_OK || !*needed || !edit)
		return st;
	if (text && build_read_bytes32(recovery, text) != STATUS_OK)
		return error_set(e, STATUS_MALFORMED, "a comment key has no recovery key in it");
	return rotate_put(edit, q, json_get(made, "without"), text ? recovery : NULL, e);
}
