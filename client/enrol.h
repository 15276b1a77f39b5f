/* client/enrol.h - a code becomes a home, for qip_join and for a home that takes a new name. */
#ifndef QIP_CLIENT_ENROL_H
#define QIP_CLIENT_ENROL_H

#include "client/home.h"
#include "client/root_join.h"

/* As qip_join, into a folder that is no home yet, of nobody's first manager. `replaces` is borrowed for the call. */
enum status enrol_home(const struct qip_options *o, const char *url, const char *code, const struct replacement *replaces,
		       struct error *e) MUST_CHECK;

/* The same for a manager's device that nobody invited but the root key; all is borrowed for the call. */
enum status enrol_by_root(const struct qip_options *o, const char *url, const struct code *code, const struct root_join *root,
			  struct error *e) MUST_CHECK;

#endif
