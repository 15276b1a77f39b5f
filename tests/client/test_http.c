/* tests/client/test_http.c - HTTP over a scripted transport: what a server may send, and may fail to send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/http.h"
#include "client/limits.h"

/* One connection: each request that is written releases the next answer. */
struct script {
	const char *answers[4]; /* NULL: silence until the deadline */
	bool closes[4];         /* the connection ends behind the answer */
};

struct peer {
	int meanwhile; /* how often the caller worked between */
	const struct script *scripts;
	size_t scripts_len;
	size_t step;         /* bytes given per read, 0 for all */
	size_t connected;    /* connections so far */
	size_t asked;        /* requests written on the present one */
	size_t at;           /* in the present answer */
	char request[4096];  /* the last one */
};

static enum status peer_connect(void **conn, void *ctx, int deadline_ms, struct error *e)
{
	struct peer *p = ctx;

	(void)deadline_ms;
	if (p->connected == p->scripts_len)
		return error_set(e, STATUS_NETWORK, "nobody listens");
	p->connected++;
	p->asked = p->at = 0;
	*conn = p;
	return STATUS_OK;
}

static enum status peer_write(void *conn, const void *bytes, size_t len, int deadline_ms, struct error *e)
{
	struct peer *p = conn;
	const struct script *s = &p->scripts[p->connected - 1];

	(void)deadline_ms;
	if (p->asked > 0 && s->closes[p->asked - 1])
		return error_set(e, STATUS_NETWORK, "broken pipe");
	assert_true(len < sizeof(p->request));
	memcpy(p->request, bytes, len);
	p->request[len] = '\0';
	p->asked++;
	p->at = 0;
	return STATUS_OK;
}

static enum status peer_read(void *conn, void *bytes, size_t *n, int deadline_ms, struct error *e)
{
	struct peer *p = conn;
	const struct script *s = &p->scripts[p->connected - 1];
	const char *answer = p->asked ? s->answers[p->asked - 1] : NULL;
	size_t left = answer ? strlen(answer) - p->at : 0;

	(void)deadline_ms;
	if (left == 0 && p->asked && s->closes[p->asked - 1]) {
		*n = 0;
		return STATUS_OK;
	}
	if (left == 0)
		return error_set(e, STATUS_TIMEOUT, "silence");
	if (p->step && left > p->step)
		left = p->step;
	if (left > *n)
		left = *n;
	memcpy(bytes, answer + p->at, left);
	p->at += left;
	*n = left;
	return STATUS_OK;
}

static void peer_close(void *ctx, void *conn)
{
	(void)ctx;
	(void)conn;
}

static const struct http_transport transport = {peer_connect, peer_read, peer_write, peer_close};

static const struct http_request get = {.method = "GET", .path = "/x?y=1", .accept = "text/plain", .max_bytes = 100, .call_ms = 1000};

/* One call on a fresh handle. */
static enum status call(struct http_response *res, struct peer *p, const struct http_request *req, struct error *e)
{
	struct http *h = NULL;
	enum status st = STATUS_OK;

	assert_int_equal(http_open(&h, &transport, p, "host:8443", e), STATUS_OK);
	st = http_call(h, req, res, e);
	http_close(h);
	return st;
}

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
#define HELLO OK_HEAD "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 5\r\n\r\nhello"

static void reads_an_answer_however_it_is_cut_into_pieces(void **state)
{
	static const char *const bodies[] = {HELLO, OK_HEAD "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
					     "HTTP/1.1 100 Continue\r\n\r\n" HELLO};
	static const size_t steps[] = {0, 1, 7};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		for (size_t k = 0; k < ARRAY_LEN(steps); k++) {
			struct script s = {.answers = {bodies[i]}};
			struct peer p = {.scripts = &s, .scripts_len = 1, .step = steps[k]};
			struct http_response res = HTTP_RESPONSE_INIT;
			struct error e = {0};

			assert_int_equal(call(&res, &p, &get, &e), STATUS_OK);
			assert_int_equal(res.status, 200);
			assert_string_equal(buf_text(&res.body), "hello");
			assert_string_equal(res.content_type, "text/plain");
			assert_true(res.date_ms == INT64_C(784111777000));
			assert_non_null(strstr(p.request, "GET /x?y=1 HTTP/1.1\r\n"));
			assert_non_null(strstr(p.request, "Host: host:8443\r\n"));
			http_response_clear(&res);
		}
	}
}

