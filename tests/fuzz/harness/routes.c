/* tests/fuzz/harness/routes.c - HTTP of anybody's making: request line, headers and body through libmicrohttpd, the routes and their handlers.
 *
 * A byte that says who asks and of which kind of server, a byte of framing, and the request as it stands: its head with lines that end in "\n", an
 * empty line, its body. Forty times the digit 1 stands for the log's end, forty times 2 for the device's own head.
 */
#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/log.h"
#include "server/http.h"
#include "server/plain.h"
#include "tests/fuzz/harness/harness.h"
#include "tests/server/queue.h"

#define ANSWER_MAX (1024 * 1024) /* the practice is small */
#define ANSWER_WAIT_MS 20000
#define HTTP_FDS 1024

/* What a request is framed by. */
#define FRAME_LENGTH 1   /* its true Content-Length is added */
#define FRAME_CHUNKED 2  /* its body goes in chunks, and a header says so */
#define FRAME_BARE 4     /* lines end as they stand, without a return */
#define FRAME_TWICE 8    /* it is sent twice on the same connection */
#define FRAME_PIECE 16   /* the rest: how large the pieces are, of 64 bytes each; 0: all at once */

static struct world w;
static struct testdev devices[4]; /* a manager, staff, a kiosk; of the last, revoked */
static struct queue q;
static struct oid log_end;
static struct authority_slot authority;
static struct service services[2]; /* of practices; of ordinary repositories */
static struct http *servers[2];
static struct peers *peers;
static char plain_dir[512];

/* ---- what the addresses mean, without any network ---- */

static void check_plain_place(const struct route *r)
{
	char found[FILE_PATH_MAX], real[PATH_MAX];
	struct error e = {0};

	if (!r->repository[0])
		return;
	HOLDS(strlen(r->repository) < ROUTE_PATH_MAX);
	if (plain_find(found, plain_dir, r->repository, &e) != STATUS_OK) {
		HOLDS(e.text[0]);
		return;
	}
	HOLDS(realpath(plain_dir, real) && strncmp(found, real, strlen(real)) == 0 && found[strlen(real)] == '/');
}

static void check_route(const char *method, const char *path)
{
	struct route r;

	route_parse(&r, method, path);
	HOLDS(route_name(r.kind) && (r.kind == ROUTE_NONE || handler_of(r.kind)));
	HOLDS(r.ods[0] ? ods_valid(r.ods) && strncmp(path + 1, r.ods, strlen(r.ods)) == 0 : r.kind == ROUTE_NONE || r.kind == ROUTE_HEALTH);
	HOLDS(!r.method_ok || r.kind != ROUTE_NONE);
	HOLDS(!r.repository[0]);
	route_parse_plain(&r, method, path);
	HOLDS(route_name(r.kind) && !r.ods[0]);
	check_plain_place(&r);
}

static void check_line(const uint8_t *bytes, size_t len)
{
	struct input line = {bytes, len};
	char *method = input_text(&line, ' '), *path = input_text(&line, ' ');

	path[strcspn(path, "?")] = 0; /* so far libmicrohttpd takes it apart */
	check_route(method, path);
	free(method);
	free(path);
}

/* ---- the request ---- */

static void put_id(struct buf *text, char digit, const struct oid *id)
{
	char mark[OID_HEX_LEN], hex[OID_HEX_LEN + 1];
	uint8_t *at = NULL;

	memset(mark, digit, sizeof(mark));
	oid_hex(hex, id);
	while (text->len > 0 && (at = memmem(text->data, text->len, mark, sizeof(mark))))
		memcpy(at, hex, OID_HEX_LEN);
}

static void add_body(struct buf *out, uint8_t frame, const uint8_t *body, size_t len, size_t piece)
{
	if (!(frame & FRAME_CHUNKED)) {
		buf_add(out, body, len);
		return;
	}
	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;

		buf_addf(out, "%zx\r\n", n);
		buf_add(out, body + at, n);
		buf_adds(out, "\r\n");
	}
	buf_adds(out, "0\r\n\r\n");
}

