/* server/plain.h - ordinary repositories below one folder, found on disk at each request: no device, no policy, no merging. */
#ifndef QIP_SERVER_PLAIN_H
#define QIP_SERVER_PLAIN_H

#include "server/file.h"
#include "server/refs.h"

/* The repository that `name` (of an address, without escapes) stands for: <dir>/<name>, <name>/.git or <name>.git, whichever is there first.
 * STATUS_NOT_FOUND for what is none, lies outside `dir` or is a practice's. */
enum status plain_find(char out[FILE_PATH_MAX], const char *dir, const char *name, struct error *e) MUST_CHECK;
/* Its own configuration may close it: http.uploadpack, http.receivepack. open_to_all: anybody may come, so that pushes
 * need http.receivepack. STATUS_DENIED. */
enum status plain_open(struct repo **out, const char *path, bool push, bool open_to_all, struct error *e) MUST_CHECK;
/* Those that it does not hide; push: from pushes. */
enum status plain_refs(struct refs *out, struct repo *r, bool push, struct error *e) MUST_CHECK;

#endif
