/* client/invite.c - letting devices in and out: invites with their codes, retiring, revoking. */
#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/rotate.h"
#include "core/cert.h"

static void device_path(char out[TREE_PATH_MAX], const char *device)
{
	(void)snprintf(out, TREE_PATH_MAX, "devices/%s.json", device);
}

static enum status check_request(struct qip *q, const char *device, enum role role, const char *site, struct error *e)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	enum status st = STATUS_OK;

	if (q->identity.role != ROLE_MANAGER)
		return error_set(e, STATUS_DENIED, "only a manager's device invites devices");
	if (!name_valid(device))
		return error_set(e, STATUS_INVALID, "\"%s\" is no name for a device: lower-case letters, digits and '-', at most %d", device,
				 NAME_MAX_LEN);
	if (role == ROLE_NONE)
		return error_set(e, STATUS_INVALID, "an invite needs a role: kiosk, staff, manager, icb or auditor");
	if (site && site[0] && !name_valid(site))
		return error_set(e, STATUS_INVALID, "\"%s\" is no name for a site: lower-case letters, digits and '-', at most %d", site, NAME_MAX_LEN);
	if (role == ROLE_KIOSK && !(site && site[0]))
		return error_set(e, STATUS_INVALID, "a kiosk stands at a site: name it");
	device_path(path, device);
	st = qip_read(&record, q, path, e);
	cJSON_Delete(record);
	if (st == STATUS_OK)
		return error_set(e, STATUS_EXISTS, "there is a device %s already: choose another name, names are never used again", device);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static enum status make_code(struct code *out, struct qip *q, struct error *e)
{
	struct code c = {.has_root = true};
	uint8_t ca[SHA256_LEN];
	enum status st = cert_fingerprint(ca, buf_text(&q->ca_pem), e);

	if (st != STATUS_OK)
		return st;
	if (q->env->random(q->env->ctx, c.secret, sizeof(c.secret)) != STATUS_OK)
		return error_set(e, STATUS_IO, "the system gives no randomness");
	memcpy(c.ods, q->identity.ods, sizeof(c.ods));
	memcpy(c.ca_pin, ca, CODE_PIN_LEN);
	memcpy(c.root_pin, q->root_pin, CODE_PIN_LEN);
	*out = c;
	return STATUS_OK;
}

static enum status make_record(cJSON **out, struct qip *q, const struct code *code, const char *device, enum role role, const char *site,
			       struct error *e)
{
	struct key *invite_key = NULL;
	char line[KEY_SSH_MAX] = "";
	struct buf statement = BUF_INIT;
	enum status st = code_invite_key(&invite_key, code, e);
	cJSON *record = build_object(&st), *invite = build_object(&st);

	if (st == STATUS_OK) {
		key_ssh(line, invite_key);
		st = statement_invite(&statement, q->identity.ods, device, role_text(role), site, line);
	}
	build_string(&st, invite, "key", line);
	build_string(&st, invite, "by", q->identity.device);
	build_time(&st, invite, "at", state_now_ms(&q->state, q->env));
	build_signature(&st, invite, "signature", q->key, &statement);
	build_string(&st, record, "schema", "device/1");
	build_string(&st, record, "id", device);
	build_string(&st, record, "role", role_text(role));
	if (site[0])
		build_string(&st, record, "site", site);
	build_item(&st, record, "invite", invite);
	if (st == STATUS_OK) {
		*out = record;
		record = NULL;
	} else
		st = error_set(e, st, "the invite cannot be made: %s", status_text(st));
	cJSON_Delete(record);
	buf_clear(&statement);
	key_free(invite_key);
	return st;
}

enum status qip_invite(char code[CODE_TEXT_MAX], struct qip *q, const char *device, enum role role, const char *site, struct error *e)
{
	struct qip_edit *edit = NULL;
	struct code c = {0};
	cJSON *record = NULL;
	char path[TREE_PATH_MAX], subject[NAME_MAX_LEN + 32];
	enum status st = check_request(q, device, role, site, e);

