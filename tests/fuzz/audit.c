/* tests/fuzz/audit.c - forged histories before the audit: none crashes or stalls it, and a change of what was signed is always found.
 *
 * fuzz_audit [--seconds N] [--seed N] [--one SEED] - forge and audit for so long (20 seconds), from that seed on (1); or the one history of
 * a seed, with words. A child does the work, so that the parent can say which seed it was that made it crash or stall.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/audit.h"
#include "core/code.h"
#include "tests/fuzz/history.h"
#include "tests/support/must.h"

#define STALL_S 60 /* for one small history, on however slow a machine */

struct progress {
	uint64_t seed; /* being looked at */
	uint64_t found, passed, unchanged;
	char told[512];
};

static volatile struct progress *progress; /* shared with the parent */

static time_t now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* ---- the child ---- */

static void audit(struct audit *out, struct history *h, const struct oid *main)
{
	uint8_t pin[SHA256_LEN];
	struct error e = {0};

	key_fingerprint(pin, h->practice.root);
	must(audit_run(out, h->practice.repo, main, FIXTURE_ODS, pin, &e), &e);
}

static void show(const struct audit *a)
{
	for (size_t i = 0; i < a->findings_len; i++)
		printf("  %.10s %s %s: %s\n", a->findings[i].commit, a->findings[i].path, a->findings[i].device, a->findings[i].text);
}

/* Threads find in any order, and yet the list is the same. */
static void assert_same_again(const struct audit *a, struct history *h, const struct forgery *f)
{
	struct audit again = AUDIT_INIT;

	audit(&again, h, &f->main);
	if (again.findings_len != a->findings_len || again.findings_more != a->findings_more ||
	    memcmp(again.findings, a->findings, a->findings_len * sizeof(*a->findings)) != 0) {
		show(a);
		show(&again);
		fail_msg("seed %llu: %s: two audits differ", (unsigned long long)progress->seed, f->told);
	}
	audit_clear(&again);
}

/* The last merge before a step; NULL for none. */
static const struct step *merge_before(const struct history *h, size_t at)
{
	while (at-- > 0)
		if (strcmp(h->steps[at].author, "server") == 0 && h->steps[at].parents_len == 2)
			return &h->steps[at];
	return NULL;
}

/* What an audit keeps of the place that it reached. */
static struct audit_checkpoint checkpoint_of(struct audit *a, const struct oid *main)
{
	struct audit_checkpoint c = {.ods = FIXTURE_ODS, .main = *main, .index = a->index, .heads = a->heads, .heads_len = a->heads_len,
				     .lasts = calloc(a->devices_len, sizeof(*c.lasts)), .rules_version = a->rules_version};

	a->heads = NULL;
	for (size_t i = 0; i < a->devices_len; i++) {
		if (a->devices[i].last_seq == 0)
			continue;
		memcpy(c.lasts[c.lasts_len].device, a->devices[i].id, sizeof(a->devices[i].id));
		c.lasts[c.lasts_len++].seq = a->devices[i].last_seq;
	}
	(void)snprintf(c.last_received, sizeof(c.last_received), "%s", a->last_received);
	return c;
}

/* An audit that goes on from before the forgery finds it, too. */
static void assert_found_from(struct history *h, const struct forgery *f, const struct audit *whole)
{
	const struct step *place = merge_before(h, f->at);
	struct audit earlier = AUDIT_INIT, later = AUDIT_INIT;
	struct audit_checkpoint c;
	uint8_t pin[SHA256_LEN];
	struct error e = {0};
	enum status st;

	if (!place)
		return;
	key_fingerprint(pin, h->practice.root);
	audit(&earlier, h, &place->id);
	c = checkpoint_of(&earlier, &place->id);
	st = audit_run_in(&later, h->practice.repo, &f->main, FIXTURE_ODS, pin, &(struct audit_scope){.earlier = &c}, &e);
	if (st != STATUS_OK && st != STATUS_STALE)
		fail_msg("seed %llu: %s: from %zu: %s", (unsigned long long)progress->seed, f->told, (size_t)(place - h->steps), e.text);
	if (st == STATUS_OK && (later.findings_len > 0) != (whole->findings_len > 0)) {
		show(whole);
		show(&later);
		fail_msg("seed %llu: %s: from %zu: another answer", (unsigned long long)progress->seed, f->told, (size_t)(place - h->steps));
	}
	audit_clear(&earlier);
	audit_clear(&later);
	free(c.heads);
	free(c.lasts);
}

