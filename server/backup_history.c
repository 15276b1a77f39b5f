/* server/backup_history.c - a practice's history into a backup and out of it. */
#include "server/backup_history.h"

#include <stdlib.h>
#include <string.h>

#define MAIN_REF "refs/heads/main"

const struct repo_limits backup_history_limits = {
	.pack_bytes = UINT64_MAX, .objects = UINT32_MAX, .object_bytes = LIMIT_BACKUP_OBJECT_BYTES};

static struct oid *ids_of(const struct store_refs *refs)
{
	struct oid *ids = calloc(refs->len + 1, sizeof(*ids));

	for (size_t i = 0; ids && i < refs->len; i++)
		ids[i] = refs->refs[i].id;
	return ids;
}

/* ---- out of the store ---- */

struct feeding {
	struct repo_intake *intake; /* either of these two */
	struct store_txn *txn;
	struct error *e;
};

static enum status feed(void *ctx, const void *bytes, size_t len)
{
	struct feeding *f = ctx;

	return f->intake ? repo_intake_feed(f->intake, bytes, len, f->e) : store_txn_feed(f->txn, bytes, len, f->e);
}

static enum status fill(struct repo *to, struct repo *from, const struct oid *ids, size_t len, struct error *e)
{
	struct feeding f = {.e = e};
	enum status st = repo_intake_begin(&f.intake, to, &backup_history_limits, e);

	if (st == STATUS_OK)
		st = repo_pack_send(from, ids, len, NULL, 0, feed, &f, NULL, e);
	if (st == STATUS_OK)
		st = repo_intake_finish(f.intake, e);
	if (st == STATUS_OK)
		st = repo_intake_keep(f.intake, e);
	repo_intake_close(f.intake);
	return st;
}

static enum status name_damage(void *ctx, const char *text)
{
	return error_set(ctx, STATUS_CORRUPT, "the copy is not what was written, is the disk sound? %s", text);
}

static enum status read_back(const char *path, const struct oid *ids, size_t len, struct error *e)
{
	struct repo *r = NULL;
	uint64_t objects = 0;
	enum status st = repo_open(&r, path, e);

	if (st == STATUS_OK)
		st = repo_check_stored(&objects, r, name_damage, e, e);
	if (st == STATUS_OK)
		st = repo_check_complete(r, ids, len, NULL, 0, e);
	repo_close(r);
	return st;
}

enum status backup_history_write(const char *path, struct store_history *h, const struct store_refs *refs, struct error *e)
{
	struct oid *ids = ids_of(refs);
	struct repo *from = NULL, *to = NULL;
	enum status st = ids ? store_reader_open(&from, h, e) : error_set(e, STATUS_NOMEM, "out of memory");

	if (st == STATUS_OK)
		st = repo_create(path, e);
	if (st == STATUS_OK)
		st = repo_open(&to, path, e);
	if (st == STATUS_OK)
		st = fill(to, from, ids, refs->len, e);
	for (size_t i = 0; st == STATUS_OK && i < refs->len; i++)
		st = repo_ref_update(to, refs->refs[i].name, &refs->refs[i].id, NULL, e);
	repo_close(to);
	if (from)
		store_reader_close(from);
	if (st == STATUS_OK)
		st = read_back(path, ids, refs->len, e);
	free(ids);
	return st;
}

/* ---- into the store ---- */

static enum status take_in(struct store_txn *t, struct repo *from, const struct oid *ids, size_t len, struct error *e)
{
	struct feeding f = {.txn = t, .e = e};
	enum status st = store_txn_trust(t, e);

	if (st == STATUS_OK)
		st = repo_pack_send(from, ids, len, NULL, 0, feed, &f, NULL, e);
	if (st == STATUS_OK)
		st = store_txn_received(t, e);
	if (st == STATUS_OK)
		st = repo_check_complete(store_txn_repo(t), ids, len, NULL, 0, e);
	return st;
}

/* Main first, by the one durable point; what derives from it follows. */
static enum status move_refs(struct store_txn *t, struct store_history *h, const struct store_refs *refs, struct error *e)
{
	struct store_move move = {.ref = MAIN_REF};
	bool derived_moved = false;
	enum status st = error_set(e, STATUS_CORRUPT, "the backup has no " MAIN_REF);

	for (size_t i = 0; i < refs->len; i++) {
		if (strcmp(refs->refs[i].name, MAIN_REF) != 0)
			continue;
		move.id = refs->refs[i].id;
		st = store_txn_commit(t, &move, &derived_moved, e);
	}
	for (size_t i = 0; st == STATUS_OK && i < refs->len; i++)
		st = store_ref_move(h, refs->refs[i].name, &refs->refs[i].id, e);
	return st;
}

enum status backup_history_read(const char *path, struct store_history *h, const struct store_refs *refs, struct error *e)
{
	struct oid *ids = ids_of(refs);
	struct repo *from = NULL;
	struct store_txn *t = NULL;
	struct store_lock *lock = NULL;
	enum status st = ids ? repo_open(&from, path, e) : error_set(e, STATUS_NOMEM, "out of memory");

	if (st == STATUS_OK)
		st = store_txn_begin(&t, h, e);
	if (st == STATUS_OK)
		st = take_in(t, from, ids, refs->len, e);
	if (st == STATUS_OK)
		st = store_lock(&lock, h, LIMIT_LOCK_MS, e);
	if (st == STATUS_OK)
		st = move_refs(t, h, refs, e);
	store_unlock(lock);
	store_txn_end(t);
	repo_close(from);
	free(ids);
	return st;
}
