#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/array.h"

static void an_array_grows_and_keeps_what_it_holds(void **state)
{
	size_t *numbers = NULL, cap = 0;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		assert_true(array_room(&numbers, &cap, i));
		assert_true(cap > i);
		numbers[i] = i;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(numbers[i], i);
	free(numbers);
}

static void an_array_with_room_stays_where_it_is(void **state)
{
	char *bytes = NULL, *before;
	size_t cap = 0, then;

	(void)state;
	assert_true(array_room(&bytes, &cap, 0));
	before = bytes;
	then = cap;
	assert_true(array_room(&bytes, &cap, cap - 1));
	assert_ptr_equal(bytes, before);
	assert_int_equal(cap, then);
	free(bytes);
}

static void an_array_that_memory_cannot_hold_is_left_alone(void **state)
{
	static char place[1];
	char(*huge)[1024] = (void *)place;
	size_t cap = SIZE_MAX / 1500;

	(void)state;
	assert_false(array_room(&huge, &cap, cap));
	assert_ptr_equal(huge, place);
	assert_int_equal(cap, SIZE_MAX / 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_array_grows_and_keeps_what_it_holds),
		cmocka_unit_test(an_array_with_room_stays_where_it_is),
		cmocka_unit_test(an_array_that_memory_cannot_hold_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
