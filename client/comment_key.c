/* client/comment_key.c - the key pair that patients' free text is sealed to. */
#include "client/comment_key.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/files.h"
#include "core/seal.h"

#define WRAP_INFO "qip comment key"

void comment_key_path(char out[TREE_PATH_MAX], int64_t generation)
{
	(void)snprintf(out, TREE_PATH_MAX, "keys/%" PRId64 ".json", generation);
}

static void add_wrapped(enum status *st, cJSON *wrapped, const struct comment_reader *reader, const char *aad,
			const uint8_t private_key[SEAL_KEY_LEN])
{
	struct buf sealed = BUF_INIT;

	if (*st == STATUS_OK)
		*st = seal_to(&sealed, reader->seal_key, WRAP_INFO, aad, strlen(aad), private_key, SEAL_KEY_LEN, NULL);
	if (*st == STATUS_OK && !buf_ok(&sealed))
		*st = STATUS_NOMEM;
	build_bytes(st, wrapped, reader->device, sealed.data, sealed.len);
	buf_clear(&sealed);
}

bool comment_key_may_read(const struct device *d)
{
	return (d->role == ROLE_STAFF || d->role == ROLE_MANAGER) && d->key && !d->retired && !d->revoked;
}

enum status comment_key_wrap(cJSON *wrapped, const char *ods, int64_t generation, const uint8_t private_key[SEAL_KEY_LEN],
			     const struct comment_reader *reader, struct error *e)
{
	enum status st = STATUS_OK;
	char aad[40];

	(void)snprintf(aad, sizeof(aad), "%s/%" PRId64, ods, generation);
	add_wrapped(&st, wrapped, reader, aad, private_key);
	return st == STATUS_OK ? st : error_set(e, st, "the comment key could not be handed to %s: %s", reader->device, status_text(st));
}

enum status comment_key_make(cJSON **out, const char *ods, int64_t generation, const char *by, const struct key *signer, int64_t at_ms,
			     const struct comment_reader *readers, size_t readers_len, struct error *e)
{
	uint8_t private_key[SEAL_KEY_LEN], public_key[SEAL_KEY_LEN];
	enum status st = seal_generate(private_key, public_key, e);
	cJSON *record = build_object(&st), *wrapped = build_object(&st);
	struct buf statement = BUF_INIT;
	char aad[40];

	(void)snprintf(aad, sizeof(aad), "%s/%" PRId64, ods, generation);
	for (size_t i = 0; i < readers_len; i++)
		add_wrapped(&st, wrapped, &readers[i], aad, private_key);
	build_string(&st, record, "schema", "key/1");
	build_integer(&st, record, "generation", generation);
	build_bytes(&st, record, "public_key", public_key, sizeof(public_key));
	build_string(&st, record, "by", by);
	build_time(&st, record, "at", at_ms);
	if (st == STATUS_OK)
		st = statement_comment_key(&statement, ods, generation, json_string(record, "public_key"), NULL);
	build_signature(&st, record, "signature", signer, &statement);
	build_item(&st, record, "wrapped", wrapped);
	if (st == STATUS_OK) {
		*out = record;
		record = NULL;
	} else
		st = error_set(e, st, "no comment key could be made: %s", status_text(st));
	explicit_bzero(private_key, sizeof(private_key));
	buf_clear(&statement);
	cJSON_Delete(record);
	return st;
}

/* ---- this device's ---- */

static enum status read_seal_key(uint8_t key[SEAL_KEY_LEN], const struct qip *q, struct error *e)
{
	struct buf text = BUF_SECRET;
	enum status st = files_read(&text, q->dir, HOME_SEAL_KEY, LIMIT_FILE_BYTES, NULL);

	if (st == STATUS_OK)
		st = build_read_bytes32(key, buf_text(&text));
	buf_wipe(&text);
	return st == STATUS_OK ? st : home_lacks(q, HOME_SEAL_KEY, e);
}

