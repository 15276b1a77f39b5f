/* tests/client/test_seen.c - a server that contradicts itself: what is kept of it, how much of that, and what goes on all the same. */
#include "tests/client/server_log.h"

#include "client/files.h"
#include "client/seen.h"
#include "client/sync_internal.h"

#define VISITS 30
#define FORK_BYTES 100000 /* which do not compress */

static struct practice p;
static struct key *server_key;
static struct qip *boss;
static struct oid known, before; /* where the log that boss has followed ends, and the merge before that */

static int set_up(void **state)
{
	char path[TREE_PATH_MAX];
	struct commit c = COMMIT_INIT;

	(void)state;
	practice_start(&p);
	boss = practice_manager(&p, "manager");
	practice_add_action(path, boss, "QIP-01");
	(void)practice_sync(boss);
	(void)practice_sync(boss);
	server_key = practice_server_key(&p);
	OK(home_ref(&known, boss, REF_MAIN, &last_error));
	OK(repo_commit_read(&c, boss->repo, &known, &last_error));
	before = c.parents[0];
	commit_clear(&c);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(boss);
	key_free(server_key);
	practice_stop(&p);
	return 0;
}

/* From now on the server shows a log that goes on from `from` with one more merge, unlike any before; its end. */
static struct oid show_fork(const struct oid *from)
{
	static uint8_t bytes[FORK_BYTES];
	struct oid main, fork;
	struct repo *r = server_log_begin(&p, &main);

	OK(env_system()->random(env_system()->ctx, bytes, sizeof(bytes)));
	fork = server_merge(r, from, &(struct server_merge){.key = server_key, .path = "themes/x.json", .bytes = bytes, .len = sizeof(bytes)});
	server_log_end(&p, r, &fork);
	return fork;
}

static void show_truth(void)
{
	struct oid main;
	struct repo *r = server_log_begin(&p, &main);

	server_log_end(&p, r, &known);
}

static void sync_finds(const char *words)
{
	struct qip_sync_report report;
	struct oid main;

	FAILS(qip_sync(boss, &report, &last_error), STATUS_CONTRADICTED);
	if (!strstr(last_error.text, words))
		fail_msg("it said: %s", last_error.text);
	OK(home_ref(&main, boss, REF_MAIN, &last_error));
	assert_true(oid_equal(&main, &known));
}

/* ---- what is kept ---- */

struct listed {
	int all, open, kept;
	struct qip_seen last;
};

static enum status list_one(void *ctx, const struct qip_seen *s, struct error *e)
{
	struct listed *l = ctx;

	(void)e;
	l->all++;
	l->open += !s->settled[0];
	l->kept += s->ref[0] != '\0';
	l->last = *s;
	return STATUS_OK;
}

static struct listed list_all(void)
{
	struct listed l = {.all = 0};

	OK(qip_seen_each(boss, list_one, &l, &last_error));
	return l;
}

static void settle_all(void)
{
	for (int i = list_all().all; i > 0; i--)
		OK(qip_seen_settle(boss, i, "A test", &last_error));
}

static long long disk_bytes;

static int add_size(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	(void)path;
	(void)ftw;
	disk_bytes += type == FTW_F ? (long long)info->st_size : 0;
	return 0;
}

static long long home_bytes(void)
{
	disk_bytes = 0;
	assert_int_equal(nftw(practice_path(&p, "manager"), add_size, 20, FTW_PHYS), 0);
	return disk_bytes;
}

static void a_new_fork_at_each_visit_is_told_each_time_and_does_not_fill_the_disk(void **state)
{
	long long start = home_bytes();
	size_t packs = 0, first_packs = 0;

	(void)state;
	OK(repo_count_packs(&first_packs, boss->repo, &last_error));
	for (int i = 0; i < VISITS; i++) {
		(void)show_fork(&before);
		sync_finds(i < LIMIT_SEEN_FORKS ? "is kept as refs/seen/" : "enough like it is kept already");
	}
	OK(repo_count_packs(&packs, boss->repo, &last_error));
	assert_int_equal(list_all().open, LIMIT_SEEN_FORKS);
	assert_int_equal(list_all().kept, LIMIT_SEEN_FORKS);
	assert_true(packs <= first_packs + LIMIT_SEEN_FORKS);
	assert_true(home_bytes() - start < (LIMIT_SEEN_FORKS + 1) * FORK_BYTES);
	settle_all();
	show_truth();
	(void)practice_sync(boss);
}

static void a_fork_that_grows_on_is_the_same_and_kept_once(void **state)
{
	struct oid end = before;
	long long first = 0;
	int listed = list_all().all;

	(void)state;
	for (int i = 0; i < 5; i++) {
		end = show_fork(&end);
		sync_finds("is kept as refs/seen/");
		if (i == 0)
			first = home_bytes();
	}
	assert_int_equal(list_all().all, listed + 1);
	assert_true(home_bytes() - first < FORK_BYTES);
}

static void what_was_settled_and_is_shown_again_is_told_again(void **state)
{
	int listed = list_all().all;
	char ref[64];

	(void)state;
	settle_all();
	assert_int_equal(list_all().open, 0);
	sync_finds("another history than before");
	assert_int_equal(list_all().all, listed + 1);
	assert_int_equal(list_all().open, 1);
	memcpy(ref, list_all().last.ref, sizeof(ref));
	sync_finds(ref);
	assert_int_equal(list_all().all, listed + 1);
	settle_all();
	show_truth();
	(void)practice_sync(boss);
}

/* ---- who said it ---- */

