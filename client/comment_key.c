/* client/comment_key.c - the key pair that patients' free text is sealed to. */
#include "client/comment_key.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/seal_key.h"
#include "core/seal.h"

#define WRAP_INFO "qip comment key"
#define AAD_MAX 40

void comment_key_path(char out[TREE_PATH_MAX], int64_t generation)
{
	(void)snprintf(out, TREE_PATH_MAX, "keys/%" PRId64 ".json", generation);
}

/* What is wrapped for one generation opens for no other, nor in another practice. */
static void make_aad(char out[AAD_MAX], const char *ods, int64_t generation)
{
	(void)snprintf(out, AAD_MAX, "%s/%" PRId64, ods, generation);
}

static void add_wrapped(enum status *st, cJSON *to, const char *name, const uint8_t public_key[SEAL_KEY_LEN], const char *aad,
			const uint8_t private_key[SEAL_KEY_LEN])
{
	struct buf sealed = BUF_INIT;

	if (*st == STATUS_OK)
		*st = seal_to(&sealed, public_key, WRAP_INFO, aad, strlen(aad), private_key, SEAL_KEY_LEN, NULL);
	if (*st == STATUS_OK && !buf_ok(&sealed))
		*st = STATUS_NOMEM;
	build_bytes(st, to, name, sealed.data, sealed.len);
	buf_clear(&sealed);
}

enum status comment_key_check_manager(const struct qip *q, struct error *e)
{
	return q->identity.role == ROLE_MANAGER ? STATUS_OK : error_set(e, STATUS_DENIED, "only a manager's device says who can read what patients wrote");
}

bool comment_key_may_read(const struct device *d)
{
	return (d->role == ROLE_STAFF || d->role == ROLE_MANAGER) && d->key && !d->retired && !d->revoked;
}

enum status comment_key_wrap(cJSON *wrapped, const char *ods, int64_t generation, const uint8_t private_key[SEAL_KEY_LEN],
			     const struct comment_reader *reader, struct error *e)
{
	enum status st = STATUS_OK;
	char aad[AAD_MAX];

	make_aad(aad, ods, generation);
	add_wrapped(&st, wrapped, reader->device, reader->seal_key, aad, private_key);
	return st == STATUS_OK ? st : error_set(e, st, "the comment key could not be handed to %s: %s", reader->device, status_text(st));
}

static void add_recovery(enum status *st, cJSON *record, const uint8_t *public_key, const char *aad, const uint8_t private_key[SEAL_KEY_LEN])
{
	cJSON *recovery = NULL;

	if (*st != STATUS_OK || !public_key)
		return;
	recovery = build_object(st);
	build_bytes(st, recovery, "public_key", public_key, SEAL_KEY_LEN);
	add_wrapped(st, recovery, "wrapped", public_key, aad, private_key);
	build_item(st, record, "recovery", recovery);
}

static void add_signature(enum status *st, cJSON *record, const struct comment_key_spec *spec)
{
	struct buf statement = BUF_INIT;

	if (*st == STATUS_OK)
		*st = statement_comment_key(&statement, spec->ods, spec->generation, json_string(record, "public_key"),
					    json_string(json_get(record, "recovery"), "public_key"));
	build_signature(st, record, "signature", spec->signer, &statement);
	buf_clear(&statement);
}

enum status comment_key_make(cJSON **out, const struct comment_key_spec *spec, struct error *e)
{
	uint8_t private_key[SEAL_KEY_LEN], public_key[SEAL_KEY_LEN];
	enum status st = seal_generate(private_key, public_key, e);
	cJSON *record = build_object(&st), *wrapped = build_object(&st);
	char aad[AAD_MAX];

	make_aad(aad, spec->ods, spec->generation);
	for (size_t i = 0; i < spec->readers_len; i++)
		add_wrapped(&st, wrapped, spec->readers[i].device, spec->readers[i].seal_key, aad, private_key);
	build_string(&st, record, "schema", "key/1");
	build_integer(&st, record, "generation", spec->generation);
	build_bytes(&st, record, "public_key", public_key, sizeof(public_key));
	build_string(&st, record, "by", spec->by);
	build_time(&st, record, "at", spec->at_ms);
	add_recovery(&st, record, spec->recovery, aad, private_key);
	add_signature(&st, record, spec);
	if (cJSON_GetArraySize(spec->without) > 0)
		build_item(&st, record, "without", cJSON_Duplicate(spec->without, true));
	build_item(&st, record, "wrapped", wrapped);
	if (st == STATUS_OK) {
		*out = record;
		record = NULL;
	} else
		st = error_set(e, st, "no comment key could be made: %s", status_text(st));
	explicit_bzero(private_key, sizeof(private_key));
	cJSON_Delete(record);
	return st;
}

/* ---- opening ---- */

enum status comment_key_unwrap(uint8_t private_key[SEAL_KEY_LEN], const char *ods, const cJSON *record, const char *wrapped,
			       const uint8_t secret[SEAL_KEY_LEN], struct error *e)
{
	uint8_t public_key[SEAL_KEY_LEN], expected[SEAL_KEY_LEN];
	struct buf sealed = BUF_INIT, plain = BUF_SECRET;
	int64_t generation = 0;
	char aad[AAD_MAX];
	enum status st = base64url_decode(&sealed, wrapped, strlen(wrapped));

	if (st == STATUS_OK && !json_integer(record, "generation", &generation))
		st = STATUS_MALFORMED;
	make_aad(aad, ods, generation);
	if (st == STATUS_OK)
		st = seal_open(&plain, secret, WRAP_INFO, aad, strlen(aad), sealed.data, sealed.len, NULL);
	if (st == STATUS_OK && plain.len == SEAL_KEY_LEN)
		st = seal_public(public_key, plain.data, e);
	if (st == STATUS_OK && (plain.len != SEAL_KEY_LEN || build_read_bytes32(expected, json_string(record, "public_key")) != STATUS_OK ||
				memcmp(public_key, expected, sizeof(expected)) != 0))
		st = STATUS_UNTRUSTED;
	if (st == STATUS_OK)
		memcpy(private_key, plain.data, SEAL_KEY_LEN);
	else
		st = error_set(e, STATUS_UNTRUSTED, "what was handed over as generation %" PRId64 " of the comment key does not open it", generation);
	buf_clear(&sealed);
	buf_wipe(&plain);
	return st;
}

static enum status open_own(uint8_t private_key[SEAL_KEY_LEN], struct qip *q, int64_t generation, const cJSON *record, struct error *e)
{
	const char *wrapped = json_string(json_get(record, "wrapped"), q->identity.device);
	uint8_t own[SEAL_KEY_LEN] = {0};
	enum status st = STATUS_OK;

	if (!wrapped)
		return error_set(e, STATUS_DENIED, "generation %" PRId64 " of the comment key was not handed to this device (%s): ask a manager who can read comments to sync, or to run qip keys grant %s",
				 generation, q->identity.device, q->identity.device);
	st = seal_key_read(own, q, e);
	if (st == STATUS_OK)
		st = comment_key_unwrap(private_key, q->identity.ods, record, wrapped, own, e);
	explicit_bzero(own, sizeof(own));
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
		st = open_own(private_key, q, generation, record, e);
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
	if (build_read_bytes32(found.public_key, json_string(record, "public_key")) != STATUS_OK)
		return STATUS_OK;
	found.has_recovery = build_read_bytes32(found.recovery, json_string(json_get(record, "recovery"), "public_key")) == STATUS_OK;
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
