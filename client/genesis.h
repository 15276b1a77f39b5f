/* client/genesis.h - a practice's first commit, made by its first manager's device together with the keys on paper. */
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

/* What leaves as text for the safe, and is kept nowhere; wipe it. */
struct genesis_papers {
	char root_ssh[KEY_SSH_MAX]; /* public half of the root key */
	char root[QIP_PAPER_TEXT_MAX], recovery[QIP_PAPER_TEXT_MAX];
};

/* Stage the commit: practice.json, devices/<self>.json, keys/1.json, surveys/fft.json. The root key and the recovery key live for this call only. */
enum status genesis_make(struct oid *commit, struct genesis_papers *papers, struct qip *q, const struct genesis_input *in, struct error *e) MUST_CHECK;

#endif
