/* Both ends of TLS over loopback: a thread drives the server's non-blocking end by poll, the test is the client. */
#include "core/tls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cert.h"

#define DEADLINE_MS 20000
#define YEAR_S ((int64_t)365 * 86400)
#define VISITS_MAX 8

/* The clock that mbedTLS looks at; a test may move it. */
static atomic_llong clock_shift_s;

time_t time(time_t *out)
{
	struct timespec now;
	time_t t = 0;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	t = now.tv_sec + (time_t)atomic_load(&clock_shift_s);
	if (out)
		*out = t;
	return t;
}

#if defined(__TIMESIZE) && __TIMESIZE == 32
/* The above is the wide one by another name; a library that was built with the narrow one calls this. */
long narrow_time(long *out) __asm__("time");
long narrow_time(long *out)
{
	long t = (long)time(NULL);

	if (out)
		*out = t;
	return t;
}
#endif

/* ---- a small public key infrastructure ---- */

struct party {
	struct key *key;
	struct buf cert;
};

static struct party authority, stranger; /* two CAs */
static struct party server_party, kiosk; /* of the first */

static struct party new_party(struct cert_request req, const struct party *issuer)
{
	struct party p = {0};
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	assert_int_equal(key_generate(&p.key, NULL), STATUS_OK);
	req.subject = p.key;
	req.not_before_ms = ((int64_t)now.tv_sec - 3600) * 1000;
	req.not_after_ms = ((int64_t)now.tv_sec + YEAR_S) * 1000;
	assert_int_equal(
		cert_issue(&p.cert, &req, issuer ? issuer->key : p.key, issuer ? buf_text(&issuer->cert) : NULL, NULL),
		STATUS_OK);
	return p;
}

static struct party new_authority(const char *name)
{
	return new_party((struct cert_request){.usage = CERT_CA, .common_name = name}, NULL);
}

static struct party new_server(const char *name, const struct party *issuer)
{
	return new_party(
		(struct cert_request){
			.usage = CERT_SERVER, .common_name = "qip.example", .names = {name}, .names_len = 1},
		issuer);
}

static struct party new_device(const char *name, const struct party *issuer)
{
	return new_party((struct cert_request){.usage = CERT_CLIENT, .common_name = name, .organisation = "C82999"},
			 issuer);
}

static void party_clear(struct party *p)
{
	key_free(p->key);
	buf_clear(&p->cert);
}

static int make_parties(void **state)
{
	(void)state;
	authority = new_authority("authority");
	stranger = new_authority("stranger");
	server_party = new_server("127.0.0.1", &authority);
	kiosk = new_device("kib-kiosk", &authority);
	return 0;
}

static int clear_parties(void **state)
{
	(void)state;
	party_clear(&authority);
	party_clear(&stranger);
	party_clear(&server_party);
	party_clear(&kiosk);
	return 0;
}

static int put_clock_back(void **state)
{
	(void)state;
	atomic_store(&clock_shift_s, 0);
	return 0;
}

/* ---- a server that serves some visits one after the other: it gathers bytes up to a newline and sends them back ----
 */

struct visit {
	enum tls_io handshake; /* how it ended */
	struct error e;	       /* why, if it failed */
	struct tls_peer peer;
	enum tls_io end; /* of the talk */
};

/* Brief says goodbye after one echo, rude hangs up without. */
enum manner { ECHO, MUTE, BRIEF, RUDE, HTTP };

struct server {
	struct tls_server *tls;
	int listener;
	char port[8];
	enum manner manner;
	size_t visits_expected;
	size_t visits_len;
	struct visit visits[VISITS_MAX];
	pthread_t thread;
};

static bool wait_io(int fd, enum tls_io io)
{
	struct pollfd p = {.fd = fd, .events = io == TLS_WANT_READ ? POLLIN : POLLOUT};

	return poll(&p, 1, DEADLINE_MS) == 1;
}

static bool wants(enum tls_io io)
{
	return io == TLS_WANT_READ || io == TLS_WANT_WRITE;
}

static enum tls_io send_all(struct tls_conn *c, int fd, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	enum tls_io io = TLS_OK;

	while (len > 0 && (io == TLS_OK || wants(io))) {
		size_t n = len;

		io = tls_send(c, at, &n);
		if (io == TLS_OK) {
			at += n;
			len -= n;
		} else if (wants(io) && !wait_io(fd, io)) {
			return TLS_FAILED;
		}
	}
	return io;
}

static enum tls_io answer(struct server *s, struct tls_conn *c, int fd, struct buf *said)
{
	static const char page[] = "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
	enum tls_io io = TLS_OK;

