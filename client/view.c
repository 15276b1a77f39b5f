/* client/view.c - reading a home: its refs, and the practice as this device sees it, own unsynced edits included. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/home.h"
#include "core/record_file.h"

enum status home_ref(struct oid *out, struct qip *q, const char *name, struct error *e)
{
	struct oid id = {0};
	struct error why = {0};
	enum status st = repo_ref_get(&id, q->repo, name, &why);

	if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		return home_unreadable(q, &why, e);
	*out = st == STATUS_OK ? id : (struct oid){0};
	return STATUS_OK;
}

enum status home_move_ref(struct qip *q, const char *name, const struct oid *to, const struct oid *from, struct error *e)
{
	if (oid_equal(to, from))
		return STATUS_OK;
	return repo_ref_update(q->repo, name, to, oid_is_zero(from) ? NULL : from, e);
}

struct kept {
	const struct oid *id;
	size_t prefix_len;
	int highest, same; /* same: the number that it is kept under already, 0 for none */
};

static enum status look_at_kept(void *ctx, const char *name, const struct oid *id)
{
	struct kept *k = ctx;
	int n = (int)strtol(name + k->prefix_len, NULL, 10);

	if (n > k->highest)
		k->highest = n;
	if (oid_equal(id, k->id))
		k->same = n;
	return STATUS_OK;
}

enum status home_keep(char ref[HOME_REF_MAX], struct qip *q, const char *prefix, const struct oid *id, struct error *e)
{
	struct kept k = {.id = id, .prefix_len = strlen(prefix)};
	enum status st = repo_ref_each(q->repo, prefix, look_at_kept, &k, e);

	if (st != STATUS_OK)
		return st;
	(void)snprintf(ref, HOME_REF_MAX, "%s%d", prefix, k.same ? k.same : k.highest + 1);
	return k.same ? STATUS_OK : repo_ref_update(q->repo, ref, id, NULL, e);
}

enum status home_tree_of(struct oid *out, struct qip *q, const struct oid *commit, struct error *e)
{
	struct commit c = COMMIT_INIT;
	struct error why = {0};

	if (oid_is_zero(commit)) {
		*out = (struct oid){0};
		return STATUS_OK;
	}
	if (repo_commit_read(&c, q->repo, commit, &why) != STATUS_OK)
		return home_unreadable(q, &why, e);
	*out = c.tree;
	commit_clear(&c);
	return STATUS_OK;
}

enum status home_log_number(int64_t *out, struct qip *q, const struct oid *commit, struct error *e)
{
	struct commit c = COMMIT_INIT;
	struct merge_note note = {.index = 0};
	struct error why = {0};
	enum status st = oid_is_zero(commit) ? STATUS_OK : repo_commit_read(&c, q->repo, commit, &why);

	if (st == STATUS_OK && c.parents_len > 0)
		st = merge_note_parse(&note, c.message, &why);
	if (st == STATUS_OK)
		*out = note.index;
	buf_clear(&note.kept);
	commit_clear(&c);
	return st == STATUS_OK ? st : home_unreadable(q, &why, e);
}

static bool begins(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* A kiosk has what it adds itself on its own branch, and the rest of what it may read in the configuration. */
static const char *ref_for(const struct qip *q, const char *path)
{
	static const char *const own[] = {"feedback", "health", "clock", "acks"};

	if (!home_is_kiosk(q))
		return REF_WORK;
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		if (begins(path, own[i]))
			return REF_WORK;
	}
	return REF_CONFIG;
}

enum status view_tree(struct oid *out, struct qip *q, const char *path, struct error *e)
{
	struct oid commit;
	enum status st = home_ref(&commit, q, ref_for(q, path), e);

	return st == STATUS_OK ? home_tree_of(out, q, &commit, e) : st;
}

enum status qip_read(cJSON **out, struct qip *q, const char *path, struct error *e)
{
	struct oid tree;
	enum status st = view_tree(&tree, q, path, e);

	return st == STATUS_OK ? record_read_path(out, q->repo, &tree, path, e) : st;
}

struct each {
	struct qip *q;
	qip_visit visit;
	void *ctx;
};

static enum status visit_file(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct each *each = ctx;
	cJSON *record = NULL;
	enum status st = record_read(&record, each->q->repo, new_id, e);

	(void)old_id;
	if (st != STATUS_OK)
		return error_prefix(e, st, "%s", path);
	st = each->visit(each->ctx, path, record, e);
	cJSON_Delete(record);
	return st;
}

enum status qip_each(struct qip *q, const char *folder, qip_visit visit, void *ctx, struct error *e)
{
	struct each each = {.q = q, .visit = visit, .ctx = ctx};
	struct oid tree;
	enum status st = view_tree(&tree, q, folder, e);

	return st == STATUS_OK ? tree_each(q->repo, &tree, folder, visit_file, &each, e) : st;
}

/* Ids of the parts of a tree that a registry is made of; zero where absent. */
struct registry_parts {
	struct oid practice, retired_keys, devices;
};

static enum status find_parts(struct registry_parts *out, struct qip *q, const struct oid *tree, struct error *e)
{
	struct oid *const ids[] = {&out->practice, &out->retired_keys, &out->devices};
	static const char *const paths[] = {"practice.json", "retired-keys", "devices"};
	enum status st = STATUS_OK;

	*out = (struct registry_parts){0};
	for (size_t i = 0; i < ARRAY_LEN(ids) && (st == STATUS_OK || st == STATUS_NOT_FOUND); i++)
		st = tree_find(ids[i], NULL, q->repo, tree, paths[i], e);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static bool is_loaded(const struct qip *q, const struct registry_parts *parts)
{
	return q->registry.root && oid_equal(&parts->practice, &q->registry.practice) && oid_equal(&parts->retired_keys, &q->registry.retired_keys) &&
	       oid_equal(&parts->devices, &q->registry_devices);
}

enum status view_registry_of(const struct registry **out, struct qip *q, const struct oid *tree, struct error *e)
{
	struct registry reg = REGISTRY_INIT;
	struct registry_parts parts;
	bool same = false;
	enum status st = find_parts(&parts, q, tree, e);

	/* loading checks every signature, some milliseconds each: not again for the same bytes */
	if (st == STATUS_OK && is_loaded(q, &parts))
		st = registry_same_ends(&same, &q->registry, q->repo, tree, e);
	if (st != STATUS_OK)
		return st;
	if (!same) {
		st = registry_load_after(&reg, q->registry.root ? &q->registry : NULL, q->repo, tree, q->any_root ? NULL : q->root_pin, e);
		if (st != STATUS_OK)
			return st;
		registry_clear(&q->registry);
		q->registry = reg;
		q->registry_devices = parts.devices;
	}
	*out = &q->registry;
	return STATUS_OK;
}

enum status view_registry(const struct registry **out, struct qip *q, struct error *e)
{
	struct oid tree;
	enum status st = view_tree(&tree, q, "", e);

	return st == STATUS_OK ? view_registry_of(out, q, &tree, e) : st;
}

enum status qip_registry(struct registry *out, struct qip *q, struct error *e)
{
	struct oid tree;
	enum status st = view_tree(&tree, q, "", e);

	return st == STATUS_OK ? registry_load(out, q->repo, &tree, q->root_pin, e) : st;
}

struct repo *qip_repo(struct qip *q)
{
	return q->repo;
}

enum status qip_main(struct oid *out, struct qip *q, struct error *e)
{
	return repo_ref_get(out, q->repo, REF_MAIN, e);
}

enum status qip_tip(struct oid *out, struct qip *q, struct error *e)
{
	return repo_ref_get(out, q->repo, REF_WORK, e);
}
