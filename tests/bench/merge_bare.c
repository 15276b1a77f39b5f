/* tests/bench/merge_bare.c - the least that an audit can take: every commit's signature, checked on all processors.
 *
 *     merge_load bare REPO ROUNDS      a line a round: milliseconds, and how many signatures were checked in them
 *
 * Commits are read, and keys taken as they name themselves, before the clock runs. Each merge of the log is expected to bring one commit.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/signature.h"
#include "tests/bench/merge_load.h"

#define KEYS 32
#define THREADS_MAX 64

struct check {
	struct commit commit;
	const struct key *key;
};

static struct check *checks;
static size_t checks_len;
static size_t threads_len;

static const struct key *signer(const struct commit *c)
{
	static struct {
		char line[KEY_SSH_MAX];
		struct key *key;
	} known[KEYS];
	static size_t known_len;
	char line[KEY_SSH_MAX];
	struct error e = {0};

	bench_must(signature_signer(line, c->signature, strlen(c->signature), &e), &e, "a signature");
	for (size_t i = 0; i < known_len; i++)
		if (strcmp(known[i].line, line) == 0)
			return known[i].key;
	if (known_len == KEYS)
		bench_fail("the history", "has too many keys");
	bench_must(key_from_ssh(&known[known_len].key, line, &e), &e, "a key");
	(void)snprintf(known[known_len].line, sizeof(line), "%s", line);
	return known[known_len++].key;
}

static void add(struct repo *r, const struct oid *id)
{
	static size_t room;
	struct error e = {0};

	if (checks_len == room) {
		room = room ? room * 2 : 1024;
		checks = realloc(checks, room * sizeof(*checks));
		if (!checks)
			bench_fail("the history", "no memory");
	}
	checks[checks_len] = (struct check){.key = NULL};
	bench_must(repo_commit_read(&checks[checks_len].commit, r, id, &e), &e, "a commit");
	checks[checks_len].key = signer(&checks[checks_len].commit);
	checks_len++;
}

static void read_log(const char *path)
{
	struct repo *r = NULL;
	struct error e = {0};
	struct oid at;

	bench_must(repo_open(&r, path, &e), &e, path);
	bench_must(repo_ref_get(&at, r, "refs/heads/main", &e), &e, path);
	for (;;) {
		size_t i = checks_len;

		add(r, &at);
		if (checks[i].commit.parents_len != 2)
			break;
		at = checks[i].commit.parents[1];
		add(r, &at);
		at = checks[i].commit.parents[0];
	}
	repo_close(r);
}

static void *check_share(void *first)
{
	for (size_t i = *(const size_t *)first; i < checks_len; i += threads_len) {
		const struct commit *c = &checks[i].commit;

		bench_must(signature_check(c->signature, strlen(c->signature), checks[i].key, SIGNATURE_NAMESPACE_GIT, c->signed_text,
					   c->signed_len, NULL),
			   NULL, "a signature");
	}
	return NULL;
}

static double check_all(void)
{
	pthread_t threads[THREADS_MAX];
	size_t firsts[THREADS_MAX];
	struct timespec start = {0}, end = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	for (size_t i = 0; i < threads_len; i++) {
		firsts[i] = i;
		if (pthread_create(&threads[i], NULL, check_share, &firsts[i]) != 0)
			bench_fail("threads", "cannot be started");
	}
	for (size_t i = 0; i < threads_len; i++)
		(void)pthread_join(threads[i], NULL);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	return (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) / 1e6;
}

int bench_bare(int argc, char **argv)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t rounds = argc == 2 ? bench_number(argv[1]) : 0;
	struct error e = {0};

	if (argc != 2)
		bench_fail("bare", "REPO ROUNDS");
	threads_len = processors < 1 ? 1 : processors > THREADS_MAX ? THREADS_MAX : (size_t)processors;
	bench_must(repo_init_library(&e), &e, "git");
	key_keep_many();
	read_log(argv[0]);
	for (size_t round = 0; round < rounds; round++)
		printf("%.3f %zu\n", check_all(), checks_len);
	for (size_t i = 0; i < checks_len; i++)
		commit_clear(&checks[i].commit);
	free(checks);
	repo_shutdown_library();
	return 0;
}
