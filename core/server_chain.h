/* core/server_chain.h - following a chain of the server's commits from its end back: the log, or what kiosks may read. Is each signed by a key that
 * counted at that place? The practice may have endorsed and retired keys on the way.
 *
 *     server_chain_begin(&w, repo, root_ssh); for each commit from the end to its first parents: server_chain_check(&w, &c, &e); server_chain_clear(&w);
 */
#ifndef QIP_CORE_SERVER_CHAIN_H
#define QIP_CORE_SERVER_CHAIN_H

#include "core/registry.h"

/* The server's keys in one tree; no root: there is no practice in it. */
struct chain_keys {
	bool read;
	struct oid tree;
	struct registry registry; /* without devices */
};

struct server_chain {
	struct repo *repo; /* borrowed; sees the chain */
	char root_ssh[KEY_SSH_MAX];
	struct chain_keys after, before; /* of the commit that was checked last, and of its parent */
};

/* root_ssh: whose word counts in all of it. */
void server_chain_begin(struct server_chain *out, struct repo *r, const char *root_ssh);
/* *out: it is signed by one of the server's keys, see registry_server_signer. The log's own start, which has no practice in it yet, goes by the
 * commit that was checked before it. STATUS_UNTRUSTED when a tree's keys are not the root's word; and what reading fails with. */
enum status server_chain_check(bool *out, struct server_chain *w, const struct commit *c, struct error *e) MUST_CHECK;
void server_chain_clear(struct server_chain *w);

#endif
