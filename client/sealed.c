/* client/sealed.c - see sealed.h. */
#include "client/sealed.h"

#include <string.h>

#include "client/blobs.h"
#include "client/build.h"
#include "client/comment_key.h"
#include "client/erase.h"
#include "client/unnamed.h"
#include "core/seal.h"

const char *sealed_info(enum sealed_use use)
{
	static const char *const infos[] = {"qip comment", "qip released", "qip evidence", "qip name"};

	return infos[use];
}

static enum status aad_of(struct buf *out, const struct qip *q, const char *id, struct error *e)
{
	buf_addf(out, "%s/%s", q->identity.ods, id);
	return buf_ok(out) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status build_ref(cJSON **out, const char *hex, size_t size, int64_t generation, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *ref = build_object(&st);

	build_string(&st, ref, "sha256", hex);
	build_integer(&st, ref, "size", (int64_t)size);
	build_integer(&st, ref, "key", generation);
	if (st == STATUS_OK)
		*out = ref;
	else
		cJSON_Delete(ref);
	return st == STATUS_OK ? st : error_set(e, st, "out of memory");
}

/* As the server told at the last sync. One that tells less than any server may be set to is not believed: it would keep patients' words out. */
static size_t max_bytes(const struct qip *q)
{
	int64_t told = q->state.blob_bytes;

	return (size_t)(told >= LIMIT_BLOB_BYTES_LEAST && told < LIMIT_BLOB_BYTES ? told : LIMIT_BLOB_BYTES) - SEAL_OVERHEAD;
}

enum status sealed_make(cJSON **ref, struct qip *q, enum sealed_use use, const char *id, const void *plain, size_t len, struct error *e)
{
	struct comment_key key = {0};
	struct buf aad = BUF_INIT, sealed = BUF_INIT;
	char hex[SHA256_HEX_LEN + 1];
	uint8_t digest[SHA256_LEN];
	size_t most = max_bytes(q);
	enum status st = len > most ? error_set(e, STATUS_TOO_BIG, "it has more than %zu bytes, which is more than the practice's server keeps", most)
				    : comment_key_find(&key, q, e);

	if (st == STATUS_NOT_FOUND)
		st = error_set(e, STATUS_UNTRUSTED, "there is no key to seal it to, and unsealed it is not kept");
	if (st == STATUS_OK)
		st = aad_of(&aad, q, id, e);
	if (st == STATUS_OK)
		st = seal_to(&sealed, key.public_key, sealed_info(use), aad.data, aad.len, plain, len, e);
	if (st == STATUS_OK && !buf_ok(&sealed))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK && sha256(digest, sealed.data, sealed.len) != STATUS_OK)
		st = error_set(e, STATUS_CRYPTO, "a hash cannot be computed");
	if (st == STATUS_OK) {
		hex_encode(hex, digest, sizeof(digest));
		st = unnamed_add(q, hex, e);
	}
	if (st == STATUS_OK)
		st = blobs_put(hex, q, sealed.data, sealed.len, e);
	if (st == STATUS_OK)
		st = build_ref(ref, hex, sealed.len, key.generation, e);
	buf_clear(&aad);
	buf_clear(&sealed);
	return st;
}

enum status sealed_open(struct buf *out, struct qip *q, enum sealed_use use, const char *id, const cJSON *ref, struct error *e)
{
	const char *hex = json_string(ref, "sha256");
	uint8_t private_key[SEAL_KEY_LEN];
	struct buf aad = BUF_INIT, sealed = BUF_INIT;
	int64_t generation = 0;
	enum status st = STATUS_OK;

	if (!hex || !json_integer(ref, "key", &generation))
		return error_set(e, STATUS_MALFORMED, "it names no sealed bytes");
	st = erase_carry_out(NULL, q, e); /* an old copy of the folder may have been put back */
	if (st == STATUS_OK)
		st = blobs_get(&sealed, q, hex, e);
	if (st == STATUS_OK)
		st = comment_key_open(private_key, q, generation, e);
	if (st == STATUS_OK)
		st = aad_of(&aad, q, id, e);
	if (st == STATUS_OK)
		st = seal_open(out, private_key, sealed_info(use), aad.data, aad.len, sealed.data, sealed.len, e);
	explicit_bzero(private_key, sizeof(private_key));
	buf_clear(&aad);
	buf_clear(&sealed);
	return st;
}
