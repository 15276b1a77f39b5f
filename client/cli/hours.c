/* client/cli/hours.c - see hours.h. */
#include "client/cli/hours.h"

#include <string.h>

#include "client/cli/cli.h"

#define TIME_LEN 5 /* "08:30" */

static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* Index of a day, 7 for none; the text need not end behind it. */
static size_t day_of(const char *text)
{
	size_t i = 0;

	while (i < ARRAY_LEN(days) && strncmp(days[i], text, 3) != 0)
		i++;
	return i;
}

static bool is_time(const char *text)
{
	static const char digits[] = "0123456789";
	int hour = 0;

	for (int i = 0; i < TIME_LEN; i++)
		if (i == 2 ? text[i] != ':' : !text[i] || !strchr(digits, text[i]))
			return false;
	hour = (text[0] - '0') * 10 + text[1] - '0';
	return hour < 24 && text[3] < '6';
}

bool hours_add(cJSON **hours, const char *text)
{
	size_t first = day_of(text), last = first;
	const char *rest = first < ARRAY_LEN(days) ? text + 3 : text;
	char from[TIME_LEN + 1] = "", to[TIME_LEN + 1] = "";

	if (*rest == '-') {
		last = day_of(rest + 1);
		rest += last < ARRAY_LEN(days) ? 4 : 0;
	}
	if (first >= ARRAY_LEN(days) || last >= ARRAY_LEN(days) || last < first || *rest++ != '=' || strlen(rest) != 2 * TIME_LEN + 1 ||
	    rest[TIME_LEN] != '-' || !is_time(rest) || !is_time(rest + TIME_LEN + 1))
		return false;
	memcpy(from, rest, TIME_LEN);
	memcpy(to, rest + TIME_LEN + 1, TIME_LEN);
	if (strcmp(from, to) >= 0)
		return false;
	for (size_t i = first; i <= last; i++) {
		cJSON *opening = cJSON_CreateArray();

		push_item(&opening, cJSON_CreateString(from));
		push_item(&opening, cJSON_CreateString(to));
		cJSON_DeleteItemFromObjectCaseSensitive(*hours, days[i]);
		put_item(hours, days[i], opening);
	}
	return true;
}

static bool same_hours(const cJSON *hours, size_t a, size_t b)
{
	return json_get(hours, days[a]) && json_equal(json_get(hours, days[a]), json_get(hours, days[b]));
}

void hours_show(struct buf *out, const cJSON *hours)
{
	bool any = false;

	for (size_t first = 0, last = 0; first < ARRAY_LEN(days); first = last + 1) {
		const cJSON *opening = json_get(hours, days[first]);

		last = first;
		while (last + 1 < ARRAY_LEN(days) && same_hours(hours, first, last + 1))
			last++;
		if (!opening)
			continue;
		buf_addf(out, "%s%s", any ? ", " : "", days[first]);
		any = true;
		if (last > first)
			buf_addf(out, "-%s", days[last]);
		buf_addf(out, " %s-%s", cJSON_GetStringValue(cJSON_GetArrayItem(opening, 0)), cJSON_GetStringValue(cJSON_GetArrayItem(opening, 1)));
	}
	if (!any)
		buf_adds(out, "closed on every day");
}
