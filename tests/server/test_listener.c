/* tests/server/test_listener.c - whoever takes connections and does nothing with them keeps nobody else out. */
#include "tests/server/fixture.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/library.h"

static void serve_with(const char *limits)
{
	char path[FILE_PATH_MAX], text[512];
	int n = snprintf(text, sizeof(text), "{\"hosts\":[\"localhost\"],\"limits\":%s,\"schema\":\"server/1\"}", limits);

	assert_int_equal(server_stop(&w, SIGTERM), 0);
	ok(file_path(path, w.server, "server.json", NULL));
	ok(file_write(path, text, (size_t)n, 0644, NULL));
	server_start(&w);
}

/* A connection from an address of this machine, on which nothing is said. */
static int connect_from(const char *address)
{
	struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(w.port))};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
	assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &to.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static bool is_ended(int fd, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char byte = 0;

	return poll(&p, 1, wait_ms) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

static void assert_served(void)
{
	struct reply r;

	get(&r, &w, &manager, "/" ODS "/history.git/info/refs?service=git-upload-pack");
	assert_int_equal(r.code, 200);
	reply_clear(&r);
}

static void an_address_has_so_many_connections_and_no_more(void **state)
{
	int fds[4];

	(void)state;
	serve_with("{\"connections_per_address\":3}");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = connect_from("127.0.0.2");
	assert_true(is_ended(fds[3], 5000));
	assert_false(is_ended(fds[0], 0) || is_ended(fds[1], 0) || is_ended(fds[2], 0));
	assert_served();
	(void)close(fds[0]);
	(void)close(fds[3]);
	for (int tries = 0; tries < 50; tries++) { /* until the server has seen it go */
		fds[0] = connect_from("127.0.0.2");
		if (!is_ended(fds[0], 100))
			break;
		(void)close(fds[0]);
	}
	assert_false(is_ended(fds[0], 0));
	for (size_t i = 0; i < 3; i++)
		(void)close(fds[i]);
	assert_served();
}

static void who_holds_all_places_idly_gives_them_up(void **state)
{
	int fds[24], ended = 0;

	(void)state;
	serve_with("{\"connections\":8,\"handshake_ms\":600000}");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = connect_from(i % 2 ? "127.0.0.2" : "127.0.0.3");
	(void)poll(NULL, 0, 1200); /* they are given a second */
	assert_served();
	assert_served();
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		ended += is_ended(fds[i], 0);
		(void)close(fds[i]);
	}
	assert_true(ended >= 1);
}

static void a_device_at_rest_stays_while_strangers_can_go(void **state)
{
	struct tls_conn *c = NULL;
	uint8_t byte[1];
	size_t len = sizeof(byte);
	int fds[7];

	(void)state;
	serve_with("{\"connections\":8}");
	ok(world_dial(&c, &w, &manager, NULL));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = connect_from("127.0.0.2");
	(void)poll(NULL, 0, 1500);
	assert_served();
	assert_int_equal(tls_read(c, byte, &len, 100, NULL), STATUS_TIMEOUT);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		(void)close(fds[i]);
	tls_close(c);
}

#define T(test) cmocka_unit_test_setup_teardown(test, open_practice, close_practice)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_address_has_so_many_connections_and_no_more),
		T(who_holds_all_places_idly_gives_them_up),
		T(a_device_at_rest_stays_while_strangers_can_go),
	};

	return cmocka_run_group_tests(tests, library_start, library_stop);
}
