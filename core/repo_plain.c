/* core/repo_plain.c - repositories of anybody's making: what they have that a practice's history has not. */
#include "core/repo_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHALLOW_MAX_BYTES ((size_t)16 << 20)

/* ---- the file "shallow": an id a line ---- */

static enum status add_end(struct repo *r, const char *line, size_t len, struct error *e)
{
	struct oid id;
	size_t place = 0;
	enum status st = STATUS_OK;

	if (len == 0)
		return STATUS_OK;
	if (oid_parse(&id, line, len) != STATUS_OK)
		return error_set(e, STATUS_CORRUPT, "%s/shallow is not a list of commits", r->path);
	st = oid_map_add(&place, NULL, &r->shallow, &id);
	return st ? error_set(e, st, "no memory to open a repository") : STATUS_OK;
}

static enum status read_lines(struct repo *r, FILE *f, struct error *e)
{
	enum status st = STATUS_OK;
	char *line = NULL;
	size_t cap = 0, total = 0;
	ssize_t n = 0;

	while (!st && (n = getline(&line, &cap, f)) >= 0) {
		total += (size_t)n;
		if (total > SHALLOW_MAX_BYTES)
			st = error_set(e, STATUS_TOO_BIG, "%s/shallow is too long", r->path);
		else
			st = add_end(r, line, strcspn(line, "\r\n"), e);
	}
	if (!st && ferror(f))
		st = error_set(e, STATUS_IO, "cannot read %s/shallow", r->path);
	free(line);
	return st;
}

enum status shallow_read(struct repo *r, struct error *e)
{
	char *path = path_join(r->path, "shallow");
	FILE *f = path ? fopen(path, "re") : NULL;
	enum status st = path ? STATUS_OK : error_set(e, STATUS_NOMEM, "no memory to open a repository");

	if (path && !f && errno != ENOENT) /* a cut history that is not known to be one looks damaged */
		st = error_set_errno(e, errno, "cannot read %s", path);
	if (f) {
		st = read_lines(r, f, e);
		(void)fclose(f);
	}
	free(path);
	return st;
}

enum status repo_open_plain(struct repo **out, const char *path, struct error *e)
{
	struct repo *r = NULL;
	enum status st = repo_open(&r, path, e);

	if (st)
		return st;
	r->plain = true;
	/* for the log of its refs: who pushes is not known */
	if (git_repository_set_ident(r->git, "anonymous", "anonymous@http") != 0)
		st = error_set(e, STATUS_NOMEM, "no memory to open a repository");
	if (!st)
		st = shallow_read(r, e);
	if (st) {
		repo_close(r);
		return st;
	}
	*out = r;
	return STATUS_OK;
}

const struct oid *repo_shallow_ends(size_t *len, const struct repo *r)
{
	*len = r->shallow.len;
	return r->shallow.keys;
}

/* ---- tags ---- */

enum status tag_target(struct oid *out, struct repo *r, const struct oid *id, struct error *e)
{
	static const char word[] = "object ";
	size_t skip = sizeof(word) - 1;
	struct buf raw = BUF_INIT;
	char hex[OID_HEX_LEN + 1];
	enum status st = repo_read(&raw, r, id, REPO_TAG, REPO_MAX_OBJECT_BYTES, e);

	if (!st && (raw.len <= skip + OID_HEX_LEN || memcmp(raw.data, word, skip) != 0 ||
		    oid_parse(out, buf_text(&raw) + skip, OID_HEX_LEN) != STATUS_OK)) {
		oid_hex(hex, id);
		st = error_set(e, STATUS_INVALID, "the tag %s names nothing", hex);
	}
	buf_clear(&raw);
	return st;
}

enum status repo_peel(struct oid *out, struct repo *r, const struct oid *id, struct error *e)
{
	struct oid at = *id;
	enum repo_kind kind = REPO_TAG;
	size_t size = 0;
	enum status st = repo_stat(&kind, &size, r, &at, e);

	if (!st && kind != REPO_TAG) {
		*out = (struct oid){{0}};
		return STATUS_OK;
	}
	for (int depth = 0; !st && kind == REPO_TAG; depth++) {
		if (depth == REPO_MAX_TAGS)
			return error_set(e, STATUS_TOO_BIG, "more than %d tags name each other", REPO_MAX_TAGS);
		st = tag_target(&at, r, &at, e);
		if (!st)
			st = repo_stat(&kind, &size, r, &at, e);
	}
	if (!st)
		*out = at;
	return st;
}

