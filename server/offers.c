/* server/offers.c - what devices still hold of a restored practice. */
#include "server/offers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/derive.h"
#include "server/kiosk_config.h"
#include "server/link.h"
#include "server/view.h"

/* What differs between the two kinds. */
static const struct kind {
	const char *text, *own, *refs;
} kinds[] = {
	[OFFER_MAIN] = {"main", "refs/heads/main", OFFERS_REFS "main/"},
	[OFFER_PART] = {"part", "refs/heads/main", OFFERS_REFS "part/"},
	[OFFER_CONFIG] = {"config", DERIVED_CONFIG, OFFERS_REFS "config/"},
};

const char *offer_kind_text(enum offer_kind kind)
{
	return kinds[kind].text;
}

/* A step back from one commit of either chain. */
struct step {
	struct oid parent; /* zero at the start */
	int64_t index;
};

static enum status step_main(struct step *out, struct repo *r, const struct oid *id, struct link_signers *server, struct error *e)
{
	struct link l;
	enum status st = server ? link_check(&l, r, id, server, e) : link_read(&l, r, id, e);

	if (st == STATUS_OK)
		*out = (struct step){.parent = l.parent, .index = l.index};
	return st;
}

static enum status step_config(struct step *out, struct repo *r, const struct oid *id, struct link_signers *server, struct error *e)
{
	struct commit c = COMMIT_INIT;
	struct step s = {.index = 0};
	bool is_signed = true;
	enum status st = repo_commit_read(&c, r, id, e);

	if (st == STATUS_OK && server)
		st = link_signed(&is_signed, server, &c, e);
	if (st == STATUS_OK && !is_signed)
		st = error_set(e, STATUS_UNTRUSTED, "the configuration that is offered is not signed by this server");
	if (st == STATUS_OK && (c.parents_len > 1 || !kiosk_config_index(&s.index, c.message)))
		st = error_set(e, STATUS_UNTRUSTED, "what is offered is no configuration of kiosks");
	if (st == STATUS_OK) {
		if (c.parents_len == 1)
			s.parent = c.parents[0];
		*out = s;
	}
	commit_clear(&c);
	return st;
}

static enum status step_back(struct step *out, enum offer_kind kind, struct repo *r, const struct oid *id, struct link_signers *server,
			     struct error *e)
{
	return kind != OFFER_CONFIG ? step_main(out, r, id, server, e) : step_config(out, r, id, server, e);
}

/* ---- what is known ---- */

static enum status add_end(struct offers *o, enum offer_kind kind, struct repo *r, const char *device, const struct oid *id, struct error *e)
{
	struct offered end = {.id = *id, .part = kind == OFFER_PART};
	struct step s = {.index = 0};
	enum status st = step_back(&s, kind, r, id, NULL, e);

	if (st != STATUS_OK)
		return st;
	(void)snprintf(end.device, sizeof(end.device), "%s", device);
	end.index = s.index;
	o->list[o->len] = end;
	if (end.index > o->list[o->best].index)
		o->best = o->len;
	o->len++;
	return STATUS_OK;
}

/* Those below a prefix, the device's name behind it; or the one ref of that name. */
static enum status add_refs(struct offers *o, enum offer_kind kind, const char *prefix, struct repo *r, const struct store_refs *refs,
			    struct error *e)
{
	size_t len = strlen(prefix);
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < refs->len; i++) {
		const char *name = refs->refs[i].name;

		if (strncmp(name, prefix, len) == 0 && (prefix[len - 1] == '/' || !name[len]))
			st = add_end(o, kind, r, name + len, &refs->refs[i].id, e);
	}
	return st;
}

static enum status add_ends(struct offers *o, enum offer_kind kind, struct repo *r, const struct store_refs *refs, struct error *e)
{
	enum status st = STATUS_OK;

	if (kind == OFFER_PART)
		kind = OFFER_MAIN;
	st = add_refs(o, kind, kinds[kind].own, r, refs, e);
	if (st == STATUS_OK)
		st = add_refs(o, kind, kinds[kind].refs, r, refs, e);
	if (st == STATUS_OK && kind == OFFER_MAIN)
		st = add_refs(o, OFFER_PART, kinds[OFFER_PART].refs, r, refs, e);
	return st;
}

enum status offers_read(struct offers *out, enum offer_kind kind, struct practice *p, struct repo *r, struct error *e)
{
	struct store_refs refs = STORE_REFS_INIT;
	struct offers o = {NULL, 0, 0};
	enum status st = store_refs(&refs, p->history, e);

	if (st == STATUS_OK) {
		o.list = calloc(refs.len + 1, sizeof(*o.list));
		st = o.list ? add_ends(&o, kind, r, &refs, e) : error_set(e, STATUS_NOMEM, "out of memory");
	}
	store_refs_clear(&refs);
	if (st != STATUS_OK) {
		offers_clear(&o);
		return st;
	}
	*out = o;
	return STATUS_OK;
}

void offers_clear(struct offers *o)
{
	free(o->list);
	*o = (struct offers){NULL, 0, 0};
}

const struct offered *offers_find(const struct offers *o, const char *device)
{
	const struct offered *found = NULL;

	for (size_t i = 0; i < o->len; i++) {
		if (strcmp(o->list[i].device, device) == 0 && (!found || o->list[i].index > found->index))
			found = &o->list[i];
	}
	return found;
}

/* ---- which of them part ---- */

