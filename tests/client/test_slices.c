/* tests/client/test_slices.c - a long log comes in slices: what is lost with the link is one of them, and a server that lies about them is
 * found out. */
#include "tests/client/server_log.h"

#include "client/slices.h"

#define GROWN 200 /* merges */
#define RECORD_BYTES 3000

static struct practice p;
static struct qip *boss;
static struct key *server_key;
static struct oid chain[GROWN + 1]; /* what grow() put on the log; the first was there */
static int64_t first_index;

/* Let the server's log grow by records that do not compress; boss is at its end before. */
static void grow(void)
{
	struct repo *r = server_log_begin(&p, &chain[0]);

	OK(home_log_number(&first_index, boss, &chain[0], &last_error));
	for (int i = 1; i <= GROWN; i++) {
		uint8_t bytes[RECORD_BYTES];
		char path[TREE_PATH_MAX];

		OK(env_system()->random(env_system()->ctx, bytes, sizeof(bytes)));
		(void)snprintf(path, sizeof(path), "themes/%d/%d.json", i / 16, i);
		chain[i] = server_merge(r, &chain[i - 1], &(struct server_merge){.key = server_key, .path = path, .bytes = bytes, .len = sizeof(bytes)});
	}
	server_log_end(&p, r, &chain[GROWN]);
}

