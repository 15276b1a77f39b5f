/* server/renew.c - POST /<ODS>/renew {"csr"}: a new certificate for the same key, before or after the old one ended. */
#include <string.h>

#include "server/certificate.h"
#include "server/request.h"

static enum status read_key(struct key **out, const struct request *r, const cJSON *json, struct error *e)
{
	const char *csr = json_string(json, "csr");
	char line[KEY_SSH_MAX];
	struct key *key = NULL;
	enum status st = STATUS_OK;

	if (!csr || cJSON_GetArraySize(json) != 1)
		return error_set(e, STATUS_MALFORMED, "a renewal has the member csr alone");
	st = csr_read(&key, csr, e);
	if (st == STATUS_UNTRUSTED)
		return error_set(e, STATUS_MALFORMED, "the certificate request is not signed by its own key");
	if (st != STATUS_OK)
		return st;
	key_ssh(line, key);
	if (strcmp(line, r->peer.key) != 0) {
		key_free(key);
		return error_set(e, STATUS_DENIED,
				 "a device keeps its key; for another one it has to be invited under another name");
	}
	*out = key;
	return STATUS_OK;
}

/* The stored one while it has long to live: asking often costs nothing. */
static enum status give(struct certificate *out, const struct request *r, const struct authority *a, const struct key *key, struct error *e)
{
	struct certificate given = CERTIFICATE_INIT;
	enum status st = certificate_load(&given, r->practice, r->who.device, e);

	if (st == STATUS_OK && strcmp(given.key, r->peer.key) == 0 && certificate_is_fresh(&given, a, r->service->env)) {
		*out = given;
		return STATUS_OK;
	}
	certificate_clear(&given);
	if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		return st;
	return certificate_issue(out, a, r->practice, r->who.device, key, r->service->env, e);
}

static enum status renew(cJSON *answer, struct request *r, const cJSON *json, struct error *e)
{
	struct certificate certificate = CERTIFICATE_INIT;
	struct store_lock *lock = NULL;
	struct authority *a = authority_slot_hold(r->service->authority);
	struct key *key = NULL;
	char now[TIME_TEXT_MAX];
	enum status st = read_key(&key, r, json, e);

	time_format(now, r->service->env->now_ms(r->service->env->ctx));
	if (st == STATUS_OK)
		st = store_lock(&lock, r->practice->history, LIMIT_LOCK_MS, e);
	if (st == STATUS_OK)
		st = give(&certificate, r, a, key, e);
	store_unlock(lock);
	if (st == STATUS_OK)
		st = json_set_string(answer, "certificate", buf_text(&certificate.pem));
	if (st == STATUS_OK)
		st = json_set_string(answer, "ca", buf_text(&a->trust_pem));
	if (st == STATUS_OK)
		st = json_set_string(answer, "time", now);
	authority_release(a);
	certificate_clear(&certificate);
	key_free(key);
	return st;
}

static void end(struct request *r)
{
	request_end_json(r, renew);
}

const struct handler handler_renew = {
	.needs_peer = true, .exclusive = true, .max_bytes = LIMIT_ENROL_BYTES, .feed = request_collect, .end = end};
