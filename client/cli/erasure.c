/* client/cli/erasure.c - qip erasure: what was erased for good, why, by whom, and who has said that its copies are gone. */
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/text.h"
#include "core/id.h"
#include "core/record_file.h"
#include "core/tree.h"

/* ---- who has to say so ---- */

struct standing {
	struct cli *c;
	const struct registry *reg;
	const cJSON *erasure;
	size_t asked, said;
	cJSON *json;         /* of each device */
	struct table *table; /* or NULL: only counted */
};

static bool is_listed(const cJSON *list, const char *name)
{
	const cJSON *item = NULL;

	cJSON_ArrayForEach(item, list)
	{
		if (cJSON_IsString(item) && strcmp(item->valuestring, name) == 0)
			return true;
	}
	return false;
}

/* A kiosk that took over from the one that collected it answers for it. */
static bool collected_it(const struct standing *s, const struct device *d)
{
	const cJSON *kiosks = json_get(s->erasure, "devices");

	for (size_t step = 0; d && step < s->reg->devices_len; step++) {
		if (is_listed(kiosks, d->id))
			return true;
		d = d->replaces[0] ? registry_find(s->reg, d->replaces) : NULL;
	}
	return false;
}

/* Who joined later never had it. Times of RFC 3339 in UTC sort as texts. */
static enum status had_joined(bool *out, const struct standing *s, const struct device *d, struct error *e)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	enum status st = STATUS_OK;

	(void)snprintf(path, sizeof(path), "devices/%s.json", d->id);
	st = qip_read(&record, s->c->q, path, e);
	if (st == STATUS_OK)
		*out = strcmp(text_of(json_get(record, "enrolment"), "at"), text_of(s->erasure, "at")) <= 0;
	cJSON_Delete(record);
	return st;
}

static enum status read_if_there(cJSON **out, struct cli *c, const char *path, struct error *e)
{
	enum status st = qip_read(out, c->q, path, e);

	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

/* By its own clock: the last record that it keeps of itself. "" when there is none. */
static enum status last_heard(char out[TIME_TEXT_MAX], struct cli *c, const struct device *d, struct error *e)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	enum status st = STATUS_OK;

	(void)snprintf(path, sizeof(path), d->role == ROLE_KIOSK ? "health/%s.json" : "checkpoints/%s.json", d->id);
	st = read_if_there(&record, c, path, e);
	(void)snprintf(out, TIME_TEXT_MAX, "%s", text_of(record, "at"));
	cJSON_Delete(record);
	return st;
}

static enum status add_device(struct standing *s, const struct device *d, struct error *e)
{
	const char *id = text_of(s->erasure, "id"), *at = NULL;
	char path[TREE_PATH_MAX], heard[TIME_TEXT_MAX] = "", words[80] = "not yet";
	cJSON *ack = NULL, *json = NULL;
	enum status st = STATUS_OK;

	(void)snprintf(path, sizeof(path), "acks/%s/%.2s/%.36s.json", d->id, id + ID_TEXT_LEN - 2, id);
	st = read_if_there(&ack, s->c, path, e);
	if (st == STATUS_OK)
		st = last_heard(heard, s->c, d, e);
	at = text_of(ack, "at");
	s->asked++;
	s->said += at[0] != '\0';
	if (st == STATUS_OK && s->table) {
		if (at[0])
			(void)snprintf(words, sizeof(words), "erased, %.10s", at);
		table_add(s->table, (const char *const[]){d->id, role_text(d->role), words, heard[0] ? (heard[10] = '\0', heard) : "never"});
	}
	json = cJSON_CreateObject();
	put_string(&json, "device", d->id);
	put_string(&json, "role", role_text(d->role));
	put_bool(&json, "erased", at[0] != '\0');
	put_string(&json, "at", at);
	put_string(&json, "last_heard", heard);
	push_item(&s->json, json);
	cJSON_Delete(ack);
	return st;
}

static enum status add_devices(struct standing *s, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < s->reg->devices_len; i++) {
		const struct device *d = &s->reg->devices[i];
		bool asked = d->role == ROLE_KIOSK && collected_it(s, d);

		if (!d->key || d->retired || d->revoked || d->replaced_by[0])
			continue;
		if (d->role == ROLE_STAFF || d->role == ROLE_MANAGER)
			st = had_joined(&asked, s, d, e);
		if (st == STATUS_OK && asked)
			st = add_device(s, d, e);
	}
	return st;
}

/* The server deletes what its own log asks for, or else gives none of it out. */
static enum status at_server(bool *out, struct cli *c, const char *path, struct error *e)
{
	struct commit commit = COMMIT_INIT;
	struct oid main, found;
	bool is_dir = false;
	enum status st = qip_main(&main, c->q, e);

	if (st == STATUS_OK)
		st = repo_commit_read(&commit, qip_repo(c->q), &main, e);
	if (st == STATUS_OK)
		st = tree_find(&found, &is_dir, qip_repo(c->q), &commit.tree, path, e);
	*out = st == STATUS_OK;
	commit_clear(&commit);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

/* ---- one, and all ---- */

struct listing {
	struct cli *c;
	struct registry reg;
	const char *wanted; /* an erasure's or an answer's id, or the start of it; NULL: all */
	struct table table;
	cJSON *json;
	size_t found;
};

static cJSON *describe(const struct standing *s, bool server)
{
	cJSON *json = cJSON_CreateObject();

	put_string(&json, "id", text_of(s->erasure, "id"));
	put_string(&json, "at", text_of(s->erasure, "at"));
	put_string(&json, "by", text_of(s->erasure, "device"));
	put_string(&json, "reason", text_of(s->erasure, "reason"));
	put_string(&json, "feedback", text_of(s->erasure, "feedback"));
	put_item(&json, "answers", json_get(s->erasure, "answers") ? cJSON_Duplicate(json_get(s->erasure, "answers"), true) : cJSON_CreateArray());
	put_bool(&json, "server", server);
	put_item(&json, "blobs", cJSON_Duplicate(json_get(s->erasure, "blobs"), true));
	return json;
}

static enum status print_one(struct cli *c, const struct standing *s, const struct table *t, bool server, struct error *e)
{
	const cJSON *item = NULL;

