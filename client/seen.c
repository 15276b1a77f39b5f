/* client/seen.c - see seen.h. */
#include "client/seen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/files.h"
#include "client/place.h"
#include "core/record_file.h"

#define SEEN_FILE "seen.json"

/* ---- the file ---- */

/* A list whose items have all these texts, or none. */
static bool is_list(const cJSON *list, const char *const *texts, size_t len)
{
	const cJSON *item;

	if (list && !cJSON_IsArray(list))
		return false;
	cJSON_ArrayForEach(item, list)
	{
		for (size_t i = 0; i < len; i++) {
			if (!json_string(item, texts[i]))
				return false;
		}
	}
	return true;
}

static bool is_well_formed(const cJSON *file)
{
	static const char *const found[] = {"kind", "device", "commit", "ref", "text", "at"}, *const stated[] = {"device", "main", "at"};

	return cJSON_IsObject(file) && is_list(json_get(file, "found"), found, ARRAY_LEN(found)) &&
	       is_list(json_get(file, "stated"), stated, ARRAY_LEN(stated));
}

static enum status load(cJSON **out, struct qip *q, struct error *e)
{
	cJSON *file = NULL;
	enum status st = files_read_json(&file, q->dir, SEEN_FILE, NULL);

	if (st == STATUS_NOT_FOUND) {
		st = STATUS_OK;
		file = build_object(&st);
		build_string(&st, file, "schema", "seen/1");
		if (st != STATUS_OK)
			st = error_set(e, st, "out of memory");
	} else if (st != STATUS_OK || !is_well_formed(file)) {
		st = error_set(e, st == STATUS_OK ? STATUS_CORRUPT : st, "%s/" SEEN_FILE " cannot be read; it may hold evidence: give a copy of it to the ICB, then remove it", q->path);
	}
	if (st == STATUS_OK)
		*out = file;
	else
		cJSON_Delete(file);
	return st;
}

static enum status save(struct qip *q, const cJSON *file, enum status st, struct error *e)
{
	return st == STATUS_OK ? files_write_json(q->dir, SEEN_FILE, file, 0600, e) : error_set(e, st, "out of memory");
}

/* A list of the file, made if it is not there; NULL when memory runs out. */
static cJSON *list_of(cJSON *file, const char *name)
{
	cJSON *list = cJSON_GetObjectItemCaseSensitive(file, name);

	return cJSON_IsArray(list) ? list : cJSON_AddArrayToObject(file, name);
}

static bool member_is(const cJSON *item, const char *key, const char *text)
{
	const char *value = json_string(item, key);

	return value && strcmp(value, text) == 0;
}

static void copy_text(char *out, size_t size, const cJSON *item, const char *key)
{
	const char *text = json_string(item, key);

	(void)snprintf(out, size, "%s", text ? text : "");
}

/* ---- keeping one ---- */

static enum status say(const struct seen *s, const char *ref, bool is_too_many, struct error *e)
{
	const char *kept = ref[0] ? ", and what it shows is kept as " : is_too_many ? ", and enough like it is kept already" : "";

	return error_set(e, STATUS_CONTRADICTED,
			 "%s. Nothing here was changed%s%s. Keep this copy as it is, call the ICB, and ask the server's host whether the server was restored "
			 "from a backup without \"qip-server reconcile\"; \"qip status\" shows this until somebody settles it",
			 s->text, kept, ref);
}

/* What was settled and is shown again is new. */
static cJSON *find_same(cJSON *list, const struct seen *s, const char *hex)
{
	cJSON *item = NULL;

	cJSON_ArrayForEach(item, list)
	{
		if (!json_get(item, "settled") && member_is(item, "kind", s->kind) && member_is(item, "commit", hex) && member_is(item, "device", s->device))
			return item;
	}
	return NULL;
}

/* Is there room for one more? Each log that is kept may be a whole history, and a server can make a new one for each visit. */
static bool has_room(const cJSON *list, const struct seen *s)
{
	const cJSON *item;
	int open = 0, forks = 0;

	cJSON_ArrayForEach(item, list)
	{
		int64_t index = -1;

		if (json_get(item, "settled"))
			continue;
		open++;
		(void)json_integer(item, "merge", &index);
		forks += index == s->index && member_is(item, "kind", s->kind) && member_is(item, "device", s->device);
	}
	return open < LIMIT_SEEN && cJSON_GetArraySize(list) < LIMIT_SEEN_EVER && (oid_is_zero(&s->log) || forks < LIMIT_SEEN_FORKS);
}

