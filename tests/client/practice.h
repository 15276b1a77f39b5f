/* tests/client/practice.h - a practice on a real qip-server, for tests of the client: started, killed, restarted; homes joined to it; and a
 * proxy in between that loses what the server says.
 *
 *     static struct practice p; practice_start(&p); struct qip *q = practice_manager(&p, "boss"); ... qip_close(q); practice_stop(&p);
 */
#ifndef QIP_TESTS_CLIENT_PRACTICE_H
#define QIP_TESTS_CLIENT_PRACTICE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client/files.h"
#include "client/home.h"
#include "client/include/qip/client.h"
#include "core/cert.h"

#define PRACTICE_PATH 512
#define PRACTICE_WAIT_MS 20000

struct practice {
	char dir[PRACTICE_PATH];     /* everything lies in it */
	char program[PRACTICE_PATH]; /* qip-server */
	char code[CODE_TEXT_MAX];    /* the first manager's */
	char url[64];
	int port;                    /* the server's; 0 before it ran */
	pid_t server;                /* 0: not running */
};

#define OK(call) assert_status((call), STATUS_OK, #call, __FILE__, __LINE__)
#define FAILS(call, expected) assert_status((call), (expected), #call, __FILE__, __LINE__)
static struct error last_error; /* what every call in a test fills */

static inline void assert_status(enum status st, enum status expected, const char *call, const char *file, int line)
{
	if (st == expected)
		return;
	print_error("%s: %s (%d), not %s: %s\n", call, status_text(st), st, status_text(expected), last_error.text);
	_fail(file, line);
}

