/* server/commands.h - the commands in front of a push's pack (gitprotocol-pack, "Reference Update Request"). */
#ifndef QIP_SERVER_COMMANDS_H
#define QIP_SERVER_COMMANDS_H

#include "core/repo.h"
#include "server/limits.h"

struct command {
	struct oid old_id, new_id; /* zero: the ref is not there, or shall go */
	char *ref;		   /* owned by the list */
};

struct commands {
	bool many;	      /* set beforehand: of an ordinary repository, with the limits of those */
	struct command *list; /* owned */
	size_t len, cap;
	bool shallow;				      /* the pusher's own history has ends: parents may be missing */
	bool report_status, side_band, quiet, atomic; /* capabilities that the client asked for */
	bool done;				      /* the flush was met: what follows is the pack */
	struct buf pending;	       /* bytes of a packet that is not whole yet */
	size_t bytes;		       /* of all commands so far */
};
#define COMMANDS_INIT                                                                                                  \
	{                                                                                                              \
		.pending = BUF_INIT                                                                                    \
	}

/* Take bytes until the commands are done; *used says how many of them. STATUS_MALFORMED, STATUS_TOO_BIG. */
enum status commands_feed(struct commands *c, const char *bytes, size_t len, size_t *used, struct error *e) MUST_CHECK;
void commands_clear(struct commands *c);

/* True if `word` is among the space-separated capabilities. */
bool capability_has(const char *capabilities, const char *word);

#endif
