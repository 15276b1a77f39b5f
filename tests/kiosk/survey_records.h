/* tests/kiosk/survey_records.h - surveys written as JSON for the tests of what the screen shows and of the way through it. */
#ifndef TESTS_KIOSK_SURVEY_RECORDS_H
#define TESTS_KIOSK_SURVEY_RECORDS_H

#include <string.h>

#include "kiosk/screen.h"

#define EN(words) "{\"en\":{\"text\":\"" words "\",\"status\":\"reviewed\"}}"
#define OPTION(id) "{\"id\":\"" id "\",\"text\":" EN(id) "}"
#define SURVEY(id, questions) "{\"schema\":\"survey/1\",\"id\":\"" id "\",\"version\":1,\"questions\":[" questions "]}"

/* Every kind of question; the rating only for whom came in person, and what was not good only after a low rating. */
#define VISIT_SURVEY SURVEY("visit", \
	"{\"id\":\"way\",\"kind\":\"choice\",\"text\":" EN("How?") ",\"options\":[" OPTION("came") "," OPTION("called") "]}," \
	"{\"id\":\"comfort\",\"kind\":\"rating\",\"asked_if\":{\"question\":\"way\",\"any_of\":[\"came\"]},\"text\":" EN("Comfort?") "}," \
	"{\"id\":\"cold\",\"kind\":\"yes-no\",\"asked_if\":{\"question\":\"comfort\",\"any_of\":[1,2]},\"text\":" EN("Cold?") "}," \
	"{\"id\":\"words\",\"kind\":\"text\",\"optional\":true,\"text\":" EN("More?") "}," \
	"{\"id\":\"again\",\"kind\":\"yes-no\",\"text\":" EN("Again?") "}")

static cJSON *record_of(const char *text)
{
	cJSON *record = NULL;

	return json_parse(&record, text, strlen(text), NULL) == STATUS_OK ? record : NULL;
}

/* A screen with one survey. */
static struct screen screen_of(const char *text, bool comments)
{
	struct screen s;
	cJSON *surveys = cJSON_CreateArray();

	(void)cJSON_AddItemToArray(surveys, record_of(text));
	screen_open(&s, &(struct screen_settings){.practice = "High Street"}, surveys, comments);
	return s;
}

#endif
