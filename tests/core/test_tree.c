#include "repo_fixture.h"

#include "core/tree.h"

/* Every file that differs as "<sign><path> ", in the order of the visits. */
static enum status note(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id,
			struct error *e)
{
	struct buf *out = ctx;

	(void)e;
	assert_true(old_id || new_id);
	buf_addf(out, "%s%s ", !old_id ? "+" : !new_id ? "-" : "*", path);
	return strstr(path, "stop") ? STATUS_DENIED : STATUS_OK;
}

static void assert_diff(struct fixture *f, const struct oid *old, const struct oid *new, const char *expected)
{
	struct buf out = BUF_INIT;

	ASSERT_OK(tree_diff(f->r, old, new, note, &out, &f->e));
	assert_string_equal(buf_text(&out), expected);
	buf_clear(&out);
}

static void assert_each(struct fixture *f, const struct oid *tree, const char *prefix, const char *expected)
{
	struct buf out = BUF_INIT;

	ASSERT_OK(tree_each(f->r, tree, prefix, note, &out, &f->e));
	assert_string_equal(buf_text(&out), expected);
	buf_clear(&out);
}

/* A tree of files, each with its path as content. */
static struct oid files(struct fixture *f, const char *const *paths, size_t len)
{
	struct tree_edit edits[16];
	struct oid id;

	assert_true(len <= ARRAY_LEN(edits));
	for (size_t i = 0; i < len; i++)
		edits[i] = (struct tree_edit){.path = paths[i], .id = blob(f, paths[i])};
	ASSERT_OK(tree_apply(&id, f->r, NULL, edits, len, &f->e));
	return id;
}

static const char *const plan[] = {"sites/kibworth.json", "qip/a.json", "practice.json", "qip/b.json",
				   "devices/kib/one.json"};

static void files_come_back_by_their_paths(void **state)
{
	struct fixture *f = *state;
	struct oid tree = files(f, plan, ARRAY_LEN(plan)), id, expected = blob(f, "qip/b.json");
	struct buf out = BUF_INIT;
	bool is_dir = true;

	ASSERT_OK(tree_find(&id, &is_dir, f->r, &tree, "qip/b.json", &f->e));
	assert_true(oid_equal(&id, &expected));
	assert_false(is_dir);
	ASSERT_OK(tree_find(&id, &is_dir, f->r, &tree, "devices/kib", &f->e));
	assert_true(is_dir);
	ASSERT_OK(tree_read_path(&out, f->r, &tree, "devices/kib/one.json", 100, &f->e));
	assert_string_equal(buf_text(&out), "devices/kib/one.json");
	assert_int_equal(tree_read_path(&out, f->r, &tree, "devices/kib/one.json", 5, &f->e), STATUS_TOO_BIG);
	assert_int_equal(tree_read_path(&out, f->r, &tree, "devices/kib", 100, &f->e), STATUS_NOT_FOUND);
	buf_clear(&out);
}

static void a_path_that_is_not_there_is_not_found(void **state)
{
	static const char *const absent[] = {"x",  "qip/c.json", "qip/a", "practice.json/x", "devices/kib/one.json/y",
					     "qi", "qip/..",	 "."};
	static const char *const unclean[] = {"", "/", "/qip", "qip/", "qip//a.json", "1/2/3/4/5/6/7/8/9"};
	struct fixture *f = *state;
	struct oid tree = files(f, plan, ARRAY_LEN(plan)), zero = {{0}}, id;
	bool is_dir = false;

	for (size_t i = 0; i < ARRAY_LEN(absent); i++)
		assert_int_equal(tree_find(&id, &is_dir, f->r, &tree, absent[i], &f->e), STATUS_NOT_FOUND);
	for (size_t i = 0; i < ARRAY_LEN(unclean); i++)
		assert_int_equal(tree_find(&id, &is_dir, f->r, &tree, unclean[i], &f->e), STATUS_INVALID);
	assert_int_equal(tree_find(&id, &is_dir, f->r, NULL, "qip", &f->e), STATUS_NOT_FOUND);
	assert_int_equal(tree_find(&id, &is_dir, f->r, &zero, "qip", &f->e), STATUS_NOT_FOUND);
}

