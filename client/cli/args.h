/* client/cli/args.h - the words and options of a command line, against a table of what the command knows.
 *
 * An option is "--name", "--name value" or "--name=value", anywhere on the line; "-h" stands for "--help"; "--" ends
 * options. Everything else is a word, also when it begins with "-": staff write texts such as "-5 points since May".
 */
#ifndef QIP_CLI_ARGS_H
#define QIP_CLI_ARGS_H

#include <stdbool.h>

#include "core/status.h"

#define ARGS_MAX_WORDS 64
#define ARGS_MAX_GIVEN 128

struct arg_option {
	const char *name;  /* without "--"; NULL ends a table */
	const char *value; /* what the value is, for the help: "DAY"; NULL for a flag */
	const char *help;
	bool repeat; /* may be given several times */
};

struct arg_given {
	const struct arg_option *option;
	const char *value; /* borrowed from the command line; "" for a flag */
};

struct args {
	const char *words[ARGS_MAX_WORDS];
	size_t words_len;
	struct arg_given given[ARGS_MAX_GIVEN]; /* in the order of the line */
	size_t given_len;
};

/* Take apart argv[0..argc), which starts behind the command's name. `common` and `own` are tables of options (own may
 * be NULL). STATUS_USAGE with a sentence for people. What `argv` points to must outlive *out. */
enum status args_parse(struct args *out, int argc, const char *const *argv, const struct arg_option *common,
		       const struct arg_option *own, struct error *e) MUST_CHECK;

bool args_has(const struct args *a, const char *name);
/* The value, or NULL when the option was not given. */
const char *args_get(const struct args *a, const char *name);
/* The i-th value of an option that may be repeated, NULL past the end. */
const char *args_nth(const struct args *a, const char *name, size_t i);
/* A value that must be a day, "YYYY-MM-DD"; *out is NULL when it was not given. STATUS_USAGE. */
enum status args_day(const char **out, const struct args *a, const char *name, struct error *e) MUST_CHECK;

#endif
