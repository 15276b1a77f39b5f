/* tests/server/test_callers.c - who holds how many connections, by address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <stdio.h>

#include "server/callers.h"

static struct callers *c;

static int begin(void **state)
{
	(void)state;
	return callers_open(&c, env_system(), NULL);
}

static int end(void **state)
{
	(void)state;
	callers_close(c);
	return 0;
}

static struct caller *enter(const char *text)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	const void *addr = &v4;

	if (inet_pton(AF_INET, text, &v4.sin_addr) != 1) {
		assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
		addr = &v6;
	}
	return callers_enter(c, addr);
}

static void connections_of_one_address_are_counted_together(void **state)
{
	struct caller *one = enter("192.0.2.1");

	(void)state;
	assert_ptr_equal(enter("192.0.2.1"), one);
	assert_ptr_not_equal(enter("192.0.2.2"), one);
	assert_int_equal(one->connections, 2);
	assert_int_equal(callers_count(c), 2);
	callers_leave(c, one);
	assert_int_equal(one->connections, 1);
	callers_leave(c, one);
	assert_int_equal(callers_count(c), 1);
}

static void an_ipv6_caller_is_its_64_bit_prefix(void **state)
{
	struct caller *one = enter("2001:db8:1:2::1");

	(void)state;
	assert_ptr_equal(enter("2001:db8:1:2:ffff::9"), one);
	assert_ptr_not_equal(enter("2001:db8:1:3::1"), one);
	assert_ptr_not_equal(enter("32.1.13.184"), enter("2001:db8::1")); /* the same bytes */
	assert_ptr_equal(enter("::ffff:32.1.13.184"), enter("32.1.13.184"));
}

static void what_it_cost_is_remembered_for_a_while(void **state)
{
	struct caller *one = enter("192.0.2.1");
	int seconds = 0;

	(void)state;
	one->busy_us = 1000000;
	callers_leave(c, one);
	assert_ptr_equal(enter("192.0.2.1"), one); /* it came again, and its cost with it */
	callers_leave(c, one);
	for (; callers_count(c) > 0 && seconds < 100; seconds++)
		callers_tick(c);
	assert_in_range(seconds, 15, 25);
}

static void ten_thousand_addresses_are_told_apart_and_forgotten(void **state)
{
	static struct caller *all[10000];
	char text[32];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(text, sizeof(text), "10.1.%d.%d", i / 256, i % 256);
		all[i] = enter(text);
		assert_int_equal(all[i]->connections, 1);
	}
	assert_int_equal(callers_count(c), 10000);
	for (int i = 0; i < 10000; i++)
		callers_leave(c, all[i]);
	assert_int_equal(callers_count(c), 0);
}

int main(void)
{
#define CALLERS_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CALLERS_TEST(connections_of_one_address_are_counted_together),
		CALLERS_TEST(an_ipv6_caller_is_its_64_bit_prefix),
		CALLERS_TEST(what_it_cost_is_remembered_for_a_while),
		CALLERS_TEST(ten_thousand_addresses_are_told_apart_and_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
