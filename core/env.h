/* core/env.h - what a program takes from outside: clocks, randomness and what hardware it runs on, injected so that tests can set them. */
#ifndef QIP_CORE_ENV_H
#define QIP_CORE_ENV_H

#include <stdint.h>

#include "core/status.h"

/* How far a wall clock can be trusted. */
enum clock_quality {
	CLOCK_UNKNOWN = 0,      /* nothing says that the clock was ever set */
	CLOCK_ESTIMATED = 1,    /* set from a server's authenticated time in this boot */
	CLOCK_SYNCHRONISED = 2, /* the kernel says that a time service disciplines it (adjtimex without STA_UNSYNC) */
};
const char *clock_quality_text(enum clock_quality q); /* "unknown", "estimated", "synchronised" */

#define ENV_BOOT_ID_MAX 40
#define ENV_HARDWARE_MAX 128
#define ENV_STORAGE_MAX 640

struct env {
	int64_t (*now_ms)(void *ctx);       /* Unix time, ms; may be wrong by decades */
	int64_t (*monotonic_ms)(void *ctx); /* ms since boot, counting sleep (CLOCK_BOOTTIME) */
	enum clock_quality (*quality)(void *ctx);
	void (*boot_id)(void *ctx, char out[ENV_BOOT_ID_MAX]); /* changes at every boot; "" if the system has none */
	enum status (*random)(void *ctx, uint8_t *out, size_t len) MUST_CHECK;
	void *ctx;
	/* What tells this machine, and the storage that an open folder lies on, from others; "" where nothing does. NULL: nothing does.
	 * A storage may show several numbers: "place=number", one a line. */
	void (*machine_id)(void *ctx, char out[ENV_HARDWARE_MAX]);
	void (*storage_serial)(void *ctx, int dir, char out[ENV_STORAGE_MAX]);
};

/* The real machine; static storage. Quality is never better than unknown when the clock shows a year before 2024 or
 * after 2090. */
const struct env *env_system(void);

#define TIME_TEXT_MAX 32
/* RFC 3339 in UTC with milliseconds, "2026-11-22T05:00:00.000Z". Years 1970 to 9999; outside, the nearest end. */
void time_format(char out[TIME_TEXT_MAX], int64_t unix_ms);
/* Parse exactly that form (milliseconds optional). STATUS_MALFORMED otherwise. */
enum status time_parse(int64_t *unix_ms, const char *text) MUST_CHECK;
/* True if text is a real calendar day "YYYY-MM-DD". */
int date_valid(const char *text);
/* Today in UTC, "YYYY-MM-DD" (11 bytes with NUL). */
void date_format(char out[11], int64_t unix_ms);

#endif
