/* tests/support/folder.h - a folder below /tmp for a test, and its end. */
#ifndef QIP_TESTS_SUPPORT_FOLDER_H
#define QIP_TESTS_SUPPORT_FOLDER_H

#define FOLDER_MAX 64

/* "/tmp/qip-<name>-…" */
void folder_make(char dir[FOLDER_MAX], const char *name);
/* With all that is in it. */
void folder_remove(const char *dir);

#endif
