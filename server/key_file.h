/* server/key_file.h - private keys as files of the server's folder: PEM, for its owner alone (0600). */
#ifndef QIP_SERVER_KEY_FILE_H
#define QIP_SERVER_KEY_FILE_H

#include "core/key.h"

/* Read <dir>/<name>; the key is the caller's. STATUS_NOT_FOUND, STATUS_MALFORMED. */
enum status key_file_read(struct key **out, const char *dir, const char *name, struct error *e) MUST_CHECK;
/* Make a new key and write it there, durably; the key is the caller's. */
enum status key_file_make(struct key **out, const char *dir, const char *name, struct error *e) MUST_CHECK;

#endif