static void a_missing_directory_is_damage_and_not_absence(void **state)
{
	struct fixture *f = *state;
	struct tree_entry entries[] = {{"qip", true, {{1, 2, 3}}}};
	struct oid tree = tree_of(f, entries, 1), id;
	struct tree_edit edit = {.path = "qip/a.json", .id = blob(f, "x")};
	struct buf out = BUF_INIT;
	bool is_dir = false;

	assert_int_equal(tree_find(&id, &is_dir, f->r, &tree, "qip/a.json", &f->e), STATUS_CORRUPT);
	assert_int_equal(tree_each(f->r, &tree, "", note, &out, &f->e), STATUS_CORRUPT);
	assert_int_equal(tree_diff(f->r, &tree, NULL, note, &out, &f->e), STATUS_CORRUPT);
	assert_int_equal(tree_apply(&id, f->r, &tree, &edit, 1, &f->e), STATUS_CORRUPT);
	assert_int_equal(out.len, 0);
}

static void edits_add_change_and_remove(void **state)
{
	struct fixture *f = *state;
	struct oid tree = files(f, plan, ARRAY_LEN(plan)), new;
	struct tree_edit edits[] = {
		{.path = "surveys/fft.json", .id = blob(f, "fft")},
		{.path = "qip/a.json", .id = blob(f, "changed")},
		{.path = "qip/b.json"},
		{.path = "qip/b-2.json", .id = blob(f, "new")},
		{.path = "qip/never.json"},
		{.path = "no/such/place.json"},
	};

	ASSERT_OK(tree_apply(&new, f->r, &tree, edits, ARRAY_LEN(edits), &f->e));
	assert_diff(f, &tree, &new, "*qip/a.json +qip/b-2.json -qip/b.json +surveys/fft.json ");
	assert_each(f, &new, "",
		    "+devices/kib/one.json +practice.json +qip/a.json +qip/b-2.json +sites/kibworth.json "
		    "+surveys/fft.json ");
}

static void the_last_file_takes_its_directories_with_it(void **state)
{
	struct fixture *f = *state;
	struct oid tree = files(f, plan, ARRAY_LEN(plan)), new;
	struct tree_edit edit = {.path = "devices/kib/one.json"};
	bool is_dir = false;

	ASSERT_OK(tree_apply(&new, f->r, &tree, &edit, 1, &f->e));
	assert_int_equal(tree_find(&new, &is_dir, f->r, &new, "devices", &f->e), STATUS_NOT_FOUND);
}

