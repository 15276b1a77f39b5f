/* client/cli/cli.c - see cli.h. */
#include "client/cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/people.h"

#define LOCK_WAIT_MS 60000 /* a sync of the same home may be running */

const struct arg_option options_common[] = {
	{"home", "DIR", "this device's folder; else the one that QIP_HOME names", false},
	{"json", NULL, "print JSON instead of text", false},
	{"person", "ID", "who makes the change, of \"qip people list\"; else QIP_PERSON, or whose device it is", false},
	{"passphrase-file", "FILE", "of a device key under a passphrase; else QIP_PASSPHRASE_FILE, or it is asked for", false},
	{"help", NULL, "explain the command", false},
	{NULL, NULL, NULL, false},
};
const struct arg_option options_dated[] = {
	{"effective", "DAY", "the day it speaks of, YYYY-MM-DD; today unless given", false},
	EVEN_SO_OPTION,
	{NULL, NULL, NULL, false},
};

/* What is said next, this or the outcome, is written over it. */
static void show_progress(void *ctx, uint64_t merges, uint64_t of)
{
	(void)ctx;
	fprintf(stderr, "Copying the log: %llu of %llu\033[K\r", (unsigned long long)merges, (unsigned long long)of);
}

enum status cli_options(struct qip_options *out, const struct cli *c, struct error *e)
{
	if (!c->home || !c->home[0])
		return error_set(e, STATUS_USAGE,
				 "please name this device's folder, with --home DIR or the variable QIP_HOME");
	*out = (struct qip_options){.home = c->home, .lock_wait_ms = LOCK_WAIT_MS};
	if (isatty(STDERR_FILENO))
		out->progress = show_progress;
	return STATUS_OK;
}

enum status cli_open(struct cli *c, struct error *e)
{
	struct qip_options o;
	enum status st = c->q ? STATUS_OK : cli_options(&o, c, e);

	if (st == STATUS_OK && !c->q)
		st = qip_open(&c->q, &o, e);
	if (st == STATUS_OK && c->person)
		people_act_as(c->q, c->person);
	return st;
}

enum status cli_open_log(struct cli *c, struct error *e)
{
	enum status st = cli_open(c, e);

	if (st == STATUS_OK && qip_identity(c->q)->role == ROLE_KIOSK)
		return error_set(e, STATUS_DENIED,
				 "%s is the home of a kiosk, which has no copy of the plan; please use the home of a "
				 "staff device",
				 c->home);
	return st;
}

enum status cli_no_json(const struct cli *c, struct error *e)
{
	if (c->json)
		return error_set(e, STATUS_USAGE, "this command prints a file as other programs read it; it has no JSON");
	return STATUS_OK;
}

enum status cli_read_file(struct buf *out, const char *path, size_t max_bytes, struct error *e)
{
	char chunk[16384];
	FILE *f = fopen(path, "rb");
	size_t n;
	bool failed;
	int code;

	if (!f)
		return error_set_errno(e, errno, "cannot read %.200s", path);
	errno = 0;
	while (out->len <= max_bytes && (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(out, chunk, n);
	code = errno;
	failed = ferror(f) != 0;
	(void)fclose(f);
	if (failed)
		return error_set_errno(e, code, "cannot read %.200s", path);
	if (out->len == 0)
		return error_set(e, STATUS_INVALID, "%.200s is empty", path);
	return buf_ok(out) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

enum status cli_print_json(struct cli *c, cJSON *value, struct error *e)
{
	char *text = value ? cJSON_Print(value) : NULL;

	cJSON_Delete(value);
	if (!text)
		return error_set(e, STATUS_NOMEM, "out of memory");
	fprintf(c->out, "%s\n", text);
	cJSON_free(text);
	return STATUS_OK;
}

void cli_today(char out[11], const struct cli *c)
{
	const struct env *env = c->q ? qip_env(c->q) : env_system();

	date_format(out, env->now_ms(env->ctx));
}

const char *cli_word(const struct cli *c, size_t i)
{
	return i < c->args.words_len ? c->args.words[i] : NULL;
}

enum status cli_number(int *out, const struct cli *c, const char *command, size_t digits_max, struct error *e)
{
	const char *text = cli_word(c, 1);
	size_t digits = text ? strspn(text, "0123456789") : 0;
	int n = 0;

	if (!text)
		return error_set(e, STATUS_USAGE, "please name a number: qip %s %s N; \"qip %s list\" shows them", command, cli_word(c, 0), command);
	for (size_t i = 0; i < digits && i < digits_max; i++)
		n = n * 10 + (text[i] - '0');
	if (digits == 0 || digits > digits_max || text[digits] || n == 0)
		return error_set(e, STATUS_USAGE, "\"%.20s\" is not a number of \"qip %s list\"", text, command);
	*out = n;
	return STATUS_OK;
}

const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

void cli_age(char *out, size_t size, int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *name;
	} units[] = {{86400000, "day"}, {3600000, "hour"}, {60000, "minute"}, {1000, "second"}};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		int64_t n = ms / units[i].ms;

		if (n >= 1) {
			(void)snprintf(out, size, "%lld %s%s", (long long)n, units[i].name, plural((uint64_t)n));
			return;
		}
	}
	(void)snprintf(out, size, "0 seconds");
}

void put_item(cJSON **object, const char *key, cJSON *item)
{
	if (*object && item && cJSON_AddItemToObject(*object, key, item))
		return;
	cJSON_Delete(item);
	cJSON_Delete(*object);
	*object = NULL;
}

const char *text_of(const cJSON *object, const char *key)
{
	const char *text = json_string(object, key);

	return text ? text : "";
}

void put_string(cJSON **object, const char *key, const char *value)
{
	put_item(object, key, cJSON_CreateString(value));
}

void put_number(cJSON **object, const char *key, int64_t value)
{
	put_item(object, key, cJSON_CreateNumber((double)value));
}

void put_bool(cJSON **object, const char *key, bool value)
{
	put_item(object, key, cJSON_CreateBool(value));
}

void push_item(cJSON **array, cJSON *item)
{
	if (*array && item && cJSON_AddItemToArray(*array, item))
		return;
	cJSON_Delete(item);
	cJSON_Delete(*array);
	*array = NULL;
}
