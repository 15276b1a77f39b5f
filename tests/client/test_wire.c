/* tests/client/test_wire.c - the TLS session that is kept in a home saves the next program a full handshake. */
#include "tests/client/practice.h"

#include "client/files.h"
#include "client/limits.h"

static struct practice p;

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	qip_close(practice_manager(&p, "manager"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	practice_stop(&p);
	return 0;
}

/* The session as a sync leaves it, by a program of its own. */
static struct buf sync_and_read(void)
{
	struct buf session = BUF_INIT;
	struct qip *q = NULL;
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct qip_sync_report report;

		q = practice_open(&p, "manager");
		_exit(qip_sync(q, &report, &last_error) == STATUS_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	q = practice_open(&p, "manager");
	OK(files_read(&session, q->dir, HOME_SESSION, LIMIT_FILE_BYTES, &last_error));
	assert_true(session.len > 0);
	qip_close(q);
	return session;
}

/* A session ends in its ticket. Who resumes one keeps it; a full handshake gives another. */
static bool same_ticket(const struct buf *a, const struct buf *b)
{
	const size_t tail = 200;

	assert_true(a->len > tail && b->len > tail);
	return memcmp(a->data + a->len - tail, b->data + b->len - tail, tail) == 0;
}

static void forget_session(void)
{
	struct qip *q = practice_open(&p, "manager");

	OK(files_remove(q->dir, HOME_SESSION, &last_error));
	qip_close(q);
}

static void the_next_program_resumes_the_session_of_the_last(void **state)
{
	struct buf first = sync_and_read(), second = sync_and_read(), third = BUF_INIT;

	(void)state;
	assert_true(same_ticket(&first, &second));
	forget_session();
	third = sync_and_read();
	assert_false(same_ticket(&first, &third));
	buf_wipe(&first);
	buf_wipe(&second);
	buf_wipe(&third);
}

static long bytes_of_a_sync(struct proxy *line)
{
	struct qip_sync_report report;
	struct qip *q = practice_open(&p, "manager");

	(void)snprintf(q->identity.url, sizeof(q->identity.url), "%s", p.url);
	atomic_store(&line->reply_bytes, PROXY_ALL);
	OK(qip_sync(q, &report, &last_error));
	qip_close(q);
	return PROXY_ALL - atomic_load(&line->reply_bytes);
}

static void a_resumed_handshake_sends_no_certificate(void **state)
{
	static struct proxy line;
	long full = 0, resumed = 0;

	(void)state;
	proxy_start(&line, &p);
	forget_session();
	full = bytes_of_a_sync(&line);
	resumed = bytes_of_a_sync(&line);
	proxy_stop(&line);
	assert_true(resumed < full - 500); /* the server's certificate and its authority's have more */
}

/* Full handshakes alone show the server's certificate: bytes that no resumed sync has. */
static void ten_programs_in_turn_shake_hands_in_full_once(void **state)
{
	static struct proxy line;
	long full_bytes = 0, bytes = 0;
	int full = 0;

	(void)state;
	proxy_start(&line, &p);
	forget_session();
	full_bytes = bytes_of_a_sync(&line);
	forget_session();
	for (int i = 0; i < 10; i++) {
		bytes = bytes_of_a_sync(&line);
		full += bytes > full_bytes - 500;
	}
	proxy_stop(&line);
	assert_int_equal(full, 1);
}

static mode_t mode_of_session(void)
{
	struct stat s;
	char path[PRACTICE_PATH * 2];

	(void)snprintf(path, sizeof(path), "%s/" HOME_SESSION, practice_path(&p, "manager"));
	assert_int_equal(stat(path, &s), 0);
	return s.st_mode & 0777;
}

static void nobody_else_may_read_it(void **state)
{
	struct buf session = sync_and_read();

	(void)state;
	assert_int_equal(mode_of_session(), 0600);
	buf_wipe(&session);
}

static void it_is_forgotten_with_the_certificate_it_belongs_to(void **state)
{
	struct buf session = sync_and_read();
	struct qip *q = practice_open(&p, "manager");

	(void)state;
	practice_shorten_certificate(&p, q, env_system()->now_ms(env_system()->ctx) + 86400000);
	qip_close(q);
	q = practice_open(&p, "manager");
	(void)practice_sync(q); /* renews */
	assert_int_not_equal(faccessat(q->dir, HOME_SESSION, F_OK, 0), 0);
	qip_close(q);
	buf_wipe(&session);
}

static void a_session_that_the_server_has_forgotten_does_no_harm(void **state)
{
	struct buf before = sync_and_read(), after = BUF_INIT;

	(void)state;
	practice_kill(&p, SIGTERM);
	practice_serve(&p);
	after = sync_and_read();
	assert_false(same_ticket(&before, &after));
	buf_wipe(&before);
	buf_wipe(&after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_program_resumes_the_session_of_the_last),
		cmocka_unit_test(a_session_that_the_server_has_forgotten_does_no_harm),
		cmocka_unit_test(a_resumed_handshake_sends_no_certificate),
		cmocka_unit_test(ten_programs_in_turn_shake_hands_in_full_once),
		cmocka_unit_test(nobody_else_may_read_it),
		cmocka_unit_test(it_is_forgotten_with_the_certificate_it_belongs_to),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
