#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/env.h"
#include "core/log.h"

#define CAPTURE_MAX 65536

static char captured[CAPTURE_MAX];
static int saved_stderr = -1;
static int pipe_out = -1;

static void capture_start(void)
{
	int ends[2];

	fflush(stderr);
	assert_int_equal(pipe(ends), 0);
	saved_stderr = dup(STDERR_FILENO);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	pipe_out = ends[0];
}

static const char *capture_end(void)
{
	size_t len = 0;
	ssize_t n = 0;

	assert_int_equal(dup2(saved_stderr, STDERR_FILENO), STDERR_FILENO);
	close(saved_stderr);
	while ((n = read(pipe_out, captured + len, CAPTURE_MAX - 1 - len)) > 0)
		len += (size_t)n;
	captured[len] = '\0';
	close(pipe_out);
	return captured;
}

/* What follows "ts=<time> ", after checking that it is one. */
static const char *after_time(const char *line)
{
	char time[TIME_TEXT_MAX] = "";
	int64_t ms = 0;

	assert_memory_equal(line, "ts=", 3);
	memcpy(time, line + 3, 24);
	assert_int_equal(time_parse(&ms, time), STATUS_OK);
	assert_int_equal(line[27], ' ');
	return line + 28;
}

static void a_line_has_time_level_message_and_pairs(void **state)
{
	(void)state;
	capture_start();
	log_line(LOG_LEVEL_WARN, "push refused", "device", "kib-kiosk", "ms", "12", NULL);
	assert_string_equal(after_time(capture_end()), "level=warn msg=\"push refused\" device=kib-kiosk ms=12\n");
}

static void nothing_in_a_value_can_end_the_line_or_forge_a_field(void **state)
{
	static const struct {
		const char *value, *text;
	} cases[] = {
		{"plain", "plain"},
		{"", "\"\""},
		{NULL, "\"\""},
		{"a b", "\"a b\""},
		{"a=b", "\"a=b\""},
		{"x\nlevel=error", "\"x\\nlevel=error\""},
		{"say \"hi\" \\", "\"say \\\"hi\\\" \\\\\""},
		{"\x1b[2J\t\x7f", "\"\\u001b[2J\\t\\u007f\""},
		{"caf\xc3\xa9", "\"caf\xc3\xa9\""},
		{"\xc2\x9b" "31m", "\"\\u009b31m\""},
		{"\xff\xc3", "\"\\ufffd\\ufffd\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char expected[256];

		snprintf(expected, sizeof(expected), "level=info msg=m k=%s z=1\n", cases[i].text);
		capture_start();
		log_line(LOG_LEVEL_INFO, "m", "k", cases[i].value, "z", "1", NULL);
		assert_string_equal(after_time(capture_end()), expected);
	}
}

static void a_long_line_is_cut_and_says_so(void **state)
{
	char text[6000];
	const char *line = NULL;
	size_t len = 0;

	(void)state;
	for (size_t start = 0; start < 3; start++) {
		memset(text, 'x', sizeof(text));
		for (size_t i = start; i + 1 < sizeof(text) - 1; i += 2)
			memcpy(text + i, "\xc3\xa9", 2);
		text[sizeof(text) - 1] = '\0';
		capture_start();
		log_line(LOG_LEVEL_INFO, "m", "k", text, "z", "1", NULL);
		line = capture_end();
		len = strlen(line);
		assert_in_range(len, 4000, 4096);
		assert_string_equal(line + len - 11, "\" cut=true\n");
		assert_null(strstr(line, "z=1"));
	}
}

static void lines_below_the_level_are_dropped(void **state)
{
	(void)state;
	capture_start();
	log_line(LOG_LEVEL_DEBUG, "quiet", NULL);
	log_set_level(LOG_LEVEL_ERROR);
	log_line(LOG_LEVEL_WARN, "quiet", NULL);
	log_set_level(LOG_LEVEL_DEBUG);
	log_line(LOG_LEVEL_DEBUG, "loud", NULL);
	log_set_level(LOG_LEVEL_INFO);
	assert_string_equal(after_time(capture_end()), "level=debug msg=loud\n");
}

static void a_log_that_cannot_be_written_changes_nothing_for_the_caller(void **state)
{
	int saved = dup(STDERR_FILENO);
	int unwritable = open("/dev/null", O_RDONLY);

	(void)state;
	assert_true(saved >= 0 && unwritable >= 0);
	assert_int_equal(dup2(unwritable, STDERR_FILENO), STDERR_FILENO);
	errno = ENOENT;
	log_line(LOG_LEVEL_INFO, "lost", NULL);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	close(unwritable);
}

static void *log_fifty(void *name)
{
	for (int i = 0; i < 50; i++)
		log_line(LOG_LEVEL_INFO, "many", "thread", (const char *)name, "text", "with some blanks in it", NULL);
	return NULL;
}

static void lines_of_several_threads_stay_whole(void **state)
{
	static char names[4][8] = {"a", "b", "c", "d"};
	pthread_t threads[4];
	size_t lines = 0;

	(void)state;
	capture_start();
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_fifty, names[i]), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (const char *p = capture_end(); *p; lines++) {
		const char *rest = after_time(p);

		assert_memory_equal(rest, "level=info msg=many thread=", 27);
		assert_memory_equal(rest + 28, " text=\"with some blanks in it\"\n", 31);
		p = rest + 28 + 31;
	}
	assert_int_equal(lines, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_time_level_message_and_pairs),
		cmocka_unit_test(nothing_in_a_value_can_end_the_line_or_forge_a_field),
		cmocka_unit_test(a_long_line_is_cut_and_says_so),
		cmocka_unit_test(lines_below_the_level_are_dropped),
		cmocka_unit_test(a_log_that_cannot_be_written_changes_nothing_for_the_caller),
		cmocka_unit_test(lines_of_several_threads_stay_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
