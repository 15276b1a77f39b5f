/* client/root_join.c - qip_join_root: the root key's paper becomes a manager's home. */
#include "client/root_join.h"

#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/enrol.h"
#include "client/paper.h"
#include "client/wire.h"
#include "core/id.h"

#define LABEL "qip root join"

enum status root_join_code(struct code *out, const char *ods, const uint8_t ca_pin[CODE_PIN_LEN], const struct root_join *by, struct error *e)
{
	uint8_t scalar[KEY_PRIVATE_LEN] = {0}, fingerprint[SHA256_LEN];
	char label[sizeof(LABEL) + 8 + NAME_MAX_LEN + 2];
	struct code c = {.has_root = true};
	struct key *derived = NULL;
	enum status st = key_private(scalar, by->root);

	(void)snprintf(label, sizeof(label), LABEL " %s %s", ods, by->device);
	(void)snprintf(c.ods, sizeof(c.ods), "%s", ods);
	if (st == STATUS_OK)
		st = key_from_seed(&derived, scalar, sizeof(scalar), label, e);
	if (st == STATUS_OK)
		st = key_private(scalar, derived);
	if (st == STATUS_OK) {
		memcpy(c.secret, scalar, sizeof(c.secret));
		memcpy(c.ca_pin, ca_pin, sizeof(c.ca_pin));
		key_fingerprint(fingerprint, by->root);
		memcpy(c.root_pin, fingerprint, sizeof(c.root_pin));
		*out = c;
	} else {
		st = error_set(e, st, "the invite cannot be made: %s", status_text(st));
	}
	key_free(derived);
	explicit_bzero(scalar, sizeof(scalar));
	explicit_bzero(&c, sizeof(c));
	return st;
}

enum status root_join_record(cJSON **out, const char *ods, const char *invite_key, const struct root_join *by, int64_t at_ms, struct error *e)
{
	enum status st = STATUS_OK;
	struct buf statement = BUF_INIT;
	cJSON *record = build_object(&st), *invite = build_object(&st);

	build_string(&st, invite, "key", invite_key);
	build_string(&st, invite, "by", "root");
	build_time(&st, invite, "at", at_ms);
	if (st == STATUS_OK)
		st = statement_invite(&statement, ods, by->device, role_text(ROLE_MANAGER), "", invite_key);
	build_signature(&st, invite, "signature", by->root, &statement);
	build_string(&st, record, "schema", "device/1");
	build_string(&st, record, "id", by->device);
	build_string(&st, record, "role", role_text(ROLE_MANAGER));
	build_item(&st, record, "invite", invite);
	buf_clear(&statement);
	if (st != STATUS_OK) {
		cJSON_Delete(record);
		return error_set(e, st, "the invite cannot be made: %s", status_text(st));
	}
	*out = record;
	return STATUS_OK;
}

static enum status check_asked(const char *url, const struct qip_root *root, struct error *e)
{
	struct wire w = {0};
	enum status st = wire_set_url(&w, url, e);

	wire_clear(&w);
	if (st == STATUS_OK && !ods_valid(root->ods))
		st = error_set(e, STATUS_USAGE, "\"%.20s\" is no practice's ODS code, as C82999 is", root->ods);
	if (st == STATUS_OK && !name_valid(root->device))
		st = error_set(e, STATUS_USAGE, "\"%.60s\" is no name for a device: at most %d lower-case letters, digits and hyphens", root->device,
			       NAME_MAX_LEN);
	return st;
}

enum status qip_join_root(const struct qip_options *o, const char *url, const struct qip_root *root, struct error *e)
{
	struct key *key = NULL;
	struct code code = {0};
	enum status st = check_asked(url, root, e); /* what is mistyped leaves no folder behind */

	if (st == STATUS_OK)
		st = paper_read_root(&key, root->text, e);
	if (st == STATUS_OK) {
		const struct root_join by = {.device = root->device, .root = key};

		st = root_join_code(&code, root->ods, root->ca_pin, &by, e);
		if (st == STATUS_OK)
			st = enrol_by_root(o, url, &code, &by, e);
	}
	explicit_bzero(&code, sizeof(code));
	key_free(key);
	return st;
}
