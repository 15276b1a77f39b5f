/* server/certificate.h - the certificates that devices were given: DIR/<ODS>/certificates/<device>.json
 * {"schema":"certificate/1","key","certificate","ca"}. Written before the device hears of it, so that asking again gives the
 * same. */
#ifndef QIP_SERVER_CERTIFICATE_H
#define QIP_SERVER_CERTIFICATE_H

#include "core/digest.h"
#include "server/authority.h"
#include "server/practice.h"

struct certificate {
	char key[KEY_SSH_MAX]; /* whose public half it certifies */
	struct buf pem;
	char ca[SHA256_HEX_LEN + 1]; /* fingerprint of the authority that issued it; "": before that was noted */
};
#define CERTIFICATE_INIT                                                                                               \
	{                                                                                                              \
		{0}, BUF_INIT, {0}                                                                                     \
	}

/* STATUS_NOT_FOUND: the device was given none yet. */
enum status certificate_load(struct certificate *out, const struct practice *p, const char *device,
			     struct error *e) MUST_CHECK;
/* The same of a file. STATUS_CORRUPT. */
enum status certificate_read(struct certificate *out, const char *path, struct error *e) MUST_CHECK;
/* Issue one for LIMIT_DEVICE_DAYS and store it durably; needs the practice's lock. */
enum status certificate_issue(struct certificate *out, const struct authority *a, const struct practice *p,
			      const char *device, const struct key *key, const struct env *env,
			      struct error *e) MUST_CHECK;
bool certificate_is_of(const struct certificate *c, const struct authority *a);
/* True if it holds for more than LIMIT_RENEW_DAYS from now on, and is of this authority. */
bool certificate_is_fresh(const struct certificate *c, const struct authority *a, const struct env *env);
void certificate_clear(struct certificate *c);

#endif
