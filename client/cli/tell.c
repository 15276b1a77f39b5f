/* client/cli/tell.c - see tell.h. */
#include "client/cli/tell.h"

#include <string.h>

#include "client/cli/hours.h"
#include "client/cli/text.h"
#include "core/utf8.h"

#define TYPED_MAX 40 /* characters that somebody may be asked to type */

/* The words of the 5×5 matrix that risk tools in the NHS use (National Patient Safety Agency, "A risk matrix for risk managers", 2008). */
static const char *const likelihoods[] = {"rare", "unlikely", "possible", "likely", "almost certain"};
static const char *const consequences[] = {"negligible", "minor", "moderate", "major", "catastrophic"};

/* ---- days, times, devices ---- */

void tell_day(struct buf *out, const char *day)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int month = 0;

	if (!day || !date_valid(day)) {
		buf_adds(out, day ? day : "");
		return;
	}
	month = (day[5] - '0') * 10 + day[6] - '0';
	buf_addf(out, "%.*s %s %.4s", day[8] == '0' ? 1 : 2, day[8] == '0' ? day + 9 : day + 8, months[month - 1], day);
}

void tell_time(struct buf *out, const char *time)
{
	char day[11];

	(void)snprintf(day, sizeof(day), "%.10s", time);
	tell_day(out, day);
	if (strlen(time) >= 16)
		buf_addf(out, " %.5s", time + 11);
}

const char *tell_place(const struct registry *reg, const struct sites *sites, const char *device)
{
	const struct device *d = registry_find(reg, device);
	const struct site *site = d && d->site[0] ? sites_find(sites, d->site, strlen(d->site)) : NULL;

	return site && site->name[0] ? site->name : d && d->site[0] ? d->site : device;
}

void tell_who(struct buf *out, const struct registry *reg, const struct sites *sites, const char *device, const char *by)
{
	const char *place = tell_place(reg, sites, device);

	if (strcmp(place, device) != 0)
		buf_addf(out, "%s (%s, %s)", place, device, by);
	else
		buf_addf(out, "%s (%s, no site)", device, by);
}

/* ---- values ---- */

static bool is_hash(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static void tell_text(struct buf *out, const char *text)
{
	if (date_valid(text))
		tell_day(out, text);
	else if (is_hash(text))
		buf_addf(out, "%.10s…", text);
	else if (strpbrk(text, " \n") || !text[0])
		buf_addf(out, "\"%s\"", text);
	else
		buf_adds(out, text);
}

static bool tell_risk(struct buf *out, const cJSON *value)
{
	int64_t l = 0, c = 0;

	if (!json_integer(value, "likelihood", &l) || !json_integer(value, "consequence", &c) || l < 1 || l > 5 || c < 1 || c > 5)
		return false;
	buf_addf(out, "%s × %s = %d", likelihoods[l - 1], consequences[c - 1], (int)(l * c));
	return true;
}

static void tell_any(struct buf *out, const cJSON *value);

/* "face-to-face 120, telephone 80", what is inside of that in brackets. */
static void tell_members(struct buf *out, const cJSON *object)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, object)
	{
		if (item->string)
			buf_addf(out, "%s ", item->string);
		if (cJSON_IsObject(item)) {
			buf_addc(out, '(');
			tell_members(out, item);
			buf_addc(out, ')');
		} else {
			tell_any(out, item);
		}
		if (item->next)
			buf_adds(out, ", ");
	}
}

static void tell_any(struct buf *out, const cJSON *value)
{
	if (cJSON_IsString(value))
		tell_text(out, value->valuestring);
	else if (cJSON_IsNumber(value))
		buf_addf(out, "%.0f", value->valuedouble);
	else if (cJSON_IsBool(value))
		buf_adds(out, cJSON_IsTrue(value) ? "yes" : "no");
	else if (json_string(value, "rating"))
		buf_addf(out, "%s%s", json_string(value, "rating"),
			 cJSON_IsTrue(json_get(value, "carried_forward")) ? " (carried forward)" : "");
	else if (value && value->child && !tell_risk(out, value))
		tell_members(out, value);
	else if (!value || !value->child)
		buf_adds(out, "nothing");
}

