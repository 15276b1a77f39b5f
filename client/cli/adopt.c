/* client/cli/adopt.c - qip adopt list, show, take, drop: what revoked devices still sent, and what a manager makes of it. */
#include <string.h>

#include "client/cli/change.h"
#include "client/cli/adopt_show.h"
#include "client/cli/claims.h"
#include "client/cli/tell.h"

/* ---- list ---- */

const struct arg_option options_adopt[] = {
	{"head", "COMMIT", "drop: delete the one with this head, also if it cannot be shown here", false},
	{NULL, NULL, NULL, false},
};

struct listing {
	struct claims_view view;
	struct table table;
	struct buf unreadable; /* "No 3: its first line is damaged" of each */
	uint64_t unreadable_len;
	cJSON *json;
};

static enum status add_unreadable(struct listing *l, const struct qip_kept *k)
{
	cJSON *json = cJSON_CreateObject();

	buf_addf(&l->unreadable, "%sNo %lld: %s", l->unreadable_len++ ? "; " : "", (long long)k->number, k->unreadable);
	put_number(&json, "number", k->number);
	put_string(&json, "unreadable", k->unreadable);
	push_item(&l->json, json);
	return STATUS_OK;
}

static void print_unreadable(const struct listing *l)
{
	struct buf line = BUF_INIT;

	buf_addf(&line, "%llu kept item%s can not be read: %s. Whoever runs the server finds more with qip-server fsck.",
		 (unsigned long long)l->unreadable_len, plural(l->unreadable_len), buf_text(&l->unreadable));
	tell_line(l->view.c->out, buf_text(&line), 0, 0);
	buf_clear(&line);
}

static enum status add_kept(void *ctx, const struct qip_kept *k, struct error *e)
{
	struct listing *l = ctx;
	const struct device *d = registry_find(&l->view.registry, k->device);
	cJSON *json = NULL;
	struct buf who = BUF_INIT, when = BUF_INIT;
	char number[24], commits[24];

	(void)e;
	if (k->unreadable[0])
		return add_unreadable(l, k);
	json = cJSON_CreateObject();
	(void)snprintf(number, sizeof(number), "%lld", (long long)k->number);
	(void)snprintf(commits, sizeof(commits), "%lld", (long long)k->commits);
	tell_who(&who, &l->view.registry, &l->view.sites, k->device, d ? role_text(d->role) : "");
	tell_time(&when, k->received);
	table_add(&l->table, (const char *const[]){number, buf_text(&who), buf_text(&when), commits, k->taken_by});
	put_number(&json, "number", k->number);
	put_string(&json, "device", k->device);
	put_string(&json, "head", k->head);
	put_string(&json, "received", k->received);
	put_number(&json, "commits", k->commits);
	if (k->taken_by[0])
		put_string(&json, "taken_by", k->taken_by);
	push_item(&l->json, json);
	buf_clear(&who);
	buf_clear(&when);
	return STATUS_OK;
}

static enum status list(struct cli *c, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "No", .right = true}, {.title = "From", .gives = 1}, {.title = "Received"}, {.title = "Commits", .right = true}, {.title = "Taken over by", .gives = 1}};
	struct listing l = {.unreadable = BUF_INIT, .json = cJSON_CreateArray()};
	enum status st = claims_view_open(&l.view, c, e);

	table_init(&l.table, columns, ARRAY_LEN(columns));
	if (st == STATUS_OK)
		st = qip_kept_each(c->q, add_kept, &l, e);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, l.json, e);
		l.json = NULL;
	} else if (st == STATUS_OK) {
		st = table_print(c->out, &l.table, c->bold, e);
		if (st == STATUS_OK && l.unreadable_len > 0)
			print_unreadable(&l);
		if (st == STATUS_OK && l.table.rows == 0 && l.unreadable_len == 0)
			fprintf(c->out, "Nothing is kept aside of revoked devices.\n");
		else if (st == STATUS_OK && l.table.rows > 0)
			fprintf(c->out, "\nWhat taking it over would change: qip adopt show N. To take it over in your name then: qip adopt take N\n");
	}
	cJSON_Delete(l.json);
	buf_clear(&l.unreadable);
	table_clear(&l.table);
	claims_view_close(&l.view);
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
		if (a->before > 0)
			put_string(&json, "before_by", a->before_by);
		return cli_print_json(c, json, e);
	}
	if (a->commits > 0)
		buf_addf(&line, "No %lld: %llu edit%s with %llu change%s taken over in your name.", (long long)number, (unsigned long long)a->commits,
			 plural(a->commits), (unsigned long long)a->changes, plural(a->changes));
	else
		buf_addf(&line, "No %lld: nothing was left to take over.", (long long)number);
	if (a->before > 0)
		buf_addf(&line, " %llu had been taken over before by %s%s.", (unsigned long long)a->before, a->before_by,
			 a->before_by_others ? " and others" : "");
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
	enum status st = qip_kept_drop(c->q, number, args_get(&c->args, "head"), e);

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
	} runs[] = {{"show", adopt_show}, {"take", take}, {"drop", drop}};
	const char *word = cli_word(c, 0) ? cli_word(c, 0) : "list";
	int number = 0;
	enum status st = cli_open_log(c, e);

	if (st == STATUS_OK && args_has(&c->args, "head") && strcmp(word, "drop") != 0)
		st = error_set(e, STATUS_USAGE, "--head is for \"qip adopt drop N\"");
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
