/* client/audit_incidents.c - what the server itself says that it lost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/audit_internal.h"
#include "core/id.h"
#include "core/record_file.h"

static void add_unheard(struct audit_incident *out, const cJSON *list)
{
	const cJSON *name = NULL;
	size_t at = 0;

	cJSON_ArrayForEach(name, list)
	{
		int n = 0;

		if (!cJSON_IsString(name) || !name_valid(name->valuestring) || at >= sizeof(out->unheard))
			return;
		n = snprintf(out->unheard + at, sizeof(out->unheard) - at, "%s%s", at ? " " : "", name->valuestring);
		at += n > 0 ? (size_t)n : 0;
	}
}

bool audit_merge_at(struct oid *out, struct auditor *a, uint64_t index)
{
	struct oid at, before;

	if (index >= a->first + a->log_len)
		return false;
	if (index >= a->first) {
		*out = a->log[a->log_len - 1 - (size_t)(index - a->first)];
		return true;
	}
	at = a->from->main; /* what is older has no list: one step after the other */
	for (uint64_t i = a->from->index; i > index; i--) {
		if (repo_commit_first_parent(&before, a->repo, &at, &a->e) != STATUS_OK || oid_is_zero(&before))
			return false;
		at = before;
	}
	*out = at;
	return true;
}

/* The server has to name the place of its own log that it went on from. */
static bool stands_in_log(struct auditor *a, const struct audit_incident *i, const char *commit)
{
	struct oid id, there;

	if (i->index < 0 || i->known < i->index || oid_parse(&id, commit, strlen(commit)) != STATUS_OK)
		return false;
	return audit_merge_at(&there, a, (uint64_t)i->index) && oid_equal(&id, &there);
}

/* The earlier audit judged it. */
static bool was_there(struct auditor *a, const char *path, const struct oid *id)
{
	struct oid before;

	return !oid_is_zero(&a->from_tree) && tree_find(&before, NULL, a->repo, &a->from_tree, path, &a->e) == STATUS_OK &&
	       oid_equal(&before, id);
}

static enum status visit(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct auditor *a = ctx;
	struct audit_incident i = {.index = -1};
	cJSON *record = NULL;
	const char *restored = NULL, *backup = NULL, *commit = NULL;
	int64_t time_ms = 0;
	enum status st = STATUS_OK;

	(void)old_id;
	if (a->out->incidents_len == AUDIT_MAX_INCIDENTS)
		return error_set(e, STATUS_TOO_BIG, "more than %d incidents; the rest is not looked at", AUDIT_MAX_INCIDENTS);
	st = record_read(&record, a->repo, new_id, e);
	restored = json_string(record, "restored");
	backup = json_string(record, "backup");
	commit = json_string(record, "commit");
	if (restored && backup && time_parse(&time_ms, restored) == STATUS_OK && time_parse(&time_ms, backup) == STATUS_OK &&
	    json_integer(record, "index", &i.index) && json_integer(record, "known", &i.known)) {
		(void)snprintf(i.restored, sizeof(i.restored), "%s", restored);
		(void)snprintf(i.backup, sizeof(i.backup), "%s", backup);
		add_unheard(&i, json_get(record, "unheard"));
	}
	if (st != STATUS_OK)
		audit_find(a, &a->main, path, "server", "%s", e->text);
	else if (!was_there(a, path, new_id) && (!commit || !stands_in_log(a, &i, commit)))
		audit_find(a, &a->main, path, "server", "the incident names a place of the log that is another one");
	a->out->incidents[a->out->incidents_len++] = i;
	cJSON_Delete(record);
	return STATUS_OK;
}

static int by_time(const void *a, const void *b)
{
	const struct audit_incident *x = a, *y = b;

	return strcmp(x->restored, y->restored);
}

enum status audit_list_incidents(struct auditor *a)
{
	enum status st = STATUS_OK;

	a->out->incidents = calloc(AUDIT_MAX_INCIDENTS, sizeof(*a->out->incidents));
	if (!a->out->incidents)
		return error_set(&a->e, STATUS_NOMEM, "out of memory");
	st = tree_each(a->repo, &a->main_tree, "incidents", visit, a, &a->e);
	if (st != STATUS_OK)
		audit_find(a, &a->main, "incidents", "server", "%s", a->e.text);
	if (a->out->incidents_len > 1)
		qsort(a->out->incidents, a->out->incidents_len, sizeof(*a->out->incidents), by_time);
	return STATUS_OK;
}
