/* client/storage_id.h - what tells the card or disk that a home lies on from others: hashes of the numbers that it shows, each by its place.
 *
 * A newer kernel may show a number where there was none, and leave another out: what both times were shown is compared, and one that agrees decides.
 */
#ifndef QIP_CLIENT_STORAGE_ID_H
#define QIP_CLIENT_STORAGE_ID_H

#include <stdbool.h>

#include "core/digest.h"
#include "core/env.h"
#include "core/json.h"

#define STORAGE_PLACES_MAX 4
#define STORAGE_PLACE_MAX 24

struct storage_id {
	struct storage_place {
		char name[STORAGE_PLACE_MAX]; /* "" of a home that noted the first number alone */
		char hash[SHA256_HEX_LEN + 1];
	} places[STORAGE_PLACES_MAX];
	size_t len; /* 0: nothing tells it */
};

enum storage_answer { STORAGE_UNSURE, STORAGE_SAME, STORAGE_OTHER };

/* A hash that shows nobody the number; "" of "". */
void storage_hash(char out[SHA256_HEX_LEN + 1], const char *text);
/* Out of what env tells of it. */
void storage_id_parse(struct storage_id *out, const char *text);
enum storage_answer storage_id_compare(const struct storage_id *known, const struct storage_id *now);
/* Of the same storage: note what is shown now, and keep what is not shown now. True if that changed anything. */
bool storage_id_take(struct storage_id *known, const struct storage_id *now);

/* As a member of incarnation.json; NULL for no memory. */
cJSON *storage_id_json(const struct storage_id *id);
/* What cannot be read is nothing. */
void storage_id_read(struct storage_id *out, const cJSON *json);

#endif
