/* tests/sim/dice.c - see dice.h. */
#include "tests/sim/dice.h"

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

static uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

void dice_start(struct dice *d, uint64_t seed)
{
	for (size_t i = 0; i < 4; i++)
		d->state[i] = splitmix(&seed);
}

uint64_t dice_next(struct dice *d)
{
	uint64_t *s = d->state, out = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return out;
}

unsigned dice_below(struct dice *d, unsigned n)
{
	return (unsigned)(((dice_next(d) >> 32) * n) >> 32);
}

bool dice_percent(struct dice *d, unsigned percent)
{
	return dice_below(d, 100) < percent;
}

uint64_t dice_mix(uint64_t a, uint64_t b)
{
	uint64_t state = a ^ rotate(b, 32) ^ UINT64_C(0xD1B54A32D192ED03) * b;

	return splitmix(&state);
}
