/* client/cli/change.c - see change.h. */
#include "client/cli/change.h"

#include <string.h>

#include "client/cli/plan.h"
#include "client/cli/typed.h"

#define SUBJECT_MAX 100
#define LABEL_MAX 24

enum status change_allowed(const struct cli *c, struct error *e)
{
	const struct qip_identity *id = qip_identity(c->q);

	if (id->role == ROLE_ICB || id->role == ROLE_AUDITOR)
		return error_set(e, STATUS_DENIED,
				 "the device %s has the role %s, which reads and checks everything and changes nothing; "
				 "please ask the practice to do it",
				 id->device, role_text(id->role));
	return STATUS_OK;
}

enum status change_put(struct qip_edit *edit, const char *path, const cJSON *record, struct error *e)
{
	enum status st = qip_edit_put(edit, path, record, e);
	size_t len = strlen(path);

	if (st != STATUS_OK && strncmp(e->text, path, len) == 0 && strncmp(e->text + len, ": /", 3) == 0)
		memmove(e->text, e->text + len + 3, strlen(e->text + len + 3) + 1);
	return st;
}

enum status change_record(struct cli *c, const char *path, const cJSON *record, const char *effective,
			  const char *subject, change_apply apply, void *ctx, cJSON **after, struct error *e)
{
	struct qip_edit *edit = NULL;
	struct stamp stamp = {0};
	cJSON *copy = NULL;
	enum status st = cli_open(c, e);

	if (st == STATUS_OK)
		st = change_allowed(c, e);
	if (st == STATUS_OK)
		st = qip_edit_begin(&edit, c->q, effective, e);
	if (st == STATUS_OK)
		st = qip_edit_stamp(&stamp, edit, e);
	if (st == STATUS_OK)
		st = (copy = cJSON_Duplicate(record, true)) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK) {
		stamp.n = record_next_number(copy);
		st = apply(ctx, copy, &stamp, e);
	}
	if (st == STATUS_OK)
		st = typed_check(c, record, copy, e);
	if (st == STATUS_OK)
		st = change_put(edit, path, copy, e);
	if (st == STATUS_OK) {
		char line[SUBJECT_MAX + 1];

		(void)snprintf(line, sizeof(line), "%s", subject);
		st = qip_edit_commit(edit, line, e);
		edit = NULL;
	}
	if (edit)
		qip_edit_abort(edit);
	if (st == STATUS_OK && after) {
		*after = copy;
		copy = NULL;
	}
	cJSON_Delete(copy);
	return st;
}

enum status change_new(cJSON **out, char path[TREE_PATH_MAX], struct cli *c, const char *schema, const char *folder,
		       struct error *e)
{
	char id[ID_TEXT_LEN + 1];
	cJSON *record = cJSON_CreateObject();
	enum status st = id_make(id, qip_env(c->q));

	put_string(&record, "schema", schema);
	put_string(&record, "id", id);
	if (st != STATUS_OK || !record) {
		cJSON_Delete(record);
		return error_set(e, st != STATUS_OK ? st : STATUS_NOMEM, "no id can be made: %s", status_text(st));
	}
	(void)snprintf(path, TREE_PATH_MAX, "%s/%s.json", folder, id);
	*out = record;
	return STATUS_OK;
}

void change_label(char *out, size_t size, const cJSON *record)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
	const char *ref = json_string(record, "ref"), *id = json_string(record, "id");

	if (ref && ref[0] && strlen(ref) <= LABEL_MAX && ref[strspn(ref, plain)] == '\0')
		(void)snprintf(out, size, "%s", ref);
	else
		(void)snprintf(out, size, "%.13s", id ? id : "");
}

enum status change_tell(struct cli *c, const cJSON *after, const char *what, struct error *e)
{
	char label[80];

	if (c->json)
		return cli_print_json(c, cJSON_Duplicate(after, true), e);
	plan_label(label, sizeof(label), after);
	fprintf(c->out, "%s: %s\n", label, what);
	return STATUS_OK;
}
