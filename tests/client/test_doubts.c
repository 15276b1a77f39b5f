/* tests/client/test_doubts.c - which kiosks are in doubt, as a server tells it and a home keeps it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/doubts.h"
#include "client/files.h"

static struct doubts parsed(const char *text)
{
	struct doubts d;

	doubts_parse(&d, text, strlen(text));
	return d;
}

static void reads_each_that_is_told_among_other_capabilities(void **state)
{
	struct doubts d = parsed(" ofs-delta qip-doubt=kib,hardware,1795398039000 qip-log=7 qip-doubt=fleckney-2,head,12 agent=qip/1");

	(void)state;
	assert_int_equal(d.len, 2);
	assert_string_equal(d.list[0].device, "kib");
	assert_int_equal(d.list[0].by, HOME_DOUBT_HARDWARE);
	assert_true(d.list[0].at_ms == INT64_C(1795398039000));
	assert_string_equal(d.list[1].device, "fleckney-2");
	assert_int_equal(d.list[1].by, HOME_DOUBT_HEAD);
}

static void leaves_out_what_is_not_well_formed(void **state)
{
	static const char *const bad[] = {
		"", " qip-doubt=", " qip-doubt=kib", " qip-doubt=kib,head", " qip-doubt=kib,head,", " qip-doubt=kib,other,12", " qip-doubt=Kib,head,12",
		" qip-doubt=kib,head,-12", " qip-doubt=kib,head,1234567890123456", " qip-doubt=kib,headheadheadhead,12", " qip-doubt=,head,12", "qip-doubt=kib,head,12",
		" qip-doubt=aaaaaaaaaabbbbbbbbbbccccccccccdddddddddde,head,12",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct doubts d = parsed(bad[i]);

		assert_int_equal(d.len, 0);
	}
}

static void takes_no_more_than_it_has_room_for(void **state)
{
	struct buf text = BUF_INIT;
	struct doubts d;

	(void)state;
	for (int i = 0; i < LIMIT_DOUBTS + 3; i++)
		buf_addf(&text, " qip-doubt=kib-%d,head,12", i);
	d = parsed(buf_text(&text));
	assert_int_equal(d.len, LIMIT_DOUBTS);
	buf_clear(&text);
}

static void a_home_keeps_what_it_was_told_last_and_no_file_where_there_is_nothing(void **state)
{
	char dir[] = "/tmp/qip-doubts-XXXXXX";
	struct doubts told = parsed(" qip-doubt=kib,hardware,1795398039000 qip-doubt=fleckney-2,head,12"), none = parsed(""), kept;
	struct qip q = {.dir = -1};

	(void)state;
	assert_non_null(mkdtemp(dir));
	q.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	doubts_load(&kept, &q);
	assert_int_equal(kept.len, 0);
	doubts_keep(&told, &q);
	doubts_load(&kept, &q);
	assert_int_equal(kept.len, 2);
	assert_string_equal(kept.list[1].device, "fleckney-2");
	assert_true(kept.list[0].at_ms == told.list[0].at_ms && kept.list[0].by == HOME_DOUBT_HARDWARE && kept.list[1].by == HOME_DOUBT_HEAD);
	doubts_keep(&none, &q);
	assert_int_not_equal(faccessat(q.dir, "doubts.json", F_OK, 0), 0);
	assert_int_equal(files_write(q.dir, "doubts.json", "{", 1, 0600, NULL), STATUS_OK);
	doubts_load(&kept, &q);
	assert_int_equal(kept.len, 0);
	assert_int_equal(files_remove(q.dir, "doubts.json", NULL), STATUS_OK);
	assert_int_equal(close(q.dir), 0);
	(void)rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_that_is_told_among_other_capabilities),
		cmocka_unit_test(leaves_out_what_is_not_well_formed),
		cmocka_unit_test(takes_no_more_than_it_has_room_for),
		cmocka_unit_test(a_home_keeps_what_it_was_told_last_and_no_file_where_there_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
