/* client/conflicted.c - the records in conflict, wherever in the tree they stand. */
#include <string.h>

#include "client/home.h"
#include "core/policy.h"

struct search {
	struct qip *q;
	qip_visit visit;
	void *ctx;
};

static enum status look_at(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	static const char mark[] = "\"conflicts\"";
	struct search *s = ctx;
	struct buf bytes = BUF_INIT;
	cJSON *record = NULL;
	enum status st = repo_read(&bytes, s->q->repo, new_id, REPO_BLOB, RECORD_MAX_BYTES, e);

	(void)old_id;
	/* years of triage are many records, and parsing is what costs */
	if (st == STATUS_OK && memmem(buf_text(&bytes), bytes.len, mark, strlen(mark))) {
		st = json_parse(&record, buf_text(&bytes), bytes.len, e);
		if (st != STATUS_OK)
			st = error_prefix(e, st, "%s", path);
		else if (record_conflicts(record) > 0)
			st = s->visit(s->ctx, path, record, e);
	}
	cJSON_Delete(record);
	buf_clear(&bytes);
	return st;
}

static enum status look_at_file(struct search *s, const struct oid *tree, const char *path, struct error *e)
{
	struct oid id;
	enum status st = tree_find(&id, NULL, s->q->repo, tree, path, e);

	if (st == STATUS_NOT_FOUND)
		return STATUS_OK;
	return st == STATUS_OK ? look_at(s, path, NULL, &id, e) : st;
}

enum status qip_conflicts_each(struct qip *q, qip_visit visit, void *ctx, struct error *e)
{
	struct search s = {.q = q, .visit = visit, .ctx = ctx};
	const struct rules *rules = NULL;
	const char *place = NULL, *type = NULL;
	struct oid tree;
	enum status st = view_tree(&tree, q, "", e);

	if (st == STATUS_OK)
		st = rules_get(&rules, RULES_VERSION, e);
	for (size_t i = 0; st == STATUS_OK && (place = policy_place(&type, i)) != NULL; i++) {
		if (rules_record_kind(rules, type) != RECORD_CLAIMS)
			continue;
		st = strchr(place, '/') ? tree_each(q->repo, &tree, place, look_at, &s, e) : look_at_file(&s, &tree, place, e);
	}
	return st;
}
