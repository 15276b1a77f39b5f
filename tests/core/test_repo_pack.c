#include "repo_fixture.h"

#include "core/tree.h"

static enum status collect(void *ctx, const void *bytes, size_t len)
{
	struct buf *out = ctx;

	buf_add(out, bytes, len);
	return buf_ok(out) ? STATUS_OK : STATUS_NOMEM;
}

/* Send into "<dir>/<name>.pack"; how many objects. */
static uint32_t send_pack(struct fixture *f, const char *name, const struct oid *wants, size_t wants_len,
			  const struct oid *haves, size_t haves_len)
{
	struct buf out = BUF_INIT;
	uint32_t objects = UINT32_MAX;
	char path[400];
	FILE *file = NULL;

	ASSERT_OK(repo_pack_send(f->r, wants, wants_len, haves, haves_len, collect, &out, &objects, &f->e));
	(void)snprintf(path, sizeof(path), "%s/%s.pack", f->dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(out.data, 1, out.len, file), out.len);
	assert_int_equal(fclose(file), 0);
	buf_clear(&out);
	return objects;
}

/* Give the packs to a repository of stock git in turn; it must then hold all of `tip`. */
static void assert_receives(struct fixture *f, const char *names, const struct oid *tip)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, tip);
	assert_int_equal(
		run("cd '%s' && rm -rf copy && git init -q --bare -b main copy && for n in %s; do"
		    " git -C copy index-pack --strict --stdin < $n.pack >/dev/null || exit 1; done &&"
		    " git -C copy update-ref refs/heads/main %s && git -C copy fsck --strict --full >/dev/null 2>&1",
		    f->dir, names, hex),
		0);
}

static struct oid with_file(struct fixture *f, const struct oid *tree, const char *path, const char *text)
{
	struct tree_edit edit = {.path = path, .id = blob(f, text)};
	struct oid id;

	ASSERT_OK(tree_apply(&id, f->r, tree, &edit, 1, &f->e));
	return id;
}

/* The first commit: 20 files in 4 directories. */
static struct oid first_tree(struct fixture *f)
{
	struct oid tree = {{0}};

	for (int i = 0; i < 20; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "d%d/sub/%d.json", i % 4, i);
		tree = with_file(f, &tree, path, path);
	}
	return tree;
}

static void a_whole_history_makes_a_complete_repository(void **state)
{
	struct fixture *f = *state;
	struct oid tree = first_tree(f), head = commit_at(f, &tree, NULL, 0, 1000), first = head;

	for (int i = 0; i < 10; i++) {
		char text[16];

		(void)snprintf(text, sizeof(text), "%d", i);
		tree = with_file(f, &tree, "d1/sub/1.json", text);
		head = commit_at(f, &tree, &head, 1, 2000 + i);
	}
	ASSERT_OK(repo_flush(f->r, &f->e));
	/* 20 blobs, 4 + 4 directories, root, commit; then ten times blob, 2 directories, root, commit */
	assert_int_equal(send_pack(f, "all", &head, 1, NULL, 0), 20 + 8 + 1 + 1 + 10 * 5);
	assert_receives(f, "all", &head);
	assert_int_equal(send_pack(f, "first", &first, 1, NULL, 0), 20 + 8 + 1 + 1);
	assert_receives(f, "first", &first);
}

static void a_difference_holds_the_new_objects_and_no_others(void **state)
{
	struct fixture *f = *state;
	struct oid tree = first_tree(f), old = commit_at(f, &tree, NULL, 0, 1000), new_tree, head;

	new_tree = with_file(f, &tree, "d2/sub/extra.json", "extra");
	head = commit_at(f, &new_tree, &old, 1, 2000);
	assert_int_equal(send_pack(f, "one", &old, 1, NULL, 0), 30);
	assert_int_equal(send_pack(f, "two", &head, 1, &old, 1), 5);
	assert_receives(f, "one two", &head);
	assert_int_equal(send_pack(f, "none", &old, 1, &head, 1), 0);
	assert_int_equal(send_pack(f, "same", &head, 1, &head, 1), 0);
	assert_receives(f, "none one two", &head);
}

static void the_cost_follows_the_difference_and_not_the_tree_or_the_history(void **state)
{
	struct fixture *f = *state;
	struct oid tree = {{0}}, base, head;
	struct tree_edit *edits = calloc(5000, sizeof(*edits));
	char(*paths)[48] = calloc(5000, sizeof(*paths));
	uint64_t before = 0;

	assert_non_null(edits);
	assert_non_null(paths);
	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(paths[i], sizeof(paths[i]), "feedback/kib/%u/%u.json", i / 256, i);
		edits[i] = (struct tree_edit){.path = paths[i], .id = blob(f, paths[i])};
	}
	ASSERT_OK(tree_apply(&tree, f->r, NULL, edits, 5000, &f->e));
	head = commit_at(f, &tree, NULL, 0, 0);
	for (int i = 0; i < 200; i++)
		head = commit_at(f, &tree, &head, 1, i);
	base = head;
	tree = with_file(f, &tree, "feedback/kib/7/new.json", "new");
	head = commit_at(f, &tree, &head, 1, 0);
	before = repo_reads(f->r);
	assert_int_equal(send_pack(f, "new", &head, 1, &base, 1), 6);
	assert_true(repo_reads(f->r) - before <= 16);
	free(edits);
	free(paths);
}

