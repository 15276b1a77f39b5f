/* client/cli/resolve_all.c - see resolve_all.h. */
#include "client/cli/resolve_all.h"

#include <string.h>

#include "client/cli/change.h"
#include "client/cli/claims.h"
#include "client/cli/plan.h"
#include "client/cli/sites.h"
#include "client/cli/text.h"

struct settling {
	struct claims_view view;
	const char *site;
	cJSON *paths;             /* owned; of the records in conflict */
	uint64_t settled, left;   /* slots */
	uint64_t in_this;         /* of the record at hand */
	struct buf why;           /* the conflicts that stay, a line each */
};

static enum status add_path(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct settling *s = ctx;

	(void)record;
	push_item(&s->paths, cJSON_CreateString(path));
	return s->paths ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

/* What the site says to one slot; NULL when it has no one voice. */
static cJSON *value_of_site(struct settling *s, const cJSON *record, const char *slot)
{
	cJSON *claims = record_claims(record, slot), *copy = NULL;
	const cJSON *value = NULL;
	enum status st = claims_of_site(&value, &s->view, claims, s->site);
	char label[80];

	if (st == STATUS_OK)
		copy = cJSON_Duplicate(value, true);
	cJSON_Delete(claims);
	if (st == STATUS_OK)
		return copy;
	plan_label(label, sizeof(label), record);
	buf_addf(&s->why, "%s ", label);
	text_clean(&s->why, slot, 0);
	buf_addf(&s->why, " stays: %s\n",
		 st == STATUS_INVALID ? "two devices of the site set it differently" : "the site has not set it");
	s->left++;
	return NULL;
}

static enum status settle_slots(void *ctx, cJSON *record, const struct stamp *stamp, struct error *e)
{
	struct settling *s = ctx;
	cJSON *slots = cJSON_CreateArray();
	const cJSON *slot;
	const char *name;
	enum status st = STATUS_OK;

	s->in_this = 0;
	for (size_t i = 0; (name = record_conflict(record, i)) != NULL; i++) /* settling takes them from this list */
		push_item(&slots, cJSON_CreateString(name));
	if (!slots)
		return error_set(e, STATUS_NOMEM, "out of memory");
	cJSON_ArrayForEach(slot, slots)
	{
		cJSON *value = st == STATUS_OK ? value_of_site(s, record, slot->valuestring) : NULL;

		if (!value)
			continue;
		st = record_set(record, slot->valuestring, value, stamp, e);
		s->in_this++;
	}
	cJSON_Delete(slots);
	return st == STATUS_OK && s->in_this == 0 ? STATUS_NOT_FOUND : st;
}

static enum status settle_record(struct settling *s, const char *path, const char *effective, struct error *e)
{
	struct cli *c = s->view.c;
	char subject[200], label[40];
	cJSON *record = NULL;
	enum status st = qip_read(&record, c->q, path, e);

	if (st == STATUS_OK) {
		change_label(label, sizeof(label), record);
		(void)snprintf(subject, sizeof(subject), "Resolve %s as %s has it", label, s->site);
		s->in_this = 1;
		st = change_record(c, path, record, effective, subject, settle_slots, s, NULL, e);
		if (st == STATUS_NOT_FOUND && s->in_this == 0)
			st = STATUS_OK; /* nothing of it was the site's to say */
		else if (st == STATUS_OK)
			s->settled += s->in_this;
	}
	cJSON_Delete(record);
	return st;
}

static enum status tell(struct settling *s, struct error *e)
{
	struct cli *c = s->view.c;
	cJSON *json = NULL;

	if (!c->json) {
		fprintf(c->out, "%s", buf_text(&s->why));
		if (s->settled + s->left == 0)
			fprintf(c->out, "No conflicts.\n");
		else
			fprintf(c->out, "%llu settled as %s has it, %llu left.%s\n", (unsigned long long)s->settled, s->site,
				(unsigned long long)s->left, s->settled ? " Next: qip sync" : "");
		return STATUS_OK;
	}
	json = cJSON_CreateObject();
	put_string(&json, "site", s->site);
	put_number(&json, "settled", (int64_t)s->settled);
	put_number(&json, "left", (int64_t)s->left);
	return cli_print_json(c, json, e);
}

enum status resolve_all(struct cli *c, const char *effective, struct error *e)
{
	const struct args *a = &c->args;
	struct settling s = {.paths = cJSON_CreateArray(), .why = BUF_INIT};
	struct sites sites;
	const cJSON *path;
	enum status st = STATUS_OK;

	if (cli_word(c, 0) || args_has(a, "value") || args_has(a, "claim") || args_has(a, "site"))
		st = error_set(e, STATUS_USAGE, "--all-of is for all conflicts at once: no REF, --value, --claim or --site beside it");
	if (st == STATUS_OK)
		st = cli_open_log(c, e);
	if (st == STATUS_OK)
		st = claims_view_open(&s.view, c, e);
	if (st == STATUS_OK)
		st = sites_read(&sites, c->q, e);
	if (st == STATUS_OK)
		st = sites_resolve(&s.site, &sites, args_get(a, "all-of"), e);
	if (st == STATUS_OK)
		st = change_allowed(c, e);
	if (st == STATUS_OK)
		st = qip_conflicts_each(c->q, add_path, &s, e);
	cJSON_ArrayForEach(path, s.paths)
	{
		if (st == STATUS_OK)
			st = settle_record(&s, path->valuestring, effective, e);
	}
	if (st == STATUS_OK)
		st = tell(&s, e);
	claims_view_close(&s.view);
	cJSON_Delete(s.paths);
	buf_clear(&s.why);
	return st;
}
