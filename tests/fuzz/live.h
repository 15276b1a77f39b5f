/* tests/fuzz/live.h - what happens in the small practice whose history is forged. */
#ifndef QIP_TESTS_FUZZ_LIVE_H
#define QIP_TESTS_FUZZ_LIVE_H

#include "tests/support/practice.h"

/* In a practice that practice_begin made: answers, edits apart, one of each kind of record, an auditor who comes and goes. */
void live(struct practice *p);

#endif
