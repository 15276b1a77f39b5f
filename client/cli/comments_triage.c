/* client/cli/comments_triage.c - qip comments triage: what staff make of a comment: status, concern, themes, actions, and who has to see to it by when. */
#include <string.h>

#include "client/cli/change.h"
#include "client/cli/inbox.h"
#include "client/cli/plan.h"
#include "client/cli/tell.h"
#include "client/cli/text.h"

#define ROLE_DEFAULT "safeguarding lead"
#define DAYS_URGENT 0
#define DAYS_CONCERN 2
#define ROLE_CHARS 80

const struct arg_option options_comments_triage[] = {
	{"status", "STATUS", "read, acted or closed", false},
	{"concern", "HOW", "does it speak of harm? none, concern or urgent", false},
	{"theme", "ID", "it belongs to this theme", true},
	{"no-theme", "ID", "it does not", true},
	{"action", "REF", "it led to this action point", true},
	{"no-action", "REF", "it did not", true},
	{"flag", "NAME", "mark it with a short name", true},
	{"no-flag", "NAME", "take the mark away", true},
	{"escalate", "ROLE", "who sees to it: a role, not a name", false},
	{"due", "DAY", "by when; else today if urgent, and in 2 days if not", false},
	{"escalation-met", NULL, "that role has dealt with it (on the day of --effective)", false},
	{"effective", "DAY", "the day it speaks of, YYYY-MM-DD; today unless given", false},
	EVEN_SO_OPTION,
	{NULL, NULL, NULL, false},
};

struct triage {
	struct cli *c;
	const char *effective, *due;
	struct buf told;
};

static void tell(struct triage *t, const char *what, const char *value)
{
	buf_addf(&t->told, "%s%s%s", t->told.len ? ", " : "", what, value);
}

/* One of the words that a field knows. */
static enum status set_choice(struct triage *t, cJSON *record, const char *slot, const char *const *choices, const struct stamp *stamp, struct error *e)
{
	const char *value = args_get(&t->c->args, slot);
	struct buf all = BUF_INIT;
	enum status st = STATUS_INVALID;

	if (!value)
		return STATUS_OK;
	for (size_t i = 0; choices[i]; i++) {
		buf_addf(&all, "%s%s", i ? ", " : "", choices[i]);
		if (strcmp(choices[i], value) == 0)
			st = STATUS_OK;
	}
	if (st != STATUS_OK)
		st = error_set(e, STATUS_USAGE, "--%s is one of %s", slot, buf_text(&all));
	buf_clear(&all);
	if (st != STATUS_OK)
		return st;
	tell(t, "", value);
	return record_set(record, slot, cJSON_CreateString(value), stamp, e);
}

/* The id that a word stands for: an action's or a theme's. A theme that is gone can still be taken away by its whole id. */
static enum status find_id(char out[ID_TEXT_LEN + 1], struct cli *c, const char *folder, const char *ref, struct error *e)
{
	struct plan p = PLAN_INIT;
	const struct plan_item *item = NULL;
	enum status st = STATUS_OK;

	if (id_valid(ref)) {
		(void)snprintf(out, ID_TEXT_LEN + 1, "%s", ref);
		return STATUS_OK;
	}
	st = plan_read(&p, c, folder, e);
	if (st == STATUS_OK)
		st = plan_find(&item, &p, ref, e);
	if (st == STATUS_NOT_FOUND && strcmp(folder, "themes") == 0)
		st = error_set(e, st, "there is no theme %.40s; themes are named by their id, or at least 8 characters of it", ref);
	if (st == STATUS_OK)
		(void)snprintf(out, ID_TEXT_LEN + 1, "%s", text_of(item->record, "id"));
	plan_clear(&p);
	return st;
}

static enum status must_be_there(struct cli *c, const char *folder, const char *id, struct error *e)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	enum status st;

	(void)snprintf(path, sizeof(path), "%s/%s.json", folder, id);
	st = qip_read(&record, c->q, path, e);
	cJSON_Delete(record);
	return st == STATUS_NOT_FOUND ? error_set(e, st, "there is no %s %s", strcmp(folder, "themes") == 0 ? "theme" : "action point", id) : st;
}

