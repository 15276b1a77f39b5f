/* server/verify.c - Stage 6 of 9: verify.
 *
 * Enters: a peer's certificate; later its head, with objects in quarantine. Leaves: who it is by the registry on main;
 * a judged head, or a refusal that names commit and path. Nothing is written.
 */
#include "server/verify.h"

#include <string.h>

#include "server/certificate.h"

/* A certificate alone gives no rights; for a device without an entry of its own it must be the one that enrolment gave
 * out. `forgotten`: the note of that may be missing, since the server was restored from a backup that is older. */
static enum status check_given(const struct practice *p, const struct tls_peer *peer, bool forgotten, struct error *e)
{
	struct certificate given = CERTIFICATE_INIT;
	enum status st = certificate_load(&given, p, peer->device, e);
	bool same = st == STATUS_OK && strcmp(given.key, peer->key) == 0;

	certificate_clear(&given);
	if ((st != STATUS_OK && st != STATUS_NOT_FOUND) || (st == STATUS_NOT_FOUND && forgotten))
		return st == STATUS_NOT_FOUND ? STATUS_OK : st;
	if (!same)
		return error_set(e, STATUS_DENIED, "this key was not enrolled as %s; ask a manager for a new join code",
				 peer->device);
	return STATUS_OK;
}

static enum status verify_first(struct identity *out, const struct practice *p, const struct tls_peer *peer,
				struct error *e)
{
	struct first first;
	enum status st = practice_first(&first, p, e);

	if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		return st;
	if (st != STATUS_OK || strcmp(first.device, peer->device) != 0)
		return error_set(e, STATUS_DENIED,
				 "%s is not the first manager of %s, and nobody else is known there yet", peer->device,
				 p->ods);
	st = check_given(p, peer, false, e);
	if (st == STATUS_OK) {
		out->role = ROLE_MANAGER;
		out->standing = STANDING_FIRST;
	}
	return st;
}

/* Who is not in the registry was given a certificate on the root key's word, and may push the enrolment that says so. */
static enum status verify_rooted(struct identity *out, const struct practice *p, const struct tls_peer *peer,
				 struct error *e)
{
	enum status st = check_given(p, peer, false, e);

	if (st == STATUS_DENIED)
		return error_set(e, st, "the device %s is not known at %s; ask a manager for a join code", peer->device,
				 p->ods);
	if (st == STATUS_OK) {
		out->role = ROLE_MANAGER;
		out->standing = STANDING_INVITED;
	}
	return st;
}

static enum status verify_device(struct identity *out, const struct practice *p, const struct registry *reg,
				 const struct tls_peer *peer, struct error *e)
{
	const struct device *d = registry_find(reg, peer->device);
	enum status st = STATUS_OK;

	if (!d)
		return verify_rooted(out, p, peer, e);
	if (d->revoked)
		return error_set(e, STATUS_DENIED,
				 "the device %s was revoked: it cannot sync any more. What it still holds stays on "
				 "it; ask a manager of %s to invite it under a new name",
				 d->id, p->ods);
	if (d->replaced_by[0])
		return error_set(e, STATUS_DENIED,
				 "%s goes on with the answers of %s, so that this is a copy of it and cannot sync any more. What it "
				 "still holds stays on it; a manager of %s invites it under a new name, then `qip-kiosk join` on it "
				 "sends what is nowhere else",
				 d->replaced_by, d->id, p->ods);
	out->role = d->role;
	if (d->key) {
		out->standing = STANDING_MEMBER;
		if (strcmp(d->key_ssh, peer->key) != 0)
			st = error_set(e, STATUS_DENIED,
				       "the device %s is registered with another key; ask a manager for a join "
				       "code under a new name",
				       d->id);
	} else {
		out->standing = STANDING_INVITED;
		/* all that it may push is its enrolment, which the invite's own key vouches for */
		st = check_given(p, peer, true, e);
	}
	return st;
}

