/* core/registry.c - reading who belongs to a practice, and checking each along the chain to the root key. */
#include "core/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/id.h"
#include "core/registry_internal.h"

/* ---- checking signatures ---- */

static enum status check_invite(const struct registry *reg, const struct key *by, const cJSON *record, struct error *e)
{
	const cJSON *invite = json_get(record, "invite");
	const char *site = json_string(record, "site");
	struct buf text = BUF_INIT;
	enum status st = statement_invite(&text, reg->ods, json_string(record, "id"), json_string(record, "role"), site ? site : "",
					  json_string(invite, "key"));

	if (st == STATUS_OK)
		st = registry_check_statement(by, &text, json_string(invite, "signature"), e);
	buf_clear(&text);
	return st;
}

static enum status check_enrolment(const struct registry *reg, const cJSON *record, struct error *e)
{
	const cJSON *invite = json_get(record, "invite"), *enrolment = json_get(record, "enrolment");
	struct buf text = BUF_INIT;
	struct key *key = NULL;
	enum status st;

	if (!enrolment)
		return STATUS_OK;
	st = key_from_ssh(&key, json_string(invite, "key"), e);
	if (st == STATUS_OK)
		st = statement_enrolment(&text, reg->ods, json_string(invite, "key"), json_string(enrolment, "key"),
					 json_string(enrolment, "seal_key"));
	if (st == STATUS_OK)
		st = registry_check_statement(key, &text, json_string(enrolment, "proof"), e);
	buf_clear(&text);
	key_free(key);
	return st;
}

/* An invite by the host is good for auditors only, and under any of its endorsed keys. */
static enum status check_server_invite(const struct registry *reg, const cJSON *record, struct error *e)
{
	enum status st = STATUS_UNTRUSTED;

	if (role_parse(json_string(record, "role")) != ROLE_AUDITOR)
		return error_set(e, STATUS_UNTRUSTED, "the host may invite auditors only");
	for (size_t i = 0; st != STATUS_OK && i < reg->server_keys_len; i++)
		st = check_invite(reg, reg->server_keys[i].key, record, e);
	return st == STATUS_OK ? st : error_set(e, STATUS_UNTRUSTED, "it is not signed by a server key that the root endorsed");
}

static enum status check_inviter(const struct registry *reg, const cJSON *record, struct error *e)
{
	const char *by = json_string(json_get(record, "invite"), "by");
	const struct device *inviter;

	if (strcmp(by, "root") == 0) {
		if (role_parse(json_string(record, "role")) != ROLE_MANAGER)
			return error_set(e, STATUS_UNTRUSTED, "the root key may name managers only");
		return check_invite(reg, reg->root, record, e);
	}
	if (strcmp(by, "server") == 0)
		return check_server_invite(reg, record, e);
	inviter = registry_find(reg, by);
	if (!inviter || inviter->role != ROLE_MANAGER || !inviter->key)
		return error_set(e, STATUS_UNTRUSTED, "it names \"%s\" as the one who invited it, who is no manager of this practice", by);
	return check_invite(reg, inviter->key, record, e);
}

enum status registry_check_device(const struct registry *reg, const cJSON *record, struct error *e)
{
	enum status st = registry_check_as("device", record, e);

	if (st == STATUS_OK)
		st = check_inviter(reg, record, e);
	if (st == STATUS_OK)
		st = check_enrolment(reg, record, e);
	return st;
}

enum status registry_check_comment_key(const struct registry *reg, const cJSON *record, struct error *e)
{
	struct buf text = BUF_INIT;
	const char *by = json_string(record, "by");
	const struct device *signer = NULL;
	const struct key *key = reg->root;
	int64_t generation = 0;
	enum status st = registry_check_as("key", record, e);

	if (st != STATUS_OK)
		return st;
	if (strcmp(by, "root") != 0) {
		signer = registry_find(reg, by);
		if (!signer || signer->role != ROLE_MANAGER || !signer->key)
			return error_set(e, STATUS_UNTRUSTED, "the comment key is signed by \"%s\", who is no manager of this practice", by);
		key = signer->key;
	}
	(void)json_integer(record, "generation", &generation);
	st = statement_comment_key(&text, reg->ods, generation, json_string(record, "public_key"),
				   json_string(json_get(record, "recovery"), "public_key"));
	if (st == STATUS_OK)
		st = registry_check_statement(key, &text, json_string(record, "signature"), e);
	buf_clear(&text);
	return st;
}

