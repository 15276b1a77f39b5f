/* tests/sim/machine.c - see machine.h.
 *
 * The linker sends two calls of the product here. getrandom: so that a seed gives the same keys. id_make: the product counts ids up for a whole
 * process, which here holds many machines; each counts for itself, as it would on its own.
 */
#include "tests/sim/machine.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "core/id.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all machines and what follows */
static struct dice process_dice;

static void fill(struct dice *d, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(dice_next(d) >> 24);
}

static int64_t machine_now_ms(void *ctx)
{
	struct machine *m = ctx;
	int64_t now = 0;

	if (m->looked)
		m->looked(m->looked_ctx);
	(void)pthread_mutex_lock(&lock);
	now = m->clock_ms;
	(void)pthread_mutex_unlock(&lock);
	return now;
}

static int64_t machine_monotonic_ms(void *ctx)
{
	struct machine *m = ctx;
	int64_t now = 0;

	(void)pthread_mutex_lock(&lock);
	now = m->uptime_ms;
	(void)pthread_mutex_unlock(&lock);
	return now;
}

static enum clock_quality machine_quality(void *ctx)
{
	return ((struct machine *)ctx)->quality;
}

static void machine_boot_id(void *ctx, char out[ENV_BOOT_ID_MAX])
{
	memcpy(out, ((struct machine *)ctx)->boot_id, ENV_BOOT_ID_MAX);
}

static enum status machine_random(void *ctx, uint8_t *out, size_t len)
{
	(void)pthread_mutex_lock(&lock);
	fill(&((struct machine *)ctx)->dice, out, len);
	(void)pthread_mutex_unlock(&lock);
	return STATUS_OK;
}

void machine_start(struct machine *m, uint64_t seed, int64_t clock_ms, enum clock_quality quality)
{
	*m = (struct machine){.clock_ms = clock_ms, .quality = quality};
	m->env = (struct env){.now_ms = machine_now_ms, .monotonic_ms = machine_monotonic_ms, .quality = machine_quality,
			      .boot_id = machine_boot_id, .random = machine_random, .ctx = m};
	dice_start(&m->dice, seed);
	(void)snprintf(m->boot_id, sizeof(m->boot_id), "boot-%016llx", (unsigned long long)seed);
}

void machine_pass(struct machine *m, uint64_t seed, int64_t ms)
{
	(void)pthread_mutex_lock(&lock);
	dice_start(&m->dice, seed);
	m->clock_ms += ms;
	m->uptime_ms += ms;
	(void)pthread_mutex_unlock(&lock);
}

void machine_seed_process(uint64_t seed)
{
	dice_start(&process_dice, seed);
}

/* ---- what the linker sends here ---- */

ssize_t __wrap_getrandom(void *out, size_t len, unsigned flags);
enum status __wrap_id_make(char out[ID_TEXT_LEN + 1], const struct env *env);

ssize_t __wrap_getrandom(void *out, size_t len, unsigned flags)
{
	(void)flags;
	(void)pthread_mutex_lock(&lock);
	fill(&process_dice, out, len);
	(void)pthread_mutex_unlock(&lock);
	return (ssize_t)len;
}

enum status __wrap_id_make(char out[ID_TEXT_LEN + 1], const struct env *env)
{
	struct machine *m = env->ctx;
	uint64_t position = 0, tail = 0;

	(void)pthread_mutex_lock(&lock);
	position = (uint64_t)m->clock_ms << 12;
	if (position <= m->last_id)
		position = m->last_id + 1;
	m->last_id = position;
	tail = dice_next(&m->dice);
	(void)pthread_mutex_unlock(&lock);
	(void)snprintf(out, ID_TEXT_LEN + 1, "%08x-%04x-7%03x-%04x-%012llx", (unsigned)(position >> 28), (unsigned)(position >> 12 & 0xFFFF),
		       (unsigned)(position & 0xFFF), (unsigned)(0x8000 | (tail >> 48 & 0x3FFF)),
		       (unsigned long long)(tail & UINT64_C(0xFFFFFFFFFFFF)));
	return STATUS_OK;
}