static void a_word_that_the_server_made_up_is_told_as_the_servers(void **state)
{
	char record[256], hex[OID_HEX_LEN + 1];
	struct oid main, lie;
	struct repo *r = server_log_begin(&p, &main);

	(void)state;
	oid_hex(hex, &before);
	(void)snprintf(record, sizeof(record), "{\"at\":\"\",\"device\":\"manager\",\"index\":1,\"main\":\"%s\",\"schema\":\"checkpoint/1\"}", hex);
	lie = server_merge(r, &main, &(struct server_merge){.key = server_key, .path = "checkpoints/manager.json", .bytes = record, .len = strlen(record)});
	server_log_end(&p, r, &lie);
	sync_finds("and manager has not signed that: it was made up");
	assert_string_equal(list_all().last.kind, "forged");
	assert_string_equal(list_all().last.device, "");
	sync_finds(list_all().last.ref);
	settle_all();
	show_truth();
	(void)practice_sync(boss);
}

/* The real server refuses to answer without a log, so this list is made up. */
static void a_server_that_lists_no_history_any_more_is_told_of_and_listed_once(void **state)
{
	struct sync visit = {.q = boss};
	int listed = list_all().all;

	(void)state;
	for (int i = 0; i < 2; i++) {
		FAILS(sync_follow(&visit, &last_error), STATUS_CONTRADICTED);
		assert_non_null(strstr(last_error.text, "the server shows no history, while it has shown and signed merge"));
	}
	assert_int_equal(list_all().all, listed + 1);
	assert_string_equal(list_all().last.kind, "gone");
	assert_string_equal(list_all().last.ref, "");
	settle_all();
}

/* ---- what goes on all the same ---- */

static void make_ready_for_housekeeping(void)
{
	practice_shorten_certificate(&p, boss, env_system()->now_ms(env_system()->ctx) + 86400000);
	qip_close(boss);
	boss = practice_open(&p, "manager");
	for (int i = 0; i < LIMIT_PACKS + 5; i++) {
		struct oid id;
		char text[16];

		(void)snprintf(text, sizeof(text), "%d", i);
		OK(repo_write(&id, boss->repo, REPO_BLOB, text, strlen(text), &last_error));
		OK(repo_flush(boss->repo, &last_error));
	}
	boss->state.last_sync_ms = 0; /* the server tells whole seconds, and two visits fit into one */
}

static void assert_kept_house(void)
{
	struct buf pem = BUF_INIT;
	size_t packs = 0;
	int64_t until_ms = 0;

	OK(files_read(&pem, boss->dir, HOME_CERT, 10000, &last_error));
	OK(cert_not_after(&until_ms, buf_text(&pem), &last_error));
	assert_true(until_ms > env_system()->now_ms(env_system()->ctx) + LIMIT_RENEW_MS);
	OK(repo_count_packs(&packs, boss->repo, &last_error));
	assert_true(packs <= LIMIT_PACKS);
	buf_clear(&pem);
}

static void certificate_and_packs_are_seen_to_whatever_the_server_shows(void **state)
{
	struct stated other = {.device = "fleckney", .index = 1, .main = {{9}}, .at = "2026-11-22T10:00:00.000Z"};

	(void)state;
	make_ready_for_housekeeping();
	(void)show_fork(&before);
	sync_finds("another history than before");
	assert_kept_house();
	assert_int_equal(boss->state.last_sync_ms, 0); /* nothing was exchanged */
	settle_all();
	show_truth();
	make_ready_for_housekeeping();
	OK(seen_wait_for(boss, &other, &last_error));
	sync_finds("fleckney has signed that merge 1");
	assert_kept_house();
	assert_true(boss->state.last_sync_ms > 0);
	settle_all();
}

/* ---- a list that was changed by hand ---- */

static void a_list_that_is_not_as_it_was_written_is_said_to_be_damaged_and_left(void **state)
{
	static const char *const lists[] = {
		"{\"found\":[{\"at\":\"\",\"commit\":\"0000000000000000000000000000000000000000\",\"device\":\"\",\"kind\":\"gone\",\"text\":\"\"}]}",
		"{\"found\":[{\"at\":\"\",\"commit\":\"0000000000000000000000000000000000000000\",\"device\":\"\",\"kind\":\"gone\",\"ref\":7,\"text\":\"\"}]}",
		"{\"found\":[7]}", "{\"found\":{}}", "{\"stated\":[{}]}", "{\"stated\":7}", "[]", "7"};
	struct seen s = {.kind = "gone", .text = "something"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct buf bytes = BUF_INIT;

		OK(files_write(boss->dir, "seen.json", lists[i], strlen(lists[i]), 0600, &last_error));
		FAILS(seen_contradiction(boss, &s, &last_error), STATUS_CORRUPT);
		assert_non_null(strstr(last_error.text, "something. This could not be kept"));
		FAILS(qip_seen_settle(boss, 1, "why", &last_error), STATUS_CORRUPT);
		OK(files_read(&bytes, boss->dir, "seen.json", 1000, &last_error));
		assert_string_equal(buf_text(&bytes), lists[i]);
		buf_clear(&bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_fork_at_each_visit_is_told_each_time_and_does_not_fill_the_disk),
		cmocka_unit_test(a_fork_that_grows_on_is_the_same_and_kept_once),
		cmocka_unit_test(what_was_settled_and_is_shown_again_is_told_again),
		cmocka_unit_test(a_word_that_the_server_made_up_is_told_as_the_servers),
		cmocka_unit_test(a_server_that_lists_no_history_any_more_is_told_of_and_listed_once),
		cmocka_unit_test(certificate_and_packs_are_seen_to_whatever_the_server_shows),
		cmocka_unit_test(a_list_that_is_not_as_it_was_written_is_said_to_be_damaged_and_left),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
