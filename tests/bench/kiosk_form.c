/* tests/bench/kiosk_form.c PORT - how long a patient waits for "thank you": the last form of an answer, sent as a browser sends it to a kiosk of this
 * machine over one connection, until its response is there. Answers with a comment, which is sealed first, and without take turns.
 *
 * Prints the median of each round, in milliseconds: "round\tname\tvalue"; the names are plain and sealed.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 7
#define ANSWERS 40
#define PAGE_MAX (256 * 1024)
#define STATE_MAX (16 * 1024)
#define PATIENCE_S 20

struct client {
	unsigned port;
	int fd;
	char page[PAGE_MAX];   /* the last response, headers and all */
	char state[STATE_MAX]; /* the hidden field of its form */
};

static void fail(const char *what)
{
	(void)fprintf(stderr, "kiosk_form: %s\n", what);
	exit(1);
}

static void dial(struct client *c)
{
	const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)c->port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	const struct timeval patience = {.tv_sec = PATIENCE_S};

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
	    connect(c->fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
		fail("there is no kiosk at this port");
}

/* Up to the end that Content-Length names. */
static void receive(struct client *c)
{
	size_t have = 0, whole = PAGE_MAX - 1;

	while (have < whole) {
		ssize_t n = recv(c->fd, c->page + have, PAGE_MAX - 1 - have, 0);
		const char *body = NULL, *length = NULL;

		if (n <= 0)
			fail("the kiosk ended the connection");
		have += (size_t)n;
		c->page[have] = '\0';
		body = strstr(c->page, "\r\n\r\n");
		length = body ? strcasestr(c->page, "\r\ncontent-length:") : NULL;
		if (length && length < body)
			whole = (size_t)(body - c->page) + 4 + strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
		if (whole > PAGE_MAX - 1)
			fail("the page is too long");
	}
}

static void ask(struct client *c, const char *method, const char *path, const char *body)
{
	static char text[STATE_MAX + 4096];
	int len = snprintf(text, sizeof(text),
			   "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nOrigin: http://127.0.0.1:%u\r\n"
			   "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
			   method, path, c->port, c->port, strlen(body), body);

	if (len < 0 || (size_t)len >= sizeof(text) || send(c->fd, text, (size_t)len, MSG_NOSIGNAL) != len)
		fail("the form cannot be sent");
	receive(c);
}

static void find_state(struct client *c)
{
	static const char field[] = "name=\"state\" value=\"";
	const char *from = strstr(c->page, field);
	size_t len = from ? strcspn(from + sizeof(field) - 1, "\"") : 0;

	if (len == 0 || len >= STATE_MAX)
		fail("the page has no form");
	memcpy(c->state, from + sizeof(field) - 1, len);
	c->state[len] = '\0';
}

static void step(struct client *c, const char *rest)
{
	static char body[STATE_MAX + 1024];

	(void)snprintf(body, sizeof(body), "state=%s&%s", c->state, rest);
	ask(c, "POST", "/step", body);
}

static int64_t now_ns(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Of the last form. */
static int64_t answer_ns(struct client *c, const char *last)
{
	int64_t begin = 0, taken = 0;

	ask(c, "GET", "/", "");
	find_state(c);
	step(c, "answer=good");
	find_state(c);
	begin = now_ns();
	step(c, last);
	taken = now_ns() - begin;
	if (strncmp(c->page, "HTTP/1.1 303", 12) != 0)
		fail("the kiosk does not thank");
	return taken;
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print_median(int round, const char *name, int64_t *taken)
{
	qsort(taken, ANSWERS, sizeof(taken[0]), compare);
	printf("%d\t%s\t%.3f\n", round, name, (double)taken[ANSWERS / 2] / 1e6);
}

int main(int argc, char **argv)
{
	static struct client c;
	static int64_t plain[ANSWERS], sealed[ANSWERS];

	if (argc != 2) {
		(void)fputs("usage: kiosk_form PORT\n", stderr);
		return 2;
	}
	c.port = (unsigned)strtoul(argv[1], NULL, 10);
	dial(&c);
	for (int round = 1; round <= ROUNDS; round++) {
		for (int i = 0; i < ANSWERS; i++) {
			plain[i] = answer_ns(&c, "comment=&go=without");
			sealed[i] = answer_ns(&c, "comment=The+waiting+room+was+cold%2C+and+nobody+said+how+long+it+would+take.&publish=yes&go=send");
		}
		print_median(round, "plain", plain);
		print_median(round, "sealed", sealed);
	}
	(void)close(c.fd);
	return 0;
}
