#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cert.h"
#include "server/limits.h"
#include "server/tunnel.h"

#define START_MS 1000000

/* A tunnel whose clock the test moves: its net side is a socketpair's end. */
struct world {
	struct key *ca_key;
	struct buf ca_pem, pem;
	struct tls_server *tls;
	struct peers *peers;
	struct listener_options options;
	struct tunnel_shared shared;
	struct tunnel *tunnel;
	int client; /* the far end of the net side */
	int http;   /* what was handed to the HTTP side; -1 before */
};

static bool take(void *ctx, int fd)
{
	((struct world *)ctx)->http = fd;
	return true;
}

static void open_world(struct world *w)
{
	struct cert_request req = {.usage = CERT_CA, .common_name = "qip server CA", .not_after_ms = 4000000000000};
	struct cert_request own = {.usage = CERT_SERVER, .common_name = "here", .names = {"localhost"}, .names_len = 1};
	struct tls_server_options o = {0};
	int pair[2];

	*w = (struct world){.http = -1};
	assert_int_equal(key_generate(&w->ca_key, NULL), STATUS_OK);
	req.subject = w->ca_key;
	assert_int_equal(cert_issue(&w->ca_pem, &req, w->ca_key, NULL, NULL), STATUS_OK);
	own.subject = w->ca_key;
	own.not_after_ms = req.not_after_ms;
	assert_int_equal(cert_issue(&w->pem, &own, w->ca_key, buf_text(&w->ca_pem), NULL), STATUS_OK);
	o = (struct tls_server_options){
		.ca_pem = buf_text(&w->ca_pem), .cert_pem = buf_text(&w->pem), .key = w->ca_key};
	assert_int_equal(tls_server_open(&w->tls, &o, NULL), STATUS_OK);
	assert_int_equal(peers_open(&w->peers, 1024, NULL), STATUS_OK);
	w->options = (struct listener_options){.peers = w->peers, .limits = &limits_default, .serve = take, .ctx = w};
	w->shared = (struct tunnel_shared){.options = &w->options, .epoll = epoll_create1(EPOLL_CLOEXEC)};
	w->shared.scratch = test_malloc(TUNNEL_PART);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	w->client = pair[0];
	w->tunnel = tunnel_open(&w->shared, w->tls, pair[1], "test", START_MS);
	assert_non_null(w->tunnel);
}

static void close_world(struct world *w)
{
	tunnel_close(w->tunnel, &w->shared);
	if (w->http >= 0)
		(void)close(w->http);
	(void)close(w->client);
	(void)close(w->shared.epoll);
	test_free(w->shared.scratch);
	peers_close(w->peers);
	tls_server_close(w->tls);
	buf_clear(&w->ca_pem);
	buf_clear(&w->pem);
	key_free(w->ca_key);
}

/* As if the handshake were done: TLS itself is tested elsewhere. */
static void pretend_open(struct world *w)
{
	struct tls_peer nobody = {.present = false};
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	w->tunnel->state = TUNNEL_OPEN;
	w->tunnel->app.fd = pair[0];
	w->tunnel->http_fd = w->http = pair[1];
	w->tunnel->moved_ms = START_MS;
	assert_int_equal(peers_put(w->peers, pair[1], w->tunnel->id, &nobody), STATUS_OK);
}

static enum tunnel_state state_at(struct world *w, int64_t now_ms)
{
	tunnel_tick(w->tunnel, &w->shared, now_ms);
	return w->tunnel->state;
}

static void a_handshake_that_never_comes_ends_at_its_deadline(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	assert_int_equal(state_at(&w, START_MS + limits_default.handshake_ms - 1), TUNNEL_HANDSHAKE);
	assert_int_equal(state_at(&w, START_MS + limits_default.handshake_ms), TUNNEL_DEAD);
	close_world(&w);
}

static void bytes_that_are_no_tls_end_the_connection(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	assert_int_equal(send(w.client, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
	tunnel_step(w.tunnel, &w.shared, START_MS);
	assert_int_equal(w.tunnel->state, TUNNEL_DEAD);
	close_world(&w);
}

static void an_idle_connection_ends_but_not_while_its_request_is_at_work(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	pretend_open(&w);
	peers_set_answering(w.peers, w.http, true);
	assert_int_equal(state_at(&w, START_MS + 10 * limits_default.idle_ms), TUNNEL_OPEN);
	peers_set_answering(w.peers, w.http, false);
	assert_int_equal(state_at(&w, START_MS + limits_default.idle_ms), TUNNEL_OPEN);
	assert_int_equal(state_at(&w, START_MS + limits_default.idle_ms + 1), TUNNEL_DEAD);
	close_world(&w);
}

static void a_request_that_trickles_in_is_ended_and_a_fast_one_is_not(void **state)
{
	int64_t late_ms = START_MS + 2 * limits_default.request_ms;
	struct world w;

	(void)state;
	open_world(&w);
	pretend_open(&w);
	w.tunnel->moved_ms = late_ms; /* bytes do come all the time */
	w.tunnel->request_ms = START_MS;
	w.tunnel->request_bytes = 100 * (uint64_t)limits_default.request_min_bytes_s;
	assert_int_equal(state_at(&w, late_ms), TUNNEL_OPEN);
	w.tunnel->request_bytes = (uint64_t)limits_default.request_min_bytes_s;
	assert_int_equal(state_at(&w, late_ms), TUNNEL_DEAD);
	close_world(&w);
}

static void a_client_that_does_not_read_its_answer_is_ended(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	pretend_open(&w);
	peers_set_answering(w.peers, w.http, true);
	w.tunnel->to_net.len = 1;
	assert_int_equal(state_at(&w, START_MS + limits_default.idle_ms), TUNNEL_OPEN);
	assert_int_equal(state_at(&w, START_MS + limits_default.idle_ms + 1), TUNNEL_DEAD);
	w.tunnel->to_net.len = 0;
	close_world(&w);
}

static void after_the_end_of_input_a_torn_request_does_not_linger(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	pretend_open(&w);
	w.tunnel->request_ms = START_MS;
	w.tunnel->net_ended = true;
	w.tunnel->deadline_ms = START_MS + LIMIT_LINGER_MS;
	assert_int_equal(state_at(&w, START_MS + LIMIT_LINGER_MS - 1), TUNNEL_OPEN);
	assert_int_equal(state_at(&w, START_MS + LIMIT_LINGER_MS), TUNNEL_DEAD);
	close_world(&w);
}

static void whoever_closed_while_the_request_is_at_work_waits_for_nothing(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	pretend_open(&w);
	peers_set_answering(w.peers, w.http, true);
	w.tunnel->net_ended = true;
	w.tunnel->deadline_ms = START_MS + LIMIT_LINGER_MS;
	assert_int_equal(state_at(&w, START_MS + LIMIT_LINGER_MS - 1), TUNNEL_OPEN);
	assert_int_equal(state_at(&w, START_MS + LIMIT_LINGER_MS), TUNNEL_DEAD);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handshake_that_never_comes_ends_at_its_deadline),
		cmocka_unit_test(bytes_that_are_no_tls_end_the_connection),
		cmocka_unit_test(an_idle_connection_ends_but_not_while_its_request_is_at_work),
		cmocka_unit_test(a_request_that_trickles_in_is_ended_and_a_fast_one_is_not),
		cmocka_unit_test(a_client_that_does_not_read_its_answer_is_ended),
		cmocka_unit_test(after_the_end_of_input_a_torn_request_does_not_linger),
		cmocka_unit_test(whoever_closed_while_the_request_is_at_work_waits_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
