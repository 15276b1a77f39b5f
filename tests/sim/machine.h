/* tests/sim/machine.h - the machine that one device or the server runs on: its clock and its randomness, which follow from the run's seed. */
#ifndef QIP_TESTS_SIM_MACHINE_H
#define QIP_TESTS_SIM_MACHINE_H

#include "core/env.h"
#include "tests/sim/dice.h"

struct machine {
	struct env env; /* ctx: this machine, which therefore stays where it is */
	struct dice dice;
	int64_t clock_ms;             /* what it shows next; may be years off */
	int64_t uptime_ms;
	enum clock_quality quality;   /* what it thinks of its clock */
	char boot_id[ENV_BOOT_ID_MAX];
	uint64_t last_id;             /* position in time of the newest id made here, see core/id.c */
	void (*looked)(void *ctx);    /* told before each look at the clock, on any thread; NULL: nobody */
	void *looked_ctx;
};

void machine_start(struct machine *m, uint64_t seed, int64_t clock_ms, enum clock_quality quality);
/* Time goes by, and what chance gives from here on follows from the seed alone. */
void machine_pass(struct machine *m, uint64_t seed, int64_t ms);

/* Everything in this process that asks the system for randomness (keys, serial numbers) gets it from here. */
void machine_seed_process(uint64_t seed);

#endif
