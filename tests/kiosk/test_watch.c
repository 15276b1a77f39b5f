/* tests/kiosk/test_watch.c - the word to the service manager: said while the page comes, and not when it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "kiosk/http.h"
#include "kiosk/watch.h"
#include "tests/kiosk/desk.h"

static int manager = -1; /* where the service manager listens */

/* A socket of the abstract namespace, as systemd's may be. */
static int set_up(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char name[64];
	int len = snprintf(name, sizeof(name), "@qip-test-watch-%d", (int)getpid());

	(void)state;
	memcpy(at.sun_path + 1, name + 1, (size_t)len - 1);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (manager < 0 || bind(manager, (const struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)) != 0)
		return -1;
	return setenv("NOTIFY_SOCKET", name, 1);
}

static int tear_down(void **state)
{
	(void)state;
	(void)unsetenv("NOTIFY_SOCKET");
	return close(manager);
}

static void assert_heard(const char *word)
{
	char text[64] = "";
	ssize_t len = recv(manager, text, sizeof(text) - 1, 0);

	assert_string_equal(text, word);
	assert_true(len < 0 || (size_t)len == strlen(word));
}

static void the_start_and_the_end_are_told(void **state)
{
	(void)state;
	watch_ready();
	assert_heard("READY=1");
	watch_stopping();
	assert_heard("STOPPING=1");
}

static void all_is_well_while_the_page_comes(void **state)
{
	struct fake fake;
	struct http *http = NULL;
	struct error e = {.text = ""};
	char host[64];

	(void)state;
	assert_true(fake_start(&fake));
	assert_int_equal(http_start(&http, "127.0.0.1:0", &fake.desk, &e), STATUS_OK);
	(void)snprintf(host, sizeof(host), "%s", fake.desk.hosts[0]);
	assert_true(watch_look(host));
	assert_heard("WATCHDOG=1");
	http_stop(http);
	assert_false(watch_look(host));
	assert_heard("");
	fake_stop(&fake);
}

static void *answer_otherwise(void *arg)
{
	for (int i = 0; i < 2; i++) { /* it is asked twice */
		int fd = accept(*(int *)arg, NULL, NULL);

		(void)!write(fd, "220 mail\r\n", 10);
		(void)close(fd);
	}
	return NULL;
}

struct stalling {
	int fd;
	int looks;
};

/* Nothing at first, as while a card writes; the page at the second look. */
static void *answer_the_second(void *arg)
{
	struct stalling *s = arg;

	for (; s->looks < 2; s->looks++) {
		int fd = accept(s->fd, NULL, NULL);
		char text[256];

		if (fd < 0)
			break;
		(void)!read(fd, text, sizeof(text));
		if (s->looks == 1)
			(void)!write(fd, "HTTP/1.1 200 OK\r\n\r\n", 19);
		(void)close(fd);
	}
	return NULL;
}

static void a_card_that_stalls_once_starts_nothing_anew(void **state)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(sa);
	struct stalling s = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	pthread_t other;
	char host[64];

	(void)state;
	assert_int_equal(bind(s.fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(s.fd, 2), 0);
	assert_int_equal(getsockname(s.fd, (struct sockaddr *)&sa, &len), 0);
	assert_int_equal(pthread_create(&other, NULL, answer_the_second, &s), 0);
	(void)snprintf(host, sizeof(host), "127.0.0.1:%u", ntohs(sa.sin_port));
	if (!watch_look(host))
		(void)shutdown(s.fd, SHUT_RD); /* whoever still waits for a second look */
	(void)pthread_join(other, NULL);
	assert_int_equal(s.looks, 2);
	assert_heard("WATCHDOG=1");
	(void)close(s.fd);
}

static void another_program_at_the_port_is_not_the_kiosk(void **state)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pthread_t other;
	char host[64];

	(void)state;
	assert_int_equal(bind(fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	assert_int_equal(pthread_create(&other, NULL, answer_otherwise, &fd), 0);
	(void)snprintf(host, sizeof(host), "127.0.0.1:%u", ntohs(sa.sin_port));
	assert_false(watch_look(host));
	assert_heard("");
	(void)pthread_join(other, NULL);
	(void)close(fd);
}

static void it_looks_a_little_more_often_than_the_manager_wants_to_hear(void **state)
{
	char pid[24];

	(void)state;
	assert_int_equal(watch_every_ms(), 0);
	assert_int_equal(setenv("WATCHDOG_USEC", "660000000", 1), 0);
	assert_int_equal(watch_every_ms(), 600000);
	assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0); /* meant for another process */
	assert_int_equal(watch_every_ms(), 0);
	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
	assert_int_equal(watch_every_ms(), 600000);
	(void)unsetenv("WATCHDOG_PID");
	(void)unsetenv("WATCHDOG_USEC");
}

static void a_browser_is_gone_when_two_reloads_and_a_half_are_missing(void **state)
{
	(void)state;
	assert_false(watch_screen_is_gone(1000, 1000 + 4500000, 1800000));
	assert_true(watch_screen_is_gone(1000, 1001 + 4500000, 1800000));
}

static void a_look_of_its_own_is_no_sign_of_a_browser(void **state)
{
	struct fake fake;
	struct http *http = NULL;
	struct error e = {.text = ""};

	(void)state;
	assert_true(fake_start(&fake));
	fake.desk.seen_ms = -1;
	assert_int_equal(http_start(&http, "127.0.0.1:0", &fake.desk, &e), STATUS_OK);
	assert_true(watch_look(fake.desk.hosts[0]));
	assert_heard("WATCHDOG=1");
	assert_true(fake.desk.seen_ms == -1);
	http_stop(http);
	fake_stop(&fake);
}

static void without_a_manager_nothing_is_said(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	watch_ready();
	assert_heard("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_start_and_the_end_are_told),
		cmocka_unit_test(all_is_well_while_the_page_comes),
		cmocka_unit_test(a_card_that_stalls_once_starts_nothing_anew),
		cmocka_unit_test(another_program_at_the_port_is_not_the_kiosk),
		cmocka_unit_test(it_looks_a_little_more_often_than_the_manager_wants_to_hear),
		cmocka_unit_test(a_browser_is_gone_when_two_reloads_and_a_half_are_missing),
		cmocka_unit_test(a_look_of_its_own_is_no_sign_of_a_browser),
		cmocka_unit_test(without_a_manager_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
