/* core/repo_cut.c - forgetting the beginning of a history. What is to be kept goes into one new pack; the file "shallow" then says where the history
 * ends, as in a shallow clone of git's; the old packs go.
 *
 * In this order: whoever loses power in between finds the packs as they were, and the ends true of what is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/repo_internal.h"

struct cut {
	struct repo *repo;
	struct closure kept;
	const char *const *bare;
	size_t bare_len;
	struct quarantine out;
	struct error *e;
};

enum status repo_take_ends(struct repo *r, struct error *e)
{
	return shallow_read(r, e);
}

enum status repo_pack_bytes(uint64_t *out, struct repo *r, struct error *e)
{
	struct pack_list l = {NULL, 0, 0};
	enum status st = packs_list(&l, r, e);

	if (st)
		return st;
	*out = 0;
	for (size_t i = 0; i < l.len; i++)
		*out += l.packs[i].bytes;
	packs_clear(&l);
	return STATUS_OK;
}

/* ---- what is kept ---- */

static enum status keep(bool *added, struct cut *c, const struct oid *id)
{
	size_t place = 0;
	enum status st = oid_map_add(&place, added, &c->kept.seen, id);

	return st ? error_set(c->e, st, "no memory to cut a history") : STATUS_OK;
}

static bool is_bare(const struct cut *c, const struct tree_entry *entry)
{
	for (size_t i = 0; i < c->bare_len; i++) {
		if (strcmp(entry->name, c->bare[i]) == 0)
			return true;
	}
	return false;
}

static enum status keep_tree(struct cut *c, const struct oid *id, int depth, bool bare)
{
	struct tree t = TREE_INIT;
	bool added = false;
	enum status st = depth < REPO_MAX_DEPTH ? keep(&added, c, id) : error_set(c->e, STATUS_TOO_BIG, "a tree is too deep");

	if (!st && added)
		st = repo_tree_read(&t, c->repo, id, c->e);
	for (size_t i = 0; i < t.len && !st; i++) {
		const struct tree_entry *entry = &t.entries[i];

		if (entry->is_dir)
			st = keep_tree(c, &entry->id, depth + 1, bare || (depth == 0 && is_bare(c, entry)));
		else if (!bare)
			st = keep(&added, c, &entry->id);
	}
	tree_clear(&t);
	return st;
}

static enum status keep_end(struct cut *c, const struct oid *id)
{
	struct commit_links links = COMMIT_LINKS_INIT;
	bool added = false;
	enum status st = keep(&added, c, id);

	if (!st)
		st = commit_links_read(&links, c->repo, id, c->e);
	if (!st)
		st = keep_tree(c, &links.tree, 0, false);
	commit_links_clear(&links);
	return st;
}

struct tips {
	struct oid *ids;
	size_t len;
};

static enum status add_tip(void *ctx, const char *name, const struct oid *id)
{
	struct tips *t = ctx;
	struct oid *more = realloc(t->ids, (t->len + 1) * sizeof(*more));

	(void)name;
	if (!more)
		return STATUS_NOMEM;
	t->ids = more;
	t->ids[t->len++] = *id;
	return STATUS_OK;
}

/* All that came after the ends, and the ends. */
static enum status collect(struct cut *c, const struct oid *ends, size_t ends_len)
{
	struct tips tips = {NULL, 0};
	struct repo_span span = {.haves = ends, .haves_len = ends_len};
	enum status st = repo_ref_each(c->repo, "refs/", add_tip, &tips, c->e);

	span.wants = tips.ids;
	span.wants_len = tips.len;
	if (!st)
		st = closure_span(&c->kept, &span);
	for (size_t i = 0; i < ends_len && !st; i++)
		st = keep_end(c, &ends[i]);
	free(tips.ids);
	return st;
}

/* ---- writing it ---- */

static enum status take_bytes(void *ctx, const void *bytes, size_t len)
{
	struct cut *c = ctx;

	return quarantine_feed(&c->out, bytes, len, c->e);
}

