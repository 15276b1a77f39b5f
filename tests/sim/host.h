/* tests/sim/host.h - the server of a run: everything of qip-server but its listener and TLS, in this process. */
#ifndef QIP_TESTS_SIM_HOST_H
#define QIP_TESTS_SIM_HOST_H

#include "core/code.h"
#include "tests/sim/machine.h"

#define HOST_ODS "C82999"
#define HOST_PATH_MAX 512

struct host;
struct key;

/* Make the server's folder and one practice in it; the first manager's join code. */
enum status host_create(char code[CODE_TEXT_MAX], const char *dir, struct machine *m, struct error *e) MUST_CHECK;

/* Serve a folder. `m` must outlive it. */
enum status host_open(struct host **out, const char *dir, struct machine *m, struct error *e) MUST_CHECK;
void host_close(struct host *h);
/* The certificate of its authority, borrowed. */
const char *host_ca_pem(const struct host *h);
/* A connection by a device; device NULL: one without a certificate. *fd, which blocks, is the caller's. */
enum status host_connect(int *fd, struct host *h, const char *device, const struct key *key) MUST_CHECK;
/* Wait until no request is running. */
void host_settle(struct host *h);

/* Keep what is pushed from being merged, wait until so many pushes wait for it (false: they do not), and let them all be merged in one go. */
enum status host_hold(struct host *h) MUST_CHECK;
bool host_await_pushes(struct host *h, unsigned count);
void host_let_go(struct host *h);

/* ---- power cuts: a copy of the folder as it is at that moment, which host_revive() puts in place of the folder ---- */

/* At the next merge, after it was judged and before anything of it is published; or not any more. */
void host_cut_at_merge(struct host *h, bool cut);
/* True once that has come. */
bool host_was_cut(const struct host *h);
/* Now. */
enum status host_cut(struct host *h) MUST_CHECK;
/* End this server, whatever it did since the cut is gone, and start it anew on what was there; without a cut: an ordinary restart. */
enum status host_revive(struct host **h, struct error *e) MUST_CHECK;

#endif
