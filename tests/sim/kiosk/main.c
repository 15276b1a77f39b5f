/* tests/sim/kiosk/main.c - a kiosk's years in minutes: the real library against a real server on loopback, both in a time of our own.
 *
 *     simulate_kiosk [--days N] [--visits N] [--a-day N] [--seed S] [--calm] [--limit-mb N] [--forget-kb N] [--keep]
 *
 * Patients answer in opening hours, and so many times a day all is synced. Unless it is calm, power fails at any step of it, the link is down for days or breaks in
 * mid-sentence, the server is killed, clocks start at 1970 or 2099 and jump. At the end all thanked answers are at the server exactly once, each
 * with an interval that holds the time at which it was given; and the home has stayed below the limit all the time. tools/simulate-kiosk starts it.
 */
#include "tests/sim/kiosk/year.h"

#define DAY_MS INT64_C(86400000)
#define OPEN_MS (INT64_C(11) * 3600000)

/* This program and all it starts take the time from a file, by a library beside it. */
static int start_again_in_own_time(char **argv)
{
	static char clock[] = "/tmp/qip-sim-clock-XXXXXX";
	const char *asan = getenv("ASAN_OPTIONS");
	char self[PRACTICE_PATH] = "", library[PRACTICE_PATH + 32], options[256];
	int fd = -1;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) <= 0)
		return 1;
	(void)snprintf(library, sizeof(library), "%.*s/libsimclock.so", (int)(strrchr(self, '/') - self), self);
	(void)snprintf(options, sizeof(options), "%s:verify_asan_link_order=0", asan ? asan : "");
	fd = mkstemp(clock);
	if (fd < 0 || ftruncate(fd, sizeof(int64_t)) != 0)
		return 1;
	(void)close(fd);
	(void)setenv("ASAN_OPTIONS", options, 1);
	(void)setenv("LD_PRELOAD", library, 1);
	(void)setenv(WORLD_CLOCK, clock, 1);
	(void)execv(self, argv);
	return 1;
}

static bool read_options(struct year *y, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--calm") == 0)
			y->calm = true;
		else if (strcmp(argv[i], "--keep") == 0)
			y->keep = true;
		else if (!value)
			return false;
		else if (strcmp(argv[i], "--days") == 0)
			y->days = atoi(argv[++i]);
		else if (strcmp(argv[i], "--a-day") == 0)
			y->a_day = atoi(argv[++i]);
		else if (strcmp(argv[i], "--visits") == 0)
			y->visits = atoi(argv[++i]);
		else if (strcmp(argv[i], "--seed") == 0)
			y->dice = strtoull(argv[++i], NULL, 10) * 2 + 1;
		else if (strcmp(argv[i], "--forget-kb") == 0)
			y->sent_bytes = strtoull(argv[++i], NULL, 10) * 1000;
		else if (strcmp(argv[i], "--limit-mb") == 0)
			y->limit_bytes = strtoull(argv[++i], NULL, 10) * 1000 * 1000;
		else
			return false;
	}
	return y->days > 0 && y->a_day > 0 && y->visits > 0 && y->visits <= 100;
}

/* From eight to seven. */
static void live_day(struct year *y)
{
	int given = 0;

	world_new_day(y);
	for (int i = 1; i <= y->visits; i++) {
		int so_far = y->a_day * i / y->visits;

		world_pass(y, OPEN_MS / y->visits);
		world_new_visit(y);
		visit(y, so_far - given);
		given = so_far;
	}
	world_pass(y, DAY_MS - OPEN_MS / y->visits * y->visits);
}

static void live(struct year *y)
{
	for (int day = 1; day <= y->days; day++) {
		live_day(y);
		if (day % 10 == 0)
			account_measure(y);
		if (day % 365 == 0)
			account_tell(y, day);
	}
	world_calm_down(y);
	visit(y, 1);
	account_measure(y);
	account_tell(y, y->days);
}

int main(int argc, char **argv)
{
	static struct year y = {.days = 365, .a_day = 40, .visits = 11, .dice = 3, .limit_bytes = 100 * 1000 * 1000};
	int faults = 0;

	if (!getenv(WORLD_CLOCK))
		return start_again_in_own_time(argv);
	if (!read_options(&y, argc, argv)) {
		fputs("usage: simulate_kiosk [--days N] [--visits N] [--a-day N] [--seed S] [--calm] [--limit-mb N] [--forget-kb N] [--keep]\n", stderr);
		return 2;
	}
	visit_begin(&y);
	live(&y);
	faults = account_check(&y);
	visit_end(&y);
	(void)unlink(getenv(WORLD_CLOCK));
	puts(faults ? "NOT as it should be" : "all is there once");
	return faults ? 1 : 0;
}
