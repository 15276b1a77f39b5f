/* client/fetch.h - take in what the server has and this home has not: git-upload-pack over HTTP, protocol version 0. */
#ifndef QIP_CLIENT_FETCH_H
#define QIP_CLIENT_FETCH_H

#include "client/remote.h"

#define FETCH_MAX_HAVES 4

/* Ask for `want`, telling what is there already (zero ids are passed over). The pack is indexed in quarantine: the home's repository handle
 * sees the objects, so that the caller can judge them, then repo_intake_keep() or not, and repo_intake_close() in every case. */
enum status fetch_pack(struct repo_intake **out, struct remote *r, struct repo *repo, const struct oid *want, const struct oid *haves,
		       size_t haves_len, struct error *e) MUST_CHECK;

#endif
