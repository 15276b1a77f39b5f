/* kiosk/flags.c - what makes staff look twice at an answer. Times of answers and opening hours enter; flags leave. */
#include "kiosk/flags.h"

#include <string.h>

#define MINUTES_PER_DAY 1440
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define HOUR_MS (INT64_C(60) * 60 * 1000)

static const char *const day_names[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* "08:30", and "24:00" for the day's end. */
static bool read_minute(int *out, const cJSON *text)
{
	const char *t = cJSON_IsString(text) ? text->valuestring : "";
	int hour = 0, minute = 0;

	if (strlen(t) != 5 || t[2] != ':' || strspn(t, "0123456789") != 2 || strspn(t + 3, "0123456789") != 2)
		return false;
	hour = (t[0] - '0') * 10 + (t[1] - '0');
	minute = (t[3] - '0') * 10 + (t[4] - '0');
	*out = hour * 60 + minute;
	return minute < 60 && *out <= MINUTES_PER_DAY;
}

void flags_hours_read(struct flags_hours *out, const cJSON *hours)
{
	struct flags_hours h = {.known = cJSON_IsObject(hours) && hours->child};

	for (size_t i = 0; i < 7 && h.known; i++) {
		const cJSON *day = json_get(hours, day_names[i]);
		struct flags_day *d = &h.day[i];

		if (!day)
			continue;
		if (cJSON_GetArraySize(day) != 2 || !read_minute(&d->from_min, cJSON_GetArrayItem(day, 0)) ||
		    !read_minute(&d->to_min, cJSON_GetArrayItem(day, 1)) || d->from_min > d->to_min)
			h.known = false; /* better no flag than a wrong one */
	}
	*out = h;
}

static int64_t divide_down(int64_t a, int64_t b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

/* 0: Monday. 1970 began on a Thursday. */
static int weekday_of(int64_t days)
{
	return (int)(((days + 3) % 7 + 7) % 7);
}

/* The days since 1970 of a date of the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days_of(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2 ? 1 : 0);
	int64_t era = divide_down(y, 400), of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t year_of(int64_t days)
{
	int64_t year = 1970 + divide_down(days * 400, 146097);

	while (days_of(year, 1, 1) > days)
		year--;
	while (days_of(year + 1, 1, 1) <= days)
		year++;
	return year;
}

/* 01:00 UTC of a month's last Sunday, for months of 31 days. */
static int64_t change_ms(int64_t year, int month)
{
	int64_t last = days_of(year, month, 31);

	return (last - (weekday_of(last) + 1) % 7) * DAY_MS + HOUR_MS;
}

void flags_local(int *day, int *minute, int64_t unix_ms)
{
	int64_t year = year_of(divide_down(unix_ms, DAY_MS));
	bool summer = unix_ms >= change_ms(year, 3) && unix_ms < change_ms(year, 10);
	int64_t local_ms = unix_ms + (summer ? HOUR_MS : 0);
	int64_t days = divide_down(local_ms, DAY_MS);

	*day = weekday_of(days);
	*minute = (int)((local_ms - days * DAY_MS) / 60000);
}

void flags_note(struct flags_past *past, const struct flags_answer *answer)
{
	if (past->len == ARRAY_LEN(past->last)) {
		memmove(&past->last[0], &past->last[1], (past->len - 1) * sizeof(past->last[0]));
		past->len--;
	}
	past->last[past->len++] = *answer;
}

/* Times of two boots cannot be compared. */
static bool came_within(const struct flags_answer *before, const struct flags_answer *now, int64_t ms)
{
	return strcmp(before->boot_id, now->boot_id) == 0 && now->monotonic_ms >= before->monotonic_ms && now->monotonic_ms - before->monotonic_ms < ms;
}

static bool is_rapid(const struct flags_past *past, const struct flags_answer *now)
{
	if (past->len == ARRAY_LEN(past->last) && came_within(&past->last[0], now, FLAGS_RAPID_MS))
		return true;
	for (size_t i = 0; i < past->len; i++) {
		if (strcmp(past->last[i].survey, now->survey) == 0 && came_within(&past->last[i], now, FLAGS_RAPID_SAME_MS))
			return true;
	}
	return false;
}

static bool is_closed(const struct flags_hours *hours, int64_t now_ms)
{
	int day = 0, minute = 0;

	flags_local(&day, &minute, now_ms);
	return minute < hours->day[day].from_min || minute >= hours->day[day].to_min;
}

void flags_of(const char *out[FLAGS_MAX + 1], const struct flags_past *past, const struct flags_answer *now, const struct flags_hours *hours,
	      enum clock_quality quality, int64_t now_ms)
{
	size_t n = 0;

	if (hours->known && quality != CLOCK_UNKNOWN && is_closed(hours, now_ms))
		out[n++] = "out-of-hours";
	if (is_rapid(past, now))
		out[n++] = "rapid-repeat";
	out[n] = NULL;
}
