#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/pkt.h"
#include "server/publish.h"

#define ONE "1111111111111111111111111111111111111111"
#define TWO "2222222222222222222222222222222222222222"

static void one_command(struct commands *c, bool side_band)
{
	static char ref[] = "refs/devices/kib-kiosk";
	static struct command command;

	*c = (struct commands)COMMANDS_INIT;
	c->list = &command;
	c->len = 1;
	c->side_band = side_band;
	command = (struct command){.ref = ref};
	assert_int_equal(oid_parse(&c->list[0].new_id, ONE, OID_HEX_LEN), STATUS_OK);
}

static void a_receipt_is_the_report_that_git_expects(void **state)
{
	struct commands c;
	struct buf out = BUF_INIT;

	(void)state;
	one_command(&c, false);
	publish_report(&out, &c, STATUS_OK, NULL, "");
	assert_string_equal(buf_text(&out), "000eunpack ok\n001eok refs/devices/kib-kiosk\n0000");
	buf_clear(&out);
	publish_report(&out, &c, STATUS_EXISTS, NULL, "");
	assert_string_equal(buf_text(&out), "000eunpack ok\n001eok refs/devices/kib-kiosk\n0000");
	buf_clear(&out);
}

static void with_side_band_the_report_travels_in_band_one(void **state)
{
	struct commands c;
	struct buf out = BUF_INIT;

	(void)state;
	one_command(&c, true);
	publish_report(&out, &c, STATUS_OK, NULL, "");
	assert_string_equal(buf_text(&out), "0035\001000eunpack ok\n001eok refs/devices/kib-kiosk\n00000000");
	buf_clear(&out);
}

static void a_refusal_names_commit_path_and_reason_on_one_line(void **state)
{
	struct head_fault fault = {.path = "qip/x.json"};
	struct commands c;
	struct buf out = BUF_INIT;
	struct pkt p = {0};
	size_t at = 0;

	(void)state;
	one_command(&c, false);
	assert_int_equal(oid_parse(&fault.commit, TWO, OID_HEX_LEN), STATUS_OK);
	publish_report(&out, &c, STATUS_DENIED, &fault, "not\nallowed");
	assert_int_equal(pkt_next(&p, buf_text(&out), out.len, &at), STATUS_OK);
	assert_int_equal(pkt_next(&p, buf_text(&out), out.len, &at), STATUS_OK);
	assert_true(pkt_is(&p, "ng refs/devices/kib-kiosk " TWO " qip/x.json not allowed"));
	buf_clear(&out);
	fault = (struct head_fault){.path = ""};
	at = 0;
	publish_report(&out, &c, STATUS_DENIED, &fault, "");
	assert_int_equal(pkt_next(&p, buf_text(&out), out.len, &at), STATUS_OK);
	assert_int_equal(pkt_next(&p, buf_text(&out), out.len, &at), STATUS_OK);
	assert_true(pkt_is(&p, "ng refs/devices/kib-kiosk not allowed to this role or device"));
	buf_clear(&out);
}

static void a_person_reads_the_refusal_in_band_two_unless_they_want_quiet(void **state)
{
	const struct head_fault fault = {.path = "qip/x.json"};
	struct commands c;
	struct buf out = BUF_INIT;
	struct pkt p = {0};
	size_t at = 0;

	(void)state;
	one_command(&c, true);
	publish_report(&out, &c, STATUS_DENIED, &fault, "not\nallowed");
	assert_int_equal(pkt_next(&p, buf_text(&out), out.len, &at), STATUS_OK);
	assert_true(pkt_is(&p, "\002refused: qip/x.json: not allowed"));
	assert_int_equal(pkt_next(&p, buf_text(&out), out.len, &at), STATUS_OK);
	assert_int_equal(p.bytes[0], 1);
	buf_clear(&out);
	c.quiet = true;
	at = 0;
	publish_report(&out, &c, STATUS_DENIED, &fault, "not allowed");
	assert_int_equal(pkt_next(&p, buf_text(&out), out.len, &at), STATUS_OK);
	assert_int_equal(p.bytes[0], 1);
	buf_clear(&out);
}

static void a_long_reason_is_cut_between_characters(void **state)
{
	struct commands c;
	struct buf out = BUF_INIT, reason = BUF_INIT;
	struct pkt p = {0};
	size_t at = 0;

	(void)state;
	one_command(&c, false);
	buf_adds(&reason, "x");
	for (int i = 0; i < 400; i++)
		buf_adds(&reason, "\xe0\xaa\x95"); /* GUJARATI LETTER KA */
	publish_report(&out, &c, STATUS_INVALID, NULL, buf_text(&reason));
	assert_int_equal(pkt_next(&p, buf_text(&out), out.len, &at), STATUS_OK);
	assert_int_equal(pkt_next(&p, buf_text(&out), out.len, &at), STATUS_OK);
	assert_true(p.len < 1000);
	assert_memory_equal(p.bytes + p.len - 4, "\xe0\xaa\x95\n", 4);
	buf_clear(&out);
	buf_clear(&reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_receipt_is_the_report_that_git_expects),
		cmocka_unit_test(with_side_band_the_report_travels_in_band_one),
		cmocka_unit_test(a_refusal_names_commit_path_and_reason_on_one_line),
		cmocka_unit_test(a_person_reads_the_refusal_in_band_two_unless_they_want_quiet),
		cmocka_unit_test(a_long_reason_is_cut_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
