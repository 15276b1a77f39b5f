/* tests/server/test_address.c - where to listen, as people write it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/status.h"
#include "server/address.h"

static void what_has_the_form_is_taken_apart(void **state)
{
	static const struct {
		const char *text, *host, *port;
	} good[] = {
		{"127.0.0.1:8443", "127.0.0.1", "8443"}, {"[::]:0", "::", "0"}, {"[2001:db8::1]:65535", "2001:db8::1", "65535"}, {"qip.example.org:1", "qip.example.org", "1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct address a;

		assert_true(address_parse(&a, good[i].text));
		assert_string_equal(a.host, good[i].host);
		assert_string_equal(a.port, good[i].port);
	}
}

static void anything_else_is_refused_and_leaves_nothing(void **state)
{
	static const char *const bad[] = {"", ":", "host", "host:", ":8443", "host:65536", "host:1x", "host:-1", "::1:8443", "[::1]", "[]:1", "host:000001"};
	struct address a = {"before", "1"};
	char text[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(address_parse(&a, bad[i]));
	(void)snprintf(text, sizeof(text), "%0256d:1", 0);
	assert_false(address_parse(&a, text));
	assert_string_equal(a.host, "before");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_the_form_is_taken_apart),
		cmocka_unit_test(anything_else_is_refused_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
