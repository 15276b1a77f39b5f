/* client/cli/adopt.c - qip adopt list, show, take, drop: what revoked devices still sent, and what a manager makes of it. */
#include <string.h>

#include "client/cli/change.h"
#include "client/cli/claims.h"
#include "client/cli/story.h"
#include "client/cli/story_print.h"
#include "client/cli/tell.h"

/* ---- list ---- */

struct listing {
	struct claims_view view;
	struct table table;
	cJSON *json;
};

static enum status add_kept(void *ctx, const struct qip_kept *k, struct error *e)
{
	struct listing *l = ctx;
	const struct device *d = registry_find(&l->view.registry, k->device);
	cJSON *json = cJSON_CreateObject();
	struct buf who = BUF_INIT, when = BUF_INIT;
	char number[24], commits[24];

	(void)e;
	(void)snprintf(number, sizeof(number), "%lld", (long long)k->number);
	(void)snprintf(commits, sizeof(commits), "%lld", (long long)k->commits);
	tell_who(&who, &l->view.registry, &l->view.sites, k->device, d ? role_text(d->role) : "");
	tell_time(&when, k->received);
	table_add(&l->table, (const char *const[]){number, buf_text(&who), buf_text(&when), commits});
	put_number(&json, "number", k->number);
	put_string(&json, "device", k->device);
	put_string(&json, "head", k->head);
	put_string(&json, "received", k->received);
	put_number(&json, "commits", k->commits);
	push_item(&l->json, json);
	buf_clear(&who);
	buf_clear(&when);
	return STATUS_OK;
}

static enum status list(struct cli *c, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "No", .right = true}, {.title = "From", .gives = 1}, {.title = "Received"}, {.title = "Commits", .right = true}};
	struct listing l = {.json = cJSON_CreateArray()};
	enum status st = claims_view_open(&l.view, c, e);

	table_init(&l.table, columns, ARRAY_LEN(columns));
	if (st == STATUS_OK)
		st = qip_kept_each(c->q, add_kept, &l, e);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, l.json, e);
		l.json = NULL;
	} else if (st == STATUS_OK) {
		st = table_print(c->out, &l.table, c->bold, e);
		if (st == STATUS_OK && l.table.rows == 0)
			fprintf(c->out, "Nothing is kept aside of revoked devices.\n");
		else if (st == STATUS_OK)
			fprintf(c->out, "\nWhat it says: qip adopt show N. To take it over in your name: qip adopt take N\n");
	}
	cJSON_Delete(l.json);
	table_clear(&l.table);
	claims_view_close(&l.view);
	return st;
}

/* ---- show ---- */

struct showing {
	struct claims_view view;
	cJSON *json;
	char commit[OID_HEX_LEN + 1]; /* at hand */
	uint64_t answers, others;
	char other[TREE_PATH_MAX]; /* the first of those */
};

static bool is_told_by_field(const struct showing *s, const cJSON *record)
{
	char type[RECORD_TYPE_MAX];

	record_type(type, record);
	return record && rules_record_kind(s->view.rules, type) == RECORD_CLAIMS;
}

static void print_commit(struct showing *s, const struct qip_kept_change *change)
{
	struct buf line = BUF_INIT;
	char at[TIME_TEXT_MAX];

	if (strcmp(s->commit, change->commit) == 0)
		return;
	(void)snprintf(s->commit, sizeof(s->commit), "%s", change->commit);
	time_format(at, change->at_ms);
	buf_adds(&line, change->subject);
	buf_adds(&line, " (");
	tell_time(&line, at);
	buf_adds(&line, " by the device's clock)");
	fputc('\n', s->view.c->out);
	tell_line(s->view.c->out, buf_text(&line), 0, 2);
	buf_clear(&line);
}

static enum status show_record(struct showing *s, const struct qip_kept_change *change, struct error *e)
{
	cJSON *entry = cJSON_CreateObject();
	char label[80];
	enum status st;

	put_string(&entry, "commit", change->commit);
	put_string(&entry, "subject", change->subject);
	put_string(&entry, "path", change->path);
	put_bool(&entry, "begins", !change->before);
	st = story_compare(&entry, s->view.rules, change->before, change->after, e);
	if (st == STATUS_OK && s->view.c->json) {
		push_item(&s->json, entry);
		return STATUS_OK;
	}
	if (st == STATUS_OK) {
		print_commit(s, change);
		plan_label(label, sizeof(label), change->after);
		fprintf(s->view.c->out, "  %s%s\n", label, change->before ? "" : " (new)");
		story_print_changes(&s->view, entry);
	}
	cJSON_Delete(entry);
	return st;
}

static enum status show_change(void *ctx, const struct qip_kept_change *change, struct error *e)
{
	struct showing *s = ctx;

	if (is_told_by_field(s, change->after))
		return show_record(s, change, e);
	if (strncmp(change->path, "feedback/", strlen("feedback/")) == 0) {
		s->answers++;
		return STATUS_OK;
	}
	if (s->others++ == 0)
		(void)snprintf(s->other, sizeof(s->other), "%s", change->path);
	return STATUS_OK;
}

static void print_rest(const struct showing *s)
{
	struct buf line = BUF_INIT;
	FILE *out = s->view.c->out;

	if (s->answers > 0) {
		buf_addf(&line, "%llu answer%s of patients: nobody can take them over, for an answer counts only under its kiosk's own number and "
				"signature. They stay aside until this is dropped or too old.",
			 (unsigned long long)s->answers, plural(s->answers));
		fputc('\n', out);
		tell_line(out, buf_text(&line), 0, 0);
		buf_reset(&line);
	}
	if (s->others > 0) {
		buf_addf(&line, "%llu record%s that only the device itself can say, such as %s: left aside.", (unsigned long long)s->others,
			 plural(s->others), s->other);
		fputc('\n', out);
		tell_line(out, buf_text(&line), 0, 0);
	}
	buf_clear(&line);
}