/* A server's log: main merges the heads of a kiosk (a branch of its own, clock at 1970) and of a staff device. */
struct server_log {
	struct oid main, tree;
	struct oid kiosk, kiosk_tree;
	int n;
};

static void merge_kiosk(struct fixture *f, struct server_log *log, int64_t time_ms)
{
	char path[64];
	struct tree_edit graft = {.path = "feedback/kiosk", .is_dir = true};
	struct oid parents[2];
	bool is_dir = false;

	(void)snprintf(path, sizeof(path), "feedback/kiosk/%d.json", ++log->n);
	log->kiosk_tree = with_file(f, &log->kiosk_tree, path, path);
	log->kiosk = commit_at(f, &log->kiosk_tree, &log->kiosk, log->n > 1, time_ms);
	ASSERT_OK(tree_find(&graft.id, &is_dir, f->r, &log->kiosk_tree, "feedback/kiosk", &f->e));
	ASSERT_OK(tree_apply(&log->tree, f->r, &log->tree, &graft, 1, &f->e));
	parents[0] = log->main;
	parents[1] = log->kiosk;
	log->main = commit_at(f, &log->tree, parents, 2, 1795324800000 + log->n * 1000);
}

/* Stock git for 32 bits takes no commit later than 2038, not even its own. */
static bool git_takes_the_year_2100(const struct fixture *f)
{
	return run("cd '%s' && git init -q --bare late && cd late && tree=$(git hash-object -w -t tree /dev/null) &&"
		   " id=$(printf 'tree %%s\\nauthor a <a@b> 4102444800 +0000\\ncommitter a <a@b> 4102444800 +0000\\n\\nx\\n' $tree |"
		   " git hash-object -w --literally -t commit --stdin) && git update-ref refs/heads/main $id &&"
		   " git fsck --strict >/dev/null 2>&1",
		   f->dir) == 0;
}

static void kiosks_with_wrong_clocks_cost_nothing_more(void **state)
{
	struct fixture *f = *state;
	struct server_log log = {.n = 0};
	struct oid before;
	uint64_t reads = 0;

	log.tree = first_tree(f);
	log.main = commit_at(f, &log.tree, NULL, 0, 1795324800000);
	for (int i = 0; i < 60; i++)
		merge_kiosk(f, &log, i % 2 ? 0 : 4102444800000);
	before = log.main;
	merge_kiosk(f, &log, 0);
	reads = repo_reads(f->r);
	/* blob; kiosk's three trees and commit; root, feedback and merge of main: the grafted directory is one and the
	 * same */
	assert_int_equal(send_pack(f, "new", &log.main, 1, &before, 1), 1 + 4 + 2);
	assert_true(repo_reads(f->r) - reads < 40);
	assert_int_equal(send_pack(f, "old", &before, 1, NULL, 0) > 200, 1);
	if (git_takes_the_year_2100(f))
		assert_receives(f, "old new", &log.main);
	else
		print_message("git takes no commit of 2100 here, so it does not look at the pack\n");
}

static void a_merge_of_what_is_known_is_sent_without_what_it_merged(void **state)
{
	struct fixture *f = *state;
	struct server_log log = {.n = 0};
	struct oid haves[2];

	log.tree = first_tree(f);
	log.main = commit_at(f, &log.tree, NULL, 0, 1795324800000);
	merge_kiosk(f, &log, 0);
	haves[0] = log.main;
	merge_kiosk(f, &log, 0);
	haves[1] = log.kiosk;
	/* the merge and its root; feedback/ came with the kiosk's head, its second parent */
	assert_int_equal(send_pack(f, "new", &log.main, 1, haves, 2), 2);
}

static void a_device_that_was_silent_for_long_is_not_sent_again(void **state)
{
	struct fixture *f = *state;
	struct server_log log = {.n = 0};
	struct oid silent_tree = first_tree(f), silent, before, parents[2];

	log.tree = with_file(f, NULL, "practice.json", "{}");
	silent = commit_at(f, &silent_tree, NULL, 0, 0);
	parents[0] = commit_at(f, &log.tree, NULL, 0, 0);
	parents[1] = silent;
	log.main = commit_at(f, &log.tree, parents, 2, 1000);
	for (int i = 0; i < 100; i++)
		merge_kiosk(f, &log, 0);
	before = log.main;
	silent_tree = with_file(f, &silent_tree, "d0/sub/0.json", "again");
	silent = commit_at(f, &silent_tree, &silent, 1, 5000);
	parents[0] = log.main;
	parents[1] = silent;
	log.main = commit_at(f, &log.tree, parents, 2, 6000);
	/* the merge (its tree is its first parent's), the head, root, 2 directories and a blob */
	assert_int_equal(send_pack(f, "new", &log.main, 1, &before, 1), 6);
}

