/* server/fetch_request.h - what a client asks of upload-pack over stateless HTTP: protocol v0 (gitprotocol-pack,
 * "Packfile Negotiation") and the command fetch of v2 (gitprotocol-v2). */
#ifndef QIP_SERVER_FETCH_REQUEST_H
#define QIP_SERVER_FETCH_REQUEST_H

#include "core/repo.h"
#include "server/limits.h"

/* How much of the history the client wants from now on. */
struct fetch_depth {
	uint32_t commits; /* 0: not said; REPO_DEPTH_ALL: everything */
	int64_t since_s;  /* Unix time, s; 0: not said */
	struct {
		const char *name; /* borrowed from the body; not NUL-terminated */
		size_t len;
	} without[LIMIT_DEEPEN_NOT]; /* refs whose history is left out */
	size_t without_len;
	bool relative; /* commits is counted from the ends that the clone has */
};

struct fetch_request {
	struct oid *wants, *haves, *shallows; /* owned; shallows: where the client's clone ends */
	struct oid *commits;		      /* owned; that the wants stand for, once negotiate_wants found them */
	size_t commits_len;
	size_t wants_len, haves_len, shallows_len;
	size_t wants_cap, haves_cap, shallows_cap;
	struct fetch_depth depth;
	bool multi_ack, no_done, side_band, ofs_delta; /* capabilities that the client asked for */
	bool v2;			    /* the version of git's protocol */
	bool include_tag;		    /* tags are to come along with what they stand for */
	bool wait_for_done;		    /* no pack before "done" */
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
