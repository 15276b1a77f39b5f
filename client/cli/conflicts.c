/* client/cli/conflicts.c - qip conflicts, resolve: fields that two edits set differently, and a person's choice. */
#include <string.h>

#include "client/cli/change.h"
#include "client/cli/claims.h"
#include "client/cli/fields.h"
#include "client/cli/plan.h"
#include "client/cli/resolve_all.h"

const struct arg_option options_resolve[] = {
	{"value", "VALUE", "this value, be it one of the claims or another; \"\" for none", false},
	{"claim", "N", "the value of claim N as \"qip conflicts\" numbers them", false},
	{"site", "SITE", "the value that this site's device set", false},
	{"all-of", "SITE", "every open conflict: the value that this site's devices set", false},
	{"effective", "DAY", "the day it speaks of, YYYY-MM-DD; today unless given", false},
	{NULL, NULL, NULL, false},
};

/* ---- conflicts ---- */

struct listing {
	struct claims_view view;
	cJSON *json;
	uint64_t slots;
};

static enum status add_record(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct listing *l = ctx;
	const char *slot;
	enum status st = STATUS_OK;

	(void)path;
	for (size_t i = 0; st == STATUS_OK && (slot = record_conflict(record, i)) != NULL; i++) {
		if (l->view.c->json) {
			push_item(&l->json, claims_json(&l->view, record, slot));
			continue;
		}
		if (l->slots++ > 0)
			fputc('\n', l->view.c->out);
		st = claims_print(&l->view, record, slot, e);
	}
	return st;
}

enum status cmd_conflicts(struct cli *c, struct error *e)
{
	static const char *const folders[] = {"inspections/", "sites/"};
	struct listing l = {.json = cJSON_CreateArray()};
	struct plan p = PLAN_INIT;
	cJSON *practice = NULL;
	enum status st = plan_read(&p, c, "qip", e);

	if (st == STATUS_OK)
		st = claims_view_open(&l.view, c, e);
	for (size_t i = 0; i < p.len && st == STATUS_OK; i++)
		st = add_record(&l, p.items[i].path, p.items[i].record, e);
	for (size_t i = 0; i < ARRAY_LEN(folders) && st == STATUS_OK; i++)
		st = qip_each(c->q, folders[i], add_record, &l, e);
	if (st == STATUS_OK)
		st = qip_read(&practice, c->q, "practice.json", e);
	if (st == STATUS_OK)
		st = add_record(&l, "practice.json", practice, e);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, l.json, e);
		l.json = NULL;
	} else if (st == STATUS_OK && l.slots == 0) {
		fprintf(c->out, "No conflicts.\n");
	}
	cJSON_Delete(l.json);
	cJSON_Delete(practice);
	plan_clear(&p);
	claims_view_close(&l.view);
	return st;
}

/* ---- resolve ---- */

struct choice {
	struct cli *c;
	char slot[RECORD_SLOT_MAX];
	cJSON *value; /* owned until set; what the person chose */
};

static enum status parse_value(cJSON **out, struct choice *ch, const cJSON *claims, const char *text, struct error *e)
{
	const struct field *f = field_find(fields_action, ch->slot, strcspn(ch->slot, "/"));
	struct sites sites;
	const cJSON *claim;

	cJSON_ArrayForEach(claim, claims)
	{ /* the words that "qip conflicts" shows */
		struct buf shown = BUF_INIT;
		bool same;

		claims_show(&shown, ch->slot, claim);
		same = strcmp(buf_text(&shown), text) == 0;
		buf_clear(&shown);
		if (same)
			return (*out = cJSON_Duplicate(json_get(claim, "value"), true)) ? STATUS_OK : STATUS_NOMEM;
	}
	if (!f)
		f = field_find(fields_inspection, ch->slot, strcspn(ch->slot, "/"));
	if (!text[0])
		return (*out = cJSON_CreateNull()) ? STATUS_OK : STATUS_NOMEM;
	if (!f || strchr(ch->slot, '/'))
		return error_set(e, STATUS_USAGE,
				 "please choose one of the claims of %s: --claim N, see \"qip conflicts\"", ch->slot);
	if (sites_read(&sites, ch->c->q, e) != STATUS_OK)
		return e->status;
	return field_parse(out, f, text, &sites, e);
}

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
