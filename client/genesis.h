/* client/genesis.h - a practice's first commit, made by its first manager's device together with the root key. */
#ifndef QIP_CLIENT_GENESIS_H
#define QIP_CLIENT_GENESIS_H

#include "client/home.h"

struct genesis_input {
	const char *name;            /* of the practice */
	const char *server_key;      /* signing key that the root is to endorse */
	const char *invite_key;      /* public half of the first manager's code */
	const uint8_t *seal_public;  /* of this device */
	const cJSON *enrolment;      /* this device's; borrowed */
	int64_t at_ms;
};

/* Stage the commit: practice.json, devices/<self>.json, keys/1.json, surveys/fft.json. The root key lives for this call only: its public
 * half is *root_ssh, its private half leaves as text for the safe (genesis_root_text) and is wiped. */
enum status genesis_make(struct oid *commit, char root_ssh[KEY_SSH_MAX], char root_text[QIP_ROOT_TEXT_MAX], struct qip *q,
			 const struct genesis_input *in, struct error *e) MUST_CHECK;

/* 32 bytes of the private key and 4 of their CRC32C (big-endian) in Crockford's base32, groups of five joined by '-'. */
void genesis_root_text(char out[QIP_ROOT_TEXT_MAX], const uint8_t scalar[KEY_PRIVATE_LEN]);

#endif
