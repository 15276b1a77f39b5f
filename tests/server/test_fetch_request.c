#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/pkt.h"
#include "server/fetch_request.h"
#include "server/limits.h"

#define ONE "1111111111111111111111111111111111111111"
#define TWO "2222222222222222222222222222222222222222"

static enum status parse(struct fetch_request *f, struct buf *in)
{
	struct error e = {STATUS_OK, ""};
	enum status st = fetch_request_parse(f, buf_text(in), in->len, &e);

	if (st != STATUS_OK)
		assert_string_not_equal(e.text, "");
	buf_clear(in);
	return st;
}

static void reads_a_clone(void **state)
{
	struct fetch_request f = FETCH_REQUEST_INIT;
	struct buf in = BUF_INIT;

	(void)state;
	pkt_addf(&in, "want " ONE " multi_ack_detailed no-done side-band-64k thin-pack ofs-delta agent=git/2.39.5\n");
	pkt_addf(&in, "want " TWO "\n");
	pkt_flush(&in);
	pkt_addf(&in, "done\n");
	assert_int_equal(parse(&f, &in), STATUS_OK);
	assert_int_equal(f.wants_len, 2);
	assert_int_equal(f.haves_len, 0);
	assert_true(f.done && f.multi_ack && f.no_done && f.side_band && f.ofs_delta);
	assert_false(f.flushed);
	fetch_request_clear(&f);
}

static void reads_a_round_that_ends_with_a_flush(void **state)
{
	struct fetch_request f = FETCH_REQUEST_INIT;
	struct buf in = BUF_INIT;

	(void)state;
	pkt_addf(&in, "want " ONE "\n");
	pkt_flush(&in);
	pkt_addf(&in, "have " TWO "\n");
	pkt_flush(&in);
	assert_int_equal(parse(&f, &in), STATUS_OK);
	assert_int_equal(f.haves_len, 1);
	assert_true(f.flushed);
	assert_false(f.done || f.multi_ack || f.side_band || f.ofs_delta);
	fetch_request_clear(&f);
}

static void a_request_that_wants_nothing_is_no_fault(void **state)
{
	struct fetch_request f = FETCH_REQUEST_INIT;
	struct buf in = BUF_INIT;

	(void)state;
	pkt_flush(&in);
	assert_int_equal(parse(&f, &in), STATUS_OK);
	assert_int_equal(f.wants_len, 0);
	fetch_request_clear(&f);
}

static void add_words(struct buf *in, bool v2, const char *const *words, size_t len)
{
	pkt_addf(in, v2 ? "want " ONE "\n" : "want " ONE " deepen-relative\n");
	for (size_t i = 0; i < len; i++)
		pkt_addf(in, "%s\n", words[i]);
	pkt_flush(in);
}

static enum status parse_either(struct fetch_request *f, struct buf *in, bool v2)
{
	struct error e = {STATUS_OK, ""};

	return v2 ? fetch_request_parse_v2(f, buf_text(in), in->len, &e)
		  : fetch_request_parse(f, buf_text(in), in->len, &e);
}

static void reads_where_a_shallow_clone_ends_and_shall_end_in_either_version(void **state)
{
	static const char *const depth[] = {"shallow " TWO, "deepen 12"}, *const all[] = {"deepen 2147483647"},
				 *const others[] = {"deepen-since 1700000000", "deepen-not refs/heads/main",
						    "deepen-not x"};
	struct fetch_request f = FETCH_REQUEST_INIT;
	struct buf in = BUF_INIT;

	(void)state;
	for (int v2 = 0; v2 <= 1; v2++) {
		add_words(&in, v2, depth, 2);
		assert_int_equal(parse_either(&f, &in, v2), STATUS_OK);
		assert_int_equal(f.shallows_len, 1);
		assert_int_equal(f.depth.commits, 12);
		assert_int_equal(f.depth.relative, !v2);
		fetch_request_clear(&f);
		buf_reset(&in);
		add_words(&in, v2, all, 1);
		assert_int_equal(parse_either(&f, &in, v2), STATUS_OK);
		assert_true(f.depth.commits == REPO_DEPTH_ALL);
		fetch_request_clear(&f);
		buf_reset(&in);
		add_words(&in, v2, others, 3);
		assert_int_equal(parse_either(&f, &in, v2), STATUS_OK);
		assert_true(f.depth.since_s == 1700000000);
		assert_int_equal(f.depth.without_len, 2);
		assert_int_equal(f.depth.without[1].len, 1);
		assert_memory_equal(f.depth.without[0].name, "refs/heads/main", f.depth.without[0].len);
		fetch_request_clear(&f);
		buf_clear(&in);
	}
}

static void refuses_depths_that_mean_nothing(void **state)
{
	static const char *const bad[] = {"deepen 0",	       "deepen -1",
					  "deepen 2147483648", "deepen 99999999999999999999",
					  "deepen x",	       "deepen ",
					  "shallow 1234",      "deepen-since 0",
					  "shallow " ONE "x",  "deepen-since 9223372036854775808"};
	static const char *const both[] = {"deepen 1", "deepen-since 1"};
	struct fetch_request f = FETCH_REQUEST_INIT;
	struct buf in = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(bad); i++) {
		add_words(&in, i % 2, &bad[i / 2], 1);
		assert_int_equal(parse_either(&f, &in, i % 2), STATUS_MALFORMED);
		buf_reset(&in);
	}
	add_words(&in, true, both, 2);
	assert_int_equal(parse_either(&f, &in, true), STATUS_MALFORMED);
	assert_null(f.wants);
	buf_clear(&in);
}

static void refuses_what_no_client_of_this_protocol_says(void **state)
{
	static const char *const bad[] = {
		"have " ONE, "want 1234",	 "want " ONE "x",
		"deepen 1",  "filter blob:none", "shallow " ONE,
		"done",	     "command=fetch",	 "want xxxx111111111111111111111111111111111111",
	};
	struct fetch_request f = FETCH_REQUEST_INIT;
	struct buf in = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		pkt_addf(&in, "%s\n", bad[i]);
		pkt_flush(&in);
		assert_int_equal(parse(&f, &in), STATUS_MALFORMED);
	}
	pkt_addf(&in, "want " ONE "\n");
	pkt_flush(&in);
	pkt_addf(&in, "want " TWO "\n");
	assert_int_equal(parse(&f, &in), STATUS_MALFORMED);
	buf_adds(&in, "0001");
	assert_int_equal(parse(&f, &in), STATUS_MALFORMED);
	buf_adds(&in, "0032want");
	assert_int_equal(parse(&f, &in), STATUS_MALFORMED);
	assert_null(f.wants);
}

static void more_haves_than_the_limit_are_too_big(void **state)
{
	struct fetch_request f = FETCH_REQUEST_INIT;
	struct buf in = BUF_INIT;

	(void)state;
	pkt_addf(&in, "want " ONE "\n");
	pkt_flush(&in);
	for (int i = 0; i <= LIMIT_HAVES; i++)
		buf_adds(&in, "0031have " TWO);
	assert_int_equal(parse(&f, &in), STATUS_TOO_BIG);
	assert_null(f.haves);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_clone),
		cmocka_unit_test(reads_a_round_that_ends_with_a_flush),
		cmocka_unit_test(a_request_that_wants_nothing_is_no_fault),
		cmocka_unit_test(reads_where_a_shallow_clone_ends_and_shall_end_in_either_version),
		cmocka_unit_test(refuses_depths_that_mean_nothing),
		cmocka_unit_test(refuses_what_no_client_of_this_protocol_says),
		cmocka_unit_test(more_haves_than_the_limit_are_too_big),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