enum status repo_commit_of(struct oid *out, struct repo *r, const struct oid *id, struct error *e)
{
	enum repo_kind kind = REPO_BLOB;
	struct oid at = {{0}};
	size_t size = 0;
	enum status st = repo_peel(&at, r, id, e);

	if (!st && oid_is_zero(&at))
		at = *id;
	if (!st)
		st = repo_stat(&kind, &size, r, &at, e);
	if (!st)
		*out = kind == REPO_COMMIT ? at : (struct oid){{0}};
	return st;
}

/* ---- HEAD and configuration ---- */

enum status repo_head(char *name, size_t size, struct oid *id, struct repo *r, struct error *e)
{
	git_reference *ref = NULL;
	const char *target = NULL;
	git_oid found = {{0}};
	int rc = git_reference_lookup(&ref, r->git, "HEAD");

	if (rc)
		return git_failed(e, rc, "cannot read HEAD of %s", r->path);
	target = git_reference_symbolic_target(ref);
	if (target && strlen(target) >= size) {
		git_reference_free(ref);
		return error_set(e, STATUS_TOO_BIG, "HEAD of %s names too long a ref", r->path);
	}
	rc = git_reference_name_to_id(&found, r->git, "HEAD");
	if (rc && rc != GIT_ENOTFOUND) {
		git_reference_free(ref);
		return git_failed(e, rc, "cannot read HEAD of %s", r->path);
	}
	(void)snprintf(name, size, "%s", target ? target : "");
	memcpy(id->id, found.id, OID_LEN);
	git_reference_free(ref);
	return STATUS_OK;
}

enum status repo_symref_each(struct repo *r, repo_symref_visit visit, void *ctx, struct error *e)
{
	git_reference_iterator *it = NULL;
	git_reference *ref = NULL;
	enum status st = STATUS_OK;
	int rc = git_reference_iterator_new(&it, r->git);

	while (!rc && !st && !(rc = git_reference_next(&ref, it))) {
		if (git_reference_symbolic_target(ref))
			st = visit(ctx, git_reference_name(ref), git_reference_symbolic_target(ref));
		git_reference_free(ref);
	}
	git_reference_iterator_free(it);
	if (st)
		return error_set(e, st, "cannot list the refs of %s: %s", r->path, status_text(st));
	return rc != GIT_ITEROVER ? git_failed(e, rc, "cannot list the refs of %s", r->path) : STATUS_OK;
}

bool repo_config_bool(struct repo *r, const char *key, bool otherwise)
{
	git_config *config = NULL;
	int value = 0;
	bool found = git_repository_config_snapshot(&config, r->git) == 0 && git_config_get_bool(&value, config, key) == 0;

	git_config_free(config);
	return found ? value != 0 : otherwise;
}

bool repo_config_word(char *out, size_t size, struct repo *r, const char *key)
{
	git_config *config = NULL;
	const char *value = NULL;
	bool found = git_repository_config_snapshot(&config, r->git) == 0 &&
		     git_config_get_string(&value, config, key) == 0 && strlen(value) < size;

	for (size_t i = 0; found && i <= strlen(value); i++)
		out[i] = (char)(value[i] >= 'A' && value[i] <= 'Z' ? value[i] | 0x20 : value[i]);
	git_config_free(config);
	return found;
}

struct values {
	repo_config_visit visit;
	void *ctx;
	enum status st;
};

static int take_value(const git_config_entry *entry, void *values)
{
	struct values *v = values;

	v->st = entry->value ? v->visit(v->ctx, entry->value) : STATUS_OK;
	return v->st ? GIT_EUSER : 0;
}

enum status repo_config_each(struct repo *r, const char *key, repo_config_visit visit, void *ctx, struct error *e)
{
	struct values values = {.visit = visit, .ctx = ctx};
	git_config *config = NULL;
	int rc = git_repository_config_snapshot(&config, r->git);

	if (!rc)
		rc = git_config_get_multivar_foreach(config, key, NULL, take_value, &values);
	git_config_free(config);
	if (values.st)
		return error_set(e, values.st, "cannot read the configuration of %s: %s", r->path, status_text(values.st));
	return rc && rc != GIT_ENOTFOUND ? git_failed(e, rc, "cannot read the configuration of %s", r->path) : STATUS_OK;
}

bool repo_has_tree(struct repo *r)
{
	return !repo_config_bool(r, "core.bare", true);
}