enum status verify_peer(struct identity *out, struct practice *p, const struct view *v, const struct tls_peer *peer,
			struct error *e)
{
	const struct registry *reg = view_registry(v);
	struct identity who = {.role = ROLE_NONE};
	enum status st = STATUS_OK;

	if (!peer->present)
		return error_set(e, STATUS_DENIED,
				 "a device's certificate is needed here; join the practice first (qip join), and "
				 "for stock git see: qip git-config");
	if (strcmp(peer->ods, p->ods) != 0 || !name_valid(peer->device))
		return error_set(e, STATUS_DENIED, "this certificate is not one of %s", p->ods);
	memcpy(who.device, peer->device, strlen(peer->device) + 1); /* a valid name fits */
	st = reg ? verify_device(&who, p, reg, peer, e) : verify_first(&who, p, peer, e);
	if (st == STATUS_OK)
		*out = who;
	return st;
}

const char *verify_refusal(const struct practice *p, const struct view *v, const struct tls_peer *peer)
{
	const struct registry *reg = view_registry(v);
	const struct device *d = NULL;

	if (!reg || !peer->present || strcmp(peer->ods, p->ods) != 0 || !name_valid(peer->device))
		return NULL;
	d = registry_find(reg, peer->device);
	if (!d)
		return "unknown";
	return d->revoked || d->replaced_by[0] ? "ended" : NULL;
}

enum status verify_last(struct oid *out, const struct push *p, struct error *e)
{
	char ref[LIMIT_REF_BYTES];
	enum status st = STATUS_OK;

	push_ref_name(ref, p->device);
	st = store_ref_get(out, p->practice->history, ref, e);
	if (st != STATUS_NOT_FOUND)
		return st;
	*out = (struct oid){{0}};
	return STATUS_OK;
}

/* What is missing behind the head is the push's fault, unless main has it or a pack cannot be opened. */
static enum status blame(const struct push *p, struct error *e)
{
	const struct head_context *c = &p->context;
	const struct oid had[] = {c->main, c->last};
	struct error why = {STATUS_OK, ""};
	enum status st = repo_check_complete(c->repo, &p->id, 1, had, oid_is_zero(&c->last) ? 1 : 2, &why);

	if (st != STATUS_CORRUPT && st != STATUS_NOT_FOUND)
		return STATUS_CORRUPT;
	st = store_txn_look_again(p->txn, e);
	return st == STATUS_OK ? error_set(e, STATUS_INVALID, "%s", why.text) : st;
}

enum status verify_push(struct push *p, struct error *e)
{
	struct head_context *c = &p->context;
	enum status st = verify_last(&c->last, p, e);

	if (st != STATUS_OK)
		return st;
	if (oid_equal(&c->last, &p->id))
		return STATUS_EXISTS; /* its receipt was lost */
	if (!oid_is_zero(&p->old_id) && !oid_equal(&c->last, &p->old_id))
		return error_set(e, STATUS_STALE,
				 "the server's last accepted head of %s is another one than this push starts from; "
				 "fetch and compare",
				 p->device);
	c->repo = store_txn_repo(p->txn);
	c->ods = p->practice->ods;
	c->main = p->view->end.commit;
	c->main_tree = p->view->end.tree;
	c->registry = view_registry(p->view);
	c->device = p->device;
	if (!c->registry) {
		st = practice_first(&p->first, p->practice, e);
		if (st != STATUS_OK)
			return st;
		c->first_invite_key = p->first.invite_key;
		c->server_key = p->practice->first_key;
	}
	st = head_check(&p->head, &p->fault, c, &p->id, e);
	if (st == STATUS_NOT_FOUND || st == STATUS_CORRUPT) {
		/* before the push is blamed for an object that is not there */
		st = store_txn_look_again(p->txn, e);
		if (st == STATUS_OK)
			st = head_check(&p->head, &p->fault, c, &p->id, e);
		if (st == STATUS_CORRUPT)
			st = blame(p, e);
	}
	return st == STATUS_OK ? store_txn_only(p->txn, &p->id, e) : st;
}
