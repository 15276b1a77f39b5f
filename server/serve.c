/* server/serve.c - a serving process from start to stop. */
#include "server/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/key.h"
#include "core/log.h"
#include "server/admin.h"
#include "server/config.h"
#include "server/heap.h"
#include "server/http.h"
#include "server/listener.h"
#include "server/metrics.h"

struct process {
	const struct serve_options *options;
	struct config config;
	struct authority_slot authority;
	int lock; /* one process serves a folder: it clears up what a crashed one left */
	struct service service;
	struct jobs *jobs;
	struct peers *peers;
	struct http *http;
	struct listener *listener;
	struct admin *admin; /* NULL: nobody asked for it */
};

/* As many connections as the limit on descriptors lets be, after raising it as far as it goes. */
static int max_connections(int *max_fd, const struct limits *limits)
{
	struct rlimit limit = {0};
	rlim_t wanted = (rlim_t)limits->connections * LIMIT_DESCRIPTORS_A_CONNECTION + LIMIT_DESCRIPTORS_SPARE;
	int fds = 1024;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		if (limit.rlim_cur < wanted) {
			limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
			(void)setrlimit(RLIMIT_NOFILE, &limit);
		}
		fds = (int)(limit.rlim_cur < wanted ? limit.rlim_cur : wanted);
	}
	*max_fd = fds;
	fds = (fds - LIMIT_DESCRIPTORS_SPARE) / LIMIT_DESCRIPTORS_A_CONNECTION;
	if (fds > limits->connections)
		return (int)limits->connections;
	return fds < 1 ? 1 : fds;
}

static enum status take_lock(int *lock, const char *dir, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, dir, "serve.lock", e);

	if (st != STATUS_OK)
		return st;
	*lock = file_open_lock(path);
	if (*lock < 0)
		return error_set_errno(e, errno, "cannot open %s", path);
	if (flock(*lock, LOCK_EX | LOCK_NB))
		return error_set(e, STATUS_BUSY, "%s is being served by another qip-server", dir);
	return STATUS_OK;
}

/* Ordinary repositories need nothing in their folder for plain HTTP, and for TLS what `init` makes. */
static enum status load_config(struct process *p, const struct serve_options *o, struct error *e)
{
	enum status st = STATUS_OK;

	p->config.limits = limits_default;
	if (!o->plain_http) {
		st = config_load(&p->config, o->dir, e);
		return st == STATUS_NOT_FOUND && o->plain
			       ? error_set(e, st, "%s has no certificate: run qip-server init %s first, or serve this machine "
						  "alone with --plain-http",
					   o->dir, o->dir)
			       : st;
	}
	if (snprintf(p->config.dir, sizeof(p->config.dir), "%s", o->dir) >= (int)sizeof(p->config.dir))
		return error_set(e, STATUS_TOO_BIG, "the folder's path is too long");
	return access(o->dir, R_OK | X_OK) == 0 ? STATUS_OK : error_set_errno(e, errno, "cannot read %s", o->dir);
}

static enum status open_practices(struct process *p, const struct serve_options *o, struct error *e)
{
	enum status st = take_lock(&p->lock, o->dir, e);

	if (st == STATUS_OK)
		st = practices_open(&p->service.practices, o->dir, &p->config.limits, o->env, e);
	return st == STATUS_OK ? upkeep_open(&p->service.upkeep, o->env, e) : st;
}

static struct tls_server_options tls_of(const struct authority *a)
{
	return (struct tls_server_options){.ca_pem = buf_text(&a->trust_pem),
					   .cert_pem = buf_text(&a->tls_pem),
					   .chain_pem = buf_text(&a->chain_pem),
					   .key = a->tls_key};
}

static void set_addresses(struct listener_options *out, const struct process *p)
{
	static const struct address otherwise = {.host = "127.0.0.1", .port = "8443"};
	const struct serve_options *o = p->options;

	out->addresses = o->listen ? o->listen : p->config.listen_len > 0 ? p->config.listen : &otherwise;
	out->addresses_len = o->listen ? o->listen_len : p->config.listen_len > 0 ? p->config.listen_len : 1;
}

static enum status open_listener(struct process *p, int connections, struct error *e)
{
	struct listener_options listener = {.env = p->options->env,
					    .limits = &p->config.limits,
					    .max_connections = connections,
					    .peers = p->peers,
					    .serve = http_serve,
					    .ctx = p->http};
	struct authority *a = authority_slot_hold(&p->authority);
	enum status st = STATUS_OK;

	set_addresses(&listener, p);
	if (a)
		listener.tls = tls_of(a);
	st = listener_open(&p->listener, &listener, e);
	authority_release(a);
	if (st == STATUS_OK)
		p->service.open_to_all = !listener_is_local(p->listener);
	return st;
}

static enum status open_admin(struct process *p, struct error *e)
{
	const struct admin_options o = {.service = &p->service, .listener = p->listener, .address = &p->config.admin};
	enum status st = admin_open(&p->admin, &o, e);

	if (st == STATUS_DENIED)
		return error_set(e, st, "admin: metrics are for this machine alone: listen on 127.0.0.1 or [::1]");
	if (st == STATUS_OK)
		log_line(LOG_LEVEL_INFO, "metrics", "address", admin_address(p->admin), NULL);
	return st;
}

