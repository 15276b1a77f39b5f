/* client/cli/secret.h - what nobody may read over a shoulder, in a list of processes or in a shell's history. */
#ifndef QIP_CLI_SECRET_H
#define QIP_CLI_SECRET_H

#include "client/cli/cli.h"

/* A text of fewer than `size` bytes into out, which the caller wipes. file: a name, or "-" for all of the standard input; NULL: asked for on the terminal and
 * not shown, or all of the standard input where that is none. `what` it is stands in the prompt and in errors. STATUS_USAGE: there is none. */
enum status cli_read_secret(char *out, size_t size, const char *what, const char *file, struct error *e) MUST_CHECK;

/* Open the home for texts that are sealed: where this device's key is under a passphrase, that is taken from --passphrase-file, QIP_PASSPHRASE_FILE or the
 * terminal, and up to three times asked for. STATUS_DENIED: it is another, or there is nobody to ask. */
enum status cli_open_sealed(struct cli *c, struct error *e) MUST_CHECK;
/* The same without asking: where no file gives the passphrase, the key stays closed. */
enum status cli_open_unasked(struct cli *c, struct error *e) MUST_CHECK;
/* A passphrase out of a file, or off the terminal: `what` it is. Its last line break is no part of it. */
enum status cli_read_passphrase(char *out, size_t size, const char *what, const char *file, struct error *e) MUST_CHECK;

#endif
