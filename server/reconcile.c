/* server/reconcile.c - opening a restored practice with the best of what devices still hold. */
#include "server/reconcile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/derive.h"
#include "server/erasures.h"
#include "server/incident.h"
#include "server/publish.h"
#include "server/view.h"

void reconcile_clear(struct reconcile *r)
{
	offers_clear(&r->mains);
	offers_clear(&r->configs);
	free(r->unheard);
	*r = (struct reconcile){.known = 0};
}

bool reconcile_loses(const struct reconcile *r)
{
	bool loses = r->known > r->mains.list[r->mains.best].index || r->unheard_len > 0;

	for (size_t i = 0; i < r->mains.len; i++)
		loses = loses || r->mains.list[i].parts;
	return loses;
}

/* ---- looking ---- */

/* A device tells all that it knows by its end of the log, a kiosk by its configuration. */
static bool is_heard(const struct reconcile *r, const char *device)
{
	for (size_t i = 0; i < r->mains.len; i++) {
		if (!r->mains.list[i].part && strcmp(r->mains.list[i].device, device) == 0)
			return true;
	}
	return offers_find(&r->configs, device) != NULL;
}

/* A revoked or replaced device syncs no more; one that is invited may have joined after the best main was made. */
static enum status list_unheard(struct reconcile *r, const struct registry *reg, struct error *e)
{
	r->unheard = calloc(reg->devices_len + 1, sizeof(*r->unheard));
	if (!r->unheard)
		return error_set(e, STATUS_NOMEM, "out of memory");
	for (size_t i = 0; i < reg->devices_len; i++) {
		const struct device *d = &reg->devices[i];

		if (!d->revoked && !d->replaced_by[0] && !is_heard(r, d->id))
			memcpy(r->unheard[r->unheard_len++], d->id, sizeof(d->id));
	}
	return STATUS_OK;
}

static enum status find_unheard(struct reconcile *r, struct repo *repo, struct error *e)
{
	struct registry reg = REGISTRY_INIT;
	struct commit c = COMMIT_INIT;
	enum status st = repo_commit_read(&c, repo, &r->mains.list[r->mains.best].id, e);

	if (st == STATUS_OK)
		st = registry_load(&reg, repo, &c.tree, NULL, e);
	if (st == STATUS_OK)
		st = list_unheard(r, &reg, e);
	registry_clear(&reg);
	commit_clear(&c);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st; /* nobody has joined yet */
}

static enum status look(struct reconcile *out, struct practice *p, struct repo *repo, struct error *e)
{
	struct reconcile r = {.known = 0};
	enum status st = closed_read(&r.closed, p->dir, e);

	if (st == STATUS_NOT_FOUND)
		return error_set(e, st, "%s is open", p->ods);
	if (st == STATUS_OK)
		st = offers_read(&r.mains, OFFER_MAIN, p, repo, e);
	if (st == STATUS_OK)
		st = offers_read(&r.configs, OFFER_CONFIG, p, repo, e);
	if (st == STATUS_OK && r.mains.len == 0)
		st = error_set(e, STATUS_CORRUPT, "the history of %s has no main", p->ods);
	if (st == STATUS_OK)
		st = offers_compare(&r.mains, repo, e);
	if (st == STATUS_OK) {
		r.known = r.mains.list[r.mains.best].index;
		if (r.configs.len && r.configs.list[r.configs.best].index > r.known)
			r.known = r.configs.list[r.configs.best].index;
		st = find_unheard(&r, repo, e);
	}
	if (st != STATUS_OK) {
		reconcile_clear(&r);
		return st;
	}
	*out = r;
	return STATUS_OK;
}

enum status reconcile_look(struct reconcile *out, struct practice *p, struct error *e)
{
	struct repo *repo = NULL;
	enum status st = store_reader_open(&repo, p->history, e);

	if (st != STATUS_OK)
		return st;
	st = look(out, p, repo, e);
	store_reader_close(repo);
	return st;
}

/* ---- opening ---- */

static enum status take_best(const struct reconcile *r, struct practice *p, struct store_txn *t, struct error *e)
{
	const struct offered *best = &r->mains.list[r->mains.best];
	struct store_move move = {.ref = PUBLISH_MAIN, .id = best->id, .old_id = &r->mains.list[0].id};
	bool derived_moved = false;
	enum status st = STATUS_OK;

