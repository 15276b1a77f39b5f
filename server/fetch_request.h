/* server/fetch_request.h - what a client asks of upload-pack over stateless HTTP: protocol v0 (gitprotocol-pack,
 * "Packfile Negotiation") and the command fetch of v2 (gitprotocol-v2). */
#ifndef QIP_SERVER_FETCH_REQUEST_H
#define QIP_SERVER_FETCH_REQUEST_H

#include "core/repo.h"

struct fetch_request {
	struct oid *wants, *haves; /* owned */
	size_t wants_len, haves_len;
	size_t wants_cap, haves_cap;
	bool multi_ack, no_done, side_band; /* capabilities that the client asked for */
	bool done;			    /* it ended with "done": send the pack whatever is common */
	bool flushed;			    /* it ended with a flush: answer, and another round will follow */
};
#define FETCH_REQUEST_INIT                                                                                             \
	{                                                                                                              \
		0                                                                                                      \
	}

/* Parse a whole body. STATUS_MALFORMED; STATUS_TOO_BIG over LIMIT_WANTS or LIMIT_HAVES. A body without wants is
 * well-formed. */
enum status fetch_request_parse(struct fetch_request *out, const char *bytes, size_t len, struct error *e) MUST_CHECK;
/* The same of v2: the arguments of the command. */
enum status fetch_request_parse_v2(struct fetch_request *out, const char *bytes, size_t len,
				   struct error *e) MUST_CHECK;
void fetch_request_clear(struct fetch_request *f);

#endif
