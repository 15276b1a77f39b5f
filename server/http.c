/* server/http.c - HTTP by GNU libmicrohttpd over the listener's local sockets. */
#include "server/http.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "core/condition.h"
#include "core/log.h"
#include "server/exchange.h"
#include "server/limits.h"

struct http {
	struct http_options options;
	/* one daemon a thread: without a listening socket libmicrohttpd has no thread pool */
	struct MHD_Daemon *daemons[LIMIT_HTTP_THREADS];
	atomic_uint next;
	atomic_bool stopping;
	pthread_mutex_t mutex; /* guards running */
	pthread_cond_t changed;
	int running; /* requests between their first header and their last byte */
};

static void count_running(struct http *h, int change)
{
	(void)pthread_mutex_lock(&h->mutex);
	h->running += change;
	if (h->running == 0)
		(void)pthread_cond_broadcast(&h->changed);
	(void)pthread_mutex_unlock(&h->mutex);
}

/* ---- a request's way ---- */

/* From here on the exchange belongs to the HTTP thread again. */
static void resume(void *exchange)
{
	struct exchange *x = exchange;

	MHD_resume_connection(x->connection);
}

/* Its descriptor stays open as long as the exchange is at work, so the number is no other connection's. */
static bool has_left(void *exchange)
{
	struct exchange *x = exchange;
	struct tls_peer peer;

	return peers_get(&peer, x->http->options.peers, x->fd) != STATUS_OK;
}

static void close_exchange(struct http *h, struct exchange *x, bool completed)
{
	exchange_close(x, completed);
	count_running(h, -1);
}

static void run_job(void *arg)
{
	struct exchange *x = arg;
	struct http *h = x->http;
	bool ours = false;

	if (x->handler->end_later && !x->handler->end_later(&x->request))
		return;
	if (x->handler->end)
		x->handler->end(&x->request);
	if (!stream_ended(&ours, &x->stream))
		request_answered(&x->request);
	else if (ours)
		close_exchange(h, x, false);
}

static enum MHD_Result start_work(struct exchange *x)
{
	struct request *r = &x->request;

	peers_set_answering(x->http->options.peers, x->fd, true);
	if (body_end(&r->body) != STATUS_OK) {
		exchange_refuse(x, &r->body.error);
		return exchange_send(x, atomic_load(&x->http->stopping));
	}
	x->phase = PHASE_WORK;
	r->answered = resume;
	r->has_left = has_left;
	r->http = x;
	/* all without a certificate are one asker */
	x->job = (struct job){
		.run = run_job, .arg = x, .exclusive = x->handler->exclusive ? r->practice : NULL, .who = r->peer.key};
	MHD_suspend_connection(x->connection);
	jobs_submit(x->http->options.jobs, &x->job);
	return MHD_YES;
}

static enum MHD_Result start_exchange(struct http *h, struct MHD_Connection *c, const char *method, const char *path,
				      void **own)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	int fd = info ? info->connect_fd : -1;
	struct tls_peer peer = {.present = false};
	struct exchange *x = NULL;

	/* a client that left before its request was looked at is unknown by now, and waits for no answer */
	if (peers_get(&peer, h->options.peers, fd) != STATUS_OK)
		return MHD_NO;
	x = exchange_open(h->options.service, c, method, path);
	if (!x)
		return MHD_NO;
	*own = x;
	x->http = h;
	x->fd = fd;
	count_running(h, 1);
	exchange_begin(x, &peer);
	return x->request.answer.code ? exchange_send(x, true) : MHD_YES;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *c, const char *path, const char *method,
			      const char *version, const char *bytes, size_t *len, void **own)
{
	struct exchange *x = *own;

	(void)version;
	if (!x)
		return start_exchange(ctx, c, method, path, own);
	switch (x->phase) {
	case PHASE_BODY:
		if (*len == 0)
			return start_work(x);
		/* a body that nobody asked for counts as refused */
		if (!x->handler->feed && x->request.body.error.status == STATUS_OK)
			error_set(&x->request.body.error, STATUS_MALFORMED, "this request takes no body");
		if (!body_feed(&x->request.body, bytes, *len))
			return MHD_NO;
		*len = 0;
		return MHD_YES;
	case PHASE_WORK:
		return exchange_send(x, atomic_load(&x->http->stopping));
	case PHASE_ANSWERED:
		break;
	}
	return MHD_YES;
}

