/* client/cli/typed.c - see typed.h. A record as it was and as it is to be enters; what is new and personal leaves, as a refusal. */
#include "client/cli/typed.h"

#include <stdlib.h>
#include <string.h>

#include "client/cli/inbox.h"
#include "client/cli/text.h"

#define YEARS_OF_WORK 10
#define DEPTH_MAX 32 /* of a record; the schemas' are flatter */
#define NAMED_MAX 5  /* findings that a refusal names */

struct look {
	const struct cli *c;
	const cJSON *before;
	struct buf named; /* what was found */
	unsigned found;
};

/* What programs write: it only looks like numbers. */
static bool is_machine(const char *text)
{
	char day[11] = "";
	size_t len = strlen(text);

	(void)snprintf(day, sizeof(day), "%.10s", text);
	return id_valid(text) || (date_valid(day) && (len == 10 || text[10] == 'T')) || (len == 64 && strspn(text, "0123456789abcdef") == 64);
}

/* The text stands in the record somewhere: it was typed before. */
static bool stands_in(const cJSON *value, const char *text, int depth)
{
	const cJSON *item;

	if (cJSON_IsString(value))
		return strcmp(value->valuestring, text) == 0;
	if (depth >= DEPTH_MAX)
		return false;
	cJSON_ArrayForEach(item, value)
	{
		if (stands_in(item, text, depth + 1))
			return true;
	}
	return false;
}

/* A date with a year near this one is a day of the practice's work; others may be when somebody was born. */
static bool is_of_work(const struct cli *c, const char *text, size_t len)
{
	char today[11];
	long now, year = 0;

	inbox_day(today, c, 0);
	now = strtol(today, NULL, 10);
	for (size_t i = 0; i < len;) {
		size_t digits = 0;

		while (i + digits < len && text[i + digits] >= '0' && text[i + digits] <= '9')
			digits++;
		if (digits == 4)
			year = strtol(text + i, NULL, 10);
		i += digits ? digits : 1;
	}
	return year >= now - YEARS_OF_WORK && year <= now + YEARS_OF_WORK;
}

static enum status look_at(struct look *l, const char *text, struct error *e)
{
	struct personal_found *found = NULL;
	size_t len = 0;
	enum status st = comments_personal(&found, &len, text, e);

	for (size_t i = 0; i < len; i++) {
		const struct personal_found *f = &found[i];
		char *what = NULL;

		if (f->kind == PERSONAL_URL || (f->kind == PERSONAL_BIRTH_DATE && is_of_work(l->c, text + f->at, f->len)) || l->found++ >= NAMED_MAX)
			continue;
		what = strndup(text + f->at, f->len);
		buf_addf(&l->named, "%s%s \"", l->named.len ? ", " : "", inbox_kind(f->kind));
		text_clean(&l->named, what ? what : "", 60);
		buf_addc(&l->named, '"');
		free(what);
	}
	free(found);
	return st;
}

static enum status look_through(struct look *l, const cJSON *value, int depth, struct error *e)
{
	const cJSON *item;
	enum status st = STATUS_OK;

	if (cJSON_IsString(value))
		return is_machine(value->valuestring) || stands_in(l->before, value->valuestring, 0) ? STATUS_OK : look_at(l, value->valuestring, e);
	if (depth >= DEPTH_MAX)
		return error_set(e, STATUS_INVALID, "it is nested too deeply");
	cJSON_ArrayForEach(item, value)
	{
		bool made = depth == 0 && item->string && (strcmp(item->string, "edits") == 0 || strcmp(item->string, "conflicts") == 0);

		if (st == STATUS_OK && !made)
			st = look_through(l, item, depth + 1, e);
	}
	return st;
}

static enum status judge(struct look *l, const char *what, enum status st, struct error *e)
{
	if (st == STATUS_OK && !buf_ok(&l->named))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK && l->found > 0)
		st = error_set(e, STATUS_REFUSED,
			       "%s holds what may tell who somebody is: %s%s. What is typed here stays in the history for ever and nobody can erase it. Please leave it "
			       "out; if it is about no person, say so with --even-so",
			       what, buf_text(&l->named), l->found > NAMED_MAX ? " and more" : "");
	buf_clear(&l->named);
	return st;
}

enum status typed_check(const struct cli *c, const cJSON *before, const cJSON *after, struct error *e)
{
	static const char *const open_to_all[] = {"site", "practice", "survey"};
	struct look l = {.c = c, .before = before};
	char type[RECORD_TYPE_MAX];

	record_type(type, after);
	for (size_t i = 0; i < ARRAY_LEN(open_to_all); i++)
		if (strcmp(type, open_to_all[i]) == 0)
			return STATUS_OK;
	return args_has(&c->args, "even-so") ? STATUS_OK : judge(&l, "it", look_through(&l, after, 0, e), e);
}

enum status typed_check_text(const struct cli *c, const char *what, const char *text, struct error *e)
{
	struct look l = {.c = c};

	return args_has(&c->args, "even-so") ? STATUS_OK : judge(&l, what, look_at(&l, text, e), e);
}