	if (s->manner == HTTP && strstr(buf_text(said), "\r\n\r\n"))
		io = send_all(c, fd, page, strlen(page));
	else if (s->manner != MUTE && s->manner != HTTP)
		io = send_all(c, fd, said->data, said->len);
	else
		return TLS_OK;
	buf_reset(said);
	return io == TLS_OK && (s->manner == RUDE || s->manner == BRIEF) ? TLS_CLOSED : io;
}

static enum tls_io talk(struct server *s, struct tls_conn *c, int fd)
{
	struct buf said = BUF_INIT;
	enum tls_io io = TLS_OK;

	while (io == TLS_OK || wants(io)) {
		uint8_t block[5000];
		size_t n = sizeof(block);

		io = tls_recv(c, block, &n);
		if (io == TLS_OK)
			buf_add(&said, block, n);
		if (io == TLS_OK && !tls_pending(c) && block[n - 1] == '\n')
			io = answer(s, c, fd, &said);
		if (wants(io) && !wait_io(fd, io))
			io = TLS_FAILED;
	}
	buf_clear(&said);
	return io;
}

static void serve(struct server *s, struct visit *v, int fd)
{
	struct tls_conn *c = NULL;

	v->handshake = TLS_FAILED;
	if (tls_accept(&c, s->tls, fd) != STATUS_OK)
		return;
	do
		v->handshake = tls_handshake(c, &v->e);
	while (wants(v->handshake) && wait_io(fd, v->handshake));
	if (v->handshake == TLS_OK) {
		tls_peer(&v->peer, c);
		v->end = talk(s, c, fd);
	}
	if (s->manner == RUDE)
		(void)shutdown(fd, SHUT_RDWR);
	tls_close(c);
}

static void *run(void *server)
{
	struct server *s = server;

	while (s->visits_len < s->visits_expected) {
		int fd = -1;

		if (!wait_io(s->listener, TLS_WANT_READ))
			break;
		fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			break;
		serve(s, &s->visits[s->visits_len], fd);
		(void)close(fd);
		s->visits_len++;
	}
	return NULL;
}

static void listen_on_loopback(struct server *s)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(s->listener >= 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(s->listener, 16), 0);
	assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &len), 0);
	(void)snprintf(s->port, sizeof(s->port), "%u", ntohs(address.sin_port));
}

static void start(struct server *s, const struct party *own, const struct party *ca, enum manner manner, size_t visits)
{
	struct tls_server_options o = {
		.ca_pem = buf_text(&ca->cert), .cert_pem = buf_text(&own->cert), .key = own->key};

	*s = (struct server){.manner = manner, .visits_expected = visits};
	assert_int_equal(tls_server_open(&s->tls, &o, NULL), STATUS_OK);
	listen_on_loopback(s);
	assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
}

/* Wait until all visits are over. */
static void finish(struct server *s)
{
	assert_int_equal(pthread_join(s->thread, NULL), 0);
	tls_server_close(s->tls);
	assert_int_equal(close(s->listener), 0);
	assert_int_equal(s->visits_len, s->visits_expected);
}

/* ---- the client's side ---- */

static struct tls_client_options options(const struct server *s, const struct party *own)
{
	return (struct tls_client_options){.host = "127.0.0.1",
					   .port = s->port,
					   .ca_pem = buf_text(&authority.cert),
					   .cert_pem = own ? buf_text(&own->cert) : NULL,
					   .key = own ? own->key : NULL,
					   .deadline_ms = DEADLINE_MS};
}

/* The usual server, and what the kiosk visits it with. */
static struct tls_client_options meet(struct server *s, enum manner manner, size_t visits)
{
	start(s, &server_party, &authority, manner, visits);
	return options(s, &kiosk);
}

static void assert_echo(struct tls_conn *c, const char *text)
{
	char back[256];
	size_t have = 0;

	assert_int_equal(tls_write(c, text, strlen(text), DEADLINE_MS, NULL), STATUS_OK);
	while (have < strlen(text)) {
		size_t n = sizeof(back) - have;

		assert_int_equal(tls_read(c, back + have, &n, DEADLINE_MS, NULL), STATUS_OK);
		assert_true(n > 0);
		have += n;
	}
	assert_int_equal(have, strlen(text));
	assert_memory_equal(back, text, have);
}

static bool resumed; /* what the client said of the last visit */

