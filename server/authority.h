/* server/authority.h - the server's own small certificate authority and its TLS certificate, in the server's folder:
 *
 *     ca.key ca.crt      issues devices' certificates
 *     ca.old.crt         authorities before it, newest first: what they issued still holds; not there at first
 *     ca.cross.crt       ca.crt's key as certified by the one before it, and so on: by this a device that knows an older one alone
 *                        still finds its way to tls.crt
 *     ca.next.key        while a new authority is put in place: whichever of the two keys belongs to ca.crt is the one
 *     tls.key tls.crt    of the server; tls.key stays the same when tls.crt is renewed
 *
 * What was loaded is held by whoever uses it: a reload puts the next one in place, and the old goes with its last holder.
 */
#ifndef QIP_SERVER_AUTHORITY_H
#define QIP_SERVER_AUTHORITY_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/cert.h"
#include "core/env.h"

#define AUTHORITY_TOLD_LEN 16

struct authority {
	struct key *ca_key, *tls_key; /* owned */
	struct buf ca_pem;	      /* issues */
	struct buf trust_pem;	      /* it and those before it */
	struct buf tls_pem;	      /* the server's own */
	struct buf chain_pem;	      /* sent behind that */
	uint8_t ca_fingerprint[SHA256_LEN];
	char told[AUTHORITY_TOLD_LEN + 1]; /* the first hex digits of trust_pem's SHA-256: devices that have another ask */
	bool rolled; /* there was one before it */
	atomic_int holders;
};

/* Make keys and certificates for these names; files of an earlier try are replaced. */
enum status authority_create(const char *dir, const char *const *names, size_t names_len, const struct env *env, struct error *e) MUST_CHECK;
/* Read and check that all of it belongs together; one holder. STATUS_INVALID, with words, where it does not. */
enum status authority_load(struct authority **out, const char *dir, struct error *e) MUST_CHECK;
/* A new tls.crt for these names. */
enum status authority_renew(const char *dir, const char *const *names, size_t names_len, const struct env *env, struct error *e) MUST_CHECK;
/* A new authority, certified by the one before it, and a new tls.crt by it. Goes on where it was cut short. */
enum status authority_roll(const char *dir, const char *const *names, size_t names_len, const struct env *env, struct error *e) MUST_CHECK;
/* What authorities before this one issued holds no more. */
enum status authority_forget(const char *dir, struct error *e) MUST_CHECK;

/* NULL is allowed. */
void authority_release(struct authority *a);

/* The one in use, by all threads of a serving process. */
struct authority_slot {
	pthread_mutex_t mutex;
	struct authority *now; /* holds it */
};
/* Takes over one holding of `a`; NULL where there is no TLS. */
void authority_slot_init(struct authority_slot *s, struct authority *a);
void authority_slot_put(struct authority_slot *s, struct authority *a);
/* To be released. NULL where there is none. */
struct authority *authority_slot_hold(struct authority_slot *s);
void authority_slot_clear(struct authority_slot *s);

#endif
