#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "server/limits.h"
#include "server/spool.h"

#define PART 65536

struct taker {
	int rests, wakes;
};

static void rest(void *ctx)
{
	((struct taker *)ctx)->rests++;
}

static void wake(void *ctx)
{
	((struct taker *)ctx)->wakes++;
}

struct world {
	struct taker taker;
	struct stream stream;
	struct spool spool;
	char part[PART];
	uint64_t taken;
};

static struct world *open_world(void)
{
	struct world *w = test_calloc(1, sizeof(*w));

	stream_init(&w->stream, &(struct stream_taker){rest, wake, &w->taker});
	w->spool = (struct spool)SPOOL_INIT;
	w->spool.dir = "/tmp";
	w->spool.stream = &w->stream;
	return w;
}

static void close_world(struct world *w)
{
	spool_clear(&w->spool);
	stream_clear(&w->stream);
	test_free(w);
}

static enum status put(struct world *w, char what)
{
	memset(w->part, what, sizeof(w->part));
	return spool_add(&w->spool, w->part, sizeof(w->part), NULL);
}

/* One part more than waits in memory. */
static void put_until_on(struct world *w)
{
	for (size_t i = 0; i <= LIMIT_SPOOL_MEMORY_BYTES / PART; i++)
		assert_int_equal(put(w, (char)('a' + i)), STATUS_OK);
}

static enum stream_took take(struct world *w, size_t *len)
{
	enum stream_took took = stream_take(len, &w->stream, w->taken, w->part, sizeof(w->part));

	if (took == STREAM_BYTES)
		w->taken += *len;
	return took;
}

/* All that is there, in order and once. */
static void take_all(struct world *w, uint64_t until)
{
	size_t len = 0;

	while (w->taken < until) {
		uint64_t at = w->taken;

		assert_int_equal(take(w, &len), STREAM_BYTES);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(w->part[i], 'a' + (char)((at + i) / PART));
	}
	assert_int_equal(w->taken, until);
}

static void an_answer_that_fits_into_memory_is_not_given_before_its_end(void **state)
{
	struct world *w = open_world();
	bool ours = false;

	(void)state;
	assert_int_equal(put(w, 'a'), STATUS_OK);
	assert_false(stream_is_on(&w->stream));
	assert_int_equal(w->taker.wakes, 0);
	assert_false(stream_ended(&ours, &w->stream));
	assert_true(stream_left(&w->stream));
	close_world(w);
}

static void a_larger_one_is_taken_while_it_grows(void **state)
{
	struct world *w = open_world();
	bool ours = false;
	size_t len = 0;

	(void)state;
	put_until_on(w);
	assert_true(stream_is_on(&w->stream));
	assert_int_equal(w->taker.wakes, 1);
	take_all(w, LIMIT_SPOOL_MEMORY_BYTES + PART);
	assert_int_equal(take(w, &len), STREAM_LATER);
	assert_int_equal(w->taker.rests, 1);
	assert_int_equal(put(w, 'a' + LIMIT_SPOOL_MEMORY_BYTES / PART + 1), STATUS_OK);
	assert_int_equal(w->taker.wakes, 2);
	assert_int_equal(put(w, 'a' + LIMIT_SPOOL_MEMORY_BYTES / PART + 2), STATUS_OK);
	assert_int_equal(w->taker.wakes, 2);
	take_all(w, LIMIT_SPOOL_MEMORY_BYTES + 3 * PART);
	assert_int_equal(take(w, &len), STREAM_LATER);
	assert_true(stream_ended(&ours, &w->stream));
	assert_false(ours);
	assert_int_equal(w->taker.wakes, 3);
	assert_int_equal(take(w, &len), STREAM_END);
	assert_true(stream_left(&w->stream));
	close_world(w);
}

static void one_that_broke_off_has_no_good_end(void **state)
{
	struct world *w = open_world();
	bool ours = false;
	size_t len = 0;

	(void)state;
	put_until_on(w);
	stream_break(&w->stream);
	assert_true(stream_ended(&ours, &w->stream));
	take_all(w, LIMIT_SPOOL_MEMORY_BYTES + PART);
	assert_int_equal(take(w, &len), STREAM_BROKEN);
	assert_true(stream_left(&w->stream));
	close_world(w);
}

static void its_maker_hears_that_nobody_takes_it(void **state)
{
	struct world *w = open_world();
	struct error e = {STATUS_OK, ""};
	bool ours = false;

	(void)state;
	put_until_on(w);
	assert_false(stream_left(&w->stream));
	assert_int_equal(spool_add(&w->spool, w->part, sizeof(w->part), &e), STATUS_NETWORK);
	assert_int_equal(w->taker.wakes, 1);
	assert_true(stream_ended(&ours, &w->stream));
	assert_true(ours);
	assert_int_equal(w->taker.wakes, 1);
	close_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_that_fits_into_memory_is_not_given_before_its_end),
		cmocka_unit_test(a_larger_one_is_taken_while_it_grows),
		cmocka_unit_test(one_that_broke_off_has_no_good_end),
		cmocka_unit_test(its_maker_hears_that_nobody_takes_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
