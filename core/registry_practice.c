/* core/registry_practice.c - the practice itself: its root key, and the server's keys that the root endorsed or retired. */
#include <stdio.h>
#include <string.h>

#include "core/registry_internal.h"
#include "core/schema.h"
#include "core/signature.h"

#define RETIRED_NAME_BYTES 20 /* of the fingerprint, so that the name is one of 40 letters */

enum status registry_check_as(const char *type, const cJSON *record, struct error *e)
{
	char found[RECORD_TYPE_MAX];
	enum status st = schema_check(record, e);

	record_type(found, record);
	if (st == STATUS_OK && strcmp(found, type) != 0)
		st = error_set(e, STATUS_INVALID, "it is a record of type %s where one of type %s has to stand", found, type);
	return st;
}

enum status registry_check_statement(const struct key *key, struct buf *statement, const char *signature, struct error *e)
{
	return signature_check(signature, strlen(signature), key, SIGNATURE_NAMESPACE_RECORD, statement->data, statement->len, e);
}

enum status registry_read_json(cJSON **out, struct repo *r, const struct oid *blob, const char *path, struct error *e)
{
	enum status st = record_read(out, r, blob, e);

	return st == STATUS_OK ? st : error_prefix(e, st, "%s", path);
}

/* ---- endorsed ---- */

enum status registry_check_server_key(struct key **out, const struct registry *reg, const cJSON *item, struct error *e)
{
	struct buf text = BUF_INIT;
	struct key *key = NULL;
	enum status st = key_from_ssh(&key, json_string(item, "key"), e);

	if (st == STATUS_OK)
		st = statement_server_key(&text, reg->ods, json_string(item, "key"));
	if (st == STATUS_OK)
		st = registry_check_statement(reg->root, &text, json_string(item, "signature"), e);
	if (st == STATUS_OK && out) {
		*out = key;
		key = NULL;
	}
	buf_clear(&text);
	key_free(key);
	return st;
}

static enum status read_server_keys(struct registry *reg, const struct registry *known, const cJSON *practice, struct error *e)
{
	bool checked = known && oid_equal(&known->practice, &reg->practice);
	const cJSON *item;

	cJSON_ArrayForEach(item, json_get(practice, "server_keys")) {
		struct server_key *k = &reg->server_keys[reg->server_keys_len];
		enum status st;

		if (reg->server_keys_len == REGISTRY_MAX_SERVER_KEYS)
			return error_set(e, STATUS_TOO_BIG, "practice.json: more than %d server keys", REGISTRY_MAX_SERVER_KEYS);
		st = checked ? key_from_ssh(&k->key, json_string(item, "key"), e) : registry_check_server_key(&k->key, reg, item, e);
		if (st != STATUS_OK)
			return error_prefix(e, st, "practice.json: a server key that the root did not endorse");
		key_ssh(k->ssh, k->key);
		reg->server_keys_len++;
	}
	return STATUS_OK;
}

/* ---- retired ---- */

void registry_retired_path(char out[TREE_PATH_MAX], const struct key *key)
{
	uint8_t fingerprint[SHA256_LEN];
	char name[2 * RETIRED_NAME_BYTES + 1];

	key_fingerprint(fingerprint, key);
	hex_encode(name, fingerprint, RETIRED_NAME_BYTES);
	(void)snprintf(out, TREE_PATH_MAX, RETIRED_KEYS "%s.json", name);
}

/* It stands under its key's name: so there is one for a key, whoever writes it. */
static enum status check_name(const cJSON *record, const struct key *key, struct error *e)
{
	const char *id = json_string(record, "id");
	char expected[TREE_PATH_MAX], named[TREE_PATH_MAX];

	registry_retired_path(expected, key);
	(void)snprintf(named, sizeof(named), RETIRED_KEYS "%s.json", id ? id : "");
	return strcmp(expected, named) == 0 ? STATUS_OK : error_set(e, STATUS_INVALID, "it is not named after its key");
}

enum status registry_check_retired_key(const struct registry *reg, const cJSON *record, struct error *e)
{
	const struct server_key *k = NULL;
	struct buf text = BUF_INIT;
	enum status st = registry_check_as("retired-key", record, e);

	if (st != STATUS_OK)
		return st;
	k = registry_server_key(reg, json_string(record, "key"));
	if (!k)
		return error_set(e, STATUS_INVALID, "it retires a key that is none of the server's");
	st = check_name(record, k->key, e);
	if (st == STATUS_OK)
		st = statement_retired_key(&text, reg->ods, k->ssh);
	if (st == STATUS_OK && registry_check_statement(reg->root, &text, json_string(record, "signature"), e) != STATUS_OK)
		st = error_set(e, STATUS_UNTRUSTED, "the root key did not retire this key of the server");
	buf_clear(&text);
	return st;
}

