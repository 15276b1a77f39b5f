/* tests/fuzz/memo.h - signatures that were checked once need no second check (--wrap=signature_check, and no fsync: --wrap=fsync), so that the
 * same true history can be audited hundreds of times a minute. Only what was found right, or made here with the right key, is remembered. */
#ifndef QIP_TESTS_FUZZ_MEMO_H
#define QIP_TESTS_FUZZ_MEMO_H

#include "core/signature.h"

void memo_learn(const struct key *key, const char *ns, const void *msg, size_t len, const char *armored, size_t armored_len);

#endif