/* One durable pack; hex: its name. */
static enum status write_pack(char hex[PACK_HEX_MAX + 1], struct cut *c)
{
	static const char front[] = "pack-";
	enum status st = quarantine_open(&c->out, c->repo, c->e);

	if (!st)
		st = pack_send_objects(c->repo, &c->kept.seen, true, take_bytes, c, c->e);
	if (!st)
		st = quarantine_index(&c->out, c->e);
	if (!st)
		st = quarantine_keep(&c->out, c->repo, c->e);
	if (!st)
		(void)snprintf(hex, PACK_HEX_MAX + 1, "%s", strrchr(c->out.base, '/') + sizeof(front));
	quarantine_close(&c->out);
	return st;
}

static enum status write_bytes(const char *path, const struct buf *text, struct error *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), failed = fd < 0 ? errno : 0;

	if (!failed && write(fd, text->data, text->len) != (ssize_t)text->len)
		failed = errno ? errno : EIO;
	if (!failed && fsync(fd))
		failed = errno;
	if (fd >= 0 && close(fd) && !failed)
		failed = errno;
	return failed ? error_set_errno(e, failed, "cannot write %s", path) : STATUS_OK;
}

/* An end that was and is still kept stays one. */
static enum status put_ends(struct buf *text, const struct cut *c, const struct oid *ends, size_t ends_len)
{
	char hex[OID_HEX_LEN + 1];

	for (size_t i = 0; i < ends_len; i++) {
		oid_hex(hex, &ends[i]);
		buf_addf(text, "%s\n", hex);
	}
	for (size_t i = 0; i < c->repo->shallow.len; i++) {
		const struct oid *old = &c->repo->shallow.keys[i];
		bool again = false;

		for (size_t k = 0; k < ends_len; k++)
			again = again || oid_equal(old, &ends[k]);
		if (again || oid_map_find(&c->kept.seen, old) == OID_MAP_NONE)
			continue;
		oid_hex(hex, old);
		buf_addf(text, "%s\n", hex);
	}
	return buf_ok(text) ? STATUS_OK : error_set(c->e, STATUS_NOMEM, "no memory to cut a history");
}

static enum status write_ends(struct cut *c, const struct oid *ends, size_t ends_len)
{
	struct repo *r = c->repo;
	struct buf text = BUF_INIT;
	char *path = path_join(r->path, "shallow"), *fresh = path_join(r->path, "shallow.new");
	enum status st = path && fresh ? put_ends(&text, c, ends, ends_len) : error_set(c->e, STATUS_NOMEM, "no memory to cut a history");

	if (!st)
		st = write_bytes(fresh, &text, c->e);
	if (!st && rename(fresh, path))
		st = error_set_errno(c->e, errno, "cannot write %s", path);
	if (!st)
		st = sync_path(r->path, c->e);
	if (!st) {
		oid_map_clear(&r->shallow);
		st = shallow_read(r, c->e);
	}
	free(path);
	free(fresh);
	buf_clear(&text);
	return st;
}

/* Those that were there before. */
static enum status forget(struct cut *c, const struct pack_list *old, const char *but)
{
	enum status st = packs_retire(old, but, c->repo, c->e);

	packs_sweep(c->repo, 0);
	return st ? st : repo_reopen(c->repo, c->e);
}

enum status repo_cut(struct repo *r, const struct oid *ends, size_t ends_len, const char *const *bare, size_t bare_len,
		     struct error *e)
{
	struct cut c = {.repo = r, .kept = {.repo = r, .e = e}, .bare = bare, .bare_len = bare_len, .out = QUARANTINE_INIT, .e = e};
	struct pack_list old = {NULL, 0, 0};
	char hex[PACK_HEX_MAX + 1] = "";
	enum status st = packs_list(&old, r, e);

	if (!st)
		st = collect(&c, ends, ends_len);
	if (!st)
		st = write_pack(hex, &c);
	if (!st)
		st = write_ends(&c, ends, ends_len);
	if (!st)
		st = forget(&c, &old, hex);
	oid_map_clear(&c.kept.seen);
	packs_clear(&old);
	return st;
}
