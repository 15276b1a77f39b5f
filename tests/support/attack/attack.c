/* tests/support/attack/attack.c - attack KIND HOST PORT N: does to a server what whoever means it ill would, until it is told to stop. A server that
 * ends a connection finds the next one there. Says "ready" once N are under way.
 *
 *   silent   N connections on which nothing is said
 *   hello    N at once that begin a handshake, which costs the server a signature and an exchange of keys, and go
 *   garbage  N at once that send what is no TLS
 *   head     N TLS connections that send a header a byte a second
 *   body     N TLS connections that send a body a byte a second
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/tls.h"

#define HELLO_MAX 1024
#define WORKERS_MAX 64
#define HELD_MAX 20000

struct attack {
	const char *kind, *host, *port;
	int count;
	struct addrinfo *to;
	uint8_t hello[HELLO_MAX];
	size_t hello_len;
	atomic_int under_way;
};

static int dial(const struct attack *a)
{
	int fd = socket(a->to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, a->to->ai_addr, a->to->ai_addrlen) != 0) {
		(void)close(fd);
		fd = -1;
	}
	if (fd < 0)
		(void)poll(NULL, 0, 10);
	return fd;
}

static bool is_ended(int fd)
{
	char byte = 0;

	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != 0);
}

/* ---- many that stay ---- */

static void hold(struct attack *a)
{
	static int fds[HELD_MAX];

	for (int i = 0; i < a->count; i++)
		fds[i] = dial(a);
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;) {
		(void)poll(NULL, 0, 200);
		for (int i = 0; i < a->count; i++) {
			errno = 0;
			if (fds[i] >= 0 && !is_ended(fds[i]))
				continue;
			if (fds[i] >= 0)
				(void)close(fds[i]);
			fds[i] = dial(a);
		}
	}
}

/* ---- many that come and go ---- */

/* What a client of ours says first: taken from one that calls a socket of this program. */
static void *say_hello(void *arg)
{
	struct tls_client_options o = {.host = "127.0.0.1", .port = arg, .deadline_ms = 2000};
	struct buf ca = BUF_INIT;
	const uint8_t pin[SHA256_LEN] = {0};

	(void)(tls_fetch_ca(&ca, &o, pin, sizeof(pin), NULL) == STATUS_OK);
	buf_clear(&ca);
	return NULL;
}

static bool record_hello(struct attack *a)
{
	struct sockaddr_storage bound = {0};
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *here = NULL;
	socklen_t len = sizeof(bound);
	char port[16] = "";
	pthread_t thread;
	ssize_t n = 0;
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = -1;

	if (listening < 0 || getaddrinfo("127.0.0.1", "0", &hints, &here) != 0 || bind(listening, here->ai_addr, here->ai_addrlen) != 0 ||
	    listen(listening, 1) != 0 || getsockname(listening, (struct sockaddr *)&bound, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&bound, len, NULL, 0, port, sizeof(port), NI_NUMERICSERV) != 0 ||
	    pthread_create(&thread, NULL, say_hello, port) != 0)
		return false;
	fd = accept(listening, NULL, NULL);
	if (fd >= 0)
		n = recv(fd, a->hello, sizeof(a->hello), 0);
	a->hello_len = n > 0 ? (size_t)n : 0;
	(void)close(fd);
	(void)close(listening);
	(void)pthread_join(thread, NULL);
	freeaddrinfo(here);
	return a->hello_len > 0;
}

static void *come_and_go(void *arg)
{
	struct attack *a = arg;

	for (;;) {
		struct pollfd p = {.fd = dial(a), .events = POLLIN};

		if (p.fd < 0)
			continue;
		(void)send(p.fd, a->hello, a->hello_len, MSG_NOSIGNAL);
		(void)poll(&p, 1, 1000); /* until the server has answered: the cost is its */
		(void)close(p.fd);
		atomic_fetch_add(&a->under_way, 1);
	}
	return NULL;
}

/* ---- slowly ---- */

static void *dawdle(void *arg)
{
	static const char head[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
	static const char body[] = "POST /C82999/enrol HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 30000\r\n\r\n";
	struct attack *a = arg;
	const char *begin = strcmp(a->kind, "head") == 0 ? head : body;

	for (;;) {
		const struct tls_client_options o = {.host = a->host, .port = a->port, .ca_pem = getenv("ATTACK_CA"), .ignore_dates = true, .deadline_ms = 30000};
		struct tls_conn *c = NULL;
		enum status st = tls_connect(&c, &o, NULL);

		if (st == STATUS_OK)
			st = tls_write(c, begin, strlen(begin), 5000, NULL);
		atomic_fetch_add(&a->under_way, 1);
		while (st == STATUS_OK) {
			(void)poll(NULL, 0, 1000);
			st = tls_write(c, "x", 1, 5000, NULL);
		}
		tls_close(c);
		(void)poll(NULL, 0, 50);
	}
	return NULL;
}

static void run_threads(struct attack *a, void *(*work)(void *))
{
	pthread_t thread;

	for (int i = 0; i < a->count; i++)
		if (pthread_create(&thread, NULL, work, a) != 0)
			exit(1);
	while (atomic_load(&a->under_way) < a->count)
		(void)poll(NULL, 0, 20);
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;)
		(void)pause();
}

int main(int argc, char **argv)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct attack a = {.kind = argc == 5 ? argv[1] : "", .host = argc == 5 ? argv[2] : ""};

	if (argc != 5 || getaddrinfo(argv[2], argv[3], &hints, &a.to) != 0) {
		(void)fputs("usage: attack silent|hello|garbage|head|body ADDRESS PORT N\n", stderr);
		return 2;
	}
	a.port = argv[3];
	a.count = atoi(argv[4]);
	(void)signal(SIGPIPE, SIG_IGN);
	if (strcmp(a.kind, "silent") == 0 && a.count <= HELD_MAX)
		hold(&a);
	if (a.count > WORKERS_MAX)
		return 2;
	if (strcmp(a.kind, "hello") == 0 && record_hello(&a))
		run_threads(&a, come_and_go);
	if (strcmp(a.kind, "garbage") == 0) {
		a.hello_len = sizeof(a.hello);
		for (size_t i = 0; i < a.hello_len; i++)
			a.hello[i] = (uint8_t)(i * 37 + 11);
		run_threads(&a, come_and_go);
	}
	if (strcmp(a.kind, "head") == 0 || strcmp(a.kind, "body") == 0)
		run_threads(&a, dawdle);
	return 1;
}
