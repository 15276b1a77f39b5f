/* client/survey_load.h - a kiosk's surveys out of its home, and the day by which they are shown. */
#ifndef QIP_CLIENT_SURVEY_LOAD_H
#define QIP_CLIENT_SURVEY_LOAD_H

#include "client/home.h"
#include "client/survey_shelf.h"

/* Put what the home holds now in force; the first time, what was in force before is looked up, too, so that an answer begun before a restart of the
 * program is still good. On failure the shelf stays as it was: STATUS_UNTRUSTED when the practice has no survey. */
enum status survey_load(struct survey_shelf *s, struct qip *q, struct error *e) MUST_CHECK;

/* Today by a clock that can be relied on; else the day of the last sync, as the practice meant it then. False: nobody knows. */
bool survey_day(char day[11], const struct state *s, const struct env *env);

#endif
