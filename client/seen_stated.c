/* client/seen_stated.c - what other devices stated by another way than the server: kept until the log reaches it, and compared.
 *
 * Enters: a statement whose signature was checked. Leaves: that the log bears it out, that it waits, that a restore explains it, or a contradiction.
 */
#include <inttypes.h>
#include <string.h>

#include "client/build.h"
#include "client/place.h"
#include "client/seen.h"
#include "client/seen_file.h"
#include "core/record_file.h"

/* ---- those that wait ---- */

enum status seen_wait_for(struct qip *q, const struct stated *s, struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	cJSON *file = NULL, *list = NULL, *item = NULL;
	enum status st = seen_file_load(&file, q, e), built = STATUS_OK;

	if (st != STATUS_OK)
		return st;
	list = seen_file_list(file, "stated");
	oid_hex(hex, &s->main);
	if (cJSON_GetArraySize(list) >= LIMIT_STATED) {
		st = error_set(e, STATUS_TOO_BIG, "%d statements wait already for the log to reach them: sync first", LIMIT_STATED);
		goto done;
	}
	item = build_object(&built);
	build_string(&built, item, "device", s->device);
	build_string(&built, item, "main", hex);
	build_string(&built, item, "at", s->at);
	build_integer(&built, item, "index", s->index);
	if (built == STATUS_OK && list && cJSON_AddItemToArray(list, item))
		item = NULL;
	st = seen_file_save(q, file, item ? STATUS_NOMEM : STATUS_OK, e);
done:
	cJSON_Delete(item);
	cJSON_Delete(file);
	return st;
}

static bool read_stated(struct stated *out, const cJSON *item)
{
	const char *hex = json_string(item, "main");

	*out = (struct stated){.index = 0};
	seen_item_text(out->device, sizeof(out->device), item, "device");
	seen_item_text(out->at, sizeof(out->at), item, "at");
	return hex && oid_parse(&out->main, hex, strlen(hex)) == STATUS_OK && json_integer(item, "index", &out->index);
}

/* ---- comparing them ---- */

struct restores {
	struct qip *q;
	int64_t index;
	const char *device; /* that knows the merge of that number otherwise */
	unsigned incidents;
	char restored[TIME_TEXT_MAX]; /* of the restore that lost that number; "" while there is none */
};

/* Nobody asked that device what it knew: it may be more than the server was told. */
static bool is_unheard(const cJSON *incident, const char *device)
{
	const cJSON *name;

	cJSON_ArrayForEach(name, json_get(incident, "unheard"))
	{
		if (cJSON_IsString(name) && strcmp(name->valuestring, device) == 0)
			return true;
	}
	return false;
}

static enum status look_at_restore(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct restores *r = ctx;
	cJSON *record = NULL;
	int64_t index = 0, known = 0;
	enum status st = STATUS_OK;

	(void)path;
	(void)old_id;
	if (++r->incidents > LIMIT_INCIDENTS)
		return error_set(e, STATUS_TOO_BIG, "the log tells of more than %d restores", LIMIT_INCIDENTS);
	st = record_read(&record, r->q->repo, new_id, e);
	if (st == STATUS_OK && json_integer(record, "index", &index) && json_integer(record, "known", &known) && r->index > index &&
	    (r->index <= known || is_unheard(record, r->device)))
		seen_item_text(r->restored, sizeof(r->restored), record, "restored");
	cJSON_Delete(record);
	return st;
}

/* A merge that was lost with the server's disk is another one today, and the log says so itself. */
static enum status was_lost(struct qip *q, const struct stated *s, const struct oid *main, struct error *e)
{
	struct restores r = {.q = q, .index = s->index, .device = s->device};
	struct oid tree;
	enum status st = home_tree_of(&tree, q, main, e);