static void add_head(struct buf *out, uint8_t frame, struct input *in)
{
	const char *end = frame & FRAME_BARE ? "\n" : "\r\n";
	size_t len = 0;

	while (in->len > 0) {
		const uint8_t *line = input_until(&len, in, '\n');

		if (len == 0)
			break;
		buf_add(out, line, len);
		buf_adds(out, end);
	}
	if (frame & FRAME_LENGTH)
		buf_addf(out, "Content-Length: %zu%s", in->len, end);
	if (frame & FRAME_CHUNKED)
		buf_addf(out, "Transfer-Encoding: chunked%s", end);
	buf_adds(out, end);
}

static void make_request(struct buf *out, uint8_t frame, struct input in, const struct testdev *device)
{
	struct input again = in;
	size_t piece = 1 + (size_t)frame / FRAME_PIECE * 64;

	add_head(out, frame, &in);
	add_body(out, frame, in.at, in.len, piece);
	if (frame & FRAME_TWICE) {
		add_head(out, frame, &again);
		add_body(out, frame, again.at, again.len, piece);
	}
	put_id(out, '1', &log_end);
	put_id(out, '2', device ? &device->head : &log_end);
	HOLDS(buf_ok(out));
}

/* ---- the connection ---- */

static void set_peer(struct tls_peer *peer, const struct testdev *device)
{
	*peer = (struct tls_peer){.present = device != NULL, .ods = ODS};
	if (!device)
		return;
	(void)snprintf(peer->device, sizeof(peer->device), "%s", device->name);
	key_ssh(peer->key, device->key);
}

/* What the other side takes in, piece by piece, and that no more comes: that only once all is read, for libmicrohttpd asks a socket that gave all it
 * had no second time, and overlooks an end that came along. (In the server it is the listener's to end such a connection.) */
static void send_on(int fd, const struct buf *bytes, size_t *sent, size_t piece, bool *ended)
{
	size_t left = bytes->len - *sent;
	int unread = 0;

	if (left > 0) {
		ssize_t n = send(fd, bytes->data + *sent, left < piece ? left : piece, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno != EAGAIN)
			*sent = bytes->len; /* it takes no more */
		*sent += n > 0 ? (size_t)n : 0;
	} else if (!*ended && ioctl(fd, SIOCOUTQ, &unread) == 0 && unread == 0) {
		*ended = shutdown(fd, SHUT_WR) == 0 || errno == ENOTCONN;
	}
}

/* True until the other side ends. An answer, or that end, comes soon. */
static bool read_on(struct buf *out, int fd, int wait_ms)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	uint8_t part[4096];
	ssize_t n = 0;

	if (poll(&ready, 1, wait_ms) == 0)
		return true;
	n = recv(fd, part, sizeof(part), 0);
	if (n > 0)
		buf_add(out, part, (size_t)n);
	HOLDS(buf_ok(out) && out->len <= ANSWER_MAX);
	return n > 0;
}

static void talk(struct buf *answer, const struct buf *request, int fd, size_t piece)
{
	size_t sent = 0, before = 0, waited = 0;
	bool ended = false;

	do {
		before = sent;
		send_on(fd, request, &sent, piece, &ended);
		waited += sent == before;
		HOLDS(waited < ANSWER_WAIT_MS);
	} while (read_on(answer, fd, sent == before));
}

static void ask(struct buf *answer, const struct buf *request, size_t server, const struct testdev *device, size_t piece)
{
	static uint64_t connection;
	struct tls_peer peer;
	int pair[2];

	HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	set_peer(&peer, device);
	HOLDS(peers_put(peers, pair[1], ++connection, &peer) == STATUS_OK);
	HOLDS(http_serve(servers[server], pair[1]));
	talk(answer, request, pair[0], piece);
	(void)close(pair[0]);
	peers_remove(peers, pair[1], connection);
	HOLDS(http_wait(servers[server], ANSWER_WAIT_MS)); /* all that it held is free again */
}

/* ---- the answer ---- */