/* ---- reading ---- */

static enum status fill_device(struct device *d, const cJSON *record, struct error *e)
{
	const cJSON *invite = json_get(record, "invite"), *enrolment = json_get(record, "enrolment"), *replaces = json_get(enrolment, "replaces");
	const char *site = json_string(record, "site"), *seal_key = json_string(enrolment, "seal_key");
	struct buf raw = BUF_INIT;
	int64_t carries = 0;
	enum status st = STATUS_OK;

	(void)snprintf(d->id, sizeof(d->id), "%s", json_string(record, "id"));
	(void)snprintf(d->site, sizeof(d->site), "%s", site ? site : "");
	(void)snprintf(d->invited_by, sizeof(d->invited_by), "%s", json_string(invite, "by"));
	(void)snprintf(d->invite_key, sizeof(d->invite_key), "%s", json_string(invite, "key"));
	d->role = role_parse(json_string(record, "role"));
	d->retired = json_get(record, "retired") != NULL;
	d->revoked = json_get(record, "revoked") != NULL;
	(void)snprintf(d->replaces, sizeof(d->replaces), "%s", replaces ? json_string(replaces, "device") : "");
	d->ends = cJSON_IsTrue(json_get(replaces, "ends"));
	d->carries = json_integer(replaces, "carries", &carries) && carries > 0 ? (uint64_t)carries : 0;
	if (!enrolment)
		return STATUS_OK;
	(void)snprintf(d->key_ssh, sizeof(d->key_ssh), "%s", json_string(enrolment, "key"));
	st = base64url_decode(&raw, seal_key, strlen(seal_key));
	if (st == STATUS_OK && raw.len == sizeof(d->seal_key))
		memcpy(d->seal_key, raw.data, raw.len);
	else
		st = error_set(e, STATUS_INVALID, "seal_key is not a key of %d bytes", SEAL_KEY_LEN);
	buf_clear(&raw);
	return st == STATUS_OK ? key_from_ssh(&d->key, d->key_ssh, e) : st;
}

struct reading {
	struct registry *reg;
	struct repo *repo;
	cJSON **records; /* one a device, in the same order */
};

static enum status read_device(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct reading *in = ctx;
	struct registry *reg = in->reg;
	size_t n = reg->devices_len;
	const char *id;
	char expected[TREE_PATH_MAX];
	enum status st;

	(void)old_id;
	if (n == REGISTRY_MAX_DEVICES)
		return error_set(e, STATUS_TOO_BIG, "more than %d devices", REGISTRY_MAX_DEVICES);
	st = registry_read_json(&in->records[n], in->repo, new_id, path, e);
	if (st != STATUS_OK)
		return st;
	reg->devices_len++;
	reg->devices[n].record = *new_id;
	st = registry_check_as("device", in->records[n], e);
	if (st == STATUS_OK)
		st = fill_device(&reg->devices[n], in->records[n], e);
	if (st != STATUS_OK)
		return error_prefix(e, st, "%s", path);
	id = reg->devices[n].id;
	(void)snprintf(expected, sizeof(expected), "devices/%s.json", id);
	return strcmp(expected, path) == 0 ? STATUS_OK : error_set(e, STATUS_INVALID, "%s holds the record of \"%s\"", path, id);
}

/* A manager counts once its own chain is checked; walking it from a device upwards ends at the root or the server, or is a ring. */
static enum status check_chain_ends(const struct registry *reg, const struct device *d, struct error *e)
{
	const struct device *at = d;

	for (size_t steps = 0; steps <= reg->devices_len; steps++) {
		if (strcmp(at->invited_by, "root") == 0 || strcmp(at->invited_by, "server") == 0)
			return STATUS_OK;
		at = registry_find(reg, at->invited_by);
		if (!at)
			break;
	}
	return error_set(e, STATUS_UNTRUSTED, "devices/%s.json: its invitations do not lead to the root key", d->id);
}

