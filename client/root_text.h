/* client/root_text.h - the root key's printed text, read again: the inverse of genesis_root_text.
 *
 * Case does not matter, O is read as 0 and I and L as 1, hyphens and blanks and line breaks are passed over. What was mistyped is told
 * by the checksum that the text ends with.
 */
#ifndef QIP_CLIENT_ROOT_TEXT_H
#define QIP_CLIENT_ROOT_TEXT_H

#include "core/key.h"

/* The root key; the caller's. STATUS_MALFORMED with words that help somebody who mistyped. No part of the text is ever in them. */
enum status root_text_read(struct key **out, const char *text, struct error *e) MUST_CHECK;

#endif
