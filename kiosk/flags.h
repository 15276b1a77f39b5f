/* kiosk/flags.h - what makes staff look twice at an answer: many in a row, or one while the site was closed. Flagged answers count like any other.
 *
 * Pure. Times of the day are those of England's clocks, worked out by the law's own rule: an hour ahead of UTC from 01:00 UTC on the last Sunday
 * of March to 01:00 UTC on the last Sunday of October (Summer Time Order 2002).
 */
#ifndef QIP_KIOSK_FLAGS_H
#define QIP_KIOSK_FLAGS_H

#include <stdbool.h>

#include "core/env.h"
#include "core/json.h"

#define FLAGS_RAPID_COUNT 4                  /* the fourth answer and those after it … */
#define FLAGS_RAPID_MS (2 * 60 * 1000)       /* … within so long */
#define FLAGS_RAPID_SAME_MS (8 * 1000)       /* and a second to the same survey within so long */
#define FLAGS_MAX 2

/* When patients are in the building, from sites/<site>.json. */
struct flags_hours {
	bool known; /* false: nobody said, and nothing is out of hours */
	struct flags_day {
		int from_min, to_min; /* of the day, 0 to 1440; equal: closed */
	} day[7];           /* from Monday */
};

/* {"mon": ["08:00", "18:30"], …}: a day that is absent is closed. NULL, or anything else: not known. */
void flags_hours_read(struct flags_hours *out, const cJSON *hours);

/* The last answers, oldest first out. Empty: {0}. */
struct flags_past {
	struct flags_answer {
		int64_t monotonic_ms;
		char boot_id[ENV_BOOT_ID_MAX];
		char survey[41];
	} last[FLAGS_RAPID_COUNT - 1];
	size_t len;
};
void flags_note(struct flags_past *past, const struct flags_answer *answer);

/* What to say of an answer that comes now, in the order in which a record has it, ended by NULL. now_ms: Unix time, as well as it is known. */
void flags_of(const char *out[FLAGS_MAX + 1], const struct flags_past *past, const struct flags_answer *now, const struct flags_hours *hours,
	      enum clock_quality quality, int64_t now_ms);

/* Minutes of the day, and the day (0: Monday), by England's clocks. */
void flags_local(int *day, int *minute, int64_t unix_ms);

#endif
