/* server/body.c - a request's body as it arrives. */
#include "server/body.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "server/limits.h"

#define PART_BYTES (16 * 1024)
#define GZIP_WINDOW (15 + 16) /* zlib: the largest window, gzip's header and trailer */

struct gzip {
	z_stream stream;
	bool ended;
	uint8_t part[PART_BYTES];
};

enum status body_begin(struct body *b, const char *encoding, uint64_t max_bytes, body_sink sink, void *ctx,
		       struct error *e)
{
	struct gzip *gzip = NULL;
	bool packed = encoding && (strcasecmp(encoding, "gzip") == 0 || strcasecmp(encoding, "x-gzip") == 0);

	if (encoding && !packed && strcasecmp(encoding, "identity") != 0)
		return error_set(e, STATUS_UNSUPPORTED, "a body may be compressed with gzip, not with %.40s", encoding);
	if (packed) {
		gzip = calloc(1, sizeof(*gzip));
		if (!gzip || inflateInit2(&gzip->stream, GZIP_WINDOW) != Z_OK) {
			free(gzip);
			return error_set(e, STATUS_NOMEM, "out of memory");
		}
	}
	*b = (struct body){.sink = sink, .ctx = ctx, .max_bytes = max_bytes, .gzip = gzip};
	return STATUS_OK;
}

static void hand_on(struct body *b, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	if (len > b->max_bytes - b->bytes) {
		error_set(&b->error, STATUS_TOO_BIG, "the request is larger than %llu bytes",
			  (unsigned long long)b->max_bytes);
		return;
	}
	b->bytes += len;
	b->error.status = b->sink(b->ctx, bytes, len, &b->error);
}

static void inflate_part(struct body *b, const void *bytes, size_t len)
{
	struct gzip *g = b->gzip;
	int rc = Z_OK;

	g->stream.next_in = (Bytef *)(uintptr_t)bytes; /* zlib only reads it */
	g->stream.avail_in = (uInt)len;
	while (b->error.status == STATUS_OK && !g->ended) {
		g->stream.next_out = g->part;
		g->stream.avail_out = PART_BYTES;
		rc = inflate(&g->stream, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
			error_set(&b->error, STATUS_MALFORMED, "the body is not the gzip that its header promises");
			return;
		}
		hand_on(b, g->part, PART_BYTES - g->stream.avail_out);
		g->ended = rc == Z_STREAM_END;
		if (g->stream.avail_out > 0)
			break; /* all that could come of these bytes has come */
	}
	if (g->ended && g->stream.avail_in > 0 && b->error.status == STATUS_OK)
		error_set(&b->error, STATUS_MALFORMED, "there are bytes behind the end of the gzip body");
}

bool body_feed(struct body *b, const void *bytes, size_t len)
{
	b->received_bytes += len;
	if (b->error.status != STATUS_OK) {
		b->discarded_bytes += len;
		return b->received_bytes <= b->max_bytes || b->discarded_bytes <= LIMIT_DISCARD_BYTES;
	}
	if (b->gzip)
		inflate_part(b, bytes, len);
	else
		hand_on(b, bytes, len);
	return true;
}

enum status body_end(struct body *b)
{
	/* an empty body is no gzip stream, and none is asked of it */
	if (b->error.status == STATUS_OK && b->gzip && !b->gzip->ended && b->received_bytes > 0)
		error_set(&b->error, STATUS_MALFORMED, "the gzip body ends too early");
	return b->error.status;
}

void body_clear(struct body *b)
{
	if (b->gzip)
		(void)inflateEnd(&b->gzip->stream);
	free(b->gzip);
	*b = (struct body)BODY_INIT;
}
