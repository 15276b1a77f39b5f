/* kiosk/watch.c - is the kiosk well? The kiosk's own page enters; a word to the service manager leaves. */
#include "kiosk/watch.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_S 25 /* a card may take that long to write what others wait for; twice that is less than the manager's patience */

/* Failing is nobody's to handle here: a manager that hears nothing acts. */
static void tell(const char *word)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	int fd = -1;

	if (len < 2 || len >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, word, strlen(word), MSG_NOSIGNAL, (const struct sockaddr *)&to,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	(void)close(fd);
}

int64_t watch_every_ms(void)
{
	const char *text = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	long long us = text ? strtoll(text, NULL, 10) : 0;

	if (us <= 0 || (pid && strtoll(pid, NULL, 10) != getpid()))
		return 0;
	return us / 1000 / 11 * 10;
}

void watch_ready(void)
{
	tell("READY=1");
}

void watch_stopping(void)
{
	tell("STOPPING=1");
}

/* "127.0.0.1:8080", "[::1]:8080", or without the port when it is 80. */
static struct addrinfo *read_host(const char *host)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	bool v6 = host[0] == '[';
	size_t len = strcspn(host + v6, v6 ? "]" : ":");
	const char *port = host + v6 + len + (v6 && host[v6 + len]);
	struct addrinfo *found = NULL;
	char name[64];

	if (len >= sizeof(name))
		return NULL;
	memcpy(name, host + v6, len);
	name[len] = '\0';
	return getaddrinfo(name, *port == ':' ? port + 1 : "80", &hints, &found) == 0 ? found : NULL;
}

static int dial(const char *host)
{
	const struct timeval patience = {.tv_sec = ANSWER_S};
	struct addrinfo *to = read_host(host);
	int fd = to ? socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;

	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
			setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
			connect(fd, to->ai_addr, to->ai_addrlen) != 0)) {
		(void)close(fd);
		fd = -1;
	}
	if (to)
		freeaddrinfo(to);
	return fd;
}

/* Any answer will do: a page that says what is wrong is for people, and starting again would not mend it. */
static bool look(const char *host)
{
	static const char start[] = "HTTP/1.";
	char text[256];
	bool well = false;
	int len = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: " WATCH_AGENT "\r\nConnection: close\r\n\r\n", host);
	int fd = dial(host);

	if (fd < 0)
		return false;
	if (send(fd, text, (size_t)len, MSG_NOSIGNAL) == len)
		well = recv(fd, text, sizeof(start) - 1, MSG_WAITALL) == (ssize_t)(sizeof(start) - 1) &&
		       memcmp(text, start, sizeof(start) - 1) == 0;
	(void)close(fd);
	return well;
}

/* Twice, for a card that stalls once must not restart the screen under somebody's hands. */
bool watch_look(const char *host)
{
	bool well = look(host) || look(host);

	if (well)
		tell("WATCHDOG=1");
	return well;
}

/* One reload may be missed, and half of the time is for a box that is busy. */
bool watch_screen_is_gone(int64_t seen_ms, int64_t now_ms, int64_t reload_ms)
{
	return now_ms - seen_ms > reload_ms * 2 + reload_ms / 2;
}
