/* tests/support/cutline/main.c - a TCP proxy on loopback that cuts the line after so many bytes.
 *
 *     cutline LISTEN_PORT TO_PORT PORT_FILE [up|down BYTES [dead]]
 *
 * Forwards to TO_PORT. Once BYTES went through up (to the server) or down (from it), all connections together, every
 * connection is reset; with "dead" those that come later as well, else they go through. LISTEN_PORT 0 takes a free one;
 * PORT_FILE gets it. SIGTERM ends the program, which prints "up <bytes> down <bytes>".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINES 64
#define PART_BYTES 16384

enum { UP, DOWN };

struct line {
	int client, server; /* -1: slot is free */
};

struct cutline {
	int listener;
	struct sockaddr_in to;
	struct line lines[LINES];
	unsigned long long passed[2];
	int direction; /* that is counted to the cut; -1: never */
	unsigned long long limit;
	bool dead, cut;
};

static volatile sig_atomic_t told_to_end;

static void on_term(int sig)
{
	(void)sig;
	told_to_end = 1;
}

static struct sockaddr_in loopback(const char *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

static bool tell_port(int listener, const char *file)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	char part[4096];
	FILE *f = NULL;

	if (getsockname(listener, (struct sockaddr *)&a, &len) ||
	    snprintf(part, sizeof(part), "%s.part", file) >= (int)sizeof(part))
		return false;
	f = fopen(part, "w");
	if (!f)
		return false;
	(void)fprintf(f, "%u", ntohs(a.sin_port));
	return fclose(f) == 0 && rename(part, file) == 0;
}

static bool listen_on(struct cutline *c, const char *port, const char *file)
{
	struct sockaddr_in a = loopback(port);
	int one = 1;

	c->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->listener < 0 || setsockopt(c->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(c->listener, (struct sockaddr *)&a, sizeof(a)) || listen(c->listener, LINES))
		return false;
	return tell_port(c->listener, file);
}

static void close_line(struct line *l)
{
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};

	if (l->client < 0)
		return;
	(void)setsockopt(l->client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	(void)setsockopt(l->server, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	(void)close(l->client);
	(void)close(l->server);
	*l = (struct line){-1, -1};
}

static void take_connection(struct cutline *c)
{
	int one = 1, client = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC), server = -1;
	struct line *l = NULL;

	for (size_t i = 0; i < LINES && !l; i++) {
		if (c->lines[i].client < 0)
			l = &c->lines[i];
	}
	if (client >= 0 && l && !(c->cut && c->dead))
		server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server < 0 || connect(server, (const struct sockaddr *)&c->to, sizeof(c->to))) {
		if (server >= 0)
			(void)close(server);
		if (client >= 0)
			(void)close(client);
		return;
	}
	(void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	*l = (struct line){client, server};
}

static bool send_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* What has come on one side goes to the other, up to the cut. The sides that ended are closed together, as nobody here
 * half-closes. */
static void forward(struct cutline *c, struct line *l, int direction)
{
	char part[PART_BYTES];
	int from = direction == UP ? l->client : l->server, to = direction == UP ? l->server : l->client;
	bool counts = direction == c->direction && !c->cut;
	unsigned long long left = c->limit - c->passed[direction];
	size_t most = counts && left < sizeof(part) ? (size_t)left : sizeof(part);
	ssize_t n = most > 0 ? recv(from, part, most, 0) : 0;

	if (n > 0 && send_all(to, part, (size_t)n)) {
		c->passed[direction] += (unsigned long long)n;
	} else if (most > 0) {
		(void)close(l->client);
		(void)close(l->server);
		*l = (struct line){-1, -1};
	}
	if (counts && c->passed[direction] >= c->limit) {
		c->cut = true;
		for (size_t i = 0; i < LINES; i++)
			close_line(&c->lines[i]);
	}
}

static void run(struct cutline *c)
{
	sigset_t term, none;

	(void)sigemptyset(&none);
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &term, NULL); /* but for the wait in ppoll */
	while (!told_to_end) {
		struct pollfd p[1 + 2 * LINES] = {{.fd = c->listener, .events = POLLIN}};

		for (size_t i = 0; i < LINES; i++) {
			p[1 + 2 * i] = (struct pollfd){.fd = c->lines[i].client, .events = POLLIN};
			p[2 + 2 * i] = (struct pollfd){.fd = c->lines[i].server, .events = POLLIN};
		}
		if (ppoll(p, 1 + 2 * LINES, NULL, &none) <= 0)
			continue;
		for (size_t i = 0; i < LINES; i++) {
			if (p[1 + 2 * i].revents && c->lines[i].client == p[1 + 2 * i].fd)
				forward(c, &c->lines[i], UP);
			if (p[2 + 2 * i].revents && c->lines[i].server == p[2 + 2 * i].fd)
				forward(c, &c->lines[i], DOWN);
		}
		if (p[0].revents)
			take_connection(c);
	}
}

int main(int argc, char **argv)
{
	static struct cutline c = {.direction = -1};
	const struct sigaction end = {.sa_handler = on_term};

	if (argc < 4 || argc == 5 || argc > 7) {
		(void)fprintf(stderr, "usage: cutline LISTEN_PORT TO_PORT PORT_FILE [up|down BYTES [dead]]\n");
		return 2;
	}
	if (argc > 5) {
		c.direction = strcmp(argv[4], "up") == 0 ? UP : DOWN;
		c.limit = strtoull(argv[5], NULL, 10);
		c.dead = argc > 6;
	}
	for (size_t i = 0; i < LINES; i++)
		c.lines[i] = (struct line){-1, -1};
	(void)sigaction(SIGTERM, &end, NULL);
	c.to = loopback(argv[2]);
	if (!listen_on(&c, argv[1], argv[3])) {
		(void)fprintf(stderr, "cutline: cannot listen: %s\n", strerror(errno));
		return 1;
	}
	run(&c);
	(void)printf("up %llu down %llu\n", c.passed[UP], c.passed[DOWN]);
	return 0;
}
