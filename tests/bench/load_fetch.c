/* tests/bench/load_fetch.c - a device that lacks a little fetches it, from one server and from the other in turn.
 *
 *     server_load fetch ROUNDS COUNT HOME HAVE URL...
 *
 * HOME has the commit HAVE of main and all behind it. COUNT times in a round, for each URL: list the refs, ask for main, receive the whole
 * answer. The connection is kept. What the device then does with the pack (index it, judge it) is the same wherever it comes from, and
 * devices are machines of their own: it is done once for each URL, before the clock starts, to see that the answer is right.
 * A line a round: milliseconds for one, for each URL.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/fetch.h"
#include "core/pkt.h"
#include "tests/bench/load.h"

#define MAX_URLS 4
#define REQUEST_TYPE "application/x-git-upload-pack-request"
#define RESULT_TYPE "application/x-git-upload-pack-result"

static void fetch_checked(struct qip *q, struct remote *r, const struct oid *have)
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

/* What fetch_pack asks. */
static void write_request(struct buf *out, const struct oid *want, const struct oid *have)
{
	char want_hex[OID_HEX_LEN + 1], have_hex[OID_HEX_LEN + 1];

	oid_hex(want_hex, want);
	oid_hex(have_hex, have);
	pkt_addf(out, "want %s side-band-64k ofs-delta agent=qip/" QIP_VERSION "\n", want_hex);
	pkt_flush(out);
	pkt_addf(out, "have %s\n", have_hex);
	pkt_addf(out, "done\n");
	if (!buf_ok(out))
		load_fail("a fetch", "out of memory");
}

static void fetch_once(struct qip *q, struct remote *r, const struct oid *have)
{
	struct http_response res = HTTP_RESPONSE_INIT;
	struct remote_refs refs = {0};
	struct buf body = BUF_INIT;
	struct error e = {0};
	char path[64];
	struct http_request req = {.method = "POST", .path = path, .accept = RESULT_TYPE, .content_type = REQUEST_TYPE,
				   .max_bytes = LIMIT_PACK_BYTES, .call_ms = LIMIT_CALL_MS};

	load_must(remote_list(&refs, r, q, &e), &e, "a list of refs");
	write_request(&body, &refs.main, have);
	req.body = body.data;
	req.body_len = body.len;
	(void)snprintf(path, sizeof(path), "%s/git-upload-pack", r->base);
	load_must(remote_call(r, &req, RESULT_TYPE, &res, &e), &e, "a fetch");
	if (res.body.len < 4 || !memmem(res.body.data, res.body.len, "PACK", 4) || memcmp(res.body.data + res.body.len - 4, "0000", 4) != 0)
		load_fail("a fetch", "brings no whole pack");
	http_response_clear(&res);
	buf_clear(&body);
}

static double fetch_some(struct qip *q, struct remote *r, const struct oid *have, size_t count)
{
	int64_t begin = load_now_ns();

	for (size_t i = 0; i < count; i++)
		fetch_once(q, r, have);
	return (double)(load_now_ns() - begin) / 1e6 / (double)count;
}

static void run_rounds(struct qip *q, struct remote *remotes, size_t len, const struct oid *have, size_t rounds, size_t count)
{
	double ms[MAX_URLS];

	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < len; i++) {
			size_t at = round % 2 ? len - 1 - i : i;

			ms[at] = fetch_some(q, &remotes[at], have, count);
		}
		for (size_t i = 0; i < len; i++)
			printf("%.4f%c", ms[i], i + 1 < len ? ' ' : '\n');
	}
}

int load_fetch(int argc, char **argv)
{
	struct remote *remotes = load_alloc(MAX_URLS, sizeof(*remotes));
	struct qip *q = NULL;
	struct oid have;
	size_t len = 0;

	if (argc < 5 || argc > 4 + MAX_URLS)
		load_fail("fetch", "ROUNDS COUNT HOME HAVE URL...");
	q = load_open(argv[2]);
	load_must(oid_parse(&have, argv[3], strlen(argv[3])), NULL, argv[3]);
	for (; len < (size_t)argc - 4; len++) {
		load_remote(&remotes[len], q, argv[4 + len]);
		fetch_checked(q, &remotes[len], &have);
	}
	run_rounds(q, remotes, len, &have, load_number(argv[0]), load_number(argv[1]));
	for (size_t i = 0; i < len; i++)
		remote_close(&remotes[i]);
	free(remotes);
	qip_close(q);
	return 0;
}