/* Options that may be repeated, each an element of a set. folder NULL: the element itself was typed. */
static enum status set_elements(struct triage *t, cJSON *record, const char *option, bool add, const char *field, const char *folder, const struct stamp *stamp,
				struct error *e)
{
	const char *word;
	enum status st = STATUS_OK;

	for (size_t i = 0; (word = args_nth(&t->c->args, option, i)) != NULL && st == STATUS_OK; i++) {
		char id[ID_TEXT_LEN + 8] = "", slot[RECORD_SLOT_MAX];

		if (folder)
			st = find_id(id, t->c, folder, word, e);
		else if (!name_valid(word))
			st = error_set(e, STATUS_INVALID, "--%s is a short name of lower-case letters, digits and hyphens", option);
		if (st == STATUS_OK && add && folder)
			st = must_be_there(t->c, folder, id, e);
		if (st != STATUS_OK)
			break;
		(void)snprintf(slot, sizeof(slot), "%s/%s", field, folder ? id : word);
		st = record_set(record, slot, add ? cJSON_CreateTrue() : cJSON_CreateNull(), stamp, e);
		tell(t, add ? "" : "no longer ", word);
	}
	return st;
}

static enum status set_sets(struct triage *t, cJSON *record, const struct stamp *stamp, struct error *e)
{
	static const struct {
		const char *option, *field, *folder;
		bool add;
	} sets[] = {{"theme", "themes", "themes", true},   {"no-theme", "themes", "themes", false}, {"action", "actions", "qip", true},
		    {"no-action", "actions", "qip", false}, {"flag", "flags", NULL, true},	      {"no-flag", "flags", NULL, false}};
	enum status st = STATUS_OK;

	for (size_t i = 0; i < ARRAY_LEN(sets) && st == STATUS_OK; i++)
		st = set_elements(t, record, sets[i].option, sets[i].add, sets[i].field, sets[i].folder, stamp, e);
	return st;
}

/* ---- escalation ---- */

static enum status put_escalation(struct triage *t, cJSON *record, const char *to, const char *due, const struct stamp *stamp, struct error *e)
{
	cJSON *value = cJSON_CreateObject();

	put_string(&value, "to", to);
	put_string(&value, "due", due);
	if (!value)
		return error_set(e, STATUS_NOMEM, "out of memory");
	tell(t, "escalated to ", to);
	buf_adds(&t->told, " by ");
	tell_day(&t->told, due);
	/* One that was met earlier speaks of the escalation before. */
	if (json_get(record, "escalation_met")) {
		enum status st = record_set(record, "escalation_met", cJSON_CreateNull(), stamp, e);

		if (st != STATUS_OK) {
			cJSON_Delete(value);
			return st;
		}
	}
	return record_set(record, "escalation", value, stamp, e);
}

/* A concern has somebody who sees to it, and by when: as typed, else as it stands, else by default. What becomes urgent is not put off. */
static enum status escalate(struct triage *t, cJSON *record, const struct stamp *stamp, struct error *e)
{
	const char *role = args_get(&t->c->args, "escalate"), *concern = args_get(&t->c->args, "concern");
	bool raised = concern && strcmp(concern, "none") != 0, urgent = strcmp(text_of(record, "concern"), "urgent") == 0;
	const cJSON *open = comments_escalation(record);
	char day[11], to[ROLE_CHARS * 4 + 1];

	inbox_day(day, t->c, urgent ? DAYS_URGENT : DAYS_CONCERN);
	if (!role && !t->due && (!raised || (open && strcmp(text_of(open, "due"), day) <= 0)))
		return STATUS_OK;
	if (t->due && !role && !raised && !open)
		return error_set(e, STATUS_USAGE, "--due is the day of an escalation: please name who sees to it, too, by --escalate ROLE");
	if (role && text_width(role) > ROLE_CHARS)
		return error_set(e, STATUS_INVALID, "--escalate has more than %d characters", ROLE_CHARS);
	(void)snprintf(to, sizeof(to), "%s", role ? role : open ? text_of(open, "to") : ROLE_DEFAULT);
	return put_escalation(t, record, to, t->due ? t->due : day, stamp, e);
}

