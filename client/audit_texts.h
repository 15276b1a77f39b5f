/* client/audit_texts.h - sealed texts that are kept beside the history, against what it says of them: it holds their hashes alone. */
#ifndef QIP_CLIENT_AUDIT_TEXTS_H
#define QIP_CLIENT_AUDIT_TEXTS_H

#include "client/audit.h"

/* Fill a->texts. `store`: an open folder of sealed texts, each named by its hash; `device`: whose it is. One that is not what its name says
 * becomes a finding of `a`; what is erased or absent is only counted, and not even that in a history with findings. */
enum status audit_look_at_texts(struct audit *a, struct repo *r, const struct oid *main, int store, const char *device, struct error *e) MUST_CHECK;

#endif
