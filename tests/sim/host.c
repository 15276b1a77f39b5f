/* tests/sim/host.c - see host.h. */
/* The client has functions of these names too; the server's library is linked under others, see tests/CMakeLists.txt. */
#define http_open server_http_open
#define http_close server_http_close

#include "tests/sim/host.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server/config.h"
#include "server/http.h"
#include "server/invite.h"
#include "tests/sim/folder.h"

#define MAX_FD 1024
#define SETTLE_MS 60000
#define LOCK_MS 10000
#define LOOKS 5000 /* of 2 ms */

struct host {
	char dir[HOST_PATH_MAX], cut_dir[HOST_PATH_MAX + 8];
	struct machine *machine;
	struct config config;
	struct authority_slot authority;
	struct service service;
	struct jobs *jobs;
	struct peers *peers;
	struct http *http;
	struct store_lock *lock; /* while it is held */
	uint64_t connections;
	atomic_bool cut_at_merge, was_cut;
};

enum status host_create(char code[CODE_TEXT_MAX], const char *dir, struct machine *m, struct error *e)
{
	struct config config = CONFIG_INIT;
	struct invite invite = {.key = NULL};
	struct store *store = NULL;
	struct first first = {.device = "manager"};
	enum status st = config_create(dir, NULL, 0, &m->env, e);

	if (st == STATUS_OK)
		st = config_load(&config, dir, e);
	if (st == STATUS_OK)
		st = invite_make(&invite, HOST_ODS, config.authority->ca_fingerprint, NULL, &m->env, e);
	if (st == STATUS_OK)
		st = store_open(&store, dir, e);
	if (st == STATUS_OK) {
		memcpy(first.invite_key, invite.key_ssh, sizeof(first.invite_key));
		st = practice_create(dir, store, HOST_ODS, "High Street", &first, &m->env, e);
	}
	if (st == STATUS_OK)
		code_format(code, &invite.code);
	store_close(store);
	invite_clear(&invite);
	config_clear(&config);
	return st;
}

/* Of the threads at work only a merge looks at the wall clock, and it does so before it writes anything. */
static void look(void *ctx)
{
	struct host *h = ctx;

	if (atomic_exchange(&h->cut_at_merge, false))
		(void)(host_cut(h) == STATUS_OK);
}

static enum status start(struct host *h, struct error *e)
{
	struct http_options http = {.service = &h->service};
	enum status st = config_load(&h->config, h->dir, e);

	h->service = (struct service){.dir = h->dir, .authority = &h->authority, .limits = &h->config.limits, .env = &h->machine->env};
	authority_slot_init(&h->authority, h->config.authority);
	h->config.authority = NULL;
	if (st == STATUS_OK)
		st = practices_open(&h->service.practices, h->dir, &h->config.limits, &h->machine->env, e);
	if (st == STATUS_OK)
		st = jobs_open(&h->jobs, 2, e);
	h->service.jobs = h->jobs;
	if (st == STATUS_OK)
		st = peers_open(&h->peers, MAX_FD, e);
	http.peers = h->peers;
	http.jobs = h->jobs;
	if (st == STATUS_OK)
		st = http_open(&h->http, &http, e);
	if (st == STATUS_OK)
		practices_open_all(h->service.practices);
	return st;
}

enum status host_open(struct host **out, const char *dir, struct machine *m, struct error *e)
{
	struct host *h = calloc(1, sizeof(*h));
	enum status st = h ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");

	if (st != STATUS_OK)
		return st;
	(void)snprintf(h->dir, sizeof(h->dir), "%s", dir);
	(void)snprintf(h->cut_dir, sizeof(h->cut_dir), "%s.cut", dir);
	h->machine = m;
	m->looked = look;
	m->looked_ctx = h;
	st = start(h, e);
	if (st != STATUS_OK) {
		host_close(h);
		return st;
	}
	*out = h;
	return STATUS_OK;
}

void host_close(struct host *h)
{
	if (!h)
		return;
	http_close(h->http);
	jobs_close(h->jobs);
	peers_close(h->peers);
	practices_close(h->service.practices);
	config_clear(&h->config);
	authority_slot_clear(&h->authority);
	h->machine->looked = NULL;
	free(h);
}

const char *host_ca_pem(const struct host *h)
{
	return buf_text(&h->authority.now->ca_pem);
}

enum status host_connect(int *fd, struct host *h, const char *device, const struct key *key)
{
	struct tls_peer peer = {.present = device != NULL};
	int pair[2] = {-1, -1};

	if (device) {
		(void)snprintf(peer.device, sizeof(peer.device), "%s", device);
		(void)snprintf(peer.ods, sizeof(peer.ods), "%s", HOST_ODS);
		key_ssh(peer.key, key);
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return STATUS_IO;
	if (peers_put(h->peers, pair[1], ++h->connections, &peer) != STATUS_OK) {
		(void)close(pair[0]);
		(void)close(pair[1]);
		return STATUS_IO;
	}
	*fd = pair[0];
	return http_serve(h->http, pair[1]) ? STATUS_OK : STATUS_IO;
}

void host_settle(struct host *h)
{
	(void)http_wait(h->http, SETTLE_MS);
}

enum status host_hold(struct host *h)
{
	struct practice *p = NULL;
	enum status st = practices_get(&p, h->service.practices, HOST_ODS, NULL);

	return st == STATUS_OK ? store_lock(&h->lock, p->history, LOCK_MS, NULL) : st;
}

bool host_await_pushes(struct host *h, unsigned count)
{
	struct practice *p = NULL;
	unsigned n = 0;

	if (practices_get(&p, h->service.practices, HOST_ODS, NULL) != STATUS_OK)
		return false;
	for (int i = 0; i < LOOKS && n < count; i++) {
		(void)nanosleep(&(struct timespec){.tv_nsec = i > 0 ? 2000000 : 0}, NULL);
		(void)pthread_mutex_lock(&p->queue.mutex);
		n = 0;
		for (const struct push *push = p->queue.first; push; push = push->next)
			n++;
		(void)pthread_mutex_unlock(&p->queue.mutex);
	}
	return n >= count;
}

void host_let_go(struct host *h)
{
	store_unlock(h->lock);
	h->lock = NULL;
}

void host_cut_at_merge(struct host *h, bool cut)
{
	atomic_store(&h->cut_at_merge, cut);
}

bool host_was_cut(const struct host *h)
{
	return atomic_load(&h->was_cut);
}

enum status host_cut(struct host *h)
{
	enum status st = folder_copy(h->dir, h->cut_dir);

	atomic_store(&h->was_cut, st == STATUS_OK);
	return st;
}

enum status host_revive(struct host **h, struct error *e)
{
	struct machine *m = (*h)->machine;
	char dir[HOST_PATH_MAX], cut_dir[HOST_PATH_MAX + 8];
	bool was_cut = host_was_cut(*h);

	memcpy(dir, (*h)->dir, sizeof(dir));
	memcpy(cut_dir, (*h)->cut_dir, sizeof(cut_dir));
	host_settle(*h);
	host_close(*h);
	*h = NULL;
	if (was_cut) {
		folder_remove(dir);
		if (rename(cut_dir, dir) != 0)
			return error_set(e, STATUS_IO, "the cut server's folder cannot be moved");
	}
	return host_open(h, dir, m, e);
}
