/* client/numbers.h - a kiosk's answers have two numbers: the journal's, which go on for ever, and those under the device's name, which begin at 1
 * whenever the home is joined again under a new one (client/rejoin.h).
 *
 * Journal records up to `after` were sent under former names; of the later ones, those in `left_out` were, too, by another copy of this kiosk.
 * A home that was joined once has no difference between the two.
 */
#ifndef QIP_CLIENT_NUMBERS_H
#define QIP_CLIENT_NUMBERS_H

#include <stdbool.h>

#include "client/limits.h"
#include "core/json.h"
#include "core/registry.h"

struct numbers {
	uint64_t after;
	struct numbers_range {
		uint64_t first, last;
	} left_out[LIMIT_LEFT_OUT]; /* rising, apart */
	size_t left_out_len;
	uint64_t carried;                    /* records up to here were made under a former name, */
	char carried_site[NAME_MAX_LEN + 1]; /* at this site */
	char former[LIMIT_FORMER][NAME_MAX_LEN + 1]; /* names, oldest first */
	size_t former_len;
};

/* The journal's number of an answer; of number 0, that of the last record before the first. */
uint64_t numbers_record(const struct numbers *n, uint64_t number);
/* How many answers the name has up to and with a record of the journal: its number, if it is not left out. */
uint64_t numbers_number(const struct numbers *n, uint64_t record);
bool numbers_left_out(const struct numbers *n, uint64_t record);
/* Leave out one more record, later than those before. STATUS_TOO_BIG. */
enum status numbers_leave_out(struct numbers *n, uint64_t record) MUST_CHECK;
/* The same of all from `first` to `last`. */
enum status numbers_leave_out_range(struct numbers *n, uint64_t first, uint64_t last) MUST_CHECK;

/* As a member of config.json; NULL for no memory. */
cJSON *numbers_json(const struct numbers *n);
/* NULL: a home that was joined once. STATUS_MALFORMED. */
enum status numbers_read(struct numbers *out, const cJSON *json) MUST_CHECK;

#endif
