/* server/spool.c - an answer while it grows. */
#include "server/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/file.h"
#include "server/limits.h"

static enum status open_file(struct spool *s, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, s->dir, "answer-XXXXXX", e);

	if (st != STATUS_OK)
		return st;
	s->fd = mkostemp(path, O_CLOEXEC);
	if (s->fd < 0)
		return error_set_errno(e, errno, "cannot make a temporary file in %s", s->dir);
	(void)unlink(path); /* it lives as long as the descriptor */
	return STATUS_OK;
}

static enum status write_out(struct spool *s, const void *bytes, size_t len, struct error *e)
{
	if (!file_append(s->fd, bytes, len))
		return error_set_errno(e, errno, "cannot keep the answer in %s", s->dir);
	return STATUS_OK;
}

enum status spool_add(struct spool *s, const void *bytes, size_t len, struct error *e)
{
	enum status st = STATUS_OK;

	if (len > LIMIT_SPOOL_BYTES - s->len)
		return error_set(e, STATUS_TOO_BIG, "the answer is larger than %lld bytes",
				 (long long)LIMIT_SPOOL_BYTES);
	s->len += len;
	if (s->fd < 0 && s->len <= LIMIT_SPOOL_MEMORY_BYTES) {
		buf_add(&s->memory, bytes, len);
		return buf_ok(&s->memory) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
	}
	if (s->fd < 0) {
		st = open_file(s, e);
		if (st == STATUS_OK)
			st = write_out(s, s->memory.data, s->memory.len, e);
		buf_clear(&s->memory);
	}
	if (st == STATUS_OK)
		st = write_out(s, bytes, len, e);
	return st == STATUS_OK && s->stream ? stream_grown(s->stream, s->fd, s->len, e) : st;
}

void spool_clear(struct spool *s)
{
	buf_clear(&s->memory);
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	s->len = 0;
	s->stream = NULL;
}
