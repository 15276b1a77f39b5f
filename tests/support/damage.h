/* tests/support/damage.h - what a failing disk does to a file. */
#ifndef QIP_TESTS_SUPPORT_DAMAGE_H
#define QIP_TESTS_SUPPORT_DAMAGE_H

#include <sys/types.h>

/* Turn one bit of the byte at `at`; fails the test if it cannot. The file is writable afterwards. */
void flip(const char *path, off_t at);

#endif
