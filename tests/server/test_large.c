#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "server/large.h"

#define ok(call) assert_int_equal((call), STATUS_OK)

static struct practice here, elsewhere;

static void of_a_device_one_large_push_is_under_way_at_a_time(void **state)
{
	struct large first = {0}, second = {0};
	struct error e = {STATUS_OK, ""};

	(void)state;
	ok(large_begin(&first, &here, "kibworth", &e));
	ok(large_begin(&first, &here, "kibworth", &e)); /* the same: it is known already */
	assert_int_equal(large_begin(&second, &here, "kibworth", &e), STATUS_BUSY);
	assert_non_null(strstr(e.text, "another large push of this device"));
	large_end(&second);
	assert_int_equal(large_begin(&second, &here, "kibworth", &e), STATUS_BUSY);
	large_end(&first);
	large_end(&first);
	ok(large_begin(&second, &here, "kibworth", &e));
	large_end(&second);
	assert_null(here.large);
}

/* Nor is one of that name in another practice. */
static void others_are_not_held_up(void **state)
{
	struct large a = {0}, b = {0}, c = {0};
	struct error e = {STATUS_OK, ""};

	(void)state;
	ok(large_begin(&a, &here, "kibworth", &e));
	ok(large_begin(&b, &here, "fleckney", &e));
	ok(large_begin(&c, &elsewhere, "kibworth", &e));
	large_end(&a);
	ok(large_begin(&a, &here, "kibworth", &e));
	assert_int_equal(large_begin(&(struct large){0}, &here, "fleckney", &e), STATUS_BUSY);
	large_end(&b);
	large_end(&c);
	large_end(&a);
	assert_null(here.large);
	assert_null(elsewhere.large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_device_one_large_push_is_under_way_at_a_time),
		cmocka_unit_test(others_are_not_held_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
