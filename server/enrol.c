/* server/enrol.c - POST /<ODS>/enrol: a certificate for a key, in exchange for a proof that its holder has an invite's
 * code.
 *
 * Enters: invite key, new key, sealing key, the proof by the invite key, and a certificate request by the new key; of a
 * manager who comes by the root key's paper also the invite itself, which that key signed and the registry does not have.
 * Leaves: a client certificate, stored durably before it is told; the same request again gets the same. The registry is
 * not touched: the device pushes its enrolment itself.
 */
#include <stdio.h>
#include <string.h>

#include "core/seal.h"
#include "core/signature.h"
#include "server/certificate.h"
#include "server/enrol_root.h"
#include "server/request.h"

/* The request's members; borrowed from its JSON. */
struct wish {
	const char *invite_key, *key, *seal_key, *proof, *csr;
	const char *role; /* what it has to be good for; NULL: anything */
	const cJSON *root_invite; /* NULL: the invite is in the registry */
};

/* Exactly the six members, all strings, and maybe the role, or an invite. */
static enum status read_wish(struct wish *out, const cJSON *json, struct error *e)
{
	struct wish w = {
		.invite_key = json_string(json, "invite_key"),
		.key = json_string(json, "key"),
		.seal_key = json_string(json, "seal_key"),
		.proof = json_string(json, "proof"),
		.csr = json_string(json, "csr"),
		.role = json_string(json, "role"),
		.root_invite = json_get(json, "root_invite"),
	};

	if (!w.invite_key || !w.key || !w.seal_key || !w.proof || !w.csr || !json_string(json, "at") ||
	    cJSON_GetArraySize(json) != 6 + (w.role != NULL) + (w.root_invite != NULL))
		return error_set(e, STATUS_MALFORMED,
				 "an enrolment has the members invite_key, key, seal_key, at, proof and csr, and maybe role and root_invite");
	*out = w;
	return STATUS_OK;
}

static enum status check_seal_key(const char *text, struct error *e)
{
	struct buf raw = BUF_INIT;
	enum status st = base64url_decode(&raw, text, strlen(text));

	if (st != STATUS_OK || raw.len != SEAL_KEY_LEN)
		st = error_set(e, STATUS_MALFORMED, "seal_key is no X25519 public key");
	buf_clear(&raw);
	return st;
}

static enum status check_proof(const struct wish *w, const char *ods, struct error *e)
{
	struct key *invite = NULL;
	struct buf statement = BUF_INIT;
	enum status st = key_from_ssh(&invite, w->invite_key, e);

	if (st == STATUS_OK)
		st = statement_enrolment(&statement, ods, w->invite_key, w->key, w->seal_key);
	if (st == STATUS_OK)
		st = signature_check(w->proof, strlen(w->proof), invite, SIGNATURE_NAMESPACE_RECORD, statement.data,
				     statement.len, e);
	if (st == STATUS_UNTRUSTED || st == STATUS_MALFORMED)
		st = error_set(e, STATUS_MALFORMED,
			       "the proof is not a signature by the invite key over this enrolment");
	buf_clear(&statement);
	key_free(invite);
	return st;
}

/* The key of the certificate request, which must be the one that is enrolled. */
static enum status read_csr(struct key **out, const struct wish *w, struct error *e)
{
	char line[KEY_SSH_MAX];
	struct key *key = NULL;
	enum status st = csr_read(&key, w->csr, e);

	if (st == STATUS_UNTRUSTED)
		return error_set(e, STATUS_MALFORMED, "the certificate request is not signed by its own key");
	if (st != STATUS_OK)
		return st;
	key_ssh(line, key);
	if (strcmp(line, w->key) != 0) {
		key_free(key);
		return error_set(e, STATUS_MALFORMED, "the certificate request is for another key than the enrolment");
	}
	*out = key;
	return STATUS_OK;
}

/* Whose code it is. *d stays NULL for the first manager. */
struct invited {
	const struct device *d; /* borrowed from the view */
	char device[NAME_MAX_LEN + 1];
	const char *role, *site;
	cJSON *record; /* owned; of whom the root key lets in and main does not have yet; NULL for all others */
};

/* Nobody here invited it: it may bring the root key's word along. */
static enum status find_rooted(struct invited *out, const struct request *r, const struct wish *w, struct error *e)
{
	struct invited found = {.role = role_text(ROLE_MANAGER)};
	enum status st;

	if (!w->root_invite)
		return error_set(e, STATUS_DENIED,
				 "this join code is not known at %s; if it was made just now, the manager's device "
				 "has to sync first",
				 r->practice->ods);
	st = enrol_root_record(&found.record, view_registry(r->view), w->root_invite, w->invite_key, e);
	if (st != STATUS_OK)
		return st;
	(void)snprintf(found.device, sizeof(found.device), "%s", json_string(found.record, "id"));
	*out = found;
	return STATUS_OK;
}

static enum status find_invite(struct invited *out, const struct request *r, const struct wish *w, struct error *e)
{
	const char *invite_key = w->invite_key;
	const struct registry *reg = view_registry(r->view);
	struct invited found = {.role = role_text(ROLE_MANAGER)};
	struct first first;
	enum status st = STATUS_OK;

