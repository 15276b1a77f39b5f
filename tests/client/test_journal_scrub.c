/* tests/client/test_journal_scrub.c - what is attached to a record of the journal goes for good, and the record stays, wherever the power fails. */
#include "tests/client/practice.h"

#include "client/journal_record.h"
#include "client/journal_scrub.h"

#define FIRST_SEGMENT "00000000000000000001.qj"
#define ATTACHED "These are the sealed bytes of a comment."

static char dir[] = "/tmp/qip-scrub.XXXXXX";
static struct journal *writer;

static void append(const char *json)
{
	uint64_t seq = 0;

	OK(journal_append(&seq, writer, json, strlen(json), ATTACHED, strlen(ATTACHED), &last_error));
}

static bool is_b(void *ctx, const cJSON *json)
{
	const char *id = json_string(json, "id");

	(void)ctx;
	return id && strcmp(id, "b") == 0;
}

static uint64_t scrub(void)
{
	struct journal *j = NULL;
	uint64_t count = 0;

	OK(journal_open(&j, dir, JOURNAL_READ, 1, env_system(), &last_error));
	OK(journal_scrub(&count, j, is_b, NULL, &last_error));
	journal_close(j);
	return count;
}

/* 'f' for a record with what was attached, '0' with zeros. */
static enum status note(void *ctx, const struct journal_record *r, struct error *e)
{
	static const char zeros[sizeof(ATTACHED)];
	char *at = ctx;

	(void)e;
	assert_int_equal(r->attachment_len, strlen(ATTACHED));
	at += strlen(at);
	*at = memcmp(r->attachment, ATTACHED, strlen(ATTACHED)) == 0 ? 'f' : memcmp(r->attachment, zeros, strlen(ATTACHED)) == 0 ? '0' : '?';
	return STATUS_OK;
}

static void assert_journal(const char *wanted)
{
	struct journal *j = NULL;
	char found[16] = "";

	OK(journal_open(&j, dir, JOURNAL_READ, 1, env_system(), &last_error));
	OK(journal_each(j, 1, note, found, &last_error));
	journal_close(j);
	assert_string_equal(found, wanted);
}

static int segment(void)
{
	char path[64];
	int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/" FIRST_SEGMENT, dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void only_what_is_to_go_goes_while_the_writer_goes_on(void **state)
{
	(void)state;
	append("{\"id\":\"a\"}");
	append("{\"id\":\"b\"}");
	append("{\"id\":\"c\"}");
	assert_journal("fff");
	assert_int_equal(scrub(), 1);
	assert_journal("f0f");
	assert_int_equal(scrub(), 0);
	append("{\"id\":\"d\"}");
	assert_journal("f0ff");
}

static void one_that_a_power_cut_left_half_done_is_ended(void **state)
{
	const off_t second = (off_t)journal_record_size(strlen("{\"id\":\"a\"}"), strlen(ATTACHED));
	char sums[JOURNAL_SUMS_LEN];
	int fd = -1;

	(void)state;
	append("{\"id\":\"a\"}");
	append("{\"id\":\"b\"}");
	append("{\"id\":\"c\"}");
	fd = segment();
	assert_int_equal(pread(fd, sums, sizeof(sums), second + JOURNAL_SUMS_AT), sizeof(sums));
	assert_int_equal(scrub(), 1);
	/* the attachment went, and the sums did not come */
	assert_int_equal(pwrite(fd, sums, sizeof(sums), second + JOURNAL_SUMS_AT), sizeof(sums));
	assert_journal("ff");
	assert_int_equal(scrub(), 1);
	assert_journal("f0f");
	(void)close(fd);
}

static int begin(void **state)
{
	(void)state;
	memcpy(dir, "/tmp/qip-scrub.XXXXXX", sizeof(dir));
	assert_non_null(mkdtemp(dir));
	OK(journal_open(&writer, dir, JOURNAL_WRITE, 1, env_system(), &last_error));
	return 0;
}

static int end(void **state)
{
	(void)state;
	journal_close(writer);
	practice_remove(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_what_is_to_go_goes_while_the_writer_goes_on, begin, end),
		cmocka_unit_test_setup_teardown(one_that_a_power_cut_left_half_done_is_ended, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
