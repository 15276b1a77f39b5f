/* client/cli/resolve.c - qip resolve: a person's choice between the values of a conflict, or another one. */
#include <string.h>

#include "client/cli/change.h"
#include "client/cli/claims.h"
#include "client/cli/fields.h"
#include "client/cli/plan.h"
#include "client/cli/resolve_all.h"
#include "client/cli/tell.h"

const struct arg_option options_resolve[] = {
	{"value", "VALUE", "this value, be it one of the claims or another; \"\" for none", false},
	{"claim", "N", "the value of claim N as \"qip conflicts\" numbers them", false},
	{"site", "SITE", "the value that this site's device set", false},
	{"all-of", "SITE", "every open conflict: the value that this site's devices set", false},
	{"effective", "DAY", "the day it speaks of, YYYY-MM-DD; today unless given", false},
	EVEN_SO_OPTION,
	{NULL, NULL, NULL, false},
};

struct choice {
	struct cli *c;
	const cJSON *record;
	char slot[RECORD_SLOT_MAX];
	cJSON *value; /* owned until set; what the person chose */
};

/* ---- a value in words ---- */

/* The claim whose value is typed so, as "qip conflicts" says to; NULL for none. */
static const cJSON *typed_claim(const cJSON *claims, const char *slot, const char *text)
{
	const cJSON *claim, *found = NULL;

	cJSON_ArrayForEach(claim, claims)
	{
		const cJSON *value = json_get(claim, "value");
		struct buf typed = BUF_INIT;

		if (cJSON_IsString(value) ? strcmp(value->valuestring, text) == 0
					  : tell_typed(&typed, slot, value) && strcmp(buf_text(&typed), text) == 0)
			found = claim;
		buf_clear(&typed);
		if (found)
			break;
	}
	return found;
}

/* Of a field that has no table of its own: what is of the kind of the values that are there. The schema has the last word. */
static enum status parse_alike(cJSON **out, const cJSON *claims, const char *slot, const char *text, struct error *e)
{
	const cJSON *like = NULL, *claim;

	cJSON_ArrayForEach(claim, claims)
	{
		if (!cJSON_IsNull(json_get(claim, "value")))
			like = json_get(claim, "value");
	}
	if (cJSON_IsString(like))
		*out = cJSON_CreateString(text);
	else if (cJSON_IsBool(like) && (strcmp(text, "yes") == 0 || strcmp(text, "no") == 0))
		*out = cJSON_CreateBool(text[0] == 'y');
	else if (cJSON_IsNumber(like))
		return json_parse(out, text, strlen(text), e);
	else
		return error_set(e, STATUS_USAGE, "please choose one of the values of %s: --claim N, see \"qip conflicts\"", slot);
	return *out ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static const struct field *find_field(const cJSON *record, const char *slot)
{
	char type[RECORD_TYPE_MAX];

	record_type(type, record);
	if (strchr(slot, '/') || (strcmp(type, "action") != 0 && strcmp(type, "inspection") != 0))
		return NULL;
	return field_find(type[0] == 'a' ? fields_action : fields_inspection, slot, strlen(slot));
}

static enum status parse_value(cJSON **out, struct choice *ch, const cJSON *claims, const char *text, struct error *e)
{
	const struct field *f = find_field(ch->record, ch->slot);
	const cJSON *claim = typed_claim(claims, ch->slot, text);
	struct sites sites;
	enum status st;

	if (claim)
		return (*out = cJSON_Duplicate(json_get(claim, "value"), true)) ? STATUS_OK : STATUS_NOMEM;
	if (!text[0] && !strchr(ch->slot, '/'))
		return (*out = cJSON_CreateNull()) ? STATUS_OK : STATUS_NOMEM;
	if (!f)
		return parse_alike(out, claims, ch->slot, text, e);
	st = sites_read(&sites, ch->c->q, e);
	return st == STATUS_OK ? field_parse(out, f, text, &sites, e) : st;
}

/* ---- which value ---- */

static enum status take_claim(cJSON **out, const cJSON *claims, const char *text, struct error *e)
{
	size_t digits = strspn(text, "0123456789");
	int n = 0;

