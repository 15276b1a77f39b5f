/* core/pattern.h - the forms that texts of records have to fit: what POSIX extended expressions and ECMA-262 have in common, between ^ and $.
 *
 *     a \.            a byte
 *     [a-z0-9_-]      one of these; no negation, no names of classes, no escapes
 *     ( | )           one of several
 *     * + ? {n} {n,m} so often
 *
 * A pattern becomes a table of states: a text is judged in one step a byte, without memory of its own, in any locale, and without the lock that
 * regexec() takes: for the times and ids of a record that one needed as long as everything else that a schema asks of it.
 */
#ifndef QIP_CORE_PATTERN_H
#define QIP_CORE_PATTERN_H

#include <stdbool.h>

#include "core/status.h"

struct pattern;

/* STATUS_INVALID: it is none of these, or too long; STATUS_NOMEM. */
enum status pattern_compile(struct pattern **out, const char *text) MUST_CHECK;
/* NULL is allowed. */
void pattern_free(struct pattern *p);
/* The whole text fits. Thread-safe. */
bool pattern_fits(const struct pattern *p, const char *text);

#endif
