/* tests/client/test_batches.c - two thousand answers that waited go in batches, each on its own receipt: wherever that breaks off, all arrive once. */
#include "tests/client/practice.h"

#define ANSWERS 2000
#define PLACES 10

static struct practice p;
static struct proxy line;
static struct qip *boss, *kiosk;

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	proxy_start(&line, &p);
	boss = practice_manager(&p, "manager");
	kiosk = practice_device(&p, boss, "kib-kiosk", ROLE_KIOSK);
	(void)practice_sync(kiosk);
	practice_answers(kiosk, ANSWERS);
	qip_close(kiosk);
	practice_kill(&p, SIGTERM);
	practice_copy(practice_path(&p, "server"), practice_path(&p, "server.before"));
	practice_copy(practice_path(&p, "kib-kiosk"), practice_path(&p, "kiosk.before"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(boss);
	proxy_stop(&line);
	practice_stop(&p);
	return 0;
}

/* Server and kiosk as they were before anything was sent. */
static void rewind_all(void)
{
	practice_kill(&p, SIGKILL);
	practice_remove(practice_path(&p, "server"));
	practice_remove(practice_path(&p, "kib-kiosk"));
	practice_copy(practice_path(&p, "server.before"), practice_path(&p, "server"));
	practice_copy(practice_path(&p, "kiosk.before"), practice_path(&p, "kib-kiosk"));
	practice_serve(&p);
	atomic_store(&line.reply_bytes, PROXY_ALL);
}

static int answers_at_server(void)
{
	char command[PRACTICE_PATH * 3], text[32] = "";
	FILE *f;

	(void)snprintf(command, sizeof(command), "git -C '%s' ls-tree -r --name-only main feedback/ | wc -l", practice_path(&p, "server/C82999/history.git"));
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	assert_int_equal(pclose(f), 0);
	return atoi(text);
}

/* What the kiosk takes for sent is at the server, and then all is. */
static void goes_on(void)
{
	struct qip *q = practice_open(&p, "kib-kiosk");
	uint64_t waiting = 0;

	OK(qip_waiting(&waiting, q, &last_error));
	assert_true(answers_at_server() >= ANSWERS - (int)waiting);
	assert_int_equal(practice_sync(q).waiting, 0);
	assert_int_equal(answers_at_server(), ANSWERS);
	qip_close(q);
}

static void they_go_in_four_commits(void **state)
{
	struct qip_sync_report report;
	struct qip *q;

	(void)state;
	rewind_all();
	q = practice_open(&p, "kib-kiosk");
	report = practice_sync(q);
	assert_int_equal(report.commits_sent, ANSWERS / 500);
	assert_int_equal(report.records_sent, ANSWERS);
	qip_close(q);
	assert_int_equal(answers_at_server(), ANSWERS);
}

static void the_line_breaks_at_any_place_of_what_the_server_says(void **state)
{
	struct qip_sync_report report;
	struct qip *q;
	int failed = 0;
	long all;

	(void)state;
	rewind_all();
	q = practice_open(&p, "kib-kiosk");
	(void)practice_sync(q);
	all = PROXY_ALL - atomic_load(&line.reply_bytes);
	qip_close(q);
	for (long i = 0; i < PLACES; i++) {
		rewind_all();
		q = practice_open(&p, "kib-kiosk");
		atomic_store(&line.reply_bytes, i + 1 < PLACES ? all * i / PLACES : all - 1);
		failed += qip_sync(q, &report, &last_error) != STATUS_OK;
		atomic_store(&line.reply_bytes, PROXY_ALL);
		qip_close(q);
		goes_on();
	}
	assert_true(failed > PLACES / 2); /* what ends the last answer may be missed by nobody */
}

/* The exit status of a sync that dies at the n-th look at a clock, or does not. */
static int sync_dying_at(int n)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct qip_sync_report report;
		struct dying d;
		struct qip *q = NULL;

		dying_init(&d, n);
		if (qip_open(&q, &(struct qip_options){.home = practice_path(&p, "kib-kiosk"), .env = &d.env}, &last_error) != STATUS_OK)
			_exit(1);
		_exit(qip_sync(q, &report, &last_error) == STATUS_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void the_power_fails_at_any_step(void **state)
{
	int died = 0;

	(void)state;
	for (int n = 0;; n += 3) {
		int status;

		rewind_all();
		status = sync_dying_at(n);
		goes_on();
		if (status == 0)
			break;
		assert_int_equal(status, 42);
		died++;
	}
	assert_true(died > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_go_in_four_commits),
		cmocka_unit_test(the_line_breaks_at_any_place_of_what_the_server_says),
		cmocka_unit_test(the_power_fails_at_any_step),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
