/* tests/client/test_sync.c - visits to a real server: what is sent arrives once, whatever fails in between. */
#include "tests/client/practice.h"

#include "client/files.h"

static struct practice p;
static struct proxy line;
static struct qip *boss, *fleckney, *kiosk;

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	proxy_start(&line, &p);
	boss = practice_manager(&p, "manager");
	fleckney = practice_device(&p, boss, "fleckney", ROLE_STAFF);
	kiosk = practice_device(&p, boss, "kib-kiosk", ROLE_KIOSK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(boss);
	qip_close(fleckney);
	qip_close(kiosk);
	proxy_stop(&line);
	practice_stop(&p);
	return 0;
}

/* Lines of the server's log that hold the text. */
static int logged(const char *text)
{
	FILE *f = fopen(practice_path(&p, "server.log"), "r");
	char row[2048];
	int count = 0;

	assert_non_null(f);
	while (fgets(row, sizeof(row), f))
		count += strstr(row, text) != NULL;
	(void)fclose(f);
	return count;
}

static void an_edit_of_one_site_reaches_the_other(void **state)
{
	struct qip_sync_report report;
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	uint64_t waiting = 0;

	(void)state;
	practice_add_action(path, boss, "QIP-01");
	OK(qip_waiting(&waiting, boss, &last_error));
	assert_int_equal(waiting, 1);
	report = practice_sync(boss);
	assert_int_equal(report.commits_sent, 1);
	assert_int_equal(report.records_sent, 1);
	assert_true(report.merges_received >= 1);
	assert_int_equal(report.waiting, 0);
	report = practice_sync(fleckney);
	assert_int_equal(report.commits_sent, 0);
	OK(qip_read(&record, fleckney, path, &last_error));
	assert_string_equal(json_string(record, "ref"), "QIP-01");
	cJSON_Delete(record);
}

static void two_sites_edit_offline_and_both_see_both_values(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *one = NULL, *two = NULL;

	(void)state;
	practice_add_action(path, boss, "QIP-02");
	(void)practice_sync(boss);
	(void)practice_sync(fleckney);
	practice_set(boss, path, "status", "green");
	practice_set(fleckney, path, "status", "amber");
	(void)practice_sync(boss);
	(void)practice_sync(fleckney);
	(void)practice_sync(boss);
	OK(qip_read(&one, boss, path, &last_error));
	OK(qip_read(&two, fleckney, path, &last_error));
	assert_true(json_equal(one, two));
	assert_int_equal(record_conflicts(one), 1);
	assert_string_equal(json_string(one, "status"), "amber"); /* the more severe shows */
	cJSON_Delete(one);
	cJSON_Delete(two);
}

static void with_nothing_to_do_it_costs_one_request(void **state)
{
	int before = 0;

	(void)state;
	(void)practice_sync(kiosk); /* has something to say of its clock */
	(void)practice_sync(fleckney);
	before = logged("msg=request");
	(void)practice_sync(fleckney);
	assert_int_equal(logged("msg=request"), before + 1);
	(void)practice_sync(kiosk);
	assert_int_equal(logged("msg=request"), before + 2);
}

static void a_kiosks_answers_arrive_in_order_and_in_few_pushes(void **state)
{
	struct qip_sync_report report;
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	uint64_t waiting = 0;
	int pushes = logged("git-receive-pack");

	(void)state;
	practice_answers(kiosk, 1100);
	OK(qip_waiting(&waiting, kiosk, &last_error));
	assert_int_equal(waiting, 1100);
	report = practice_sync(kiosk);
	assert_int_equal(report.answers_committed, 1100);
	assert_int_equal(report.commits_sent, 3);
	assert_int_equal(report.records_sent, 1100);
	assert_int_equal(report.waiting, 0);
	assert_int_equal(logged("git-receive-pack"), pushes + 3);
	(void)practice_sync(boss);
	assert_int_equal(practice_count(boss, "feedback/kib-kiosk"), 1100);
	policy_feedback_path(path, "kib-kiosk", 1100);
	OK(qip_read(&record, boss, path, &last_error));
	assert_string_equal(json_string(record, "site"), "kibworth");
	cJSON_Delete(record);
}

