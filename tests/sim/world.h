/* tests/sim/world.h - a server and the sites that sync with it, in one folder: made once, then copied for each run. */
#ifndef QIP_TESTS_SIM_WORLD_H
#define QIP_TESTS_SIM_WORLD_H

#include "client/home.h"
#include "tests/sim/host.h"
#include "tests/sim/link.h"

#define WORLD_EDITORS 5 /* sites that edit: the first is the manager */
#define WORLD_SITES (WORLD_EDITORS + 1)
#define WORLD_KIOSK WORLD_EDITORS
#define WORLD_START_MS INT64_C(1767225600000) /* 1 January 2026: the server's clock when a run begins */

struct site {
	const char *name;
	enum role role;
	char home[HOST_PATH_MAX];
	struct machine machine;
	struct qip *q; /* NULL while it is closed */
};

struct world {
	char dir[HOST_PATH_MAX - 32];
	struct machine machine; /* the server's */
	struct host *host;
	struct site sites[WORLD_SITES];
};

/* Make a world in a new folder: everybody has joined, and holds the same log. Left closed. */
enum status world_make(struct world *w, const char *dir, struct error *e) MUST_CHECK;
/* Open a copy of a made world: clocks, wrong ones among them, and chance follow from the seed. */
enum status world_open(struct world *w, const char *dir, uint64_t seed, struct error *e) MUST_CHECK;
void world_close(struct world *w);
/* Close a home and open it again. */
enum status world_site_reopen(struct world *w, unsigned site, struct error *e) MUST_CHECK;

#endif
