/* server/incident.c - a restore that lost merges, told in the log. */
#include "server/incident.h"

#include <stdio.h>
#include <string.h>

#include "core/record_file.h"
#include "server/host.h"

/* ---- was it told? ---- */

struct looking {
	struct repo *repo;
	const char *restored;
	char place[OID_HEX_LEN + 1]; /* "": any */
	bool found;
};

static enum status look_at(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct looking *w = ctx;
	cJSON *record = NULL;
	const char *restored = NULL, *place = NULL;
	enum status st = record_read(&record, w->repo, new_id, e);

	(void)path;
	(void)old_id;
	restored = json_string(record, "restored");
	place = json_string(record, "commit");
	if (restored && place && strcmp(restored, w->restored) == 0 && (!w->place[0] || strcmp(place, w->place) == 0))
		w->found = true;
	cJSON_Delete(record);
	return st;
}

enum status incident_is_told(bool *out, struct practice *p, const struct view *v, const char *restored, const struct oid *place,
			     struct error *e)
{
	struct looking w = {.restored = restored};
	enum status st = store_reader_open(&w.repo, p->history, e);

	if (place)
		oid_hex(w.place, place);
	if (st != STATUS_OK)
		return st;
	st = tree_each(w.repo, &v->end.tree, "incidents", look_at, &w, e);
	store_reader_close(w.repo);
	if (st == STATUS_OK)
		*out = w.found;
	return st;
}

/* ---- telling ---- */

static enum status add_unheard(cJSON *record, const struct incident *i)
{
	cJSON *list = i->unheard_len ? cJSON_CreateStringArray(i->unheard, (int)i->unheard_len) : cJSON_CreateArray();

	return list ? json_set(record, "unheard", list) : STATUS_NOMEM;
}

static enum status make_record(struct buf *out, const char *id, const struct incident *i, struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	cJSON *record = cJSON_CreateObject();
	enum status st = record ? json_set_string(record, "schema", "incident/1") : STATUS_NOMEM;

	oid_hex(hex, &i->commit);
	if (st == STATUS_OK)
		st = json_set_string(record, "id", id);
	if (st == STATUS_OK)
		st = json_set_string(record, "restored", i->closed.restored);
	if (st == STATUS_OK)
		st = json_set_string(record, "backup", i->closed.backup);
	if (st == STATUS_OK)
		st = json_set_string(record, "commit", hex);
	if (st == STATUS_OK)
		st = json_set_integer(record, "index", i->index);
	if (st == STATUS_OK)
		st = json_set_integer(record, "known", i->known);
	if (st == STATUS_OK)
		st = add_unheard(record, i);
	if (st == STATUS_OK)
		st = json_canonical(out, record);
	cJSON_Delete(record);
	return st == STATUS_OK ? st : error_set(e, st, "cannot write the incident down: %s", status_text(st));
}

enum status incident_tell(const struct incident *i, struct practice *p, const struct view *v, const struct env *env, struct error *e)
{
	char id[ID_TEXT_LEN + 1], path[TREE_PATH_MAX];
	struct buf record = BUF_INIT;
	enum status st = id_make(id, env);

	if (st != STATUS_OK)
		return error_set(e, st, "the system gives no random numbers");
	(void)snprintf(path, sizeof(path), "incidents/%s.json", id);
	st = make_record(&record, id, i, e);
	if (st == STATUS_OK)
		st = host_add_record(p, v, path, &record, "Restored from a backup", env, e);
	buf_clear(&record);
	return st;
}