/* The host's own limits; "" for the usual ones. */
static void serve_with(const char *limits)
{
	FILE *f = fopen(practice_path(&p, "server/server.json"), "w");

	practice_kill(&p, SIGTERM);
	assert_non_null(f);
	assert_true(fprintf(f, "{\"hosts\":[\"localhost\"]%s,\"schema\":\"server/1\"}", limits) > 0);
	assert_int_equal(fclose(f), 0);
	practice_serve(&p);
}

static void a_host_that_takes_less_at_once_gets_it_in_parts_and_no_answer_is_void(void **state)
{
	struct qip_sync_report report;
	int before = 0;

	(void)state;
	(void)practice_sync(boss);
	before = practice_count(boss, "feedback/kib-kiosk");
	serve_with(",\"limits\":{\"push_paths\":600}");
	practice_answers(kiosk, 601);
	report = practice_sync(kiosk);
	assert_int_equal(report.refused, 0);
	assert_int_equal(report.records_sent, 601);
	assert_int_equal(report.waiting, 0);
	serve_with("");
	(void)practice_sync(boss);
	assert_int_equal(practice_count(boss, "feedback/kib-kiosk"), before + 601);
}

static void offline_it_says_so_and_loses_nothing(void **state)
{
	struct qip_sync_report report = {.commits_sent = 77};
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;

	(void)state;
	practice_add_action(path, fleckney, "QIP-03");
	practice_answers(kiosk, 3);
	practice_kill(&p, SIGKILL);
	FAILS(qip_sync(fleckney, &report, &last_error), STATUS_NETWORK);
	assert_string_not_equal(last_error.text, "");
	assert_int_equal(report.commits_sent, 77); /* out is untouched */
	FAILS(qip_sync(kiosk, &report, &last_error), STATUS_NETWORK);
	practice_serve(&p);
	assert_int_equal(practice_sync(fleckney).commits_sent, 1);
	assert_int_equal(practice_sync(kiosk).records_sent, 3);
	(void)practice_sync(boss);
	OK(qip_read(&record, boss, path, &last_error));
	cJSON_Delete(record);
}

/* The server's words are cut off after any number of bytes: in the list, in the handshake, in the receipt. */
static void a_lost_receipt_neither_loses_nor_repeats(void **state)
{
	struct qip_sync_report report;
	int answers = practice_count(boss, "feedback/kib-kiosk"), actions = practice_count(boss, "qip");
	char path[TREE_PATH_MAX];
	int cut = 0;

	(void)state;
	for (long bytes = 0; bytes < 2400; bytes += 120) {
		practice_answers(kiosk, 2);
		practice_add_action(path, fleckney, "QIP-04");
		atomic_store(&line.reply_bytes, bytes);
		cut += qip_sync(kiosk, &report, &last_error) != STATUS_OK;
		atomic_store(&line.reply_bytes, bytes);
		cut += qip_sync(fleckney, &report, &last_error) != STATUS_OK;
		atomic_store(&line.reply_bytes, PROXY_ALL);
		answers += 2;
		actions++;
		assert_int_equal(practice_sync(kiosk).waiting, 0);
		assert_int_equal(practice_sync(fleckney).waiting, 0);
	}
	assert_true(cut > 20);
	(void)practice_sync(boss);
	assert_int_equal(practice_count(boss, "feedback/kib-kiosk"), answers);
	assert_int_equal(practice_count(boss, "qip"), actions);
}

/* The line is cut while the first of two commits is judged and the second is made, then while that is judged, then behind both. */
static void a_long_sync_that_breaks_off_is_gone_on_with(void **state)
{
	struct qip_sync_report report;
	int answers = practice_count(boss, "feedback/kib-kiosk"), cut = 0;

	(void)state;
	(void)practice_sync(kiosk);
	for (long bytes = 600; bytes <= 1500; bytes += 300) {
		practice_answers(kiosk, 1050);
		answers += 1050;
		atomic_store(&line.reply_bytes, bytes);
		cut += qip_sync(kiosk, &report, &last_error) != STATUS_OK;
		atomic_store(&line.reply_bytes, PROXY_ALL);
		assert_int_equal(practice_sync(kiosk).waiting, 0);
	}
	assert_true(cut > 2);
	(void)practice_sync(boss);
	assert_int_equal(practice_count(boss, "feedback/kib-kiosk"), answers);
}

