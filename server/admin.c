/* server/admin.c - metrics and health for whoever runs the server. */
#include "server/admin.h"

#include <dirent.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/backed_up.h"
#include "server/closed.h"
#include "server/limits.h"
#include "server/listen.h"
#include "server/metrics.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct admin {
	struct admin_options options;
	struct MHD_Daemon *daemon;
	char address[80];
	int64_t started_ms;
};

/* ---- what is looked up when it is asked for ---- */

struct practice_values {
	const struct env *env;
	struct buf last, packs, closed;
};

static void add_line(struct buf *out, const char *name, const struct practice *p)
{
	buf_addf(out, "%s{practice=\"", name);
	metrics_label(out, p->ods);
	buf_adds(out, "\"} ");
}

static void add_practice(void *ctx, struct practice *p)
{
	struct practice_values *v = ctx;
	int64_t last_ms = atomic_load(&p->last_sync_ms);

	if (last_ms > 0) {
		add_line(&v->last, "qip_practice_last_sync_timestamp_seconds", p);
		last_ms += v->env->now_ms(v->env->ctx) - v->env->monotonic_ms(v->env->ctx);
		buf_addf(&v->last, "%" PRId64 "\n", last_ms / 1000);
	}
	add_line(&v->packs, "qip_practice_packs", p);
	buf_addf(&v->packs, "%zu\n", store_packs(p->history));
	add_line(&v->closed, "qip_practice_closed", p);
	buf_addf(&v->closed, "%d\n", closed_check(p, NULL) != STATUS_OK);
}

static void write_practices(struct buf *out, struct practices *t, const struct env *env)
{
	struct practice_values v = {env, BUF_INIT, BUF_INIT, BUF_INIT};

	practices_each(t, add_practice, &v);
	metrics_gauge(out, "qip_practice_last_sync_timestamp_seconds", "When a device of the practice was last served, since this program started.");
	buf_adds(out, buf_text(&v.last));
	metrics_gauge(out, "qip_practice_packs", "Packs of the practice's history.");
	buf_adds(out, buf_text(&v.packs));
	metrics_gauge(out, "qip_practice_closed", "1: restored from a backup and not open yet.");
	buf_adds(out, buf_text(&v.closed));
	metrics_gauge(out, "qip_push_disk_bytes", "Large pushes on disk that have no outcome yet, as they came.");
	buf_addf(out, "qip_push_disk_bytes %zu\n", practices_disk_bytes(t));
	buf_clear(&v.last);
	buf_clear(&v.packs);
	buf_clear(&v.closed);
}

static void write_certificates(struct buf *out, struct authority_slot *slot)
{
	struct authority *a = authority_slot_hold(slot);
	int64_t until_ms = 0;

	if (!a)
		return;
	metrics_gauge(out, "qip_certificate_expiry_timestamp_seconds", "When a certificate of the server ends.");
	if (cert_not_after(&until_ms, buf_text(&a->tls_pem), NULL) == STATUS_OK)
		buf_addf(out, "qip_certificate_expiry_timestamp_seconds{certificate=\"server\"} %" PRId64 "\n", until_ms / 1000);
	if (cert_not_after(&until_ms, buf_text(&a->ca_pem), NULL) == STATUS_OK)
		buf_addf(out, "qip_certificate_expiry_timestamp_seconds{certificate=\"authority\"} %" PRId64 "\n", until_ms / 1000);
	authority_release(a);
}

static void write_backup(struct buf *out, const char *dir)
{
	metrics_gauge(out, "qip_last_backup_timestamp_seconds", "When the server was last backed up; 0: never.");
	buf_addf(out, "qip_last_backup_timestamp_seconds %" PRId64 "\n", backed_up_ms(dir) / 1000);
}

static uint64_t resident_bytes(void)
{
	unsigned long long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f && fscanf(f, "%llu %llu", &size, &resident) != 2)
		resident = 0;
	if (f)
		(void)fclose(f);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static size_t open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		(void)closedir(dir);
	return n > 3 ? n - 3 : 0; /* ".", ".." and the folder itself */
}

