/* core/env.c - clocks and randomness of the real machine, and times as text. */
#include "core/env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "core/hardware.h"

#define MS_PER_S 1000
#define MS_PER_DAY (INT64_C(86400) * MS_PER_S)
#define TIME_MAX_MS INT64_C(253402300799999)	  /* 9999-12-31T23:59:59.999Z */
#define CLOCK_PLAUSIBLE_MS INT64_C(1704067200000) /* 2024-01-01 */
#define CLOCK_TOO_LATE_MS INT64_C(3818448000000)  /* 2091-01-01 */
#define RANDOM_CHUNK 256			  /* getrandom never gives less than asked for, up to here */

const char *clock_quality_text(enum clock_quality q)
{
	switch (q) {
	case CLOCK_SYNCHRONISED:
		return "synchronised";
	case CLOCK_ESTIMATED:
		return "estimated";
	case CLOCK_UNKNOWN:
		break;
	}
	return "unknown";
}

static int64_t read_clock_ms(clockid_t id)
{
	struct timespec ts = {0};

	if (clock_gettime(id, &ts) != 0)
		return 0;
	return (int64_t)ts.tv_sec * MS_PER_S + ts.tv_nsec / 1000000;
}

static int64_t system_now_ms(void *ctx)
{
	(void)ctx;
	return read_clock_ms(CLOCK_REALTIME);
}

static int64_t system_monotonic_ms(void *ctx)
{
	(void)ctx;
	return read_clock_ms(CLOCK_BOOTTIME);
}

static enum clock_quality system_quality(void *ctx)
{
	struct timex tx = {0};
	int64_t now_ms = system_now_ms(ctx);

	if (now_ms < CLOCK_PLAUSIBLE_MS || now_ms >= CLOCK_TOO_LATE_MS)
		return CLOCK_UNKNOWN;
	if (adjtimex(&tx) < 0 || (tx.status & STA_UNSYNC) != 0)
		return CLOCK_UNKNOWN;
	return CLOCK_SYNCHRONISED;
}

static void system_boot_id(void *ctx, char out[ENV_BOOT_ID_MAX])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	(void)ctx;
	out[0] = '\0';
	if (fd < 0)
		return;
	do
		n = read(fd, out, ENV_BOOT_ID_MAX - 1);
	while (n < 0 && errno == EINTR);
	(void)close(fd);
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

static enum status system_random(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	while (len > 0) {
		ssize_t n = getrandom(out, len < RANDOM_CHUNK ? len : RANDOM_CHUNK, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return STATUS_IO;
		out += n;
		len -= (size_t)n;
	}
	return STATUS_OK;
}

const struct env *env_system(void)
{
	static const struct env env = {
		.now_ms = system_now_ms,
		.monotonic_ms = system_monotonic_ms,
		.quality = system_quality,
		.boot_id = system_boot_id,
		.random = system_random,
		.machine_id = hardware_machine_id,
		.storage_serial = hardware_storage_serial,
	};
	return &env;
}

static void put_digits(char *out, int value, int digits)
{
	while (digits-- > 0) {
		out[digits] = (char)('0' + value % 10);
		value /= 10;
	}
}

static void put_date(char *out, const struct tm *tm)
{
	put_digits(out, tm->tm_year + 1900, 4);
	out[4] = '-';
	put_digits(out + 5, tm->tm_mon + 1, 2);
	out[7] = '-';
	put_digits(out + 8, tm->tm_mday, 2);
}

/* Broken-down UTC of a time inside the years that the text form has; returns the milliseconds. */
static int split_time(struct tm *tm, int64_t unix_ms)
{
	time_t seconds = 0;

	if (unix_ms < 0)
		unix_ms = 0;
	if (unix_ms > TIME_MAX_MS)
		unix_ms = TIME_MAX_MS;
	seconds = (time_t)(unix_ms / MS_PER_S);
	*tm = (struct tm){0};
	(void)gmtime_r(&seconds, tm);
	return (int)(unix_ms % MS_PER_S);
}

void time_format(char out[TIME_TEXT_MAX], int64_t unix_ms)
{
	struct tm tm;
	int ms = split_time(&tm, unix_ms);

	memcpy(out, "0000-00-00T00:00:00.000Z", 25);
	put_date(out, &tm);
	put_digits(out + 11, tm.tm_hour, 2);
	put_digits(out + 14, tm.tm_min, 2);
	put_digits(out + 17, tm.tm_sec, 2);
	put_digits(out + 20, ms, 3);
}

void date_format(char out[11], int64_t unix_ms)
{
	struct tm tm;

	(void)split_time(&tm, unix_ms);
	put_date(out, &tm);
	out[10] = '\0';
}

/* True if text begins with `form`, where 0 stands for a digit; reads no further than the first difference. */
static bool has_form(const char *text, const char *form)
{
	for (; *form; text++, form++) {
		if (*form == '0' ? *text < '0' || *text > '9' : *text != *form)
			return false;
	}
	return true;
}

static int read_digits(const char *text, int digits)
{
	int value = 0;

	while (digits-- > 0)
		value = value * 10 + (*text++ - '0');
	return value;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Read "YYYY-MM-DD" at the start of text; false when there is no such day. */
static bool read_date(int *year, int *month, int *day, const char *text)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (!has_form(text, "0000-00-00"))
		return false;
	*year = read_digits(text, 4);
	*month = read_digits(text + 5, 2);
	*day = read_digits(text + 8, 2);
	if (*year < 1 || *month < 1 || *month > 12 || *day < 1)
		return false;
	return *day <= days[*month - 1] + (*month == 2 && is_leap(*year));
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar, for years from 1970. */
static int64_t days_since_epoch(int year, int month, int day)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int past = year - 1;
	int leap_days = past / 4 - past / 100 + past / 400 - 477; /* 477 leap days before 1970 */

	return (int64_t)(year - 1970) * 365 + leap_days + before[month - 1] + (month > 2 && is_leap(year)) + day - 1;
}

enum status time_parse(int64_t *unix_ms, const char *text)
{
	int year = 0, month = 0, day = 0;
	int hour = 0, minute = 0, second = 0, ms = 0;
	const char *rest = NULL;

	if (!read_date(&year, &month, &day, text) || year < 1970 || !has_form(text + 10, "T00:00:00"))
		return STATUS_MALFORMED;
	hour = read_digits(text + 11, 2);
	minute = read_digits(text + 14, 2);
	second = read_digits(text + 17, 2);
	rest = text + 19;
	if (has_form(rest, ".000")) {
		ms = read_digits(rest + 1, 3);
		rest += 4;
	}
	if (strcmp(rest, "Z") != 0 || hour > 23 || minute > 59 || second > 59)
		return STATUS_MALFORMED;
	*unix_ms = days_since_epoch(year, month, day) * MS_PER_DAY +
		   (int64_t)((hour * 60 + minute) * 60 + second) * MS_PER_S + ms;
	return STATUS_OK;
}

int date_valid(const char *text)
{
	int year = 0, month = 0, day = 0;

	return read_date(&year, &month, &day, text) && text[10] == '\0';
}
