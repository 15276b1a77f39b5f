/* tests/support/library.h - the repository library, started before a group of tests and ended after it. */
#ifndef QIP_TESTS_SUPPORT_LIBRARY_H
#define QIP_TESTS_SUPPORT_LIBRARY_H

/* For cmocka_run_group_tests(). */
int library_start(void **state);
int library_stop(void **state);

#endif
