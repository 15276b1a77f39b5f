/* tests/client/test_erasure.c - qip erasure: who has said that its copies of what was erased are gone, and who has not. */
#include "tests/client/kiosk_fixture.h"

#include "client/erase.h"

static char feedback[ID_TEXT_LEN + 1], erasure[ID_TEXT_LEN + 1], said[8192];

static int run(const char *arguments)
{
	char line[4 * PRACTICE_PATH];
	size_t len = 0;
	FILE *f = NULL;
	int status = 0;

	qip_close(boss);
	assert_true(snprintf(line, sizeof(line), "'%.*s/qip' --home '%s' %s 2>&1", (int)(strrchr(p.program, '/') - p.program), p.program,
			     practice_path(&p, "manager"), arguments) < (int)sizeof(line));
	f = popen(line, "r");
	assert_non_null(f);
	len = fread(said, 1, sizeof(said) - 1, f);
	said[len] = '\0';
	status = pclose(f);
	boss = practice_open(&p, "manager");
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void says(const char *text)
{
	if (!strstr(said, text))
		fail_msg("\"%s\" is not in:\n%s", text, said);
}

static void it_says_where_an_erasure_stands(void **state)
{
	struct qip_capture *c = NULL;
	struct qip *late = NULL;
	uint64_t seq = 0;
	char line[80];

	(void)state;
	assert_int_equal(run("erasure"), 0);
	says("Nothing was erased.");
	OK(id_make(feedback, env_system()));
	OK(qip_capture_open(&c, kiosk, &last_error));
	OK(practice_capture(c, feedback, "good", "Ask for Jyoti.", &seq));
	qip_capture_close(c);
	(void)practice_sync(kiosk);
	(void)practice_sync(boss);
	OK(erase_feedback(erasure, boss, feedback, "Asked for.", &last_error));
	(void)snprintf(line, sizeof(line), "erasure %s", feedback);
	assert_int_equal(run(line), 0);
	says("does not know of it yet");
	(void)practice_sync(boss);
	(void)practice_sync(boss);
	assert_int_equal(run("erasure list"), 0);
	says("1 of 2");
	(void)snprintf(line, sizeof(line), "erasure %s", erasure);
	assert_int_equal(run(line), 0);
	says("Server    erased");
	says("not yet");
	says("Asked for.");
	(void)practice_sync(kiosk);
	for (int ms = 0; ms < 2000; ms += 5) /* the server tells its time in seconds: who joins in the same one may have had it */
		short_wait();
	late = practice_device(&p, boss, "late", ROLE_STAFF);
	qip_close(late);
	(void)practice_sync(boss);
	assert_int_equal(run("erasure list"), 0);
	says("2 of 2"); /* who joined later is not asked */
	assert_int_equal(run("erasure --json list"), 0);
	says("\"kib-kiosk\"");
	assert_null(strstr(said, "\"late\""));
	assert_int_not_equal(run("erasure 01890000-0000"), 0);
	says("no erasure is or names");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_where_an_erasure_stands),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
