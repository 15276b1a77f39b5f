/* client/cli/tally.h - patients' answers counted: by survey, version and option, and each device's numbering.
 *
 * Answers to different wordings are never pooled, so every survey version is a count of its own.
 */
#ifndef QIP_CLI_TALLY_H
#define QIP_CLI_TALLY_H

#include "qip/client.h"

#define TALLY_MAX_SURVEYS 1000  /* versions of surveys that got answers */
#define TALLY_MAX_QUESTIONS 20  /* of one: see core/schemas/survey-1.json */
#define TALLY_MAX_OPTIONS 100
#define TALLY_MAX_SEQ (16u * 1024 * 1024) /* of one device */

struct tally_option {
	char id[41];
	char text[121]; /* as patients read it, in English; the id when that is not known */
	uint64_t count;
};

struct tally_question {
	char id[41];
	char text[121]; /* as patients read it, in English; "" when that is not known */
	bool is_choice;
	uint64_t answers; /* to it; others left it out, or were not asked */
	struct tally_option *options; /* owned; in the survey's order */
	size_t options_len, options_cap;
};

struct tally_survey {
	char id[NAME_MAX_LEN + 1];
	int64_t version;
	uint64_t answers;
	struct tally_question *questions; /* owned; in the survey's order; those for text are not among them */
	size_t questions_len, questions_cap;
};

struct tally_device {
	char id[NAME_MAX_LEN + 1];
	uint64_t answers, voids, losses;
	uint64_t doubled; /* answers that another kiosk of its line has sent, too: counted there alone (client/doubles.h) */
	const struct device *line; /* while it is counted: registry_line */
	uint64_t counted; /* answers of the site asked for */
	uint64_t last;
	uint8_t *seen; /* owned; one bit a number */
	size_t seen_len;
};

struct tally {
	const char *site; /* count answers of this site alone; NULL: all. Numbering is always of all */
	uint64_t total;
	uint64_t flagged; /* of them */
	struct tally_survey *surveys; /* owned; in the order of their coming */
	size_t surveys_len, surveys_cap;
	struct tally_device *devices; /* owned; in the order of their coming */
	size_t devices_len, devices_cap;
};

/* Read all feedback. STATUS_TOO_BIG. tally_clear in every case. */
enum status tally_read(struct tally *out, struct qip *q, const char *site, struct error *e) MUST_CHECK;
void tally_clear(struct tally *t);

/* Numbers of a device up to its last that are not there. */
uint64_t tally_missing(const struct tally_device *d);
/* The next run of missing numbers from `from` on; false when there is none. */
bool tally_gap(uint64_t *first, uint64_t *last, const struct tally_device *d, uint64_t from);

/* The question that a survey is known by: its first choice, without one its first question; NULL when it has none. */
const struct tally_question *tally_first(const struct tally_survey *s);
/* The Friends and Family Test's two figures: (very good + good) and (poor + very poor). False for every other survey, whatever its options are
 * called: only that test's own answers go into its return. */
bool tally_fft(uint64_t *positive, uint64_t *negative, const struct tally_survey *s);
/* The survey of the highest version among those that got answers, the FFT if it did; NULL when there is none. */
const struct tally_survey *tally_main_survey(const struct tally *t);

#endif