static void write_process(struct buf *out, const struct admin *a)
{
	metrics_gauge(out, "qip_connections", "Connections open.");
	buf_addf(out, "qip_connections %d\n", listener_connections(a->options.listener));
	metrics_gauge(out, "qip_jobs_waiting", "Requests that wait for a thread.");
	buf_addf(out, "qip_jobs_waiting %zu\n", jobs_waiting(a->options.service->jobs));
	metrics_gauge(out, "process_resident_memory_bytes", "Resident memory size in bytes.");
	buf_addf(out, "process_resident_memory_bytes %" PRIu64 "\n", resident_bytes());
	metrics_gauge(out, "process_open_fds", "Number of open file descriptors.");
	buf_addf(out, "process_open_fds %zu\n", open_descriptors());
	metrics_gauge(out, "process_start_time_seconds", "Start time of the process since unix epoch in seconds.");
	buf_addf(out, "process_start_time_seconds %" PRId64 "\n", a->started_ms / 1000);
	metrics_gauge(out, "qip_build_info", "The version of this program.");
	buf_addf(out, "qip_build_info{version=\"%s\"} 1\n", QIP_VERSION);
}

static void write_all(struct buf *out, const struct admin *a)
{
	metrics_write(out);
	if (a->options.service->practices) {
		write_practices(out, a->options.service->practices, a->options.service->env);
		write_backup(out, a->options.service->dir);
	}
	write_certificates(out, a->options.service->authority);
	write_process(out, a);
}

/* ---- HTTP ---- */

static enum MHD_Result answer(struct MHD_Connection *c, unsigned code, const char *type, struct buf *text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(text->len, text->data ? (void *)text->data : (void *)"", MHD_RESPMEM_MUST_COPY);
	enum MHD_Result sent = MHD_NO;

	if (response) {
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
		if (code == 405)
			(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET");
		sent = MHD_queue_response(c, code, response);
		MHD_destroy_response(response);
	}
	buf_clear(text);
	return sent;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *c, const char *path, const char *method, const char *version, const char *bytes,
			      size_t *len, void **own)
{
	struct buf text = BUF_INIT;
	bool metrics = strcmp(path, "/metrics") == 0, health = strcmp(path, "/healthz") == 0;

	(void)version;
	(void)bytes;
	if (!*own || *len > 0) { /* answered once all is there; of a body nothing is kept */
		*own = ctx;
		*len = 0;
		return MHD_YES;
	}
	if (strcmp(method, "GET") != 0) {
		buf_adds(&text, "this address takes GET\n");
		return answer(c, 405, "text/plain; charset=utf-8", &text);
	}
	if (metrics)
		write_all(&text, ctx);
	else
		buf_adds(&text, health ? "ok\n" : "there are /metrics and /healthz\n");
	if (!buf_ok(&text)) {
		buf_clear(&text);
		return MHD_NO;
	}
	return answer(c, metrics || health ? 200 : 404, metrics ? METRICS_TYPE : "text/plain; charset=utf-8", &text);
}

enum status admin_open(struct admin **out, const struct admin_options *o, struct error *e)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC;
	struct sockaddr_storage bound = {0};
	socklen_t bound_len = sizeof(bound);
	struct admin *a = calloc(1, sizeof(*a));
	int fd = -1;
	enum status st = a ? listen_on(&fd, o->address, true, e) : error_set(e, STATUS_NOMEM, "out of memory");

	if (st != STATUS_OK) {
		free(a);
		return st;
	}
	a->options = *o;
	a->started_ms = o->service->env->now_ms(o->service->env->ctx);
	if (getsockname(fd, (struct sockaddr *)&bound, &bound_len) == 0)
		listen_text(a->address, sizeof(a->address), NULL, (struct sockaddr *)&bound, bound_len);
	a->daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle, a, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
				     (unsigned)LIMIT_ADMIN_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)LIMIT_ADMIN_S,
				     MHD_OPTION_THREAD_STACK_SIZE, (size_t)LIMIT_STACK_BYTES, MHD_OPTION_END);
	if (!a->daemon) {
		(void)close(fd);
		free(a);
		return error_set(e, STATUS_IO, "cannot start the thread for metrics");
	}
	*out = a;
	return STATUS_OK;
}

const char *admin_address(const struct admin *a)
{
	return a->address;
}

void admin_close(struct admin *a)
{
	if (!a)
		return;
	MHD_stop_daemon(a->daemon);
	free(a);
}
