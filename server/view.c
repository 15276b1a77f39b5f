/* server/view.c - a practice's log at one moment. */
#include "server/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/head.h"

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

/* The registry of v's tree: the one of `last`, if nothing in it changed. */
static enum status attach_registry(struct view *v, const struct view *last, struct repo *r, struct error *e)
{
	struct shared_registry *reg = NULL;
	struct oid practice = {{0}}, devices = {{0}};
	enum status st = find_or_zero(&practice, r, &v->main_tree, "practice.json", e);

	if (st == STATUS_OK)
		st = find_or_zero(&devices, r, &v->main_tree, "devices", e);
	if (st != STATUS_OK || oid_is_zero(&practice))
		return st;
	if (last && last->registry && oid_equal(&last->registry->practice, &practice) &&
	    oid_equal(&last->registry->devices, &devices)) {
		v->registry = last->registry;
		(void)atomic_fetch_add(&v->registry->refs, 1);
		return STATUS_OK;
	}
	reg = calloc(1, sizeof(*reg));
	if (!reg)
		return error_set(e, STATUS_NOMEM, "out of memory");
	st = registry_load(&reg->registry, r, &v->main_tree, NULL, e);
	if (st != STATUS_OK) {
		free(reg);
		return error_prefix(e, st, "the registry on main cannot be read");
	}
	atomic_init(&reg->refs, 1);
	reg->practice = practice;
	reg->devices = devices;
	v->registry = reg;
	return STATUS_OK;
}

static enum status read_main(struct view *v, struct repo *r, struct error *e)
{
	struct commit c = COMMIT_INIT;
	struct merge_note note = {.index = 0};
	enum status st = repo_commit_read(&c, r, &v->main, e);

	if (st != STATUS_OK)
		return st;
	v->main_tree = c.tree;
	if (c.parents_len > 0) {
		st = merge_note_parse(&note, c.message, e);
		v->index = note.index;
	}
	buf_clear(&note.kept);
	commit_clear(&c);
	return st;
}

static enum status make_view(struct view **out, struct practice *p, const struct oid *main, const struct view *last,
			     struct error *e)
{
	struct repo *r = NULL;
	struct view *v = calloc(1, sizeof(*v));
	enum status st = v ? store_reader_open(&r, p->history, e) : error_set(e, STATUS_NOMEM, "out of memory");

	if (st != STATUS_OK) {
		free(v);
		return st;
	}
	atomic_init(&v->refs, 1);
	v->main = *main;
	st = read_main(v, r, e);
	if (st == STATUS_OK)
		st = attach_registry(v, last, r, e);
	store_reader_close(r);
	if (st != STATUS_OK) {
		view_put(v);
		return st;
	}
	*out = v;
	return STATUS_OK;
}

enum status view_get(struct view **out, struct practice *p, struct error *e)
{
	struct view *fresh = NULL;
	struct oid main = {{0}};
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&p->view_mutex);
	st = store_ref_get(&main, p->history, "refs/heads/main", e);
	if (st == STATUS_OK && (!p->view || !oid_equal(&p->view->main, &main))) {
		st = make_view(&fresh, p, &main, p->view, e);
		if (st == STATUS_OK) {
			view_put(p->view);
			p->view = fresh;
		}
	}
	if (st == STATUS_OK) {
		(void)atomic_fetch_add(&p->view->refs, 1);
		*out = p->view;
	}
	(void)pthread_mutex_unlock(&p->view_mutex);
	return st;
}

enum status view_device_record(struct buf *out, struct practice *p, const struct view *v, const char *device,
			       struct error *e)
{
	char path[TREE_PATH_MAX];
	struct repo *r = NULL;
	enum status st = store_reader_open(&r, p->history, e);

	if (st != STATUS_OK)
		return st;
	(void)snprintf(path, sizeof(path), "devices/%s.json", device);
	st = tree_read_path(out, r, &v->main_tree, path, RECORD_MAX_BYTES, e);
	store_reader_close(r);
	return st;
}
