#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/pkt.h"
#include "server/commands.h"

#define ZERO "0000000000000000000000000000000000000000"
#define ONE "1111111111111111111111111111111111111111"
#define REF "refs/devices/kib-kiosk"

/* A push of one ref as stock git sends it, with the first bytes of a pack behind. */
static void add_push(struct buf *out, const char *capabilities)
{
	struct buf line = BUF_INIT;

	buf_adds(&line, ZERO " " ONE " " REF);
	if (capabilities) {
		buf_addc(&line, 0);
		buf_adds(&line, capabilities);
	}
	pkt_add(out, line.data, line.len);
	pkt_flush(out);
	buf_adds(out, "PACK....");
	buf_clear(&line);
}

static void reads_a_push_of_one_ref_and_leaves_the_pack(void **state)
{
	struct commands c = COMMANDS_INIT;
	struct buf in = BUF_INIT;
	char hex[OID_HEX_LEN + 1];
	size_t used = 0;

	(void)state;
	add_push(&in, " report-status side-band-64k object-format=sha1 agent=git/2.39.5");
	assert_int_equal(commands_feed(&c, buf_text(&in), in.len, &used, NULL), STATUS_OK);
	assert_true(c.done);
	assert_int_equal(in.len - used, 8);
	assert_memory_equal(buf_text(&in) + used, "PACK....", 8);
	assert_int_equal(c.len, 1);
	assert_true(oid_is_zero(&c.list[0].old_id));
	oid_hex(hex, &c.list[0].new_id);
	assert_string_equal(hex, ONE);
	assert_string_equal(c.list[0].ref, REF);
	assert_true(c.report_status);
	assert_true(c.side_band);
	commands_clear(&c);
	buf_clear(&in);
}

static void the_pieces_that_the_network_makes_do_not_matter(void **state)
{
	struct buf in = BUF_INIT;

	(void)state;
	add_push(&in, " report-status");
	for (size_t piece = 1; piece < in.len; piece++) {
		struct commands c = COMMANDS_INIT;
		size_t at = 0, used = 0;

		while (!c.done) {
			size_t len = in.len - at < piece ? in.len - at : piece;

			assert_true(len > 0);
			assert_int_equal(commands_feed(&c, buf_text(&in) + at, len, &used, NULL), STATUS_OK);
			at += used;
		}
		assert_int_equal(at, in.len - 8);
		assert_string_equal(c.list[0].ref, REF);
		assert_true(c.report_status);
		assert_false(c.side_band);
		commands_clear(&c);
	}
	buf_clear(&in);
}

static void the_probe_of_stock_git_has_no_command(void **state)
{
	struct commands c = COMMANDS_INIT;
	size_t used = 0;

	(void)state;
	assert_int_equal(commands_feed(&c, "0000", 4, &used, NULL), STATUS_OK);
	assert_true(c.done);
	assert_int_equal(c.len, 0);
	assert_int_equal(used, 4);
	commands_clear(&c);
}

static void the_ends_of_a_shallow_pusher_come_before_its_commands(void **state)
{
	struct commands c = COMMANDS_INIT;
	struct buf in = BUF_INIT;
	size_t used = 0;

	(void)state;
	pkt_addf(&in, "shallow " ONE);
	pkt_addf(&in, "shallow " ONE "\n");
	add_push(&in, " report-status atomic");
	assert_int_equal(commands_feed(&c, buf_text(&in), in.len, &used, NULL), STATUS_OK);
	assert_true(c.shallow);
	assert_true(c.atomic);
	assert_int_equal(c.len, 1);
	commands_clear(&c);
	buf_clear(&in);
}

static void refuse(const struct buf *in)
{
	struct commands c = COMMANDS_INIT;
	struct error e = {STATUS_OK, ""};
	size_t used = 0;

	assert_int_equal(commands_feed(&c, buf_text(in), in->len, &used, &e), STATUS_MALFORMED);
	assert_string_not_equal(e.text, "");
	commands_clear(&c);
}

static void refuses_what_is_no_command(void **state)
{
	static const char *const raw[] = {"PACK....", "0001", "0005x", "zzzz"};
	static const char *const lines[] = {
		"shallow " ONE "1",
		"shallow x",
		ZERO " " ONE,
		ZERO " " ONE " ",
		ZERO " " ONE ":refs/devices/x",
		ZERO " zzzz111111111111111111111111111111111111 refs/devices/x",
		ZERO " " ONE " refs/devices/x y",
		ZERO " " ONE " refs/devices/\x7f",
	};
	struct buf in = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(raw); i++) {
		buf_adds(&in, raw[i]);
		refuse(&in);
		buf_clear(&in);
	}
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		pkt_addf(&in, "%s", lines[i]);
		refuse(&in);
		buf_clear(&in);
	}
}

static void more_refs_than_the_limit_are_too_many(void **state)
{
	struct commands c = COMMANDS_INIT;
	struct buf in = BUF_INIT;
	size_t used = 0;

	(void)state;
	for (int i = 0; i <= LIMIT_COMMANDS; i++)
		pkt_addf(&in, ZERO " " ONE " refs/devices/d%d", i);
	assert_int_equal(commands_feed(&c, buf_text(&in), in.len, &used, NULL), STATUS_TOO_BIG);
	commands_clear(&c);
	buf_clear(&in);
}

static void a_command_that_never_ends_is_too_big(void **state)
{
	struct commands c = COMMANDS_INIT;
	enum status st = STATUS_OK;
	char junk[1000];
	size_t used = 0;

	(void)state;
	memset(junk, 'a', sizeof(junk));
	assert_int_equal(commands_feed(&c, "fff0", 4, &used, NULL), STATUS_OK);
	for (int i = 0; i < 100 && st == STATUS_OK; i++)
		st = commands_feed(&c, junk, sizeof(junk), &used, NULL);
	assert_int_equal(st, STATUS_TOO_BIG);
	assert_true(c.pending.len < 2 * LIMIT_COMMAND_BYTES);
	commands_clear(&c);
}

static void finds_a_capability_only_as_a_whole_word(void **state)
{
	(void)state;
	assert_true(capability_has("a report-status", "report-status"));
	assert_true(capability_has("report-status", "report-status"));
	assert_true(capability_has("report-status-v2 report-status x", "report-status"));
	assert_false(capability_has("report-status-v2", "report-status"));
	assert_false(capability_has("no-report-status", "report-status"));
	assert_false(capability_has("", "report-status"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_push_of_one_ref_and_leaves_the_pack),
		cmocka_unit_test(the_pieces_that_the_network_makes_do_not_matter),
		cmocka_unit_test(the_probe_of_stock_git_has_no_command),
		cmocka_unit_test(the_ends_of_a_shallow_pusher_come_before_its_commands),
		cmocka_unit_test(refuses_what_is_no_command),
		cmocka_unit_test(more_refs_than_the_limit_are_too_many),
		cmocka_unit_test(a_command_that_never_ends_is_too_big),
		cmocka_unit_test(finds_a_capability_only_as_a_whole_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