/* One visit with an echo; *session (may be NULL) gets what to resume with. */
static void visit(const struct tls_client_options *o, struct buf *session)
{
	struct tls_conn *c = NULL;
	struct error e = {0};

	if (tls_connect(&c, o, &e) != STATUS_OK)
		fail_msg("%s", e.text);
	assert_echo(c, "hello\n");
	resumed = tls_resumed(c);
	if (session) {
		buf_reset(session);
		assert_int_equal(tls_session(session, c), STATUS_OK);
	}
	tls_close(c);
}

/* A visit that brings an earlier one's session along. */
static void resume(struct tls_client_options *o, const struct buf *from, struct buf *session)
{
	o->session = from->data;
	o->session_len = from->len;
	visit(o, session);
}

/* A visit that must not come about; the words say why. */
static void assert_refused(const struct tls_client_options *o, enum status expected, const char *words)
{
	struct tls_conn *c = NULL;
	struct error e = {0};

	assert_int_equal(tls_connect(&c, o, &e), expected);
	assert_null(c);
	if (!strstr(e.text, words))
		fail_msg("\"%s\" does not say \"%s\"", e.text, words);
}

/* Both sessions end in the same ticket: the second connection resumed the first, else it would have got a ticket of its
 * own. */
static bool same_ticket(const struct buf *a, const struct buf *b)
{
	const size_t tail = 200;
	bool same = a->len > tail && b->len > tail && memcmp(a->data + a->len - tail, b->data + b->len - tail, tail) == 0;

	assert_int_equal(resumed, same);
	return same;
}

/* ---- trust ---- */

static void both_ends_learn_who_the_other_is(void **state)
{
	struct server s;
	struct tls_client_options o;
	struct tls_conn *c = NULL;
	struct tls_peer peer;
	char key[KEY_SSH_MAX];

	(void)state;
	o = meet(&s, ECHO, 1);
	assert_int_equal(tls_connect(&c, &o, NULL), STATUS_OK);
	assert_echo(c, "hello\n");
	tls_peer(&peer, c);
	assert_true(peer.present);
	assert_string_equal(peer.device, "qip.example");
	tls_close(c);
	finish(&s);
	key_ssh(key, kiosk.key);
	assert_true(s.visits[0].peer.present);
	assert_false(s.visits[0].peer.expired);
	assert_string_equal(s.visits[0].peer.device, "kib-kiosk");
	assert_string_equal(s.visits[0].peer.ods, "C82999");
	assert_string_equal(s.visits[0].peer.key, key);
	assert_int_equal(s.visits[0].end, TLS_CLOSED);
}

static void a_client_without_certificate_is_let_in_and_known_as_nobody(void **state)
{
	struct server s;
	struct tls_client_options o;

	(void)state;
	start(&s, &server_party, &authority, ECHO, 1);
	o = options(&s, NULL);
	visit(&o, NULL);
	finish(&s);
	assert_int_equal(s.visits[0].handshake, TLS_OK);
	assert_false(s.visits[0].peer.present);
	assert_string_equal(s.visits[0].peer.key, "");
}

static void a_client_of_another_authority_is_refused(void **state)
{
	struct party device = new_device("kib-kiosk", &stranger);
	struct server s;
	struct tls_client_options o;

	(void)state;
	start(&s, &server_party, &authority, ECHO, 1);
	o = options(&s, &device);
	assert_refused(&o, STATUS_UNTRUSTED, "refused this device's certificate");
	finish(&s);
	assert_int_equal(s.visits[0].handshake, TLS_FAILED);
	assert_string_equal(s.visits[0].e.text, "the client's certificate is not from this server's authority");
	assert_false(s.visits[0].peer.present);
	party_clear(&device);
}

static void a_server_of_another_authority_is_refused(void **state)
{
	struct party other = new_server("127.0.0.1", &stranger);
	struct server s;
	struct tls_client_options o;

	(void)state;
	start(&s, &other, &stranger, ECHO, 1);
	o = options(&s, &kiosk);
	assert_refused(&o, STATUS_UNTRUSTED, "not from the authority this device was joined with");
	finish(&s);
	assert_int_equal(s.visits[0].handshake, TLS_FAILED);
	party_clear(&other);
}

static void certificates_do_not_serve_the_other_end(void **state)
{
	struct tls_server_options so = {.ca_pem = buf_text(&authority.cert)};
	struct error e = {0};
	struct server s;
	struct tls_client_options o;

	(void)state;
	start(&s, &server_party, &authority, ECHO, 1);
	o = options(&s, &server_party);
	assert_refused(&o, STATUS_UNTRUSTED, "refused this device's certificate");
	finish(&s);
	assert_string_equal(s.visits[0].e.text, "the client's certificate is not one for clients");
	so.cert_pem = buf_text(&kiosk.cert);
	so.key = kiosk.key;
	assert_int_equal(tls_server_open(&s.tls, &so, &e), STATUS_USAGE);
	assert_string_equal(e.text, "the own certificate is not one for servers");
	so.cert_pem = buf_text(&authority.cert);
	so.key = authority.key;
	assert_int_equal(tls_server_open(&s.tls, &so, NULL), STATUS_USAGE);
}

