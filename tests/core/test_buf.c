#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/buf.h"

static void an_empty_buffer_reads_as_an_empty_text(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_string_equal(buf_text(&b), "");
	buf_add(&b, NULL, 0);
	buf_consume(&b, 5);
	buf_reset(&b);
	assert_null(b.data);
	assert_true(buf_ok(&b));
	buf_clear(&b);
	buf_wipe(&b);
}

static void appends_of_every_kind_follow_each_other(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_adds(&b, "one");
	buf_addc(&b, ' ');
	buf_addf(&b, "%d-%s", 2, "two");
	buf_addf(&b, "%s", "");
	buf_add(&b, "\0z", 2);
	assert_int_equal(b.len, 11);
	assert_memory_equal(b.data, "one 2-two\0z", 12);
	buf_clear(&b);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
}

static void growing_keeps_the_content_and_the_nul_behind_it(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 10000; i++) {
		buf_addc(&b, (char)('a' + i % 26));
		assert_int_equal(b.data[b.len], 0);
	}
	buf_addf(&b, "%09d", 42);
	assert_true(buf_ok(&b));
	for (size_t i = 0; i < 10000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	assert_string_equal(buf_text(&b) + 10000, "000000042");
	buf_clear(&b);
}

static void a_secret_buffer_grows_like_any_other_and_stays_secret_when_cleared(void **state)
{
	struct buf b = BUF_SECRET;

	(void)state;
	for (size_t i = 0; i < 10000; i++)
		buf_addc(&b, (char)('a' + i % 26));
	assert_int_equal(b.len, 10000);
	for (size_t i = 0; i < b.len; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	assert_int_equal(b.data[b.len], 0);
	buf_clear(&b);
	assert_true(b.secret);
	buf_adds(&b, "again");
	assert_string_equal(buf_text(&b), "again");
	buf_wipe(&b);
	assert_true(b.secret);
	assert_null(b.data);
}

static void consuming_takes_from_the_front(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_adds(&b, "0123456789");
	buf_consume(&b, 4);
	assert_string_equal(buf_text(&b), "456789");
	buf_consume(&b, 0);
	buf_consume(&b, 99);
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_text(&b), "");
	buf_clear(&b);
}

static void a_failed_allocation_sticks_until_the_buffer_is_reset(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_adds(&b, "kept");
	buf_add(&b, "never read", SIZE_MAX / 2 + 1);
	assert_false(buf_ok(&b));
	buf_adds(&b, "ignored");
	buf_addf(&b, "%d", 1);
	assert_string_equal(buf_text(&b), "kept");
	buf_reset(&b);
	assert_true(buf_ok(&b));
	buf_adds(&b, "new");
	assert_string_equal(buf_text(&b), "new");
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_reads_as_an_empty_text),
		cmocka_unit_test(appends_of_every_kind_follow_each_other),
		cmocka_unit_test(growing_keeps_the_content_and_the_nul_behind_it),
		cmocka_unit_test(a_secret_buffer_grows_like_any_other_and_stays_secret_when_cleared),
		cmocka_unit_test(consuming_takes_from_the_front),
		cmocka_unit_test(a_failed_allocation_sticks_until_the_buffer_is_reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
