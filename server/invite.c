/* server/invite.c - join codes that the host itself gives out. */
#include "server/invite.h"

#include <stdio.h>
#include <string.h>

enum status invite_make(struct invite *out, const char *ods, const uint8_t ca_fingerprint[SHA256_LEN],
			const struct key *root, const struct env *env, struct error *e)
{
	struct invite made = {.key = NULL};
	uint8_t fingerprint[SHA256_LEN];
	enum status st = env->random(env->ctx, made.code.secret, sizeof(made.code.secret));

	if (st != STATUS_OK)
		return error_set(e, st, "the system gives no random numbers");
	(void)snprintf(made.code.ods, sizeof(made.code.ods), "%s", ods);
	memcpy(made.code.ca_pin, ca_fingerprint, sizeof(made.code.ca_pin));
	if (root) {
		key_fingerprint(fingerprint, root);
		memcpy(made.code.root_pin, fingerprint, sizeof(made.code.root_pin));
		made.code.has_root = true;
	}
	st = code_invite_key(&made.key, &made.code, e);
	if (st != STATUS_OK)
		return st;
	key_ssh(made.key_ssh, made.key);
	*out = made;
	return STATUS_OK;
}

void invite_clear(struct invite *i)
{
	key_free(i->key);
	explicit_bzero(i, sizeof(*i));
}
