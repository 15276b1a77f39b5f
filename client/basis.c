/* client/basis.c - see basis.h. */
#include "client/basis.h"

#include <stdio.h>
#include <string.h>

#include "client/answers.h"
#include "client/build.h"
#include "client/files.h"
#include "client/survey_load.h"
#include "core/log.h"
#include "core/signature.h"

#define BASIS_FILE "basis.json"
#define SCHEMA "basis/1"
#define SIGNATURE_ROOM 1024 /* of a file, beside what is signed */

void basis_clear(struct basis *b)
{
	survey_shelf_clear(&b->shelf);
	cJSON_Delete(b->practice);
	cJSON_Delete(b->site);
	*b = (struct basis){.committed = 0};
}

static void name(struct capturer *who, const struct qip *q)
{
	memcpy(who->ods, q->identity.ods, sizeof(who->ods)); /* name and site may have changed: it was joined again */
	memcpy(who->device, q->identity.device, sizeof(who->device));
	memcpy(who->site, q->identity.site, sizeof(who->site));
}

/* ---- kept ---- */

static cJSON *key_json(enum status *st, const struct comment_key *key)
{
	cJSON *json = NULL;

	if (key->generation == 0)
		return cJSON_CreateNull();
	json = build_object(st);
	build_integer(st, json, "generation", key->generation);
	build_bytes(st, json, "public_key", key->public_key, sizeof(key->public_key));
	return json;
}

static cJSON *record_or_null(const cJSON *record)
{
	return record ? cJSON_Duplicate(record, true) : cJSON_CreateNull();
}

static cJSON *surveys_json(enum status *st, const struct survey_shelf *shelf)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < shelf->len && *st == STATUS_OK; i++) {
		cJSON *copy = shelf->items[i].in_force ? cJSON_Duplicate(shelf->items[i].record, true) : NULL;

		if (shelf->items[i].in_force && (!copy || !cJSON_AddItemToArray(list, copy))) {
			cJSON_Delete(copy);
			*st = STATUS_NOMEM;
		}
	}
	return list;
}

/* All but the signature; the caller's, NULL without memory. */
static cJSON *content_of(const struct basis *b)
{
	enum status st = STATUS_OK;
	cJSON *content = build_object(&st);

	build_string(&st, content, "schema", SCHEMA);
	build_string(&st, content, "ods", b->who.ods);
	build_string(&st, content, "device", b->who.device);
	build_string(&st, content, "site", b->who.site);
	build_item(&st, content, "comment_key", key_json(&st, &b->who.key));
	build_item(&st, content, "practice", record_or_null(b->practice));
	build_item(&st, content, "site_record", record_or_null(b->site));
	build_item(&st, content, "surveys", surveys_json(&st, &b->shelf));
	if (st != STATUS_OK) {
		cJSON_Delete(content);
		return NULL;
	}
	return content;
}

static bool is_kept(const cJSON *content, const struct qip *q)
{
	cJSON *kept = NULL;
	bool same = false;

	if (files_read_json(&kept, q->dir, BASIS_FILE, NULL) == STATUS_OK) {
		cJSON_DeleteItemFromObjectCaseSensitive(kept, "signature");
		same = cJSON_Compare(kept, content, true);
	}
	cJSON_Delete(kept);
	return same;
}

/* Without it the kiosk only has no question where it would have had one. */
static void keep(const struct basis *b, const struct qip *q)
{
	struct error why = {.text = "out of memory"};
	struct buf statement = BUF_INIT;
	cJSON *content = content_of(b);
	enum status st = content ? STATUS_OK : STATUS_NOMEM;

	if (st == STATUS_OK && is_kept(content, q))
		goto done;
	if (st == STATUS_OK)
		st = json_canonical(&statement, content);
	if (st == STATUS_OK && statement.len > LIMIT_FILE_BYTES - SIGNATURE_ROOM)
		st = error_set(&why, STATUS_TOO_BIG, "they are more than %d bytes", LIMIT_FILE_BYTES);
	build_signature(&st, content, "signature", q->key, &statement);
	if (st == STATUS_OK)
		st = files_write_json(q->dir, BASIS_FILE, content, 0600, &why);
	if (st != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "the questions could not be kept for a start without the history", "reason", why.text, NULL);
done:
	cJSON_Delete(content);
	buf_clear(&statement);
}

/* ---- out of the history ---- */