static enum status add_found(cJSON *list, struct qip *q, const struct seen *s, const char *hex, const char *ref)
{
	enum status st = STATUS_OK;
	cJSON *item = build_object(&st);

	build_integer(&st, item, "number", cJSON_GetArraySize(list) + 1);
	build_string(&st, item, "kind", s->kind);
	build_string(&st, item, "device", s->device);
	build_integer(&st, item, "merge", s->index);
	build_string(&st, item, "commit", hex);
	build_string(&st, item, "ref", ref);
	build_string(&st, item, "text", s->text);
	build_time(&st, item, "at", state_now_ms(&q->state, q->env));
	if (st == STATUS_OK && !cJSON_AddItemToArray(list, item))
		st = STATUS_NOMEM;
	if (st != STATUS_OK)
		cJSON_Delete(item);
	return st;
}

/* Its log first, so that what the list names is there. */
static enum status keep(char ref[HOME_REF_MAX], struct qip *q, const struct seen *s, struct error *e)
{
	enum status st = STATUS_OK;

	if (oid_is_zero(&s->log))
		return STATUS_OK;
	if (s->in)
		st = repo_intake_keep(s->in, e);
	return st == STATUS_OK ? home_keep(ref, q, REF_SEEN, &s->log, e) : st;
}

enum status seen_contradiction(struct qip *q, const struct seen *s, struct error *e)
{
	char hex[OID_HEX_LEN + 1], ref[HOME_REF_MAX] = "";
	cJSON *file = NULL, *list = NULL;
	const cJSON *same = NULL;
	bool is_too_many = false;
	struct error why = {0};
	enum status st = load(&file, q, &why);

	oid_hex(hex, &s->shown);
	if (st == STATUS_OK) {
		list = list_of(file, "found");
		st = list ? STATUS_OK : error_set(&why, STATUS_NOMEM, "out of memory");
	}
	same = find_same(list, s, hex);
	if (same) {
		copy_text(ref, sizeof(ref), same, "ref");
	} else if (st == STATUS_OK && has_room(list, s)) {
		st = keep(ref, q, s, &why);
		if (st == STATUS_OK)
			st = save(q, file, add_found(list, q, s, hex, ref), &why);
	} else {
		is_too_many = true;
	}
	cJSON_Delete(file);
	return st == STATUS_OK ? say(s, ref, is_too_many, e) : error_set(e, st, "%s. This could not be kept: %s", s->text, why.text);
}

/* ---- those that are kept ---- */

enum status qip_seen_each(struct qip *q, qip_seen_visit visit, void *ctx, struct error *e)
{
	cJSON *file = NULL;
	const cJSON *item = NULL;
	int number = 0;
	enum status st = load(&file, q, e);

	cJSON_ArrayForEach(item, json_get(file, "found"))
	{
		struct qip_seen s = {.number = ++number};

		copy_text(s.kind, sizeof(s.kind), item, "kind");
		copy_text(s.device, sizeof(s.device), item, "device");
		copy_text(s.commit, sizeof(s.commit), item, "commit");
		copy_text(s.ref, sizeof(s.ref), item, "ref");
		copy_text(s.text, sizeof(s.text), item, "text");
		copy_text(s.at, sizeof(s.at), item, "at");
		copy_text(s.settled, sizeof(s.settled), item, "settled");
		copy_text(s.settled_at, sizeof(s.settled_at), item, "settled_at");
		if (st == STATUS_OK)
			st = visit(ctx, &s, e);
	}
	cJSON_Delete(file);
	return st;
}

static void wait_no_more(cJSON *stated, const char *main)
{
	for (int i = cJSON_GetArraySize(stated); i-- > 0;) {
		if (main && member_is(cJSON_GetArrayItem(stated, i), "main", main))
			cJSON_DeleteItemFromArray(stated, i);
	}
}

enum status qip_seen_settle(struct qip *q, int number, const char *why, struct error *e)
{
	cJSON *file = NULL, *item = NULL;
	enum status st = load(&file, q, e);