/* Sync in a process that dies at the n-th look; true if it did. */
static bool sync_and_die(const char *home, int n)
{
	struct dying d;
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct qip_sync_report report;
		struct qip *q = NULL;

		dying_init(&d, n);
		if (qip_open(&q, &(struct qip_options){.home = home, .env = &d.env, .lock_wait_ms = 1000}, NULL) != STATUS_OK ||
		    qip_sync(q, &report, NULL) != STATUS_OK)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	return WEXITSTATUS(status) == 42;
}

static void a_killed_sync_is_gone_on_with(void **state)
{
	int answers = practice_count(boss, "feedback/kib-kiosk"), died = 0;
	bool more = true;

	(void)state;
	for (int n = 0; more; n++) {
		practice_answers(kiosk, 2);
		answers += 2;
		qip_close(kiosk);
		more = sync_and_die(practice_path(&p, "kib-kiosk"), n);
		died += more;
		kiosk = practice_open(&p, "kib-kiosk");
	}
	assert_true(died > 5);
	assert_int_equal(practice_sync(kiosk).waiting, 0);
	(void)practice_sync(boss);
	assert_int_equal(practice_count(boss, "feedback/kib-kiosk"), answers);
}

static void a_server_killed_during_a_push_gets_it_again(void **state)
{
	struct qip_sync_report report;
	int answers = practice_count(boss, "feedback/kib-kiosk");

	(void)state;
	for (int i = 0; i < 6; i++) {
		int before = logged("git-receive-pack"), status = 0;
		pid_t pid = 0;

		practice_answers(kiosk, 300);
		answers += 300;
		qip_close(kiosk);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) { /* the server dies at a moment of the push that differs from round to round */
			(void)nanosleep(&(struct timespec){.tv_nsec = 30000000L * (i + 1)}, NULL);
			(void)kill(p.server, SIGKILL);
			_exit(0);
		}
		kiosk = practice_open(&p, "kib-kiosk");
		(void)(qip_sync(kiosk, &report, &last_error) == STATUS_OK);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		practice_kill(&p, SIGKILL);
		practice_serve(&p);
		assert_int_equal(practice_sync(kiosk).waiting, 0);
		assert_true(logged("git-receive-pack") >= before);
	}
	(void)practice_sync(boss);
	assert_int_equal(practice_count(boss, "feedback/kib-kiosk"), answers);
}

static void a_server_that_shows_an_older_history_is_not_followed(void **state)
{
	struct qip_sync_report report;
	struct oid before, after;
	char path[TREE_PATH_MAX];
	int answers = 0;

	(void)state;
	(void)practice_sync(boss);
	practice_kill(&p, SIGTERM);
	practice_copy(practice_path(&p, "server"), practice_path(&p, "backup"));
	practice_serve(&p);
	practice_answers(kiosk, 5);
	(void)practice_sync(kiosk);
	practice_add_action(path, boss, "QIP-09");
	(void)practice_sync(boss);
	answers = practice_count(boss, "feedback/kib-kiosk");
	OK(qip_main(&before, boss, &last_error));
	practice_kill(&p, SIGKILL);
	practice_remove(practice_path(&p, "server"));
	practice_copy(practice_path(&p, "backup"), practice_path(&p, "server"));
	practice_serve(&p);
	FAILS(qip_sync(boss, &report, &last_error), STATUS_CONTRADICTED);
	assert_non_null(strstr(last_error.text, "another history"));
	OK(qip_main(&after, boss, &last_error));
	assert_true(oid_equal(&before, &after));
	assert_int_equal(practice_count(boss, "feedback/kib-kiosk"), answers);
	/* what the kiosk had sent is sent again */
	assert_int_equal(practice_sync(kiosk).records_sent, 5);
}

