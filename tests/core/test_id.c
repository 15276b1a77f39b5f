#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/id.h"

/* A clock and randomness that the test sets. */
struct fake {
	int64_t now_ms;
	uint8_t byte; /* all random bytes */
	enum status random;
};

static int64_t fake_now(void *ctx)
{
	return ((struct fake *)ctx)->now_ms;
}

static enum status fake_random(void *ctx, uint8_t *out, size_t len)
{
	struct fake *f = ctx;

	memset(out, f->byte, len);
	return f->random;
}

static struct env fake_env(struct fake *f)
{
	return (struct env){.now_ms = fake_now, .random = fake_random, .ctx = f};
}

static int64_t time_of(const char *id)
{
	char hex[13] = "";

	memcpy(hex, id, 8);
	memcpy(hex + 8, id + 9, 4);
	return strtoll(hex, NULL, 16);
}

/* First of all, while no id was made yet: ids never go back, and this is the earliest time used here. */
static void an_id_is_time_version_variant_and_random_bits(void **state)
{
	struct fake f = {.now_ms = 0x017F22E279B0, .byte = 0xFF, .random = STATUS_OK};
	struct env env = fake_env(&f);
	char id[ID_TEXT_LEN + 1];

	(void)state;
	assert_int_equal(id_make(id, &env), STATUS_OK);
	assert_string_equal(id, "017f22e2-79b0-77ff-bfff-ffffffffffff");
	f.now_ms++;
	f.byte = 0;
	assert_int_equal(id_make(id, &env), STATUS_OK);
	assert_string_equal(id, "017f22e2-79b1-7000-8000-000000000000");
	assert_true(id_valid(id));
}

static void ids_rise_inside_a_millisecond_and_when_the_clock_steps_back(void **state)
{
	struct fake f = {.now_ms = 1700000000000, .byte = 0x55, .random = STATUS_OK};
	struct env env = fake_env(&f);
	char id[ID_TEXT_LEN + 1], next[ID_TEXT_LEN + 1];

	(void)state;
	assert_int_equal(id_make(id, &env), STATUS_OK);
	for (int i = 0; i < 10000; i++) { /* more than one millisecond can count */
		assert_int_equal(id_make(next, &env), STATUS_OK);
		assert_true(id_valid(next));
		assert_true(strcmp(next, id) > 0);
		memcpy(id, next, sizeof(id));
	}
	assert_in_range(time_of(id), 1700000000002, 1700000000003);
	f.now_ms = 0;
	assert_int_equal(id_make(next, &env), STATUS_OK);
	assert_true(strcmp(next, id) > 0);
	f.now_ms = 1800000000000;
	assert_int_equal(id_make(next, &env), STATUS_OK);
	assert_int_equal(time_of(next), 1800000000000);
}

static void without_randomness_there_is_no_id(void **state)
{
	struct fake f = {.now_ms = 1800000000000, .random = STATUS_IO};
	struct env env = fake_env(&f);
	char id[ID_TEXT_LEN + 1] = "untouched";

	(void)state;
	assert_int_equal(id_make(id, &env), STATUS_IO);
	assert_string_equal(id, "untouched");
}

#define EACH 2000
#define THREADS 4

static void *make_many(void *out)
{
	char(*ids)[ID_TEXT_LEN + 1] = out;

	for (size_t i = 0; i < EACH; i++) {
		if (id_make(ids[i], env_system()) != STATUS_OK)
			return out;
	}
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void threads_never_make_the_same_id(void **state)
{
	static char ids[THREADS][EACH][ID_TEXT_LEN + 1];
	pthread_t threads[THREADS];
	char(*all)[ID_TEXT_LEN + 1] = ids[0];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, make_many, ids[i]), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *failed = NULL;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
		for (size_t j = 1; j < EACH; j++)
			assert_true(strcmp(ids[i][j - 1], ids[i][j]) < 0);
	}
	qsort(all, THREADS * EACH, sizeof(all[0]), by_text);
	for (size_t i = 1; i < THREADS * EACH; i++) {
		/* Time and count alone, up to the fourth group, are unlike already. */
		assert_true(memcmp(all[i - 1], all[i], 18) < 0);
	}
}

/* Last of those that make ids, because they stay at the end of time afterwards. */
static void a_clock_out_of_range_gives_a_valid_id_all_the_same(void **state)
{
	struct fake f = {.now_ms = INT64_MIN, .random = STATUS_OK};
	struct env env = fake_env(&f);
	char id[ID_TEXT_LEN + 1];

	(void)state;
	assert_int_equal(id_make(id, &env), STATUS_OK);
	assert_true(id_valid(id));
	f.now_ms = INT64_MAX;
	assert_int_equal(id_make(id, &env), STATUS_OK);
	assert_true(id_valid(id));
	assert_int_equal(time_of(id), 253402300799999);
}

static void only_lower_case_version_7_uuids_are_ids(void **state)
{
	static const char *const bad[] = {
		"", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398fa",
		"017F22E2-79B0-7CC3-98C4-DC0C0C07398F", "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",
		"017f22e2-79b0-7cc3-c8c4-dc0c0c07398f", "017f22e2079b0-7cc3-98c4-dc0c0c07398f",
		"{17f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
	};

	(void)state;
	assert_true(id_valid("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")); /* RFC 9562, appendix A.6 */
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(id_valid(bad[i]));
}

static void names_are_safe_in_paths_and_refs(void **state)
{
	static const char *const good[] = {"a", "0", "kib-kiosk", "great-glen", "roots", "a-",
					   "a123456789012345678901234567890123456789"};
	static const char *const bad[] = {"", "-a", "A", "a_b", "a.b", "a/b", "..", "a b", "caf\xc3\xa9", "root", "server",
					  "a1234567890123456789012345678901234567890"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(name_valid(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(name_valid(bad[i]));
}

static void a_practice_has_a_letter_and_five_digits(void **state)
{
	static const char *const bad[] = {"", "C", "C8299", "C829999", "c82999", "882999", "C82 99", "C8299X", "QK1"};

	(void)state;
	assert_true(ods_valid("C82999"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(ods_valid(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_time_version_variant_and_random_bits),
		cmocka_unit_test(ids_rise_inside_a_millisecond_and_when_the_clock_steps_back),
		cmocka_unit_test(without_randomness_there_is_no_id),
		cmocka_unit_test(threads_never_make_the_same_id),
		cmocka_unit_test(a_clock_out_of_range_gives_a_valid_id_all_the_same),
		cmocka_unit_test(only_lower_case_version_7_uuids_are_ids),
		cmocka_unit_test(names_are_safe_in_paths_and_refs),
		cmocka_unit_test(a_practice_has_a_letter_and_five_digits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