/* The server never says of itself that it failed, and every refusal says why. */
static void check_answer(const struct buf *answer)
{
	char *text = strndup(answer->len ? buf_text(answer) : "", answer->len);
	const char *end = text ? strstr(text, "\r\n\r\n") : NULL, *length = text ? strcasestr(text, "\r\nContent-Length: ") : NULL;
	int code = 0;

	if (text && text[0]) {
		HOLDS(end != NULL && sscanf(text, "HTTP/1.%*1[01] %d ", &code) == 1 && code >= 100 && code < 600);
		HOLDS(code < 500 || code == 501 || code == 505); /* those are libmicrohttpd's: of what it does not speak */
		if (length && length < end && strncmp(text, "HTTP/1.1 100", 12) != 0)
			HOLDS(strtoull(length + 18, NULL, 10) > 0 || code < 300 || code == 304);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input in = {bytes, len};
	uint8_t who = input_byte(&in), frame = input_byte(&in);
	const struct testdev *device = who % 5 == 4 ? NULL : &devices[who % 5];
	struct buf request = BUF_INIT, answer = BUF_INIT;

	check_line(in.at, in.len);
	make_request(&request, frame, in, device);
	ask(&answer, &request, who & 0x80 ? 1 : 0, device, frame / FRAME_PIECE ? (size_t)frame / FRAME_PIECE * 64 : SIZE_MAX);
	check_answer(&answer);
	buf_clear(&request);
	buf_clear(&answer);
	return 0;
}

/* ---- once ---- */

static void end_all(void)
{
	for (size_t i = 0; i < ARRAY_LEN(servers); i++)
		http_close(servers[i]);
	peers_close(peers);
	authority_slot_clear(&authority);
	queue_close(&q);
	for (size_t i = 0; i < ARRAY_LEN(devices); i++)
		testdev_clear(&devices[i]);
	world_close(&w);
	repo_shutdown_library();
}

static void serve_both(void)
{
	static struct limits limits;
	struct http_options o = {.jobs = q.jobs};
	struct error e = {0};

	limits_set(&limits, &w.config.limits);
	limits.device_pushes_hour = 100000000; /* who asks a thousand times a second is not to wait here */
	limits.device_bytes_hour = 64 * LIMITS_GIB;
	authority_slot_init(&authority, w.config.authority);
	w.config.authority = NULL;
	harness_must(peers_open(&peers, HTTP_FDS, &e), &e);
	services[0] = (struct service){.dir = w.server, .authority = &authority, .limits = &limits, .practices = q.practices, .env = env_system(), .jobs = q.jobs};
	services[1] = (struct service){.dir = plain_dir, .limits = &limits, .env = env_system(), .jobs = q.jobs, .plain = true};
	o.peers = peers;
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		o.service = &services[i];
		harness_must(http_open(&servers[i], &o, &e), &e);
	}
}

/* An ordinary repository with the log in it, below the folder that is served; and another one beside that, to which a link leads. */
static void make_plain(void)
{
	char path[600];
	struct error e = {0};
	struct repo *r = NULL;
	struct oid tree, id;

	(void)snprintf(plain_dir, sizeof(plain_dir), "%s/plain", harness_folder());
	HOLDS(mkdir(plain_dir, 0700) == 0);
	(void)snprintf(path, sizeof(path), "%s/beside.git", harness_folder());
	harness_must(repo_create(path, &e), &e);
	(void)snprintf(path, sizeof(path), "%s/link.git", plain_dir);
	HOLDS(symlink("../beside.git", path) == 0);
	(void)snprintf(path, sizeof(path), "%s/a.git", plain_dir);
	harness_must(repo_create(path, &e), &e);
	harness_must(repo_open(&r, path, &e), &e);
	harness_must(repo_write(&tree, r, REPO_TREE, "", 0, &e), &e);
	harness_must(repo_commit_write(&id, r,
				       &(struct commit_spec){.tree = tree, .name = "a", .email = "a@example.org", .time_ms = 1764000000000, .message = "A\n",
							     .key = w.root},
				       &e),
		     &e);
	harness_must(repo_flush(r, &e), &e);
	harness_must(repo_ref_update(r, "refs/heads/main", &id, NULL, &e), &e);
	repo_close(r);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const names[] = {"fle-staff", "kib-kiosk", "old-kiosk"}, *const roles[] = {"staff", "kiosk", "kiosk"};
	struct error e = {0};

	(void)argc;
	(void)argv;
	harness_must(repo_init_library(&e), &e);
	world_open(&w);
	join_first(&w, &devices[0]);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct invite invite;

		join_invited(&w, &devices[0], &devices[i + 1], &invite, names[i], roles[i]);
		invite_clear(&invite);
	}
	end_device(&w, &devices[0], "old-kiosk", "revoked");
	log_end = fetch_main(&w);
	queue_open(&q, &w);
	make_plain();
	serve_both();
	log_set_level(LOG_LEVEL_ERROR);
	HOLDS(atexit(end_all) == 0);
	return 0;
}
