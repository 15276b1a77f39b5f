/* tests/sim/edit.c - what people write at their sites, by the client's own library; each edit goes into the ledger as it is made. */
#include <string.h>

#include "tests/sim/act.h"

/* ---- edits ---- */

static cJSON *skeleton(const struct record_kind_of_run *k, const char *id)
{
	cJSON *record = cJSON_CreateObject();
	char schema[64];

	(void)snprintf(schema, sizeof(schema), "%s/1", k->type);
	(void)cJSON_AddStringToObject(record, "schema", schema);
	(void)cJSON_AddStringToObject(record, k->name_member, id);
	return record;
}

/* The slot of this record was set by the deed at hand: another edit of it would be one edit too many. */
static bool is_set(const struct run *r, unsigned record, const char *slot)
{
	const struct ledger *l = &r->ledger;

	for (size_t i = 0; i < l->claims_len; i++)
		if (l->claims[i].deed == l->deeds_len - 1 && l->claims[i].record == record && strcmp(l->claims[i].slot, slot) == 0)
			return true;
	return false;
}

static enum status append(struct run *r, cJSON *record, unsigned number, const char *field, cJSON *entry, struct stamp *stamp,
			  struct error *e)
{
	enum status st = record_append(record, field, entry, stamp, e);

	if (st == STATUS_OK)
		ledger_entry(&r->ledger, number, field, stamp->id, json_get(json_get(record, field), stamp->id));
	return st;
}

/* One change, into the record and into the ledger. */
static enum status make_change(struct run *r, struct qip_edit *edit, cJSON *record, unsigned number, const struct change *c,
			       struct error *e)
{
	const struct record_kind_of_run *k = fields_record(number);
	const struct field *f = &k->fields[c->field % k->fields_len];
	struct stamp stamp;
	char slot[RECORD_SLOT_MAX];
	enum status st = qip_edit_stamp(&stamp, edit, e);

	fields_slot(slot, sizeof(slot), f, c->key);
	if (st != STATUS_OK)
		return st;
	if (f->shape == SHAPE_ENTRY)
		return append(r, record, number, f->name, fields_value(f, c->value), &stamp, e);
	return is_set(r, number, slot) ? STATUS_OK : act_set(r, record, number, slot, fields_value(f, c->value), &stamp, e);
}

static enum status make_changes(struct run *r, struct qip_edit *edit, cJSON *record, const struct step *s, struct error *e)
{
	const char *required = fields_required(s->record);
	struct stamp stamp;
	enum status st = STATUS_OK;

	if (s->kind == STEP_CREATE && required) {
		st = qip_edit_stamp(&stamp, edit, e);
		if (st == STATUS_OK) /* few labels, so that equal ones are made offline */
			st = act_set(r, record, s->record, required,
				      cJSON_CreateString(s->pick % 2 ? "QIP-07" : "QIP-08"), &stamp, e);
	}
	for (unsigned i = 0; st == STATUS_OK && i < s->changes_len; i++)
		st = make_change(r, edit, record, s->record, &s->changes[i], e);
	return st;
}

/* A deletion that will be refused hides it: nobody makes it anew. */
static bool is_hidden(struct run *r, const struct site *site, unsigned record)
{
	const struct ledger *l = &r->ledger;
	struct oid main, tree, id;

	for (size_t i = 0; i < l->claims_len; i++)
		if (l->claims[i].record == record && strcmp(l->claims[i].device, site->name) == 0)
			return true;
	return qip_main(&main, site->q, NULL) == STATUS_OK && home_tree_of(&tree, site->q, &main, NULL) == STATUS_OK &&
	       tree_find(&id, NULL, site->q->repo, &tree, l->paths[record], NULL) == STATUS_OK;
}

/* The record as the site sees it, or a new one where its name alone makes it; NULL when there is nothing to edit. */
static cJSON *find_record(struct run *r, const struct step *s, struct qip_edit *edit)
{
	const struct record_kind_of_run *k = fields_record(s->record);
	char *path = r->ledger.paths[s->record];
	struct stamp stamp;
	cJSON *record = NULL;

	if (s->kind == STEP_CREATE && !path[0] && qip_edit_stamp(&stamp, edit, NULL) == STATUS_OK) {
		(void)snprintf(path, TREE_PATH_MAX, "%s/%s.json", k->folder, stamp.id);
		return skeleton(k, stamp.id);
	}
	if (k->named && !path[0])
		(void)snprintf(path, TREE_PATH_MAX, "%s/%s.json", k->folder, k->named);
	if (!path[0] || s->kind == STEP_CREATE)
		return NULL;
	if (qip_read(&record, act_site(r, s->site)->q, path, NULL) == STATUS_OK)
		return record;
	return k->named && !is_hidden(r, act_site(r, s->site), s->record) ? skeleton(k, k->named) : NULL;
}