static void sends_a_body_with_its_length(void **state)
{
	struct script s = {.answers = {HELLO}};
	struct peer p = {.scripts = &s, .scripts_len = 1};
	struct http_request post = {.method = "POST", .path = "/", .content_type = "a/b", .body = "12345", .body_len = 5, .max_bytes = 9, .call_ms = 1000};
	struct http_response res = HTTP_RESPONSE_INIT;

	(void)state;
	assert_int_equal(call(&res, &p, &post, NULL), STATUS_OK);
	assert_non_null(strstr(p.request, "Content-Type: a/b\r\nContent-Length: 5\r\n\r\n12345"));
	http_response_clear(&res);
}

static void note_meanwhile(void *ctx)
{
	struct peer *p = ctx;

	assert_non_null(strstr(p->request, "\r\n\r\n12345"));
	assert_int_equal(p->at, 0);
	p->meanwhile++;
}

static void lets_the_caller_work_between_the_question_and_the_answer(void **state)
{
	struct script s = {.answers = {HELLO}};
	struct peer p = {.scripts = &s, .scripts_len = 1};
	struct http_request post = {.method = "POST", .path = "/", .content_type = "a/b", .body = "12345", .body_len = 5, .max_bytes = 9, .call_ms = 1000,
				    .meanwhile = note_meanwhile, .meanwhile_ctx = &p};
	struct http_response res = HTTP_RESPONSE_INIT;

	(void)state;
	assert_int_equal(call(&res, &p, &post, NULL), STATUS_OK);
	assert_int_equal(p.meanwhile, 1);
	assert_string_equal(buf_text(&res.body), "hello");
	http_response_clear(&res);
}

/* Two calls on one handle; connections used. */
static size_t call_twice(const struct script *scripts, size_t len, enum status second)
{
	struct peer p = {.scripts = scripts, .scripts_len = len};
	struct http_response res = HTTP_RESPONSE_INIT;
	struct http *h = NULL;

	assert_int_equal(http_open(&h, &transport, &p, "host", NULL), STATUS_OK);
	assert_int_equal(http_call(h, &get, &res, NULL), STATUS_OK);
	http_response_clear(&res);
	assert_int_equal(http_call(h, &get, &res, NULL), second);
	http_response_clear(&res);
	http_close(h);
	return p.connected;
}

static void uses_a_connection_again(void **state)
{
	const struct script s[] = {{.answers = {HELLO, HELLO}}};

	(void)state;
	assert_int_equal(call_twice(s, 1, STATUS_OK), 1);
}

static void connects_anew_when_the_server_said_close(void **state)
{
	const struct script s[] = {{.answers = {OK_HEAD "Connection: close\r\nContent-Length: 0\r\n\r\n"}}, {.answers = {HELLO}}};

	(void)state;
	assert_int_equal(call_twice(s, 2, STATUS_OK), 2);
}

static void tries_once_more_when_a_kept_connection_was_closed(void **state)
{
	const struct script closed[] = {{.answers = {HELLO}, .closes = {true}}, {.answers = {HELLO}}};
	const struct script empty[] = {{.answers = {HELLO, ""}, .closes = {false, true}}, {.answers = {HELLO}}};
	const struct script twice[] = {{.answers = {HELLO, ""}, .closes = {false, true}}, {.answers = {""}, .closes = {true}}, {.answers = {HELLO}}};

	(void)state;
	assert_int_equal(call_twice(closed, 2, STATUS_OK), 2);
	assert_int_equal(call_twice(empty, 2, STATUS_OK), 2);
	assert_int_equal(call_twice(twice, 3, STATUS_NETWORK), 2);
}

