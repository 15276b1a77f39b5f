/* tests/support/must.h - what a test takes for granted: it ends with the words of the failure. */
#ifndef QIP_TESTS_SUPPORT_MUST_H
#define QIP_TESTS_SUPPORT_MUST_H

#include "core/status.h"

void must(enum status st, const struct error *e);

#endif
