/* core/id.h - UUID version 7 (RFC 9562, section 5.7): 48 bits of Unix ms, a count of 12 bits, 62 random bits. */
#ifndef QIP_CORE_ID_H
#define QIP_CORE_ID_H

#include "core/env.h"

#define ID_TEXT_LEN 36

/* Ids made by one process rise even inside one millisecond and when the clock steps back (RFC 9562, section 6.2, method 1:
 * time and count of the last id are kept and counted on). Thread-safe. STATUS_IO when the system gives no randomness. */
enum status id_make(char out[ID_TEXT_LEN + 1], const struct env *env) MUST_CHECK;
/* True if text is a lower-case UUID of version 7. */
int id_valid(const char *text);

/* Names used as path components and ref names: devices, sites, surveys.
 * True if text matches ^[a-z0-9][a-z0-9-]{0,39}$ and is neither "root" nor "server". */
int name_valid(const char *text);
/* True if text is an ODS practice code, ^[A-Z][0-9]{5}$. */
int ods_valid(const char *text);

#endif