static void the_name_must_be_in_the_certificate(void **state)
{
	struct party local = new_server("localhost", &authority);
	struct party other = new_server("other.example", &authority);
	struct server s;
	struct tls_client_options o;

	(void)state;
	start(&s, &local, &authority, ECHO, 2);
	o = options(&s, &kiosk);
	assert_refused(&o, STATUS_UNTRUSTED, "is for another name or address");
	o.host = "localhost";
	visit(&o, NULL);
	finish(&s);
	start(&s, &other, &authority, ECHO, 1);
	o = options(&s, &kiosk);
	o.host = "localhost";
	assert_refused(&o, STATUS_UNTRUSTED, "is for another name or address");
	finish(&s);
	party_clear(&local);
	party_clear(&other);
}

static void the_address_must_be_in_the_certificate(void **state)
{
	struct party other = new_server("127.0.0.2", &authority);
	struct server s;
	struct tls_client_options o;

	(void)state;
	start(&s, &other, &authority, ECHO, 1);
	o = options(&s, &kiosk);
	assert_refused(&o, STATUS_UNTRUSTED, "is for another name or address");
	finish(&s);
	party_clear(&other);
}

static void a_key_of_another_certificate_is_noticed_at_once(void **state)
{
	struct tls_server_options so = {
		.ca_pem = buf_text(&authority.cert), .cert_pem = buf_text(&server_party.cert), .key = kiosk.key};
	struct tls_client_options co = {.host = "127.0.0.1",
					.port = "1",
					.ca_pem = buf_text(&authority.cert),
					.cert_pem = buf_text(&kiosk.cert),
					.key = server_party.key,
					.deadline_ms = DEADLINE_MS};
	struct tls_server *s = NULL;

	(void)state;
	assert_int_equal(tls_server_open(&s, &so, NULL), STATUS_USAGE);
	assert_null(s);
	assert_refused(&co, STATUS_USAGE, "another key");
	co.ca_pem = "nothing";
	assert_refused(&co, STATUS_MALFORMED, "the authority's certificate");
}

/* ---- dates ---- */

static void an_expired_device_is_let_in_and_noted(void **state)
{
	struct server s;
	struct tls_client_options o;

	(void)state;
	atomic_store(&clock_shift_s, 2 * YEAR_S);
	o = meet(&s, ECHO, 1);
	o.ignore_dates = true;
	visit(&o, NULL);
	finish(&s);
	assert_int_equal(s.visits[0].handshake, TLS_OK);
	assert_true(s.visits[0].peer.present);
	assert_true(s.visits[0].peer.expired);
	assert_string_equal(s.visits[0].peer.device, "kib-kiosk");
}

static void an_expired_device_of_another_authority_stays_out(void **state)
{
	struct party device = new_device("kib-kiosk", &stranger);
	struct server s;
	struct tls_client_options o;

	(void)state;
	atomic_store(&clock_shift_s, 2 * YEAR_S);
	start(&s, &server_party, &authority, ECHO, 1);
	o = options(&s, &device);
	o.ignore_dates = true;
	assert_refused(&o, STATUS_UNTRUSTED, "refused this device's certificate");
	finish(&s);
	party_clear(&device);
}

static void a_server_outside_its_dates_is_refused(void **state)
{
	struct server s;
	struct tls_client_options o;

	(void)state;
	o = meet(&s, ECHO, 2);
	atomic_store(&clock_shift_s, 2 * YEAR_S);
	assert_refused(&o, STATUS_UNTRUSTED, "has expired; is this device's clock right?");
	atomic_store(&clock_shift_s, -(int64_t)time(NULL) + 2 * YEAR_S + 1000); /* January 1970 */
	assert_refused(&o, STATUS_UNTRUSTED, "not valid yet; is this device's clock right?");
	finish(&s);
}

static void a_device_whose_clock_is_wrong_still_checks_the_chain(void **state)
{
	struct party other = new_server("127.0.0.1", &stranger);
	struct server s;
	struct tls_client_options o;

	(void)state;
	atomic_store(&clock_shift_s, -(int64_t)time(NULL) + 1000);
	o = meet(&s, ECHO, 1);
	o.ignore_dates = true;
	visit(&o, NULL);
	finish(&s);
	start(&s, &other, &stranger, ECHO, 1);
	o = options(&s, &kiosk);
	o.ignore_dates = true;
	assert_refused(&o, STATUS_UNTRUSTED, "not from the authority");
	finish(&s);
	party_clear(&other);
}