static inline void short_wait(void)
{
	(void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static inline const char *practice_path(const struct practice *p, const char *name)
{
	static char path[4][PRACTICE_PATH * 2];
	static unsigned next;
	char *out = path[next++ % 4];

	assert_true(snprintf(out, sizeof(path[0]), "%s/%s", p->dir, name) < (int)sizeof(path[0]));
	return out;
}

/* Run the server program to its end; what it prints is in out. */
static inline void practice_run(const struct practice *p, char *out, size_t size, const char *const *args)
{
	int pipes[2], status = 0;
	size_t len = 0;
	ssize_t n = 0;
	pid_t pid = 0;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(pipes[1], STDOUT_FILENO);
		(void)execv(p->program, (char *const *)args);
		_exit(127);
	}
	(void)close(pipes[1]);
	while (len + 1 < size && (n = read(pipes[0], out + len, size - len - 1)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	(void)close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static inline void practice_serve(struct practice *p)
{
	char listen_on[32], port_file[PRACTICE_PATH * 2], text[16] = "";
	FILE *f = NULL;

	(void)snprintf(listen_on, sizeof(listen_on), "127.0.0.1:%d", p->port);
	(void)snprintf(port_file, sizeof(port_file), "%s/port", p->dir);
	(void)unlink(port_file);
	p->server = fork();
	assert_true(p->server >= 0);
	if (p->server == 0) {
		(void)!freopen(practice_path(p, "server.log"), "a", stderr);
		(void)execl(p->program, "qip-server", "serve", practice_path(p, "server"), "--listen", listen_on, "--port-file", port_file, (char *)NULL);
		_exit(127);
	}
	for (int waited_ms = 0; !p->port || access(port_file, R_OK) != 0 || !text[0]; waited_ms += 5) {
		assert_true(waited_ms < PRACTICE_WAIT_MS);
		short_wait();
		f = fopen(port_file, "r");
		if (f && fgets(text, sizeof(text), f) && strchr(text, '\n'))
			p->port = atoi(text);
		else
			text[0] = '\0';
		if (f)
			(void)fclose(f);
	}
	(void)snprintf(p->url, sizeof(p->url), "https://localhost:%d", p->port);
}

static inline void practice_kill(struct practice *p, int signal)
{
	int status = 0;

	if (p->server == 0)
		return;
	(void)kill(p->server, signal);
	assert_int_equal(waitpid(p->server, &status, 0), p->server);
	p->server = 0;
}

static inline void find_program(struct practice *p)
{
	char self[PRACTICE_PATH];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	for (int i = 0; i < 2; i++)
		*strrchr(self, '/') = '\0'; /* the program's name, then its folder */
	(void)snprintf(p->program, sizeof(p->program), "%.480s/bin/qip-server", self);
	if (access(p->program, X_OK) != 0)
		fail_msg("%s is not there: build qip-server first", p->program);
}

/* The join code stands on a line of its own. */
static inline void find_code(struct practice *p, const char *printed)
{
	char copy[4096];
	char *line = NULL, *rest = copy;
	struct code c;

	(void)snprintf(copy, sizeof(copy), "%s", printed);
	while ((line = strtok_r(rest, "\n", &rest)) != NULL) {
		if (strlen(line) < sizeof(p->code) && code_parse(&c, line, NULL) == STATUS_OK)
			(void)snprintf(p->code, sizeof(p->code), "%s", line);
	}
	assert_string_not_equal(p->code, "");
}

static inline void practice_start(struct practice *p)
{
	const char *tmp = getenv("TMPDIR");
	char out[4096];

	*p = (struct practice){.port = 0};
	(void)signal(SIGPIPE, SIG_IGN);
	find_program(p);
	(void)snprintf(p->dir, sizeof(p->dir), "%.400s/qip-client-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(p->dir));
	practice_run(p, out, sizeof(out), (const char *const[]){"qip-server", "init", practice_path(p, "server"), NULL});
	practice_run(p, out, sizeof(out),
		     (const char *const[]){"qip-server", "practice", "add", practice_path(p, "server"), "C82999", "--name", "High Street", NULL});
	find_code(p, out);
	practice_serve(p);
}

static inline int practice_remove_one(const char *path, const struct stat *s, int type, struct FTW *ftw)
{
	(void)s;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void practice_remove(const char *path)
{
	(void)nftw(path, practice_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void practice_stop(struct practice *p)
{
	practice_kill(p, SIGKILL);
	practice_remove(p->dir);
}

/* Copy a folder, as a backup or a restored image does. */
static inline void practice_copy(const char *from, const char *to)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)execlp("cp", "cp", "-a", from, to, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* The key that the server signs merges with; to be freed. */
static inline struct key *practice_server_key(const struct practice *p)
{
	struct buf pem = BUF_INIT;
	struct key *key = NULL;

	OK(files_read(&pem, AT_FDCWD, practice_path(p, "server/C82999/server.key"), 10000, &last_error));
	OK(key_from_pem(&key, buf_text(&pem), &last_error));
	buf_wipe(&pem);
	return key;
}

/* ---- homes ---- */

static inline struct qip *practice_open(const struct practice *p, const char *name)
{
	struct qip *q = NULL;

	OK(qip_open(&q, &(struct qip_options){.home = practice_path(p, name), .lock_wait_ms = 1000}, &last_error));
	return q;
}

/* What a first manager prints; "" when it was not. */
struct papers {
	char root[QIP_PAPER_TEXT_MAX], recovery[QIP_PAPER_TEXT_MAX];
};

static inline void keep_papers(void *ctx, const struct qip_papers *shown)
{
	struct papers *kept = ctx;

	(void)snprintf(kept->root, sizeof(kept->root), "%s", shown->root ? shown->root : "");
	(void)snprintf(kept->recovery, sizeof(kept->recovery), "%s", shown->recovery);
}

static inline enum status practice_join(const struct practice *p, const char *name, const char *code, struct papers *papers)
{
	struct qip_options o = {.home = practice_path(p, name), .lock_wait_ms = 1000};

	*papers = (struct papers){.root = ""};
	return qip_join(&o, p->url, code, keep_papers, papers, &last_error);
}

/* The first manager's home, joined and open, with the site "kibworth". */
static inline struct qip *practice_manager(const struct practice *p, const char *name)
{
	struct papers papers;
	struct qip_sync_report report;
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	struct qip *q = NULL;
	cJSON *site = cJSON_Parse("{\"schema\":\"site/1\",\"id\":\"kibworth\"}");

	OK(practice_join(p, name, p->code, &papers));
	assert_true(strlen(papers.root) > 50);
	q = practice_open(p, name);
	OK(qip_edit_begin(&edit, q, NULL, &last_error));
	OK(qip_edit_stamp(&stamp, edit, &last_error));
	OK(record_set(site, "name", cJSON_CreateString("Kibworth"), &stamp, &last_error));
	OK(qip_edit_put(edit, "sites/kibworth.json", site, &last_error));
	OK(qip_edit_commit(edit, "Add the site Kibworth", &last_error));
	OK(qip_sync(q, &report, &last_error));
	cJSON_Delete(site);
	return q;
}

/* Invite by the manager and join; the new home, open. */
static inline struct qip *practice_device(const struct practice *p, struct qip *manager, const char *name, enum role role)
{
	char code[CODE_TEXT_MAX];
	struct papers papers;
	struct qip_sync_report report;

	OK(qip_invite(code, manager, name, role, "kibworth", &last_error));
	OK(qip_sync(manager, &report, &last_error));
	OK(practice_join(p, name, code, &papers));
	assert_string_equal(papers.root, "");
	return practice_open(p, name);
}

/* Give a home a certificate of the server's authority that ends at a moment; the end is in Unix ms. */
static inline void practice_shorten_certificate(const struct practice *p, struct qip *q, int64_t not_after_ms)
{
	struct buf ca = BUF_INIT, ca_key = BUF_INIT, pem = BUF_INIT;
	struct key *issuer = NULL;
	const struct cert_request req = {.usage = CERT_CLIENT, .common_name = q->identity.device, .organisation = q->identity.ods,
					 .not_before_ms = not_after_ms - 86400000, .not_after_ms = not_after_ms, .subject = q->key};

	OK(files_read(&ca, AT_FDCWD, practice_path(p, "server/ca.crt"), 10000, &last_error));
	OK(files_read(&ca_key, AT_FDCWD, practice_path(p, "server/ca.key"), 10000, &last_error));
	OK(key_from_pem(&issuer, buf_text(&ca_key), &last_error));
	OK(cert_issue(&pem, &req, issuer, buf_text(&ca), &last_error));
	OK(files_write(q->dir, HOME_CERT, pem.data, pem.len, 0600, &last_error));
	OK(files_remove(q->dir, HOME_SESSION, &last_error));
	key_free(issuer);
	buf_clear(&ca);
	buf_wipe(&ca_key);
	buf_clear(&pem);
}

static inline struct qip_sync_report practice_sync(struct qip *q)
{
	struct qip_sync_report report = {0};

	OK(qip_sync(q, &report, &last_error));
	return report;
}

/* A new action point by this home, committed; its path. */
static inline void practice_add_action(char path[TREE_PATH_MAX], struct qip *q, const char *ref)
{
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	cJSON *record = cJSON_CreateObject();

	OK(qip_edit_begin(&edit, q, "2022-06-06", &last_error));
	OK(qip_edit_stamp(&stamp, edit, &last_error));
	OK(json_set_string(record, "schema", "action/1"));
	OK(json_set_string(record, "id", stamp.id));
	OK(record_set(record, "ref", cJSON_CreateString(ref), &stamp, &last_error));
	OK(record_set(record, "status", cJSON_CreateString("red"), &stamp, &last_error));
	(void)snprintf(path, TREE_PATH_MAX, "qip/%s.json", stamp.id);
	OK(qip_edit_put(edit, path, record, &last_error));
	OK(qip_edit_commit(edit, "Add an action point", &last_error));
	cJSON_Delete(record);
}

static inline void practice_set(struct qip *q, const char *path, const char *slot, const char *value)
{
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	cJSON *record = NULL;

	OK(qip_read(&record, q, path, &last_error));
	OK(qip_edit_begin(&edit, q, NULL, &last_error));
	OK(qip_edit_stamp(&stamp, edit, &last_error));
	OK(record_set(record, slot, cJSON_CreateString(value), &stamp, &last_error));
	OK(qip_edit_put(edit, path, record, &last_error));
	OK(qip_edit_commit(edit, "Set a field", &last_error));
	cJSON_Delete(record);
}

static inline enum status practice_capture(struct qip_capture *c, const char *id, const char *option, const char *comment, uint64_t *seq)
{
	cJSON *answers = cJSON_CreateObject();
	struct qip_answer a = {.id = id, .survey = "fft", .survey_version = 1, .language = "en", .mode = "kiosk", .answers = answers,
			       .comment = comment, .publish = true};
	enum status st = STATUS_OK;

	OK(json_set_string(answers, "experience", option));
	st = qip_capture(seq, c, &a, &last_error);
	cJSON_Delete(answers);
	return st;
}

/* So many answers into a kiosk's journal. */
static inline void practice_answers(struct qip *kiosk, int count)
{
	struct qip_capture *c = NULL;
	char id[ID_TEXT_LEN + 1];
	uint64_t seq = 0;

	OK(qip_capture_open(&c, kiosk, &last_error));
	for (int i = 0; i < count; i++) {
		OK(id_make(id, qip_env(kiosk)));
		OK(practice_capture(c, id, "good", NULL, &seq));
	}
	qip_capture_close(c);
}

static inline enum status practice_count_one(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	(void)path;
	(void)record;
	(void)e;
	(*(int *)ctx)++;
	return STATUS_OK;
}

/* Records below a folder, as this home sees them. */
static inline int practice_count(struct qip *q, const char *folder)
{
	int count = 0;

	OK(qip_each(q, folder, practice_count_one, &count, &last_error));
	return count;
}

/* ---- a program that is killed ---- */

/* A program that dies between any two steps is stood in for by an exit at every look at a clock. */
struct dying {
	struct env env;
	const struct env *real;
	int left;
};

static inline void dying_step(struct dying *d)
{
	if (d->left-- == 0)
		_exit(42);
}

static inline int64_t dying_now_ms(void *ctx)
{
	dying_step(ctx);
	return ((struct dying *)ctx)->real->now_ms(((struct dying *)ctx)->real->ctx);
}

static inline int64_t dying_monotonic_ms(void *ctx)
{
	dying_step(ctx);
	return ((struct dying *)ctx)->real->monotonic_ms(((struct dying *)ctx)->real->ctx);
}

static inline enum clock_quality dying_quality(void *ctx)
{
	dying_step(ctx);
	return ((struct dying *)ctx)->real->quality(((struct dying *)ctx)->real->ctx);
}

static inline void dying_boot_id(void *ctx, char out[ENV_BOOT_ID_MAX])
{
	dying_step(ctx);
	((struct dying *)ctx)->real->boot_id(((struct dying *)ctx)->real->ctx, out);
}

static inline enum status dying_random(void *ctx, uint8_t *out, size_t len)
{
	dying_step(ctx);
	return ((struct dying *)ctx)->real->random(((struct dying *)ctx)->real->ctx, out, len);
}

static inline void dying_init(struct dying *d, int n)
{
	*d = (struct dying){.real = env_system(), .left = n};
	d->env = (struct env){.now_ms = dying_now_ms, .monotonic_ms = dying_monotonic_ms, .quality = dying_quality,
			      .boot_id = dying_boot_id, .random = dying_random, .ctx = d};
}

/* ---- a line that fails ---- */

/* Hands bytes on between clients and the server; what the server says beyond `reply_bytes` (in all, from when it was set) is lost, and the
 * connection with it. */
struct proxy {
	pthread_t thread;
	int listener, port, server_port;
	atomic_long reply_bytes;
	atomic_long then_bytes; /* so many more when the line was cut, for connections made after that; none unless set */
	atomic_int connections;
	atomic_bool stop;
};

static inline int proxy_dial(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* false: one end is done */
static inline bool proxy_pump(struct proxy *p, int from, int to, bool is_reply)
{
	char bytes[16384];
	ssize_t n = read(from, bytes, sizeof(bytes));

	if (n <= 0)
		return false;
	if (is_reply) {
		long left = atomic_fetch_sub(&p->reply_bytes, (long)n);

		if (left < n) {
			atomic_store(&p->reply_bytes, atomic_exchange(&p->then_bytes, 0));
			return false;
		}
	}
	return write(to, bytes, (size_t)n) == n;
}

static inline void *proxy_run(void *arg)
{
	struct proxy *p = arg;

	while (!atomic_load(&p->stop)) {
		struct pollfd wait = {.fd = p->listener, .events = POLLIN};
		struct pollfd both[2];
		bool open = true;

		if (poll(&wait, 1, 20) <= 0)
			continue;
		both[0] = (struct pollfd){.fd = accept(p->listener, NULL, NULL), .events = POLLIN};
		both[1] = (struct pollfd){.fd = proxy_dial(p->server_port), .events = POLLIN};
		atomic_fetch_add(&p->connections, 1);
		while (open && both[1].fd >= 0 && !atomic_load(&p->stop)) {
			if (poll(both, 2, 20) <= 0)
				continue;
			if (both[0].revents)
				open = proxy_pump(p, both[0].fd, both[1].fd, false);
			if (open && both[1].revents)
				open = proxy_pump(p, both[1].fd, both[0].fd, true);
		}
		(void)close(both[0].fd);
		if (both[1].fd >= 0)
			(void)close(both[1].fd);
	}
	return NULL;
}

#define PROXY_ALL 1000000000L

/* From now on clients are sent through it: p->url is the proxy's. */
static inline void proxy_start(struct proxy *x, struct practice *p)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(at);

	*x = (struct proxy){.server_port = p->port};
	atomic_store(&x->reply_bytes, PROXY_ALL);
	x->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(x->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(x->listener, 16), 0);
	assert_int_equal(getsockname(x->listener, (struct sockaddr *)&at, &len), 0);
	x->port = ntohs(at.sin_port);
	(void)snprintf(p->url, sizeof(p->url), "https://localhost:%d", x->port);
	assert_int_equal(pthread_create(&x->thread, NULL, proxy_run, x), 0);
}

static inline void proxy_stop(struct proxy *x)
{
	atomic_store(&x->stop, true);
	(void)pthread_join(x->thread, NULL);
	(void)close(x->listener);
}

#endif
