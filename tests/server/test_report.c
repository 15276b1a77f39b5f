#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/pkt.h"
#include "server/report.h"

static void each_ref_has_its_own_line(void **state)
{
	struct commands c = COMMANDS_INIT;
	struct buf lines = BUF_INIT, out = BUF_INIT;

	(void)state;
	report_unpack(&lines, NULL);
	report_ref(&lines, "refs/heads/a", NULL);
	report_ref(&lines, "refs/heads/b", "no");
	report_send(&out, &lines, &c);
	assert_string_equal(buf_text(&out), "000eunpack ok\n0014ok refs/heads/a\n0017ng refs/heads/b no\n0000");
	buf_clear(&lines);
	buf_clear(&out);
}

static void a_pack_that_cannot_be_read_is_told_on_one_line(void **state)
{
	struct buf lines = BUF_INIT;
	struct pkt p = {0};
	size_t at = 0;

	(void)state;
	report_unpack(&lines, "torn\nin two");
	assert_int_equal(pkt_next(&p, buf_text(&lines), lines.len, &at), STATUS_OK);
	assert_true(pkt_is(&p, "unpack torn in two"));
	buf_clear(&lines);
}

static void many_refs_are_split_over_packets_of_the_side_band(void **state)
{
	struct commands c = {.side_band = true};
	struct buf lines = BUF_INIT, out = BUF_INIT, inner = BUF_INIT;
	struct pkt p = {0};
	size_t at = 0, len = 0;

	(void)state;
	for (int i = 0; i < 5000; i++)
		report_ref(&lines, "refs/tags/a-name-of-some-length", NULL);
	report_send(&out, &lines, &c);
	while (pkt_next(&p, buf_text(&out), out.len, &at) == STATUS_OK && p.kind == PKT_DATA) {
		assert_int_equal(p.bytes[0], 1);
		buf_add(&inner, p.bytes + 1, p.len - 1);
		len++;
	}
	assert_true(len > 1);
	assert_int_equal(inner.len, lines.len);
	assert_memory_equal(inner.data, lines.data, lines.len);
	buf_clear(&inner);
	buf_clear(&lines);
	buf_clear(&out);
}

static void no_message_without_a_side_band_or_for_who_wants_quiet(void **state)
{
	const struct commands plain = {.side_band = false}, quiet = {.side_band = true, .quiet = true}, loud = {.side_band = true};
	struct buf out = BUF_INIT;

	(void)state;
	report_message(&out, &plain, "words");
	report_message(&out, &quiet, "words");
	assert_int_equal(out.len, 0);
	report_message(&out, &loud, "words");
	assert_string_equal(buf_text(&out), "000b\002words\n");
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_ref_has_its_own_line),
		cmocka_unit_test(a_pack_that_cannot_be_read_is_told_on_one_line),
		cmocka_unit_test(many_refs_are_split_over_packets_of_the_side_band),
		cmocka_unit_test(no_message_without_a_side_band_or_for_who_wants_quiet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
