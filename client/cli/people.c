/* client/cli/people.c - qip people add, list, left, erase, me: members of staff, whose names are sealed beside the history. */
#include <string.h>

#include "client/cli/change.h"
#include "client/cli/persons.h"
#include "client/cli/secret.h"
#include "client/cli/text.h"
#include "client/cli/typed.h"
#include "client/erase.h"
#include "client/people.h"

#define JOB_MAX 80 /* characters, of person-1 */
#define NAME_INPUT_MAX 4096

const struct arg_option options_people_add[] = {
	{"job", "JOB", "what the person does: a role, not a name (needed)", false},
	EVEN_SO_OPTION,
	{NULL, NULL, NULL, false},
};
const struct arg_option options_erase[] = {
	{"reason", "TEXT", "why; it stays for ever (needed)", false},
	EVEN_SO_OPTION,
	{NULL, NULL, NULL, false},
};
const struct arg_option options_people_me[] = {
	{"none", NULL, "it is nobody's, or several people's", false},
	{NULL, NULL, NULL, false},
};

static enum status open_as_manager(struct cli *c, struct error *e)
{
	enum status st = cli_open_log(c, e);

	if (st == STATUS_OK && qip_identity(c->q)->role != ROLE_MANAGER)
		return error_set(e, STATUS_DENIED, "only a manager's device says who works in the practice");
	return st;
}

/* ---- add ---- */

struct newcomer {
	struct cli *c;
	const char *name, *job;
};

static enum status check_line(const char *text, const char *what, size_t max_chars, struct error *e)
{
	enum status st = text_check(text, what, e);

	if (st == STATUS_OK && strchr(text, '\n'))
		return error_set(e, STATUS_INVALID, "%s must be one line", what);
	if (st == STATUS_OK && text_width(text) > max_chars)
		return error_set(e, STATUS_INVALID, "%s has more than %zu characters", what, max_chars);
	return st;
}

/* The name is sealed last: nothing of it is kept unless all else is as it should be. */
static enum status apply_newcomer(void *ctx, cJSON *record, const struct stamp *stamp, struct error *e)
{
	const struct newcomer *n = ctx;
	cJSON *name = NULL;
	enum status st = record_set(record, "job", cJSON_CreateString(n->job), stamp, e);

	if (st == STATUS_OK)
		st = people_seal_name(&name, n->c->q, text_of(record, "id"), n->name, e);
	return st == STATUS_OK ? record_set(record, "name", name, stamp, e) : st;
}

/* "-": the standard input has it, so that no shell keeps it among what was typed. */
static enum status read_name(struct buf *out, const char *word, struct error *e)
{
	enum status st = STATUS_OK;

	if (strcmp(word, "-") != 0)
		buf_adds(out, word);
	else
		st = cli_read_file(out, "/dev/stdin", NAME_INPUT_MAX, e);
	if (st == STATUS_OK && !buf_ok(out))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK && out->len > 0 && out->data[out->len - 1] == '\n')
		out->data[--out->len] = '\0';
	return st == STATUS_OK ? check_line(buf_text(out), "the name", PEOPLE_NAME_MAX / 4, e) : st;
}

enum status cmd_people_add(struct cli *c, struct error *e)
{
	struct newcomer n = {.c = c, .job = args_get(&c->args, "job")};
	char path[TREE_PATH_MAX], subject[80];
	struct buf name = BUF_SECRET;
	cJSON *record = NULL, *after = NULL;
	enum status st = n.job ? check_line(n.job, "--job", JOB_MAX, e) : error_set(e, STATUS_USAGE, "a person needs a job: --job \"practice nurse\"");

	if (st == STATUS_OK) /* before the name is sealed and kept to be sent */
		st = typed_check_text(c, "--job", n.job, e);
	if (st == STATUS_OK)
		st = read_name(&name, cli_word(c, 0), e);
	n.name = buf_text(&name);
	if (st == STATUS_OK)
		st = open_as_manager(c, e);
	if (st == STATUS_OK)
		st = change_new(&record, path, c, "person/1", "people", e);
	if (st == STATUS_OK) {
		(void)snprintf(subject, sizeof(subject), "Add person %.*s", PERSONS_SHORT, text_of(record, "id"));
		st = change_record(c, path, record, NULL, subject, apply_newcomer, &n, &after, e);
	}
	if (st == STATUS_OK)
		st = change_tell(c, after, "added", e);
	buf_wipe(&name);
	cJSON_Delete(record);
	cJSON_Delete(after);
	return st;
}

/* ---- list ---- */

struct listing {
	struct cli *c;
	struct table table;
	cJSON *json;
};

static enum status list_one(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct listing *l = ctx;
	struct buf name = BUF_INIT;
	const char *why = "", *id = text_of(record, "id");
	cJSON *item = cJSON_Duplicate(record, true);
	char shown[PERSONS_SHORT + 1];

	(void)path;
	(void)snprintf(shown, sizeof(shown), "%s", id);
	if (persons_name(&name, l->c, record, &why) == STATUS_OK) {
		put_string(&item, "called", buf_text(&name));
	} else {
		put_string(&item, "unopened", why);
		buf_addf(&name, "(%s)", why);
	}
	table_add(&l->table, (const char *const[]){shown, buf_text(&name), text_of(record, "job"), text_of(record, "left")});
	push_item(&l->json, item);
	buf_clear(&name);
	return l->json ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

enum status cmd_people_list(struct cli *c, struct error *e)
{
	static const struct table_column columns[] = {{.title = "Id"}, {.title = "Name", .gives = 1}, {.title = "Job", .gives = 2}, {.title = "Left"}};
	struct listing l = {.c = c, .json = cJSON_CreateArray()};
	enum status st = cli_open_log(c, e);

	if (st == STATUS_OK)
		st = cli_open_sealed(c, e);
	table_init(&l.table, columns, ARRAY_LEN(columns));
	if (st == STATUS_OK)
		st = qip_each(c->q, "people/", list_one, &l, e);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, l.json, e);
		l.json = NULL;
	} else if (st == STATUS_OK) {
		st = table_print(c->out, &l.table, c->bold, e);
	}
	if (st == STATUS_OK && !c->json && l.table.rows == 0)
		fprintf(c->out, "Nobody is listed yet. Add somebody: qip people add \"Amina Khan\" --job \"practice nurse\"\n");
	cJSON_Delete(l.json);
	table_clear(&l.table);
	return st;
}

