/* tests/sim/kiosk/clock/clock.c - preloaded, it moves a program's wall clock by the milliseconds that the file QIP_SIM_CLOCK begins with, and
 * nothing else: at each look at the clock, without a call to the system. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *off_ms;
static int (*true_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void open_clock(void)
{
	const char *path = getenv("QIP_SIM_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = fd >= 0 ? mmap(NULL, sizeof(*off_ms), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

	*(void **)&true_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	if (fd >= 0)
		(void)close(fd);
	off_ms = map == MAP_FAILED ? NULL : map;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int failed;

	if (!true_gettime)
		open_clock();
	failed = true_gettime(id, ts);
	if (!failed && off_ms && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
		int64_t ms = *off_ms + ts->tv_nsec / 1000000;

		ts->tv_sec += (time_t)(ms / 1000);
		ts->tv_nsec = (long)(ms % 1000) * 1000000 + ts->tv_nsec % 1000000;
	}
	return failed;
}

time_t time(time_t *out)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (out)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec ts = {0};
	int failed = clock_gettime(CLOCK_REALTIME, &ts);

	(void)tz;
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = (suseconds_t)(ts.tv_nsec / 1000);
	return failed;
}
