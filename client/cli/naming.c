/* client/cli/naming.c - any record of the practice: found by what people call it, and called so; see plan.h. */
#include <string.h>
#include <strings.h>

#include "client/cli/plan.h"
#include "client/cli/text.h"

#define MIN_ID_PREFIX 8

/* ---- finding ---- */

static enum status find_in(char path[TREE_PATH_MAX], cJSON **record, struct cli *c, const char *folder, const char *ref,
			   struct error *e)
{
	struct plan p = PLAN_INIT;
	const struct plan_item *item = NULL;
	enum status st = plan_read(&p, c, folder, e);

	if (st == STATUS_OK)
		st = plan_find(&item, &p, ref, e);
	if (st == STATUS_OK) {
		(void)snprintf(path, TREE_PATH_MAX, "%s", item->path);
		*record = cJSON_Duplicate(item->record, true);
		st = *record ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
	}
	plan_clear(&p);
	return st;
}

/* As it stands, or with what a file's name ends in. */
static enum status find_path(char path[TREE_PATH_MAX], cJSON **record, struct cli *c, const char *ref, struct error *e)
{
	size_t len = strlen(ref);
	bool whole = len > 5 && strcmp(ref + len - 5, ".json") == 0;

	if (len + sizeof(".json") > TREE_PATH_MAX)
		return error_set(e, STATUS_NOT_FOUND, "there is no record at \"%.60s\"", ref);
	(void)snprintf(path, TREE_PATH_MAX, "%s%s", ref, whole ? "" : ".json");
	return qip_read(record, c->q, path, e);
}

/* By a name that says where it stands. */
static enum status find_named(char path[TREE_PATH_MAX], cJSON **record, struct cli *c, const char *ref, struct error *e)
{
	char at[TREE_PATH_MAX];
	struct error ignored;

	if (strchr(ref, '/'))
		return find_path(path, record, c, ref, e);
	if (strcmp(ref, "practice") == 0)
		return find_path(path, record, c, ref, e);
	if (id_valid(ref)) {
		(void)snprintf(at, sizeof(at), "triage/%s/%s", ref + ID_TEXT_LEN - 2, ref);
		if (find_path(path, record, c, at, &ignored) == STATUS_OK)
			return STATUS_OK;
	}
	if (!name_valid(ref))
		return STATUS_NOT_FOUND;
	(void)snprintf(at, sizeof(at), "sites/%s", ref);
	return find_path(path, record, c, at, e);
}

enum status plan_find_any(char path[TREE_PATH_MAX], cJSON **record, struct cli *c, const char *ref, struct error *e)
{
	static const char *const folders[] = {"inspections", "themes", "ppg", "icb-notes", "people"};
	struct error missed = {0}, other = {0};
	enum status st = find_in(path, record, c, "qip", ref, &missed);

	if (st == STATUS_NOT_FOUND)
		st = find_named(path, record, c, ref, &other);
	for (size_t i = 0; i < ARRAY_LEN(folders) && st == STATUS_NOT_FOUND && strlen(ref) >= MIN_ID_PREFIX; i++)
		st = find_in(path, record, c, folders[i], ref, &other);
	if (st == STATUS_NOT_FOUND && strchr(ref, '/'))
		return error_set(e, st, "there is no record at \"%.100s\"", ref);
	if (st != STATUS_OK && e)
		*e = st == STATUS_NOT_FOUND || !other.text[0] ? missed : other;
	return st;
}

/* ---- calling ---- */

/* Records that a member names, and how. */
static const struct {
	const char *type, *member, *before;
	int max; /* bytes of the member; 0: as many as there is room for */
	const char *after;
} calls[] = {
	{"action", "ref", "", 0, ""},
	{"inspection", "inspected_on", "inspection ", 10, ""},
	{"theme", "title", "theme \"", 60, "\""},
	{"opel", "week", "OPEL level of ", 8, ""},
	{"access", "month", "appointments in ", 7, ""},
	{"return", "month", "FFT return of ", 7, ""},
	{"toolkit-answer", "statement", "toolkit statement ", 40, ""},
	{"triage", "id", "triage of answer ", ID_TEXT_LEN, ""},
	{"person", "id", "person ", ID_TEXT_LEN, ""},
	{"ppg", "name", "", 0, ""},
	{"site", "name", "", 0, ""},
	{"practice", "name", "", 0, ""},
	{"device", "device", "device ", 40, ""},
};

/* What a device wrote may steer no terminal. */
static void put_label(char *out, size_t size, const char *before, const char *name, int max, const char *after)
{
	struct buf text = BUF_INIT, clean = BUF_INIT;

	buf_addf(&text, "%s%.*s%s", before, max ? max : (int)size, name, after);
	text_clean(&clean, buf_text(&text), 0);
	(void)snprintf(out, size, "%s", buf_text(&clean));
	buf_clear(&text);
	buf_clear(&clean);
}

void plan_label(char *out, size_t size, const cJSON *record)
{
	char type[RECORD_TYPE_MAX];

	record_type(type, record);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		const char *name = text_of(record, calls[i].member);

		if (strcmp(type, calls[i].type) != 0 || !name[0])
			continue;
		put_label(out, size, calls[i].before, name, calls[i].max, calls[i].after);
		return;
	}
	put_label(out, size, "", text_of(record, "id"), 13, "");
}

const char *plan_about(const cJSON *record)
{
	static const char *const members[] = {"action", "finding", "provider"};

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (text_of(record, members[i])[0])
			return text_of(record, members[i]);
	return "";
}

/* It becomes part of a command that somebody copies into a shell. */
void plan_handle(char *out, size_t size, const char *path, const cJSON *record)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
	const char *ref = text_of(record, "ref"), *id = text_of(record, "id");

	if (strncmp(path, "qip/", 4) == 0 && ref[0] && ref[strspn(ref, plain)] == '\0')
		(void)snprintf(out, size, "%s", ref);
	else if (strncmp(path, "qip/", 4) == 0 || strncmp(path, "inspections/", 12) == 0 || strncmp(path, "sites/", 6) == 0)
		(void)snprintf(out, size, "%s", id);
	else
		(void)snprintf(out, size, "%.*s", (int)strlen(path) - (int)strlen(".json"), path);
}
