/* server/cmd_check_config.c - qip-server check-config: would the server start with this, and what is set? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/id.h"
#include "server/cmd.h"
#include "server/config.h"
#include "server/signing.h"
#include "server/limits_json.h"

#define DAY_MS 86400000LL

static void warn(const char *text)
{
	(void)printf("warning: %s\n", text);
}

static void check_end(const char *what, const char *pem)
{
	char text[160];
	const struct env *env = env_system();
	int64_t until_ms = 0, days = 0;

	if (cert_not_after(&until_ms, pem, NULL) != STATUS_OK)
		return;
	days = (until_ms - env->now_ms(env->ctx)) / DAY_MS;
	if (days >= LIMIT_WARN_DAYS)
		return;
	(void)snprintf(text, sizeof(text), "%s ends in %" PRId64 " days; see qip-server certificates --help", what, days);
	warn(text);
}

static void check_mode(const char *dir, const char *name)
{
	char path[FILE_PATH_MAX], text[FILE_PATH_MAX + 80];
	struct stat st;

	if (file_path(path, dir, name, NULL) != STATUS_OK || stat(path, &st) != 0 || (st.st_mode & 077) == 0)
		return;
	(void)snprintf(text, sizeof(text), "others can read %s: chmod 600 it, and think of whether they did", path);
	warn(text);
}

/* Could it be served? One whose making was cut short has no entry, and is none. */
static enum status check_entry(const char *dir, struct error *e)
{
	char path[FILE_PATH_MAX];
	cJSON *entry = NULL;
	enum status st = file_path(path, dir, "practice.json", e);

	if (st == STATUS_OK)
		st = file_exists(path) ? file_read_json(&entry, path, e) : STATUS_OK;
	cJSON_Delete(entry);
	return st;
}

static enum status check_practice(void *dir, const char *name, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = STATUS_OK;

	if (!ods_valid(name))
		return STATUS_OK;
	st = file_path(path, dir, name, e);
	if (st == STATUS_OK) {
		check_mode(path, SIGNING_FILE);
		check_mode(path, SIGNING_NEXT_FILE);
	}
	return st == STATUS_OK ? check_entry(path, e) : st;
}

static void check_descriptors(const struct limits *l)
{
	struct rlimit limit = {0};
	char text[200];

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    limit.rlim_max >= (rlim_t)(l->connections * LIMIT_DESCRIPTORS_A_CONNECTION + LIMIT_DESCRIPTORS_SPARE))
		return;
	(void)snprintf(text, sizeof(text), "the system gives %llu descriptors: enough for %lld connections, not for %lld", (unsigned long long)limit.rlim_max,
		       ((long long)limit.rlim_max - LIMIT_DESCRIPTORS_SPARE) / LIMIT_DESCRIPTORS_A_CONNECTION, (long long)l->connections);
	warn(text);
}

static void print_address(const char *name, const struct address *a)
{
	(void)printf(strchr(a->host, ':') ? "%s [%s]:%s\n" : "%s %s:%s\n", name, a->host, a->port);
}

static void print_limit(void *ctx, const char *name, int64_t value, bool set)
{
	(void)ctx;
	(void)printf("limits.%s %" PRId64 "%s\n", name, value, set ? " (set)" : "");
}

static void print(const struct config *c)
{
	for (size_t i = 0; i < c->hosts_len; i++)
		(void)printf("host %s\n", c->hosts[i]);
	for (size_t i = 0; i < c->listen_len; i++)
		print_address("listen", &c->listen[i]);
	if (c->listen_len == 0)
		(void)printf("listen 127.0.0.1:8443, unless serve is told otherwise\n");
	if (c->admin.host[0])
		print_address("admin", &c->admin);
	limits_each(&c->limits, print_limit, NULL);
}

int cmd_check_config(int argc, char **argv)
{
	static const char *const keys[] = {"ca.key", "ca.next.key", "tls.key"};
	struct config c = CONFIG_INIT;
	struct error e = {STATUS_OK, ""};

	bool quiet = argc == 3 && strcmp(argv[2], "--quiet") == 0;

	if ((argc != 2 && !quiet) || argv[1][0] == '-')
		return cmd_usage(CMD_CHECK_CONFIG_USAGE, "a folder is needed, and nothing else but --quiet");
	if (config_load(&c, argv[1], &e) != STATUS_OK || file_each(argv[1], check_practice, argv[1], &e) != STATUS_OK) {
		config_clear(&c);
		return cmd_failed(&e);
	}
	if (!quiet)
		print(&c);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		check_mode(argv[1], keys[i]);
	check_end("the authority", buf_text(&c.authority->ca_pem));
	check_end("the server's certificate", buf_text(&c.authority->tls_pem));
	check_descriptors(&c.limits);
	if (!quiet)
		(void)printf("good\n");
	config_clear(&c);
	return 0;
}
