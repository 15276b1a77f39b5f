/* client/audit_earlier.c - all was audited again: is the log that was audited before still in it?
 *
 * Enters: the log, judged, and what an earlier audit reached. Leaves: a finding if that place is gone, unless the server told of the one restore
 * that explains it: the one that went on from where both logs part. If that one told of less than was audited here, out->held says so.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/audit_internal.h"
#include "client/limits.h"

struct parting {
	const struct audit_checkpoint *earlier;
	struct auditor *a;
	struct oid id;       /* the last merge that both logs share */
	uint64_t index;      /* its number */
	struct oid tree;     /* there */
	struct oid old_tree; /* where the earlier audit ended */
	unsigned incidents;
	bool explained;
	int64_t known;       /* then: the highest number that the server told of */
};

static bool read_tree(struct oid *out, struct auditor *a, const struct oid *id)
{
	struct commit c = COMMIT_INIT;
	enum status st = repo_commit_read(&c, a->repo, id, &a->e);

	if (st == STATUS_OK)
		*out = c.tree;
	commit_clear(&c);
	return st == STATUS_OK;
}

/* Down the earlier log, one step after the other, to a merge that is in this one under the same number. */
static bool find_parting(struct parting *p)
{
	struct oid here;

	p->id = p->earlier->main;
	p->index = p->earlier->index;
	while (!audit_merge_at(&here, p->a, p->index) || !oid_equal(&here, &p->id)) {
		struct oid before;

		if (p->index == 0 || repo_commit_first_parent(&before, p->a->repo, &p->id, &p->a->e) != STATUS_OK || oid_is_zero(&before))
			return false;
		p->id = before;
		p->index--;
	}
	return read_tree(&p->tree, p->a, &p->id) && read_tree(&p->old_tree, p->a, &p->earlier->main);
}

static bool has(const struct parting *p, const struct oid *tree, const char *path)
{
	struct oid there;

	return tree_find(&there, NULL, p->a->repo, tree, path, &p->a->e) == STATUS_OK;
}

/* Whoever offered what it knew to the restored server was heard. Not so a device that the restored log did not know. */
static bool was_unheard(const struct parting *p, const cJSON *incident)
{
	char path[TREE_PATH_MAX];
	const cJSON *name;

	(void)snprintf(path, sizeof(path), "devices/%s.json", p->earlier->device);
	if (!has(p, &p->tree, path))
		return true;
	cJSON_ArrayForEach(name, json_get(incident, "unheard"))
	{
		if (cJSON_IsString(name) && strcmp(name->valuestring, p->earlier->device) == 0)
			return true;
	}
	return false;
}

/* It has to go on from the parting, and to say that as much was lost as this device saw, or that nobody asked it. */
static bool explains(int64_t *known, const struct parting *p, const cJSON *incident)
{
	const char *commit = json_string(incident, "commit");
	char hex[OID_HEX_LEN + 1];
	int64_t index = -1;

	oid_hex(hex, &p->id);
	return commit && strcmp(commit, hex) == 0 && json_integer(incident, "index", &index) && index >= 0 && (uint64_t)index == p->index &&
	       json_integer(incident, "known", known) && *known >= index && ((uint64_t)*known >= p->earlier->index || was_unheard(p, incident));
}

static enum status look_at(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct parting *p = ctx;
	cJSON *incident = NULL;
	int64_t known = -1;

	(void)old_id;
	if (++p->incidents > LIMIT_INCIDENTS)
		return error_set(e, STATUS_TOO_BIG, "the log tells of more than %d restores", LIMIT_INCIDENTS);
	if (has(p, &p->old_tree, path))
		return STATUS_OK; /* of an earlier restore */
	incident = audit_read_record(p->a, new_id);
	if (explains(&known, p, incident)) {
		p->known = p->explained && p->known > known ? p->known : known;
		p->explained = true;
	}
	cJSON_Delete(incident);
	return STATUS_OK;
}

/* It is excused, and yet nobody told what was lost behind the number that the server knew. */
static void tell_held(const struct parting *p)
{
	struct audit_held *held = &p->a->out->held;

	if ((uint64_t)p->known >= p->earlier->index)
		return;
	held->index = p->earlier->index;
	held->known = p->known;
	oid_hex(held->main, &p->earlier->main);
	memcpy(held->at, p->earlier->at, sizeof(held->at));
}

void audit_check_earlier(struct auditor *a, const struct audit_checkpoint *earlier)
{
	struct parting p = {.earlier = earlier, .a = a};
	char where[48] = "they share nothing that can be read";

	if (find_parting(&p)) {
		if (oid_equal(&p.id, &earlier->main))
			return;
		if (tree_each(a->repo, &a->main_tree, "incidents", look_at, &p, &a->e) == STATUS_OK && p.explained) {
			tell_held(&p);
			return;
		}
		(void)snprintf(where, sizeof(where), "they part after merge %" PRIu64, p.index);
	}
	audit_find(a, &earlier->main, "", "server",
		   "the log that was audited on %.10s up to this merge, number %" PRIu64 ", was rewritten: it does not stand in the one that is here (%s), "
		   "and no restore that the server told of since explains that",
		   earlier->at, earlier->index, where);
}