	if (st == STATUS_OK)
		st = make_code(&c, q, e);
	if (st == STATUS_OK)
		st = make_record(&record, q, &c, device, role, site ? site : "", e);
	if (st == STATUS_OK)
		st = qip_edit_begin(&edit, q, NULL, e);
	if (st != STATUS_OK)
		goto done;
	device_path(path, device);
	(void)snprintf(subject, sizeof(subject), "Invite %s", device);
	st = qip_edit_put(edit, path, record, e);
	if (st != STATUS_OK)
		qip_edit_abort(edit);
	else
		st = qip_edit_commit(edit, subject, e);
	if (st == STATUS_OK)
		code_format(code, &c);
done:
	cJSON_Delete(record);
	explicit_bzero(&c, sizeof(c));
	return st;
}

static enum status read_device(cJSON **out, struct qip *q, const char *device, struct error *e)
{
	char path[TREE_PATH_MAX];
	enum status st = STATUS_NOT_FOUND;

	if (name_valid(device)) {
		device_path(path, device);
		st = qip_read(out, q, path, e);
	}
	return st == STATUS_NOT_FOUND ? error_set(e, st, "there is no device %s", device) : st;
}

/* The server would refuse it, and with it whatever else waits here. */
static enum status check_not_last_manager(struct qip *q, const char *device, struct error *e)
{
	const struct registry *reg = NULL;
	bool ends_manager = false;
	size_t others = 0;
	enum status st = view_registry(&reg, q, e);

	for (size_t i = 0; st == STATUS_OK && i < reg->devices_len; i++) {
		const struct device *d = &reg->devices[i];
		bool active = d->role == ROLE_MANAGER && d->key && !d->retired && !d->revoked;

		if (active && strcmp(d->id, device) == 0)
			ends_manager = true;
		else if (active)
			others++;
	}
	if (st == STATUS_OK && ends_manager && others == 0)
		st = error_set(e, STATUS_DENIED, "the last manager cannot go: invite another manager first, and let it join");
	return st;
}

/* The record with its end added; STATUS_EXISTS when it had ended so before. */
static enum status add_end(cJSON *record, struct qip *q, const char *member, const char *reason, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *end = NULL;

	if (json_get(record, "revoked"))
		member = "revoked"; /* which holds whatever else is said of it */
	if (json_get(record, member))
		return error_set(e, STATUS_EXISTS, "%s was %s before", json_string(record, "id"), member);
	end = build_object(&st);
	build_string(&st, end, "by", q->identity.device);
	build_time(&st, end, "at", state_now_ms(&q->state, q->env));
	if (reason && reason[0])
		build_string(&st, end, "reason", reason);
	build_item(&st, record, member, end);
	return st == STATUS_OK ? st : error_set(e, st, "out of memory");
}

enum status qip_end_device(struct qip *q, const char *device, bool revoke, const char *reason, struct error *e)
{
	const char *member = revoke ? "revoked" : "retired";
	struct qip_edit *edit = NULL;
	cJSON *record = NULL;
	char path[TREE_PATH_MAX], subject[NAME_MAX_LEN + 32];
	enum role role = ROLE_NONE;
	enum status st = STATUS_OK;

	if (q->identity.role != ROLE_MANAGER)
		return error_set(e, STATUS_DENIED, "only a manager's device retires or revokes devices");
	st = read_device(&record, q, device, e);
	if (st == STATUS_OK)
		st = check_not_last_manager(q, device, e);
	if (st == STATUS_OK)
		st = add_end(record, q, member, reason, e);
	if (st == STATUS_OK)
		st = qip_edit_begin(&edit, q, NULL, e);
	if (st != STATUS_OK)
		goto done;
	role = role_parse(json_string(record, "role"));
	device_path(path, device);
	(void)snprintf(subject, sizeof(subject), "%s %s", revoke ? "Revoke" : "Retire", device);
	st = qip_edit_put(edit, path, record, e);
	if (st == STATUS_OK && revoke && (role == ROLE_STAFF || role == ROLE_MANAGER) && strcmp(device, q->identity.device) != 0)
		st = rotate_put_without(edit, q, device, e); /* what comes from now on is not for it */
	if (st != STATUS_OK)
		qip_edit_abort(edit);
	else
		st = qip_edit_commit(edit, subject, e);
done:
	cJSON_Delete(record);
	return st;
}
