/* tests/server/test_doubts.c - the note of kiosks in doubt: one for each, for as long as it says something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/doubts.h"

#define HOUR_MS (3600 * 1000LL)
#define NOW_MS 1795398039000LL
#define ok(call) assert_int_equal((call), STATUS_OK)

static struct practice p;
static struct device devices[3];
static struct registry reg;
static struct key *key;

/* Two kiosks; a third, not joined yet, may take the first one's name over. */
static int set_up(void **state)
{
	char dir[] = "/tmp/qip-doubts-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(dir));
	p = (struct practice){.ods = "C82999"};
	(void)snprintf(p.dir, sizeof(p.dir), "%s", dir);
	ok(key_generate(&key, NULL));
	memset(devices, 0, sizeof(devices));
	for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
		(void)snprintf(devices[i].id, sizeof(devices[i].id), "kib-%zu", i);
		devices[i].role = ROLE_KIOSK;
		devices[i].key = i < 2 ? key : NULL;
	}
	reg = (struct registry){.devices = devices, .devices_len = ARRAY_LEN(devices)};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	key_free(key);
	return file_remove_tree(p.dir, NULL) == STATUS_OK ? 0 : -1;
}

static void assert_told(int64_t now_ms, const char *expected)
{
	struct buf out = BUF_INIT;

	doubts_tell(&out, &p, &reg, now_ms);
	assert_string_equal(buf_text(&out), expected);
	buf_clear(&out);
}

static ino_t file_number(void)
{
	char path[FILE_PATH_MAX];
	struct stat st;

	ok(file_path(path, p.dir, DOUBTS_FILE, NULL));
	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static void tells_each_kiosk_once_with_its_last_word(void **state)
{
	(void)state;
	assert_told(NOW_MS, "");
	ok(doubts_note(&p, &reg, "kib-0", "hardware", NOW_MS, NULL));
	ok(doubts_note(&p, &reg, "kib-1", "head", NOW_MS, NULL));
	ok(doubts_note(&p, &reg, "kib-0", "head", NOW_MS + 5, NULL));
	assert_told(NOW_MS, " qip-doubt=kib-0,head,1795398039005 qip-doubt=kib-1,head,1795398039000");
}

static void refuses_a_reason_of_anybodys_making(void **state)
{
	(void)state;
	assert_int_equal(doubts_note(&p, &reg, "kib-0", "because", NOW_MS, NULL), STATUS_MALFORMED);
	assert_int_equal(doubts_note(&p, &reg, "kib-0", NULL, NOW_MS, NULL), STATUS_MALFORMED);
	assert_told(NOW_MS, "");
}

static void the_same_word_is_written_once_an_hour(void **state)
{
	ino_t before = 0;

	(void)state;
	ok(doubts_note(&p, &reg, "kib-0", "hardware", NOW_MS, NULL));
	before = file_number();
	ok(doubts_note(&p, &reg, "kib-0", "hardware", NOW_MS + HOUR_MS - 1, NULL));
	assert_true(file_number() == before);
	assert_told(NOW_MS, " qip-doubt=kib-0,hardware,1795398039000");
	ok(doubts_note(&p, &reg, "kib-0", "hardware", NOW_MS + HOUR_MS, NULL));
	assert_told(NOW_MS, " qip-doubt=kib-0,hardware,1795401639000");
	ok(doubts_note(&p, &reg, "kib-0", "hardware", NOW_MS, NULL)); /* the server's clock was set right: it must not be noted for years */
	assert_told(NOW_MS, " qip-doubt=kib-0,hardware,1795398039000");
}

static void eight_days_after_the_last_word_it_is_over(void **state)
{
	(void)state;
	ok(doubts_note(&p, &reg, "kib-0", "hardware", NOW_MS, NULL));
	assert_told(NOW_MS + 8 * 24 * HOUR_MS - 1, " qip-doubt=kib-0,hardware,1795398039000");
	assert_told(NOW_MS + 8 * 24 * HOUR_MS, "");
}

static void it_is_over_once_a_kiosk_took_the_name_over_and_a_further_copy_is_told_again(void **state)
{
	(void)state;
	ok(doubts_note(&p, &reg, "kib-0", "hardware", NOW_MS, NULL));
	memcpy(devices[2].replaces, "kib-0", sizeof("kib-0"));
	devices[2].key = key;
	assert_told(NOW_MS, "");
	ok(doubts_note(&p, &reg, "kib-0", "hardware", NOW_MS + 1, NULL));
	assert_told(NOW_MS, " qip-doubt=kib-0,hardware,1795398039001");
}

static void it_is_over_with_the_name(void **state)
{
	(void)state;
	ok(doubts_note(&p, &reg, "kib-0", "hardware", NOW_MS, NULL));
	ok(doubts_note(&p, &reg, "kib-1", "hardware", NOW_MS, NULL));
	devices[0].revoked = true;
	memcpy(devices[1].replaced_by, "kib-2", sizeof("kib-2"));
	assert_told(NOW_MS, "");
}

static void a_damaged_note_is_made_anew(void **state)
{
	char path[FILE_PATH_MAX];

	(void)state;
	ok(file_path(path, p.dir, DOUBTS_FILE, NULL));
	ok(file_write(path, "{\"devices\":7}", 13, 0644, NULL));
	assert_told(NOW_MS, "");
	ok(doubts_note(&p, &reg, "kib-0", "head", NOW_MS, NULL));
	assert_told(NOW_MS, " qip-doubt=kib-0,head,1795398039000");
	ok(file_write(path, "{\"devi", 6, 0644, NULL));
	ok(doubts_note(&p, &reg, "kib-1", "head", NOW_MS, NULL));
	assert_told(NOW_MS, " qip-doubt=kib-1,head,1795398039000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_each_kiosk_once_with_its_last_word, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_a_reason_of_anybodys_making, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_same_word_is_written_once_an_hour, set_up, tear_down),
		cmocka_unit_test_setup_teardown(eight_days_after_the_last_word_it_is_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_is_over_once_a_kiosk_took_the_name_over_and_a_further_copy_is_told_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_is_over_with_the_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_damaged_note_is_made_anew, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
