/* client/cli/claims.c - see claims.h. What is printed of a conflict is in claims_print.c. */
#include "client/cli/claims.h"

#include <stdlib.h>
#include <string.h>

#include "client/cli/fields.h"

enum status claims_view_open(struct claims_view *out, struct cli *c, struct error *e)
{
	enum status st;

	*out = (struct claims_view){.c = c};
	st = rules_get(&out->rules, RULES_VERSION, e);
	if (st == STATUS_OK)
		st = plan_read(&out->plan, c, "qip", e);
	if (st == STATUS_OK)
		st = qip_registry(&out->registry, c->q, e);
	if (st == STATUS_OK)
		st = sites_read(&out->sites, c->q, e);
	return st;
}

void claims_view_close(struct claims_view *v)
{
	registry_clear(&v->registry);
	plan_clear(&v->plan);
	free(v->received);
	v->received = NULL;
}

const char *claims_site(const struct claims_view *v, const cJSON *claim)
{
	const struct device *d = registry_find(&v->registry, text_of(claim, "device"));

	return d ? d->site : "";
}

enum status claims_of_site(const cJSON **out, const struct claims_view *v, const cJSON *claims, const char *site)
{
	const cJSON *claim, *value = NULL;

	cJSON_ArrayForEach(claim, claims)
	{
		if (strcmp(claims_site(v, claim), site) != 0)
			continue;
		if (value && !json_equal(value, json_get(claim, "value")))
			return STATUS_INVALID;
		value = json_get(claim, "value");
	}
	if (!value)
		return STATUS_NOT_FOUND;
	*out = value;
	return STATUS_OK;
}

/* ---- when the server had them ---- */

static enum status note_one(struct claims_view *v, const char *path, const cJSON *claim, struct error *e)
{
	struct received *x = NULL;

	if (v->received_len == RECEIVED_MAX_EDITS)
		return STATUS_OK;
	if (v->received_len % 64 == 0) {
		struct received *more = realloc(v->received, (v->received_len + 64) * sizeof(*more));

		if (!more)
			return error_set(e, STATUS_NOMEM, "out of memory");
		v->received = more;
	}
	x = &v->received[v->received_len++];
	*x = (struct received){.sent = false};
	(void)snprintf(x->path, sizeof(x->path), "%s", path);
	(void)snprintf(x->edit, sizeof(x->edit), "%s", text_of(claim, "id"));
	return STATUS_OK;
}

enum status claims_note_received(struct claims_view *v, const char *path, const cJSON *record, struct error *e)
{
	const cJSON *slot, *claim;
	enum status st = STATUS_OK;

	cJSON_ArrayForEach(slot, json_get(record, "conflicts"))
	{
		cJSON_ArrayForEach(claim, slot)
		{
			if (st == STATUS_OK)
				st = note_one(v, path, claim, e);
		}
	}
	return st;
}

enum status claims_find_received(struct claims_view *v, struct error *e)
{
	struct oid main;
	enum status st = v->received_len > 0 ? qip_main(&main, v->c->q, e) : STATUS_NOT_FOUND;

