/* tests/bench/load_fetch.c - a device that lacks a little fetches it, from one server and from the other in turn.
 *
 *     server_load fetch ROUNDS COUNT HOME HAVE URL...
 *
 * HOME has the commit HAVE of main and all behind it. COUNT times in a round, for each URL: list the refs, ask for main, take the pack in up
 * to where it would be judged, and let it go again. The connection is kept. A line a round: milliseconds for one, for each URL.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/fetch.h"
#include "tests/bench/load.h"

#define MAX_URLS 4

static void fetch_once(struct qip *q, struct remote *r, const struct oid *have)
{
	struct remote_refs refs = {0};
	const struct fetch f = {.want = &refs.main, .haves = have, .haves_len = 1, .limits = &fetch_whole};
	struct repo_intake *in = NULL;
	struct error e = {0};
	uint64_t pack_bytes = 0;

	load_must(remote_list(&refs, r, q, &e), &e, "a list of refs");
	load_must(fetch_pack(&in, &pack_bytes, r, q->repo, &f, &e), &e, "a fetch");
	if (!repo_has(q->repo, &refs.main))
		load_fail("a fetch", "has not brought main");
	repo_intake_close(in);
}

static double fetch_some(struct qip *q, struct remote *r, const struct oid *have, size_t count)
{
	int64_t begin = load_now_ns();

	for (size_t i = 0; i < count; i++)
		fetch_once(q, r, have);
	return (double)(load_now_ns() - begin) / 1e6 / (double)count;
}

int load_fetch(int argc, char **argv)
{
	struct remote *remotes = load_alloc(MAX_URLS, sizeof(*remotes));
	double ms[MAX_URLS];
	struct qip *q = NULL;
	struct oid have;
	size_t rounds = 0, count = 0, len = 0;

	if (argc < 5 || argc > 4 + MAX_URLS)
		load_fail("fetch", "ROUNDS COUNT HOME HAVE URL...");
	rounds = load_number(argv[0]);
	count = load_number(argv[1]);
	q = load_open(argv[2]);
	load_must(oid_parse(&have, argv[3], strlen(argv[3])), NULL, argv[3]);
	len = (size_t)argc - 4;
	for (size_t i = 0; i < len; i++) {
		load_remote(&remotes[i], q, argv[4 + i]);
		fetch_once(q, &remotes[i], &have);
	}
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < len; i++) {
			size_t at = round % 2 ? len - 1 - i : i;

			ms[at] = fetch_some(q, &remotes[at], &have, count);
		}
		for (size_t i = 0; i < len; i++)
			printf("%.4f%c", ms[i], i + 1 < len ? ' ' : '\n');
	}
	for (size_t i = 0; i < len; i++)
		remote_close(&remotes[i]);
	free(remotes);
	qip_close(q);
	return 0;
}
