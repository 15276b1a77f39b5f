/* tests/sim/dice.h - the only source of chance in a run: xoshiro256** (Blackman, Vigna) started by splitmix64 from one number. */
#ifndef QIP_TESTS_SIM_DICE_H
#define QIP_TESTS_SIM_DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
	uint64_t state[4];
};

void dice_start(struct dice *d, uint64_t seed);
uint64_t dice_next(struct dice *d);
/* 0 to n - 1; n > 0. */
unsigned dice_below(struct dice *d, unsigned n);
bool dice_percent(struct dice *d, unsigned percent);
/* Two numbers that give another one: where one seed has to serve several purposes. */
uint64_t dice_mix(uint64_t a, uint64_t b);

#endif
