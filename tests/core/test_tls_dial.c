/* tests/core/test_tls_dial.c - from a name to a connection: of several addresses some are dead, and a name's addresses change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/tls_dial.h"

#define ADDRESSES 3
#define UNTIL_MS 6000 /* three addresses, two seconds each */

/* What the name stands for now; made out of listeners below. */
static struct {
	struct sockaddr_in at[ADDRESSES];
	struct addrinfo list[ADDRESSES];
	size_t len;
	int asked;
} name;

int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **out);
void __wrap_freeaddrinfo(struct addrinfo *list);

int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **out)
{
	assert_string_equal(host, "qip.example.org");
	assert_string_equal(port, "8443");
	for (size_t i = 0; i < name.len; i++) {
		name.list[i] = (struct addrinfo){.ai_family = AF_INET, .ai_socktype = hints->ai_socktype, .ai_addrlen = sizeof(name.at[i])};
		name.list[i].ai_addr = (struct sockaddr *)&name.at[i];
		name.list[i].ai_next = i + 1 < name.len ? &name.list[i + 1] : NULL;
	}
	name.asked++;
	*out = name.list;
	return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
	assert_ptr_equal(list, name.list);
}

/* A listener on a free port; the name stands for it, too. */
static int listener(int queue)
{
	struct sockaddr_in *a = &name.at[name.len];
	socklen_t len = sizeof(*a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(name.len < ADDRESSES && fd >= 0);
	*a = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(fd, (struct sockaddr *)a, sizeof(*a)), 0);
	assert_int_equal(listen(fd, queue), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)a, &len), 0);
	name.len++;
	return fd;
}

/* A host that is gone without a word: what is sent to it is swallowed. */
struct mute {
	int listening, waiting[4];
};

static struct mute mute_open(void)
{
	struct mute m = {.listening = listener(0)};
	const struct sockaddr_in *a = &name.at[name.len - 1];

	for (size_t i = 0; i < ARRAY_LEN(m.waiting); i++) {
		m.waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(m.waiting[i], (const struct sockaddr *)a, sizeof(*a));
	}
	return m;
}

static void mute_close(struct mute *m)
{
	for (size_t i = 0; i < ARRAY_LEN(m->waiting); i++)
		(void)close(m->waiting[i]);
	(void)close(m->listening);
}

static int setup(void **state)
{
	(void)state;
	memset(&name, 0, sizeof(name));
	return 0;
}

static enum status dialled(int *fd, struct error *e)
{
	return dial(fd, "qip.example.org", "8443", dial_now_ms() + UNTIL_MS, e);
}

static void assert_reached(int fd, size_t which)
{
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);

	assert_int_equal(getpeername(fd, (struct sockaddr *)&peer, &len), 0);
	assert_int_equal(peer.sin_port, name.at[which].sin_port);
	(void)close(fd);
}

static void one_that_swallows_everything_and_one_that_refuses_leave_time_for_the_third(void **state)
{
	struct mute m = mute_open();
	int gone = listener(1), there = 0, fd = -1;

	(void)state;
	(void)close(gone);
	there = listener(1);
	assert_int_equal(dialled(&fd, NULL), STATUS_OK);
	assert_reached(fd, 2);
	(void)close(there);
	mute_close(&m);
}

static void a_name_of_dead_addresses_is_told_in_time(void **state)
{
	struct error e = {.text = ""};
	int64_t began_ms = dial_now_ms();
	int gone = listener(1), fd = -1;
	struct mute m = mute_open();

	(void)state;
	(void)close(gone);
	assert_int_equal(dialled(&fd, &e), STATUS_TIMEOUT);
	assert_int_equal(fd, -1);
	assert_non_null(strstr(e.text, "cannot reach the server at qip.example.org port 8443"));
	assert_true(dial_now_ms() - began_ms < 2 * UNTIL_MS);
	mute_close(&m);
}

static void each_connection_asks_for_the_address_anew(void **state)
{
	int before = listener(4), after = listener(4), fd = -1;

	(void)state;
	name.len = 1;
	assert_int_equal(dialled(&fd, NULL), STATUS_OK);
	assert_reached(fd, 0);
	name.at[0] = name.at[1]; /* it moves, and the one before still runs */
	assert_int_equal(dialled(&fd, NULL), STATUS_OK);
	assert_reached(fd, 1);
	assert_int_equal(name.asked, 2);
	(void)close(before);
	(void)close(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_that_swallows_everything_and_one_that_refuses_leave_time_for_the_third, setup),
		cmocka_unit_test_setup(a_name_of_dead_addresses_is_told_in_time, setup),
		cmocka_unit_test_setup(each_connection_asks_for_the_address_anew, setup),
	};

	return cmocka_run_group_tests_name("core/tls_dial", tests, NULL, NULL);
}
