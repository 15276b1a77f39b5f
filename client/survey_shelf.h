/* client/survey_shelf.h - the surveys that a kiosk asks, and the versions before them, for answers that were begun under those.
 *
 *     struct survey_shelf next = {.len = 0};
 *     survey_shelf_put(&next, record, &e) for each that is in force; survey_shelf_replace(&shelf, &next); ... survey_shelf_clear(&shelf);
 */
#ifndef QIP_CLIENT_SURVEY_SHELF_H
#define QIP_CLIENT_SURVEY_SHELF_H

#include "client/limits.h"
#include "core/json.h"

struct survey_shelf {
	struct shelved {
		cJSON *record; /* owned */
		bool in_force; /* false: one that the practice has replaced since */
	} items[LIMIT_SURVEYS * LIMIT_SURVEY_VERSIONS]; /* those in force first, then the younger before the older */
	size_t len;
};

/* Add a copy of a survey in force. One that is not as it should be, stands there already or is beyond LIMIT_SURVEYS is passed over. STATUS_NOMEM. */
enum status survey_shelf_put(struct survey_shelf *s, const cJSON *record, struct error *e) MUST_CHECK;
/* What `next` holds is in force from now on; of what was, up to LIMIT_SURVEY_VERSIONS of each survey are kept. `next` is empty afterwards. */
void survey_shelf_replace(struct survey_shelf *s, struct survey_shelf *next);
/* Add a copy of an earlier version, if there is room for it. Without memory it is left out. */
void survey_shelf_add_earlier(struct survey_shelf *s, const cJSON *record);
/* Borrowed until the next replace. NULL: not here. */
const cJSON *survey_shelf_find(const struct survey_shelf *s, const char *id, int64_t version);
/* Copies of those in force that may be shown there on that day (see survey_shows), the Friends and Family Test first: an array, the caller's. */
enum status survey_shelf_shown(cJSON **out, const struct survey_shelf *s, const char *site, const char *day, struct error *e) MUST_CHECK;
void survey_shelf_clear(struct survey_shelf *s);

#endif