static void a_certificate_that_ends_or_ended_is_renewed_and_delivers_all_the_same(void **state)
{
	int64_t now_ms = env_system()->now_ms(env_system()->ctx), until_ms = 0;
	const int64_t ends[] = {now_ms - 3600000, now_ms + 86400000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct buf pem = BUF_INIT;

		practice_shorten_certificate(&p, kiosk, ends[i]);
		qip_close(kiosk);
		kiosk = practice_open(&p, "kib-kiosk");
		practice_answers(kiosk, 1);
		assert_int_equal(practice_sync(kiosk).records_sent, 1);
		OK(files_read(&pem, kiosk->dir, HOME_CERT, 10000, &last_error));
		OK(cert_not_after(&until_ms, buf_text(&pem), &last_error));
		assert_true(until_ms > now_ms + LIMIT_RENEW_MS);
		buf_clear(&pem);
		qip_close(kiosk);
		kiosk = practice_open(&p, "kib-kiosk");
		(void)practice_sync(kiosk);
	}
}

static void a_revoked_device_is_told_so(void **state)
{
	struct qip_sync_report report;
	struct qip *late = NULL;

	(void)state;
	late = practice_device(&p, boss, "late", ROLE_STAFF);
	OK(qip_end_device(boss, "late", true, "Lost", &last_error));
	(void)practice_sync(boss);
	FAILS(qip_sync(late, &report, &last_error), STATUS_REFUSED);
	assert_non_null(strstr(last_error.text, "revoked"));
	qip_close(late);
}

static size_t packs_of(struct qip *q)
{
	size_t packs = 0;

	OK(repo_count_packs(&packs, q->repo, &last_error));
	return packs;
}

static int shell_number(const char *format, const struct qip *q)
{
	char command[PRACTICE_PATH * 3], row[32] = "";
	FILE *f = NULL;

	(void)snprintf(command, sizeof(command), "cd '%s/" HOME_HISTORY "' && %s", q->path, format);
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(row, sizeof(row), f));
	assert_int_equal(pclose(f), 0);
	return atoi(row);
}

static int packs_on_disk(const struct qip *q)
{
	return shell_number("ls objects/pack/*.pack | wc -l", q);
}

static void assert_sound(const struct qip *q)
{
	assert_int_equal(shell_number("git fsck --strict >/dev/null 2>&1; echo $?", q), 0);
}

static void packs_stay_few_over_a_hundred_syncs(void **state)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	size_t most = 0;

	(void)state;
	practice_add_action(path, boss, "QIP-90");
	for (int i = 0; i < 100; i++) {
		practice_set(boss, path, "status", i % 2 ? "green" : "amber");
		practice_answers(kiosk, 1);
		(void)practice_sync(boss);
		(void)practice_sync(kiosk);
		most = packs_of(boss) > most ? packs_of(boss) : most;
		most = packs_of(kiosk) > most ? packs_of(kiosk) : most;
	}
	assert_true(most <= 50);
	assert_true(packs_on_disk(boss) <= 50); /* nothing of the old ones stays */
	assert_true(packs_on_disk(kiosk) <= 50);
	OK(qip_read(&record, boss, path, &last_error));
	assert_string_equal(json_string(record, "status"), "green");
	cJSON_Delete(record);
	assert_sound(boss);
	assert_sound(kiosk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_edit_of_one_site_reaches_the_other),
		cmocka_unit_test(two_sites_edit_offline_and_both_see_both_values),
		cmocka_unit_test(with_nothing_to_do_it_costs_one_request),
		cmocka_unit_test(a_kiosks_answers_arrive_in_order_and_in_few_pushes),
		cmocka_unit_test(a_host_that_takes_less_at_once_gets_it_in_parts_and_no_answer_is_void),
		cmocka_unit_test(packs_stay_few_over_a_hundred_syncs),
		cmocka_unit_test(offline_it_says_so_and_loses_nothing),
		cmocka_unit_test(a_lost_receipt_neither_loses_nor_repeats),
		cmocka_unit_test(a_long_sync_that_breaks_off_is_gone_on_with),
		cmocka_unit_test(a_killed_sync_is_gone_on_with),
		cmocka_unit_test(a_server_killed_during_a_push_gets_it_again),
		cmocka_unit_test(a_certificate_that_ends_or_ended_is_renewed_and_delivers_all_the_same),
		cmocka_unit_test(a_revoked_device_is_told_so),
		cmocka_unit_test(a_server_that_shows_an_older_history_is_not_followed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