	fprintf(c->out, "Erasure   %s\nAsked     %.10s, on %s\nWhy       ", text_of(s->erasure, "id"), text_of(s->erasure, "at"), text_of(s->erasure, "device"));
	text_wrap(c->out, text_of(s->erasure, "reason"), 10);
	if (json_get(s->erasure, "feedback"))
		fprintf(c->out, "Answer    %s\n", text_of(s->erasure, "feedback"));
	if (json_get(s->erasure, "answers"))
		fprintf(c->out, "Answers   %d\n", cJSON_GetArraySize(json_get(s->erasure, "answers")));
	fprintf(c->out, "Server    %s\n", server ? "erased" : "does not know of it yet: qip sync");
	cJSON_ArrayForEach(item, json_get(s->erasure, "blobs"))
		fprintf(c->out, "Bytes     %.64s\n", cJSON_IsString(item) ? item->valuestring : "");
	fprintf(c->out, "\n");
	return table_print(c->out, t, c->bold, e);
}

static enum status show(struct listing *l, const cJSON *record, bool server, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "Device", .gives = 1}, {.title = "Role"}, {.title = "Its copies", .bold = true}, {.title = "Last heard of"}};
	struct standing s = {.c = l->c, .reg = &l->reg, .erasure = record, .json = cJSON_CreateArray()};
	struct table t;
	cJSON *json = NULL;
	enum status st = STATUS_OK;

	table_init(&t, columns, ARRAY_LEN(columns));
	s.table = &t;
	st = add_devices(&s, e);
	if (st == STATUS_OK && l->c->json) {
		json = describe(&s, server);
		put_item(&json, "devices", s.json);
		push_item(&l->json, json);
	} else {
		cJSON_Delete(s.json);
		if (st == STATUS_OK)
			st = print_one(l->c, &s, &t, server, e);
	}
	table_clear(&t);
	return st;
}

static enum status add_line(struct listing *l, const cJSON *record, bool server, struct error *e)
{
	struct standing s = {.c = l->c, .reg = &l->reg, .erasure = record, .json = cJSON_CreateArray()};
	char day[11], count[48];
	cJSON *json = NULL;
	enum status st = add_devices(&s, e);

	(void)snprintf(day, sizeof(day), "%.10s", text_of(record, "at"));
	(void)snprintf(count, sizeof(count), "%zu of %zu%s", s.said, s.asked, server ? "" : ", not sent");
	table_add(&l->table, (const char *const[]){text_of(record, "id"), day, text_of(record, "device"), text_of(record, "reason"), count});
	json = describe(&s, server);
	put_item(&json, "devices", s.json);
	push_item(&l->json, json);
	return st;
}

static bool names_answer(const cJSON *record, const char *start, size_t len)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_get(record, "answers"))
	{
		if (cJSON_IsString(item) && strncmp(item->valuestring, start, len) == 0)
			return true;
	}
	return false;
}

static enum status visit(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct listing *l = ctx;
	size_t len = l->wanted ? strlen(l->wanted) : 0;
	bool server = false;
	enum status st = STATUS_OK;

	if (strlen(text_of(record, "id")) != ID_TEXT_LEN)
		return STATUS_OK;
	if (l->wanted && strncmp(text_of(record, "id"), l->wanted, len) != 0 && strncmp(text_of(record, "feedback"), l->wanted, len) != 0 &&
	    !names_answer(record, l->wanted, len))
		return STATUS_OK;
	l->found++;
	st = at_server(&server, l->c, path, e);
	if (st != STATUS_OK)
		return st;
	return l->wanted ? show(l, record, server, e) : add_line(l, record, server, e);
}

static enum status finish(struct listing *l, struct error *e)
{
	cJSON *json = l->json;
	enum status st = STATUS_OK;

	if (l->wanted && l->found == 0)
		return error_set(e, STATUS_NOT_FOUND, "no erasure is or names %.40s; see: qip erasure list", l->wanted);
	if (l->c->json) {
		l->json = NULL;
		return cli_print_json(l->c, json, e);
	}
	if (!l->wanted)
		st = table_print(l->c->out, &l->table, l->c->bold, e);
	if (st == STATUS_OK && l->found == 0)
		fprintf(l->c->out, "Nothing was erased.\n");
	return st;
}

enum status cmd_erasure(struct cli *c, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "Erasure"}, {.title = "Asked"}, {.title = "On", .gives = 1}, {.title = "Why", .gives = 1}, {.title = "Said to be gone", .bold = true}};
	struct listing l = {.c = c, .json = cJSON_CreateArray()};
	const char *word = cli_word(c, 0);
	enum status st = cli_open_log(c, e);

	l.wanted = word && strcmp(word, "list") != 0 ? word : NULL;
	table_init(&l.table, columns, ARRAY_LEN(columns));
	if (st == STATUS_OK && l.wanted && strlen(l.wanted) < 8)
		st = error_set(e, STATUS_USAGE, "please give at least 8 characters of the id");
	if (st == STATUS_OK)
		st = qip_registry(&l.reg, c->q, e);
	if (st == STATUS_OK)
		st = qip_each(c->q, "erasures", visit, &l, e);
	if (st == STATUS_OK)
		st = finish(&l, e);
	cJSON_Delete(l.json);
	table_clear(&l.table);
	registry_clear(&l.reg);
	return st;
}
