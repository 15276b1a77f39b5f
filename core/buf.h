/* core/buf.h - a growing byte buffer. Appending never reports an error by itself: a failed allocation sticks
 * (`failed`), everything after it is ignored, and whoever uses the content asks buf_ok() once. */
#ifndef QIP_CORE_BUF_H
#define QIP_CORE_BUF_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

struct buf {
	uint8_t *data; /* owned; always has a NUL behind len, so text can be read as a C string; NULL while empty */
	size_t len;    /* bytes */
	size_t cap;    /* bytes allocated */
	bool failed;   /* an allocation failed */
	bool secret;   /* memory that it leaves, by growing or by buf_clear, is overwritten */
};

#define BUF_INIT {0}
/* For keys and unsealed text. It stays secret until it is assigned anew. */
#define BUF_SECRET {.secret = true}

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_adds(struct buf *b, const char *text);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Room for `more` bytes behind len, and a NUL, for who writes there and then moves len; false without memory. */
bool buf_reserve(struct buf *b, size_t more) MUST_CHECK;
/* Remove `len` bytes from the front. */
void buf_consume(struct buf *b, size_t len);
/* True if every append so far succeeded. */
bool buf_ok(const struct buf *b);
/* The content as a C string ("" when empty), borrowed until the next change. */
const char *buf_text(const struct buf *b);
/* Forget the content, keep the memory. */
void buf_reset(struct buf *b);
/* Free; *b is empty and usable again, and as secret as before. */
void buf_clear(struct buf *b);
/* As buf_clear, after overwriting the bytes: for keys and unsealed text. */
void buf_wipe(struct buf *b);

#endif