/* What is not there, as before the first sync, is NULL. */
static enum status read_if_there(cJSON **out, struct qip *q, const char *path, struct error *e)
{
	enum status st = qip_read(out, q, path, e);

	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static enum status read_records(struct basis *b, struct qip *q, struct error *e)
{
	char path[sizeof("sites/.json") + NAME_MAX_LEN];
	enum status st = read_if_there(&b->practice, q, "practice.json", e);

	(void)snprintf(path, sizeof(path), "sites/%s.json", q->identity.site);
	if (st == STATUS_OK)
		st = read_if_there(&b->site, q, path, e);
	return st == STATUS_OK ? survey_read(&b->shelf, q, e) : st;
}

enum status basis_load(struct basis *out, struct qip *q, struct error *e)
{
	struct basis b = {.state = q->state};
	const struct registry *reg = NULL;
	struct oid work;
	uint64_t last = 0;
	enum status st = q->repo ? view_registry(&reg, q, e) /* the chain to the root holds */
				 : error_set(e, STATUS_TIMEOUT, "another program is using the history");

	if (st == STATUS_OK)
		st = comment_key_find(&b.who.key, q, NULL);
	if (st == STATUS_NOT_FOUND)
		st = STATUS_OK; /* answers without comments, then */
	if (st == STATUS_OK)
		st = home_ref(&work, q, REF_WORK, e);
	if (st == STATUS_OK)
		st = answers_last(&last, q, &work, e);
	if (st == STATUS_OK)
		st = read_records(&b, q, e);
	if (st != STATUS_OK) {
		basis_clear(&b);
		return st;
	}
	b.committed = numbers_record(&q->numbers, last);
	name(&b.who, q);
	keep(&b, q);
	*out = b;
	return STATUS_OK;
}

/* ---- recalled ---- */

static enum status check(cJSON *file, const struct qip *q, struct error *e)
{
	cJSON *signature = cJSON_DetachItemFromObjectCaseSensitive(file, "signature");
	const char *text = cJSON_GetStringValue(signature), *device = json_string(file, "device"), *ods = json_string(file, "ods"),
		   *site = json_string(file, "site"), *schema = json_string(file, "schema");
	struct buf statement = BUF_INIT;
	enum status st = STATUS_UNTRUSTED;

	if (text && device && ods && site && schema && strcmp(schema, SCHEMA) == 0 && strcmp(device, q->identity.device) == 0 &&
	    strcmp(ods, q->identity.ods) == 0 && strcmp(site, q->identity.site) == 0)
		st = json_canonical(&statement, file);
	if (st == STATUS_OK)
		st = signature_check(text, strlen(text), q->key, SIGNATURE_NAMESPACE_RECORD, statement.data, statement.len, NULL);
	cJSON_Delete(signature);
	buf_clear(&statement);
	return st == STATUS_OK ? st : error_set(e, STATUS_UNTRUSTED, "%s/" BASIS_FILE " is not what this kiosk kept", q->path);
}

static enum status take(struct basis *b, cJSON *file, struct error *e)
{
	const cJSON *key = json_get(file, "comment_key"), *record = NULL;
	enum status st = STATUS_OK;

	if (cJSON_IsObject(key) && (!json_integer(key, "generation", &b->who.key.generation) ||
				    build_read_bytes32(b->who.key.public_key, json_string(key, "public_key")) != STATUS_OK))
		b->who.key = (struct comment_key){.generation = 0};
	cJSON_ArrayForEach(record, json_get(file, "surveys"))
	{
		if (st == STATUS_OK)
			st = survey_shelf_put(&b->shelf, record, e);
	}
	if (st == STATUS_OK && b->shelf.len == 0)
		st = error_set(e, STATUS_NOT_FOUND, "no survey was kept");
	if (cJSON_IsObject(json_get(file, "practice")))
		b->practice = cJSON_DetachItemFromObjectCaseSensitive(file, "practice");
	if (cJSON_IsObject(json_get(file, "site_record")))
		b->site = cJSON_DetachItemFromObjectCaseSensitive(file, "site_record");
	return st;
}

enum status basis_recall(struct basis *out, const struct qip *q, struct error *e)
{
	struct basis b = {.state = q->state};
	cJSON *file = NULL;
	enum status st = files_read_json(&file, q->dir, BASIS_FILE, e);

	if (st == STATUS_OK)
		st = check(file, q, e);
	if (st == STATUS_OK)
		st = take(&b, file, e);
	cJSON_Delete(file);
	if (st != STATUS_OK) {
		basis_clear(&b);
		return st;
	}
	b.committed = q->state.last_sync_seq;
	name(&b.who, q);
	*out = b;
	return STATUS_OK;
}
