/* core/tls_proxy.c - reaching a server through an HTTP proxy. */
#include "core/tls_proxy.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "core/buf.h"
#include "core/digest.h"
#include "core/tls_dial.h"

#define DEFAULT_PORT "3128"
#define ANSWER_MAX 8192 /* of the proxy, up to the empty line */

/* ---- which proxy ---- */

enum status proxy_parse(struct tls_proxy *out, const char *url, struct error *e)
{
	struct tls_proxy p = {.port = DEFAULT_PORT};
	const char *text = strncasecmp(url, "http://", 7) == 0 ? url + 7 : url, *at = strrchr(text, '@'), *host = at ? at + 1 : text, *end = NULL;
	size_t len = 0;

	if ((strstr(url, "://") && text == url) || (at && (size_t)(at - text) >= sizeof(p.login)))
		goto bad;
	if (at)
		memcpy(p.login, text, (size_t)(at - text));
	end = *host == '[' ? strchr(host, ']') : host + strcspn(host, ":/");
	if (*host == '[')
		host++;
	len = end ? (size_t)(end - host) : 0;
	if (len == 0 || len >= sizeof(p.host))
		goto bad;
	memcpy(p.host, host, len);
	end += *end == ']';
	if (*end == ':') {
		len = strcspn(end + 1, "/");
		if (len >= sizeof(p.port))
			goto bad;
		memcpy(p.port, end + 1, len);
		p.port[len] = '\0';
		end += 1 + len;
	}
	if ((*end && strcmp(end, "/") != 0) || !dial_is_port(p.port) || strpbrk(p.host, " \r\n"))
		goto bad;
	*out = p;
	return STATUS_OK;
bad:
	return error_set(e, STATUS_INVALID, "the proxy's address must have the form http://host:port; it is taken from https_proxy");
}

static bool is_below(const char *entry, size_t len, const char *host)
{
	size_t host_len = strlen(host);

	if (len > 0 && *entry == '.') {
		entry++;
		len--;
	}
	return len > 0 && host_len >= len && strncasecmp(host + host_len - len, entry, len) == 0 && (host_len == len || host[host_len - len - 1] == '.');
}

bool proxy_is_passed_by(const char *list, const char *host)
{
	while (*list) {
		size_t len = strcspn(list, ", ");

		if ((len == 1 && *list == '*') || is_below(list, len, host))
			return true;
		list += len;
		list += strspn(list, ", ");
	}
	return false;
}

/* ---- through it ---- */

static enum status send_all(int fd, const struct buf *bytes, int64_t until_ms)
{
	for (size_t sent = 0; sent < bytes->len;) {
		ssize_t n = send(fd, bytes->data + sent, bytes->len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		enum status st = STATUS_OK;

		if (n > 0) {
			sent += (size_t)n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return STATUS_NETWORK;
		st = dial_wait(fd, POLLOUT, until_ms);
		if (st != STATUS_OK)
			return st;
	}
	return STATUS_OK;
}

/* Byte by byte: what follows the empty line is the server's. */
static enum status read_head(char out[ANSWER_MAX], int fd, int64_t until_ms)
{
	for (size_t len = 0; len + 1 < ANSWER_MAX;) {
		ssize_t n = recv(fd, out + len, 1, MSG_DONTWAIT);
		enum status st = STATUS_OK;

		if (n == 1) {
			out[++len] = '\0';
			if (len >= 4 && memcmp(out + len - 4, "\r\n\r\n", 4) == 0)
				return STATUS_OK;
			continue;
		}
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			return STATUS_NETWORK;
		st = dial_wait(fd, POLLIN, until_ms);
		if (st != STATUS_OK)
			return st;
	}
	return STATUS_TOO_BIG;
}

static void write_question(struct buf *out, const struct tls_proxy *p, const char *host, const char *port)
{
	bool v6 = strchr(host, ':') != NULL;

	buf_addf(out, "CONNECT %s%s%s:%s HTTP/1.1\r\n", v6 ? "[" : "", host, v6 ? "]" : "", port);
	buf_addf(out, "Host: %s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
	if (p->login[0]) {
		buf_adds(out, "\r\nProxy-Authorization: Basic ");
		base64_encode(out, p->login, strlen(p->login));
	}
	buf_adds(out, "\r\n\r\n");
}

enum status proxy_connect(int fd, const struct tls_proxy *p, const char *host, const char *port, int64_t until_ms, struct error *e)
{
	struct buf question = BUF_SECRET;
	char answer[ANSWER_MAX] = "";
	enum status st = STATUS_OK;

	write_question(&question, p, host, port);
	st = buf_ok(&question) ? send_all(fd, &question, until_ms) : STATUS_NOMEM;
	buf_wipe(&question);
	if (st == STATUS_OK)
		st = read_head(answer, fd, until_ms);
	if (st != STATUS_OK)
		return error_set(e, st == STATUS_TIMEOUT ? st : STATUS_NETWORK, "the proxy at %.100s port %.10s %s", p->host, p->port,
				 st == STATUS_TIMEOUT ? "does not answer" : "ended the connection, or is no HTTP proxy");
	if (strncmp(answer, "HTTP/1.", 7) == 0 && strncmp(answer + 8, " 2", 2) == 0)
		return STATUS_OK;
	answer[strcspn(answer, "\r\n")] = '\0';
	return error_set(e, STATUS_NETWORK, "the proxy at %.100s port %.10s does not let this device through to %.100s port %.10s: %.80s", p->host, p->port, host, port, answer);
}
