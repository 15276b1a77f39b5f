/* tests/sim/kiosk/world.c - time, power, the kiosk's clocks, and the link. */
#include "tests/sim/kiosk/year.h"

#define YEAR_MS (INT64_C(365) * 86400000)

uint64_t world_dice(struct year *y, uint64_t sides)
{
	y->dice ^= y->dice << 13;
	y->dice ^= y->dice >> 7;
	y->dice ^= y->dice << 17;
	return (y->dice >> 11) % sides;
}

int64_t world_now_ms(const struct year *y)
{
	(void)y;
	return env_system()->now_ms(env_system()->ctx); /* of the file */
}

static void look(struct year *y)
{
	if (y->steps_left >= 0 && y->steps_left-- == 0)
		_exit(42);
}

static int64_t wall(void *ctx)
{
	struct year *y = ctx;

	look(y);
	return world_now_ms(y) + (y->synchronised ? 0 : y->wall_off_ms);
}

static int64_t monotonic(void *ctx)
{
	struct year *y = ctx;

	look(y);
	return world_now_ms(y) - y->boot_at_ms;
}

static enum clock_quality quality(void *ctx)
{
	struct year *y = ctx;

	look(y);
	return y->synchronised ? CLOCK_SYNCHRONISED : CLOCK_UNKNOWN;
}

static void boot_id(void *ctx, char out[ENV_BOOT_ID_MAX])
{
	const struct year *y = ctx;

	(void)snprintf(out, ENV_BOOT_ID_MAX, "%08x-0000-4000-8000-000000000000", (unsigned)y->boot);
}

static enum status some_random(void *ctx, uint8_t *out, size_t len)
{
	look(ctx);
	return env_system()->random(env_system()->ctx, out, len);
}

void world_init(struct year *y)
{
	y->env = *env_system();
	y->env.now_ms = wall;
	y->env.monotonic_ms = monotonic;
	y->env.quality = quality;
	y->env.boot_id = boot_id;
	y->env.random = some_random;
	y->env.ctx = y;
	y->steps_left = -1;
	world_boot(y);
}

void world_pass(struct year *y, int64_t ms)
{
	int fd = open(getenv(WORLD_CLOCK), O_WRONLY | O_CLOEXEC);

	y->passed_ms += ms;
	assert_int_equal(pwrite(fd, &y->passed_ms, sizeof(y->passed_ms), 0), sizeof(y->passed_ms));
	(void)close(fd);
}

void world_boot(struct year *y)
{
	int64_t now_ms = world_now_ms(y);

	y->boot++;
	y->boot_at_ms = now_ms;
	y->synchronised = y->calm;
	y->wall_off_ms = 0;
	if (y->calm)
		return;
	switch (world_dice(y, 4)) {
	case 0:
		y->wall_off_ms = -now_ms + 180000; /* 1970 */
		break;
	case 1:
		y->wall_off_ms = 73 * YEAR_MS;
		break;
	case 2:
		y->wall_off_ms = (int64_t)world_dice(y, 1000000) * 7000 - 3500000000;
		break;
	default:
		break; /* right, and nothing says so */
	}
}

void world_new_day(struct year *y)
{
	if (y->calm)
		return;
	if (y->days_offline > 0)
		y->days_offline--;
	else if (world_dice(y, 15) == 0)
		y->days_offline = 1 + (int)world_dice(y, world_dice(y, 8) == 0 ? 60 : 10);
	if (world_dice(y, 20) == 0)
		world_boot(y);
	else if (y->days_offline == 0 && world_dice(y, 3) == 0)
		y->synchronised = true;
	if (world_dice(y, 40) == 0) {
		y->synchronised = false;
		y->wall_off_ms = ((int64_t)world_dice(y, 8000) - 4000) * 86400000;
	}
}

void world_new_visit(struct year *y)
{
	bool cut = y->days_offline > 0 || (!y->calm && world_dice(y, 12) == 0);

	atomic_store(&y->line.then_bytes, 0);
	atomic_store(&y->line.reply_bytes, cut ? y->days_offline > 0 ? 0 : (long)world_dice(y, 5000) : PROXY_ALL);
	y->steps_left = y->calm || world_dice(y, 60) ? -1 : (int)world_dice(y, 60);
	if (!y->calm && world_dice(y, 300) == 0) {
		practice_kill(&y->practice, SIGKILL);
		practice_serve(&y->practice);
		(void)snprintf(y->practice.url, sizeof(y->practice.url), "https://localhost:%d", y->line.port);
		y->server_kills++;
	}
}

void world_calm_down(struct year *y)
{
	y->days_offline = 0;
	y->steps_left = -1;
	atomic_store(&y->line.reply_bytes, PROXY_ALL);
}