	if (st == STATUS_OK)
		st = received_find(v->received, v->received_len, qip_repo(v->c->q), &main, e);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

const struct received *claims_received(const struct claims_view *v, const char *id)
{
	for (size_t i = 0; i < v->received_len; i++)
		if (strcmp(v->received[i].edit, id) == 0)
			return &v->received[i];
	return NULL;
}

/* ---- why ---- */

static bool is_shown(const cJSON *record, const char *slot, const cJSON *claim)
{
	const cJSON *shown = slot_value(record, slot), *value = json_get(claim, "value");

	if (!shown)
		return !value || cJSON_IsNull(value);
	return json_equal(value, shown) || (strchr(slot, '/') && cJSON_IsString(shown) && cJSON_IsTrue(value)); /* an element of a set */
}

/* The highest edit number of the claims that show, or of the others. */
static int64_t highest_number(const cJSON *record, const char *slot, const cJSON *claims, bool shown)
{
	int64_t best = 0, n = 0;
	const cJSON *claim;

	cJSON_ArrayForEach(claim, claims)
	{
		if (is_shown(record, slot, claim) == shown && json_integer(claim, "n", &n) && n > best)
			best = n;
	}
	return best;
}

/* Another value is as severe as the one that shows. */
static bool is_tie(const struct claims_view *v, const cJSON *record, const char *slot, const cJSON *claims)
{
	char type[RECORD_TYPE_MAX];
	const cJSON *claim, *shown = slot_value(record, slot);

	record_type(type, record);
	cJSON_ArrayForEach(claim, claims)
	{
		if (!is_shown(record, slot, claim) && rules_compare_severity(v->rules, type, slot, json_get(claim, "value"), shown) == 0)
			return true;
	}
	return false;
}

/* How many say the same does not matter: of two values one is "the more severe of the two", be it said by three. */
static int count_values(const cJSON *claims)
{
	int n = 0;
	const cJSON *claim, *other;

	cJSON_ArrayForEach(claim, claims)
	{
		for (other = claims->child; other != claim && !json_equal(json_get(other, "value"), json_get(claim, "value"));)
			other = other->next;
		n += other == claim;
	}
	return n;
}

static void later_edit(struct buf *out, const cJSON *record, const char *slot, const cJSON *claims, int values)
{
	long long own = (long long)highest_number(record, slot, claims, true), other = (long long)highest_number(record, slot, claims, false);

	if (own > other)
		buf_addf(out, "the later edit number, %lld after %lld", own, other);
	else
		buf_addf(out, "%s are edit number %lld of this record, so the device's name decides", values == 2 ? "both" : "several", own);
}

void claims_reason(struct buf *out, const struct claims_view *v, const cJSON *record, const char *slot, const cJSON *claims)
{
	static const char *const few[] = {"none", "one", "two", "three", "four", "five"};
	char type[RECORD_TYPE_MAX], field[RECORD_SLOT_MAX];
	int values = count_values(claims);
	enum field_kind kind;

	record_type(type, record);
	(void)snprintf(field, sizeof(field), "%.*s", (int)strcspn(slot, "/"), slot);
	kind = rules_field_kind(v->rules, type, field);
	if (kind == FIELD_SET) {
		buf_adds(out, "what somebody added stays");
	} else if (kind == FIELD_SEVERITY && !is_tie(v, record, slot, claims)) {
		buf_adds(out, values == 2 ? "the more severe of the two" : "the most severe of the ");
		if (values > 2 && values < (int)ARRAY_LEN(few))
			buf_adds(out, few[values]);
		else if (values > 2)
			buf_addf(out, "%d", values);
	} else {
		if (kind == FIELD_SEVERITY)
			buf_adds(out, "they are equally severe; ");
		later_edit(out, record, slot, claims, values);
	}
}

/* ---- for programs ---- */

static void add_member(cJSON *object, const char *key, const char *text)
{
	cJSON *item = cJSON_CreateString(text);

	if (!item || !cJSON_AddItemToObject(object, key, item))
		cJSON_Delete(item);
}

cJSON *claims_json(const struct claims_view *v, const char *path, const cJSON *record, const char *slot)
{
	cJSON *out = cJSON_CreateObject(), *claims = record_claims(record, slot);
	const cJSON *shown = slot_value(record, slot);
	struct buf why = BUF_INIT;
	cJSON *claim;
	char label[80];

	plan_label(label, sizeof(label), record);
	claims_reason(&why, v, record, slot, claims);
	cJSON_ArrayForEach(claim, claims)
	{
		const struct received *when = claims_received(v, text_of(claim, "id"));

		add_member(claim, "site", claims_site(v, claim));
		if (when)
			add_member(claim, "received", when->at);
	}
	put_string(&out, "ref", label);
	put_string(&out, "path", path);
	put_string(&out, "id", text_of(record, "id"));
	put_string(&out, "schema", text_of(record, "schema"));
	put_string(&out, "slot", slot);
	put_item(&out, "shown", shown ? cJSON_Duplicate(shown, true) : cJSON_CreateNull());
	put_string(&out, "why", buf_text(&why));
	put_item(&out, "claims", claims);
	buf_clear(&why);
	return out;
}
