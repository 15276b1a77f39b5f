/* tests/kiosk/test_standing.c - how a kiosk stands, read beside its writer and told in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/journal.h"
#include "kiosk/standing.h"

static char home[64], path[96];
static const struct state nothing;

static int set_up(void **state)
{
	(void)state;
	strcpy(home, "/tmp/qip-standing-XXXXXX");
	if (!mkdtemp(home))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/journal", home);
	return 0;
}

static int tear_down(void **state)
{
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		execlp("rm", "rm", "-rf", home, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(child, NULL, 0);
	return 0;
}

static void finds_the_last_answer_beside_its_writer(void **state)
{
	const struct env *env = env_system();
	struct standing s = {.last = 0};
	struct journal *j = NULL;
	struct error e = {.text = ""};
	uint64_t seq = 0;

	(void)state;
	assert_int_equal(standing_read_journal(&s, home, &nothing, env, &e), STATUS_OK);
	assert_int_equal(s.last, 0);
	assert_int_equal(journal_open(&j, path, JOURNAL_WRITE, 41, env, &e), STATUS_OK);
	assert_int_equal(journal_append(&seq, j, "{}", 2, NULL, 0, &e), STATUS_OK);
	assert_int_equal(journal_append(&seq, j, "{}", 2, NULL, 0, &e), STATUS_OK);
	assert_int_equal(standing_read_journal(&s, home, &nothing, env, &e), STATUS_OK);
	assert_int_equal(s.last, 42);
	assert_true(s.last_ms > 0);
	journal_close(j);
}

static void tells_what_it_does_not_know(void **state)
{
	struct standing s = {.device = "kib-kiosk", .site = "kibworth"};
	cJSON *json = standing_json(&s);
	char text[128];

	(void)state;
	assert_true(cJSON_IsNull(json_get(json, "last_answer_at")));
	assert_true(cJSON_IsNull(json_get(json, "waiting")));
	assert_true(cJSON_IsNull(json_get(json, "comments_waiting")));
	assert_true(cJSON_IsNull(json_get(json, "last_sync")));
	assert_true(cJSON_IsNull(json_get(json, "sync_error")));
	standing_last_text(text, sizeof(text), &s);
	assert_string_equal(text, "none yet");
	standing_waiting_text(text, sizeof(text), &s);
	assert_string_equal(text, "not known while a sync is going on");
	s.waiting_known = true;
	s.comments_waiting = 2;
	standing_waiting_text(text, sizeof(text), &s);
	assert_string_equal(text, "0 answers, 2 comments");
	standing_sync_text(text, sizeof(text), &s);
	assert_string_equal(text, "never");
	cJSON_Delete(json);
}

static void tells_times_that_nobody_set_as_such(void **state)
{
	struct standing s = {.last = 3, .last_ms = 86400000, .last_quality = CLOCK_UNKNOWN, .waiting_known = true, .waiting = 1, .last_sync_ms = 1669093200000};
	char text[128];

	(void)state;
	standing_last_text(text, sizeof(text), &s);
	assert_string_equal(text, "number 3, 1970-01-02 00:00 UTC by a clock that nobody has set");
	s.last_quality = CLOCK_SYNCHRONISED;
	standing_last_text(text, sizeof(text), &s);
	assert_string_equal(text, "number 3, 1970-01-02 00:00 UTC");
	standing_waiting_text(text, sizeof(text), &s);
	assert_string_equal(text, "1 answer");
	standing_sync_text(text, sizeof(text), &s);
	assert_string_equal(text, "2022-11-22 05:00 UTC");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_the_last_answer_beside_its_writer),
		TEST(tells_what_it_does_not_know),
		TEST(tells_times_that_nobody_set_as_such),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
