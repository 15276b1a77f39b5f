/* tests/bench/load.h - what the parts of server_load share: failing, the clock, and homes.
 *
 * A load is made by devices that have really joined a practice, out of the product's own library, so that the same code speaks to both
 * of the servers that are compared.
 */
#ifndef QIP_TESTS_BENCH_LOAD_H
#define QIP_TESTS_BENCH_LOAD_H

#include "client/home.h"
#include "client/remote.h"

#define LOAD_MAX_DEVICES 64

/* Say why and end the program. */
_Noreturn void load_fail(const char *what, const char *why);
void load_must(enum status st, const struct error *e, const char *what);
void *load_alloc(size_t count, size_t size); /* zeroed; never NULL */
size_t load_number(const char *text);
int64_t load_now_ns(void);

/* Open a joined home; ended with qip_close. */
struct qip *load_open(const char *home);
/* A connection to another address than the one the home was joined at. Nothing is sent yet. */
void load_remote(struct remote *out, struct qip *q, const char *url);

/* Add commits of `records` new feedback records each to a kiosk's own branch, on top of what it has. tips (may be NULL) gets the commits. */
void load_grow(struct oid *tips, struct qip *q, size_t commits, size_t records);

/* ---- the parts: one subcommand each; arguments behind its name ---- */
int load_prepare(int argc, char **argv);
int load_thin(int argc, char **argv);
int load_adopt(int argc, char **argv);
int load_capture(int argc, char **argv);
int load_sync(int argc, char **argv);
int load_push(int argc, char **argv);
int load_fetch(int argc, char **argv);
int load_idle(int argc, char **argv);

#endif