struct reading {
	struct registry *reg;
	struct repo *repo;
	bool checked;
};

static enum status read_retired(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct reading *in = ctx;
	struct registry *reg = in->reg;
	cJSON *record = NULL;
	const char *line;
	enum status st = registry_read_json(&record, in->repo, new_id, path, e);

	(void)old_id;
	if (st == STATUS_OK && !in->checked && (st = registry_check_retired_key(reg, record, e)) != STATUS_OK)
		(void)error_prefix(e, st, "%s", path);
	line = json_string(record, "key");
	for (size_t i = 0; st == STATUS_OK && i < reg->server_keys_len; i++)
		reg->server_keys[i].retired |= strcmp(reg->server_keys[i].ssh, line) == 0;
	cJSON_Delete(record);
	return st;
}

/* What was checked before says the same of the same keys by the same root. */
static enum status read_retired_keys(struct registry *reg, const struct registry *known, struct repo *r, const struct oid *tree, struct error *e)
{
	struct reading in = {.reg = reg, .repo = r};
	enum status st = tree_find(&reg->retired_keys, NULL, r, tree, "retired-keys", e);

	if (st != STATUS_OK)
		return st == STATUS_NOT_FOUND ? STATUS_OK : st;
	in.checked = known && oid_equal(&known->retired_keys, &reg->retired_keys) && oid_equal(&known->practice, &reg->practice);
	return tree_each(r, tree, RETIRED_KEYS, read_retired, &in, e);
}

/* ---- the whole ---- */

enum status registry_read_practice(struct registry *reg, const struct registry *known, struct repo *r, const struct oid *tree,
				   const uint8_t *root_pin, struct error *e)
{
	cJSON *practice = NULL;
	uint8_t fingerprint[SHA256_LEN];
	int64_t level = 0;
	enum status st = tree_find(&reg->practice, NULL, r, tree, "practice.json", e);

	if (st == STATUS_OK)
		st = registry_read_json(&practice, r, &reg->practice, "practice.json", e);
	if (st == STATUS_OK && (st = registry_check_as("practice", practice, e)) != STATUS_OK)
		(void)error_prefix(e, st, "practice.json");
	if (st == STATUS_OK)
		st = key_from_ssh(&reg->root, json_string(practice, "root_key"), e);
	if (st != STATUS_OK)
		goto done;
	(void)snprintf(reg->ods, sizeof(reg->ods), "%s", json_string(practice, "ods"));
	(void)snprintf(reg->name, sizeof(reg->name), "%s", json_string(practice, "name") ? json_string(practice, "name") : "");
	(void)json_integer(practice, "schema_level", &level);
	reg->schema_level = (int)level;
	key_ssh(reg->root_ssh, reg->root);
	key_fingerprint(fingerprint, reg->root);
	if (root_pin && memcmp(fingerprint, root_pin, 16) != 0)
		st = error_set(e, STATUS_UNTRUSTED, "practice.json names another root key than the one this device was joined with");
	else
		st = read_server_keys(reg, known, practice, e);
	if (st == STATUS_OK)
		st = read_retired_keys(reg, known, r, tree, e);
done:
	cJSON_Delete(practice);
	return st;
}

enum status registry_load_keys(struct registry *out, const struct registry *known, struct repo *r, const struct oid *tree, const uint8_t *root_pin,
			       struct error *e)
{
	struct registry reg = REGISTRY_INIT;
	enum status st = registry_read_practice(&reg, known, r, tree, root_pin, e);

	if (st == STATUS_OK)
		*out = reg;
	else
		registry_clear(&reg);
	return st;
}

/* ---- whose signature counts ---- */

const struct server_key *registry_server_key(const struct registry *reg, const char *key_ssh)
{
	for (size_t i = 0; key_ssh && i < reg->server_keys_len; i++)
		if (strcmp(reg->server_keys[i].ssh, key_ssh) == 0)
			return &reg->server_keys[i];
	return NULL;
}

bool registry_key_counts(const struct registry *reg, const char *key_ssh)
{
	const struct server_key *k = registry_server_key(reg, key_ssh);

	return k && !k->retired;
}

const struct server_key *registry_server_signer(const struct registry *before, const struct registry *after, const struct commit *c)
{
	for (size_t i = 0; c->signature && i < after->server_keys_len; i++) {
		const struct server_key *k = &after->server_keys[i], *was = before ? registry_server_key(before, k->ssh) : NULL;

		if (!(was && was->retired) && signature_check(c->signature, strlen(c->signature), k->key, SIGNATURE_NAMESPACE_GIT, c->signed_text,
							      c->signed_len, NULL) == STATUS_OK)
			return k;
	}
	return NULL;
}
