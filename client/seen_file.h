/* client/seen_file.h - seen.json of a home: "found", what contradicts; "stated", what others said and waits; "restored", whether the server said so. */
#ifndef QIP_CLIENT_SEEN_FILE_H
#define QIP_CLIENT_SEEN_FILE_H

#include "client/home.h"

#define SEEN_FILE "seen.json"

/* The whole file, an empty one where there is none; the caller's. STATUS_CORRUPT, STATUS_MALFORMED: it is damaged, in words that say what to do. */
enum status seen_file_load(cJSON **out, struct qip *q, struct error *e) MUST_CHECK;
/* Write it durably if `st`, that of making it, is STATUS_OK; else memory ran out. */
enum status seen_file_save(struct qip *q, const cJSON *file, enum status st, struct error *e) MUST_CHECK;

/* A list of the file, made if it is not there; NULL when memory runs out. */
cJSON *seen_file_list(cJSON *file, const char *name);
bool seen_item_is(const cJSON *item, const char *key, const char *text);
/* "" where it has none. */
void seen_item_text(char *out, size_t size, const cJSON *item, const char *key);

#endif
