/* client/cli/claims.c - see claims.h. */
#include "client/cli/claims.h"

#include <string.h>

#include "client/cli/fields.h"
#include "client/cli/plan.h"
#include "client/cli/text.h"

enum status claims_view_open(struct claims_view *out, struct cli *c, struct error *e)
{
	enum status st;

	*out = (struct claims_view){.c = c};
	st = rules_get(&out->rules, RULES_VERSION, e);
	if (st == STATUS_OK)
		st = qip_registry(&out->registry, c->q, e);
	return st;
}

void claims_view_close(struct claims_view *v)
{
	registry_clear(&v->registry);
}

static const char *member(const cJSON *claim, const char *key)
{
	const char *text = json_string(claim, key);

	return text ? text : "";
}

const char *claims_site(const struct claims_view *v, const cJSON *claim)
{
	const struct device *d = registry_find(&v->registry, member(claim, "device"));

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

const char *claims_reason(const struct claims_view *v, const cJSON *record, const char *slot)
{
	char type[RECORD_TYPE_MAX], field[RECORD_SLOT_MAX];
	enum field_kind kind;

	record_type(type, record);
	(void)snprintf(field, sizeof(field), "%.*s", (int)strcspn(slot, "/"), slot);
	kind = rules_field_kind(v->rules, type, field);
	if (kind == FIELD_SEVERITY)
		return "the more severe shows until somebody decides";
	if (kind == FIELD_SET)
		return "what somebody added stays until somebody decides";
	return "the edit with the highest number shows until somebody decides";
}

void claims_show(struct buf *out, const char *slot, const cJSON *claim)
{
	const cJSON *value = json_get(claim, "value");

	if (strchr(slot, '/') && cJSON_IsNull(value))
		buf_adds(out, "removed");
	else if (cJSON_IsTrue(value))
		buf_adds(out, "added");
	else
		field_show(out, value);
}

static void add_row(struct table *t, const struct claims_view *v, const char *slot, const cJSON *claim, int number)
{
	struct buf value = BUF_INIT;
	char text[16], at[17];

	(void)snprintf(text, sizeof(text), "%d", number);
	(void)snprintf(at, sizeof(at), "%.10s %.5s", member(claim, "at"),
		       strlen(member(claim, "at")) > 16 ? member(claim, "at") + 11 : "");
	claims_show(&value, slot, claim);
	table_add(t, (const char *const[]){text, buf_text(&value), member(claim, "device"), claims_site(v, claim),
					   member(claim, "by"), member(claim, "effective"), at});
	buf_clear(&value);
}

static void print_shown(const struct claims_view *v, const cJSON *record, const char *slot)
{
	struct buf line = BUF_INIT;
	const cJSON *value = slot_value(record, slot);

	buf_adds(&line, "Shows: ");
	field_show(&line, value);
	buf_addf(&line, " (%s)", claims_reason(v, record, slot));
	text_wrap(v->c->out, buf_text(&line), 0);
	buf_clear(&line);
}

enum status claims_print(const struct claims_view *v, const cJSON *record, const char *slot, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "Claim", .right = true},
		{.title = "Value", .gives = 2},
		{.title = "Device", .gives = 1},
		{.title = "Site", .gives = 1},
		{.title = "By"},
		{.title = "For"},
		{.title = "Entered"},
	};
	cJSON *claims = record_claims(record, slot);
	const cJSON *claim;
	char label[80], handle[80], title[RECORD_SLOT_MAX + 80];
	struct table t;
	int number = 1;
	enum status st;

	if (!claims)
		return error_set(e, STATUS_NOMEM, "out of memory");
	plan_label(label, sizeof(label), record);
	slot_title(title, sizeof(title), slot);
	fprintf(v->c->out, v->c->bold ? "\033[1m%s\033[0m  %s\n" : "%s  %s\n", label, title);
	table_init(&t, columns, ARRAY_LEN(columns));
	cJSON_ArrayForEach(claim, claims) add_row(&t, v, slot, claim, number++);
	st = table_print(v->c->out, &t, false, e);
	table_clear(&t);
	cJSON_Delete(claims);
	if (st == STATUS_OK) {
		print_shown(v, record, slot);
		plan_handle(handle, sizeof(handle), record);
		fprintf(v->c->out, "Settle it: qip resolve %s %s --claim N\n", handle, slot);
	}
	return st;
}

cJSON *claims_json(const struct claims_view *v, const cJSON *record, const char *slot)
{
	cJSON *out = cJSON_CreateObject(), *claims = record_claims(record, slot);
	const cJSON *shown = slot_value(record, slot);
	cJSON *claim;
	char label[80];

	plan_label(label, sizeof(label), record);
	cJSON_ArrayForEach(claim, claims)
	{
		cJSON *site = cJSON_CreateString(claims_site(v, claim));

		if (!site || !cJSON_AddItemToObject(claim, "site", site))
			cJSON_Delete(site);
	}
	put_string(&out, "ref", label);
	put_string(&out, "id", member(record, "id"));
	put_string(&out, "schema", member(record, "schema"));
	put_string(&out, "slot", slot);
	put_item(&out, "shown", shown ? cJSON_Duplicate(shown, true) : cJSON_CreateNull());
	put_string(&out, "why", claims_reason(v, record, slot));
	put_item(&out, "claims", claims);
	return out;
}
