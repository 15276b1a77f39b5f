/* server/config.h - the server's folder as a whole, and what it is set to.
 *
 *     DIR/server.json   {"schema":"server/1","hosts":[…],"listen":[…],"admin":"…","limits":{…}}; only the first must be there;
 *                       written last, so that a folder is whole or not there
 *     DIR/ca.key …      see server/authority.h
 *     DIR/<ODS>/        one practice, see server/practice.h
 */
#ifndef QIP_SERVER_CONFIG_H
#define QIP_SERVER_CONFIG_H

#include "server/address.h"
#include "server/authority.h"
#include "server/file.h"
#include "server/limits.h"

#define CONFIG_FILE "server.json"

struct config {
	char dir[FILE_PATH_MAX];
	char hosts[CERT_NAMES_MAX][ADDRESS_HOST_MAX]; /* that the TLS certificate holds for */
	size_t hosts_len;
	struct address listen[LIMIT_LISTEN];
	size_t listen_len;	/* 0: not set */
	struct address admin;	/* where metrics are told; host "": nowhere */
	struct limits limits;	/* those of a serving process change when it is told to read them again */
	struct authority *authority; /* holds it */
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
/* STATUS_NOT_FOUND when the folder was never initialised; STATUS_INVALID when server.json sets what cannot be, or keys and
 * certificates do not belong together. End with config_clear. */
enum status config_load(struct config *out, const char *dir, struct error *e) MUST_CHECK;
void config_clear(struct config *c);
/* Write c->hosts into server.json, all else of which stays. */
enum status config_set_hosts(const struct config *c, struct error *e) MUST_CHECK;

#endif