	if (st == STATUS_OK)
		st = tree_each(q->repo, &tree, "incidents", look_at_restore, &r, e);
	if (st != STATUS_OK || !r.restored[0])
		return st;
	return error_set(e, STATUS_GONE,
			 "merge %" PRId64 " as %s knows it was lost when the server was restored from a backup on %.10s, as the log itself tells", s->index,
			 s->device, r.restored);
}

static enum status contradicts(const char *kind, struct qip *q, const struct stated *s, const struct oid *here, const struct oid *main,
			       struct error *e)
{
	struct checkpoint_fault fault = {.index = s->index, .said = s->main, .shown = *here};
	struct seen seen;
	enum status st = was_lost(q, s, main, e);

	if (st != STATUS_OK)
		return st;
	memcpy(fault.device, s->device, sizeof(fault.device));
	seen_checkpoint(&seen, &fault, main);
	seen.kind = kind;
	seen.log = (struct oid){{0}}; /* what the other device was shown is not here */
	return seen_contradiction(q, &seen, e);
}

enum status seen_compare_one(struct qip *q, const struct stated *s, const struct oid *main, struct error *e)
{
	struct oid here;
	enum status st = place_find(&here, q, main, s->index, e);

	return st == STATUS_OK && !oid_equal(&here, &s->main) ? contradicts("stated", q, s, &here, main, e) : st;
}

/* The server shows all that it has to show by now, and the other device was shown more. */
static enum status compare_after_sync(struct qip *q, const struct stated *s, const struct oid *main, struct error *e)
{
	const struct oid none = {{0}};
	enum status st = seen_compare_one(q, s, main, e);

	return st == STATUS_NOT_FOUND ? contradicts("held-back", q, s, &none, main, e) : st;
}

static enum status stated_at(struct stated *out, struct qip *q, int at, struct error *e)
{
	cJSON *file = NULL, *item = NULL;
	enum status st = seen_file_load(&file, q, e);

	if (st == STATUS_OK) {
		item = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(file, "stated"), at);
		st = !item ? STATUS_NOT_FOUND : read_stated(out, item) ? STATUS_OK : error_set(e, STATUS_CORRUPT, "a statement that waits is damaged");
	}
	cJSON_Delete(file);
	return st;
}

static enum status drop_stated(struct qip *q, int at, struct error *e)
{
	cJSON *file = NULL;
	enum status st = seen_file_load(&file, q, e);

	if (st == STATUS_OK) {
		cJSON_DeleteItemFromArray(cJSON_GetObjectItemCaseSensitive(file, "stated"), at);
		st = seen_file_save(q, file, STATUS_OK, e);
	}
	cJSON_Delete(file);
	return st;
}

/* One that waits; *keeps: it goes on waiting, as the log may still come to agree. */
static enum status compare_waiting(bool *keeps, struct qip *q, const struct stated *s, const struct oid *main, struct error *e)
{
	int64_t index = 0;
	enum status known = home_log_number(&index, q, main, e), st = STATUS_OK;

	if (known != STATUS_OK)
		return known;
	*keeps = index < s->index;
	st = compare_after_sync(q, s, main, e);
	return st == STATUS_GONE ? STATUS_OK : st;
}

enum status seen_compare_stated(struct qip *q, const struct oid *main, struct error *e)
{
	enum status found = STATUS_OK, st = STATUS_OK;
	struct error why = {0};
	struct stated s;

	for (int at = 0; st == STATUS_OK;) {
		bool keeps = true;

		st = stated_at(&s, q, at, &why);
		if (st == STATUS_OK)
			st = compare_waiting(&keeps, q, &s, main, &why);
		if (st == STATUS_CONTRADICTED)
			found = error_set(e, st, "%s", why.text);
		if (st == STATUS_OK || st == STATUS_CONTRADICTED)
			st = keeps ? STATUS_OK : drop_stated(q, at, &why);
		at += keeps;
	}
	return st == STATUS_NOT_FOUND ? found : error_set(e, st, "%s", why.text);
}