/* Both logs begin with the practice's own start, so they meet there at the latest. */
static enum status find_parting(struct offered *end, const struct offered *best, struct repo *r, struct error *e)
{
	struct link x, y;
	enum status st = link_read(&x, r, &end->id, e);

	if (st == STATUS_OK)
		st = link_read(&y, r, &best->id, e);
	while (st == STATUS_OK && !oid_equal(&x.id, &y.id)) {
		struct link *later = x.index > y.index ? &x : &y;

		if (oid_is_zero(&later->parent))
			return error_set(e, STATUS_CORRUPT, "what %s offered shares nothing with this practice", end->device);
		st = link_read(later, r, &later->parent, e);
	}
	if (st == STATUS_OK) {
		end->parts = !oid_equal(&x.id, &end->id);
		end->place = x.id;
		end->place_index = x.index;
	}
	return st;
}

enum status offers_compare(struct offers *mains, struct repo *r, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < mains->len; i++)
		st = find_parting(&mains->list[i], &mains->list[mains->best], r, e);
	return st;
}

/* ---- one more ---- */

static const struct offered *find_end(const struct offers *o, const struct oid *id)
{
	for (size_t i = 0; i < o->len; i++) {
		if (oid_equal(&o->list[i].id, id))
			return &o->list[i];
	}
	return NULL;
}

static enum status parts(struct error *e)
{
	return error_set(e, STATUS_STALE, "this history parts from the one of the backup; tell whoever runs the server");
}

/* Not higher than what is known: then it has to be on the way there. */
static enum status check_contained(const struct offers *known, struct repo *r, const struct oid *id, struct error *e)
{
	bool contained = false;
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && !contained && i < known->len; i++)
		st = repo_is_ancestor(&contained, r, id, &known->list[i].id, e);
	if (st != STATUS_OK)
		return st;
	return contained ? STATUS_OK : parts(e);
}

/* Back from `id` to an end that is known; *base is that one, or zero when the whole chain is new. */
static enum status walk(struct oid *base, enum offer_kind kind, const struct offers *known, struct repo *r, const struct oid *id,
			struct link_signers *server, struct error *e)
{
	int64_t own = known->len ? known->list[0].index : -1, before = INT64_MAX;
	struct oid at = *id;
	struct step s = {.index = 0};

	*base = (struct oid){{0}};
	while (!oid_is_zero(&at) && !find_end(known, &at)) {
		enum status st = step_back(&s, kind, r, &at, server, e);

		if (st != STATUS_OK)
			return st;
		if (s.index <= own && oid_equal(&at, id))
			return check_contained(known, r, id, e);
		if (s.index <= own)
			return parts(e);
		if (s.index >= before || (kind != OFFER_CONFIG && before != INT64_MAX && s.index != before - 1))
			return error_set(e, STATUS_UNTRUSTED, "the log that is offered jumps from number %" PRId64 " to %" PRId64, s.index, before);
		before = s.index;
		at = s.parent;
	}
	if (oid_is_zero(&at) && known->len)
		return parts(e);
	*base = at;
	return STATUS_OK;
}

/* By the practice's root key, which never changes: since the backup it may have endorsed another key of the server. */
static enum status walk_signed(struct oid *base, enum offer_kind kind, const struct offers *known, struct repo *r, const struct oid *id, struct practice *p,
			       struct error *e)
{
	struct link_signers signers;
	struct view *v = NULL;
	enum status st = view_get(&v, p, e);

	if (st != STATUS_OK)
		return st;
	link_signers_begin(&signers, r, view_registry(v), p->signing.present.key);
	st = walk(base, kind, known, r, id, &signers, e);
	server_chain_clear(&signers.chain);
	view_put(v);
	return st;
}

static enum status keep(enum offer_kind kind, const char *device, const struct oid *id, struct practice *p, struct store_txn *t,
			struct error *e)
{
	char ref[LIMIT_REF_BYTES];
	struct oid old = {{0}};
	struct store_move move = {.ref = ref, .id = *id};
	bool derived_moved = false;
	enum status st = STATUS_OK;

	(void)snprintf(ref, sizeof(ref), "%s%s", kinds[kind].refs, device);
	st = store_ref_get(&old, p->history, ref, e);
	if (st == STATUS_OK && oid_equal(&old, id))
		return STATUS_OK;
	if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		return st;
	if (st == STATUS_OK)
		move.old_id = &old;
	return store_txn_commit(t, &move, &derived_moved, e);
}

enum status offers_take(enum offer_kind kind, const char *device, const struct oid *id, struct practice *p, struct store_txn *t,
			struct error *e)
{
	struct repo *r = store_txn_repo(t);
	struct offers known = {NULL, 0, 0};
	struct oid base = {{0}};
	enum status st = offers_read(&known, kind, p, r, e);

	if (st == STATUS_OK)
		st = walk_signed(&base, kind, &known, r, id, p, e);
	if (st == STATUS_OK)
		st = repo_check_complete(r, id, 1, &base, oid_is_zero(&base) ? 0 : 1, e);
	if (st == STATUS_CORRUPT || st == STATUS_NOT_FOUND)
		st = error_set(e, STATUS_INVALID, "what is offered is not whole; offer it again from what the server says that it has");
	if (st == STATUS_OK)
		st = store_txn_only(t, id, e);
	if (st == STATUS_OK)
		st = keep(kind, device, id, p, t, e);
	offers_clear(&known);
	return st;
}