	if (best->device[0])
		st = store_txn_commit(t, &move, &derived_moved, e);
	/* kiosks go on from the configuration that they know */
	if (st == STATUS_OK && r->configs.len)
		st = store_ref_move(p->history, DERIVED_CONFIG, &r->configs.list[r->configs.best].id, e);
	return st;
}

/* Say it once, whatever was told before this was cut short. */
static enum status tell_once(const struct incident *i, const struct oid *place, struct practice *p, const struct env *env, struct error *e)
{
	struct view *v = NULL;
	bool told = false;
	enum status st = view_get(&v, p, e);

	if (st == STATUS_OK)
		st = incident_is_told(&told, p, v, i->closed.restored, place, e);
	if (st == STATUS_OK && !told)
		st = incident_tell(i, p, v, env, e);
	view_put(v);
	return st;
}

/* What comes after the best log's end. Once it was told, the log ends elsewhere. */
static enum status tell_end(const struct reconcile *r, struct practice *p, const struct env *env, struct error *e)
{
	const struct offered *best = &r->mains.list[r->mains.best];
	struct incident i = {.closed = r->closed, .commit = best->id, .index = best->index, .known = r->known, .unheard_len = r->unheard_len};
	const char **names = NULL;
	enum status st = STATUS_OK;

	if (r->known == best->index && r->unheard_len == 0)
		return STATUS_OK;
	names = calloc(r->unheard_len + 1, sizeof(*names));
	if (!names)
		return error_set(e, STATUS_NOMEM, "out of memory");
	for (size_t k = 0; k < r->unheard_len; k++)
		names[k] = r->unheard[k];
	i.unheard = names;
	st = tell_once(&i, NULL, p, env, e);
	free(names);
	return st;
}

/* A device that holds another log takes the place where they part, and no other, for one that it may go on from. */
static enum status tell(const struct reconcile *r, struct practice *p, const struct view *v, const struct env *env, struct error *e)
{
	struct incident i = {.index = 0};
	enum status st = STATUS_OK;

	if (!reconcile_loses(r) || !view_registry(v))
		return STATUS_OK;
	st = tell_end(r, p, env, e);
	for (size_t k = 0; st == STATUS_OK && k < r->mains.len; k++) {
		const struct offered *end = &r->mains.list[k];

		i = (struct incident){.closed = r->closed, .commit = end->place, .index = end->place_index, .known = end->index};
		if (end->parts)
			st = tell_once(&i, &i.commit, p, env, e);
	}
	return st;
}

/* Each step may be repeated; the practice is open by the last of them. */
static enum status run(struct reconcile *out, struct practice *p, struct store_txn *t, const struct env *env, struct error *e)
{
	struct repo *repo = store_txn_repo(t);
	struct reconcile r = {.known = 0};
	struct view *v = NULL;
	enum status st = look(&r, p, repo, e);

	if (st == STATUS_OK)
		st = take_best(&r, p, t, e);
	if (st == STATUS_OK)
		st = view_get(&v, p, e);
	if (st == STATUS_OK)
		st = signing_settle(p, view_registry(v), e);
	if (st == STATUS_OK)
		st = derive_repair(p, v, env, e);
	if (st == STATUS_OK)
		st = erasures_carry_out(p, repo, &v->end.tree, e);
	if (st == STATUS_OK)
		st = tell(&r, p, v, env, e);
	if (st == STATUS_OK)
		st = closed_remove(p->dir, e);
	view_put(v);
	if (st != STATUS_OK) {
		reconcile_clear(&r);
		return st;
	}
	*out = r;
	return STATUS_OK;
}

enum status reconcile_open(struct reconcile *out, struct practice *p, const struct env *env, struct error *e)
{
	struct store_lock *lock = NULL;
	struct store_txn *t = NULL;
	enum status st = store_lock(&lock, p->history, LIMIT_LOCK_MS, e);

	if (st == STATUS_OK)
		st = store_txn_begin(&t, p->history, e);
	if (st == STATUS_OK)
		st = run(out, p, t, env, e);
	store_txn_end(t);
	store_unlock(lock);
	return st;
}