/* ---- left ---- */

static enum status apply_left(void *ctx, cJSON *record, const struct stamp *stamp, struct error *e)
{
	const char *day = ctx;

	return record_set(record, "left", cJSON_CreateString(day), stamp, e);
}

enum status cmd_people_left(struct cli *c, struct error *e)
{
	char day[11], path[TREE_PATH_MAX], subject[80];
	const char *word = cli_word(c, 1);
	cJSON *person = NULL, *after = NULL;
	enum status st = word && !date_valid(word) ? error_set(e, STATUS_USAGE, "\"%.40s\" is not a day; please write it as YYYY-MM-DD", word)
						   : open_as_manager(c, e);

	if (st == STATUS_OK)
		st = people_find(&person, c->q, cli_word(c, 0), e);
	if (st == STATUS_OK) {
		cli_today(day, c);
		if (word)
			memcpy(day, word, sizeof(day));
		people_path(path, text_of(person, "id"));
		(void)snprintf(subject, sizeof(subject), "Person %.*s leaves", PERSONS_SHORT, text_of(person, "id"));
		st = change_record(c, path, person, NULL, subject, apply_left, day, &after, e);
	}
	if (st == STATUS_OK)
		st = change_tell(c, after, "last day noted", e);
	cJSON_Delete(person);
	cJSON_Delete(after);
	return st;
}

/* ---- erase ---- */

/* All names that the record has: several where two places differ. */
static enum status erase_names(struct qip *q, const cJSON *person, const char *reason, struct error *e)
{
	char id[ID_TEXT_LEN + 1];
	cJSON *claims = record_claims(person, "name");
	const cJSON *claim;
	size_t erased = 0;
	enum status st = STATUS_OK;

	cJSON_ArrayForEach(claim, claims)
	{
		const char *hex = json_string(json_get(claim, "value"), "sha256");

		if (hex && st == STATUS_OK)
			st = erase_blob(id, q, hex, reason, e);
		erased += hex && st == STATUS_OK;
		st = st == STATUS_GONE ? STATUS_OK : st;
	}
	cJSON_Delete(claims);
	return st == STATUS_OK && erased == 0 ? error_set(e, STATUS_GONE, "that person has no name here, or it was erased before") : st;
}

enum status cmd_people_erase(struct cli *c, struct error *e)
{
	const char *reason = args_get(&c->args, "reason");
	cJSON *person = NULL;
	enum status st = reason ? check_line(reason, "--reason", ERASE_REASON_MAX, e) : error_set(e, STATUS_USAGE, "please say why: --reason TEXT");

	if (st == STATUS_OK)
		st = typed_check_text(c, "--reason", reason, e);
	if (st == STATUS_OK)
		st = open_as_manager(c, e);
	if (st == STATUS_OK)
		st = people_find(&person, c->q, cli_word(c, 0), e);
	if (st == STATUS_OK)
		st = erase_names(c->q, person, reason, e);
	if (st == STATUS_OK)
		st = change_tell(c, person, "the name is erased here, and elsewhere with the next syncs", e);
	cJSON_Delete(person);
	return st;
}

/* ---- me ---- */

static enum status tell_me(struct cli *c, struct error *e)
{
	char id[ID_TEXT_LEN + 1];
	cJSON *out = NULL;
	enum status st = people_me(id, c->q, e);

	if (st == STATUS_OK && c->json) {
		out = cJSON_CreateObject();
		put_item(&out, "person", id[0] ? cJSON_CreateString(id) : cJSON_CreateNull());
		if (id[0])
			put_string(&out, "called", persons_called(c, id));
		return cli_print_json(c, out, e);
	}
	if (st == STATUS_OK && id[0])
		fprintf(c->out, "Changes on this device are those of %s (%.*s).\n", persons_called(c, id), PERSONS_SHORT, id);
	else if (st == STATUS_OK)
		fprintf(c->out, "Changes on this device name no person.\n");
	return st;
}

/* A person who is here now, and may edit. */
static enum status set_me(struct cli *c, const char *ref, struct error *e)
{
	char id[ID_TEXT_LEN + 1];
	cJSON *person = NULL;
	enum status st = change_allowed(c, e);

	if (st == STATUS_OK)
		st = people_find(&person, c->q, ref, e);
	people_act_as(c->q, ref);
	if (st == STATUS_OK)
		st = people_editor(id, c->q, e);
	cJSON_Delete(person);
	return st == STATUS_OK ? people_set_me(c->q, id, e) : st;
}

enum status cmd_people_me(struct cli *c, struct error *e)
{
	const char *ref = cli_word(c, 0);
	bool none = args_has(&c->args, "none");
	enum status st = ref && none ? error_set(e, STATUS_USAGE, "please name a person, or say --none") : cli_open_log(c, e);

	if (st == STATUS_OK && ref)
		st = set_me(c, ref, e);
	else if (st == STATUS_OK && none)
		st = people_set_me(c->q, NULL, e);
	return st == STATUS_OK ? tell_me(c, e) : st;
}