static enum status show(struct cli *c, int64_t number, struct error *e)
{
	struct showing s = {.json = cJSON_CreateArray()};
	struct qip_kept k;
	struct buf line = BUF_INIT;
	cJSON *out = NULL;
	enum status st = claims_view_open(&s.view, c, e);

	if (st == STATUS_OK)
		st = qip_kept_fetch(&k, c->q, number, e);
	if (st == STATUS_OK && !c->json) {
		const struct device *d = registry_find(&s.view.registry, k.device);

		buf_addf(&line, "No %lld: sent by ", (long long)number);
		tell_who(&line, &s.view.registry, &s.view.sites, k.device, d ? role_text(d->role) : "");
		buf_adds(&line, " after it was revoked, received ");
		tell_time(&line, k.received);
		buf_addc(&line, '.');
		tell_line(c->out, buf_text(&line), 0, 0);
	}
	if (st == STATUS_OK)
		st = qip_kept_changes(c->q, &k, show_change, &s, e);
	if (st == STATUS_OK && c->json) {
		out = cJSON_CreateObject();
		put_number(&out, "number", number);
		put_string(&out, "device", k.device);
		put_string(&out, "received", k.received);
		put_number(&out, "answers", (int64_t)s.answers);
		put_number(&out, "others", (int64_t)s.others);
		put_item(&out, "edits", s.json);
		s.json = NULL;
		st = cli_print_json(c, out, e);
	} else if (st == STATUS_OK) {
		print_rest(&s);
	}
	cJSON_Delete(s.json);
	buf_clear(&line);
	claims_view_close(&s.view);
	return st;
}

/* ---- take, drop ---- */

static enum status tell_taken(struct cli *c, int64_t number, const struct qip_adopted *a, struct error *e)
{
	struct buf line = BUF_INIT;
	cJSON *json = NULL;

	if (c->json) {
		json = cJSON_CreateObject();
		put_number(&json, "number", number);
		put_number(&json, "commits", (int64_t)a->commits);
		put_number(&json, "changes", (int64_t)a->changes);
		put_number(&json, "overtaken", (int64_t)a->overtaken);
		put_number(&json, "left", (int64_t)a->left);
		put_number(&json, "before", (int64_t)a->before);
		return cli_print_json(c, json, e);
	}
	if (a->commits > 0)
		buf_addf(&line, "No %lld: %llu edit%s with %llu change%s taken over in your name.", (long long)number, (unsigned long long)a->commits,
			 plural(a->commits), (unsigned long long)a->changes, plural(a->changes));
	else
		buf_addf(&line, "No %lld: nothing was left to take over.", (long long)number);
	if (a->before > 0)
		buf_addf(&line, " %llu had been taken over before.", (unsigned long long)a->before);
	if (a->overtaken > 0)
		buf_addf(&line, " %llu field%s left as %s now: you have set %s anew since.", (unsigned long long)a->overtaken, plural(a->overtaken),
			 a->overtaken == 1 ? "it is" : "they are", a->overtaken == 1 ? "it" : "them");
	if (a->left > 0)
		buf_addf(&line, " %llu record%s stay%s aside: %s.", (unsigned long long)a->left, plural(a->left), a->left == 1 ? "s" : "", a->why);
	buf_adds(&line, a->commits > 0 ? " Next: qip sync; and once nobody needs it any more: qip adopt drop " : " Nobody needs it any more? qip adopt drop ");
	buf_addf(&line, "%lld", (long long)number);
	tell_line(c->out, buf_text(&line), 0, 0);
	buf_clear(&line);
	return STATUS_OK;
}

static enum status take(struct cli *c, int64_t number, struct error *e)
{
	struct qip_adopted a;
	enum status st = change_allowed(c, e);

	if (st == STATUS_OK)
		st = qip_kept_adopt(&a, c->q, number, e);
	return st == STATUS_OK ? tell_taken(c, number, &a, e) : st;
}

static enum status drop(struct cli *c, int64_t number, struct error *e)
{
	cJSON *json = NULL;
	enum status st = qip_kept_drop(c->q, number, e);

	if (st != STATUS_OK)
		return st;
	if (c->json) {
		json = cJSON_CreateObject();
		put_number(&json, "dropped", number);
		return cli_print_json(c, json, e);
	}
	fprintf(c->out, "No %lld is deleted at the server. The revoked device may still hold it.\n", (long long)number);
	return STATUS_OK;
}

enum status cmd_adopt(struct cli *c, struct error *e)
{
	static const struct {
		const char *word;
		enum status (*run)(struct cli *c, int64_t number, struct error *e);
	} runs[] = {{"show", show}, {"take", take}, {"drop", drop}};
	const char *word = cli_word(c, 0) ? cli_word(c, 0) : "list";
	int number = 0;
	enum status st = cli_open_log(c, e);

	if (st == STATUS_OK && strcmp(word, "list") == 0)
		return cli_word(c, 1) ? error_set(e, STATUS_USAGE, "\"qip adopt list\" takes no number") : list(c, e);
	for (size_t i = 0; i < ARRAY_LEN(runs) && st == STATUS_OK; i++) {
		if (strcmp(word, runs[i].word) != 0)
			continue;
		st = cli_number(&number, c, "adopt", 9, e);
		return st == STATUS_OK ? runs[i].run(c, number, e) : st;
	}
	return st == STATUS_OK ? error_set(e, STATUS_USAGE, "there is \"qip adopt list\", \"show N\", \"take N\" and \"drop N\"; \"%.40s\" is none of them", word)
			       : st;
}
