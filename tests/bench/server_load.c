/* tests/bench/server_load.c - load for a server: tools/bench runs its parts and compares.
 *
 *     server_load prepare HOME COMMITS RECORDS             signed commits on a kiosk's branch, not sent
 *     server_load thin HOME LAST                           the same in one commit, few of them, see load_grow.c
 *     server_load adopt DIR/ODS HOME                       take them into a stopped server's log, see load_adopt.c
 *     server_load capture HOME COUNT                       answers in a kiosk's journal
 *     server_load sync HOME COUNT TIMES                    capture, then one visit to the server, measured, see load_sync.c
 *     server_load push ROUNDS [--before CMD] TURN... -- HOME...    see load_push.c
 *     server_load fetch ROUNDS COUNT HOME HAVE URL...      see load_fetch.c
 *     server_load idle COUNT HOME URL                      open connections until the end of the input, see load_idle.c
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/load.h"

_Noreturn void load_fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "server_load: %s: %s\n", what, why);
	exit(1);
}

void load_must(enum status st, const struct error *e, const char *what)
{
	if (st != STATUS_OK)
		load_fail(what, e && e->text[0] ? e->text : status_text(st));
}

void *load_alloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size);

	if (!p)
		load_fail("memory", strerror(errno));
	return p;
}

size_t load_number(const char *text)
{
	char *end = NULL;
	unsigned long long n = strtoull(text, &end, 10);

	if (end == text || *end || n == 0 || n > 100000000)
		load_fail(text, "is not a number from 1 to 100,000,000");
	return (size_t)n;
}

int64_t load_now_ns(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

struct qip *load_open(const char *home)
{
	struct qip_options o = {.home = home, .lock_wait_ms = 30000};
	struct error e = {0};
	struct qip *q = NULL;

	load_must(qip_open(&q, &o, &e), &e, home);
	return q;
}

void load_remote(struct remote *out, struct qip *q, const char *url)
{
	struct error e = {0};

	if (snprintf(q->identity.url, sizeof(q->identity.url), "%s", url) >= (int)sizeof(q->identity.url))
		load_fail(url, "is too long");
	load_must(remote_open(out, q, true, &e), &e, url);
	buf_wipe(&out->wire.session); /* another server's tickets are of no use */
}

static const struct part {
	const char *name;
	int (*run)(int argc, char **argv);
} parts[] = {
	{"prepare", load_prepare},
	{"thin", load_thin},
	{"adopt", load_adopt},
	{"capture", load_capture},
	{"sync", load_sync},
	{"push", load_push},
	{"fetch", load_fetch},
	{"idle", load_idle},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(parts); i++) {
		if (strcmp(argv[1], parts[i].name) == 0)
			return parts[i].run(argc - 2, argv + 2);
	}
	(void)fputs("usage: server_load PART ARGUMENT...; see tests/bench/server_load.c\n", stderr);
	return 2;
}
