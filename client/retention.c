/* client/retention.c - see retention.h. */
#include "client/retention_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/build.h"
#include "client/erase.h"
#include "client/files.h"
#include "client/limits.h"

#define RETENTION_FILE "retention.json"
#define SCHEMA "retention/1"

/* ---- days ---- */

void retention_day(char out[11], const char day[11], int64_t months)
{
	int64_t count = strtol(day, NULL, 10) * 12 + strtol(day + 5, NULL, 10) - 1 - months;
	unsigned last = (unsigned)strtol(day + 8, NULL, 10);

	if (count < 12)
		count = 12;
	do
		(void)snprintf(out, 11, "%04u-%02u-%02u", (unsigned)(count / 12) % 10000u, (unsigned)(count % 12) + 1, last % 100u);
	while (!date_valid(out) && --last > 0);
}

/* ---- how long ---- */

enum status retention_months(int64_t *out, struct qip *q, struct error *e)
{
	cJSON *record = NULL, *claims = NULL;
	const cJSON *claim;
	int64_t longest = 0, months = 0;
	enum status st = qip_read(&record, q, "practice.json", e);

	if (st != STATUS_OK)
		return st;
	claims = record_claims(record, "retention_months");
	cJSON_ArrayForEach(claim, claims)
	{
		if (json_integer(claim, "value", &months) && months > longest && months <= RETENTION_MONTHS_MAX)
			longest = months;
	}
	*out = longest > 0 ? longest : RETENTION_MONTHS;
	cJSON_Delete(claims);
	cJSON_Delete(record);
	return STATUS_OK;
}

/* ---- the note ---- */

static void read_oid(struct oid *out, const struct qip *q, const cJSON *file, const char *member)
{
	const char *hex = json_string(file, member);

	if (!hex || oid_parse(out, hex, strlen(hex)) != STATUS_OK || !repo_has(q->repo, out))
		*out = (struct oid){{0}}; /* of a history that is not this one, after a restore: all is looked at */
}

static struct retention_note read_note(const struct qip *q)
{
	struct retention_note n = {.months = 0};
	cJSON *file = NULL;
	const char *day = NULL;

	if (files_read_json(&file, q->dir, RETENTION_FILE, NULL) == STATUS_OK) {
		day = json_string(file, "day");
		if (day && date_valid(day))
			memcpy(n.day, day, sizeof(n.day));
		(void)json_integer(file, "months", &n.months);
		read_oid(&n.merge, q, file, "merge");
		read_oid(&n.triage, q, file, "triage");
		read_oid(&n.erasures, q, file, "erasures");
	}
	cJSON_Delete(file);
	return n;
}

static void build_oid(enum status *st, cJSON *file, const char *member, const struct oid *id)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, id);
	build_string(st, file, member, hex);
}

static enum status write_note(const struct retention_note *n, const struct qip *q, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *file = build_object(&st);

	build_string(&st, file, "schema", SCHEMA);
	build_integer(&st, file, "months", n->months);
	build_string(&st, file, "day", n->day);
	build_oid(&st, file, "merge", &n->merge);
	build_oid(&st, file, "triage", &n->triage);
	build_oid(&st, file, "erasures", &n->erasures);
	st = st == STATUS_OK ? files_write_json(q->dir, RETENTION_FILE, file, 0600, e) : error_set(e, st, "out of memory");
	cJSON_Delete(file);
	return st;
}

static bool is_same(const struct retention_note *a, const struct retention_note *b)
{
	return a->months == b->months && strcmp(a->day, b->day) == 0 && oid_equal(&a->merge, &b->merge) && oid_equal(&a->triage, &b->triage) &&
	       oid_equal(&a->erasures, &b->erasures);
}

/* ---- the records ---- */

/* One record after the other, each full before the next is begun. */
struct packing {
	struct qip *q;
	struct qip_edit *edit;
	const char *reason;
	struct erase_what what; /* its arrays are owned */
};

static bool has(const cJSON *list, const char *text)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
	{
		if (strcmp(item->valuestring, text) == 0)
			return true;
	}
	return false;
}

static enum status begin_record(struct packing *p, struct error *e)
{
	p->what = (struct erase_what){.answers = cJSON_CreateArray(), .devices = cJSON_CreateArray(), .blobs = cJSON_CreateArray()};
	return p->what.answers && p->what.devices && p->what.blobs ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static void drop_record(struct packing *p)
{
	cJSON_Delete(p->what.answers);
	cJSON_Delete(p->what.devices);
	cJSON_Delete(p->what.blobs);
	p->what = (struct erase_what){.feedback = NULL};
}

static enum status end_record(struct packing *p, struct error *e)
{
	char id[ID_TEXT_LEN + 1];
	enum status st = cJSON_GetArraySize(p->what.blobs) > 0 ? erase_put(id, p->edit, p->q, &p->what, p->reason, e) : STATUS_OK;

	drop_record(p);
	return st;
}

static enum status add_text(cJSON *list, const char *text, struct error *e)
{
	cJSON *item = NULL;

	if (!text[0] || has(list, text))
		return STATUS_OK;
	item = cJSON_CreateString(text);
	if (item && cJSON_AddItemToArray(list, item))
		return STATUS_OK;
	cJSON_Delete(item);
	return error_set(e, STATUS_NOMEM, "out of memory");
}

static bool is_full(const cJSON *list, const char *next)
{
	return next[0] && cJSON_GetArraySize(list) == ERASE_BLOBS_MAX && !has(list, next);
}

static enum status pack(struct packing *p, const struct retained *item, struct error *e)
{
	enum status st = STATUS_OK;