static void completed(void *ctx, struct MHD_Connection *c, void **own, enum MHD_RequestTerminationCode how)
{
	struct http *h = ctx;
	struct exchange *x = *own;

	(void)c;
	if (!x)
		return;
	*own = NULL;
	peers_set_answering(h->options.peers, x->fd, false);
	if (stream_left(&x->stream))
		close_exchange(h, x, how == MHD_REQUEST_TERMINATED_COMPLETED_OK);
}

/* No address here needs escapes, and one with "%00" or "%2f" in it is another one. */
static size_t leave_escapes(void *ctx, struct MHD_Connection *c, char *text)
{
	(void)ctx;
	(void)c;
	return strlen(text);
}

__attribute__((format(printf, 2, 0))) static void log_message(void *ctx, const char *fmt, va_list args)
{
	char text[512];

	(void)ctx;
	(void)vsnprintf(text, sizeof(text), fmt, args);
	text[strcspn(text, "\n")] = 0;
	/* it sets options of TCP on every socket, and says of local ones that it could not */
	if (strstr(text, "socket option") || strstr(text, "setsockopt"))
		return;
	log_line(LOG_LEVEL_DEBUG, "libmicrohttpd", "text", text, NULL);
}

/* ---- opening and closing ---- */

enum status http_open(struct http **out, const struct http_options *o, struct error *e)
{
	struct http *h = calloc(1, sizeof(*h));
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_ITC | MHD_USE_ERROR_LOG;

	if (!h)
		return error_set(e, STATUS_NOMEM, "out of memory");
	h->options = *o;
	(void)pthread_mutex_init(&h->mutex, NULL);
	condition_init(&h->changed);
	for (int i = 0; i < LIMIT_HTTP_THREADS; i++) {
		h->daemons[i] =
			MHD_start_daemon(flags, 0, NULL, NULL, handle, h, MHD_OPTION_EXTERNAL_LOGGER, log_message, NULL,
					 MHD_OPTION_NOTIFY_COMPLETED, completed, h, MHD_OPTION_UNESCAPE_CALLBACK,
					 leave_escapes, NULL, MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIMIT_CONNECTIONS, /* how many, and for how long, is the listener's to say */
					 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMIT_HTTP_MEMORY_BYTES,
					 MHD_OPTION_THREAD_STACK_SIZE, (size_t)LIMIT_STACK_BYTES, MHD_OPTION_END);
		if (!h->daemons[i]) {
			http_close(h);
			return error_set(e, STATUS_IO, "cannot start the HTTP threads");
		}
	}
	*out = h;
	return STATUS_OK;
}

bool http_serve(void *http, int fd)
{
	struct http *h = http;
	const struct sockaddr_un nobody = {.sun_family = AF_UNIX};
	unsigned i = atomic_fetch_add(&h->next, 1) % LIMIT_HTTP_THREADS;

	return MHD_add_connection(h->daemons[i], fd, (const struct sockaddr *)&nobody, sizeof(nobody)) == MHD_YES;
}

void http_stop(struct http *h)
{
	atomic_store(&h->stopping, true);
}

bool http_wait(struct http *h, int timeout_ms)
{
	struct timespec until = condition_until(timeout_ms);
	bool done = false;

	(void)pthread_mutex_lock(&h->mutex);
	while (h->running > 0 && pthread_cond_timedwait(&h->changed, &h->mutex, &until) == 0)
		;
	done = h->running == 0;
	(void)pthread_mutex_unlock(&h->mutex);
	return done;
}

void http_close(struct http *h)
{
	if (!h)
		return;
	for (int i = 0; i < LIMIT_HTTP_THREADS; i++) {
		if (h->daemons[i])
			MHD_stop_daemon(h->daemons[i]);
	}
	(void)pthread_cond_destroy(&h->changed);
	(void)pthread_mutex_destroy(&h->mutex);
	free(h);
}
