/* tests/kiosk/test_keeper.c - a real kiosk's home beside a real server: answers kept, disks that fail, syncs that bring the survey. */
#include "tests/client/practice.h"

#include <errno.h>
#include <sys/syscall.h>

#include "kiosk/keeper.h"
#include "tests/support/damage.h"

/* The disk's confirmation, made to fail at will: this definition takes the place of the C library's. */
static atomic_int confirmations_to_fail;
int fdatasync(int fd)
{
	if (atomic_load(&confirmations_to_fail) > 0) {
		atomic_fetch_sub(&confirmations_to_fail, 1);
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

static struct practice p;
static struct qip *boss;

static int set_up(void **state)
{
	(void)state;
	atomic_store(&confirmations_to_fail, 0);
	practice_start(&p);
	boss = practice_manager(&p, "manager");
	qip_close(practice_device(&p, boss, "kib-kiosk", ROLE_KIOSK));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(boss);
	practice_stop(&p);
	return 0;
}

static struct keeper *open_keeper(void)
{
	struct keeper *k = NULL;

	OK(keeper_open(&k, practice_path(&p, "kib-kiosk"), env_system(), &last_error));
	return k;
}

static struct keeper *open_synced(void)
{
	struct keeper *k = open_keeper();
	uint64_t sent = 0;

	OK(keeper_sync(k, &sent, &last_error));
	return k;
}

static enum status keep(struct keeper *k, const char *id, const char *comment)
{
	cJSON *answers = cJSON_CreateObject();
	enum status st = STATUS_OK;

	OK(json_set_string(answers, "experience", "good"));
	st = keeper_keep(k, &(struct qip_answer){.id = id, .survey = "fft", .survey_version = 1, .language = "en", .mode = "kiosk", .answers = answers,
						 .comment = comment}, &last_error);
	cJSON_Delete(answers);
	return st;
}

static void keep_new(struct keeper *k, const char *comment)
{
	char id[ID_TEXT_LEN + 1];

	OK(id_make(id, env_system()));
	OK(keep(k, id, comment));
}

static void asks_keeps_and_sends(void **state)
{
	struct keeper *k = open_synced();
	struct screen screen;
	struct standing s;
	uint64_t sent = 0;

	(void)state;
	keeper_screen(k, &screen);
	assert_string_equal(screen.practice, "High Street");
	assert_string_equal(json_string(screen_shown(&screen, 0), "id"), "fft");
	assert_int_equal(screen.languages_len, 1); /* no drafts */
	assert_true(screen.comments);
	screen_close(&screen);
	keep_new(k, NULL);
	keep_new(k, "a comment");
	keeper_standing(k, &s);
	assert_string_equal(s.device, "kib-kiosk");
	assert_string_equal(s.site, "kibworth");
	assert_int_equal(s.last, 2);
	assert_int_equal(s.waiting, 2);
	OK(keeper_sync(k, &sent, &last_error));
	assert_int_equal(sent, 2);
	keeper_standing(k, &s);
	assert_int_equal(s.waiting, 0);
	assert_true(s.last_sync_ms > 0);
	keeper_close(k);
	k = open_keeper();
	keeper_standing(k, &s);
	assert_int_equal(s.last, 2);
	assert_int_equal(s.waiting, 0);
	keeper_close(k);
}

static void leaves_the_home_free_for_other_programs(void **state)
{
	struct keeper *k = open_synced();
	struct keeper *second = NULL;
	struct qip *q = NULL;
	uint64_t waiting = 0;

	(void)state;
	keep_new(k, NULL);
	OK(qip_open(&q, &(struct qip_options){.home = practice_path(&p, "kib-kiosk")}, &last_error));
	OK(qip_waiting(&waiting, q, &last_error));
	assert_int_equal(waiting, 1);
	assert_int_equal(practice_sync(q).records_sent, 1);
	qip_close(q);
	FAILS(keeper_open(&second, practice_path(&p, "kib-kiosk"), env_system(), &last_error), STATUS_BUSY); /* two kiosks would count twice */
	keep_new(k, NULL);
	keeper_close(k);
}

/* What a browser does after the kiosk was killed between the disk's confirmation and the thanks. */
static void the_same_answer_again_after_a_kill_is_kept_once(void **state)
{
	struct keeper *k = open_synced();
	struct standing s;
	char id[ID_TEXT_LEN + 1];

	(void)state;
	OK(id_make(id, env_system()));
	OK(keep(k, id, NULL));
	keeper_close(k);
	k = open_keeper();
	assert_true(keeper_kept(k, id));
	FAILS(keep(k, id, NULL), STATUS_EXISTS);
	keeper_standing(k, &s);
	assert_int_equal(s.last, 1);
	assert_int_equal(s.waiting, 1);
	keeper_close(k);
}

static void goes_on_after_the_disk_failed_once(void **state)
{
	struct keeper *k = open_synced();
	char id[ID_TEXT_LEN + 1];
	struct standing s;
	uint64_t sent = 0;

	(void)state;
	keep_new(k, NULL);
	OK(id_make(id, env_system()));
	atomic_store(&confirmations_to_fail, 1);
	FAILS(keep(k, id, NULL), STATUS_IO);
	FAILS(keep(k, id, NULL), STATUS_EXISTS); /* it had been written, and is confirmed now */
	keep_new(k, NULL);
	keeper_standing(k, &s);
	assert_int_equal(s.last, 3);
	OK(keeper_sync(k, &sent, &last_error));
	assert_int_equal(sent, 3);
	keeper_close(k);
}

/* A sync over a bad line takes long, and holds the home. */
static void does_not_wait_for_a_sync_to_go_on_after_the_disk_failed(void **state)
{
	struct keeper *k = open_synced();
	struct qip *q = NULL;
	char id[ID_TEXT_LEN + 1];

	(void)state;
	OK(id_make(id, env_system()));
	OK(qip_open(&q, &(struct qip_options){.home = practice_path(&p, "kib-kiosk")}, &last_error));
	atomic_store(&confirmations_to_fail, 1);
	FAILS(keep(k, id, NULL), STATUS_IO);
	keep_new(k, NULL);
	FAILS(keep(k, id, NULL), STATUS_EXISTS);
	assert_int_equal(practice_sync(q).records_sent, 2);
	qip_close(q);
	keeper_close(k);
}

static void never_claims_what_a_dead_disk_did_not_keep(void **state)
{
	struct keeper *k = open_synced();
	char id[ID_TEXT_LEN + 1];
	struct standing s;

	(void)state;
	OK(id_make(id, env_system()));
	atomic_store(&confirmations_to_fail, 100);
	for (int i = 0; i < 3; i++)
		FAILS(keep(k, id, NULL), STATUS_IO);
	keeper_standing(k, &s);
	assert_int_equal(s.last, 0);
	keeper_close(k);
}

/* Somebody tidied up, or a disk was changed under a running kiosk. */
static void goes_on_where_its_folder_was_when_that_is_taken_away(void **state)
{
	struct keeper *k = open_synced();
	struct standing s;
	uint64_t sent = 0;

	(void)state;
	keep_new(k, NULL);
	OK(keeper_sync(k, &sent, &last_error));
	practice_remove(practice_path(&p, "kib-kiosk/journal"));
	keep_new(k, NULL);
	keep_new(k, NULL);
	keeper_standing(k, &s);
	assert_int_equal(s.last, 3);
	assert_false(s.troubles & 1u << TROUBLE_DISK_ERRORS);
	OK(keeper_sync(k, &sent, &last_error));
	assert_int_equal(sent, 2);
	keeper_close(k);
}

static void starts_without_a_journal_that_can_be_written_and_takes_answers_once_it_can(void **state)
{
	const char *path = practice_path(&p, "kib-kiosk/journal");
	struct keeper *k = open_synced();
	struct standing s;
	char id[ID_TEXT_LEN + 1];
	uint64_t sent = 0;
	FILE *f = NULL;

	(void)state;
	keep_new(k, NULL);
	OK(keeper_sync(k, &sent, &last_error));
	keeper_close(k);
	practice_remove(path);
	f = fopen(path, "we"); /* in its way */
	assert_non_null(f);
	(void)fclose(f);
	k = open_keeper();
	keeper_standing(k, &s);
	assert_true(s.troubles & 1u << TROUBLE_DISK_ERRORS);
	assert_non_null(strstr(s.journal_error, "journal"));
	OK(id_make(id, env_system()));
	FAILS(keep(k, id, NULL), STATUS_IO);
	assert_int_equal(unlink(path), 0);
	OK(keep(k, id, NULL));
	keeper_standing(k, &s);
	assert_false(s.troubles & 1u << TROUBLE_DISK_ERRORS);
	assert_int_equal(s.last, 2);
	OK(keeper_sync(k, &sent, &last_error));
	assert_int_equal(sent, 1);
	keeper_close(k);
}

static void a_damaged_answer_is_told_as_lost_and_the_rest_arrives(void **state)
{
	struct keeper *k = open_synced();
	const char *path = practice_path(&p, "kib-kiosk/journal/00000000000000000001.qj");
	struct standing s;
	uint64_t sent = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		keep_new(k, NULL);
	keeper_close(k);
	flip(path, 150); /* in the contents of the first */
	k = open_keeper();
	keeper_standing(k, &s);
	assert_true(s.troubles & 1u << TROUBLE_LOST_RECORDS);
	keep_new(k, NULL);
	OK(keeper_sync(k, &sent, &last_error));
	assert_int_equal(sent, 4); /* one of them says that an answer was lost */
	keeper_standing(k, &s);
	assert_int_equal(s.damaged, 1);
	assert_true(s.troubles & 1u << TROUBLE_LOST_RECORDS); /* for a week from now on */
	keeper_close(k);
}

static void a_sync_without_a_server_loses_nothing(void **state)
{
	struct keeper *k = open_synced();
	struct standing s;
	uint64_t sent = 0;

	(void)state;
	practice_kill(&p, SIGKILL);
	keep_new(k, NULL);
	FAILS(keeper_sync(k, &sent, &last_error), STATUS_NETWORK);
	keep_new(k, NULL);
	keeper_standing(k, &s);
	assert_int_equal(s.waiting, 2);
	practice_serve(&p);
	OK(keeper_sync(k, &sent, &last_error));
	assert_int_equal(sent, 2);
	keeper_close(k);
}

static void asks_on_with_a_damaged_history_and_no_server_and_sends_all_once_it_is_there(void **state)
{
	static const char *const damaged[] = {"kib-kiosk/history.git/objects", "kib-kiosk/history.git/objects/pack"};
	struct screen screen;
	uint64_t sent = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
		struct keeper *k = open_synced();

		keep_new(k, "a comment");
		keeper_close(k);
		practice_kill(&p, SIGKILL);
		practice_remove(practice_path(&p, damaged[i]));
		k = open_keeper();
		keeper_screen(k, &screen);
		assert_string_equal(json_string(screen_shown(&screen, 0), "id"), "fft");
		assert_string_equal(screen.practice, "High Street");
		assert_true(screen.comments);
		screen_close(&screen);
		keep_new(k, "another");
		practice_serve(&p);
		OK(keeper_sync(k, &sent, &last_error));
		assert_int_equal(sent, 2);
		keeper_screen(k, &screen);
		assert_true(screen.languages_len > 0);
		screen_close(&screen);
		keep_new(k, NULL);
		keeper_close(k);
	}
}

static void asks_nothing_that_it_did_not_keep_itself(void **state)
{
	struct screen screen;
	struct keeper *k = open_synced();
	struct buf text = BUF_INIT;
	char *at = NULL;
	int dir = -1;

	(void)state;
	keeper_close(k);
	practice_kill(&p, SIGKILL);
	dir = open(practice_path(&p, "kib-kiosk"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OK(files_read(&text, dir, "basis.json", 1024 * 1024, &last_error));
	at = strstr(buf_text(&text), "\"generation\":1");
	assert_non_null(at);
	memcpy(at, "\"generation\":2", 14);
	OK(files_write(dir, "basis.json", text.data, text.len, 0600, &last_error));
	practice_remove(practice_path(&p, "kib-kiosk/history.git/objects"));
	k = open_keeper();
	keeper_screen(k, &screen);
	assert_int_equal(screen.languages_len, 0);
	screen_close(&screen);
	keeper_close(k);
	buf_clear(&text);
	assert_int_equal(close(dir), 0);
}

static void starts_while_another_program_has_the_home_and_keeps_answers(void **state)
{
	struct screen screen;
	struct standing s;
	struct qip *q = NULL;
	struct keeper *k = open_synced();
	uint64_t sent = 0;

	(void)state;
	keeper_close(k);
	OK(qip_open(&q, &(struct qip_options){.home = practice_path(&p, "kib-kiosk")}, &last_error));
	k = open_keeper();
	keeper_screen(k, &screen);
	assert_string_equal(json_string(screen_shown(&screen, 0), "id"), "fft");
	screen_close(&screen);
	keep_new(k, "a comment");
	keeper_standing(k, &s);
	assert_string_equal(s.device, "kib-kiosk");
	assert_int_equal(s.last, 1);
	qip_close(q);
	OK(keeper_sync(k, &sent, &last_error));
	assert_int_equal(sent, 1);
	keeper_close(k);
}

static void another_role_is_no_kiosk(void **state)
{
	struct keeper *k = NULL;

	(void)state;
	qip_close(practice_device(&p, boss, "fleckney", ROLE_STAFF));
	FAILS(keeper_open(&k, practice_path(&p, "fleckney"), env_system(), &last_error), STATUS_DENIED);
	FAILS(keeper_open(&k, practice_path(&p, "nowhere"), env_system(), &last_error), STATUS_NOT_FOUND);
	assert_null(k);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(asks_keeps_and_sends),
		TEST(leaves_the_home_free_for_other_programs),
		TEST(the_same_answer_again_after_a_kill_is_kept_once),
		TEST(goes_on_after_the_disk_failed_once),
		TEST(does_not_wait_for_a_sync_to_go_on_after_the_disk_failed),
		TEST(never_claims_what_a_dead_disk_did_not_keep),
		TEST(goes_on_where_its_folder_was_when_that_is_taken_away),
		TEST(starts_without_a_journal_that_can_be_written_and_takes_answers_once_it_can),
		TEST(a_damaged_answer_is_told_as_lost_and_the_rest_arrives),
		TEST(a_sync_without_a_server_loses_nothing),
		TEST(asks_on_with_a_damaged_history_and_no_server_and_sends_all_once_it_is_there),
		TEST(asks_nothing_that_it_did_not_keep_itself),
		TEST(starts_while_another_program_has_the_home_and_keeps_answers),
		TEST(another_role_is_no_kiosk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