static enum status unwrap(uint8_t private_key[SEAL_KEY_LEN], struct qip *q, int64_t generation, const cJSON *record, struct error *e)
{
	const char *text = json_string(json_get(record, "wrapped"), q->identity.device);
	uint8_t own[SEAL_KEY_LEN], public_key[SEAL_KEY_LEN], expected[SEAL_KEY_LEN];
	struct buf sealed = BUF_INIT, plain = BUF_SECRET;
	char aad[40];
	enum status st = STATUS_OK;

	if (!text)
		return error_set(e, STATUS_DENIED, "generation %" PRId64 " of the comment key was not handed to this device (%s): ask a manager who can read comments to run qip keys grant %s",
				 generation, q->identity.device, q->identity.device);
	(void)snprintf(aad, sizeof(aad), "%s/%" PRId64, q->identity.ods, generation);
	st = read_seal_key(own, q, e);
	if (st == STATUS_OK)
		st = base64url_decode(&sealed, text, strlen(text));
	if (st == STATUS_OK)
		st = seal_open(&plain, own, WRAP_INFO, aad, strlen(aad), sealed.data, sealed.len, NULL);
	if (st == STATUS_OK && plain.len == SEAL_KEY_LEN)
		st = seal_public(public_key, plain.data, e);
	if (st == STATUS_OK && (plain.len != SEAL_KEY_LEN || build_read_bytes32(expected, json_string(record, "public_key")) != STATUS_OK ||
				memcmp(public_key, expected, sizeof(expected)) != 0))
		st = STATUS_UNTRUSTED;
	if (st == STATUS_OK)
		memcpy(private_key, plain.data, SEAL_KEY_LEN);
	else
		st = error_set(e, STATUS_UNTRUSTED, "what was handed to this device as generation %" PRId64 " of the comment key does not open it", generation);
	explicit_bzero(own, sizeof(own));
	buf_clear(&sealed);
	buf_wipe(&plain);
	return st;
}

enum status comment_key_open(uint8_t private_key[SEAL_KEY_LEN], struct qip *q, int64_t generation, struct error *e)
{
	const struct registry *reg = NULL;
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	enum status st = view_registry(&reg, q, e);

	comment_key_path(path, generation);
	if (st == STATUS_OK)
		st = qip_read(&record, q, path, NULL);
	if (st == STATUS_NOT_FOUND)
		st = error_set(e, STATUS_UNTRUSTED, "the practice has no generation %" PRId64 " of its comment key", generation);
	if (st == STATUS_OK)
		st = registry_check_comment_key(reg, record, e);
	if (st == STATUS_OK)
		st = unwrap(private_key, q, generation, record, e);
	cJSON_Delete(record);
	return st;
}

/* ---- the practice's ---- */

struct search {
	const struct registry *reg;
	struct comment_key best;
};

static enum status look_at(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct search *s = ctx;
	struct comment_key found = {0};

	(void)path;
	(void)e; /* a key that does not hold is passed over: sealing to it would hand the text to a stranger */
	if (!json_integer(record, "generation", &found.generation) || found.generation <= s->best.generation)
		return STATUS_OK;
	if (registry_check_comment_key(s->reg, record, NULL) != STATUS_OK)
		return STATUS_OK;
	if (build_read_bytes32(found.public_key, json_string(record, "public_key")) == STATUS_OK)
		s->best = found;
	return STATUS_OK;
}

enum status comment_key_find(struct comment_key *out, struct qip *q, struct error *e)
{
	struct search s = {0};
	enum status st = view_registry(&s.reg, q, e);

	if (st == STATUS_OK)
		st = qip_each(q, "keys/", look_at, &s, e);
	if (st != STATUS_OK)
		return st;
	if (s.best.generation == 0)
		return error_set(e, STATUS_NOT_FOUND, "the practice has no comment key");
	*out = s.best;
	return STATUS_OK;
}