static void all_removed_leaves_the_empty_tree(void **state)
{
	struct fixture *f = *state;
	struct oid tree = files(f, plan, ARRAY_LEN(plan)), new;
	struct tree_edit edits[] = {
		{.path = "devices"}, {.path = "practice.json"}, {.path = "qip"}, {.path = "sites/kibworth.json"}};
	char hex[OID_HEX_LEN + 1];

	ASSERT_OK(tree_apply(&new, f->r, &tree, edits, ARRAY_LEN(edits), &f->e));
	oid_hex(hex, &new);
	assert_string_equal(hex, "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
	assert_true(repo_has(f->r, &new));
	assert_each(f, &new, "", "");
	ASSERT_OK(tree_apply(&new, f->r, NULL, NULL, 0, &f->e));
	oid_hex(hex, &new);
	assert_string_equal(hex, "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
}

static void a_directory_is_put_whole(void **state)
{
	static const char *const kiosk[] = {"0/0/1.json", "0/0/2.json"};
	struct fixture *f = *state;
	struct oid tree = files(f, plan, ARRAY_LEN(plan)), own = files(f, kiosk, 2), more = files(f, kiosk, 1), empty,
		   new, newer;
	struct tree_edit edit = {.path = "feedback/kib-kiosk", .id = own, .is_dir = true};

	ASSERT_OK(tree_apply(&new, f->r, &tree, &edit, 1, &f->e));
	assert_diff(f, &tree, &new, "+feedback/kib-kiosk/0/0/1.json +feedback/kib-kiosk/0/0/2.json ");
	edit.id = more;
	ASSERT_OK(tree_apply(&newer, f->r, &new, &edit, 1, &f->e));
	assert_diff(f, &new, &newer, "-feedback/kib-kiosk/0/0/2.json ");
	ASSERT_OK(tree_apply(&empty, f->r, NULL, NULL, 0, &f->e));
	edit.id = empty;
	ASSERT_OK(tree_apply(&newer, f->r, &new, &edit, 1, &f->e));
	assert_true(oid_equal(&newer, &tree));
}

static void a_file_and_a_directory_do_not_share_a_name(void **state)
{
	struct fixture *f = *state;
	struct oid tree = files(f, plan, ARRAY_LEN(plan)), b = blob(f, "x"), sub = files(f, plan, 1), new = {{9}};
	struct tree_edit bad[] = {
		{.path = "practice.json/x", .id = b},
		{.path = "qip", .id = b},
		{.path = "devices/kib", .id = b},
		{.path = "practice.json", .id = sub, .is_dir = true},
		{.path = "qip/.git", .id = b},
		{.path = "qip/../x", .id = b},
		{.path = "/qip/x", .id = b},
		{.path = "qip/x/", .id = b},
		{.path = "", .id = b},
	};
	struct tree_edit both[] = {{.path = "n", .id = b}, {.path = "n-x", .id = b}, {.path = "n/y", .id = b}};
	struct tree_edit twice[] = {
		{.path = "n/y", .id = b}, {.path = "n-x", .id = b}, {.path = "n", .id = sub, .is_dir = true}};
	struct tree_edit same[] = {{.path = "n/y", .id = b}, {.path = "n/y"}};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (tree_apply(&new, f->r, &tree, &bad[i], 1, &f->e) != STATUS_INVALID)
			fail_msg("the edit of '%s' passed", bad[i].path);
	assert_int_equal(tree_apply(&new, f->r, &tree, both, 3, &f->e), STATUS_INVALID);
	assert_int_equal(tree_apply(&new, f->r, &tree, twice, 3, &f->e), STATUS_INVALID);
	assert_int_equal(tree_apply(&new, f->r, &tree, same, 2, &f->e), STATUS_INVALID);
	assert_int_equal(new.id[0], 9);
}

static void edits_that_clear_the_way_may_swap_a_file_and_a_directory(void **state)
{
	struct fixture *f = *state;
	struct oid tree = files(f, plan, ARRAY_LEN(plan)), b = blob(f, "x"), new;
	struct tree_edit to_dir[] = {{.path = "practice.json/deep/x", .id = b}, {.path = "practice.json"}};
	struct tree_edit to_file[] = {
		{.path = "qip/b.json"}, {.path = "qip", .id = b}, {.path = "qip-x", .id = b}, {.path = "qip/a.json"}};
	struct tree_edit not_all[] = {{.path = "qip/b.json"}, {.path = "qip", .id = b}};
	struct tree_edit nothing[] = {{.path = "practice.json/x"}};

	ASSERT_OK(tree_apply(&new, f->r, &tree, to_dir, 2, &f->e));
	assert_diff(f, &tree, &new, "-practice.json +practice.json/deep/x ");
	ASSERT_OK(tree_apply(&new, f->r, &tree, to_file, 4, &f->e));
	assert_diff(f, &tree, &new, "+qip +qip-x -qip/a.json -qip/b.json ");
	assert_int_equal(tree_apply(&new, f->r, &tree, not_all, 2, &f->e), STATUS_INVALID);
	ASSERT_OK(tree_apply(&new, f->r, &tree, nothing, 1, &f->e));
	assert_true(oid_equal(&new, &tree));
}

static void visits_go_depth_first_in_the_order_of_git(void **state)
{
	static const char *const paths[] = {"a.json", "a/z", "a0", "a-b/c", "B", "a/b/c"};
	struct fixture *f = *state;
	struct oid tree = files(f, paths, ARRAY_LEN(paths)), head = commit_at(f, &tree, NULL, 0, 0);
	char line[256];

	assert_each(f, &tree, "", "+B +a-b/c +a.json +a/b/c +a/z +a0 ");
	set_main(f, &head);
	line_of(line, sizeof(line), "git -C '%s' ls-tree -r --name-only main | tr '\\n' ' '", f->path);
	assert_string_equal(line, "B a-b/c a.json a/b/c a/z a0 ");
}

static void a_prefix_limits_the_visit_and_a_visitor_may_end_it(void **state)
{
	static const char *const paths[] = {"x/1", "x/stop", "x/t", "y/1"};
	struct fixture *f = *state;
	struct oid tree = files(f, plan, ARRAY_LEN(plan)), stops = files(f, paths, 4);
	struct buf out = BUF_INIT;

	assert_each(f, &tree, "qip", "+qip/a.json +qip/b.json ");
	assert_each(f, &tree, "qip/", "+qip/a.json +qip/b.json ");
	assert_each(f, &tree, "devices/kib", "+devices/kib/one.json ");
	assert_each(f, &tree, "surveys", "");
	assert_each(f, &tree, "practice.json", "");
	assert_each(f, NULL, "", "");
	assert_int_equal(tree_each(f->r, &tree, "/qip", note, &out, &f->e), STATUS_INVALID);
	assert_int_equal(tree_each(f->r, &stops, "", note, &out, &f->e), STATUS_DENIED);
	assert_string_equal(buf_text(&out), "+x/1 +x/stop ");
	buf_clear(&out);
}

static void trees_deeper_or_paths_longer_than_allowed_are_refused(void **state)
{
	struct fixture *f = *state;
	char name[TREE_PATH_MAX];
	struct oid b = blob(f, "x"), deep = b, wide;
	struct buf out = BUF_INIT;

	for (int i = 0; i < TREE_DEPTH_MAX; i++) {
		struct tree_entry entry = {"d", i > 0, deep};

		deep = tree_of(f, &entry, 1);
	}
	assert_each(f, &deep, "", "+d/d/d/d/d/d/d/d ");
	{
		struct tree_entry entry = {"d", true, deep};

		deep = tree_of(f, &entry, 1);
	}
	assert_int_equal(tree_each(f->r, &deep, "", note, &out, &f->e), STATUS_TOO_BIG);
	assert_int_equal(tree_each(f->r, &deep, "d", note, &out, &f->e), STATUS_TOO_BIG);
	memset(name, 'n', sizeof(name));
	name[200] = '\0';
	{
		struct tree_entry inner = {name, false, b}, outer = {name, true, tree_of(f, &inner, 1)};

		wide = tree_of(f, &outer, 1);
	}
	assert_int_equal(tree_diff(f->r, NULL, &wide, note, &out, &f->e), STATUS_TOO_BIG);
	assert_int_equal(out.len, 0);
	buf_clear(&out);
}

static void one_change_in_ten_thousand_files_reads_few_objects(void **state)
{
	struct fixture *f = *state;
	struct tree_edit *edits = calloc(10000, sizeof(*edits));
	char(*paths)[48] = calloc(10000, sizeof(*paths));
	struct oid tree, new, head, b = blob(f, "{}"), changed = blob(f, "changed");
	struct tree_edit one = {.path = "feedback/kib-kiosk/0/13/3333.json", .id = changed};
	uint64_t before = 0;
	bool is_dir = false;

	assert_non_null(edits);
	assert_non_null(paths);
	for (unsigned i = 0; i < 10000; i++) {
		(void)snprintf(paths[i], sizeof(paths[i]), "feedback/kib-kiosk/%u/%u/%u.json", i / 65536, i / 256, i);
		edits[i] = (struct tree_edit){.path = paths[i], .id = b};
	}
	ASSERT_OK(tree_apply(&tree, f->r, NULL, edits, 10000, &f->e));
	before = repo_reads(f->r);
	ASSERT_OK(tree_apply(&new, f->r, &tree, &one, 1, &f->e));
	assert_int_equal(repo_reads(f->r) - before, 5);
	before = repo_reads(f->r);
	assert_diff(f, &tree, &new, "*feedback/kib-kiosk/0/13/3333.json ");
	assert_int_equal(repo_reads(f->r) - before, 10);
	before = repo_reads(f->r);
	ASSERT_OK(tree_find(&head, &is_dir, f->r, &new, one.path, &f->e));
	assert_int_equal(repo_reads(f->r) - before, 5);
	assert_true(oid_equal(&head, &changed));
	head = commit_at(f, &new, NULL, 0, 0);
	set_main(f, &head);
	assert_int_equal(number_of("git -C '%s' ls-tree -r main | wc -l", f->path), 10000);
	free(edits);
	free(paths);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_come_back_by_their_paths),
		TEST(a_path_that_is_not_there_is_not_found),
		TEST(a_missing_directory_is_damage_and_not_absence),
		TEST(edits_add_change_and_remove),
		TEST(the_last_file_takes_its_directories_with_it),
		TEST(all_removed_leaves_the_empty_tree),
		TEST(a_directory_is_put_whole),
		TEST(a_file_and_a_directory_do_not_share_a_name),
		TEST(edits_that_clear_the_way_may_swap_a_file_and_a_directory),
		TEST(visits_go_depth_first_in_the_order_of_git),
		TEST(a_prefix_limits_the_visit_and_a_visitor_may_end_it),
		TEST(trees_deeper_or_paths_longer_than_allowed_are_refused),
		TEST(one_change_in_ten_thousand_files_reads_few_objects),
	};
	return cmocka_run_group_tests(tests, library_start, library_stop);
}
