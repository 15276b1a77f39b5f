/* core/pattern.h - the form of short texts: a regular expression, read once into a table and followed byte by byte. In one pass
 * whatever the text, by any number of threads.
 *
 * What ECMA-262 and POSIX extended expressions have in common, and of that: ^…$ around the whole, bytes, \ before a special one,
 * [a-z_-] without negation, ( | ) within the whole, and behind any of these ? * + {n} {n,m}.
 */
#ifndef QIP_CORE_PATTERN_H
#define QIP_CORE_PATTERN_H

#include <stdbool.h>

#include "core/status.h"

struct pattern;

/* STATUS_MALFORMED: no pattern of these; STATUS_TOO_BIG: one of more than some 120 bytes once its {n} are written out; STATUS_NOMEM. */
enum status pattern_open(struct pattern **out, const char *text) MUST_CHECK;
bool pattern_fits(const struct pattern *p, const char *text);
/* NULL is allowed. */
void pattern_close(struct pattern *p);

#endif
