/* server/view.c - a practice's log at one moment. */
#include "server/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/head.h"
#include "core/record_file.h"

static void registry_put(struct shared_registry *reg)
{
	if (!reg || atomic_fetch_sub(&reg->refs, 1) != 1)
		return;
	registry_clear(&reg->registry);
	free(reg);
}

void view_put(struct view *v)
{
	if (!v || atomic_fetch_sub(&v->refs, 1) != 1)
		return;
	registry_put(v->registry);
	free(v);
}

struct view *view_share(struct view *v)
{
	(void)atomic_fetch_add(&v->refs, 1);
	return v;
}

const struct registry *view_registry(const struct view *v)
{
	return v->registry ? &v->registry->registry : NULL;
}

/* Zero when the path is not there. */
static enum status find_or_zero(struct oid *out, struct repo *r, const struct oid *tree, const char *path,
				struct error *e)
{
	bool is_dir = false;
	enum status st = tree_find(out, &is_dir, r, tree, path, e);

	if (st != STATUS_NOT_FOUND)
		return st;
	*out = (struct oid){{0}};
	return STATUS_OK;
}

static enum status find_rules(struct rules_ids *out, struct repo *r, const struct oid *tree, struct error *e)
{
	static const char *const paths[RULES_PLACES] = {"practice.json", "retired-keys", "devices", "keys", "surveys", "returns", "toolkit"};
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < RULES_PLACES; i++)
		st = find_or_zero(&out->at[i], r, tree, paths[i], e);
	return st;
}

static bool same_rules(const struct rules_ids *a, const struct rules_ids *b)
{
	bool same = true;

	for (size_t i = 0; i < RULES_PLACES; i++)
		same = same && oid_equal(&a->at[i], &b->at[i]);
	return same;
}

bool view_same_rules(const struct view *a, const struct view *b)
{
	return a->registry == b->registry && same_rules(&a->rules, &b->rules); /* one registry is shared while nothing in it changes */
}

enum status view_rules_changed(bool *out, struct repo *r, const struct view *v, const struct oid *tree,
			       struct error *e)
{
	struct rules_ids there;
	bool same = false;
	enum status st = find_rules(&there, r, tree, e);

	if (st == STATUS_OK)
		same = same_rules(&there, &v->rules);
	if (same && v->registry)
		st = registry_same_ends(&same, &v->registry->registry, r, tree, e);
	if (st == STATUS_OK)
		*out = !same;
	return st;
}

/* The registry of v's tree: the one of `last`, if nothing in it changed. */
static enum status attach_registry(struct view *v, const struct view *last, struct repo *r, struct error *e)
{
	struct shared_registry *reg = NULL;
	bool same = false;
	enum status st = find_rules(&v->rules, r, &v->end.tree, e);

	if (st != STATUS_OK || oid_is_zero(&v->rules.at[RULES_PRACTICE]))
		return st;
	if (last && last->registry && oid_equal(&last->rules.at[RULES_PRACTICE], &v->rules.at[RULES_PRACTICE]) &&
	    oid_equal(&last->rules.at[RULES_RETIRED], &v->rules.at[RULES_RETIRED]) &&
	    oid_equal(&last->rules.at[RULES_DEVICES], &v->rules.at[RULES_DEVICES]))
		st = registry_same_ends(&same, &last->registry->registry, r, &v->end.tree, e);
	if (st != STATUS_OK)
		return st;
	if (same) {
		v->registry = last->registry;
		(void)atomic_fetch_add(&v->registry->refs, 1);
		return STATUS_OK;
	}
	reg = calloc(1, sizeof(*reg));
	if (!reg)
		return error_set(e, STATUS_NOMEM, "out of memory");
	st = registry_load_after(&reg->registry, last && last->registry ? &last->registry->registry : NULL, r, &v->end.tree,
				 NULL, e);
	if (st != STATUS_OK) {
		free(reg);
		return error_prefix(e, st, "the registry on main cannot be read");
	}
	atomic_init(&reg->refs, 1);
	v->registry = reg;
	return STATUS_OK;
}

static enum status read_main(struct view *v, struct repo *r, struct error *e)
{
	struct commit c = COMMIT_INIT;
	struct merge_note note = {.index = 0};
	enum status st = repo_commit_read(&c, r, &v->end.commit, e);

	if (st != STATUS_OK)
		return st;
	v->end.tree = c.tree;
	if (c.parents_len > 0) {
		st = merge_note_parse(&note, c.message, e);
		v->end.index = note.index;
	}
	buf_clear(&note.kept);
	commit_clear(&c);
	return st;
}

static enum status make_view(struct view **out, struct repo *r, const struct oid *main, const struct view *last,
			     struct error *e)
{
	struct view *v = calloc(1, sizeof(*v));
	enum status st = STATUS_OK;

	if (!v)
		return error_set(e, STATUS_NOMEM, "out of memory");
	atomic_init(&v->refs, 1);
	v->end.commit = *main;
	st = read_main(v, r, e);
	if (st == STATUS_OK)
		st = attach_registry(v, last, r, e);
	if (st != STATUS_OK) {
		view_put(v);
		return st;
	}
	*out = v;
	return STATUS_OK;
}

/* r: a handle that sees main, or NULL. */
static enum status look_at_main(struct practice *p, struct repo *r, struct error *e)
{
	struct repo *own = NULL;
	struct view *fresh = NULL;
	struct oid main = {{0}};
	enum status st = store_ref_get(&main, p->history, "refs/heads/main", e);

	if (st != STATUS_OK || (p->view && oid_equal(&p->view->end.commit, &main)))
		return st;
	if (!r)
		st = store_reader_open(&own, p->history, e);
	if (st == STATUS_OK)
		st = make_view(&fresh, r ? r : own, &main, p->view, e);
	if (st == STATUS_OK) {
		view_put(p->view);
		p->view = fresh;
	}
	store_reader_close(own);
	return st;
}

enum status view_get(struct view **out, struct practice *p, struct error *e)
{
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&p->view_mutex);
	st = look_at_main(p, NULL, e);
	if (st == STATUS_OK)
		*out = view_share(p->view);
	(void)pthread_mutex_unlock(&p->view_mutex);
	return st;
}

void view_moved(struct practice *p, struct repo *r)
{
	(void)pthread_mutex_lock(&p->view_mutex);
	/* what fails now fails once more, and is told, when somebody asks */
	(void)look_at_main(p, r, NULL);
	(void)pthread_mutex_unlock(&p->view_mutex);
}

enum status view_device_record(cJSON **out, struct practice *p, const struct view *v, const char *device,
			       struct error *e)
{
	char path[TREE_PATH_MAX];
	struct repo *r = NULL;
	enum status st = store_reader_open(&r, p->history, e);

	if (st != STATUS_OK)
		return st;
	(void)snprintf(path, sizeof(path), "devices/%s.json", device);
	st = record_read_path(out, r, &v->end.tree, path, e);
	store_reader_close(r);
	return st;
}
