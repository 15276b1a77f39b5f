/* tests/client/test_incarnation.c - a kiosk's home tells whether it lies where it lay. */
#include "tests/client/practice.h"

#include "client/incarnation.h"

static struct practice p;
static struct qip *boss, *kiosk;

static char machine_now[ENV_HARDWARE_MAX], card_now[ENV_HARDWARE_MAX];
static struct env box;

static void box_machine(void *ctx, char out[ENV_HARDWARE_MAX])
{
	(void)ctx;
	memcpy(out, machine_now, ENV_HARDWARE_MAX);
}

static void box_card(void *ctx, int dir, char out[ENV_HARDWARE_MAX])
{
	(void)ctx;
	assert_true(dir >= 0);
	memcpy(out, card_now, ENV_HARDWARE_MAX);
}

static void in_box(const char *machine, const char *card)
{
	qip_close(kiosk);
	kiosk = NULL;
	(void)snprintf(machine_now, sizeof(machine_now), "%s", machine);
	(void)snprintf(card_now, sizeof(card_now), "%s", card);
	OK(qip_open(&kiosk, &(struct qip_options){.home = practice_path(&p, "kib-kiosk"), .env = &box, .lock_wait_ms = 5000}, &last_error));
}

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	boss = practice_manager(&p, "manager");
	box = *env_system();
	box.machine_id = box_machine;
	box.storage_serial = box_card;
	kiosk = practice_device(&p, boss, "kib-kiosk", ROLE_KIOSK);
	qip_close(kiosk);
	kiosk = NULL;
	assert_int_equal(unlink(practice_path(&p, "kib-kiosk/" INCARNATION_FILE)), 0); /* as a home of before, which notes where it is first */
	in_box("m1", "c1");
	assert_string_equal(qip_doubt(kiosk), "");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(kiosk);
	qip_close(boss);
	practice_stop(&p);
	return 0;
}

static void storage_decides_where_it_can_be_read_and_the_machine_elsewhere(void **state)
{
	static const struct {
		const char *machine, *storage, *machine_then, *storage_then;
		bool copy;
	} cases[] = {
		{"m1", "c1", "m1", "c1", false}, {"m1", "c1", "m2", "c1", false}, {"m1", "c1", "m1", "c2", true}, {"m1", "c1", "m2", "c2", true},
		{"m1", "", "m1", "c1", false},   {"m1", "", "m2", "c1", true},    {"m1", "c1", "m1", "", false},  {"m1", "c1", "m2", "", true},
		{"m1", "device/wwid=w1", "m2", "device/serial=s1\ndevice/wwid=w1\n", false}, /* a newer kernel shows more */
		{"m1", "device/serial=s1\ndevice/wwid=w1\n", "m2", "device/serial=s2\ndevice/wwid=w1\n", false},
		{"m1", "device/cid=c1\ndevice/serial=0\n", "m1", "device/cid=c2\ndevice/serial=0\n", true}, /* cheap cards count from 0 */
		{"m1", "device/wwid=w1", "m1", "device/serial=s1", false}, /* nothing to compare */
		{"m1", "device/wwid=w1", "m2", "device/serial=s1", true},
		{"m1", "device/serial=s1\ndevice/wwid=w1\n", "m1", "device/serial=s2\ndevice/wwid=w2\n", true},
		{"m1", "w1", "m2", "device/serial=s1\ndevice/wwid=w1\n", false}, /* noted before places were */
		{"m1", "w2", "m1", "device/serial=s1\ndevice/wwid=w1\n", true},
		{"", "c1", "m1", "c1", false},   {"", "c1", "m1", "", false},     {"m1", "", "", "", false},      {"", "", "m1", "c1", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct storage_id before, then;

		storage_id_parse(&before, cases[i].storage);
		storage_id_parse(&then, cases[i].storage_then);
		assert_int_equal(incarnation_is_copy(cases[i].machine, &before, cases[i].machine_then, &then), cases[i].copy);
	}
}

static void a_copy_opens_in_doubt_does_not_sync_and_is_itself_again_in_its_place(void **state)
{
	struct qip_sync_report report;

	(void)state;
	in_box("m1", "c2");
	assert_non_null(strstr(qip_doubt(kiosk), "another machine or card"));
	FAILS(qip_sync(kiosk, &report, &last_error), STATUS_UNTRUSTED);
	assert_non_null(strstr(last_error.text, "qip-kiosk join URL CODE"));
	in_box("m2", "c2");
	assert_true(qip_doubt(kiosk)[0]);
	in_box("m1", "c1");
	assert_string_equal(qip_doubt(kiosk), "");
	(void)practice_sync(kiosk);
}

static void a_card_that_moves_takes_its_new_machine_as_its_own(void **state)
{
	(void)state;
	in_box("m3", "c1");
	assert_string_equal(qip_doubt(kiosk), "");
	in_box("m3", ""); /* the serial number cannot be read any more: the machine is known by now */
	assert_string_equal(qip_doubt(kiosk), "");
	in_box("m1", "");
	assert_true(qip_doubt(kiosk)[0]);
	in_box("m3", "c1");
	assert_string_equal(qip_doubt(kiosk), "");
}

static void hardware_that_tells_nothing_is_no_reason_for_doubt(void **state)
{
	(void)state;
	in_box("", "");
	assert_string_equal(qip_doubt(kiosk), "");
	in_box("m3", "c1");
	assert_string_equal(qip_doubt(kiosk), "");
}

static void the_file_tells_nobody_the_numbers_themselves(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	in_box("secret-machine", "c1");
	OK(files_read(&text, kiosk->dir, INCARNATION_FILE, 4096, &last_error));
	assert_null(strstr(buf_text(&text), "secret-machine"));
	buf_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(storage_decides_where_it_can_be_read_and_the_machine_elsewhere),
		cmocka_unit_test(a_copy_opens_in_doubt_does_not_sync_and_is_itself_again_in_its_place),
		cmocka_unit_test(a_card_that_moves_takes_its_new_machine_as_its_own),
		cmocka_unit_test(hardware_that_tells_nothing_is_no_reason_for_doubt),
		cmocka_unit_test(the_file_tells_nobody_the_numbers_themselves),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
