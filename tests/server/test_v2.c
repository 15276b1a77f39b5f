#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/pkt.h"
#include "server/v2.h"

#define ONE "1111111111111111111111111111111111111111"
#define TWO "2222222222222222222222222222222222222222"

static void version_2_is_spoken_only_to_those_who_ask_for_it(void **state)
{
	(void)state;
	assert_true(v2_is_asked_for("version=2"));
	assert_true(v2_is_asked_for("key=value:version=2:other"));
	assert_false(v2_is_asked_for(NULL));
	assert_false(v2_is_asked_for(""));
	assert_false(v2_is_asked_for("version=1"));
	assert_false(v2_is_asked_for("version=22"));
	assert_false(v2_is_asked_for("subversion=2"));
}

static void two_refs(struct refs *refs, struct ref list[2])
{
	static char kibworth[] = "refs/devices/kibworth", main[] = REFS_MAIN;

	list[0] = (struct ref){.name = kibworth};
	list[1] = (struct ref){.name = main};
	assert_int_equal(oid_parse(&list[0].id, ONE, OID_HEX_LEN), STATUS_OK);
	assert_int_equal(oid_parse(&list[1].id, TWO, OID_HEX_LEN), STATUS_OK);
	*refs = (struct refs){.list = list, .len = 2, .head = list[1].id, .head_target = REFS_MAIN};
}

/* The packets of an answer to `arguments` (each ends with a newline), without their lengths. */
static enum status ls_refs(struct buf *lines, const char *arguments, const struct refs *refs)
{
	struct buf in = BUF_INIT, out = BUF_INIT;
	struct v2_command c = {.kind = V2_NOTHING};
	struct error e = {STATUS_OK, ""};
	enum status st = STATUS_OK;
	struct pkt p = {0};
	size_t at = 0;

	buf_reset(lines);
	pkt_addf(&in, "command=ls-refs\n");
	pkt_addf(&in, "agent=test\n");
	pkt_delim(&in);
	while (*arguments) {
		size_t len = strcspn(arguments, "\n") + 1;

		pkt_add(&in, arguments, len);
		arguments += len;
	}
	pkt_flush(&in);
	assert_int_equal(v2_command_parse(&c, buf_text(&in), in.len, &e), STATUS_OK);
	assert_int_equal(c.kind, V2_LS_REFS);
	st = v2_ls_refs(&out, &c, refs, &e);
	while (st == STATUS_OK && pkt_next(&p, buf_text(&out), out.len, &at) == STATUS_OK && p.kind == PKT_DATA)
		buf_add(lines, p.bytes, p.len);
	assert_true(st != STATUS_OK || (p.kind == PKT_FLUSH && at == out.len));
	buf_clear(&in);
	buf_clear(&out);
	return st;
}

static void ls_refs_tells_what_was_asked_for_and_no_more(void **state)
{
	static const struct {
		const char *arguments, *lines;
	} cases[] = {
		{"", TWO " HEAD\n" ONE " refs/devices/kibworth\n" TWO " refs/heads/main\n"},
		{"peel\nsymrefs\nref-prefix HEAD\n", TWO " HEAD symref-target:refs/heads/main\n"},
		{"ref-prefix refs/heads/\nref-prefix refs/tags/\n", TWO " refs/heads/main\n"},
		{"ref-prefix refs/heads/main2\n", ""},
		{"ref-prefix \n", TWO " HEAD\n" ONE " refs/devices/kibworth\n" TWO " refs/heads/main\n"},
	};
	struct ref list[2];
	struct refs refs;
	struct buf lines = BUF_INIT;

	(void)state;
	two_refs(&refs, list);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(ls_refs(&lines, cases[i].arguments, &refs), STATUS_OK);
		assert_string_equal(buf_text(&lines), cases[i].lines);
	}
	assert_int_equal(ls_refs(&lines, "refs/heads/\n", &refs), STATUS_MALFORMED);
	buf_clear(&lines);
}

static void a_head_that_is_not_to_be_read_is_unborn_for_those_who_know_the_word(void **state)
{
	struct ref list[2];
	struct refs refs;
	struct buf lines = BUF_INIT;

	(void)state;
	two_refs(&refs, list);
	refs.len = 1;
	refs.head = (struct oid){{0}};
	assert_int_equal(ls_refs(&lines, "symrefs\nref-prefix HEAD\n", &refs), STATUS_OK);
	assert_string_equal(buf_text(&lines), "");
	assert_int_equal(ls_refs(&lines, "symrefs\nunborn\nref-prefix HEAD\n", &refs), STATUS_OK);
	assert_string_equal(buf_text(&lines), "unborn HEAD symref-target:refs/heads/main\n");
	buf_clear(&lines);
}

static void more_prefixes_than_the_limit_list_all(void **state)
{
	struct ref list[2];
	struct refs refs;
	struct buf arguments = BUF_INIT, lines = BUF_INIT;

	(void)state;
	two_refs(&refs, list);
	for (int i = 0; i < LIMIT_REF_PREFIXES; i++)
		buf_adds(&arguments, "ref-prefix x\n");
	assert_int_equal(ls_refs(&lines, buf_text(&arguments), &refs), STATUS_OK);
	assert_string_equal(buf_text(&lines), "");
	buf_adds(&arguments, "ref-prefix x\n");
	assert_int_equal(ls_refs(&lines, buf_text(&arguments), &refs), STATUS_OK);
	assert_non_null(strstr(buf_text(&lines), "refs/heads/main"));
	buf_clear(&arguments);
	buf_clear(&lines);
}

static enum status parse(const char *const *packets, size_t len, const char *end)
{
	struct v2_command c = {.kind = V2_NOTHING};
	struct error e = {STATUS_OK, ""};
	struct buf in = BUF_INIT;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < len; i++)
		pkt_addf(&in, "%s\n", packets[i]);
	buf_adds(&in, end);
	st = v2_command_parse(&c, buf_text(&in), in.len, &e);
	buf_clear(&in);
	return st;
}

static void a_request_names_one_known_command(void **state)
{
	static const char *const two[] = {"command=fetch", "command=ls-refs"};
	static const char *const unknown[] = {"command=object-info"};
	static const char *const sha256[] = {"command=fetch", "object-format=sha256"};
	static const char *const none[] = {"agent=test"};

	(void)state;
	assert_int_equal(parse(two, 1, "0000"), STATUS_OK);
	assert_int_equal(parse(NULL, 0, "0000"), STATUS_OK);
	assert_int_equal(parse(two, 2, "0000"), STATUS_MALFORMED);
	assert_int_equal(parse(unknown, 1, "0000"), STATUS_MALFORMED);
	assert_int_equal(parse(sha256, 2, "0000"), STATUS_MALFORMED);
	assert_int_equal(parse(none, 1, "0000"), STATUS_MALFORMED);
	assert_int_equal(parse(two, 1, ""), STATUS_MALFORMED);
	assert_int_equal(parse(NULL, 0, "0001"), STATUS_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_2_is_spoken_only_to_those_who_ask_for_it),
		cmocka_unit_test(ls_refs_tells_what_was_asked_for_and_no_more),
		cmocka_unit_test(a_head_that_is_not_to_be_read_is_unborn_for_those_who_know_the_word),
		cmocka_unit_test(more_prefixes_than_the_limit_list_all),
		cmocka_unit_test(a_request_names_one_known_command),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