static int set_up(void **state)
{
	char path[TREE_PATH_MAX];

	(void)state;
	practice_start(&p);
	boss = practice_manager(&p, "manager");
	practice_add_action(path, boss, "QIP-01");
	(void)practice_sync(boss);
	server_key = practice_server_key(&p);
	grow();
	qip_close(boss);
	practice_copy(practice_path(&p, "manager"), practice_path(&p, "as-it-was"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	key_free(server_key);
	practice_stop(&p);
	return 0;
}

struct heard {
	int times;
	uint64_t merges, of;
	struct proxy *cut; /* cut the line at the first call, this many bytes later */
	long cut_bytes;
	bool die;          /* at the first call */
};

static void hear(void *ctx, uint64_t merges, uint64_t of)
{
	struct heard *h = ctx;

	if (h->die)
		_exit(42);
	if (h->cut && h->times == 0)
		atomic_store(&h->cut->reply_bytes, h->cut_bytes);
	h->times++;
	h->merges = merges;
	h->of = of;
}

/* The manager's home as it was before the log grew. */
static struct qip *open_heard(struct heard *h)
{
	struct qip_options o = {.home = practice_path(&p, "manager"), .lock_wait_ms = 1000, .progress = hear, .progress_ctx = h};
	struct qip *q = NULL;

	OK(qip_open(&q, &o, &last_error));
	return q;
}

static struct qip *start_again(struct heard *h)
{
	practice_remove(practice_path(&p, "manager"));
	practice_copy(practice_path(&p, "as-it-was"), practice_path(&p, "manager"));
	return open_heard(h);
}

static int64_t main_of(struct qip *q)
{
	struct oid id;
	int64_t number = 0;

	OK(home_ref(&id, q, REF_MAIN, &last_error));
	OK(home_log_number(&number, q, &id, &last_error));
	assert_true(number >= first_index && number <= first_index + GROWN);
	assert_true(oid_equal(&id, &chain[number - first_index]));
	return number;
}

static void a_slice_is_as_many_merges_as_the_last_ones_size_lets_expect(void **state)
{
	(void)state;
	assert_int_equal(slices_next(32, 0), 32 * LIMIT_SLICE_GROWTH);
	assert_int_equal(slices_next(32, 1000), 32 * LIMIT_SLICE_GROWTH);
	assert_int_equal(slices_next(1000, LIMIT_SLICE_AIM_BYTES), 1000);
	assert_int_equal(slices_next(1000, LIMIT_SLICE_AIM_BYTES * 10), 100);
	assert_int_equal(slices_next(3, LIMIT_SLICE_AIM_BYTES * 10), 1);
	assert_int_equal(slices_next(LIMIT_SLICE_MERGES, 1), LIMIT_SLICE_MERGES);
}

static void a_long_catch_up_is_told_of_slice_by_slice(void **state)
{
	struct heard heard = {0};
	struct qip *q = start_again(&heard);
	struct qip_sync_report report = practice_sync(q);

	(void)state;
	assert_int_equal(report.merges_received, GROWN);
	assert_int_equal(report.main_index, first_index + GROWN);
	assert_int_equal(heard.times, 2);
	assert_int_equal(heard.merges, first_index + LIMIT_SLICE_FIRST * (1 + LIMIT_SLICE_GROWTH));
	assert_int_equal(heard.of, first_index + GROWN);
	assert_int_equal(main_of(q), first_index + GROWN);
	qip_close(q);
}

/* Sync through the line; how many bytes the server said. */
static long sync_through(struct qip *q, struct proxy *line, uint64_t merges)
{
	atomic_store(&line->reply_bytes, PROXY_ALL);
	assert_int_equal(practice_sync(q).merges_received, merges);
	assert_int_equal(main_of(q), first_index + GROWN);
	return PROXY_ALL - atomic_load(&line->reply_bytes);
}

static void a_lost_link_costs_the_slice_that_was_on_its_way(void **state)
{
	static struct proxy line;
	struct heard heard = {0};
	struct qip_sync_report report;
	struct qip *q = start_again(&heard);
	long all = 0;

	(void)state;
	proxy_start(&line, &p);
	(void)snprintf(q->identity.url, sizeof(q->identity.url), "%s", p.url);
	all = sync_through(q, &line, GROWN);
	qip_close(q);
	heard = (struct heard){.cut = &line, .cut_bytes = 200 * 1000};
	q = start_again(&heard);
	(void)snprintf(q->identity.url, sizeof(q->identity.url), "%s", p.url);
	FAILS(qip_sync(q, &report, &last_error), STATUS_NETWORK);
	assert_int_equal(main_of(q), first_index + LIMIT_SLICE_FIRST);
	heard.cut = NULL;
	assert_true(sync_through(q, &line, GROWN - LIMIT_SLICE_FIRST) < all - LIMIT_SLICE_FIRST * RECORD_BYTES);
	qip_close(q);
	proxy_stop(&line);
}

static void a_link_that_is_lost_once_is_made_again_within_the_sync(void **state)
{
	static struct proxy line;
	struct heard heard = {.cut = &line, .cut_bytes = 200 * 1000};
	struct qip *q = start_again(&heard);

	(void)state;
	proxy_start(&line, &p);
	atomic_store(&line.then_bytes, PROXY_ALL);
	(void)snprintf(q->identity.url, sizeof(q->identity.url), "%s", p.url);
	assert_int_equal(practice_sync(q).merges_received, GROWN);
	assert_true(heard.times > 2); /* in smaller slices from then on */
	assert_int_equal(main_of(q), first_index + GROWN);
	qip_close(q);
	proxy_stop(&line);
}

static void a_device_that_dies_between_slices_goes_on_from_there(void **state)
{
	struct heard heard = {.die = true};
	struct qip *q = NULL;
	int status = 0;
	pid_t pid = 0;

	(void)state;
	qip_close(start_again(&heard));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct qip_sync_report report;

		q = open_heard(&heard);
		_exit(qip_sync(q, &report, &last_error) == STATUS_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 42);
	heard.die = false;
	q = open_heard(&heard);
	assert_int_equal(main_of(q), first_index + LIMIT_SLICE_FIRST);
	assert_int_equal(practice_sync(q).merges_received, GROWN - LIMIT_SLICE_FIRST);
	assert_int_equal(main_of(q), first_index + GROWN);
	qip_close(q);
}

/* ---- servers that lie ---- */

/* A transport that gives the answers one after the other, one a request. */
struct canned {
	const char *const *answers; /* JSON; ends with NULL */
	struct buf answer;
	size_t next, at;
};

static enum status canned_connect(void **conn, void *ctx, int deadline_ms, struct error *e)
{
	(void)deadline_ms;
	(void)e;
	*conn = ctx;
	return STATUS_OK;
}

static enum status canned_read(void *conn, void *bytes, size_t *n, int deadline_ms, struct error *e)
{
	struct canned *c = conn;
	size_t left = c->answer.len - c->at;

	(void)deadline_ms;
	(void)e;
	*n = *n < left ? *n : left;
	memcpy(bytes, c->answer.data + c->at, *n);
	c->at += *n;
	return STATUS_OK;
}

static enum status canned_write(void *conn, const void *bytes, size_t len, int deadline_ms, struct error *e)
{
	struct canned *c = conn;
	const char *json = c->answers[c->next];

	(void)deadline_ms;
	(void)e;
	if (len < 5 || memcmp(bytes, "POST ", 5) != 0 || !json)
		return STATUS_OK;
	c->next++;
	buf_reset(&c->answer);
	c->at = 0;
	buf_addf(&c->answer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(json), json);
	return STATUS_OK;
}

static void canned_close(void *ctx, void *conn)
{
	(void)ctx;
	(void)conn;
}

static const struct http_transport transport = {canned_connect, canned_read, canned_write, canned_close};

/* Follow a server that says that its log has a thousand merges and then this. Nothing of it is taken over beyond `number`. */
static void found_out(struct qip *q, const char *const *answers, enum status expected, const char *words, int64_t number)
{
	struct canned c = {.answers = answers, .answer = BUF_INIT};
	struct remote r = {.base = "/C82999/history.git"};
	struct remote_refs refs = {.main = {{9}}, .log_merges = 1000};
	uint64_t merges = 0;
	int64_t index = 0;

	OK(http_open(&r.http, &transport, &c, "host", &last_error));
	FAILS(slices_follow(&merges, &index, q, &r, &refs, &last_error), expected);
	if (!strstr(last_error.text, words))
		fail_msg("it said: %s", last_error.text);
	assert_int_equal(main_of(q), number);
	http_close(r.http);
	buf_clear(&c.answer);
}

static const char *says(char out[128], const struct oid *to, int64_t number)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, to);
	(void)snprintf(out, 128, "{\"to\":\"%s\",\"number\":%lld}", hex, (long long)number);
	return out;
}

