/* core/json_pool.h - memory for documents that are read, looked at and thrown away together: one step instead of three a member.
 *
 *     struct json_pool pool = JSON_POOL_INIT;
 *     json_read(&record, bytes, len, &(struct json_reading){.pool = &pool}, e);
 *     …                                   never changed, and never given to cJSON_Delete
 *     json_pool_clear(&pool);
 */
#ifndef QIP_CORE_JSON_POOL_H
#define QIP_CORE_JSON_POOL_H

#include <stddef.h>

struct json_block;

struct json_pool {
	struct json_block *last; /* owned; the one that is being filled, linked to those before it */
};
#define JSON_POOL_INIT {0}

/* Room for anything that cJSON has; NULL without memory. */
void *json_pool_take(struct json_pool *p, size_t size);
/* All documents end; some memory stays for the next. */
void json_pool_reset(struct json_pool *p);
void json_pool_clear(struct json_pool *p);

#endif