static void a_new_root_is_sent_whole(void **state)
{
	struct fixture *f = *state;
	struct server_log log = {.n = 0};
	struct oid joined_tree = with_file(f, NULL, "devices/fle.json", "fle"), before, parents[2];

	log.tree = first_tree(f);
	log.main = commit_at(f, &log.tree, NULL, 0, 0);
	for (int i = 0; i < 5; i++)
		merge_kiosk(f, &log, 0);
	before = log.main;
	parents[0] = log.main;
	parents[1] = commit_at(f, &joined_tree, NULL, 0, 7000);
	log.tree = with_file(f, &log.tree, "devices/fle.json", "fle");
	log.main = commit_at(f, &log.tree, parents, 2, 8000);
	assert_int_equal(send_pack(f, "old", &before, 1, NULL, 0) > 30, 1);
	/* merge, root of main; head, root, devices/ and the blob, which both roots share */
	assert_int_equal(send_pack(f, "new", &log.main, 1, &before, 1), 6);
	assert_receives(f, "old new", &log.main);
}

static void what_the_other_side_has_and_we_do_not_is_passed_over(void **state)
{
	struct fixture *f = *state;
	struct oid tree = first_tree(f), head = commit_at(f, &tree, NULL, 0, 0), haves[] = {{{1}}, tree, {{0}}},
		   absent = {{5}};
	struct buf out = BUF_INIT;

	assert_int_equal(send_pack(f, "all", &head, 1, haves, ARRAY_LEN(haves)), 30);
	assert_receives(f, "all", &head);
	assert_int_equal(repo_pack_send(f->r, &absent, 1, NULL, 0, collect, &out, NULL, &f->e), STATUS_NOT_FOUND);
	assert_int_equal(repo_pack_send(f->r, &tree, 1, NULL, 0, collect, &out, NULL, &f->e), STATUS_INVALID);
	assert_int_equal(out.len, 0);
}

static void several_wants_share_what_they_have_in_common(void **state)
{
	struct fixture *f = *state;
	struct oid tree = first_tree(f), base = commit_at(f, &tree, NULL, 0, 0), trees[2], wants[3];

	trees[0] = with_file(f, &tree, "d0/sub/x.json", "x");
	trees[1] = with_file(f, &tree, "d0/sub/x.json", "y");
	wants[0] = commit_at(f, &trees[0], &base, 1, 1000);
	wants[1] = commit_at(f, &trees[1], &base, 1, 2000);
	wants[2] = wants[0];
	assert_int_equal(send_pack(f, "all", wants, 3, NULL, 0), 30 + 5 + 5);
	assert_receives(f, "all", &wants[0]);
	assert_receives(f, "all", &wants[1]);
}

static enum status give_up(void *ctx, const void *bytes, size_t len)
{
	(void)ctx;
	(void)bytes;
	(void)len;
	return STATUS_TIMEOUT;
}

static void a_sink_that_fails_ends_the_sending_with_its_own_status(void **state)
{
	struct fixture *f = *state;
	struct oid tree = first_tree(f), head = commit_at(f, &tree, NULL, 0, 0);
	uint32_t objects = 77;

	assert_int_equal(repo_pack_send(f->r, &head, 1, NULL, 0, give_up, NULL, &objects, &f->e), STATUS_TIMEOUT);
	assert_int_equal(objects, 77);
	assert_int_equal(f->e.status, STATUS_TIMEOUT);
}

static void a_history_with_a_hole_is_not_sent(void **state)
{
	struct fixture *f = *state;
	struct tree_entry entries[] = {{"a", false, {{1}}}};
	struct oid tree = tree_of(f, entries, 1), absent = {{3}};
	struct oid no_blob = commit_at(f, &tree, NULL, 0, 0), good = first_tree(f),
		   no_parent = commit_at(f, &good, &absent, 1, 0);
	struct buf out = BUF_INIT;

	assert_int_equal(repo_pack_send(f->r, &no_blob, 1, NULL, 0, collect, &out, NULL, &f->e), STATUS_NOT_FOUND);
	assert_int_equal(repo_pack_send(f->r, &no_parent, 1, NULL, 0, collect, &out, NULL, &f->e), STATUS_NOT_FOUND);
	assert_int_equal(out.len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_whole_history_makes_a_complete_repository),
		TEST(a_difference_holds_the_new_objects_and_no_others),
		TEST(the_cost_follows_the_difference_and_not_the_tree_or_the_history),
		TEST(kiosks_with_wrong_clocks_cost_nothing_more),
		TEST(a_merge_of_what_is_known_is_sent_without_what_it_merged),
		TEST(a_device_that_was_silent_for_long_is_not_sent_again),
		TEST(a_new_root_is_sent_whole),
		TEST(what_the_other_side_has_and_we_do_not_is_passed_over),
		TEST(several_wants_share_what_they_have_in_common),
		TEST(a_sink_that_fails_ends_the_sending_with_its_own_status),
		TEST(a_history_with_a_hole_is_not_sent),
	};
	return cmocka_run_group_tests(tests, library_start, library_stop);
}
