/* server/derive.c - the refs that derive from main. */
#include "server/derive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "core/head.h"
#include "core/log.h"
#include "server/kiosk_config.h"
#include "server/push.h"

/* Newest accepted head of each device met on the way back from main. */
struct found {
	struct {
		char device[NAME_MAX_LEN + 1];
		struct oid head;
	} * list;
	size_t len, cap;
};

static enum status note_head(struct found *f, const char *device, const struct oid *head)
{
	for (size_t i = 0; i < f->len; i++) {
		if (strcmp(f->list[i].device, device) == 0)
			return STATUS_OK; /* a newer one was met before */
	}
	if (!array_room(&f->list, &f->cap, f->len))
		return STATUS_NOMEM;
	(void)snprintf(f->list[f->len].device, sizeof(f->list[0].device), "%s", device);
	f->list[f->len].head = *head;
	f->len++;
	return STATUS_OK;
}

/* Walk the log from `main` back to `until` (or its root). */
static enum status find_heads(struct found *f, struct repo *r, const struct oid *main, const struct oid *until,
			      struct error *e)
{
	struct oid at = *main;
	enum status st = STATUS_OK;

	while (st == STATUS_OK && !oid_equal(&at, until)) {
		struct commit c = COMMIT_INIT;
		struct merge_note note = {.index = 0};
		bool root = false;

		st = repo_commit_read(&c, r, &at, e);
		root = st == STATUS_OK && c.parents_len == 0;
		if (st == STATUS_OK && !root)
			st = merge_note_parse(&note, c.message, e);
		if (st == STATUS_OK && !root && c.parents_len != 2)
			st = error_set(e, STATUS_CORRUPT, "the log holds a commit that is no merge");
		if (st == STATUS_OK && !root)
			st = note_head(f, note.device, &c.parents[1]);
		if (st == STATUS_OK && !root)
			at = c.parents[0];
		buf_clear(&note.kept);
		commit_clear(&c);
		if (root)
			break;
	}
	return st;
}

static enum status repair_devices(struct practice *p, struct repo *r, const struct oid *main, const struct oid *until,
				  struct error *e)
{
	struct found f = {NULL, 0, 0};
	char ref[LIMIT_REF_BYTES];
	enum status st = find_heads(&f, r, main, until, e);

	for (size_t i = 0; st == STATUS_OK && i < f.len; i++) {
		push_ref_name(ref, f.list[i].device);
		st = store_ref_move(p->history, ref, &f.list[i].head, e);
	}
	free(f.list);
	return st;
}

/* The configuration as of v, if refs/kiosk/config holds another one. */
static enum status repair_config(struct practice *p, const struct view *v, struct store_txn *t, const struct env *env,
				 struct error *e)
{
	struct oid config = {{0}}, nothing = {{0}};
	enum status st = derive_stage_config(&config, p, t, &nothing, &v->end, env, e);

	if (st != STATUS_OK || oid_is_zero(&config))
		return st;
	st = store_txn_flush(t, e);
	return st == STATUS_OK ? store_ref_move(p->history, DERIVED_CONFIG, &config, e) : st;
}

static enum status repair(struct practice *p, const struct view *v, struct store_txn *t, const struct env *env,
			  struct error *e)
{
	struct oid mark = p->derived;
	enum status st = STATUS_OK;

	if (oid_is_zero(&mark)) {
		st = store_ref_get(&mark, p->history, DERIVED_MARK, e);
		if (st != STATUS_OK && st != STATUS_NOT_FOUND)
			return st;
	}
	st = repair_devices(p, store_txn_repo(t), &v->end.commit, &mark, e);
	if (st == STATUS_OK)
		st = repair_config(p, v, t, env, e);
	if (st == STATUS_OK && !oid_equal(&mark, &v->end.commit))
		st = store_ref_move(p->history, DERIVED_MARK, &v->end.commit, e);
	if (st == STATUS_OK) {
		p->derived = v->end.commit;
		atomic_store(&p->lags, false);
	}
	return st;
}

enum status derive_repair(struct practice *p, const struct view *v, const struct env *env, struct error *e)
{
	struct store_txn *t = NULL;
	enum status st = STATUS_OK;

	if (oid_equal(&p->derived, &v->end.commit))
		return STATUS_OK;
	st = store_txn_begin(&t, p->history, e);
	if (st == STATUS_OK)
		st = repair(p, v, t, env, e);
	store_txn_end(t);
	return st;
}

enum status derive_catch_up(struct practice *p, const struct env *env, struct error *e)
{
	struct store_lock *lock = NULL;
	struct view *v = NULL;
	enum status st = STATUS_OK;

	if (!atomic_load(&p->lags))
		return STATUS_OK;
	st = store_lock(&lock, p->history, LIMIT_LOCK_MS, e);
	if (st == STATUS_OK && !p->in_doubt)
		st = view_get(&v, p, e);
	if (v)
		st = signing_settle(p, view_registry(v), e);
	if (v && st == STATUS_OK)
		st = derive_repair(p, v, env, e);
	view_put(v);
	store_unlock(lock);
	return st;
}

enum status derive_stage_config(struct oid *out, struct practice *p, struct store_txn *t, const struct oid *old_tree,
				const struct log_end *end, const struct env *env, struct error *e)
{
	struct repo *r = store_txn_repo(t);
	struct oid last = {{0}}, tree = {{0}};
	bool changed = false;
	enum status st = kiosk_config_changed(&changed, r, old_tree, &end->tree, e);

	*out = (struct oid){{0}};
	if (st != STATUS_OK || !changed)
		return st;
	st = store_ref_get(&last, p->history, DERIVED_CONFIG, e);
	if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		return st;
	st = kiosk_config_tree(&tree, r, &end->tree, e);
	if (st == STATUS_OK)
		st = kiosk_config_commit(out, p, r, &tree, &last, end->index, env, e);
	return st;
}

enum status derive_moved(struct practice *p, const struct log_end *from, const struct log_end *to, struct error *e)
{
	enum status st = STATUS_OK;

	p->derived = to->commit;
	if (from->index / LIMIT_DERIVED_LAG == to->index / LIMIT_DERIVED_LAG)
		return STATUS_OK;
	st = store_derived_sync(p->history, e);
	return st == STATUS_OK ? store_ref_move(p->history, DERIVED_MARK, &to->commit, e) : st;
}

void derive_write(struct practice *p)
{
	struct error e = {STATUS_OK, ""};

	if (store_derived_write(p->history, &e) == STATUS_OK)
		return;
	p->derived = (struct oid){{0}}; /* so that they are made up from what is noted on the disk */
	atomic_store(&p->lags, true);
	log_line(LOG_LEVEL_WARN, "derived refs will be repaired later", "practice", p->ods, "reason", e.text, NULL);
}