static void forge_once(struct history *h, uint64_t seed, bool aloud)
{
	struct dice d = {.state = seed * 0xbf58476d1ce4e5b9u};
	struct audit a = AUDIT_INIT;
	struct forgery f;

	history_forge(&f, h, &d);
	(void)snprintf((char *)(uintptr_t)progress->told, sizeof(progress->told), "%s", f.told);
	if (f.changed)
		audit(&a, h, &f.main);
	if (aloud) {
		printf("seed %llu: %s: %zu findings\n", (unsigned long long)seed, f.told, a.findings_len);
		show(&a);
	}
	if (f.changed && f.must_be_found && a.findings_len == 0)
		fail_msg("seed %llu: %s: not found", (unsigned long long)seed, f.told);
	if (f.changed && dice_once_in(&d, 16))
		assert_same_again(&a, h, &f);
	if (f.changed && dice_once_in(&d, 4))
		assert_found_from(h, &f, &a);
	progress->unchanged += !f.changed;
	progress->found += a.findings_len > 0;
	progress->passed += f.changed && a.findings_len == 0;
	audit_clear(&a);
	history_forget(h);
}

static void work(uint64_t seed, time_t until_s, bool one)
{
	struct history h;
	struct audit a = AUDIT_INIT;

	history_open(&h);
	audit(&a, &h, &h.practice.main);
	show(&a);
	if (a.findings_len > 0)
		fail_msg("the true history does not pass");
	audit_clear(&a);
	do {
		progress->seed = seed;
		forge_once(&h, seed++, one);
	} while (!one && now_s() < until_s);
	history_close(&h);
}

/* ---- the parent ---- */

static int tell(const char *what)
{
	fprintf(stderr, "seed %llu: %s: %s (again: fuzz_audit --one %llu)\n", (unsigned long long)progress->seed, (const char *)(uintptr_t)progress->told, what,
		(unsigned long long)progress->seed);
	return EXIT_FAILURE;
}

static int watch(pid_t child)
{
	uint64_t seed = UINT64_MAX;
	time_t since_s = now_s();
	int status = 0;

	while (waitpid(child, &status, WNOHANG) == 0) {
		if (progress->seed != seed) {
			seed = progress->seed;
			since_s = now_s();
		}
		if (now_s() - since_s > STALL_S) {
			(void)kill(child, SIGKILL);
			(void)waitpid(child, &status, 0);
			return tell("the audit stalls");
		}
		(void)usleep(50000);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return tell("the audit crashes, leaks or misses it");
	printf("%llu forged histories: the audit found %llu, %llu could not be told from true ones, %llu came out unchanged\n",
	       (unsigned long long)(progress->found + progress->passed + progress->unchanged), (unsigned long long)progress->found,
	       (unsigned long long)progress->passed, (unsigned long long)progress->unchanged);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1;
	time_t seconds = 20;
	bool one = false;
	pid_t child;

	for (int i = 1; i + 1 < argc; i += 2) {
		uint64_t n = strtoull(argv[i + 1], NULL, 10);

		if (strcmp(argv[i], "--seconds") == 0)
			seconds = (time_t)n;
		else
			seed = n;
		one = one || strcmp(argv[i], "--one") == 0;
	}
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED)
		return EXIT_FAILURE;
	child = fork();
	if (child == 0) {
		work(seed, now_s() + seconds, one);
		exit(EXIT_SUCCESS);
	}
	return child > 0 ? watch(child) : EXIT_FAILURE;
}
