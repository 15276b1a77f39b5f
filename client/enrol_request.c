/* client/enrol_request.c - asking the server for a certificate. */
#include "client/enrol_request.h"

#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/files.h"
#include "client/remote.h"
#include "core/cert.h"

#define REQUEST_NAME "qip device" /* the server knows the name by the code, and puts it into the certificate */

/* The invite that the server does not have: the root key signed it here. */
static void add_root_invite(enum status *st, cJSON *body, const cJSON *record)
{
	cJSON *member = build_object(st);

	build_string(st, member, "device", json_string(record, "id"));
	build_string(st, member, "at", json_string(json_get(record, "invite"), "at"));
	build_string(st, member, "signature", json_string(json_get(record, "invite"), "signature"));
	build_item(st, body, "root_invite", member);
}

static enum status make_body(struct buf *out, const struct qip *q, const struct joining *j, struct error *e)
{
	struct buf csr = BUF_INIT;
	enum status st = csr_make(&csr, q->key, REQUEST_NAME, e);
	cJSON *body = build_object(&st);
	const cJSON *member = NULL;

	build_string(&st, body, "invite_key", j->invite_key);
	cJSON_ArrayForEach(member, j->enrolment)
		build_item(&st, body, member->string, cJSON_Duplicate(member, true));
	if (q->join_as != ROLE_NONE)
		build_string(&st, body, "role", role_text(q->join_as));
	if (j->record)
		add_root_invite(&st, body, j->record);
	build_string(&st, body, "csr", buf_text(&csr));
	if (st == STATUS_OK)
		st = json_canonical(out, body);
	if (st != STATUS_OK || !buf_ok(out))
		st = error_set(e, st == STATUS_OK ? STATUS_NOMEM : st, "the enrolment cannot be made: %s", status_text(st));
	cJSON_Delete(body);
	buf_clear(&csr);
	return st;
}

static enum status post(cJSON **out, struct qip *q, const struct buf *body, struct error *e)
{
	const struct remote_question question = {.ods = q->identity.ods, .what = "enrol", .body = body, .call_ms = LIMIT_CALL_MS};
	struct remote r = {0};
	enum status st = remote_open(&r, q, false, e);

	if (st != STATUS_OK)
		return st;
	st = remote_ask(out, &r, &question, e);
	if (st == STATUS_OK && r.server_ms > 0)
		state_anchor(&q->state, q->env, r.server_ms, r.elapsed_ms);
	remote_close(&r);
	return st;
}

/* The record must be of the invite that the code belongs to, and of nobody else's key. */
static bool record_fits(const cJSON *record, const struct joining *j, const char *device, const char *role, const char *site)
{
	const char *id = json_string(record, "id");
	const char *record_role = json_string(record, "role");
	const char *record_site = json_string(record, "site");
	const char *invite_key = json_string(json_get(record, "invite"), "key");
	const cJSON *enrolment = json_get(record, "enrolment");
	const char *key = json_string(enrolment, "key");

	if (!id || strcmp(id, device) != 0 || !record_role || strcmp(record_role, role) != 0)
		return false;
	if (strcmp(record_site ? record_site : "", site ? site : "") != 0)
		return false;
	if (!invite_key || strcmp(invite_key, j->invite_key) != 0)
		return false;
	return !enrolment || (key && strcmp(key, json_string(j->enrolment, "key")) == 0);
}

/* What the root key signed here is what the server has: nothing is added, and nothing of it is another's. */
static bool is_as_signed(const cJSON *record, const cJSON *own)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, own)
	{
		if (!json_equal(member, json_get(record, member->string)))
			return false;
	}
	return cJSON_GetArraySize(record) == cJSON_GetArraySize(own) + (json_get(record, "enrolment") != NULL);
}

static enum status read_answer(struct enrol_answer *a, struct qip *q, const struct joining *j, cJSON *json, struct error *e)
{
	const char *device = json_string(json, "device"), *role = json_string(json, "role"), *site = json_string(json, "site");
	const char *certificate = json_string(json, "certificate"), *server_key = json_string(json, "server_key");
	const char *name = json_string(json, "name");
	cJSON *record = cJSON_DetachItemFromObjectCaseSensitive(json, "record");
	bool has_record = cJSON_IsObject(record);
	enum status st = STATUS_OK;

	if (!device || !role || !certificate || home_set_device(q, device, role_parse(role), site, NULL) != STATUS_OK)
		goto bad;
	if (has_record && !record_fits(record, j, device, role, site))
		goto bad;
	if (j->record && !is_as_signed(record, j->record))
		goto bad;
	if (!has_record && (j->code.has_root || !name || strlen(name) >= sizeof(a->name) || !server_key ||
			    strlen(server_key) >= sizeof(a->server_key) || q->identity.role != ROLE_MANAGER))
		goto bad;
	(void)snprintf(a->name, sizeof(a->name), "%s", name ? name : "");
	(void)snprintf(a->server_key, sizeof(a->server_key), "%s", server_key ? server_key : "");
	st = files_write(q->dir, HOME_CERT, certificate, strlen(certificate), 0600, e);
	if (st == STATUS_OK && has_record) {
		a->record = record;
		record = NULL;
	}
	buf_reset(&q->cert_pem);
	buf_adds(&q->cert_pem, certificate);
	cJSON_Delete(record);
	return st;
bad:
	cJSON_Delete(record);
	return error_set(e, STATUS_UNTRUSTED, "the server's answer does not belong to this code: nothing was joined");
}

enum status enrol_request(struct enrol_answer *out, struct qip *q, const struct joining *j, struct error *e)
{
	struct enrol_answer a = {0};
	struct buf body = BUF_INIT;
	cJSON *json = NULL;
	enum status st = make_body(&body, q, j, e);

	if (st == STATUS_OK)
		st = post(&json, q, &body, e);
	if (st == STATUS_OK)
		st = read_answer(&a, q, j, json, e);
	cJSON_Delete(json);
	buf_clear(&body);
	if (st != STATUS_OK) {
		enrol_answer_clear(&a);
		return st;
	}
	*out = a;
	return STATUS_OK;
}

void enrol_answer_clear(struct enrol_answer *a)
{
	cJSON_Delete(a->record);
	*a = (struct enrol_answer){0};
}