static bool same_key(const struct registry *a, const struct registry *b, const char *id)
{
	const struct device *in_a = registry_find(a, id), *in_b = registry_find(b, id);

	return in_a && in_b && in_a->role == in_b->role && strcmp(in_a->key_ssh, in_b->key_ssh) == 0;
}

/* Each signature of the record was checked before, against the keys that it has to be checked against now. */
static bool was_checked(const struct registry *reg, const struct registry *known, const struct device *d)
{
	const struct device *was = known ? registry_find(known, d->id) : NULL;

	if (!was || !oid_equal(&was->record, &d->record) || strcmp(known->root_ssh, reg->root_ssh) != 0 || strcmp(known->ods, reg->ods) != 0)
		return false;
	if (d->replaces[0] && !same_key(reg, known, d->replaces))
		return false;
	if (strcmp(d->invited_by, "root") == 0)
		return true;
	if (strcmp(d->invited_by, "server") == 0)
		return oid_equal(&known->practice, &reg->practice);
	return same_key(reg, known, d->invited_by);
}

static int by_key(const void *a, const void *b)
{
	const struct device *const *x = a, *const *y = b;

	return strcmp((*x)->key_ssh, (*y)->key_ssh);
}

/* Who signed has to be one device: a key under two names would let what was signed as the one pass for the other's. */
static enum status check_keys(const struct registry *reg, struct error *e)
{
	const struct device *sorted[REGISTRY_MAX_DEVICES];
	size_t len = 0;

	for (size_t i = 0; i < reg->devices_len; i++)
		if (reg->devices[i].key)
			sorted[len++] = &reg->devices[i];
	qsort(sorted, len, sizeof(sorted[0]), by_key);
	for (size_t i = 1; i < len; i++)
		if (strcmp(sorted[i - 1]->key_ssh, sorted[i]->key_ssh) == 0)
			return error_set(e, STATUS_UNTRUSTED, "devices/%s.json: it has the key of %s; each device has one of its own", sorted[i]->id,
					 sorted[i - 1]->id);
	return STATUS_OK;
}

static enum status check_devices(struct registry *reg, const struct registry *known, cJSON *const *records, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < reg->devices_len; i++) {
		const struct device *d = registry_find(reg, json_string(records[i], "id"));

		if (!was_checked(reg, known, d)) {
			st = registry_check_device(reg, records[i], e);
			if (st == STATUS_OK)
				st = registry_check_replacement(reg, records[i], e);
		}
		if (st != STATUS_OK)
			return error_prefix(e, st, "devices/%s.json", d->id);
		st = check_chain_ends(reg, d, e);
	}
	return st;
}

enum status registry_load_after(struct registry *out, const struct registry *known, struct repo *r, const struct oid *tree,
				const uint8_t *root_pin, struct error *e)
{
	struct registry reg = REGISTRY_INIT;
	struct reading in = {.reg = &reg, .repo = r};
	enum status st = registry_read_practice(&reg, known, r, tree, root_pin, e);

	if (st != STATUS_OK)
		goto done;
	reg.devices = calloc(REGISTRY_MAX_DEVICES, sizeof(*reg.devices));
	in.records = calloc(REGISTRY_MAX_DEVICES, sizeof(*in.records));
	if (!reg.devices || !in.records) {
		st = error_set(e, STATUS_NOMEM, "out of memory");
		goto done;
	}
	st = tree_each(r, tree, "devices/", read_device, &in, e);
	if (st != STATUS_OK)
		goto done;
	qsort(reg.devices, reg.devices_len, sizeof(*reg.devices), registry_by_id);
	st = check_keys(&reg, e);
	if (st == STATUS_OK)
		st = check_devices(&reg, known, in.records, e);
	if (st == STATUS_OK)
		st = registry_find_ends(&reg, r, tree, e);
	if (st == STATUS_OK) {
		*out = reg;
		reg = (struct registry)REGISTRY_INIT; /* *out owns it now */
	}
done:
	for (size_t i = 0; in.records && i < REGISTRY_MAX_DEVICES; i++)
		cJSON_Delete(in.records[i]);
	free(in.records);
	registry_clear(&reg);
	return st;
}

enum status registry_load(struct registry *out, struct repo *r, const struct oid *tree, const uint8_t *root_pin, struct error *e)
{
	return registry_load_after(out, NULL, r, tree, root_pin, e);
}
