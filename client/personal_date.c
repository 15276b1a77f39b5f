/* client/personal_date.c - full dates. A place in the text enters; a day, month and year that stand there leave. */
#include "client/personal_internal.h"

#include <string.h>

#define YEAR_FIRST 1900
#define YEAR_LAST 2099

static bool is_day(int d)
{
	return d >= 1 && d <= 31;
}

static bool is_month(int m)
{
	return m >= 1 && m <= 12;
}

static bool is_year(int y)
{
	return y >= YEAR_FIRST && y <= YEAR_LAST;
}

/* Eight digits in one: 12031990 or 19900312. */
static bool is_together(const struct run *run)
{
	int n = run_number(run, 0);

	if (run->group[0].len != 8)
		return false;
	return (is_day(n / 1000000) && is_month(n / 10000 % 100) && is_year(n % 10000)) ||
	       (is_year(n / 10000) && is_month(n / 100 % 100) && is_day(n % 100));
}

static bool is_of_three(const struct run *run)
{
	const struct run_group *g = run->group;
	int a = run_number(run, 0), b = run_number(run, 1), c = run_number(run, 2);

	if (g[1].len > 2)
		return false;
	if (g[0].len == 4)
		return g[2].len <= 2 && is_year(a) && is_month(b) && is_day(c);
	if (g[0].len > 2)
		return false;
	if (g[2].len == 4)
		return is_year(c) && ((is_day(a) && is_month(b)) || (is_month(a) && is_day(b)));
	return g[2].len == 2 && g[0].after != ' ' && is_day(a) && is_month(b);
}

size_t personal_date_of_digits(const struct run *run)
{
	const struct run_group *g = run->group;

	if (run->plus)
		return 0;
	if (is_together(run))
		return g[0].end;
	if (run->groups < 3 || g[0].after != g[1].after || !strchr("/-. ", (int)g[0].after) || !is_of_three(run))
		return 0;
	/* A fourth part makes it an address or a version. */
	if (run->groups > 3 && g[2].tight && g[2].after == g[0].after)
		return 0;
	return g[2].end;
}

/* 1 to 2 digits, or 4; -1 otherwise. */
static int read_number(struct reader *r, size_t *len)
{
	int n = 0;

	for (*len = 0; reader_is_digit(r->c); reader_step(r)) {
		if (++*len > 4)
			return -1;
		n = n * 10 + (int)(r->c - '0');
	}
	return *len == 1 || *len == 2 || *len == 4 ? n : -1;
}

static bool read_month(struct reader *r)
{
	static const char *const months[] = {"january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
					     "november", "december", "sept"};
	char word[12];

	if (!reader_word(r, word, sizeof(word)))
		return false;
	for (size_t i = 0; i < sizeof(months) / sizeof(months[0]); i++) {
		if (strcmp(word, months[i]) == 0 || (strlen(word) == 3 && strncmp(word, months[i], 3) == 0)) {
			(void)reader_take(r, '.');
			return true;
		}
	}
	return false;
}

/* "12", "12th", "1st" */
static bool read_day(struct reader *r)
{
	struct reader ahead;
	size_t len = 0;
	int day = read_number(r, &len);
	char word[4];

	if (len > 2 || !is_day(day))
		return false;
	ahead = *r;
	if (reader_word(&ahead, word, sizeof(word)) &&
	    (strcmp(word, "st") == 0 || strcmp(word, "nd") == 0 || strcmp(word, "rd") == 0 || strcmp(word, "th") == 0))
		*r = ahead;
	return true;
}

static void pass_between(struct reader *r)
{
	(void)reader_spaces(r, 2);
	if (r->c == '-' || r->c == '/' || r->c == '.' || r->c == ',')
		reader_step(r);
	(void)reader_spaces(r, 2);
}

/* The byte behind a year, or 0. Of two digits only with an apostrophe, or where no word follows: "on 12 March 45 people". */
static size_t read_year(struct reader *r)
{
	bool apostrophe = reader_take(r, '\'');
	size_t len = 0, end = 0;
	struct reader ahead = *r;
	int year = 0;

	while (reader_is_digit(ahead.c)) {
		end = ahead.next;
		reader_step(&ahead);
	}
	year = read_number(r, &len);
	if (len == 4)
		return is_year(year) ? end : 0;
	if (len != 2 || year < 0)
		return 0;
	(void)reader_spaces(&ahead, 2);
	return apostrophe || !(reader_is_letter(ahead.c) || ahead.c >= 0x80 || ahead.c == '%' || ahead.c == ':') ? end : 0;
}

size_t personal_date_from_day(const struct reader *at)
{
	struct reader r = *at, ahead;
	char word[4];

	if (!read_day(&r))
		return 0;
	pass_between(&r);
	ahead = r;
	if (reader_word(&ahead, word, sizeof(word)) && strcmp(word, "of") == 0) {
		(void)reader_spaces(&ahead, 2);
		r = ahead;
	}
	if (!read_month(&r))
		return 0;
	pass_between(&r);
	return read_year(&r);
}

size_t personal_date_from_month(const struct reader *at)
{
	struct reader r = *at;

	if (!read_month(&r))
		return 0;
	pass_between(&r);
	if (!read_day(&r))
		return 0;
	if (r.c != ' ' && r.c != ',' && r.c != '-' && r.c != '/' && r.c != '.')
		return 0;
	pass_between(&r);
	return read_year(&r);
}