/* ---- sessions ---- */

static void a_session_is_resumed_and_the_device_still_known(void **state)
{
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct server s;
	struct tls_client_options o;

	(void)state;
	o = meet(&s, ECHO, 3);
	visit(&o, &first);
	visit(&o, &second);
	assert_false(same_ticket(&first, &second));
	resume(&o, &first, &second);
	assert_true(same_ticket(&first, &second));
	finish(&s);
	assert_memory_equal(&s.visits[2].peer, &s.visits[0].peer, sizeof(s.visits[0].peer));
	assert_true(s.visits[2].peer.present);
	buf_wipe(&first);
	buf_wipe(&second);
}

static void a_session_without_certificate_stays_one(void **state)
{
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct server s;
	struct tls_client_options o;

	(void)state;
	start(&s, &server_party, &authority, ECHO, 2);
	o = options(&s, NULL);
	visit(&o, &first);
	resume(&o, &first, &second);
	assert_true(same_ticket(&first, &second));
	finish(&s);
	assert_int_equal(s.visits[1].handshake, TLS_OK);
	assert_false(s.visits[1].peer.present);
	buf_wipe(&first);
	buf_wipe(&second);
}

/* The certificate ends between two connections of one session. */
static void expiry_is_looked_at_again_after_resumption(void **state)
{
	struct party device = {0};
	struct cert_request req = {.usage = CERT_CLIENT, .common_name = "kib-kiosk", .organisation = "C82999"};
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct server s;
	struct tls_client_options o;

	(void)state;
	assert_int_equal(key_generate(&device.key, NULL), STATUS_OK);
	req.subject = device.key;
	req.not_before_ms = ((int64_t)time(NULL) - 60) * 1000;
	req.not_after_ms = ((int64_t)time(NULL) + 600) * 1000;
	assert_int_equal(cert_issue(&device.cert, &req, authority.key, buf_text(&authority.cert), NULL), STATUS_OK);
	start(&s, &server_party, &authority, ECHO, 2);
	o = options(&s, &device);
	visit(&o, &first);
	atomic_store(&clock_shift_s, 1200);
	resume(&o, &first, &second);
	assert_true(same_ticket(&first, &second));
	finish(&s);
	assert_false(s.visits[0].peer.expired);
	assert_true(s.visits[1].peer.expired);
	buf_wipe(&first);
	buf_wipe(&second);
	party_clear(&device);
}

static void a_session_is_not_resumed_with_another_identity(void **state)
{
	struct party renewed = new_device("kib-kiosk", &authority);
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct server s;
	struct tls_client_options o;
	char key[KEY_SSH_MAX];

	(void)state;
	o = meet(&s, ECHO, 2);
	visit(&o, &first);
	o = options(&s, &renewed);
	resume(&o, &first, &second);
	assert_false(same_ticket(&first, &second));
	finish(&s);
	key_ssh(key, renewed.key);
	assert_string_equal(s.visits[1].peer.key, key);
	buf_wipe(&first);
	buf_wipe(&second);
	party_clear(&renewed);
}

static void a_damaged_or_forgotten_session_costs_a_full_handshake_only(void **state)
{
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct server s;
	struct tls_client_options o;

	(void)state;
	o = meet(&s, ECHO, 4);
	visit(&o, &first);
	o.session = first.data;
	o.session_len = first.len - 1;
	visit(&o, &second);
	assert_false(same_ticket(&first, &second));
	first.data[first.len / 2] ^= 1;
	o.session_len = first.len;
	visit(&o, &second);
	assert_false(same_ticket(&first, &second));
	o.session_len = 1;
	visit(&o, &first);
	finish(&s);
	/* Another server process of the same authority knows none of the old one's tickets. */
	o = meet(&s, ECHO, 1);
	resume(&o, &first, &second);
	finish(&s);
	assert_string_equal(s.visits[0].peer.device, "kib-kiosk");
	buf_wipe(&first);
	buf_wipe(&second);
}

/* ---- bytes and time ---- */

