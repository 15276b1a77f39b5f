/* client/cli/args.c - see args.h. */
#include "client/cli/args.h"

#include <string.h>

#include "core/env.h"

static const struct arg_option *find(const struct arg_option *table, const char *name, size_t len)
{
	for (; table && table->name; table++)
		if (strlen(table->name) == len && strncmp(table->name, name, len) == 0)
			return table;
	return NULL;
}

static enum status add_given(struct args *a, const struct arg_option *option, const char *value, struct error *e)
{
	if (!option->repeat && option->value && args_get(a, option->name))
		return error_set(e, STATUS_USAGE, "--%s was given twice", option->name);
	if (a->given_len == ARGS_MAX_GIVEN)
		return error_set(e, STATUS_USAGE, "too many options; %d are the limit", ARGS_MAX_GIVEN);
	a->given[a->given_len++] = (struct arg_given){option, value};
	return STATUS_OK;
}

/* One option at argv[*i]; *i moves on to its value if that is a word of its own. */
static enum status take_option(struct args *a, int *i, int argc, const char *const *argv,
			       const struct arg_option *common, const struct arg_option *own, struct error *e)
{
	const char *name = strcmp(argv[*i], "-h") == 0 ? "help" : argv[*i] + 2;
	size_t len = strcspn(name, "=");
	const struct arg_option *option = find(common, name, len);

	if (!option)
		option = find(own, name, len);
	if (!option)
		return error_set(e, STATUS_USAGE, "there is no option --%.*s here", (int)(len > 40 ? 40 : len), name);
	if (!option->value && name[len] == '=')
		return error_set(e, STATUS_USAGE, "--%s takes no value", option->name);
	if (!option->value)
		return add_given(a, option, "", e);
	if (name[len] == '=')
		return add_given(a, option, name + len + 1, e);
	if (*i + 1 >= argc)
		return error_set(e, STATUS_USAGE, "--%s needs a value (%s)", option->name, option->value);
	(*i)++;
	return add_given(a, option, argv[*i], e);
}

static bool looks_like_option(const char *word)
{
	return strcmp(word, "-h") == 0 || (word[0] == '-' && word[1] == '-' && word[2] >= 'a' && word[2] <= 'z');
}

enum status args_parse(struct args *out, int argc, const char *const *argv, const struct arg_option *common,
		       const struct arg_option *own, struct error *e)
{
	struct args a = {0};
	bool words_only = false;

	for (int i = 0; i < argc; i++) {
		enum status st;

		if (!words_only && strcmp(argv[i], "--") == 0) {
			words_only = true;
			continue;
		}
		if (!words_only && looks_like_option(argv[i])) {
			st = take_option(&a, &i, argc, argv, common, own, e);
			if (st != STATUS_OK)
				return st;
			continue;
		}
		if (a.words_len == ARGS_MAX_WORDS)
			return error_set(e, STATUS_USAGE, "too many words; %d are the limit", ARGS_MAX_WORDS);
		a.words[a.words_len++] = argv[i];
	}
	*out = a;
	return STATUS_OK;
}

const char *args_nth(const struct args *a, const char *name, size_t i)
{
	for (size_t k = 0; k < a->given_len; k++)
		if (strcmp(a->given[k].option->name, name) == 0 && i-- == 0)
			return a->given[k].value;
	return NULL;
}

const char *args_get(const struct args *a, const char *name)
{
	return args_nth(a, name, 0);
}

bool args_has(const struct args *a, const char *name)
{
	return args_get(a, name) != NULL;
}

enum status args_day(const char **out, const struct args *a, const char *name, struct error *e)
{
	const char *day = args_get(a, name);

	if (day && !date_valid(day))
		return error_set(e, STATUS_USAGE,
				 "--%s \"%.40s\" is not a day; please write it as YYYY-MM-DD, for example 2023-04-30",
				 name, day);
	*out = day;
	return STATUS_OK;
}
