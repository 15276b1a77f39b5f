/* tests/fuzz/dice.h - chance by a seed (splitmix64), or by bytes that somebody chose and then by the seed: the same run from the same of both on
 * every machine. */
#ifndef QIP_TESTS_FUZZ_DICE_H
#define QIP_TESTS_FUZZ_DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
	uint64_t state;
	const uint8_t *bytes; /* borrowed; used up first */
	size_t bytes_len;
};

/* As many bytes as it takes to tell n apart. */
static inline size_t dice_take(struct dice *d, size_t n)
{
	size_t value = 0;

	for (size_t most = n - 1; most > 0 && d->bytes_len > 0; most >>= 8) {
		value = value << 8 | *d->bytes++;
		d->bytes_len--;
	}
	return value % n;
}

/* 0 to n - 1; n > 0. */
static inline size_t dice_roll(struct dice *d, size_t n)
{
	if (d->bytes_len > 0)
		return dice_take(d, n);

	uint64_t z = d->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (size_t)((z ^ z >> 31) % n);
}

static inline bool dice_once_in(struct dice *d, size_t n)
{
	return dice_roll(d, n) == 0;
}

#endif