static void large_writes_arrive_whole(void **state)
{
	const size_t len = 3000001;
	uint8_t *out = malloc(len), *back = malloc(len);
	struct server s;
	struct tls_client_options o;
	struct tls_conn *c = NULL;
	size_t have = 0;

	(void)state;
	assert_non_null(out);
	assert_non_null(back);
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)('a' + (i * 7 + i / 255) % 26);
	out[len - 1] = '\n';
	o = meet(&s, ECHO, 1);
	assert_int_equal(tls_connect(&c, &o, NULL), STATUS_OK);
	assert_int_equal(tls_write(c, out, len, DEADLINE_MS, NULL), STATUS_OK);
	while (have < len) {
		size_t n = len - have;

		assert_int_equal(tls_read(c, back + have, &n, DEADLINE_MS, NULL), STATUS_OK);
		assert_true(n > 0);
		have += n;
	}
	assert_memory_equal(out, back, len);
	tls_close(c);
	finish(&s);
	free(out);
	free(back);
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void a_silent_server_runs_into_the_deadline(void **state)
{
	struct server s = {0};
	struct tls_client_options o;
	int64_t begin_ms = now_ms();

	(void)state;
	listen_on_loopback(&s); /* the system takes the connection, nobody answers */
	o = options(&s, &kiosk);
	o.deadline_ms = 300;
	assert_refused(&o, STATUS_TIMEOUT, "said nothing");
	assert_in_range(now_ms() - begin_ms, 300, 5000);
	assert_int_equal(close(s.listener), 0);
}

static void a_server_that_stops_answering_runs_into_the_deadline(void **state)
{
	struct server s;
	struct tls_client_options o;
	struct tls_conn *c = NULL;
	struct error e = {0};
	char byte = 0;
	size_t n = 1;

	(void)state;
	o = meet(&s, MUTE, 1);
	assert_int_equal(tls_connect(&c, &o, NULL), STATUS_OK);
	assert_int_equal(tls_write(c, "hello\n", 6, DEADLINE_MS, NULL), STATUS_OK);
	assert_int_equal(tls_read(c, &byte, &n, 200, &e), STATUS_TIMEOUT);
	assert_string_equal(e.text, "the server stopped answering");
	tls_close(c);
	finish(&s);
}

/* What reading says behind the last byte of a server that leaves in its manner; *n bytes are read. */
static enum status read_at_end(size_t *n, enum manner manner)
{
	struct server s;
	struct tls_client_options o = meet(&s, manner, 1);
	struct tls_conn *c = NULL;
	enum status st;
	char byte = 0;

	assert_int_equal(tls_connect(&c, &o, NULL), STATUS_OK);
	assert_echo(c, "hello\n");
	*n = sizeof(byte);
	st = tls_read(c, &byte, n, DEADLINE_MS, NULL);
	tls_close(c);
	finish(&s);
	return st;
}

static void an_end_without_goodbye_is_no_orderly_end(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(read_at_end(&n, RUDE), STATUS_NETWORK);
}

static void an_orderly_end_reads_as_nothing(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(read_at_end(&n, BRIEF), STATUS_OK);
	assert_int_equal(n, 0);
}

static void nobody_listening_is_a_network_error(void **state)
{
	struct server s = {0};
	struct tls_client_options o;

	(void)state;
	listen_on_loopback(&s);
	assert_int_equal(close(s.listener), 0);
	o = options(&s, &kiosk);
	assert_refused(&o, STATUS_NETWORK, "cannot reach the server at 127.0.0.1");
	o.host = "a..b";
	assert_refused(&o, STATUS_NETWORK, "the address of \"a..b\" cannot be found");
}

