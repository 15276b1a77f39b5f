#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/must.h"

void must(enum status st, const struct error *e)
{
	if (st != STATUS_OK)
		fail_msg("%s: %s", status_text(st), e->text);
}

void assert_same_json(const cJSON *a, const cJSON *b)
{
	struct buf ta = BUF_INIT, tb = BUF_INIT;

	assert_int_equal(json_canonical(&ta, a), STATUS_OK);
	assert_int_equal(json_canonical(&tb, b), STATUS_OK);
	assert_string_equal(buf_text(&ta), buf_text(&tb));
	buf_clear(&ta);
	buf_clear(&tb);
}
