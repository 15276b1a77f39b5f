/* server/stream.c - a large answer that is sent while it is still made. */
#include "server/stream.h"

#include <errno.h>
#include <unistd.h>

void stream_init(struct stream *s, const struct stream_taker *taker)
{
	*s = (struct stream){.taker = *taker, .fd = -1, .rests = true};
	(void)pthread_mutex_init(&s->mutex, NULL);
}

void stream_clear(struct stream *s)
{
	(void)pthread_mutex_destroy(&s->mutex);
}

static void wake(struct stream *s)
{
	if (!s->rests)
		return;
	s->rests = false;
	s->taker.wake(s->taker.ctx);
}

/* ---- the maker ---- */

enum status stream_grown(struct stream *s, int fd, uint64_t len, struct error *e)
{
	bool left = false;

	(void)pthread_mutex_lock(&s->mutex);
	s->fd = fd;
	s->len = len;
	left = s->left;
	if (!left)
		wake(s);
	(void)pthread_mutex_unlock(&s->mutex);
	return left ? error_set(e, STATUS_NETWORK, "the client went away before its answer was made") : STATUS_OK;
}

void stream_break(struct stream *s)
{
	(void)pthread_mutex_lock(&s->mutex);
	s->broken = true;
	(void)pthread_mutex_unlock(&s->mutex);
}

bool stream_ended(bool *ours, struct stream *s)
{
	bool on = false;

	(void)pthread_mutex_lock(&s->mutex);
	on = s->fd >= 0;
	s->ended = on;
	*ours = s->left;
	if (on && !s->left)
		wake(s);
	(void)pthread_mutex_unlock(&s->mutex);
	return on;
}

/* ---- the taker ---- */

bool stream_is_on(struct stream *s)
{
	bool on = false;

	(void)pthread_mutex_lock(&s->mutex);
	on = s->fd >= 0;
	(void)pthread_mutex_unlock(&s->mutex);
	return on;
}

static enum stream_took read_out(size_t *len, int fd, uint64_t at, void *out, size_t max)
{
	ssize_t n = 0;

	do {
		n = pread(fd, out, max, (off_t)at);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return STREAM_BROKEN;
	*len = (size_t)n;
	return STREAM_BYTES;
}

enum stream_took stream_take(size_t *len, struct stream *s, uint64_t at, void *out, size_t max)
{
	enum stream_took took = STREAM_BYTES;
	uint64_t there = 0;
	int fd = -1;

	(void)pthread_mutex_lock(&s->mutex);
	there = s->len - at;
	fd = s->fd;
	if (there == 0 && s->ended) {
		took = s->broken ? STREAM_BROKEN : STREAM_END;
	} else if (there == 0) {
		took = STREAM_LATER;
		s->rests = true;
		s->taker.rest(s->taker.ctx);
	}
	(void)pthread_mutex_unlock(&s->mutex);
	return took == STREAM_BYTES ? read_out(len, fd, at, out, there < max ? (size_t)there : max) : took;
}

bool stream_left(struct stream *s)
{
	bool ended = false;

	(void)pthread_mutex_lock(&s->mutex);
	s->left = true;
	ended = s->ended || s->fd < 0;
	(void)pthread_mutex_unlock(&s->mutex);
	return ended;
}
