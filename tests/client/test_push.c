/* tests/client/test_push.c - reading what a server reports of a push. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/push.h"
#include "core/pkt.h"

#define REF "refs/devices/kib-kiosk"
#define COMMIT "0123456789abcdef0123456789abcdef01234567"

/* A report of these lines. */
static enum status parse(struct push_refusal *refusal, const char *const *lines, size_t len, struct error *e)
{
	struct buf report = BUF_INIT;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < len; i++)
		pkt_addf(&report, "%s\n", lines[i]);
	pkt_flush(&report);
	st = push_parse_report(refusal, REF, buf_text(&report), report.len, e);
	buf_clear(&report);
	return st;
}

#define PARSE(refusal, e, ...) parse(refusal, (const char *const[]){__VA_ARGS__}, ARRAY_LEN(((const char *const[]){__VA_ARGS__})), e)

static void takes_only_a_whole_report_for_a_receipt(void **state)
{
	struct push_refusal r = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(PARSE(&r, &e, "unpack ok", "ok " REF), STATUS_OK);
	assert_int_equal(PARSE(&r, &e, "unpack ok"), STATUS_NETWORK);
	assert_int_equal(PARSE(&r, &e, "ok " REF), STATUS_NETWORK);
	assert_int_equal(PARSE(&r, &e, "unpack ok", "ok " REF "2"), STATUS_NETWORK);
	assert_int_equal(PARSE(&r, &e, "unpack ok", "ok refs/devices/other"), STATUS_NETWORK);
	assert_int_equal(PARSE(&r, &e, "hello"), STATUS_NETWORK);
}

static void reads_commit_path_and_sentence_of_a_refusal(void **state)
{
	struct push_refusal r = {0};
	struct error e = {0};
	char hex[OID_HEX_LEN + 1];

	(void)state;
	assert_int_equal(PARSE(&r, &e, "unpack ok", "ng " REF " " COMMIT " feedback/kib-kiosk/0/0/1.json It is no answer."), STATUS_REFUSED);
	oid_hex(hex, &r.commit);
	assert_string_equal(hex, COMMIT);
	assert_string_equal(r.path, "feedback/kib-kiosk/0/0/1.json");
	assert_string_equal(r.reason, "It is no answer.");
	assert_int_equal(PARSE(&r, &e, "unpack ok", "ng " REF " " COMMIT " - It is not signed."), STATUS_REFUSED);
	assert_string_equal(r.path, "");
	assert_string_equal(r.reason, "It is not signed.");
}

static void takes_another_servers_refusal_for_a_sentence(void **state)
{
	struct push_refusal r = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(PARSE(&r, &e, "unpack ok", "ng " REF " non-fast-forward"), STATUS_REFUSED);
	assert_true(oid_is_zero(&r.commit));
	assert_string_equal(r.reason, "non-fast-forward");
	assert_int_equal(PARSE(&r, &e, "unpack index-pack failed"), STATUS_REFUSED);
	assert_true(oid_is_zero(&r.commit));
	assert_string_equal(r.reason, "index-pack failed");
}

static void keeps_a_hostile_sentence_off_the_terminal(void **state)
{
	struct push_refusal r = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(PARSE(&r, &e, "unpack ok", "ng " REF " " COMMIT " - \x1b]0;title\x07 rest"), STATUS_REFUSED);
	assert_null(strpbrk(r.reason, "\x1b\x07"));
	assert_non_null(strstr(r.reason, "rest"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_only_a_whole_report_for_a_receipt),
		cmocka_unit_test(reads_commit_path_and_sentence_of_a_refusal),
		cmocka_unit_test(takes_another_servers_refusal_for_a_sentence),
		cmocka_unit_test(keeps_a_hostile_sentence_off_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
