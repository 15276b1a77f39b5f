/* server/auditor.c - the host's own invite of an auditor. */
#include "server/auditor.h"

#include <stdio.h>

#include "core/signature.h"
#include "server/host.h"

static enum status sign_invite(struct buf *signature, const struct practice *p, const char *device,
			       const struct invite *i, struct error *e)
{
	struct buf statement = BUF_INIT;
	enum status st = statement_invite(&statement, p->ods, device, role_text(ROLE_AUDITOR), "", i->key_ssh);

	if (st == STATUS_OK && !p->signing.with)
		st = error_set(e, STATUS_CRYPTO, "the server has no key of %s; \"qip-server server-key\" makes one", p->ods);
	if (st == STATUS_OK)
		st = signature_make(signature, p->signing.with->key, SIGNATURE_NAMESPACE_RECORD, statement.data, statement.len,
				    e);
	buf_clear(&statement);
	return st;
}

/* The device record in canonical JSON. */
static enum status make_record(struct buf *out, const struct practice *p, const char *device, const struct invite *i,
			       const struct env *env, struct error *e)
{
	char now[TIME_TEXT_MAX];
	struct buf signature = BUF_INIT;
	cJSON *record = cJSON_CreateObject(), *invite = cJSON_CreateObject();
	enum status st = record && invite ? sign_invite(&signature, p, device, i, e) : STATUS_NOMEM;

	time_format(now, env->now_ms(env->ctx));
	if (st == STATUS_OK)
		st = json_set_string(invite, "key", i->key_ssh);
	if (st == STATUS_OK)
		st = json_set_string(invite, "by", "server");
	if (st == STATUS_OK)
		st = json_set_string(invite, "at", now);
	if (st == STATUS_OK)
		st = json_set_string(invite, "signature", buf_text(&signature));
	if (st == STATUS_OK) {
		st = json_set(record, "invite", invite);
		invite = NULL;
	}
	if (st == STATUS_OK)
		st = json_set_string(record, "schema", "device/1");
	if (st == STATUS_OK)
		st = json_set_string(record, "id", device);
	if (st == STATUS_OK)
		st = json_set_string(record, "role", role_text(ROLE_AUDITOR));
	if (st == STATUS_OK)
		st = json_canonical(out, record);
	buf_clear(&signature);
	cJSON_Delete(record);
	cJSON_Delete(invite);
	return st;
}

static enum status check_free(const struct view *v, const char *device, struct error *e)
{
	if (!view_registry(v))
		return error_set(e, STATUS_NOT_FOUND,
				 "the practice has no first manager yet; auditors can be added once one has joined");
	if (registry_find(view_registry(v), device))
		return error_set(e, STATUS_EXISTS, "there is a device %s already; choose another name", device);
	return STATUS_OK;
}

enum status auditor_add(struct invite *out, struct practice *p, const char *device,
			const uint8_t ca_fingerprint[SHA256_LEN], const struct env *env, struct error *e)
{
	struct invite invite = {.key = NULL};
	char path[TREE_PATH_MAX], subject[80];
	struct buf record = BUF_INIT;
	struct store_lock *lock = NULL;
	struct view *v = NULL;
	enum status st = store_lock(&lock, p->history, LIMIT_LOCK_MS, e);

	/* from here on no push can move the log away from under the head that is made */
	if (st == STATUS_OK)
		st = view_get(&v, p, e);
	if (st == STATUS_OK)
		st = check_free(v, device, e);
	if (st == STATUS_OK)
		st = signing_settle(p, view_registry(v), e);
	if (st == STATUS_OK)
		st = invite_make(&invite, p->ods, ca_fingerprint, view_registry(v)->root, env, e);
	if (st == STATUS_OK)
		st = make_record(&record, p, device, &invite, env, e);
	(void)snprintf(path, sizeof(path), "devices/%s.json", device);
	(void)snprintf(subject, sizeof(subject), "Invite auditor %s", device);
	if (st == STATUS_OK)
		st = host_add_record(p, v, path, &record, subject, env, e);
	store_unlock(lock);
	view_put(v);
	buf_clear(&record);
	if (st != STATUS_OK) {
		invite_clear(&invite);
		return st;
	}
	*out = invite;
	return STATUS_OK;
}
