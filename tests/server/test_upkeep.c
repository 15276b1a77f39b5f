#include "tests/server/fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#define PUSHES 200
#define MOST_PACKS 50

static atomic_bool pushing = true;

struct reading {
	int fetches, failures;
};

/* Fetch the whole log again and again, as a joining device does. */
static void *read_on(void *arg)
{
	struct reading *reading = arg;

	while (atomic_load(&pushing)) {
		struct oid main_id = server_ref(&w, "refs/heads/main");
		struct buf body = BUF_INIT;
		char hex[OID_HEX_LEN + 1];
		struct reply r;

		oid_hex(hex, &main_id);
		pkt_addf(&body, "want %s\n", hex);
		pkt_flush(&body);
		pkt_addf(&body, "done\n");
		post(&r, &w, &manager, "/" ODS "/history.git/git-upload-pack", "application/x-git-upload-pack-request",
		     body.data, body.len);
		reading->fetches++;
		reading->failures += r.code != 200 || !reply_has(&r, "PACK");
		buf_clear(&body);
		reply_clear(&r);
	}
	return NULL;
}

static void packs_stay_few_over_many_pushes_and_readers_do_not_notice(void **state)
{
	struct reading reading = {0, 0};
	struct oid main_id = fetch_main(&w);
	pthread_t reader;
	size_t most = 0;

	(void)state;
	assert_int_equal(pthread_create(&reader, NULL, read_on, &reading), 0);
	for (int i = 0; i < PUSHES; i++) {
		char id[16], path[64];
		struct file file = {path, NULL};
		struct oid head;
		size_t n = 0;

		(void)snprintf(id, sizeof(id), "site%d", i);
		(void)snprintf(path, sizeof(path), "sites/%s.json", id);
		file.record = site_record(id, "A site");
		/* one edit on the other; nothing else happens in this practice */
		head = commit(&w, &manager, i ? &manager.head : &main_id, &file, 1);
		assert_true(push(&w, &manager, &head, NULL));
		ok(repo_flush(w.local, NULL));
		n = packs(&w);
		most = n > most ? n : most;
	}
	atomic_store(&pushing, false);
	assert_int_equal(pthread_join(reader, NULL), 0);
	assert_true(reading.fetches > 0);
	assert_int_equal(reading.failures, 0);
	assert_true(log_count(&w, "packs joined") > 0);
	assert_int_equal(log_count(&w, "could not be joined"), 0);
	assert_true(most <= MOST_PACKS);
	assert_sound(&w);
}

static void every_record_is_there_afterwards(void **state)
{
	struct repo *there = NULL;
	struct commit c = COMMIT_INIT;
	struct oid main_id = server_ref(&w, "refs/heads/main");

	(void)state;
	ok(repo_open(&there, w.git, NULL));
	ok(repo_commit_read(&c, there, &main_id, NULL));
	for (int i = 0; i < PUSHES; i++) {
		struct buf text = BUF_INIT;
		char path[64];

		(void)snprintf(path, sizeof(path), "sites/site%d.json", i);
		ok(tree_read_path(&text, there, &c.tree, path, RECORD_MAX_BYTES, NULL));
		buf_clear(&text);
	}
	commit_clear(&c);
	repo_close(there);
}

/* How many pieces of packs the server has mapped. */
static int mapped_packs(void)
{
	char path[64], line[512];
	FILE *f = NULL;
	int n = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)w.pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "/objects/pack/") != NULL;
	(void)fclose(f);
	return n;
}

static void a_server_at_rest_holds_no_pack(void **state)
{
	(void)state;
	(void)fetch_main(&w);
	/* a request's handle is closed behind its answer, and packs may be joined just now */
	for (int i = 0; i < 600 && mapped_packs() > 0; i++)
		(void)usleep(100000);
	assert_int_equal(mapped_packs(), 0);
}

static void a_server_killed_amid_this_goes_on_with_all_of_it(void **state)
{
	(void)state;
	(void)server_stop(&w, SIGKILL);
	assert_sound(&w);
	server_start(&w);
	(void)fetch_main(&w);
	every_record_is_there_afterwards(state);
}

static void refs_that_could_not_be_moved_with_main_follow_when_they_can(void **state)
{
	struct oid main_id = fetch_main(&w), before = server_ref(&w, "refs/kiosk/config"), after = before, id;
	struct file file = {"sites/ayton.json", site_record("ayton", "A site")};
	char lock[300];

	(void)state;
	/* a folder where a file has to be made */
	(void)snprintf(lock, sizeof(lock), "%s/refs/kiosk/config.lock", w.git);
	assert_int_equal(mkdir(lock, 0700), 0);
	id = commit(&w, &manager, &main_id, &file, 1);
	assert_true(push(&w, &manager, &id, NULL));
	after = server_ref(&w, "refs/kiosk/config");
	assert_true(oid_equal(&before, &after));
	assert_int_equal(rmdir(lock), 0);
	for (int i = 0; i < 600 && oid_equal(&before, &after); i++) {
		(void)usleep(100000);
		after = server_ref(&w, "refs/kiosk/config");
	}
	assert_false(oid_equal(&before, &after));
	assert_sound(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packs_stay_few_over_many_pushes_and_readers_do_not_notice),
		cmocka_unit_test(every_record_is_there_afterwards),
		cmocka_unit_test(a_server_at_rest_holds_no_pack),
		cmocka_unit_test(a_server_killed_amid_this_goes_on_with_all_of_it),
		cmocka_unit_test(refs_that_could_not_be_moved_with_main_follow_when_they_can),
	};
	int failed = 0;

	ok(repo_init_library(NULL));
	failed = cmocka_run_group_tests(tests, open_practice, close_practice);
	repo_shutdown_library();
	return failed;
}
