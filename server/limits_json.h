/* server/limits_json.h - the member "limits" of server.json. */
#ifndef QIP_SERVER_LIMITS_JSON_H
#define QIP_SERVER_LIMITS_JSON_H

#include "core/json.h"
#include "server/limits.h"

/* object: NULL where nothing is set. STATUS_INVALID, with the member's name, for one that is not known, no whole number or
 * out of its range. */
enum status limits_read(struct limits *out, const cJSON *object, struct error *e) MUST_CHECK;

/* Tell of each, in the order of LIMITS_LIST; set: other than its safe value. */
typedef void (*limits_visit)(void *ctx, const char *name, int64_t value, bool set);
void limits_each(const struct limits *l, limits_visit visit, void *ctx);

#endif
