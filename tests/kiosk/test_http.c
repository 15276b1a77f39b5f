/* tests/kiosk/test_http.c - the web server over real sockets: headers, limits, broken requests, and where it listens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "kiosk/form.h"
#include "kiosk/http.h"
#include "tests/kiosk/desk.h"

#define STATE_MAX 2048

struct server {
	struct fake fake;
	struct http *http;
	struct buf answer;
};

static int set_up(void **state)
{
	struct server *s = calloc(1, sizeof(*s));
	struct error e = {.text = ""};

	(void)signal(SIGPIPE, SIG_IGN);
	if (!s || !fake_start(&s->fake) || http_start(&s->http, "127.0.0.1:0", &s->fake.desk, &e) != STATUS_OK)
		return -1;
	s->fake.comments = false;
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct server *s = *state;

	http_stop(s->http);
	fake_stop(&s->fake);
	buf_clear(&s->answer);
	free(s);
	return 0;
}

static int dial(struct server *s)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(s->http)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct timeval patience = {.tv_sec = 20};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

/* Bytes as they stand, then the whole answer up to the end of the connection. */
static const char *exchange(struct server *s, const char *bytes, size_t len)
{
	char piece[4096];
	int fd = dial(s);
	ssize_t n = 0;

	buf_reset(&s->answer);
	while (len > 0) {
		n = send(fd, bytes, len, MSG_NOSIGNAL);
		if (n <= 0)
			break; /* refused early */
		bytes += n;
		len -= (size_t)n;
	}
	while ((n = recv(fd, piece, sizeof(piece), 0)) > 0)
		buf_add(&s->answer, piece, (size_t)n);
	(void)close(fd);
	return buf_text(&s->answer);
}

static const char *say(struct server *s, const char *head, const char *content)
{
	struct buf b = BUF_INIT;
	const char *answer = NULL;

	buf_addf(&b, "%s\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n", head, http_port(s->http));
	if (content)
		buf_addf(&b, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s", strlen(content), content);
	else
		buf_adds(&b, "\r\n");
	answer = exchange(s, buf_text(&b), b.len);
	buf_clear(&b);
	return answer;
}

static void assert_status(const char *answer, int status)
{
	char start[32];

	(void)snprintf(start, sizeof(start), "HTTP/1.1 %d ", status);
	if (strncmp(answer, start, strlen(start)) != 0)
		print_error("wanted %d, got: %.300s\n", status, answer);
	assert_int_equal(strncmp(answer, start, strlen(start)), 0);
}

/* The state of a fresh page, which one touch answers: this kiosk can seal no comment. */
static void fresh_state(struct server *s, char state[STATE_MAX])
{
	const char *start = strstr(say(s, "GET / HTTP/1.1", NULL), "name=\"state\" value=\"");
	const char *end = NULL;

	assert_non_null(start);
	start += strlen("name=\"state\" value=\"");
	end = strchr(start, '"');
	assert_true(end && end - start < STATE_MAX);
	(void)snprintf(state, STATE_MAX, "%.*s", (int)(end - start), start);
}

static void lets_the_browser_keep_only_what_never_changes(void **state)
{
	struct server *s = *state;
	const struct asset *style = assets_named(&s->fake.desk.assets, "style.css");
	char line[128];

	assert_non_null(style);
	(void)snprintf(line, sizeof(line), "GET %s HTTP/1.1", style->path);
	assert_non_null(strstr(say(s, line, NULL), "Cache-Control: public, max-age=31536000, immutable\r\n"));
	assert_status(buf_text(&s->answer), 200);
	assert_non_null(strstr(say(s, "GET /a/0000000000000000.css HTTP/1.1", NULL), "Cache-Control: no-store\r\n"));
	assert_status(buf_text(&s->answer), 404);
}

static void tells_the_browser_to_be_strict(void **state)
{
	struct server *s = *state;
	const char *answer = say(s, "GET / HTTP/1.1", NULL);

	assert_status(answer, 200);
	assert_non_null(strstr(answer, "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
				       "media-src 'self'; font-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n"));
	assert_non_null(strstr(answer, "Cache-Control: no-store\r\n"));
	assert_non_null(strstr(answer, "Referrer-Policy: same-origin\r\n"));
	assert_non_null(strstr(answer, "X-Content-Type-Options: nosniff\r\n"));
	assert_non_null(strstr(answer, "Content-Type: text/html; charset=utf-8\r\n"));
}

static void takes_an_answer_and_sends_to_the_thanks(void **state)
{
	struct server *s = *state;
	char token[STATE_MAX], form[STATE_MAX + 64];
	const char *answer = NULL;

	fresh_state(s, token);
	(void)snprintf(form, sizeof(form), "state=%s&answer=good", token);
	answer = say(s, "POST /step HTTP/1.1", form);
	assert_status(answer, 303);
	assert_non_null(strstr(answer, "Location: /thanks?state="));
	assert_int_equal(s->fake.kept_len, 1);
	assert_string_equal(s->fake.kept[0].answers, "{\"experience\":\"good\"}");
	assert_status(say(s, "GET /thanks HTTP/1.1", NULL), 200);
}

static void head_gives_no_body(void **state)
{
	const char *answer = say(*state, "HEAD / HTTP/1.1", NULL);

	assert_status(answer, 200);
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}

static void post_zeros(struct server *s, size_t len, int status)
{
	char *zeros = malloc(len + 1);

	assert_non_null(zeros);
	memset(zeros, 'a', len);
	zeros[len] = '\0';
	assert_status(say(s, "POST /step HTTP/1.1", zeros), status);
	free(zeros);
}

static void says_why_a_form_is_too_large(void **state)
{
	struct server *s = *state;

	post_zeros(s, FORM_MAX_BYTES, 400);
	post_zeros(s, FORM_MAX_BYTES + 1, 413);
	post_zeros(s, 1000 * 1000, 413);
	assert_int_equal(s->fake.kept_len, 0);
}

static void does_not_wait_for_a_body_beyond_all_sense(void **state)
{
	struct server *s = *state;
	struct buf b = BUF_INIT;

	buf_addf(&b, "POST /step HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9999999999\r\n\r\n",
		 http_port(s->http));
	assert_status(exchange(s, buf_text(&b), b.len), 413);
	buf_clear(&b);
}

static void an_endless_chunked_body_is_cut_off(void **state)
{
	struct server *s = *state;
	struct buf b = BUF_INIT;
	char zeros[4097];

	memset(zeros, 'a', sizeof(zeros) - 1);
	zeros[sizeof(zeros) - 1] = '\0';
	buf_addf(&b, "POST /step HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n",
		 http_port(s->http));
	for (int i = 0; i < 600; i++)
		buf_addf(&b, "1000\r\n%s\r\n", zeros);
	(void)exchange(s, buf_text(&b), b.len);
	buf_clear(&b);
	assert_int_equal(s->fake.kept_len, 0);
	assert_status(say(s, "GET / HTTP/1.1", NULL), 200);
}

static void refuses_two_lengths_and_two_hosts(void **state)
{
	struct server *s = *state;
	struct buf b = BUF_INIT;

	buf_addf(&b, "GET / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n", http_port(s->http));
	assert_status(exchange(s, buf_text(&b), b.len), 400);
	buf_reset(&b);
	buf_addf(&b, "POST /step HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
		     "Content-Length: 3\r\nContent-Length: 3\r\n\r\na=b", http_port(s->http));
	assert_status(exchange(s, buf_text(&b), b.len), 400);
	buf_clear(&b);
}

static const char *post_with(struct server *s, const char *headers, const char *token)
{
	struct buf b = BUF_INIT;
	const char *answer = NULL;

	buf_addf(&b, "POST /step HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s\r\nConnection: close\r\n"
		     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\nstate=%s&answer=good",
		 http_port(s->http), headers, strlen("state=&answer=good") + strlen(token), token);
	answer = exchange(s, buf_text(&b), b.len);
	buf_clear(&b);
	return answer;
}

static void refuses_two_words_on_where_a_post_comes_from(void **state)
{
	struct server *s = *state;
	char token[STATE_MAX], origins[128];

	fresh_state(s, token);
	(void)snprintf(origins, sizeof(origins), "Origin: http://elsewhere.example\r\nOrigin: http://127.0.0.1:%u", http_port(s->http));
	assert_status(post_with(s, origins, token), 400);
	assert_status(post_with(s, "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Site: same-origin", token), 400);
	assert_int_equal(s->fake.kept_len, 0);
	assert_status(post_with(s, "Sec-Fetch-Site: same-origin", token), 303);
}

static void survives_requests_that_are_none(void **state)
{
	static const char *const bad[] = {"", "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST /step HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
					  "GET /%00 HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01"};
	struct server *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int fd = dial(s);

		(void)send(fd, bad[i], strlen(bad[i]), MSG_NOSIGNAL);
		(void)close(fd);
	}
	assert_status(say(s, "GET / HTTP/1.1", NULL), 200);
}

