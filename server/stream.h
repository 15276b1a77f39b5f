/* server/stream.h - a large answer that is sent while it is still made. A job thread puts bytes into an unnamed file, an HTTP
 * thread takes them out of it: neither waits for the other, and a slow reader holds no thread and no memory.
 *
 *     maker:  stream_grown()...; stream_ended()        taker:  stream_take()...; stream_left()
 */
#ifndef QIP_SERVER_STREAM_H
#define QIP_SERVER_STREAM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

/* The taker's two ways of waiting; called with the stream locked. */
struct stream_taker {
	void (*rest)(void *ctx);
	void (*wake)(void *ctx); /* more is there, or nothing will be */
	void *ctx;
};

struct stream {
	pthread_mutex_t mutex; /* guards all below */
	struct stream_taker taker;
	int fd;	       /* borrowed from the maker's spool; -1: nothing was given to the taker yet */
	uint64_t len;  /* bytes that are there */
	bool rests;    /* the taker does */
	bool ended;    /* the maker put its last byte */
	bool broken;   /* and it is not the answer's last */
	bool left;     /* the taker takes no more */
};

enum stream_took { STREAM_BYTES, STREAM_LATER, STREAM_END, STREAM_BROKEN };

/* The taker rests from the beginning on. */
void stream_init(struct stream *s, const struct stream_taker *taker);
void stream_clear(struct stream *s);

/* The file has grown to `len` bytes. STATUS_NETWORK: nobody takes them any more. */
enum status stream_grown(struct stream *s, int fd, uint64_t len, struct error *e) MUST_CHECK;
/* The taker is to see the end of what is there, and no whole answer. */
void stream_break(struct stream *s);
/* The maker's last call. *ours: the taker has left, so that what both used is the maker's to free; otherwise it may be gone already. False:
 * nothing was given to the taker. */
bool stream_ended(bool *ours, struct stream *s);

/* Something was given to the taker. */
bool stream_is_on(struct stream *s);
/* Up to `max` bytes from `at` on; *len says how many. STREAM_LATER: the taker was told to rest. */
enum stream_took stream_take(size_t *len, struct stream *s, uint64_t at, void *out, size_t max);
/* The taker's last call. True: the maker has ended, so that what both used is the taker's to free. */
bool stream_left(struct stream *s);

#endif
