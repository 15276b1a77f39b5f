/* tests/bench/merge_load.c - merging and auditing, measured: tools/bench runs its parts and compares.
 *
 *     merge_load record FOLDER              base.json, ours.json, theirs.json: an action point and two edits of it, see merge_record.c
 *     merge_load merge FOLDER COUNT         microseconds for a merge of them, and with the edits made as well
 *     merge_load trees FOLDER MANY FEW ROUNDS    microseconds for a merge of 20 records into many and into few, see merge_trees.c
 *     merge_load history FOLDER PUSHES      a history to audit, see merge_history.c
 *     merge_load bare REPO ROUNDS           milliseconds for its signatures alone, see merge_bare.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/merge_load.h"

_Noreturn void bench_fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "merge_load: %s: %s\n", what, why);
	exit(1);
}

void bench_must(enum status st, const struct error *e, const char *what)
{
	if (st != STATUS_OK)
		bench_fail(what, e && e->text[0] ? e->text : status_text(st));
}

size_t bench_number(const char *text)
{
	char *end = NULL;
	unsigned long long n = strtoull(text, &end, 10);

	if (end == text || *end || n == 0 || n > 100000000)
		bench_fail(text, "is not a number from 1 to 100,000,000");
	return (size_t)n;
}

double bench_cpu_us(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

const struct rules *bench_rules(void)
{
	const struct rules *rules = NULL;
	struct error e = {0};

	bench_must(rules_get(&rules, RULES_VERSION, &e), &e, "rules");
	return rules;
}

static const struct part {
	const char *name;
	int (*run)(int argc, char **argv);
} parts[] = {
	{"record", bench_record},
	{"merge", bench_merge},
	{"trees", bench_trees},
	{"history", bench_history},
	{"bare", bench_bare},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(parts); i++) {
		if (strcmp(argv[1], parts[i].name) == 0)
			return parts[i].run(argc - 2, argv + 2);
	}
	(void)fputs("usage: merge_load PART ARGUMENT..., see the head of its source\n", stderr);
	return 2;
}
