/* tests/client/test_anew.c - a kiosk's damaged copy of the history is put aside and asked for anew; the journal goes on. */
#include "tests/client/kiosk_fixture.h"

#include "client/anew.h"

static struct qip_capture *screen; /* a kiosk's that runs: what it asks it has in memory */
static int given;

static enum status open_kiosk(void)
{
	qip_close(kiosk);
	kiosk = NULL;
	return qip_open(&kiosk, &(struct qip_options){.home = practice_path(&p, "kib-kiosk"), .lock_wait_ms = 5000}, &last_error);
}

static void answer(int count)
{
	char id[ID_TEXT_LEN + 1];
	uint64_t seq = 0;

	for (int i = 0; i < count; i++) {
		OK(id_make(id, env_system()));
		OK(practice_capture(screen, id, "good", NULL, &seq));
	}
	given += count;
}

static int set_up_screen(void **state)
{
	set_up(state);
	(void)practice_sync(kiosk);
	OK(qip_capture_open(&screen, kiosk, &last_error));
	return 0;
}

static int tear_down_screen(void **state)
{
	qip_capture_close(screen);
	return tear_down(state);
}

static void flip(const char *path)
{
	struct stat there;
	unsigned char bytes[16];
	int fd = -1;

	assert_int_equal(chmod(path, 0600), 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &there), 0);
	for (off_t at = there.st_size / 8; at < there.st_size - 40; at += 64) { /* in every object of some length */
		assert_int_equal(pread(fd, bytes, sizeof(bytes), at), sizeof(bytes));
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] ^= 0x55;
		assert_int_equal(pwrite(fd, bytes, sizeof(bytes), at), sizeof(bytes));
	}
	(void)close(fd);
}

static int flip_pack(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	size_t len = strlen(path);

	(void)st;
	(void)ftw;
	if (kind == FTW_F && len > 5 && strcmp(path + len - 5, ".pack") == 0)
		flip(path);
	return 0;
}

enum harm { GONE, SHORT, FLIPPED };

static void harm(const char *what, enum harm how)
{
	char path[PRACTICE_PATH];

	(void)snprintf(path, sizeof(path), "kib-kiosk/history.git/%s", what);
	if (how == GONE)
		practice_remove(practice_path(&p, path));
	else if (how == FLIPPED)
		assert_int_equal(nftw(practice_path(&p, path), flip_pack, 16, FTW_PHYS), 0);
	else
		assert_int_equal(truncate(practice_path(&p, path), 20), 0);
}

static void all_there_once(void)
{
	(void)practice_sync(boss);
	assert_int_equal(practice_count(boss, "feedback/kib-kiosk"), given);
}

static bool put_aside(void)
{
	return access(practice_path(&p, "kib-kiosk/history.damaged"), F_OK) == 0;
}

static void damage_of_any_kind_neither_loses_nor_doubles_an_answer(void **state)
{
	static const struct {
		const char *what;
		enum harm how;
	} cases[] = {{"", GONE}, {"HEAD", GONE}, {"config", SHORT}, {"refs/devices/kib-kiosk", SHORT}, {"refs/qip/work", SHORT},
		     {"refs/kiosk/config", SHORT}, {"objects/pack", GONE}, {"objects/pack", FLIPPED}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		answer(3);
		assert_int_equal(practice_sync(kiosk).waiting, 0);
		answer(2);
		qip_close(kiosk);
		kiosk = NULL;
		harm(cases[i].what, cases[i].how);
		OK(open_kiosk());
		answer(1);
		assert_int_equal(practice_sync(kiosk).waiting, 0);
		assert_false(put_aside());
		assert_string_equal(qip_doubt(kiosk), "");
		all_there_once();
	}
}

