/* tests/core/policy_fixture.h - pushes that the role table refuses. */
#ifndef QIP_TESTS_CORE_POLICY_FIXTURE_H
#define QIP_TESTS_CORE_POLICY_FIXTURE_H

#include "tests/support/practice_fixture.h"

/* The head is taken neither by the judge nor by the merge, and main stays. */
static void refused(struct fixture_device *d, enum status st, const char *words)
{
	const struct oid main = p.main;
	struct head_fault fault;
	struct error e = {0};
	enum status got = practice_try(&p, d, &fault, &e);

	if (got != st || !strstr(e.text, words))
		fail_msg("got %s, \"%s\"", status_text(got), e.text);
	assert_int_equal(practice_try(&p, d, &fault, NULL), st); /* also where nobody listens to the words */
	assert_true(oid_equal(&main, &p.main));
	d->tip = d->accepted;
}

#endif