static void bytes_that_are_no_tls_end_the_handshake(void **state)
{
	static const char plain[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct server s;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	start(&s, &server_party, &authority, ECHO, 1);
	address.sin_port = htons((uint16_t)strtoul(s.port, NULL, 10));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(write(fd, plain, strlen(plain)), (ssize_t)strlen(plain));
	finish(&s);
	assert_int_equal(close(fd), 0);
	assert_int_equal(s.visits[0].handshake, TLS_FAILED);
	assert_non_null(strstr(s.visits[0].e.text, "does not speak TLS 1.2"));
}

/* ---- fetching the authority by its pin ---- */

static void the_pinned_authority_is_fetched(void **state)
{
	struct server s;
	struct buf ca = BUF_INIT;
	uint8_t pin[SHA256_LEN];

	(void)state;
	assert_int_equal(cert_fingerprint(pin, buf_text(&authority.cert), NULL), STATUS_OK);
	start(&s, &server_party, &authority, ECHO, 2);
	assert_int_equal(tls_fetch_ca(&ca, &(struct tls_client_options){.host = "127.0.0.1", .port = s.port, .deadline_ms = DEADLINE_MS}, pin, 16, NULL), STATUS_OK);
	assert_string_equal(buf_text(&ca), buf_text(&authority.cert));
	buf_reset(&ca);
	assert_int_equal(tls_fetch_ca(&ca, &(struct tls_client_options){.host = "localhost", .port = s.port, .deadline_ms = DEADLINE_MS}, pin, SHA256_LEN, NULL), STATUS_OK);
	assert_string_equal(buf_text(&ca), buf_text(&authority.cert));
	finish(&s);
	assert_false(s.visits[0].peer.present);
	buf_clear(&ca);
}

static void another_authority_than_the_pinned_one_is_not_taken(void **state)
{
	struct server s;
	struct buf ca = BUF_INIT;
	uint8_t pin[SHA256_LEN];
	struct error e = {0};

	(void)state;
	start(&s, &server_party, &authority, ECHO, 2);
	assert_int_equal(cert_fingerprint(pin, buf_text(&stranger.cert), NULL), STATUS_OK);
	assert_int_equal(tls_fetch_ca(&ca, &(struct tls_client_options){.host = "127.0.0.1", .port = s.port, .deadline_ms = DEADLINE_MS}, pin, 16, &e), STATUS_UNTRUSTED);
	assert_non_null(strstr(e.text, "not the one that the join code or the fingerprint is for"));
	/* The server's own certificate is in the chain, but is no authority. */
	assert_int_equal(cert_fingerprint(pin, buf_text(&server_party.cert), NULL), STATUS_OK);
	assert_int_equal(tls_fetch_ca(&ca, &(struct tls_client_options){.host = "127.0.0.1", .port = s.port, .deadline_ms = DEADLINE_MS}, pin, 16, NULL), STATUS_UNTRUSTED);
	finish(&s);
	assert_int_equal(tls_fetch_ca(&ca, &(struct tls_client_options){.host = "127.0.0.1", .port = s.port, .deadline_ms = DEADLINE_MS}, pin, 4, NULL), STATUS_USAGE);
	assert_int_equal(ca.len, 0);
}

/* ---- others at the other end ---- */

static void write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
}

static int run_curl(const struct server *s, const char *arguments)
{
	char command[512];

	(void)snprintf(command, sizeof(command),
		       "curl -sS --max-time 20 --cacert ca.pem %s https://127.0.0.1:%s/ > page 2>&1", arguments,
		       s->port);
	return system(command);
}

/* What a person needs to come here with stock tools, in a folder of its own. */
static void enter_folder_of_files(char *folder)
{
	struct buf pem = BUF_INIT;

	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(key_to_pem(&pem, kiosk.key), STATUS_OK);
	write_file("ca.pem", buf_text(&authority.cert));
	write_file("own.pem", buf_text(&kiosk.cert));
	write_file("own.key", buf_text(&pem));
	buf_wipe(&pem);
}

