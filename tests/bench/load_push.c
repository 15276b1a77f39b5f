/* tests/bench/load_push.c - devices push at the same time, to one server and to the other in turn.
 *
 *     server_load push ROUNDS [--before COMMAND] TURN... -- HOME...
 *
 * A turn is MODE:COUNT=URL: each device, on a thread of its own, does that COUNT times against the server at URL. All turns are taken in
 * each round, every second round backwards. Modes:
 *
 *     kept     a push of one commit with 20 new records on a connection that stays open
 *     resumed  the same, with a new connection and a resumed TLS session for each push
 *     full     the same, with a new connection and a full mutual handshake for each push
 *     shake    nothing but the new connection and its full mutual handshake
 *
 * Prints a line a round: operations a second of each turn in the order given. Commits, and the bodies of the requests, are made before:
 * devices are machines of their own, and what they spend on that would hide the difference between servers. COMMAND runs before
 * each round, off the clock.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/push.h"
#include "core/pkt.h"
#include "tests/bench/load.h"

#define RECORDS 20
#define MAX_TURNS 8
#define CAPABILITIES "report-status side-band-64k agent=qip/" QIP_VERSION
#define REQUEST_TYPE "application/x-git-receive-pack-request"
#define RESULT_TYPE "application/x-git-receive-pack-result"

enum mode { MODE_KEPT, MODE_RESUMED, MODE_FULL, MODE_SHAKE };
static const char *const modes[] = {"kept", "resumed", "full", "shake"};

struct turn {
	enum mode mode;
	size_t count;
	const char *url;
	size_t site; /* the first turn with the same url: where a device's branch stands there is kept by site */
};

struct pusher {
	pthread_t thread;
	struct qip *q;
	struct buf *bodies; /* one a commit, in order */
	size_t next[MAX_TURNS]; /* by site: the commit to push */
	struct remote remotes[MAX_TURNS];
	struct turn *turns;
	size_t current;
	size_t count; /* for this time */
	pthread_barrier_t *start;
};

static enum status add_bytes(void *ctx, const void *bytes, size_t len)
{
	buf_add(ctx, bytes, len);
	return STATUS_OK;
}

static void make_body(struct buf *body, struct qip *q, const struct oid *old_id, const struct oid *new_id)
{
	char old_hex[OID_HEX_LEN + 1], new_hex[OID_HEX_LEN + 1];
	struct buf command = BUF_INIT;
	struct error e = {0};

	oid_hex(old_hex, old_id);
	oid_hex(new_hex, new_id);
	buf_addf(&command, "%s %s %s", old_hex, new_hex, q->own_ref);
	buf_add(&command, "\0" CAPABILITIES, sizeof("\0" CAPABILITIES) - 1);
	pkt_add(body, command.data, command.len);
	pkt_flush(body);
	load_must(repo_pack_send(q->repo, new_id, 1, old_id, 1, add_bytes, body, NULL, &e), &e, "a pack");
	if (!buf_ok(body) || !buf_ok(&command))
		load_fail("a pack", "out of memory");
	buf_clear(&command);
}

static void pusher_prepare(struct pusher *d, const char *home, size_t commits)
{
	struct oid *tips = load_alloc(commits, sizeof(*tips)), old_id;
	struct error e = {0};

	d->q = load_open(home);
	d->bodies = load_alloc(commits, sizeof(*d->bodies));
	load_must(home_ref(&old_id, d->q, d->q->own_ref, &e), &e, home);
	load_grow(tips, d->q, commits, RECORDS);
	for (size_t i = 0; i < commits; i++) {
		make_body(&d->bodies[i], d->q, &old_id, &tips[i]);
		old_id = tips[i];
	}
	free(tips);
}

/* The report, out of band 1. */
static void check_report(const struct pusher *d, const struct buf *answer)
{
	struct push_refusal refusal = {0};
	struct buf report = BUF_INIT;
	struct error e = {0};
	struct pkt p;
	size_t at = 0;

	while (pkt_next(&p, buf_text(answer), answer->len, &at) == STATUS_OK && p.kind == PKT_DATA) {
		if (p.len > 0 && p.bytes[0] == 1)
			buf_add(&report, p.bytes + 1, p.len - 1);
	}
	load_must(push_parse_report(&refusal, d->q->own_ref, buf_text(&report), report.len, &e), &e, d->q->identity.device);
	buf_clear(&report);
}

static void push_once(struct pusher *d, struct remote *r, const struct buf *body)
{
	struct http_response res = HTTP_RESPONSE_INIT;
	char path[64];
	const struct http_request req = {
		.method = "POST",
		.path = path,
		.accept = RESULT_TYPE,
		.content_type = REQUEST_TYPE,
		.body = body->data,
		.body_len = body->len,
		.max_bytes = LIMIT_REPORT_BYTES,
		.call_ms = LIMIT_CALL_MS,
	};
	struct error e = {0};

	(void)snprintf(path, sizeof(path), "%s/git-receive-pack", r->base);
	load_must(remote_call(r, &req, RESULT_TYPE, &res, &e), &e, "a push");
	check_report(d, &res.body);
	http_response_clear(&res);
}

static void shake_once(struct remote *r)
{
	struct error e = {0};
	void *conn = NULL;

	buf_wipe(&r->wire.session);
	load_must(wire_transport.connect(&conn, &r->wire, LIMIT_CONNECT_MS, &e), &e, "a handshake");
	wire_transport.close(&r->wire, conn);
}

