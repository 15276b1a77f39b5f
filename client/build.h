/* client/build.h - JSON objects member by member. The first failure sticks in *st, and everything after it does nothing. */
#ifndef QIP_CLIENT_BUILD_H
#define QIP_CLIENT_BUILD_H

#include "core/json.h"
#include "core/key.h"

cJSON *build_object(enum status *st);
void build_string(enum status *st, cJSON *object, const char *key, const char *value);
void build_integer(enum status *st, cJSON *object, const char *key, int64_t value);
void build_bool(enum status *st, cJSON *object, const char *key, bool value);
/* Unix ms as RFC 3339. */
void build_time(enum status *st, cJSON *object, const char *key, int64_t unix_ms);
/* Bytes as base64url. */
void build_bytes(enum status *st, cJSON *object, const char *key, const void *bytes, size_t len);
/* `value` is taken over in every case. */
void build_item(enum status *st, cJSON *object, const char *key, cJSON *value);
/* The armored signature of a canonical statement, in the namespace of records. */
void build_signature(enum status *st, cJSON *object, const char *key, const struct key *signer, const struct buf *statement);

/* Exactly 32 bytes out of base64url. STATUS_MALFORMED. */
enum status build_read_bytes32(uint8_t out[32], const char *text) MUST_CHECK;

#endif
