/* client/enrol.h - a code becomes a home, for qip_join and for a home that takes a new name. */
#ifndef QIP_CLIENT_ENROL_H
#define QIP_CLIENT_ENROL_H

#include "client/home.h"

/* As qip_join, into a folder that is no home yet, of nobody's first manager. `replaces` is borrowed for the call. */
enum status enrol_home(const struct qip_options *o, const char *url, const char *code, const struct replacement *replaces,
		       struct error *e) MUST_CHECK;

#endif