static enum status meet(struct triage *t, cJSON *record, const struct stamp *stamp, struct error *e)
{
	if (!args_has(&t->c->args, "escalation-met"))
		return STATUS_OK;
	if (!comments_escalation(record))
		return error_set(e, STATUS_USAGE, "it has no escalation that is open");
	tell(t, "the escalation is met", "");
	return record_set(record, "escalation_met", cJSON_CreateString(stamp->effective), stamp, e);
}

/* ---- the command ---- */

static enum status apply(void *ctx, cJSON *record, const struct stamp *stamp, struct error *e)
{
	static const char *const states[] = {"read", "acted", "closed", NULL}, *const concerns[] = {"none", "concern", "urgent", NULL};
	struct triage *t = ctx;
	enum status st = set_choice(t, record, "status", states, stamp, e);

	if (st == STATUS_OK)
		st = set_choice(t, record, "concern", concerns, stamp, e);
	if (st == STATUS_OK)
		st = set_sets(t, record, stamp, e);
	if (st == STATUS_OK)
		st = escalate(t, record, stamp, e);
	if (st == STATUS_OK)
		st = meet(t, record, stamp, e);
	/* Whoever makes something of it has read it. */
	if (st == STATUS_OK && !json_get(record, "status"))
		st = record_set(record, "status", cJSON_CreateString("read"), stamp, e);
	return st;
}

enum status inbox_change(struct cli *c, const struct comment *m, const char *effective, const char *verb, change_apply change, void *ctx, cJSON **after,
			 struct error *e)
{
	char path[TREE_PATH_MAX], subject[100];
	const char *id = text_of(m->feedback, "id");
	cJSON *fresh = cJSON_CreateObject();
	enum status st;

	put_string(&fresh, "schema", "triage/1");
	put_string(&fresh, "id", id);
	if (!fresh)
		return error_set(e, STATUS_NOMEM, "out of memory");
	comments_triage_path(path, id);
	(void)snprintf(subject, sizeof(subject), "%s %.36s", verb, id);
	st = change_record(c, path, m->triage ? m->triage : fresh, effective, subject, change, ctx, after, e);
	cJSON_Delete(fresh);
	return st;
}

static enum status read_words(struct triage *t, struct error *e)
{
	const struct args *a = &t->c->args;
	const char *role = args_get(a, "escalate");
	size_t beside = (size_t)args_has(a, "effective") + (size_t)args_has(a, "home") + (size_t)args_has(a, "json") + (size_t)args_has(a, "even-so") +
			(size_t)args_has(a, "person");
	enum status st = args_day(&t->effective, a, "effective", e);

	if (st == STATUS_OK)
		st = args_day(&t->due, a, "due", e);
	if (st == STATUS_OK && role)
		st = text_check(role, "--escalate", e);
	if (st == STATUS_OK && a->given_len == beside)
		st = error_set(e, STATUS_USAGE, "please say what to make of it, as in --status read; see --help");
	if (st == STATUS_OK && args_has(a, "escalation-met") && (role || t->due))
		st = error_set(e, STATUS_USAGE, "please either escalate it or say that the escalation is met");
	return st;
}

enum status cmd_comments_triage(struct cli *c, struct error *e)
{
	struct triage t = {.c = c};
	struct comment m = {0};
	cJSON *after = NULL;
	enum status st = read_words(&t, e);

	if (st == STATUS_OK)
		st = inbox_find(&m, c, e);
	if (st == STATUS_OK)
		st = inbox_change(c, &m, t.effective, "Triage answer", apply, &t, &after, e);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, after, e);
		after = NULL;
	} else if (st == STATUS_OK) {
		fprintf(c->out, "%.*s: ", INBOX_SHORT_ID, text_of(m.feedback, "id"));
		tell_line(c->out, buf_text(&t.told), INBOX_SHORT_ID + 2, 2);
		fprintf(c->out, "Next: qip sync\n");
	}
	cJSON_Delete(after);
	comment_clear(&m);
	buf_clear(&t.told);
	return st;
}
