/* tests/core/test_tls_proxy.c - which proxy, for whom; and what it may answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/tls_dial.h"
#include "core/tls_proxy.h"

static void an_address_is_taken_apart(void **state)
{
	static const struct {
		const char *url, *host, *port, *login;
	} good[] = {
		{"http://proxy.nhs.example:8080", "proxy.nhs.example", "8080", ""}, {"http://proxy/", "proxy", "3128", ""},  {"proxy:81", "proxy", "81", ""},
		{"http://jane:s@cret@proxy:81/", "proxy", "81", "jane:s@cret"},	  {"http://[::1]:81", "::1", "81", ""},
	};
	static const char *const bad[] = {"", "http://", "https://proxy", "socks5://proxy", "http://proxy:0", "http://proxy:x", "http://proxy:123456", "http://proxy/path", "http://[::1", "http://a b"};
	struct tls_proxy p = {.host = "before"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(proxy_parse(&p, bad[i], NULL), STATUS_INVALID);
		assert_string_equal(p.host, "before");
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(proxy_parse(&p, good[i].url, NULL), STATUS_OK);
		assert_string_equal(p.host, good[i].host);
		assert_string_equal(p.port, good[i].port);
		assert_string_equal(p.login, good[i].login);
	}
}

static void who_is_reached_without_it_is_read_as_curl_does(void **state)
{
	static const char list[] = "localhost, 127.0.0.1,.nhs.example,qip.example.org";

	(void)state;
	assert_true(proxy_is_passed_by(list, "localhost") && proxy_is_passed_by(list, "127.0.0.1") && proxy_is_passed_by(list, "LOCALHOST"));
	assert_true(proxy_is_passed_by(list, "nhs.example") && proxy_is_passed_by(list, "a.nhs.example") && proxy_is_passed_by(list, "www.qip.example.org"));
	assert_false(proxy_is_passed_by(list, "xnhs.example") || proxy_is_passed_by(list, "qip.example.org.evil") || proxy_is_passed_by(list, "example.org"));
	assert_true(proxy_is_passed_by("*", "anything"));
	assert_false(proxy_is_passed_by("", "anything") || proxy_is_passed_by(",,.", "anything"));
}

/* What it says is there before it is asked. */
static enum status asked(const char *answer, char *question, size_t size, struct error *e)
{
	const struct tls_proxy p = {.host = "proxy", .port = "81", .login = "jane:secret"};
	int pair[2];
	ssize_t n = 0;
	enum status st = STATUS_OK;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(write(pair[1], answer, strlen(answer)), strlen(answer));
	st = proxy_connect(pair[0], &p, "qip.example.org", "8443", dial_now_ms() + 300, e);
	n = recv(pair[1], question, size - 1, MSG_DONTWAIT);
	question[n > 0 ? n : 0] = '\0';
	if (st == STATUS_OK) {
		char rest[8] = "";

		assert_int_equal(recv(pair[0], rest, sizeof(rest), MSG_DONTWAIT), 3); /* the server's first bytes are not the proxy's */
		assert_memory_equal(rest, "TLS", 3);
	}
	(void)close(pair[0]);
	(void)close(pair[1]);
	return st;
}

static void it_is_asked_for_the_server_and_its_answer_is_read_to_its_end(void **state)
{
	char question[1000], endless[9000];
	struct error e;

	(void)state;
	assert_int_equal(asked("HTTP/1.1 200 Connection established\r\nProxy-Agent: x\r\n\r\nTLS", question, sizeof(question), &e), STATUS_OK);
	assert_string_equal(question, "CONNECT qip.example.org:8443 HTTP/1.1\r\nHost: qip.example.org:8443\r\nProxy-Authorization: Basic amFuZTpzZWNyZXQ=\r\n\r\n");
	assert_int_equal(asked("HTTP/1.1 403 Filtered\r\nX: y\r\n\r\n", question, sizeof(question), &e), STATUS_NETWORK);
	assert_non_null(strstr(e.text, "does not let this device through to qip.example.org port 8443: HTTP/1.1 403 Filtered"));
	assert_int_equal(asked("SSH-2.0-OpenSSH\r\n\r\n", question, sizeof(question), &e), STATUS_NETWORK);
	assert_int_equal(asked("HTTP/1.1 200 and no more", question, sizeof(question), &e), STATUS_TIMEOUT);
	assert_non_null(strstr(e.text, "does not answer"));
	memset(endless, 'x', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	assert_int_equal(asked(endless, question, sizeof(question), &e), STATUS_NETWORK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_taken_apart),
		cmocka_unit_test(who_is_reached_without_it_is_read_as_curl_does),
		cmocka_unit_test(it_is_asked_for_the_server_and_its_answer_is_read_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
