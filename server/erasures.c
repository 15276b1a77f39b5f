/* server/erasures.c - erasing for good what the log asks for. */
#include "server/erasures.h"

#include <stdlib.h>

#include "core/record_file.h"
#include "core/tree.h"
#include "server/view.h"

struct batch {
	struct practice *practice;
	struct repo *repo;
	struct blob_id *ids; /* LIMIT_ERASE_BATCH of them */
	size_t len;
};

static enum status carry_out_batch(struct batch *b, struct error *e)
{
	enum status st = store_blob_erase(b->practice->history, b->ids, b->len, e);

	b->len = 0;
	return st;
}

static enum status add_record(struct batch *b, const cJSON *record, const char *path, struct error *e)
{
	const cJSON *blobs = json_get(record, "blobs"), *item = NULL;
	enum status st = STATUS_OK;

	cJSON_ArrayForEach(item, blobs)
	{
		if (b->len == LIMIT_ERASE_BATCH)
			st = carry_out_batch(b, e);
		if (st != STATUS_OK)
			return st;
		if (!cJSON_IsString(item) ||
		    hex_decode(b->ids[b->len].sha256, SHA256_LEN, item->valuestring) != STATUS_OK)
			return error_set(e, STATUS_CORRUPT, "erasures/%s names what is no blob", path);
		b->len++;
	}
	return STATUS_OK;
}

static enum status add_file(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id,
			    struct error *e)
{
	struct batch *b = ctx;
	cJSON *record = NULL;
	enum status st = STATUS_OK;

	(void)old_id;
	if (!new_id)
		return STATUS_OK; /* main is older than the note: a restored one, which what came later will join again
				   */
	st = record_read(&record, b->repo, new_id, e);
	if (st == STATUS_OK)
		st = add_record(b, record, path, e);
	cJSON_Delete(record);
	return st;
}

static enum status carry_out_since(struct practice *p, struct repo *r, const struct oid *before,
				   const struct oid *after, struct error *e)
{
	struct batch b = {.practice = p, .repo = r, .ids = calloc(LIMIT_ERASE_BATCH, sizeof(*b.ids))};
	enum status st = b.ids ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");

	if (st == STATUS_OK)
		st = tree_diff(r, before, after, add_file, &b, e);
	if (st == STATUS_OK)
		st = carry_out_batch(&b, e);
	if (st == STATUS_OK)
		st = store_blob_set_erasures(p->history, after, e);
	free(b.ids);
	return st;
}

/* What the note says has been carried out. One of a history that is not this one, after a restore, says nothing. */
static enum status read_note(struct practice *p, struct repo *r, struct error *e)
{
	struct oid noted = {{0}};
	enum status st = STATUS_OK;

	if (p->erasures.known)
		return STATUS_OK;
	st = store_blob_erasures(&noted, p->history, e);
	if (st != STATUS_OK)
		return st;
	p->erasures.tree = repo_has(r, &noted) ? noted : (struct oid){{0}};
	p->erasures.known = true;
	return STATUS_OK;
}

static enum status carry_out(struct practice *p, struct repo *r, const struct oid *main_tree, struct error *e)
{
	struct oid wanted = {{0}};
	bool is_dir = true;
	enum status st = tree_find(&wanted, &is_dir, r, main_tree, "erasures", e);

	if (st == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (st == STATUS_OK)
		st = read_note(p, r, e);
	if (st != STATUS_OK || oid_equal(&p->erasures.tree, &wanted))
		return st;
	st = carry_out_since(p, r, &p->erasures.tree, &wanted, e);
	if (st == STATUS_OK)
		p->erasures.tree = wanted;
	return st;
}

enum status erasures_carry_out(struct practice *p, struct repo *r, const struct oid *main_tree, struct error *e)
{
	enum status st = carry_out(p, r, main_tree, e);

	/* a record that names nothing is none that waits for a better disk */
	atomic_store(&p->unerased, st != STATUS_OK && st != STATUS_MALFORMED);
	return st;
}

enum status erasures_catch_up(struct practice *p, struct error *e)
{
	struct store_lock *lock = NULL;
	struct view *v = NULL;
	struct repo *r = NULL;
	enum status st = STATUS_OK;

	if (!atomic_load(&p->unerased))
		return STATUS_OK;
	st = store_lock(&lock, p->history, LIMIT_LOCK_MS, e);
	if (st == STATUS_OK)
		st = view_get(&v, p, e);
	if (st == STATUS_OK)
		st = store_reader_open(&r, p->history, e);
	if (st == STATUS_OK)
		st = erasures_carry_out(p, r, &v->end.tree, e);
	store_reader_close(r);
	view_put(v);
	store_unlock(lock);
	return st;
}

enum status erasures_repair(struct practice *p, const struct oid *main_tree, struct error *e)
{
	struct repo *r = NULL;
	enum status st = store_reader_open(&r, p->history, e);

	if (st == STATUS_OK)
		st = erasures_carry_out(p, r, main_tree, e);
	if (st == STATUS_OK)
		st = store_blob_erase_again(p->history, e);
	store_reader_close(r);
	return st;
}