	if (is_full(p->what.blobs, item->hex) || is_full(p->what.answers, item->id) || is_full(p->what.devices, item->device)) {
		st = end_record(p, e);
		if (st == STATUS_OK)
			st = begin_record(p, e);
	}
	if (st == STATUS_OK)
		st = add_text(p->what.blobs, item->hex, e);
	if (st == STATUS_OK)
		st = add_text(p->what.answers, item->id, e);
	return st == STATUS_OK ? add_text(p->what.devices, item->device, e) : st;
}

static int by_id(const void *a, const void *b)
{
	const struct retained *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	return order != 0 ? order : strcmp(x->hex, y->hex);
}

static enum status put_all(struct qip_edit *edit, struct qip *q, struct retained_list *list, const char *reason, struct error *e)
{
	struct packing p = {.q = q, .edit = edit, .reason = reason};
	enum status st = begin_record(&p, e);

	if (list->len > 1)
		qsort(list->items, list->len, sizeof(*list->items), by_id);
	for (size_t i = 0; st == STATUS_OK && i < list->len; i++)
		st = pack(&p, &list->items[i], e);
	if (st == STATUS_OK)
		return end_record(&p, e);
	drop_record(&p);
	return st;
}

static enum status write_records(struct qip *q, struct retained_list *due, struct retained_list *late, struct error *e)
{
	struct qip_edit *edit = NULL;
	enum status st = qip_edit_begin(&edit, q, NULL, e);

	if (st != STATUS_OK)
		return st;
	st = put_all(edit, q, due, RETENTION_REASON, e);
	if (st == STATUS_OK)
		st = put_all(edit, q, late, RETENTION_LATE, e);
	if (st != STATUS_OK) {
		qip_edit_abort(edit);
		return st;
	}
	st = qip_edit_commit(edit, "Erase free text", e);
	return st == STATUS_OK ? erase_carry_out(NULL, q, e) : st;
}

/* ---- a visit ---- */

/* Once a day, or when the practice says another time; *note is as it is to be when the records are written. */
static enum status find_due(struct retained_list *out, struct retention_note *note, struct qip *q, int64_t now_ms, struct error *e)
{
	char today[11], day[11], midnight[TIME_TEXT_MAX];
	struct oid merge;
	int64_t months = 0, day_ms = 0;
	bool more = false;
	enum status st = retention_months(&months, q, e);

	date_format(today, now_ms);
	if (st != STATUS_OK || (strcmp(today, note->day) == 0 && months == note->months))
		return st;
	retention_day(day, today, months);
	(void)snprintf(midnight, sizeof(midnight), "%sT00:00:00.000Z", day);
	if (time_parse(&day_ms, midnight) != STATUS_OK)
		day_ms = 0;
	st = retention_merge(&merge, q, &note->merge, day_ms, e);
	if (st == STATUS_OK && !oid_is_zero(&merge) && !oid_equal(&merge, &note->merge))
		st = retention_due(out, &more, q, &note->merge, &merge, e);
	if (st == STATUS_OK && out->len > 0)
		st = retention_add_released(out, q, e);
	if (st != STATUS_OK || more)
		return st; /* the next visit goes on */
	memcpy(note->day, today, sizeof(today));
	note->months = months;
	note->merge = oid_is_zero(&merge) ? note->merge : merge;
	return STATUS_OK;
}

/* Two lists of bytes: an answer's comment counts, and a text that was released too late. */
static uint64_t count(const struct retained_list *due, const struct retained_list *late)
{
	uint64_t n = late->len;

	for (size_t i = 0; i < due->len; i++)
		n += due->items[i].device[0] != '\0';
	return n;
}

/* One that has ended writes nothing more. */
static enum status may_erase(bool *out, struct qip *q, struct error *e)
{
	const struct registry *reg = NULL;
	const struct device *own = NULL;
	enum status st = q->identity.role == ROLE_MANAGER ? view_registry(&reg, q, e) : STATUS_OK;

	own = st == STATUS_OK && reg ? registry_find(reg, q->identity.device) : NULL;
	*out = own && !own->retired && !own->revoked;
	return st;
}

enum status retention_run(uint64_t *erased, struct qip *q, int64_t server_ms, struct error *e)
{
	struct retained_list due = {.len = 0}, late = {.len = 0};
	int64_t own_ms = q->env->now_ms(q->env->ctx);
	struct retention_note before, note;
	bool may = false;
	enum status st = may_erase(&may, q, e);

	*erased = 0;
	if (st != STATUS_OK || !may)
		return st;
	before = note = read_note(q);
	st = erase_carry_out(NULL, q, e); /* so that what is erased is known */
	if (st == STATUS_OK)
		st = find_due(&due, &note, q, own_ms < server_ms ? own_ms : server_ms, e);
	if (st == STATUS_OK)
		st = retention_late(&late, &note, q, e);
	if (st == STATUS_OK && due.len + late.len > 0)
		st = write_records(q, &due, &late, e);
	if (st == STATUS_OK)
		*erased = count(&due, &late);
	if (st == STATUS_OK && !is_same(&before, &note))
		st = write_note(&note, q, e);
	free(due.items);
	free(late.items);
	return st;
}
