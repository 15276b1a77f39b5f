#include "tests/fuzz/harness/harness.h"
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) { (void)bytes; (void)len; return 0; }
