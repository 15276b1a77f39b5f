/* server/v2.h - version 2 of git's protocol (gitprotocol-v2): what is offered, one command a request, and ls-refs. */
#ifndef QIP_SERVER_V2_H
#define QIP_SERVER_V2_H

#include "server/refs.h"

/* header: of "Git-Protocol", or NULL. */
bool v2_is_asked_for(const char *header);
/* Append what answers info/refs. */
void v2_advertise(struct buf *out);

enum v2_kind { V2_NOTHING, V2_LS_REFS, V2_FETCH };

struct v2_command {
	enum v2_kind kind;
	const char *arguments; /* packets up to and with the flush; borrowed */
	size_t arguments_len;
};

/* A body with nothing but a flush asks for nothing. STATUS_MALFORMED, STATUS_UNSUPPORTED. */
enum status v2_command_parse(struct v2_command *out, const char *bytes, size_t len, struct error *e) MUST_CHECK;
/* Append the answer. `refs` are those that the device may read: for one that may not read main, HEAD is unborn. */
enum status v2_ls_refs(struct buf *out, const struct v2_command *c, const struct refs *refs,
		       struct error *e) MUST_CHECK;

#endif