/* It is not made durable at each receipt. */
static void an_own_ref_that_a_power_cut_took_back_puts_nothing_aside(void **state)
{
	char path[PRACTICE_PATH], before[64] = "";
	FILE *f = NULL;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s", practice_path(&p, "kib-kiosk/history.git/refs/devices/kib-kiosk"));
	for (int i = 0; i < 3; i++) { /* empty, older, missing */
		f = fopen(path, "re");
		assert_non_null(f);
		assert_non_null(fgets(before, sizeof(before), f));
		assert_int_equal(fclose(f), 0);
		answer(3);
		assert_int_equal(practice_sync(kiosk).waiting, 0);
		answer(1);
		qip_close(kiosk);
		kiosk = NULL;
		assert_int_equal(unlink(path), 0);
		if (i < 2) {
			f = fopen(path, "we");
			assert_non_null(f);
			assert_true(i == 0 || fputs(before, f) >= 0);
			assert_int_equal(fclose(f), 0);
		}
		OK(open_kiosk());
		assert_false(put_aside());
		assert_int_equal(practice_sync(kiosk).waiting, 0);
		assert_string_equal(qip_doubt(kiosk), "");
		all_there_once();
	}
}

static void damage_that_only_a_reader_meets_is_healed_when_told(void **state)
{
	const struct registry *reg = NULL;

	(void)state;
	assert_false(qip_heal(kiosk));
	qip_close(kiosk);
	kiosk = NULL;
	harm("objects/pack", FLIPPED);
	OK(open_kiosk());
	assert_int_not_equal(view_registry(&reg, kiosk, &last_error), STATUS_OK);
	assert_true(qip_heal(kiosk));
	assert_true(put_aside());
	assert_false(qip_heal(kiosk));
	OK(open_kiosk()); /* before it synced */
	(void)practice_sync(kiosk);
	OK(view_registry(&reg, kiosk, &last_error));
	assert_false(put_aside());
}

static void without_the_server_answers_are_kept_and_sent_later(void **state)
{
	struct qip_sync_report report;

	(void)state;
	qip_close(kiosk);
	kiosk = NULL;
	harm("refs/devices/kib-kiosk", SHORT);
	OK(open_kiosk());
	practice_kill(&p, SIGKILL);
	answer(2);
	FAILS(qip_sync(kiosk, &report, &last_error), STATUS_NETWORK);
	OK(open_kiosk());
	answer(1);
	practice_serve(&p);
	assert_int_equal(practice_sync(kiosk).waiting, 0);
	all_there_once();
}

static void an_older_state_of_the_card_is_not_taken_for_damage_alone(void **state)
{
	struct qip_sync_report report;

	(void)state;
	answer(1);
	qip_close(kiosk);
	kiosk = NULL;
	practice_copy(practice_path(&p, "kib-kiosk"), practice_path(&p, "older"));
	OK(open_kiosk());
	answer(1);
	(void)practice_sync(kiosk);
	qip_capture_close(screen);
	qip_close(kiosk);
	kiosk = NULL;
	practice_remove(practice_path(&p, "kib-kiosk"));
	practice_copy(practice_path(&p, "older"), practice_path(&p, "kib-kiosk"));
	OK(open_kiosk());
	OK(qip_capture_open(&screen, kiosk, &last_error));
	given -= 2;
	answer(2); /* one of them under a number that was sent with another answer */
	qip_close(kiosk);
	kiosk = NULL;
	harm("", GONE);
	OK(open_kiosk());
	FAILS(qip_sync(kiosk, &report, &last_error), STATUS_UNTRUSTED);
	assert_true(qip_doubt(kiosk)[0]);
	all_there_once();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damage_of_any_kind_neither_loses_nor_doubles_an_answer),
		cmocka_unit_test(an_own_ref_that_a_power_cut_took_back_puts_nothing_aside),
		cmocka_unit_test(damage_that_only_a_reader_meets_is_healed_when_told),
		cmocka_unit_test(without_the_server_answers_are_kept_and_sent_later),
		cmocka_unit_test(an_older_state_of_the_card_is_not_taken_for_damage_alone),
	};

	return cmocka_run_group_tests(tests, set_up_screen, tear_down_screen);
}
