/* core/repo_read.c - single objects out: whether they are there, what they hold. */
#include "core/repo_internal.h"

static bool has(struct repo *r, const struct oid *id)
{
	return git_odb_exists_ext(r->odb, git_id(id), GIT_ODB_LOOKUP_NO_REFRESH) == 1;
}

bool repo_has(struct repo *r, const struct oid *id)
{
	return has(r, id) || (packs_heal(r) && has(r, id));
}

bool repo_has_kept(struct repo *r, const struct oid *id)
{
	bool found = false;

	r->hide_new = true;
	found = repo_has(r, id);
	r->hide_new = false;
	return found;
}

static git_object_t git_kind(enum repo_kind kind)
{
	return (git_object_t)kind; /* the numbers are git's own */
}

static enum status object_failed(struct error *e, int rc, const struct oid *id)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, id);
	return git_failed(e, rc, "cannot read object %s", hex);
}

/* What an object's content must be. */
static enum status take_content(struct buf *out, const struct oid *id, git_object_t found, const void *bytes, size_t len,
				enum repo_kind kind, size_t max_bytes, struct error *e)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, id);
	if (found != git_kind(kind))
		return error_set(e, STATUS_INVALID, "object %s is a %s and not a %s", hex, git_object_type2string(found),
				 git_object_type2string(git_kind(kind)));
	if (len > max_bytes)
		return error_set(e, STATUS_TOO_BIG, "object %s has %zu bytes; at most %zu are allowed", hex, len, max_bytes);
	buf_add(out, bytes, len);
	return buf_ok(out) ? STATUS_OK : error_set(e, STATUS_NOMEM, "no memory to read object %s", hex);
}

/* The size is looked at after inflating only: whatever is in a repository came through repo_write or an intake, and
 * both have limits. What is staged was hashed when it came: libgit2 would copy and hash it again. */
enum status repo_read(struct buf *out, struct repo *r, const struct oid *id, enum repo_kind kind, size_t max_bytes,
		      struct error *e)
{
	size_t place = r->hide_new ? OID_MAP_NONE : oid_map_find(&r->staged.ids, id);
	const struct staged_object *o = place != OID_MAP_NONE ? &r->staged.objects[place] : recent_find(r, id);
	git_odb_object *object = NULL;
	enum status st = STATUS_OK;
	int rc = 0;

	if (o) {
		r->reads++;
		return take_content(out, id, o->kind, o->bytes, o->len, kind, max_bytes, e);
	}
	rc = git_odb_read(&object, r->odb, git_id(id));
	if (rc)
		return object_failed(e, rc, id);
	r->reads++;
	st = take_content(out, id, git_odb_object_type(object), git_odb_object_data(object), git_odb_object_size(object), kind,
			  max_bytes, e);
	recent_add(r, id, git_odb_object_type(object), git_odb_object_data(object), git_odb_object_size(object));
	git_odb_object_free(object);
	return st;
}

enum status repo_stat(enum repo_kind *kind, size_t *size_bytes, struct repo *r, const struct oid *id, struct error *e)
{
	git_object_t found = GIT_OBJECT_INVALID;
	size_t len = 0;
	int rc = git_odb_read_header(&len, &found, r->odb, git_id(id));

	if (rc)
		return object_failed(e, rc, id);
	if (found < GIT_OBJECT_COMMIT || found > GIT_OBJECT_TAG)
		return error_set(e, STATUS_CORRUPT, "an object in %s is of no known kind", r->path);
	*kind = (enum repo_kind)found;
	*size_bytes = len;
	return STATUS_OK;
}