static void listens_on_this_machine_only(void **state)
{
	static const char *const bad[] = {"0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.org:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", ":80", ""};
	struct fake fake;
	struct error e;

	(void)state;
	assert_true(fake_start(&fake));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct http *h = NULL;

		assert_int_equal(http_start(&h, bad[i], &fake.desk, &e), STATUS_USAGE);
		assert_null(h);
	}
	fake_stop(&fake);
}

static void names_its_own_address(void **state)
{
	struct server *s = *state;
	struct http *h = NULL;
	struct fake fake;
	struct error e = {.text = ""};
	char expected[64];

	assert_true(fake_start(&fake));
	assert_int_equal(http_start(&h, "localhost:0", &fake.desk, &e), STATUS_OK);
	(void)snprintf(expected, sizeof(expected), "http://127.0.0.1:%u", http_port(h));
	assert_string_equal(http_url(h), expected);
	http_stop(h);
	(void)snprintf(expected, sizeof(expected), "127.0.0.1:%u", http_port(s->http));
	h = NULL;
	assert_int_equal(http_start(&h, expected, &fake.desk, &e), STATUS_IO); /* taken */
	assert_non_null(strstr(e.text, "in use"));
	fake_stop(&fake);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lets_the_browser_keep_only_what_never_changes),
		TEST(tells_the_browser_to_be_strict),
		TEST(takes_an_answer_and_sends_to_the_thanks),
		TEST(head_gives_no_body),
		TEST(says_why_a_form_is_too_large),
		TEST(does_not_wait_for_a_body_beyond_all_sense),
		TEST(an_endless_chunked_body_is_cut_off),
		TEST(refuses_two_lengths_and_two_hosts),
		TEST(refuses_two_words_on_where_a_post_comes_from),
		TEST(survives_requests_that_are_none),
		cmocka_unit_test(listens_on_this_machine_only),
		TEST(names_its_own_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