void edit_make(struct run *r, const struct step *s)
{
	struct qip *q = act_site(r, s->site)->q;
	struct qip_edit *edit = NULL;
	struct error e = {0};
	cJSON *record = NULL;
	char subject[32];
	size_t deed = act_begin_deed(r, s);
	enum status st = qip_edit_begin(&edit, q, ACT_DAY, &e);

	act_subject(subject, r);
	if (st == STATUS_OK)
		record = find_record(r, s, edit);
	if (st == STATUS_OK && record)
		st = make_changes(r, edit, record, s, &e);
	if (st == STATUS_OK && record)
		st = qip_edit_put(edit, r->ledger.paths[s->record], record, &e);
	if (st != STATUS_OK || !record) {
		qip_edit_abort(edit);
		ledger_undo(&r->ledger);
		if (st != STATUS_OK && !(act_is_return(s->record) && (st == STATUS_DENIED || st == STATUS_INVALID)))
			run_finding(r, "edit", "%s cannot edit %s: %s", act_site(r, s->site)->name, r->ledger.paths[s->record], e.text);
		cJSON_Delete(record);
		return;
	}
	r->ledger.deeds[deed].may_fail = act_is_return(s->record);
	if (qip_edit_commit(edit, subject, &e) != STATUS_OK)
		run_finding(r, "commit", "%s cannot commit: %s", act_site(r, s->site)->name, e.text);
	cJSON_Delete(record);
}

/* ---- resolving ---- */

struct picked {
	unsigned left;
	cJSON *value; /* owned; a copy */
};

static void pick_value(void *ctx, const cJSON *claim, const cJSON *value)
{
	struct picked *p = ctx;

	(void)claim;
	if (p->left-- == 0)
		p->value = value ? cJSON_Duplicate(value, true) : cJSON_CreateNull();
}

static unsigned conflicts_seen(struct run *r, struct qip *q, unsigned record, cJSON **out)
{
	if (!r->ledger.paths[record][0] || qip_read(out, q, r->ledger.paths[record], NULL) != STATUS_OK)
		return 0;
	return (unsigned)cJSON_GetArraySize(json_get(*out, "conflicts"));
}

static enum status settle_slot(struct run *r, const struct step *s, cJSON *record, unsigned number, const char *slot, struct error *e)
{
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	struct picked picked = {.left = s->pick % 3};
	char subject[32];
	enum status st = qip_edit_begin(&edit, act_site(r, s->site)->q, ACT_DAY, e);

	ledger_each_claim(record, slot, pick_value, &picked);
	if (!picked.value)
		picked.value = fields_value(fields_of_slot(number, slot), s->pick);
	act_subject(subject, r);
	if (st == STATUS_OK)
		st = qip_edit_stamp(&stamp, edit, e);
	if (st == STATUS_OK)
		st = act_set(r, record, number, slot, picked.value, &stamp, e);
	if (st == STATUS_OK)
		st = qip_edit_put(edit, r->ledger.paths[number], record, e);
	if (st == STATUS_OK)
		return qip_edit_commit(edit, subject, e);
	qip_edit_abort(edit);
	return st;
}

void edit_resolve(struct run *r, const struct step *s)
{
	struct error e = {0};

	for (unsigned i = 0; i < RECORDS; i++) {
		unsigned number = (s->pick + i) % RECORDS, n = 0;
		cJSON *record = NULL;
		char slot[RECORD_SLOT_MAX];
		size_t deed = 0;
		enum status st = STATUS_OK;

		n = conflicts_seen(r, act_site(r, s->site)->q, number, &record);
		if (n > 0) {
			(void)snprintf(slot, sizeof(slot), "%s",
				       cJSON_GetArrayItem(json_get(record, "conflicts"), (int)(s->pick % n))->string);
			deed = act_begin_deed(r, s);
			r->ledger.deeds[deed].may_fail = act_is_return(number);
			st = settle_slot(r, s, record, number, slot, &e);
			r->counts.conflicts++;
			if (st != STATUS_OK)
				ledger_undo(&r->ledger);
			if (st != STATUS_OK && !act_is_return(number))
				run_finding(r, "resolve", "%s cannot settle %s: %s", act_site(r, s->site)->name, slot, e.text);
		}
		cJSON_Delete(record);
		if (n > 0)
			return;
	}
}
