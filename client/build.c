/* client/build.c - JSON objects member by member. */
#include "client/build.h"

#include <string.h>

#include "core/env.h"
#include "core/signature.h"

cJSON *build_object(enum status *st)
{
	cJSON *object = *st == STATUS_OK ? cJSON_CreateObject() : NULL;

	if (!object && *st == STATUS_OK)
		*st = STATUS_NOMEM;
	return object;
}

void build_string(enum status *st, cJSON *object, const char *key, const char *value)
{
	if (*st == STATUS_OK)
		*st = json_set_string(object, key, value);
}

void build_integer(enum status *st, cJSON *object, const char *key, int64_t value)
{
	if (*st == STATUS_OK)
		*st = json_set_integer(object, key, value);
}

void build_bool(enum status *st, cJSON *object, const char *key, bool value)
{
	if (*st == STATUS_OK)
		*st = json_set(object, key, cJSON_CreateBool(value));
}

void build_time(enum status *st, cJSON *object, const char *key, int64_t unix_ms)
{
	char text[TIME_TEXT_MAX];

	time_format(text, unix_ms);
	build_string(st, object, key, text);
}

void build_bytes(enum status *st, cJSON *object, const char *key, const void *bytes, size_t len)
{
	struct buf text = BUF_INIT;

	base64url_encode(&text, bytes, len);
	if (*st == STATUS_OK && !buf_ok(&text))
		*st = STATUS_NOMEM;
	build_string(st, object, key, buf_text(&text));
	buf_wipe(&text);
}

void build_item(enum status *st, cJSON *object, const char *key, cJSON *value)
{
	if (*st == STATUS_OK)
		*st = json_set(object, key, value);
	else
		cJSON_Delete(value);
}

void build_signature(enum status *st, cJSON *object, const char *key, const struct key *signer, const struct buf *statement)
{
	struct buf text = BUF_INIT;

	if (*st == STATUS_OK)
		*st = signature_make(&text, signer, SIGNATURE_NAMESPACE_RECORD, statement->data, statement->len, NULL);
	if (*st == STATUS_OK && !buf_ok(&text))
		*st = STATUS_NOMEM;
	build_string(st, object, key, buf_text(&text));
	buf_clear(&text);
}

enum status build_read_bytes32(uint8_t out[32], const char *text)
{
	struct buf bytes = BUF_INIT;
	enum status st = text ? base64url_decode(&bytes, text, strlen(text)) : STATUS_MALFORMED;

	if (st == STATUS_OK && !buf_ok(&bytes))
		st = STATUS_NOMEM;
	if (st == STATUS_OK && bytes.len != 32)
		st = STATUS_MALFORMED;
	if (st == STATUS_OK)
		memcpy(out, bytes.data, 32);
	buf_wipe(&bytes);
	return st;
}
