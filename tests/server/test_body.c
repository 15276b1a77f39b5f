#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "server/body.h"
#include "server/limits.h"

static enum status collect(void *ctx, const void *bytes, size_t len, struct error *e)
{
	(void)e;
	buf_add(ctx, bytes, len);
	return STATUS_OK;
}

static enum status refuse(void *ctx, const void *bytes, size_t len, struct error *e)
{
	(void)ctx;
	(void)bytes;
	(void)len;
	return error_set(e, STATUS_DENIED, "not this");
}

/* gzip as stock git makes it. */
static void gzip(struct buf *out, const void *bytes, size_t len)
{
	z_stream z = {0};
	uint8_t part[1024];
	int rc = Z_OK;

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)len;
	while (rc == Z_OK) {
		z.next_out = part;
		z.avail_out = sizeof(part);
		rc = deflate(&z, Z_FINISH);
		buf_add(out, part, sizeof(part) - z.avail_out);
	}
	assert_int_equal(rc, Z_STREAM_END);
	assert_int_equal(deflateEnd(&z), Z_OK);
}

static void a_plain_body_is_handed_on_as_it_is(void **state)
{
	struct body b = BODY_INIT;
	struct buf got = BUF_INIT;

	(void)state;
	assert_int_equal(body_begin(&b, NULL, 100, collect, &got, NULL), STATUS_OK);
	assert_true(body_feed(&b, "one ", 4));
	assert_true(body_feed(&b, "two", 3));
	assert_int_equal(body_end(&b), STATUS_OK);
	assert_string_equal(buf_text(&got), "one two");
	body_clear(&b);
	buf_clear(&got);
}

static void a_gzip_body_is_unpacked_whatever_its_pieces(void **state)
{
	struct buf packed = BUF_INIT;
	char *text = malloc(100000);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 100000; i++)
		text[i] = (char)('a' + i * i % 26);
	gzip(&packed, text, 100000);
	for (size_t piece = 1; piece < packed.len * 2; piece = piece * 3 + 1) {
		struct body b = BODY_INIT;
		struct buf got = BUF_INIT;

		assert_int_equal(body_begin(&b, "gzip", 100000, collect, &got, NULL), STATUS_OK);
		for (size_t at = 0; at < packed.len; at += piece)
			assert_true(body_feed(&b, packed.data + at, packed.len - at < piece ? packed.len - at : piece));
		assert_int_equal(body_end(&b), STATUS_OK);
		assert_int_equal(got.len, 100000);
		assert_memory_equal(got.data, text, 100000);
		body_clear(&b);
		buf_clear(&got);
	}
	buf_clear(&packed);
	free(text);
}

static void a_small_body_that_unpacks_to_much_is_stopped_at_the_limit(void **state)
{
	struct body b = BODY_INIT;
	struct buf packed = BUF_INIT, got = BUF_INIT;
	char *zeros = calloc(1, 1000000);

	(void)state;
	assert_non_null(zeros);
	gzip(&packed, zeros, 1000000);
	assert_int_equal(body_begin(&b, "gzip", 50000, collect, &got, NULL), STATUS_OK);
	assert_true(body_feed(&b, packed.data, packed.len));
	assert_int_equal(body_end(&b), STATUS_TOO_BIG);
	assert_true(got.len <= 50000);
	body_clear(&b);
	buf_clear(&packed);
	buf_clear(&got);
	free(zeros);
}

static void torn_broken_and_overlong_gzip_is_malformed(void **state)
{
	struct buf packed = BUF_INIT, got = BUF_INIT;
	struct body b = BODY_INIT;

	(void)state;
	gzip(&packed, "some text that is long enough", 29);
	assert_int_equal(body_begin(&b, "gzip", 100, collect, &got, NULL), STATUS_OK);
	assert_true(body_feed(&b, packed.data, packed.len - 1));
	assert_int_equal(body_end(&b), STATUS_MALFORMED);
	body_clear(&b);
	assert_int_equal(body_begin(&b, "x-gzip", 100, collect, &got, NULL), STATUS_OK);
	assert_true(body_feed(&b, "PACK and no gzip at all", 23));
	assert_int_equal(body_end(&b), STATUS_MALFORMED);
	body_clear(&b);
	buf_addc(&packed, 'x');
	assert_int_equal(body_begin(&b, "gzip", 100, collect, &got, NULL), STATUS_OK);
	assert_true(body_feed(&b, packed.data, packed.len));
	assert_int_equal(body_end(&b), STATUS_MALFORMED);
	body_clear(&b);
	buf_clear(&packed);
	buf_clear(&got);
}

static void other_encodings_are_not_known(void **state)
{
	struct body b = BODY_INIT;
	struct error e = {STATUS_OK, ""};

	(void)state;
	assert_int_equal(body_begin(&b, "br", 100, collect, NULL, &e), STATUS_UNSUPPORTED);
	assert_non_null(strstr(e.text, "br"));
}

/* Who may send so much is told what was wrong; who sends more than that is read on for a little. */
static void after_a_failure_the_rest_is_passed_over_and_then_cut_off(void **state)
{
	const uint64_t most = 2 * LIMIT_DISCARD_BYTES;
	struct body b = BODY_INIT;
	char *much = calloc(1, LIMIT_DISCARD_BYTES);

	(void)state;
	assert_non_null(much);
	assert_int_equal(body_begin(&b, NULL, most, refuse, NULL, NULL), STATUS_OK);
	assert_true(body_feed(&b, "x", 1));
	assert_true(body_feed(&b, much, LIMIT_DISCARD_BYTES));
	assert_true(body_feed(&b, much, LIMIT_DISCARD_BYTES - 1));
	assert_false(body_feed(&b, "x", 1));
	assert_int_equal(body_end(&b), STATUS_DENIED);
	body_clear(&b);
	assert_int_equal(body_begin(&b, NULL, 1, refuse, NULL, NULL), STATUS_OK);
	assert_true(body_feed(&b, "x", 1));
	assert_true(body_feed(&b, much, LIMIT_DISCARD_BYTES));
	assert_false(body_feed(&b, "x", 1));
	assert_int_equal(body_end(&b), STATUS_DENIED);
	assert_string_equal(b.error.text, "not this");
	body_clear(&b);
	free(much);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_body_is_handed_on_as_it_is),
		cmocka_unit_test(a_gzip_body_is_unpacked_whatever_its_pieces),
		cmocka_unit_test(a_small_body_that_unpacks_to_much_is_stopped_at_the_limit),
		cmocka_unit_test(torn_broken_and_overlong_gzip_is_malformed),
		cmocka_unit_test(other_encodings_are_not_known),
		cmocka_unit_test(after_a_failure_the_rest_is_passed_over_and_then_cut_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
