/* tests/client/test_intern.c - keys get their numbers in the order of their coming. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/intern.h"

static void gives_each_key_one_number_for_ever(void **state)
{
	struct intern in = INTERN_INIT;
	struct error e = {0};
	size_t number = 99;
	char key[32];
	bool is_new;

	(void)state;
	assert_false(intern_find(&in, "k0", 2, &number));
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < 5000; i++) {
			(void)snprintf(key, sizeof(key), "k%zu", i);
			assert_int_equal(intern_add(&in, key, strlen(key), &number, &is_new, &e), STATUS_OK);
			assert_int_equal(number, i);
			assert_int_equal(is_new, round == 0);
		}
	}
	assert_int_equal(in.len, 5000);
	assert_string_equal(intern_key(&in, 4321), "k4321");
	assert_true(intern_find(&in, "k77", 3, &number));
	assert_int_equal(number, 77);
	intern_clear(&in);
	assert_false(intern_find(&in, "k77", 3, &number));
}

static void tells_keys_apart_by_all_their_bytes(void **state)
{
	struct intern in = INTERN_INIT;
	struct error e = {0};
	size_t a, b, c;

	(void)state;
	assert_int_equal(intern_add(&in, "a\0b", 3, &a, NULL, &e), STATUS_OK);
	assert_int_equal(intern_add(&in, "a\0c", 3, &b, NULL, &e), STATUS_OK);
	assert_int_equal(intern_add(&in, "a", 1, &c, NULL, &e), STATUS_OK);
	assert_true(a != b && b != c && a != c);
	intern_clear(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_each_key_one_number_for_ever),
		cmocka_unit_test(tells_keys_apart_by_all_their_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