/* Operating pressure escalation levels and their colours. */
static bool tell_level(struct buf *out, const char *slot, const cJSON *value)
{
	static const char *const colours[] = {"green", "amber", "red", "black"};

	if (strcmp(slot, "level") != 0 || !cJSON_IsNumber(value) || value->valuedouble < 1 || value->valuedouble > 4)
		return false;
	buf_addf(out, "%d (%s)", (int)value->valuedouble, colours[(int)value->valuedouble - 1]);
	return true;
}

/* An element of a set is there or not; a kiosk's setting has a value of its own. */
static bool is_element(const char *slot)
{
	return strchr(slot, '/') && strncmp(slot, "kiosk/", 6) != 0;
}

void tell_value(struct buf *out, const char *slot, const cJSON *value)
{
	bool key = is_element(slot);

	if (key && (!value || cJSON_IsNull(value)))
		buf_adds(out, "removed");
	else if (key && (cJSON_IsTrue(value) || cJSON_IsString(value)))
		buf_adds(out, "added");
	else if (strcmp(slot, "kiosk/hours") == 0 && cJSON_IsObject(value))
		hours_show(out, value);
	else if (!tell_level(out, slot, value))
		tell_any(out, value);
}

/* Where the character number `n` begins; the end when there are not so many. */
static size_t place_of(const char *text, size_t len, size_t n)
{
	size_t at = 0;

	while (n-- > 0 && at < len) {
		size_t step = utf8_decode(NULL, text + at, len - at);

		at += step > 0 ? step : 1;
	}
	return at;
}

void tell_value_cut(struct buf *out, const char *slot, const cJSON *value, size_t from, size_t max)
{
	static const size_t before = 20; /* what is shown of what they have in common */
	const char *text = cJSON_IsString(value) ? value->valuestring : "";
	size_t len = strlen(text), start = 0;

	if (text_width(text) <= max) {
		tell_value(out, slot, value);
		return;
	}
	if (from > before)
		start = place_of(text, len, from - before);
	while (start > 0 && text[start - 1] != ' ')
		start--;
	buf_adds(out, start > 0 ? "\"… " : "\"");
	text_clean(out, text + start, max);
	buf_addc(out, '"');
}

bool tell_word(struct buf *out, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._,:/";
	struct buf clean = BUF_INIT;
	bool as_seen;

	text_clean(&clean, text, 0);
	as_seen = strcmp(buf_text(&clean), text) == 0 && !strchr(text, '\'');
	buf_clear(&clean);
	if (!as_seen)
		return false;
	if (text[0] && text[strspn(text, plain)] == '\0')
		buf_adds(out, text);
	else
		buf_addf(out, "'%s'", text);
	return true;
}

bool tell_typed(struct buf *out, const char *slot, const cJSON *value)
{
	int64_t l = 0, c = 0;
	const char *rating = json_string(value, "rating");

	if (is_element(slot) && (!value || cJSON_IsNull(value) || cJSON_IsBool(value)))
		buf_adds(out, cJSON_IsTrue(value) ? "added" : "removed");
	else if (!value || cJSON_IsNull(value))
		buf_adds(out, "''");
	else if (cJSON_IsString(value))
		return text_width(value->valuestring) <= TYPED_MAX && tell_word(out, value->valuestring);
	else if (cJSON_IsBool(value))
		buf_adds(out, cJSON_IsTrue(value) ? "yes" : "no");
	else if (cJSON_IsNumber(value))
		buf_addf(out, "%.0f", value->valuedouble);
	else if (json_integer(value, "likelihood", &l) && json_integer(value, "consequence", &c))
		buf_addf(out, "%dx%d", (int)l, (int)c);
	else if (rating)
		buf_addf(out, "%s%s", rating, cJSON_IsTrue(json_get(value, "carried_forward")) ? ",carried-forward" : "");
	else
		return false;
	return true;
}

/* ---- lines ---- */

void tell_line(FILE *f, const char *text, size_t first, size_t indent)
{
	text_wrap_at(f, text, first, indent, TELL_WIDTH);
}
