/* tests/sim/folder.h - folders copied and removed as a whole. */
#ifndef QIP_TESTS_SIM_FOLDER_H
#define QIP_TESTS_SIM_FOLDER_H

#include "core/status.h"

/* `to` is made. Plain files and folders only. */
enum status folder_copy(const char *from, const char *to) MUST_CHECK;
void folder_remove(const char *path);

#endif