static void leave_folder(const char *folder)
{
	char command[64];

	assert_int_equal(chdir("/"), 0);
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

static void curl_talks_to_the_server(void **state)
{
	char folder[] = "/tmp/qip-tls-XXXXXX";
	struct server s;

	(void)state;
	if (system("command -v curl > /dev/null") != 0)
		skip();
	enter_folder_of_files(folder);
	start(&s, &server_party, &authority, HTTP, 3);
	assert_int_equal(run_curl(&s, "--cert own.pem --key own.key"), 0);
	assert_int_equal(system("grep -qx ok page"), 0);
	assert_int_equal(run_curl(&s, ""), 0);
	assert_int_not_equal(run_curl(&s, "--tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0"), 0);
	finish(&s);
	assert_string_equal(s.visits[0].peer.device, "kib-kiosk");
	assert_int_equal(s.visits[1].handshake, TLS_OK);
	assert_false(s.visits[1].peer.present);
	assert_int_equal(s.visits[2].handshake, TLS_FAILED);
	leave_folder(folder);
}

/* git brings another TLS library than curl does on many systems. What it makes of the page does not matter here. */
static void git_shows_its_certificate_to_the_server(void **state)
{
	char folder[] = "/tmp/qip-tls-XXXXXX", command[256];
	struct server s;

	(void)state;
	if (system("command -v git > /dev/null") != 0)
		skip();
	enter_folder_of_files(folder);
	start(&s, &server_party, &authority, HTTP, 1);
	(void)snprintf(command, sizeof(command),
		       "timeout 20 git -c http.sslCAInfo=ca.pem -c http.sslCert=own.pem -c http.sslKey=own.key "
		       "ls-remote https://127.0.0.1:%s/ > page 2>&1",
		       s.port);
	assert_int_not_equal(system(command), 0);
	finish(&s);
	assert_int_equal(s.visits[0].handshake, TLS_OK);
	assert_string_equal(s.visits[0].peer.device, "kib-kiosk");
	leave_folder(folder);
}

/* ---- threads ---- */

#define THREADS 3
#define ROUNDS 4

struct guest {
	const struct server *s;
	int good;
};

static void *resume_again_and_again(void *arg)
{
	struct guest *g = arg;
	struct tls_client_options o = options(g->s, &kiosk);
	struct buf session = BUF_INIT;

	for (int i = 0; i < ROUNDS; i++) {
		struct tls_conn *c = NULL;
		char back[8];
		size_t n = sizeof(back);

		o.session = session.data;
		o.session_len = session.len;
		if (tls_connect(&c, &o, NULL) != STATUS_OK)
			break;
		buf_reset(&session);
		if (tls_write(c, "hello\n", 6, DEADLINE_MS, NULL) == STATUS_OK &&
		    tls_read(c, back, &n, DEADLINE_MS, NULL) == STATUS_OK && tls_session(&session, c) == STATUS_OK)
			g->good++;
		tls_close(c);
	}
	buf_wipe(&session);
	return NULL;
}

static void several_threads_use_one_server_and_one_key(void **state)
{
	struct server s[THREADS];
	struct guest guests[THREADS];
	pthread_t threads[THREADS];

	(void)state;
	start(&s[0], &server_party, &authority, ECHO, ROUNDS);
	for (size_t i = 1; i < THREADS; i++) {
		s[i] = (struct server){.tls = s[0].tls, .manner = ECHO, .visits_expected = ROUNDS};
		listen_on_loopback(&s[i]);
		assert_int_equal(pthread_create(&s[i].thread, NULL, run, &s[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		guests[i] = (struct guest){.s = &s[i]};
		assert_int_equal(pthread_create(&threads[i], NULL, resume_again_and_again, &guests[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(guests[i].good, ROUNDS);
	}
	for (size_t i = THREADS; i-- > 0;) {
		if (i > 0)
			s[i].tls = NULL;
		finish(&s[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_learn_who_the_other_is),
		cmocka_unit_test(a_client_without_certificate_is_let_in_and_known_as_nobody),
		cmocka_unit_test(a_client_of_another_authority_is_refused),
		cmocka_unit_test(a_server_of_another_authority_is_refused),
		cmocka_unit_test(certificates_do_not_serve_the_other_end),
		cmocka_unit_test(the_name_must_be_in_the_certificate),
		cmocka_unit_test(the_address_must_be_in_the_certificate),
		cmocka_unit_test(a_key_of_another_certificate_is_noticed_at_once),
		cmocka_unit_test_teardown(an_expired_device_is_let_in_and_noted, put_clock_back),
		cmocka_unit_test_teardown(an_expired_device_of_another_authority_stays_out, put_clock_back),
		cmocka_unit_test_teardown(a_server_outside_its_dates_is_refused, put_clock_back),
		cmocka_unit_test_teardown(a_device_whose_clock_is_wrong_still_checks_the_chain, put_clock_back),
		cmocka_unit_test(a_session_is_resumed_and_the_device_still_known),
		cmocka_unit_test(a_session_without_certificate_stays_one),
		cmocka_unit_test_teardown(expiry_is_looked_at_again_after_resumption, put_clock_back),
		cmocka_unit_test(a_session_is_not_resumed_with_another_identity),
		cmocka_unit_test(a_damaged_or_forgotten_session_costs_a_full_handshake_only),
		cmocka_unit_test(large_writes_arrive_whole),
		cmocka_unit_test(a_silent_server_runs_into_the_deadline),
		cmocka_unit_test(a_server_that_stops_answering_runs_into_the_deadline),
		cmocka_unit_test(an_end_without_goodbye_is_no_orderly_end),
		cmocka_unit_test(an_orderly_end_reads_as_nothing),
		cmocka_unit_test(nobody_listening_is_a_network_error),
		cmocka_unit_test(bytes_that_are_no_tls_end_the_handshake),
		cmocka_unit_test(the_pinned_authority_is_fetched),
		cmocka_unit_test(another_authority_than_the_pinned_one_is_not_taken),
		cmocka_unit_test(curl_talks_to_the_server),
		cmocka_unit_test(git_shows_its_certificate_to_the_server),
		cmocka_unit_test(several_threads_use_one_server_and_one_key),
	};

	return cmocka_run_group_tests(tests, make_parties, clear_parties);
}
