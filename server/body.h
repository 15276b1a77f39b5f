/* server/body.h - a request's body as it arrives: unpacked if it is gzip, counted, handed on. */
#ifndef QIP_SERVER_BODY_H
#define QIP_SERVER_BODY_H

#include <stdbool.h>

#include "core/buf.h"

/* What takes the bytes; non-OK is sticky. */
typedef enum status (*body_sink)(void *ctx, const void *bytes, size_t len, struct error *e);

struct body {
	body_sink sink;
	void *ctx;
	uint64_t max_bytes;	  /* after unpacking */
	uint64_t received_bytes;  /* as they came */
	uint64_t bytes;		  /* after unpacking */
	uint64_t discarded_bytes; /* that came after a failure */
	struct gzip *gzip;	  /* owned; NULL for a plain body */
	struct error error;	  /* the first failure; STATUS_OK: none */
};
#define BODY_INIT                                                                                                      \
	{                                                                                                              \
		0                                                                                                      \
	}

/* encoding: of Content-Encoding, NULL for none. STATUS_UNSUPPORTED for any but gzip. End with body_clear. */
enum status body_begin(struct body *b, const char *encoding, uint64_t max_bytes, body_sink sink, void *ctx,
		       struct error *e) MUST_CHECK;
/* False when the client keeps sending after a failure: cut it off. */
bool body_feed(struct body *b, const void *bytes, size_t len);
/* The body's end. STATUS_MALFORMED for a torn gzip stream, STATUS_TOO_BIG, or what the sink said: b->error has the
 * words. */
enum status body_end(struct body *b) MUST_CHECK;
void body_clear(struct body *b);

#endif
