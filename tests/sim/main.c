/* tests/sim/main.c - runs of the simulator, see README.md. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "tests/sim/trial.h"

#define MAX_JOBS 64
#define USAGE                                                                                                                  \
	"sim [--runs N] [--seed S] [--jobs J] [--planted] [--no-shrink] [--keep]\n"                                             \
	"  --runs N     so many runs (100), with the seeds from S on (1)\n"                                                      \
	"  --jobs J     so many side by side (1)\n"                                                                              \
	"  --planted    something must be found within N runs; stops when it is\n"                                               \
	"  --no-shrink  do not shorten the first run in which something was found\n"                                            \
	"  --keep       keep the folders of such runs\n"                                                                         \
	"Ends with 0 if nothing was found (with --planted: if something was), else with 1.\n"

struct options {
	uint64_t seed;
	unsigned long runs;
	unsigned jobs;
	bool planted, shrinks;
	struct trials trials;
};

struct tally {
	unsigned long ended, failed, edits, merges, refusals, retries, mishaps, overlap, together;
	unsigned least_edits;
	double cpu_s;
	uint64_t first; /* seed of the first that failed */
	char kind[32];
};

static bool read_options(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {
		{"runs", required_argument, NULL, 'r'},	 {"seed", required_argument, NULL, 's'}, {"jobs", required_argument, NULL, 'j'},
		{"planted", no_argument, NULL, 'p'},	 {"keep", no_argument, NULL, 'k'},	 {"no-shrink", no_argument, NULL, 'n'},
		{"help", no_argument, NULL, 'h'},	 {NULL, 0, NULL, 0},
	};
	int c = 0;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'r':
			o->runs = strtoul(optarg, NULL, 10);
			break;
		case 's':
			o->seed = strtoull(optarg, NULL, 0);
			break;
		case 'j':
			o->jobs = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'p':
			o->planted = true;
			break;
		case 'k':
			o->trials.keep = true;
			break;
		case 'n':
			o->shrinks = false;
			break;
		default:
			return false;
		}
	}
	return optind == argc && o->jobs >= 1 && o->jobs <= MAX_JOBS && o->runs >= 1;
}

static void take_verdict(struct tally *t, struct verdict *v)
{
	t->ended++;
	t->cpu_s += v->cpu_s;
	t->edits += v->edits;
	t->merges += v->counts.merges;
	t->refusals += v->counts.refusals;
	t->retries += v->counts.retries;
	t->mishaps += v->counts.mishaps;
	t->overlap += v->counts.overlap;
	t->together += v->counts.together;
	if (v->kind[0] == '\0') {
		if (t->least_edits == 0 || v->edits < t->least_edits)
			t->least_edits = v->edits;
		return;
	}
	(void)printf("seed %llu:\n%s", (unsigned long long)v->seed, buf_text(&v->findings));
	if (t->failed++ == 0) {
		t->first = v->seed;
		memcpy(t->kind, v->kind, sizeof(t->kind));
	}
}

/* In the order of their seeds, so that what is printed is the same whatever runs side by side. */
static enum status run_all(struct tally *t, const struct options *o, struct error *e)
{
	static struct plan plan;
	struct trial trials[MAX_JOBS] = {{0}};
	enum status st = STATUS_OK;

	for (unsigned long i = 0; i < o->runs + o->jobs; i++) {
		struct trial *slot = &trials[i % o->jobs];
		struct verdict v;

		if (slot->pid > 0) {
			trial_end(&v, slot);
			take_verdict(t, &v);
			verdict_clear(&v);
			if (t->ended % 100 == 0)
				(void)fprintf(stderr, "%lu of %lu runs\n", t->ended, o->runs);
		}
		if (i >= o->runs || st != STATUS_OK || (o->planted && t->failed > 0))
			continue;
		plan_make(&plan, o->seed + i);
		st = trial_start(slot, &o->trials, &plan, e);
	}
	return st;
}

static void tell_shortened(const struct options *o, const struct tally *t)
{
	static struct plan plan;
	struct verdict v;
	size_t left = 0;

	plan_make(&plan, t->first);
	shrink(&v, &plan, &o->trials, t->kind);
	for (size_t i = 0; i < plan.len; i++)
		left += !plan.left_out[i];
	(void)printf("seed %llu shortened to %zu of %zu steps:\n", (unsigned long long)t->first, left, plan.len);
	for (size_t i = 0; i < plan.len; i++)
		if (!plan.left_out[i])
			plan_tell(stdout, &plan, i);
	(void)printf("and then everybody syncs until nothing moves. Found:\n%s", buf_text(&v.findings));
	verdict_clear(&v);
}

static void tell_sum(const struct tally *t)
{
	unsigned long n = t->ended > 0 ? t->ended : 1;

	(void)printf("%lu runs, %lu with findings; on average %lu edits (%u at least), %lu %% of them met by another, %lu merges, %lu.%lu together, %lu.%lu mishaps, "
		     "%lu.%lu refusals, %lu.%lu made again; %.2f s CPU\n",
		     t->ended, t->failed, t->edits / n, t->least_edits, t->overlap / n, t->merges / n, t->together / n, t->together * 10 / n % 10, t->mishaps / n, t->mishaps * 10 / n % 10,
		     t->refusals / n, t->refusals * 10 / n % 10, t->retries / n, t->retries * 10 / n % 10, t->cpu_s / (double)n);
}

/* A run that did not come to its end, or did little, shows nothing of a planted fault. */
static bool ran_badly(const struct tally *t)
{
	return strcmp(t->kind, "crash") == 0 || strcmp(t->kind, "stalled") == 0 || strcmp(t->kind, "start") == 0 ||
	       strcmp(t->kind, "small") == 0;
}

int main(int argc, char **argv)
{
	static struct options o = {.seed = 1, .runs = 100, .jobs = 1, .shrinks = true};
	struct tally t = {.ended = 0};
	struct error e = {0};
	enum status st = STATUS_OK;

	if (!read_options(&o, argc, argv)) {
		(void)fputs(USAGE, stderr);
		return 2;
	}
	log_set_level(LOG_LEVEL_ERROR);
	st = repo_init_library(&e);
	if (st == STATUS_OK)
		st = trials_open(&o.trials, &e);
	if (st == STATUS_OK)
		st = run_all(&t, &o, &e);
	if (st == STATUS_OK && t.failed > 0 && o.shrinks && strcmp(t.kind, "small") != 0)
		tell_shortened(&o, &t);
	if (st == STATUS_OK)
		tell_sum(&t);
	else
		(void)fprintf(stderr, "%s\n", e.text);
	trials_close(&o.trials);
	repo_shutdown_library();
	return st == STATUS_OK && (t.failed > 0) == o.planted && !(o.planted && ran_badly(&t)) ? 0 : 1;
}