/* A home that holds all objects of the log already, and whose main is at chain[0]: what it is told needs no fetch. */
static struct qip *with_all_objects(struct heard *h)
{
	struct qip *q = start_again(h);

	(void)practice_sync(q);
	OK(home_move_ref(q, REF_MAIN, &chain[0], &chain[GROWN], &last_error));
	return q;
}

static void a_slice_that_leads_nowhere_is_refused(void **state)
{
	static const char *const senseless[] = {"{}", "[]", "{\"to\":\"\",\"number\":20}", "{\"to\":1,\"number\":20}",
						"{\"to\":\"0000000000000000000000000000000000000000\",\"number\":20}"};
	struct heard heard = {0};
	struct qip *q = with_all_objects(&heard);
	char text[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(senseless); i++)
		found_out(q, (const char *const[]){senseless[i], NULL}, STATUS_MALFORMED, "no later part", first_index);
	found_out(q, (const char *const[]){"no json", NULL}, STATUS_MALFORMED, "not well-formed", first_index);
	found_out(q, (const char *const[]){says(text, &chain[0], first_index + 1), NULL}, STATUS_MALFORMED, "no later part", first_index);
	found_out(q, (const char *const[]){says(text, &chain[5], first_index), NULL}, STATUS_MALFORMED, "no later part", first_index);
	found_out(q, (const char *const[]){says(text, &chain[40], first_index + LIMIT_SLICE_FIRST + 1), NULL}, STATUS_MALFORMED, "no later part",
		  first_index);
	qip_close(q);
}

static void a_slice_that_does_not_go_on_from_the_last_is_refused(void **state)
{
	char one[128], two[128];
	struct heard heard = {0};
	struct qip *q = with_all_objects(&heard);
	struct commit c = COMMIT_INIT;

	(void)state;
	OK(repo_commit_read(&c, q->repo, &chain[0], &last_error));
	found_out(q, (const char *const[]){says(one, &c.parents[0], first_index + 5), NULL}, STATUS_UNTRUSTED, "another history", first_index);
	found_out(q, (const char *const[]){says(one, &c.parents[1], first_index + 5), NULL}, STATUS_UNTRUSTED, "signature", first_index);
	found_out(q, (const char *const[]){says(one, &chain[20], first_index + 21), NULL}, STATUS_UNTRUSTED, "is number", first_index);
	/* what is true is kept, and the same again leads no further */
	found_out(q, (const char *const[]){says(one, &chain[20], first_index + 20), says(two, &chain[20], first_index + 20), NULL}, STATUS_MALFORMED,
		  "no later part", first_index + 20);
	found_out(q, (const char *const[]){says(one, &chain[30], first_index + 30), says(two, &chain[25], first_index + 31), NULL}, STATUS_UNTRUSTED,
		  "another history", first_index + 30);
	commit_clear(&c);
	qip_close(q);
}

static void a_server_that_gives_no_slices_is_asked_for_all_at_once(void **state)
{
	struct heard heard = {0};
	struct qip *q = start_again(&heard);
	struct remote_refs refs;
	struct remote r;
	uint64_t merges = 0;
	int64_t index = 0;

	(void)state;
	OK(remote_open(&r, q, true, &last_error));
	OK(remote_list(&refs, &r, q, &last_error));
	assert_int_equal(refs.log_merges, first_index + GROWN);
	refs.log_merges = -1;
	OK(slices_follow(&merges, &index, q, &r, &refs, &last_error));
	assert_int_equal(merges, GROWN);
	assert_int_equal(heard.times, 0);
	remote_close(&r);
	qip_close(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slice_is_as_many_merges_as_the_last_ones_size_lets_expect),
		cmocka_unit_test(a_long_catch_up_is_told_of_slice_by_slice),
		cmocka_unit_test(a_device_that_dies_between_slices_goes_on_from_there),
		cmocka_unit_test(a_slice_that_leads_nowhere_is_refused),
		cmocka_unit_test(a_slice_that_does_not_go_on_from_the_last_is_refused),
		cmocka_unit_test(a_server_that_gives_no_slices_is_asked_for_all_at_once),
		cmocka_unit_test(a_lost_link_costs_the_slice_that_was_on_its_way),
		cmocka_unit_test(a_link_that_is_lost_once_is_made_again_within_the_sync),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
