/* tests/fuzz/forge_bytes.h - bytes and records as a forger changes them: none of it need make sense. */
#ifndef QIP_TESTS_FUZZ_FORGE_BYTES_H
#define QIP_TESTS_FUZZ_FORGE_BYTES_H

#include "core/buf.h"
#include "tests/fuzz/dice.h"

/* Some bytes flipped, cut out, doubled, put in or cut off. */
void forge_bytes(struct buf *b, struct dice *d);
/* The JSON of a record: a member changed, taken out, doubled, nested or blown up; written canonically as often as not. Other bytes are left
 * to forge_bytes. */
void forge_record(struct buf *b, struct dice *d);

#endif
