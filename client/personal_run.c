/* client/personal_run.c - numbers written in groups of digits. A place in the text enters; NHS and telephone numbers there leave. */
#include "client/personal_internal.h"

#include <string.h>

/* What separates two groups, at most three characters; false when no digit follows. */
static bool read_separator(struct reader *r, uint32_t *kind, bool *tight)
{
	struct reader ahead = *r;

	*kind = 0;
	*tight = true;
	for (size_t i = 0; i < 3 && !reader_is_digit(ahead.c); i++) {
		bool bracket = ahead.c == '(' || ahead.c == ')';

		if (ahead.c != ' ' && ahead.c != '-' && ahead.c != '.' && ahead.c != '/' && !bracket)
			return false;
		if (ahead.c == ' ')
			*tight = false;
		else if (bracket)
			*kind = *kind == 0 || *kind == '(' ? '(' : 'x';
		else
			*kind = *kind == 0 ? ahead.c : 'x';
		reader_step(&ahead);
	}
	if (!reader_is_digit(ahead.c))
		return false;
	if (*kind == 0)
		*kind = ' ';
	*r = ahead;
	return true;
}

static bool read_group(struct run *run, struct reader *r)
{
	struct run_group *g = &run->group[run->groups];
	const struct run_group *before = run->groups > 0 ? g - 1 : NULL;
	size_t from = before ? before->from + before->len : 0;
	size_t to = from;

	if (run->groups == RUN_GROUPS_MAX)
		return false;
	*g = (struct run_group){.from = from};
	for (; reader_is_digit(r->c); reader_step(r)) {
		if (to == RUN_DIGITS_MAX)
			return false;
		run->digits[to++] = (char)r->c;
		g->end = r->next;
	}
	g->len = to - from;
	run->groups++;
	return true;
}

bool run_read(struct run *out, const struct reader *at)
{
	struct reader r = *at;
	uint32_t kind = 0;
	bool tight = false;

	*out = (struct run){.groups = 0};
	if (!read_group(out, &r))
		return false;
	while (read_separator(&r, &kind, &tight)) {
		if (!read_group(out, &r))
			break;
		out->group[out->groups - 2].after = kind;
		out->group[out->groups - 2].tight = tight;
	}
	return true;
}

bool run_grouped(const struct run *run, size_t groups, const char *lengths)
{
	size_t n = strlen(lengths);

	if (groups > run->groups || groups != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (run->group[i].len != (size_t)(lengths[i] - '0'))
			return false;
	}
	return true;
}

int run_number(const struct run *run, size_t group)
{
	const struct run_group *g = &run->group[group];
	int n = 0;

	for (size_t i = 0; i < g->len && i < 8; i++)
		n = n * 10 + (run->digits[g->from + i] - '0');
	return n;
}

static bool separated_by(const struct run *run, size_t groups, const char *kinds)
{
	for (size_t i = 0; i + 1 < groups; i++) {
		if (!strchr(kinds, (int)run->group[i].after))
			return false;
	}
	return true;
}

static size_t digits_in(const struct run *run, size_t groups)
{
	return groups == 0 ? 0 : run->group[groups - 1].from + run->group[groups - 1].len;
}

/* How many groups make exactly so many digits; 0: none do. */
static size_t groups_of(const struct run *run, size_t digits)
{
	for (size_t n = 1; n <= run->groups; n++) {
		if (digits_in(run, n) == digits)
			return n;
	}
	return 0;
}

/* As people group ten digits. Any other would take three blood pressures for a number, one time in eleven. */
static bool grouped_as_ten(const struct run *run, size_t groups)
{
	static const char *const ways[] = {"334", "433", "343", "55", "46", "64", "37", "73", "442", "22222", "1111111111"};

	if (groups == 1)
		return true;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (run_grouped(run, groups, ways[i]))
			return true;
	}
	return false;
}

size_t personal_nhs_number(const struct run *run)
{
	size_t groups = groups_of(run, 10);
	unsigned sum = 0;

	if (groups == 0 || run->plus || !grouped_as_ten(run, groups) || !separated_by(run, groups, " -."))
		return 0;
	for (unsigned i = 0; i < 9; i++)
		sum += (unsigned)(run->digits[i] - '0') * (10 - i);
	return (11 - sum % 11) % 11 == (unsigned)(run->digits[9] - '0') ? run->group[groups - 1].end : 0;
}

/* National numbers: one group of at least the area's three digits first, or pairs, or single digits; never a last group of less than three digits
 * otherwise: 0900-1200 30 is a clinic's hours. */
static bool grouped_as_phone(const struct run *run, size_t groups)
{
	bool singles = true, pairs = true;

	if (groups == 1)
		return true;
	for (size_t i = 0; i < groups; i++) {
		singles = singles && run->group[i].len == 1;
		pairs = pairs && (run->group[i].len == 2 || (i + 1 == groups && run->group[i].len <= 3));
	}
	if (singles || pairs)
		return true;
	return (run->group[0].len >= 3 || run->group[0].after == '(') && run->group[groups - 1].len >= 3;
}

static size_t national(const struct run *run)
{
	size_t groups = groups_of(run, 11);

	if (run->digits[0] != '0' || digits_in(run, run->groups) < 10 || !strchr("1235789", run->digits[1]))
		return 0;
	if (groups == 0)
		groups = groups_of(run, 10);
	return groups > 0 && grouped_as_phone(run, groups) && separated_by(run, groups, " -./(") ? run->group[groups - 1].end : 0;
}

/* A mobile number whose 0 was left out. */
static size_t national_without_zero(const struct run *run)
{
	size_t groups = groups_of(run, 10);

	if (run->digits[0] != '7' || groups == 0 || !separated_by(run, groups, " -"))
		return 0;
	return groups == 1 || run_grouped(run, groups, "46") || run_grouped(run, groups, "433") ? run->group[groups - 1].end : 0;
}

/* After + or 00: E.164 has 15 digits at most. +44 ends where its ten digits do. */
static size_t international(const struct run *run, size_t prefix)
{
	size_t all = digits_in(run, run->groups), groups = 0;

	if (all < prefix + 8 || run->digits[prefix] == '0')
		return 0;
	if (run->digits[prefix] == '4' && run->digits[prefix + 1] == '4') {
		size_t local = prefix + 2 + (run->digits[prefix + 2] == '0' ? 1 : 0);

		groups = groups_of(run, local + 10);
		if (groups == 0)
			groups = groups_of(run, local + 9);
		return groups > 0 ? run->group[groups - 1].end : 0;
	}
	for (size_t n = 1; n <= run->groups && digits_in(run, n) <= prefix + 15; n++)
		groups = n;
	return digits_in(run, groups) >= prefix + 8 ? run->group[groups - 1].end : 0;
}

size_t personal_phone(const struct run *run)
{
	if (run->plus)
		return international(run, 0);
	if (digits_in(run, run->groups) >= 12 && memcmp(run->digits, "00", 2) == 0 && (run->group[0].len >= 3 || memcmp(run->digits, "0044", 4) == 0))
		return international(run, 2);
	if (run->digits[0] == '0')
		return national(run);
	return national_without_zero(run);
}