	if (st == STATUS_OK)
		item = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(file, "found"), number - 1);
	if (st == STATUS_OK && !item)
		st = error_set(e, STATUS_NOT_FOUND, "there is no No %d among what was found; \"qip checkpoint\" shows all", number);
	if (st == STATUS_OK) {
		wait_no_more(cJSON_GetObjectItemCaseSensitive(file, "stated"), json_string(item, "commit"));
		build_string(&st, item, "settled", why);
		build_time(&st, item, "settled_at", state_now_ms(&q->state, q->env));
		st = save(q, file, st, e);
	}
	cJSON_Delete(file);
	return st;
}

struct waiting {
	const char *kind;
	bool waits;
};

static enum status look_for_kind(void *ctx, const struct qip_seen *s, struct error *e)
{
	struct waiting *w = ctx;

	(void)e;
	w->waits = w->waits || (!s->settled[0] && strcmp(s->kind, w->kind) == 0);
	return STATUS_OK;
}

enum status seen_waits(bool *out, struct qip *q, const char *kind, struct error *e)
{
	struct waiting w = {.kind = kind};
	enum status st = qip_seen_each(q, look_for_kind, &w, e);

	if (st == STATUS_OK)
		*out = w.waits;
	return st;
}

/* ---- a restore that the server told of ---- */

enum status seen_is_restored(bool *out, struct qip *q, struct error *e)
{
	cJSON *file = NULL;
	enum status st = load(&file, q, e);

	if (st == STATUS_OK)
		*out = cJSON_IsTrue(json_get(file, "restored"));
	cJSON_Delete(file);
	return st;
}

enum status seen_set_restored(struct qip *q, bool restored, struct error *e)
{
	cJSON *file = NULL;
	enum status st = load(&file, q, e);

	if (st == STATUS_OK && cJSON_IsTrue(json_get(file, "restored")) != restored)
		st = save(q, file, json_set(file, "restored", cJSON_CreateBool(restored)), e);
	cJSON_Delete(file);
	return st;
}

/* ---- what others state ---- */

enum status seen_wait_for(struct qip *q, const struct stated *s, struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	cJSON *file = NULL, *list = NULL, *item = NULL;
	enum status st = load(&file, q, e), built = STATUS_OK;

	if (st != STATUS_OK)
		return st;
	list = list_of(file, "stated");
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
	st = save(q, file, item ? STATUS_NOMEM : STATUS_OK, e);
done:
	cJSON_Delete(item);
	cJSON_Delete(file);
	return st;
}

static bool read_stated(struct stated *out, const cJSON *item)
{
	const char *hex = json_string(item, "main");

	*out = (struct stated){.index = 0};
	copy_text(out->device, sizeof(out->device), item, "device");
	copy_text(out->at, sizeof(out->at), item, "at");
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
		copy_text(r->restored, sizeof(r->restored), record, "restored");
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
	enum status st = load(&file, q, e);

	if (st == STATUS_OK) {
		item = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(file, "stated"), at);
		st = item && read_stated(out, item) ? STATUS_OK : STATUS_NOT_FOUND;
	}
	cJSON_Delete(file);
	return st;
}

static enum status drop_stated(struct qip *q, int at, struct error *e)
{
	cJSON *file = NULL;
	enum status st = load(&file, q, e);

	if (st == STATUS_OK) {
		cJSON_DeleteItemFromArray(cJSON_GetObjectItemCaseSensitive(file, "stated"), at);
		st = save(q, file, STATUS_OK, e);
	}
	cJSON_Delete(file);
	return st;
}

enum status seen_compare_stated(struct qip *q, const struct oid *main, struct error *e)
{
	enum status found = STATUS_OK, st = STATUS_OK;
	struct stated s;

	for (int at = 0; st == STATUS_OK && stated_at(&s, q, at, e) == STATUS_OK;) {
		int64_t index = 0;
		enum status one = compare_after_sync(q, &s, main, e);

		if (one == STATUS_CONTRADICTED)
			found = one;
		else if (one != STATUS_OK && one != STATUS_GONE)
			return one;
		st = home_log_number(&index, q, main, e);
		if (st == STATUS_OK && index < s.index)
			at++; /* it goes on waiting: the log may still come to agree */
		else if (st == STATUS_OK)
			st = drop_stated(q, at, e);
	}
	return st == STATUS_OK ? found : st;
}
