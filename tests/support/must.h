/* tests/support/must.h - what a test takes for granted: it ends with the words of the failure. */
#ifndef QIP_TESTS_SUPPORT_MUST_H
#define QIP_TESTS_SUPPORT_MUST_H

#include "core/json.h"

void must(enum status st, const struct error *e);
/* Both have the same canonical form. */
void assert_same_json(const cJSON *a, const cJSON *b);

#endif
