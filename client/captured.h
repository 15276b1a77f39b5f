/* client/captured.h - an answer as it goes into the journal (between stages 1 and 2 of 9). */
#ifndef QIP_CLIENT_CAPTURED_H
#define QIP_CLIENT_CAPTURED_H

#include "client/comment_key.h"
#include "client/home.h"

/* In whose name, and sealed to what. */
struct capturer {
	char ods[7], device[NAME_MAX_LEN + 1], site[NAME_MAX_LEN + 1];
	struct comment_key key; /* generation 0: none */
};

/* Only blanks are no comment. */
bool captured_has_comment(const struct qip_answer *a);
/* *out, the caller's: the answer without its comment's text, of which *sealed is the sealed form, empty without one. STATUS_INVALID: no server would take
 * it; STATUS_UNTRUSTED: there is no key to seal to. */
enum status captured_make(cJSON **out, struct buf *sealed, const struct capturer *who, const struct qip_answer *a, struct error *e) MUST_CHECK;

#endif
