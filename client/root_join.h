/* client/root_join.h - a manager's device that the practice's root key lets in, since nobody is left who could invite it.
 *
 * Everything is made of the paper, the practice's code and the device's name, so that the same again goes on where an interruption left it: they
 * stand for a join code, whose invite this device signs with the root key by itself.
 */
#ifndef QIP_CLIENT_ROOT_JOIN_H
#define QIP_CLIENT_ROOT_JOIN_H

#include "core/code.h"
#include "core/json.h"
#include "core/registry.h"

struct root_join {
	const char *device;     /* the name that it is to have */
	const struct key *root; /* with its private half */
};

/* The code that stands for it, its secret made of the root key: it is as secret as that key's paper is. */
enum status root_join_code(struct code *out, const char *ods, const uint8_t ca_pin[CODE_PIN_LEN], const struct root_join *by,
			   struct error *e) MUST_CHECK;
/* The record of the invited device, signed by the root key; the caller's. */
enum status root_join_record(cJSON **out, const char *ods, const char *invite_key, const struct root_join *by, int64_t at_ms,
			     struct error *e) MUST_CHECK;

#endif