	for (size_t i = 0; i < digits && i < 3; i++)
		n = n * 10 + (text[i] - '0');
	if (digits == 0 || digits > 3 || text[digits] || n < 1 || n > cJSON_GetArraySize(claims))
		return error_set(e, STATUS_USAGE, "--claim \"%.20s\" is not a number from 1 to %d", text,
				 cJSON_GetArraySize(claims));
	*out = cJSON_Duplicate(json_get(cJSON_GetArrayItem(claims, n - 1), "value"), true);
	return *out ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

/* The one value that devices of the site claim. */
static enum status take_site(cJSON **out, struct choice *ch, const cJSON *claims, const char *text, struct error *e)
{
	struct claims_view view;
	struct sites sites;
	const char *site = NULL;
	const cJSON *value = NULL;
	enum status st = claims_view_open(&view, ch->c, e);

	if (st == STATUS_OK)
		st = sites_read(&sites, ch->c->q, e);
	if (st == STATUS_OK)
		st = sites_resolve(&site, &sites, text, e);
	if (st == STATUS_OK) {
		st = claims_of_site(&value, &view, claims, site);
		if (st == STATUS_INVALID)
			st = error_set(e, st, "two devices of %s set %s differently; please choose by --claim N", site, ch->slot);
		else if (st == STATUS_NOT_FOUND)
			st = error_set(e, st, "no claim of %s comes from %s; \"qip conflicts\" shows them", ch->slot, site);
	}
	if (st == STATUS_OK)
		st = (*out = cJSON_Duplicate(value, true)) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
	claims_view_close(&view);
	return st;
}

static enum status choose(struct choice *ch, const cJSON *claims, struct error *e)
{
	const struct args *a = &ch->c->args;
	const char *value = args_get(a, "value"), *claim = args_get(a, "claim"), *site = args_get(a, "site");

	if ((value != NULL) + (claim != NULL) + (site != NULL) != 1)
		return error_set(e, STATUS_USAGE,
				 "please say which value holds, by one of --value VALUE, --claim N and --site SITE");
	if (value)
		return parse_value(&ch->value, ch, claims, value, e);
	return claim ? take_claim(&ch->value, claims, claim, e) : take_site(&ch->value, ch, claims, site, e);
}

static enum status apply_choice(void *ctx, cJSON *record, const struct stamp *stamp, struct error *e)
{
	struct choice *ch = ctx;
	cJSON *value = ch->value;

	ch->value = NULL;
	return record_set(record, ch->slot, value, stamp, e);
}

/* "due-date" is typed for "due_date"; what follows a '/' stays as it is. */
static void read_slot(char out[RECORD_SLOT_MAX], const char *text)
{
	(void)snprintf(out, RECORD_SLOT_MAX, "%s", text);
	for (size_t i = 0, len = strcspn(out, "/"); i < len; i++)
		if (out[i] == '-')
			out[i] = '_';
}

enum status cmd_resolve(struct cli *c, struct error *e)
{
	struct choice ch = {.c = c};
	const char *effective = NULL;
	char path[TREE_PATH_MAX], subject[300], label[40], told[RECORD_SLOT_MAX + 32];
	cJSON *record = NULL, *claims = NULL, *after = NULL;
	enum status st = args_day(&effective, &c->args, "effective", e);

	if (st == STATUS_OK && args_has(&c->args, "all-of"))
		return resolve_all(c, effective, e);
	if (!cli_word(c, 1))
		return error_set(e, STATUS_USAGE, "please name a record and its field, as \"qip conflicts\" does: qip resolve REF FIELD");
	read_slot(ch.slot, cli_word(c, 1));
	if (st == STATUS_OK)
		st = cli_open(c, e);
	if (st == STATUS_OK)
		st = plan_find_any(path, &record, c, cli_word(c, 0), e);
	if (st == STATUS_OK && !json_get(json_get(record, "conflicts"), ch.slot))
		st = error_set(e, STATUS_NOT_FOUND, "%s of %.40s is not in conflict; \"qip conflicts\" shows what is",
			       ch.slot, cli_word(c, 0));
	if (st == STATUS_OK)
		st = (claims = record_claims(record, ch.slot)) ? STATUS_OK
							       : error_set(e, STATUS_NOMEM, "out of memory");
	ch.record = record;
	if (st == STATUS_OK)
		st = choose(&ch, claims, e);
	if (st == STATUS_OK) {
		change_label(label, sizeof(label), record);
		(void)snprintf(subject, sizeof(subject), "Resolve %s of %s", ch.slot, label);
		st = change_record(c, path, record, effective, subject, apply_choice, &ch, &after, e);
	}
	(void)snprintf(told, sizeof(told), "%s is settled. Next: qip sync", ch.slot);
	if (st == STATUS_OK)
		st = change_tell(c, after, told, e);
	cJSON_Delete(ch.value);
	cJSON_Delete(claims);
	cJSON_Delete(record);
	cJSON_Delete(after);
	return st;
}