	if (!reg) {
		st = practice_first(&first, r->practice, e);
		if (st != STATUS_OK && st != STATUS_NOT_FOUND)
			return st;
		if (st != STATUS_OK || strcmp(first.invite_key, invite_key) != 0)
			return error_set(e, STATUS_DENIED, "this join code is not known at %s", r->practice->ods);
		memcpy(found.device, first.device, sizeof(found.device));
		*out = found;
		return STATUS_OK;
	}
	for (size_t i = 0; i < reg->devices_len && !found.d; i++) {
		if (strcmp(reg->devices[i].invite_key, invite_key) == 0)
			found.d = &reg->devices[i];
	}
	if (!found.d)
		return find_rooted(out, r, w, e);
	if (found.d->revoked || found.d->retired)
		return error_set(e, STATUS_DENIED, "this join code was withdrawn; ask a manager for a new one");
	memcpy(found.device, found.d->id, sizeof(found.device));
	found.role = role_text(found.d->role);
	found.site = found.d->site[0] ? found.d->site : NULL;
	*out = found;
	return STATUS_OK;
}

/* The certificate given before for this code, or a new one. */
static enum status give_certificate(struct certificate *out, const struct request *r, const struct authority *a,
				    const struct invited *who, const struct key *key, struct error *e)
{
	struct certificate given = CERTIFICATE_INIT;
	char line[KEY_SSH_MAX];
	enum status st = STATUS_OK;

	key_ssh(line, key);
	if (who->d && who->d->key && strcmp(who->d->key_ssh, line) != 0)
		return error_set(e, STATUS_EXISTS,
				 "this join code was used by another device; ask a manager for a new one");
	st = certificate_load(&given, r->practice, who->device, e);
	if (st == STATUS_NOT_FOUND)
		return certificate_issue(out, a, r->practice, who->device, key, r->service->env, e);
	if (st == STATUS_OK && strcmp(given.key, line) != 0)
		st = error_set(e, STATUS_EXISTS,
			       who->record ? "another device began to join under this name; please choose another"
					   : "this join code was used by another device; ask a manager for a new one");
	if (st != STATUS_OK) {
		certificate_clear(&given);
		return st;
	}
	*out = given;
	return STATUS_OK;
}

static enum status add_record(cJSON *answer, const struct request *r, const struct invited *who, struct error *e)
{
	cJSON *record = NULL;
	enum status st = STATUS_OK;

	if (!who->d)
		return json_set(answer, "record", who->record ? cJSON_Duplicate(who->record, true) : cJSON_CreateNull());
	st = view_device_record(&record, r->practice, r->view, who->device, e);
	return st == STATUS_OK ? json_set(answer, "record", record) : st;
}

static enum status write_answer(cJSON *answer, const struct request *r, const struct invited *who,
				const struct certificate *c, struct error *e)
{
	char now[TIME_TEXT_MAX];
	enum status st = json_set_string(answer, "device", who->device);

	time_format(now, r->service->env->now_ms(r->service->env->ctx));
	if (st == STATUS_OK)
		st = json_set_string(answer, "role", who->role);
	if (st == STATUS_OK && who->site)
		st = json_set_string(answer, "site", who->site);
	if (st == STATUS_OK)
		st = json_set_string(answer, "certificate", buf_text(&c->pem));
	if (st == STATUS_OK)
		st = json_set_string(answer, "server_key", r->practice->first_key);
	if (st == STATUS_OK)
		st = json_set_string(answer, "name", r->practice->name);
	if (st == STATUS_OK)
		st = json_set_string(answer, "time", now);
	return st == STATUS_OK ? add_record(answer, r, who, e) : st;
}

static enum status enrol(cJSON *answer, struct request *r, const cJSON *json, struct error *e)
{
	struct certificate certificate = CERTIFICATE_INIT;
	struct authority *a = authority_slot_hold(r->service->authority);
	struct store_lock *lock = NULL;
	struct key *key = NULL;
	struct invited who = {.d = NULL};
	struct wish wish = {.key = NULL};
	enum status st = read_wish(&wish, json, e);

	if (st == STATUS_OK)
		st = check_seal_key(wish.seal_key, e);
	if (st == STATUS_OK)
		st = check_proof(&wish, r->practice->ods, e);
	if (st == STATUS_OK)
		st = read_csr(&key, &wish, e);
	if (st == STATUS_OK)
		st = store_lock(&lock, r->practice->history, LIMIT_LOCK_MS, e);
	if (st == STATUS_OK)
		st = view_get(&r->view, r->practice, e);
	if (st == STATUS_OK)
		st = find_invite(&who, r, &wish, e);
	if (st == STATUS_OK && wish.role && strcmp(wish.role, who.role) != 0)
		st = error_set(e, STATUS_DENIED, "this join code is for a device of the role %s, not %s; it is not used up",
			       who.role, wish.role);
	if (st == STATUS_OK)
		st = give_certificate(&certificate, r, a, &who, key, e);
	store_unlock(lock);
	if (st == STATUS_OK)
		st = write_answer(answer, r, &who, &certificate, e);
	if (st == STATUS_OK)
		st = json_set_string(answer, "ca", buf_text(&a->ca_pem));
	if (st == STATUS_OK)
		answer_note(&r->answer, "enrolled %s", who.device);
	authority_release(a);
	cJSON_Delete(who.record);
	certificate_clear(&certificate);
	key_free(key);
	return st;
}

static void end(struct request *r)
{
	request_end_json(r, enrol);
}

const struct handler handler_enrol = {
	.exclusive = true, .max_bytes = LIMIT_ENROL_BYTES, .feed = request_collect, .end = end};
