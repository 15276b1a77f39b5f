/* server/config.h - the server's folder as a whole: its own small certificate authority and its TLS certificate.
 *
 *     DIR/server.json   {"schema":"server/1","hosts":[…],"limits":{…}}; limits may be missing; written last, so that a folder is whole or not there
 *     DIR/ca.key ca.crt tls.key tls.crt
 *     DIR/<ODS>/        one practice, see server/practice.h
 */
#ifndef QIP_SERVER_CONFIG_H
#define QIP_SERVER_CONFIG_H

#include "core/cert.h"
#include "core/env.h"
#include "server/file.h"
#include "server/limits.h"

struct config {
	char dir[FILE_PATH_MAX];
	struct key *ca_key, *tls_key; /* owned */
	struct buf ca_pem, tls_pem;
	uint8_t ca_fingerprint[SHA256_LEN];
	struct limits limits;
};
#define CONFIG_INIT                                                                                                    \
	{                                                                                                              \
		0                                                                                                      \
	}

/* Make a new server folder (the directory itself too); its certificate holds for localhost, 127.0.0.1, ::1, this
 * machine's name and `hosts`. STATUS_EXISTS when there is one already, or other files; STATUS_USAGE for more hosts than a certificate
 * takes. */
enum status config_create(const char *dir, const char *const *hosts, size_t hosts_len, const struct env *env,
			  struct error *e) MUST_CHECK;
/* STATUS_NOT_FOUND when the folder was never initialised; STATUS_INVALID when server.json sets a limit that cannot be. End with
 * config_clear. */
enum status config_load(struct config *out, const char *dir, struct error *e) MUST_CHECK;
void config_clear(struct config *c);

/* Read a PEM private key from <dir>/<name>; make a new one and write it there (0600). */
enum status config_read_key(struct key **out, const char *dir, const char *name, struct error *e) MUST_CHECK;
enum status config_make_key(struct key **out, const char *dir, const char *name, struct error *e) MUST_CHECK;

#endif
