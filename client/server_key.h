/* client/server_key.h - the keys that the server signs the practice's log with: a manager who has the root key's paper endorses the next one, and
 * retires one that was stolen. */
#ifndef QIP_CLIENT_SERVER_KEY_H
#define QIP_CLIENT_SERVER_KEY_H

#include "client/home.h"

/* What the server would sign with next. */
struct server_key_next {
	char key[KEY_SSH_MAX]; /* "": none waits */
	char fingerprint[KEY_FINGERPRINT_MAX];
	bool vouched; /* the key that it signs with now says so, too; else it lost that, or somebody else speaks */
};

/* Ask the server. STATUS_UNTRUSTED when what it says is not signed as it should be. */
enum status server_key_ask(struct server_key_next *out, struct qip *q, struct error *e) MUST_CHECK;

/* Both sign and commit; the next sync sends it. `paper`: the root key's, as it was typed. `fingerprint`: of the key, "SHA256:…", as the host told it.
 * STATUS_DENIED for all but managers; STATUS_EXISTS when it is done already; STATUS_MALFORMED, STATUS_UNTRUSTED: not this practice's paper. */

/* The server's next key: STATUS_UNTRUSTED when it has another fingerprint, or is not vouched for and not said to be `lost`. */
enum status server_key_endorse(struct qip *q, const char *fingerprint, bool lost, const char *paper, struct error *e) MUST_CHECK;
/* STATUS_NOT_FOUND: no such key. STATUS_INVALID: the server signs with it, as far as is known here. */
enum status server_key_retire(struct qip *q, const char *fingerprint, const char *paper, struct error *e) MUST_CHECK;

/* The key that signed the last merge that is known here, as a line; "" for none. */
enum status server_key_in_use(char out[KEY_SSH_MAX], struct qip *q, struct error *e) MUST_CHECK;

#endif
