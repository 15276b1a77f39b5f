/* server/refs.h - what is told of a repository's refs, and which of them a device may read. */
#ifndef QIP_SERVER_REFS_H
#define QIP_SERVER_REFS_H

#include "server/push.h"

#define REFS_MAIN "refs/heads/main" /* HEAD of a practice's history points to it */
#define REFS_AGENT "agent=qip/" QIP_VERSION

struct ref {
	char *name; /* owned by the list */
	struct oid id;
	struct oid peeled; /* what an annotated tag stands for in the end; zero for anything else */
	char *target;	   /* owned by the list; the ref that this one points to; NULL: none */
};

struct refs {
	struct ref *list; /* owned; sorted by name */
	size_t len, cap;
	struct oid head; /* what HEAD stands for; zero: nothing, or nothing that may be read */
	char head_target[LIMIT_PLAIN_REF_BYTES]; /* the ref that HEAD points to; "": it stands for a commit by itself */
	struct oid *ids; /* owned; ids of the list and of HEAD, sorted, once refs_find was asked */
	size_t ids_len;
	bool any_object;  /* whatever is there may be wanted by its id */
	struct oid *ends; /* owned; commits at which the repository's own history ends */
	size_t ends_len;
	int64_t log_merges; /* about how long the log is, where it may be read and copied in slices; else 0 */
	const char *authorities; /* borrowed; the first digits of the SHA-256 of the authorities in use; NULL: not told */
	int64_t blob_bytes; /* of free text or evidence, that the server takes; 0: not told */
	struct buf doubts; /* capabilities that tell of kiosks in doubt, see server/doubts.h; empty where there is none, or nobody to tell */
};
#define REFS_INIT                                                                                                      \
	{                                                                                                              \
		.len = 0                                                                                               \
	}

/* Append a ref; names must come sorted. peeled: NULL for none. */
enum status refs_add(struct refs *refs, const char *name, const struct oid *id, const struct oid *peeled,
		     struct error *e) MUST_CHECK;
/* Those of a practice's history that `who` may read, by the registry on main (NULL: there is none yet). A device that is
 * not enrolled yet reads nothing. */
enum status refs_of_practice(struct refs *out, struct store_history *h, const struct identity *who,
			     const struct registry *reg, struct error *e) MUST_CHECK;
/* True when a ref or HEAD is that object. */
enum status refs_find(bool *out, struct refs *refs, const struct oid *id, struct error *e) MUST_CHECK;
void refs_clear(struct refs *refs);

/* Append what answers info/refs for "git-upload-pack" or "git-receive-pack" (gitprotocol-http, "Smart Clients").
 * plain: of an ordinary repository, where pushes may delete refs and move several together. */
void refs_advertise(struct buf *out, const struct refs *refs, const char *service, bool plain);

#endif
