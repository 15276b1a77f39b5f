/* core/repo_view.c - what only this handle sees: staged objects, and the pack of an intake that is not kept yet.
 *
 * Both stand in front of libgit2's own backends as one read-only backend. Staging copies into memory; nothing here
 * writes to disk. (Not git_mempack: its dump packs the whole closure of every commit and drops what no commit reaches.)
 */
#include "core/repo_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/array.h"

#define VIEW_PRIORITY 100 /* above loose (1) and packed (2) */

struct view {
	git_odb_backend backend; /* first: libgit2 knows the view by it */
	struct repo *repo;
};

enum status staging_add(struct staging *s, const struct oid *id, git_object_t kind, const void *bytes, size_t len,
			struct error *e)
{
	enum status st = STATUS_NOMEM;
	size_t place = 0;
	void *copy = NULL;

	if (oid_map_find(&s->ids, id) != OID_MAP_NONE)
		return STATUS_OK;
	if (s->ids.len >= REPO_MAX_STAGED_OBJECTS || len > REPO_MAX_STAGED_BYTES - s->bytes)
		return error_set(e, STATUS_TOO_BIG, "one change may not hold more than %zu objects or %zu MB",
				 REPO_MAX_STAGED_OBJECTS, REPO_MAX_STAGED_BYTES >> 20);
	if (!array_room(&s->objects, &s->cap, s->ids.len))
		goto fail;
	copy = malloc(len + 1);
	if (!copy)
		goto fail;
	if (len)
		memcpy(copy, bytes, len);
	st = oid_map_add(&place, NULL, &s->ids, id);
	if (st)
		goto fail;
	s->objects[place] = (struct staged_object){.kind = kind, .bytes = copy, .len = len};
	s->bytes += len;
	return STATUS_OK;
fail:
	free(copy);
	return error_set(e, st, "no memory to stage an object");
}

void staging_keep_packed(struct staging *s, const void *packed, size_t len)
{
	struct staged_object *last = &s->objects[s->ids.len - 1];

	last->packed = len && len <= REPO_MAX_STAGED_BYTES - s->bytes ? malloc(len) : NULL;
	if (!last->packed)
		return;
	memcpy(last->packed, packed, len);
	last->packed_len = len;
	s->bytes += len;
}

static void staging_pop(struct staging *s)
{
	struct staged_object *last = &s->objects[s->ids.len - 1];

	s->bytes -= last->len + last->packed_len;
	free(last->bytes);
	free(last->packed);
	oid_map_pop(&s->ids);
}

size_t repo_mark(const struct repo *r)
{
	return r->staged.ids.len;
}

size_t repo_staged_bytes(const struct repo *r)
{
	return r->staged.bytes;
}

void repo_rollback(struct repo *r, size_t mark)
{
	while (r->staged.ids.len > mark)
		staging_pop(&r->staged);
}

enum status repo_adopt(struct repo *to, const struct repo *from, struct error *e)
{
	size_t mark = repo_mark(to);
	enum status st = STATUS_OK;

	for (size_t i = 0; i < from->staged.ids.len && st == STATUS_OK; i++) {
		const struct staged_object *o = &from->staged.objects[i];

		size_t before = to->staged.ids.len;

		st = staging_add(&to->staged, &from->staged.ids.keys[i], o->kind, o->bytes, o->len, e);
		if (st == STATUS_OK && to->staged.ids.len > before && o->packed)
			staging_keep_packed(&to->staged, o->packed, o->packed_len);
	}
	if (st != STATUS_OK)
		repo_rollback(to, mark);
	return st;
}

void staging_clear(struct staging *s)
{
	for (size_t i = 0; i < s->ids.len; i++) {
		free(s->objects[i].bytes);
		free(s->objects[i].packed);
	}
	free(s->objects);
	oid_map_clear(&s->ids);
	*s = (struct staging){0};
}

static const struct staged_object *staged_find(git_odb_backend *backend, const git_oid *id)
{
	struct repo *r = ((struct view *)backend)->repo;
	size_t place = 0;

	if (r->hide_new)
		return NULL;
	place = oid_map_find(&r->staged.ids, (const struct oid *)(const void *)id);
	return place == OID_MAP_NONE ? NULL : &r->staged.objects[place];
}

static git_odb_backend *quarantine_of(git_odb_backend *backend)
{
	struct repo *r = ((struct view *)backend)->repo;

	return r->hide_new ? NULL : r->quarantine;
}

static int view_read(void **out, size_t *len, git_object_t *kind, git_odb_backend *backend, const git_oid *id)
{
	const struct staged_object *o = staged_find(backend, id);
	git_odb_backend *quarantine = quarantine_of(backend);
	char *copy = NULL;

	if (!o)
		return quarantine ? quarantine->read(out, len, kind, quarantine, id) : GIT_ENOTFOUND;
	copy = git_odb_backend_data_alloc(backend, o->len + 1);
	if (!copy)
		return GIT_ERROR;
	if (o->len)
		memcpy(copy, o->bytes, o->len);
	copy[o->len] = '\0';
	*out = copy;
	*len = o->len;
	*kind = o->kind;
	return 0;
}

static int view_read_header(size_t *len, git_object_t *kind, git_odb_backend *backend, const git_oid *id)
{
	const struct staged_object *o = staged_find(backend, id);
	git_odb_backend *quarantine = quarantine_of(backend);

	if (!o)
		return quarantine ? quarantine->read_header(len, kind, quarantine, id) : GIT_ENOTFOUND;
	*len = o->len;
	*kind = o->kind;
	return 0;
}

static int view_exists(git_odb_backend *backend, const git_oid *id)
{
	git_odb_backend *quarantine = quarantine_of(backend);

	if (staged_find(backend, id))
		return 1;
	return quarantine ? quarantine->exists(quarantine, id) : 0;
}

static int view_foreach(git_odb_backend *backend, git_odb_foreach_cb visit, void *payload)
{
	struct repo *r = ((struct view *)backend)->repo;
	git_odb_backend *quarantine = quarantine_of(backend);

	for (size_t i = 0; i < r->staged.ids.len; i++) {
		int rc = visit(git_id(&r->staged.ids.keys[i]), payload);

		if (rc)
			return rc;
	}
	return quarantine ? quarantine->foreach (quarantine, visit, payload) : 0;
}

/* libgit2 asks at every miss, and tries again if this succeeds. Looking through the pack directory each time would cost
 * more than all else, so it is done only when it was changed since this handle looked. */
static int view_refresh(git_odb_backend *backend)
{
	return packs_heal(((struct view *)backend)->repo) ? 0 : GIT_ENOTFOUND;
}

static void view_free(git_odb_backend *backend)
{
	free(backend);
}

enum status view_attach(struct repo *r, struct error *e)
{
	struct view *v = calloc(1, sizeof(*v));
	int rc = 0;

	if (!v)
		return error_set(e, STATUS_NOMEM, "no memory to open a repository");
	rc = git_odb_init_backend(&v->backend, GIT_ODB_BACKEND_VERSION);
	v->backend.read = view_read;
	v->backend.read_header = view_read_header;
	v->backend.exists = view_exists;
	v->backend.foreach = view_foreach;
	v->backend.refresh = view_refresh;
	v->backend.free = view_free;
	v->repo = r;
	if (!rc)
		rc = git_odb_add_backend(r->odb, &v->backend, VIEW_PRIORITY);
	if (rc) {
		free(v);
		return git_failed(e, rc, "cannot open the repository %s", r->path);
	}
	return STATUS_OK;
}