static void reconnect(struct remote *r, bool resume)
{
	struct error e = {0};

	http_close(r->http); /* which keeps the session */
	r->http = NULL;
	if (!resume)
		buf_wipe(&r->wire.session);
	load_must(http_open(&r->http, &wire_transport, &r->wire, r->wire.authority, &e), &e, "a connection");
}

static void *pusher_run(void *arg)
{
	struct pusher *d = arg;
	const struct turn *t = &d->turns[d->current];
	struct remote *r = &d->remotes[d->current];

	if (!r->http)
		load_remote(r, d->q, t->url);
	(void)pthread_barrier_wait(d->start);
	for (size_t i = 0; i < d->count; i++) {
		if (t->mode == MODE_SHAKE) {
			shake_once(r);
			continue;
		}
		if (t->mode != MODE_KEPT)
			reconnect(r, t->mode == MODE_RESUMED);
		push_once(d, r, &d->bodies[d->next[t->site]++]);
	}
	return NULL;
}

/* Operations a second, from the common start to the last one's end. */
static double take_turn(struct pusher *pushers, size_t len, size_t turn, size_t count)
{
	pthread_barrier_t start;
	int64_t begin = 0;

	if (pthread_barrier_init(&start, NULL, (unsigned)len + 1) != 0)
		load_fail("threads", "no barrier");
	for (size_t i = 0; i < len; i++) {
		pushers[i].current = turn;
		pushers[i].count = count;
		pushers[i].start = &start;
		if (pthread_create(&pushers[i].thread, NULL, pusher_run, &pushers[i]) != 0)
			load_fail("threads", "none to be had");
	}
	(void)pthread_barrier_wait(&start);
	begin = load_now_ns();
	for (size_t i = 0; i < len; i++)
		(void)pthread_join(pushers[i].thread, NULL);
	(void)pthread_barrier_destroy(&start);
	return (double)(len * count) * 1e9 / (double)(load_now_ns() - begin);
}

static void parse_turn(struct turn *turns, size_t at, char *text)
{
	struct turn *t = &turns[at];
	char *colon = strchr(text, ':'), *equals = strchr(text, '=');

	if (!colon || !equals || equals < colon)
		load_fail(text, "is not MODE:COUNT=URL");
	*colon = *equals = '\0';
	*t = (struct turn){.mode = ARRAY_LEN(modes), .count = load_number(colon + 1), .url = equals + 1};
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (strcmp(modes[i], text) == 0)
			t->mode = (enum mode)i;
	}
	if (t->mode == ARRAY_LEN(modes))
		load_fail(text, "is no mode");
	while (strcmp(turns[t->site].url, t->url) != 0)
		t->site++;
}

/* A fifth of a round to begin with is not counted. */
static size_t warm_up(const struct turn *t)
{
	return t->count / 5 + 1;
}

static size_t commits_needed(const struct turn *turns, size_t len, size_t rounds)
{
	size_t most = 0;

	for (size_t site = 0; site < len; site++) {
		size_t sum = 0;

		for (size_t i = 0; i < len; i++) {
			if (turns[i].site == site && turns[i].mode != MODE_SHAKE)
				sum += rounds * turns[i].count + warm_up(&turns[i]);
		}
		if (sum > most)
			most = sum;
	}
	return most;
}

static void run_rounds(struct pusher *pushers, size_t pushers_len, const struct turn *turns, size_t len, size_t rounds,
		       const char *before)
{
	double rates[MAX_TURNS];

	for (size_t round = 0; round <= rounds; round++) {
		if (before && system(before) != 0)
			load_fail(before, "failed");
		for (size_t i = 0; i < len; i++) {
			size_t turn = round % 2 ? len - 1 - i : i;

			rates[turn] = take_turn(pushers, pushers_len, turn, round ? turns[turn].count : warm_up(&turns[turn]));
		}
		for (size_t i = 0; round > 0 && i < len; i++)
			printf("%.2f%c", rates[i], i + 1 < len ? ' ' : '\n');
		(void)fflush(stdout);
	}
}

int load_push(int argc, char **argv)
{
	struct turn turns[MAX_TURNS] = {{0}};
	struct pusher *pushers = load_alloc(LOAD_MAX_DEVICES, sizeof(*pushers));
	const char *before = NULL;
	size_t len = 0, pushers_len = 0, rounds = 0, commits = 0;
	int at = 1;

	if (argc < 4)
		load_fail("push", "ROUNDS [--before COMMAND] TURN... -- HOME...");
	rounds = load_number(argv[0]);
	if (strcmp(argv[at], "--before") == 0) {
		before = argv[at + 1];
		at += 2;
	}
	for (; at < argc && strcmp(argv[at], "--") != 0 && len < MAX_TURNS; at++)
		parse_turn(turns, len++, argv[at]);
	commits = commits_needed(turns, len, rounds);
	for (at++; at < argc && pushers_len < LOAD_MAX_DEVICES; at++) {
		pushers[pushers_len].turns = turns;
		pusher_prepare(&pushers[pushers_len++], argv[at], commits);
	}
	run_rounds(pushers, pushers_len, turns, len, rounds, before);
	for (size_t i = 0; i < pushers_len; i++) {
		for (size_t t = 0; t < len; t++)
			remote_close(&pushers[i].remotes[t]);
		for (size_t c = 0; c < commits; c++)
			buf_clear(&pushers[i].bodies[c]);
		free(pushers[i].bodies);
		qip_close(pushers[i].q);
	}
	free(pushers);
	return 0;
}
