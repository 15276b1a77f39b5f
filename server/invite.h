/* server/invite.h - join codes that the host itself gives out. */
#ifndef QIP_SERVER_INVITE_H
#define QIP_SERVER_INVITE_H

#include "core/code.h"
#include "core/env.h"

struct invite {
	struct code code;
	struct key *key; /* owned; of the code */
	char key_ssh[KEY_SSH_MAX];
};

/* A fresh code for a practice. root: its root key, NULL while it has none. */
enum status invite_make(struct invite *out, const char *ods, const uint8_t ca_fingerprint[SHA256_LEN],
			const struct key *root, const struct env *env, struct error *e) MUST_CHECK;
void invite_clear(struct invite *i);

#endif
