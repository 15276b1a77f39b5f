/* server/tunnels.c - see tunnels.h. */
#include "server/tunnels.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "core/log.h"
#include "server/limits.h"
#include "server/listen.h"
#include "server/metrics.h"

static void tell_refusal(struct tunnels *all, const char *from, const char *reason, int64_t now_ms)
{
	/* all of them are counted; the log is not to be filled by whoever likes to */
	if (all->told_ms && now_ms - all->told_ms < LIMIT_ROOM_MS)
		return;
	all->told_ms = now_ms;
	log_line(LOG_LEVEL_WARN, "connection refused", "from", from, "reason", reason, NULL);
}

void tunnels_add(struct tunnels *all, struct tls_server *tls, int fd, const struct sockaddr *addr, socklen_t len, int64_t now_ms)
{
	struct caller *caller = callers_enter(all->callers, addr);
	struct tunnel *t = NULL;
	char address[64];
	int on = 1;

	listen_text(address, sizeof(address), NULL, addr, len);
	if (!caller || caller->connections > all->shared->options->limits->connections_per_address) {
		metrics_add(METRIC_REFUSED_ADDRESS, 1);
		tell_refusal(all, address, "as many connections as one address may have", now_ms);
		callers_leave(all->callers, caller);
		(void)close(fd);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	t = tunnel_open(all->shared, tls, fd, address, now_ms);
	if (!t) {
		callers_leave(all->callers, caller);
		return;
	}
	metrics_add(METRIC_CONNECTIONS, 1);
	t->caller = caller;
	t->next = all->first;
	if (t->next)
		t->next->prev = t;
	all->first = t;
	all->len++;
}

static bool spares_sooner(const struct tunnel *a, int spare_a, const struct tunnel *b, int spare_b)
{
	if (!b || spare_a != spare_b)
		return !b || spare_a > spare_b;
	return a->caller->connections != b->caller->connections ? a->caller->connections > b->caller->connections : a->moved_ms < b->moved_ms;
}

bool tunnels_make_room(struct tunnels *all, int64_t now_ms)
{
	struct tunnel *worst = NULL;
	int most = 0;

	for (struct tunnel *t = all->first; t; t = t->next) {
		int spare = tunnel_spare(t, all->shared, now_ms);

		if (spare > 0 && spares_sooner(t, spare, worst, most)) {
			worst = t;
			most = spare;
		}
	}
	if (!worst)
		return false;
	metrics_add(METRIC_REFUSED_ROOM, 1);
	tell_refusal(all, worst->address, "it did nothing, and its place was needed", now_ms);
	worst->state = TUNNEL_DEAD;
	return true;
}

void tunnels_tick(struct tunnels *all, int64_t now_ms)
{
	for (struct tunnel *t = all->first; t; t = t->next)
		tunnel_tick(t, all->shared, now_ms);
	callers_tick(all->callers);
}

void tunnels_drain(struct tunnels *all, int64_t now_ms)
{
	for (struct tunnel *t = all->first; t; t = t->next)
		tunnel_drain(t, all->shared, now_ms);
}

static void take_out(struct tunnels *all, struct tunnel *t)
{
	if (t->prev)
		t->prev->next = t->next;
	else
		all->first = t->next;
	if (t->next)
		t->next->prev = t->prev;
	all->len--;
	callers_leave(all->callers, t->caller);
	tunnel_close(t, all->shared);
}

void tunnels_remove_dead(struct tunnels *all)
{
	struct tunnel *next = NULL;

	for (struct tunnel *t = all->first; t; t = next) {
		next = t->next;
		if (t->state == TUNNEL_DEAD)
			take_out(all, t);
	}
}

void tunnels_remove_all(struct tunnels *all)
{
	while (all->first)
		take_out(all, all->first);
}
