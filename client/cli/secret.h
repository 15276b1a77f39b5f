/* client/cli/secret.h - what nobody may read over a shoulder, in a list of processes or in a shell's history. */
#ifndef QIP_CLI_SECRET_H
#define QIP_CLI_SECRET_H

#include <stddef.h>

#include "core/status.h"

/* A text of fewer than `size` bytes into out, which the caller wipes. file: a name, or "-" for all of the standard input; NULL: asked for on the terminal and
 * not shown, or all of the standard input where that is none. `what` it is stands in the prompt and in errors. STATUS_USAGE: there is none. */
enum status cli_read_secret(char *out, size_t size, const char *what, const char *file, struct error *e) MUST_CHECK;

#endif
