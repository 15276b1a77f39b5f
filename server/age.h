/* server/age.h - encrypting to a key that is not here, and decrypting with it: by the program age (C2SP, age-encryption.org/v1), which runs beside. */
#ifndef QIP_SERVER_AGE_H
#define QIP_SERVER_AGE_H

#include <sys/types.h>

#include "core/status.h"

#define AGE_RECIPIENTS 8

struct age {
	int fd; /* the plain side: to write to, or to read from; -1: closed */
	pid_t pid;
};
#define AGE_INIT {.fd = -1, .pid = 0}

/* What is written to fd goes on encrypted to `to`, which stays the caller's. recipients: "age1…", 1 to AGE_RECIPIENTS, then NULL. STATUS_NOT_FOUND:
 * age is not installed. */
enum status age_encrypt(struct age *out, const char *const *recipients, int to, struct error *e) MUST_CHECK;
/* What is encrypted in `from` can be read from fd. identity: a file as age-keygen writes it. */
enum status age_decrypt(struct age *out, const char *identity, int from, struct error *e) MUST_CHECK;
/* All was written, or read: wait for it. STATUS_IO: it failed, and said why on the standard error output. Of one that did not begin nothing. */
enum status age_finish(struct age *a, struct error *e) MUST_CHECK;

#endif
