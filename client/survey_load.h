/* client/survey_load.h - a kiosk's surveys out of its home, and the day by which they are shown. */
#ifndef QIP_CLIENT_SURVEY_LOAD_H
#define QIP_CLIENT_SURVEY_LOAD_H

#include "client/home.h"
#include "client/survey_shelf.h"

/* *out: what the home holds now, in force; to go onto a shelf by survey_shelf_replace. STATUS_UNTRUSTED when the practice has no survey. */
enum status survey_read(struct survey_shelf *out, struct qip *q, struct error *e) MUST_CHECK;
/* What was in force before, so that an answer begun before a restart of the program is still good. */
void survey_load_earlier(struct survey_shelf *s, struct qip *q);

/* Today by a clock that can be relied on; else the day of the last sync, as the practice meant it then. False: nobody knows. */
bool survey_day(char day[11], const struct state *s, const struct env *env);

#endif