static enum status open_all(struct process *p, struct error *e)
{
	const struct serve_options *o = p->options;
	struct http_options http = {.service = &p->service};
	enum status st = load_config(p, o, e);
	int max_fd = 0, connections = max_connections(&max_fd, &p->config.limits);

	authority_slot_init(&p->authority, p->config.authority);
	p->config.authority = NULL;
	p->service.dir = p->config.dir;
	p->service.authority = &p->authority;
	p->service.limits = &p->config.limits;
	p->service.env = o->env;
	p->service.plain = o->plain;
	if (st == STATUS_OK && !o->plain)
		st = open_practices(p, o, e);
	if (st == STATUS_OK)
		st = jobs_open(&p->jobs, (int)p->config.limits.job_threads, e);
	p->service.jobs = p->jobs;
	if (st == STATUS_OK)
		st = peers_open(&p->peers, max_fd, e);
	http.peers = p->peers;
	http.jobs = p->jobs;
	if (st == STATUS_OK)
		st = http_open(&p->http, &http, e);
	if (st == STATUS_OK)
		st = open_listener(p, connections, e);
	return st == STATUS_OK && p->config.admin.host[0] ? open_admin(p, e) : st;
}

static enum status write_port(const char *path, int port, struct error *e)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", port);

	return file_write(path, text, (size_t)n, 0644, e);
}

static bool listens_elsewhere(const struct config *a, const struct config *b)
{
	return a->listen_len != b->listen_len || memcmp(a->listen, b->listen, sizeof(a->listen)) != 0 ||
	       memcmp(&a->admin, &b->admin, sizeof(a->admin)) != 0;
}

static enum status take_config(struct process *p, struct config *next, struct error *e)
{
	struct tls_server_options tls = tls_of(next->authority);
	int max_fd = 0;
	enum status st = listener_reload(p->listener, &tls, max_connections(&max_fd, &next->limits), e);

	if (st == STATUS_OK)
		st = jobs_resize(p->jobs, (int)next->limits.job_threads, e);
	if (st != STATUS_OK)
		return st;
	limits_set(&p->config.limits, &next->limits);
	authority_slot_put(&p->authority, next->authority);
	next->authority = NULL;
	return STATUS_OK;
}

/* Limits and certificates as the folder has them now; with anything wrong there, all stays as it was. */
static void reload(struct process *p)
{
	struct config next = CONFIG_INIT;
	struct error e = {STATUS_OK, ""};
	enum status st = p->options->plain_http ? error_set(&e, STATUS_UNSUPPORTED, "plain HTTP has no settings") : config_load(&next, p->options->dir, &e);

	if (st == STATUS_OK && listens_elsewhere(&p->config, &next))
		log_line(LOG_LEVEL_WARN, "other addresses are listened on from the next start on", NULL);
	if (st == STATUS_OK)
		st = take_config(p, &next, &e);
	metrics_add(st == STATUS_OK ? METRIC_RELOADS : METRIC_RELOADS_FAILED, 1);
	if (st == STATUS_OK)
		log_line(LOG_LEVEL_INFO, "settings and certificates were read again", "folder", p->options->dir, NULL);
	else
		log_line(LOG_LEVEL_ERROR, "settings stay as they were", "reason", e.text, NULL);
	config_clear(&next);
}

/* Wait for the word to stop. */
static void wait_for_signal(struct process *p, const sigset_t *signals)
{
	int got = SIGHUP;

	while (got == SIGHUP) {
		if (sigwait(signals, &got) == 0 && got == SIGHUP)
			reload(p);
	}
	log_line(LOG_LEVEL_INFO, "stopping", "signal", got == SIGTERM ? "TERM" : "INT", NULL);
}

static void stop(struct process *p)
{
	listener_stop_accepting(p->listener);
	http_stop(p->http);
	if (!http_wait(p->http, LIMIT_STOP_MS)) {
		/* what still runs is as safe against this as against a power cut */
		log_line(LOG_LEVEL_WARN, "requests were still running", NULL);
		_exit(0);
	}
	listener_drain(p->listener);
}

static void close_all(struct process *p)
{
	admin_close(p->admin);
	listener_close(p->listener);
	http_close(p->http);
	jobs_close(p->jobs);
	upkeep_close(p->service.upkeep);
	peers_close(p->peers);
	practices_close(p->service.practices);
	authority_slot_clear(&p->authority);
	config_clear(&p->config);
	if (p->lock >= 0)
		(void)close(p->lock);
}

enum status serve(const struct serve_options *o, struct error *e)
{
	struct process p = {.options = o, .lock = -1};
	sigset_t signals;
	enum status st = STATUS_OK;

	heap_share();
	key_keep_many();
	/* before any thread starts, so that all of them leave the signals to this one */
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	st = open_all(&p, e);
	if (st == STATUS_OK) {
		if (!o->plain)
			practices_open_all(p.service.practices);
		st = listener_start(p.listener, e);
	}
	if (st == STATUS_OK && o->port_file)
		st = write_port(o->port_file, listener_port(p.listener), e);
	if (st == STATUS_OK) {
		log_line(LOG_LEVEL_INFO, "serving", "address", listener_address(p.listener), "folder", o->dir,
			 "version", QIP_VERSION, NULL);
		wait_for_signal(&p, &signals);
		stop(&p);
	}
	close_all(&p);
	return st;
}