static void does_not_ask_again_after_the_first_byte_of_an_answer(void **state)
{
	const struct script s[] = {{.answers = {HELLO, "H"}, .closes = {false, true}}, {.answers = {HELLO}}};

	(void)state;
	assert_int_equal(call_twice(s, 2, STATUS_NETWORK), 1);
}

/* Bytes behind an answer could be taken for the next one's. */
static void drops_a_connection_that_says_more_than_was_asked(void **state)
{
	const struct script s[] = {{.answers = {HELLO "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"}}, {.answers = {HELLO}}};

	(void)state;
	assert_int_equal(call_twice(s, 2, STATUS_OK), 2);
}

static void says_what_is_wrong_with_a_bad_answer(void **state)
{
	static const struct {
		const char *answer;
		bool closes;
		enum status expected;
	} bad[] = {
		{"SSH-2.0-OpenSSH_9.2\r\n", false, STATUS_MALFORMED},
		{OK_HEAD "Content-Length: 5\r\n\r\nhel", true, STATUS_NETWORK},
		{OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", true, STATUS_NETWORK},
		{OK_HEAD "Content-Length: 5\r\n\r\nhel", false, STATUS_TIMEOUT},
		{OK_HEAD "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", false, STATUS_MALFORMED},
		{"", true, STATUS_NETWORK},
		{NULL, false, STATUS_TIMEOUT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct script s = {.answers = {bad[i].answer}, .closes = {bad[i].closes}};
		struct peer p = {.scripts = &s, .scripts_len = 1};
		struct http_response res = HTTP_RESPONSE_INIT;
		struct error e = {0};

		assert_int_equal(call(&res, &p, &get, &e), bad[i].expected);
		assert_string_not_equal(e.text, "");
		assert_null(res.body.data);
	}
}

static void caps_the_body_whether_its_length_was_told_or_not(void **state)
{
	static const char *const large[] = {OK_HEAD "Content-Length: 101\r\n\r\n", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n65\r\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(large); i++) {
		char answer[400];
		struct script s = {.answers = {answer}};
		struct peer p = {.scripts = &s, .scripts_len = 1};
		struct http_response res = HTTP_RESPONSE_INIT;

		(void)snprintf(answer, sizeof(answer), "%s%0101d", large[i], 0);
		assert_int_equal(call(&res, &p, &get, NULL), STATUS_TOO_BIG);
	}
}

static void caps_the_headers(void **state)
{
	static char answer[LIMIT_HEADERS_BYTES + 200];
	struct script s = {.answers = {answer}};
	struct peer p = {.scripts = &s, .scripts_len = 1};
	struct http_response res = HTTP_RESPONSE_INIT;

	(void)state;
	(void)snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nX: %0*d\r\n\r\n", LIMIT_HEADERS_BYTES, 0);
	assert_int_equal(call(&res, &p, &get, NULL), STATUS_TOO_BIG);
}

static void keeps_the_deadline_over_all(void **state)
{
	struct script s = {.answers = {HELLO}};
	struct peer p = {.scripts = &s, .scripts_len = 1, .step = 1};
	struct http_request late = get;
	struct http_response res = HTTP_RESPONSE_INIT;

	(void)state;
	late.call_ms = 0;
	assert_int_equal(call(&res, &p, &late, NULL), STATUS_TIMEOUT);
}

static enum status count_and_stop(void *ctx, const void *bytes, size_t len, struct error *e)
{
	size_t *count = ctx;

	(void)bytes;
	*count += len;
	return *count < 3 ? STATUS_OK : error_set(e, STATUS_CORRUPT, "enough");
}

static void passes_on_what_the_sink_says(void **state)
{
	struct script s = {.answers = {HELLO}};
	struct peer p = {.scripts = &s, .scripts_len = 1, .step = 1};
	size_t count = 0;
	struct http_request req = get;
	struct http_response res = HTTP_RESPONSE_INIT;
	struct error e = {0};

	(void)state;
	req.sink = count_and_stop;
	req.sink_ctx = &count;
	assert_int_equal(call(&res, &p, &req, &e), STATUS_CORRUPT);
	assert_string_equal(e.text, "enough");
	assert_int_equal(count, 3);
}

/* The status and words of a refusal, out of a whole answer. */
static enum status refusal_of(const char *answer, struct error *e)
{
	struct script s = {.answers = {answer}};
	struct peer p = {.scripts = &s, .scripts_len = 1};
	struct http_response res = HTTP_RESPONSE_INIT;
	enum status st = STATUS_OK;

	assert_int_equal(call(&res, &p, &get, e), STATUS_OK);
	st = http_refusal(&res, e);
	http_response_clear(&res);
	return st;
}

static void tells_refusals_in_the_servers_words_without_its_control_characters(void **state)
{
	struct error e = {0};

	(void)state;
	assert_int_equal(refusal_of("HTTP/1.1 403 No\r\nContent-Type: text/plain\r\nContent-Length: 17\r\n\r\nrevoked\x1b[2J\xc2\x9bx\n!\n", &e),
			 STATUS_REFUSED);
	assert_string_equal(e.text, "revoked [2J x !");
	assert_int_equal(refusal_of("HTTP/1.1 409 No\r\nContent-Type: application/json\r\nContent-Length: 31\r\n\r\n{\"error\":\"used\",\"message\":\"Bad\"}",
				    &e), STATUS_REFUSED);
	assert_int_equal(refusal_of("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", &e), STATUS_NETWORK);
	assert_int_equal(refusal_of("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n", &e), STATUS_TOO_BIG);
}

static void does_not_follow_a_redirect(void **state)
{
	const struct script s[] = {{.answers = {"HTTP/1.1 302 Found\r\nLocation: https://elsewhere/\r\nContent-Length: 0\r\n\r\n"}}, {.answers = {HELLO}}};
	struct peer p = {.scripts = s, .scripts_len = 2};
	struct http_response res = HTTP_RESPONSE_INIT;
	struct error e = {0};

	(void)state;
	assert_int_equal(call(&res, &p, &get, &e), STATUS_OK);
	assert_int_equal(res.status, 302);
	assert_int_equal(http_refusal(&res, &e), STATUS_REFUSED);
	assert_int_equal(p.connected, 1);
	http_response_clear(&res);
}

static void reads_dates_in_one_form_only(void **state)
{
	static const char *const bad[] = {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Xov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
					  "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 ovD 1994 08:49:37 GMT"};
	int64_t ms = 7;

	(void)state;
	assert_int_equal(http_date_parse(&ms, "Sun, 22 Nov 2026 05:00:00 GMT"), STATUS_OK);
	assert_true(ms == INT64_C(1795323600000));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_not_equal(http_date_parse(&ms, bad[i]), STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_an_answer_however_it_is_cut_into_pieces),
		cmocka_unit_test(sends_a_body_with_its_length),
		cmocka_unit_test(lets_the_caller_work_between_the_question_and_the_answer),
		cmocka_unit_test(uses_a_connection_again),
		cmocka_unit_test(connects_anew_when_the_server_said_close),
		cmocka_unit_test(tries_once_more_when_a_kept_connection_was_closed),
		cmocka_unit_test(does_not_ask_again_after_the_first_byte_of_an_answer),
		cmocka_unit_test(drops_a_connection_that_says_more_than_was_asked),
		cmocka_unit_test(says_what_is_wrong_with_a_bad_answer),
		cmocka_unit_test(caps_the_body_whether_its_length_was_told_or_not),
		cmocka_unit_test(caps_the_headers),
		cmocka_unit_test(keeps_the_deadline_over_all),
		cmocka_unit_test(passes_on_what_the_sink_says),
		cmocka_unit_test(tells_refusals_in_the_servers_words_without_its_control_characters),
		cmocka_unit_test(does_not_follow_a_redirect),
		cmocka_unit_test(reads_dates_in_one_form_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
