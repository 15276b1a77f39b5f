/* client/audit_doubles.c - answers that kiosks which went on with each other's sent more than once: told, for they count once. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/audit_internal.h"
#include "client/doubles.h"
#include "client/limits.h"

struct looking {
	struct auditor *a;
	struct doubles doubles;
	struct audit_device *device;
	const struct device *line;
};

static enum status visit(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct looking *l = ctx;
	cJSON *record = NULL;
	bool again = false;
	enum status st = STATUS_OK;

	(void)old_id;
	if (l->doubles.len >= LIMIT_HELD_IDS)
		return error_set(e, STATUS_TOO_BIG, "more than %d answers of kiosks that went on with each other's: the rest is not compared", LIMIT_HELD_IDS);
	record = audit_read_record(l->a, new_id); /* one that cannot be read was found where it came */
	if (record)
		st = doubles_note(&again, &l->doubles, l->line, record, e);
	if (again && l->device->doubled++ == 0)
		(void)snprintf(l->device->doubled_first, sizeof(l->device->doubled_first), "%s", path);
	cJSON_Delete(record);
	return st;
}

void audit_tell_doubles(struct auditor *a)
{
	const struct registry *reg = audit_registry_get(a->registry);
	struct looking l = {.a = a, .doubles = DOUBLES_INIT};
	char folder[TREE_PATH_MAX];
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < a->out->devices_len; i++) {
		l.device = &a->out->devices[i];
		l.line = registry_line(reg, l.device->id);
		(void)snprintf(folder, sizeof(folder), "feedback/%s/", l.device->id);
		if (l.line && l.device->last_seq > 0)
			st = tree_each(a->repo, &a->main_tree, folder, visit, &l, &a->e);
	}
	if (st != STATUS_OK)
		audit_find(a, &a->main, "feedback", "", "%s", a->e.text);
	doubles_clear(&l.doubles);
}
