/* server/spool.h - an answer while it grows: in memory up to LIMIT_SPOOL_MEMORY_BYTES, beyond that in an unnamed file,
 * so that a slow reader holds no thread and little memory. With a stream the file is read while it grows. */
#ifndef QIP_SERVER_SPOOL_H
#define QIP_SERVER_SPOOL_H

#include "core/buf.h"
#include "server/stream.h"

struct spool {
	struct buf memory;
	const char *dir; /* borrowed; where the file is made */
	int fd;		 /* -1 while all is in memory */
	uint64_t len;	 /* bytes in all */
	struct stream *stream; /* borrowed; NULL: nobody reads before the end */
};
#define SPOOL_INIT                                                                                                     \
	{                                                                                                              \
		.memory = BUF_INIT, .fd = -1                                                                           \
	}

/* STATUS_TOO_BIG over LIMIT_SPOOL_BYTES; STATUS_NO_SPACE, STATUS_IO; STATUS_NETWORK: who read the stream has left. */
enum status spool_add(struct spool *s, const void *bytes, size_t len, struct error *e) MUST_CHECK;
void spool_clear(struct spool *s);

#endif
