/* core/repo_write.c - objects on their way in: hashed, and staged in memory until repo_flush makes a pack of them. */
#include "core/repo_internal.h"

#include <string.h>

static enum status hash(struct oid *out, enum repo_kind kind, const void *bytes, size_t len, struct error *e)
{
	git_oid id;
	int rc = 0;

	if (len > REPO_MAX_OBJECT_BYTES)
		return error_set(e, STATUS_TOO_BIG, "an object of %zu bytes; at most %zu are allowed", len,
				 REPO_MAX_OBJECT_BYTES);
	rc = git_odb_hash(&id, len ? bytes : "", len, (git_object_t)kind);
	if (rc)
		return git_failed(e, rc, "cannot hash an object");
	memcpy(out->id, id.id, OID_LEN);
	return STATUS_OK;
}

/* Packs that were joined meanwhile are not looked for: at worst the object is there twice. */
static bool is_kept(struct repo *r, const struct oid *id)
{
	bool found = false;

	/* What is only in quarantine does not count: its pack may yet be refused. */
	r->hide_new = true;
	found = git_odb_exists_ext(r->odb, git_id(id), GIT_ODB_LOOKUP_NO_REFRESH) == 1;
	r->hide_new = false;
	return found;
}

enum status repo_write(struct oid *out, struct repo *r, enum repo_kind kind, const void *bytes, size_t len,
		       struct error *e)
{
	struct oid id;
	enum status st = hash(&id, kind, bytes, len, e);

	if (st == STATUS_OK && !is_kept(r, &id))
		st = staging_add(&r->staged, &id, (git_object_t)kind, bytes, len, e); /* the numbers are git's own */
	if (st == STATUS_OK)
		*out = id;
	return st;
}

enum status repo_write_new(struct oid *out, struct repo *r, enum repo_kind kind, const void *bytes, size_t len,
			   struct error *e)
{
	struct oid id;
	enum status st = hash(&id, kind, bytes, len, e);

	if (st == STATUS_OK)
		st = staging_add(&r->staged, &id, (git_object_t)kind, bytes, len, e);
	if (st == STATUS_OK)
		*out = id;
	return st;
}

void repo_discard(struct repo *r)
{
	staging_clear(&r->staged);
}
