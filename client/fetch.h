/* client/fetch.h - take in what the server has and this home has not: git-upload-pack over HTTP, protocol version 0. */
#ifndef QIP_CLIENT_FETCH_H
#define QIP_CLIENT_FETCH_H

#include "client/remote.h"

struct fetch {
	const struct oid *want, *haves;    /* zero ids among haves are passed over */
	size_t haves_len;
	const struct repo_limits *limits;
};
extern const struct repo_limits fetch_whole, fetch_slice; /* for all that is missing at once; for a slice of it */

/* Ask for `want`, telling what is there already. The pack is indexed in quarantine: the home's repository handle sees the objects, so that
 * the caller can judge them, then repo_intake_keep() or not, and repo_intake_close() in every case. *pack_bytes: how large it was.
 * STATUS_TOO_BIG over the limits. */
enum status fetch_pack(struct repo_intake **out, uint64_t *pack_bytes, struct remote *r, struct repo *repo, const struct fetch *f,
		       struct error *e) MUST_CHECK;

#endif
