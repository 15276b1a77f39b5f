/* server/certificate.h - the certificates that devices were given: DIR/<ODS>/certificates/<device>.json
 * {"schema":"certificate/1","key","certificate"}. Written before the device hears of it, so that asking again gives the
 * same. */
#ifndef QIP_SERVER_CERTIFICATE_H
#define QIP_SERVER_CERTIFICATE_H

#include "server/config.h"
#include "server/practice.h"

struct certificate {
	char key[KEY_SSH_MAX]; /* whose public half it certifies */
	struct buf pem;
};
#define CERTIFICATE_INIT                                                                                               \
	{                                                                                                              \
		{0}, BUF_INIT                                                                                          \
	}

/* STATUS_NOT_FOUND: the device was given none yet. */
enum status certificate_load(struct certificate *out, const struct practice *p, const char *device,
			     struct error *e) MUST_CHECK;
/* Issue one for LIMIT_DEVICE_DAYS and store it durably; needs the practice's lock. */
enum status certificate_issue(struct certificate *out, const struct config *c, const struct practice *p,
			      const char *device, const struct key *key, const struct env *env,
			      struct error *e) MUST_CHECK;
/* True if it holds for more than LIMIT_RENEW_DAYS from now on. */
bool certificate_is_fresh(const struct certificate *c, const struct env *env);
void certificate_clear(struct certificate *c);

#endif
