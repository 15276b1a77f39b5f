/* tests/bench/load_idle.c - many devices are connected and have nothing to say.
 *
 *     server_load idle COUNT HOME URL
 *
 * Opens COUNT connections, each with a full mutual handshake and one request answered; says "open"; ends them at the end of its input.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/load.h"

#define THREADS 4

struct share {
	pthread_t thread;
	struct qip *q;
	struct remote *remotes;
	size_t len;
};

static void *open_share(void *arg)
{
	struct share *s = arg;

	for (size_t i = 0; i < s->len; i++) {
		struct remote_refs refs = {0};
		struct error e = {0};

		load_must(remote_open(&s->remotes[i], s->q, true, &e), &e, "a connection");
		buf_wipe(&s->remotes[i].wire.session);
		load_must(remote_list(&refs, &s->remotes[i], s->q, &e), &e, "a list of refs");
	}
	return NULL;
}

int load_idle(int argc, char **argv)
{
	struct share shares[THREADS] = {{0}};
	struct remote *remotes = NULL;
	struct qip *q = NULL;
	size_t count = 0, at = 0;

	if (argc != 3)
		load_fail("idle", "COUNT HOME URL");
	count = load_number(argv[0]);
	q = load_open(argv[1]);
	remotes = load_alloc(count, sizeof(*remotes));
	load_remote(&remotes[0], q, argv[2]); /* names the server for all */
	remote_close(&remotes[0]);
	for (size_t i = 0; i < THREADS; i++) {
		shares[i] = (struct share){.q = q, .remotes = remotes + at, .len = (count - at) / (THREADS - i)};
		at += shares[i].len;
		if (pthread_create(&shares[i].thread, NULL, open_share, &shares[i]) != 0)
			load_fail("threads", "none to be had");
	}
	for (size_t i = 0; i < THREADS; i++)
		(void)pthread_join(shares[i].thread, NULL);
	(void)puts("open");
	(void)fflush(stdout);
	while (getchar() != EOF)
		;
	for (size_t i = 0; i < count; i++)
		remote_close(&remotes[i]);
	free(remotes);
	qip_close(q);
	return 0;
}
