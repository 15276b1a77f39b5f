#include "repo_fixture.h"

#include "core/tree.h"

static const struct repo_limits roomy = {.pack_bytes = 1 << 20, .objects = 1000, .object_bytes = 100000};

/* Feed in pieces of `step` bytes and finish. */
static enum status take(struct repo_intake **out, struct fixture *f, const struct repo_limits *limits,
			const void *bytes, size_t len, size_t step)
{
	enum status st = STATUS_OK;

	ASSERT_OK(repo_intake_begin(out, f->r, limits, &f->e));
	for (size_t at = 0; at < len && !st; at += step)
		st = repo_intake_feed(*out, (const char *)bytes + at, len - at < step ? len - at : step, &f->e);
	return st ? st : repo_intake_finish(*out, &f->e);
}

static void assert_nothing_left(const struct fixture *f)
{
	assert_int_equal(number_of("find '%s/incoming' '%s/objects' -type f | wc -l", f->path, f->path), 0);
	assert_int_equal(number_of("ls '%s/incoming' | wc -l", f->path), 0);
}

static void a_pack_is_seen_by_its_handle_then_by_all(void **state)
{
	struct fixture *f = *state;
	struct repo_intake *in = NULL;
	struct repo *other = NULL;
	struct buf pack = BUF_INIT;
	struct oid tip, id;
	bool is_dir = false;
	struct commit c = COMMIT_INIT;

	foreign_pack(f, &pack, &tip, "--delta-base-offset");
	ASSERT_OK(repo_open(&other, f->path, &f->e));
	ASSERT_OK(take(&in, f, &roomy, pack.data, pack.len, 1000));
	assert_true(repo_has(f->r, &tip));
	ASSERT_OK(repo_commit_read(&c, f->r, &tip, &f->e));
	ASSERT_OK(tree_find(&id, &is_dir, f->r, &c.tree, "d/big", &f->e));
	ASSERT_OK(repo_refresh(other, &f->e));
	assert_false(repo_has(other, &tip));
	assert_int_equal(repo_ref_update(f->r, "refs/heads/main", &tip, NULL, &f->e), STATUS_NOT_FOUND);

	ASSERT_OK(repo_intake_keep(in, &f->e));
	assert_true(repo_has(f->r, &tip));
	repo_intake_close(in);
	assert_true(repo_has(f->r, &tip));
	ASSERT_OK(repo_refresh(other, &f->e));
	assert_true(repo_has(other, &tip));
	ASSERT_OK(repo_ref_update(f->r, "refs/heads/main", &tip, NULL, &f->e));
	assert_int_equal(run("git -C '%s' fsck --strict --full >/dev/null 2>&1", f->path), 0);
	assert_int_equal(number_of("ls '%s/incoming' | wc -l", f->path), 0);
	commit_clear(&c);
	buf_clear(&pack);
	repo_close(other);
}

static void any_size_of_pieces_will_do(void **state)
{
	static const size_t steps[] = {1, 7, 12, 13, 31, 1 << 20};
	struct fixture *f = *state;
	struct buf pack = BUF_INIT;
	struct oid tip;

	foreign_pack(f, &pack, &tip, "");
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct repo_intake *in = NULL;

		ASSERT_OK(take(&in, f, &roomy, pack.data, pack.len, steps[i]));
		assert_true(repo_has(f->r, &tip));
		repo_intake_close(in);
		assert_false(repo_has(f->r, &tip));
	}
	assert_nothing_left(f);
	buf_clear(&pack);
}

static void a_refused_pack_leaves_nothing_behind_not_even_in_memory(void **state)
{
	struct fixture *f = *state;
	struct repo_intake *in = NULL;
	struct buf pack = BUF_INIT, content = BUF_INIT;
	struct oid tip, written;

	foreign_pack(f, &pack, &tip, "");
	ASSERT_OK(take(&in, f, &roomy, pack.data, pack.len, 4096));
	ASSERT_OK(repo_read(&content, f->r, &tip, REPO_COMMIT, 10000, &f->e));
	/* The same bytes are staged although the quarantine has them: they must not hang on a pack that may be refused.
	 */
	ASSERT_OK(repo_write(&written, f->r, REPO_COMMIT, content.data, content.len, &f->e));
	assert_true(oid_equal(&written, &tip));
	repo_intake_close(in);
	assert_nothing_left(f);
	assert_true(repo_has(f->r, &tip));
	repo_discard(f->r);
	assert_false(repo_has(f->r, &tip));
	buf_clear(&pack);
	buf_clear(&content);
}

static void staged_objects_stay_staged_when_a_pack_is_kept(void **state)
{
	struct fixture *f = *state;
	struct repo_intake *in = NULL;
	struct buf pack = BUF_INIT;
	struct oid tip, mine = blob(f, "mine");

	foreign_pack(f, &pack, &tip, "");
	ASSERT_OK(take(&in, f, &roomy, pack.data, pack.len, 4096));
	ASSERT_OK(repo_intake_keep(in, &f->e));
	repo_intake_close(in);
	assert_true(repo_has(f->r, &mine));
	assert_int_equal(number_of("ls '%s/objects/pack' | grep -c 'pack$'", f->path), 1);
	ASSERT_OK(repo_flush(f->r, &f->e));
	assert_int_equal(number_of("ls '%s/objects/pack' | grep -c 'pack$'", f->path), 2);
	buf_clear(&pack);
}

static void the_same_pack_again_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct buf pack = BUF_INIT;
	struct oid tip;

	foreign_pack(f, &pack, &tip, "");
	for (int i = 0; i < 2; i++) {
		struct repo_intake *in = NULL;

		ASSERT_OK(take(&in, f, &roomy, pack.data, pack.len, 4096));
		ASSERT_OK(repo_intake_keep(in, &f->e));
		repo_intake_close(in);
	}
	assert_int_equal(number_of("ls '%s/objects/pack' | grep -c 'pack$'", f->path), 1);
	assert_true(repo_has(f->r, &tip));
	buf_clear(&pack);
}

static void a_pack_cut_anywhere_is_refused(void **state)
{
	struct fixture *f = *state;
	struct buf pack = BUF_INIT;
	struct oid tip;
	size_t cuts = 0;

	foreign_pack(f, &pack, &tip, "");
	for (size_t len = 0; len < pack.len; len += len < 40 || len + 45 > pack.len ? 1 : 97) {
		struct repo_intake *in = NULL;

		assert_int_equal(take(&in, f, &roomy, pack.data, len, 4096), STATUS_MALFORMED);
		assert_int_equal(repo_intake_keep(in, &f->e), STATUS_USAGE);
		repo_intake_close(in);
		cuts++;
	}
	assert_true(cuts > 80);
	assert_false(repo_has(f->r, &tip));
	assert_nothing_left(f);
	buf_clear(&pack);
}

static void a_pack_with_a_changed_byte_is_refused(void **state)
{
	struct fixture *f = *state;
	struct buf pack = BUF_INIT;
	struct oid tip;

	foreign_pack(f, &pack, &tip, "");
	for (size_t at = 0; at < pack.len; at += 53) {
		struct repo_intake *in = NULL;
		enum status st = STATUS_OK;

		pack.data[at] ^= 0x10;
		st = take(&in, f, &roomy, pack.data, pack.len, 4096);
		if (st != STATUS_MALFORMED && st != STATUS_TOO_BIG)
			fail_msg("byte %zu: %s", at, status_text(st));
		repo_intake_close(in);
		pack.data[at] ^= 0x10;
	}
	assert_nothing_left(f);
	buf_clear(&pack);
}

static void bytes_behind_the_pack_are_refused(void **state)
{
	struct fixture *f = *state;
	struct repo_intake *in = NULL;
	struct buf pack = BUF_INIT;
	struct oid tip;

	foreign_pack(f, &pack, &tip, "");
	buf_adds(&pack, "and more");
	assert_int_equal(take(&in, f, &roomy, pack.data, pack.len, 4096), STATUS_MALFORMED);
	repo_intake_close(in);
	assert_nothing_left(f);
	buf_clear(&pack);
}

static void each_limit_is_kept(void **state)
{
	struct fixture *f = *state;
	struct buf pack = BUF_INIT;
	struct oid tip;
	struct repo_limits limits[] = {roomy, roomy, roomy}, exact = roomy;

	foreign_pack(f, &pack, &tip, "");
	exact.pack_bytes = pack.len;
	exact.objects = pack.data[11];
	exact.object_bytes = (uint64_t)number_of("stat -c %%s '%s/other/d/big'", f->dir);
	limits[0].pack_bytes = exact.pack_bytes - 1;
	limits[1].objects = exact.objects - 1;
	limits[2].object_bytes = exact.object_bytes - 1;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct repo_intake *in = NULL;

		assert_int_equal(take(&in, f, &limits[i], pack.data, pack.len, 500), STATUS_TOO_BIG);
		assert_int_equal(repo_intake_feed(in, "x", 1, &f->e), STATUS_USAGE);
		repo_intake_close(in);
		assert_false(repo_has(f->r, &tip));
	}
	assert_nothing_left(f);
	{
		struct repo_intake *in = NULL;

		ASSERT_OK(take(&in, f, &exact, pack.data, pack.len, 500));
		repo_intake_close(in);
	}
	buf_clear(&pack);
}

static void too_many_objects_are_refused_before_they_come(void **state)
{
	static const char head[] = "PACK\0\0\0\2\0\1\0\0";
	struct fixture *f = *state;
	struct repo_intake *in = NULL;

	ASSERT_OK(repo_intake_begin(&in, f->r, &roomy, &f->e));
	ASSERT_OK(repo_intake_feed(in, head, 11, &f->e));
	assert_int_equal(repo_intake_feed(in, head + 11, 1, &f->e), STATUS_TOO_BIG);
	repo_intake_close(in);
	assert_nothing_left(f);
}

static void what_is_no_pack_is_refused_at_its_first_bytes(void **state)
{
	struct fixture *f = *state;
	struct repo_intake *in = NULL;

	ASSERT_OK(repo_intake_begin(&in, f->r, &roomy, &f->e));
	assert_int_equal(repo_intake_feed(in, "GET / HTTP/1.1", 14, &f->e), STATUS_MALFORMED);
	repo_intake_close(in);
	ASSERT_OK(repo_intake_begin(&in, f->r, &roomy, &f->e));
	assert_int_equal(repo_intake_feed(in, "PACK\0\0\0\3\0\0\0\1", 12, &f->e), STATUS_MALFORMED);
	repo_intake_close(in);
	assert_nothing_left(f);
}

static void an_empty_pack_is_no_fault(void **state)
{
	struct fixture *f = *state;
	struct repo_intake *in = NULL;
	char path[400];
	uint8_t pack[40];
	FILE *file = NULL;
	size_t len = 0;

	assert_int_equal(run("git -C '%s' pack-objects -q --stdout </dev/null >'%s/empty.pack'", f->path, f->dir), 0);
	(void)snprintf(path, sizeof(path), "%s/empty.pack", f->dir);
	file = fopen(path, "r");
	assert_non_null(file);
	len = fread(pack, 1, sizeof(pack), file);
	(void)fclose(file);
	assert_int_equal(len, 32);
	for (size_t step = 1; step < 40; step += 9) {
		ASSERT_OK(take(&in, f, &roomy, pack, len, step));
		ASSERT_OK(repo_intake_keep(in, &f->e));
		repo_intake_close(in);
	}
	assert_int_equal(take(&in, f, &roomy, pack, len - 1, 40), STATUS_MALFORMED);
	repo_intake_close(in);
	pack[32] = 0;
	assert_int_equal(take(&in, f, &roomy, pack, len + 1, 40), STATUS_MALFORMED);
	repo_intake_close(in);
	pack[20] ^= 1;
	assert_int_equal(take(&in, f, &roomy, pack, len, 40), STATUS_MALFORMED);
	repo_intake_close(in);
	assert_nothing_left(f);
}

static void a_pack_may_be_asked_for_what_no_head_needs(void **state)
{
	struct fixture *f = *state;
	struct repo_intake *in = NULL;
	struct buf pack = BUF_INIT;
	struct oid tip, parent;
	char hex[OID_HEX_LEN + 1];

	foreign_pack(f, &pack, &tip, "--delta-base-offset");
	line_of(hex, sizeof(hex), "git -C '%s/other' rev-parse main~1", f->dir);
	ASSERT_OK(oid_parse(&parent, hex, OID_HEX_LEN));
	assert_int_equal(take(&in, f, &roomy, pack.data, pack.len, 4096), STATUS_OK);
	ASSERT_OK(repo_intake_only(in, &tip, &f->e));
	/* the tip itself, its directory and a file are more than its parent needs */
	assert_int_equal(repo_intake_only(in, &parent, &f->e), STATUS_INVALID);
	assert_non_null(strstr(f->e.text, "no part of what is pushed"));
	ASSERT_OK(repo_intake_keep(in, &f->e));
	assert_int_equal(repo_intake_only(in, &tip, &f->e), STATUS_USAGE);
	repo_intake_close(in);
	buf_clear(&pack);
}

static void a_thin_pack_is_refused(void **state)
{
	struct fixture *f = *state;
	struct repo_intake *in = NULL;
	struct buf pack = BUF_INIT, thin = BUF_INIT;
	struct oid tip;
	char path[400];
	uint8_t bytes[4096];
	FILE *file = NULL;
	size_t n = 0;

	foreign_pack(f, &pack, &tip, "");
	assert_int_equal(run("cd '%s/other' && printf 'main\\n^main~1\\n' | git pack-objects -q --revs --thin --stdout "
			     ">../thin.pack",
			     f->dir),
			 0);
	(void)snprintf(path, sizeof(path), "%s/thin.pack", f->dir);
	file = fopen(path, "r");
	assert_non_null(file);
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_add(&thin, bytes, n);
	(void)fclose(file);
	ASSERT_OK(take(&in, f, &roomy, pack.data, pack.len, 4096));
	ASSERT_OK(repo_intake_keep(in, &f->e));
	repo_intake_close(in);
	assert_int_equal(take(&in, f, &roomy, thin.data, thin.len, 4096), STATUS_MALFORMED);
	repo_intake_close(in);
	buf_clear(&pack);
	buf_clear(&thin);
}

static enum status collect(void *ctx, const void *bytes, size_t len)
{
	buf_add(ctx, bytes, len);
	return STATUS_OK;
}

static void what_one_repository_sends_another_takes(void **state)
{
	struct fixture *f = *state, there = {.dir = ""};
	struct repo_intake *in = NULL;
	struct buf pack = BUF_INIT;
	struct tree_edit edits[] = {{.path = "practice.json", .id = blob(f, "{}")},
				    {.path = "qip/a.json", .id = blob(f, "{\"a\":1}")}};
	struct oid tree, first, second;

	(void)snprintf(there.path, sizeof(there.path), "%s/there.git", f->dir);
	ASSERT_OK(repo_create(there.path, &f->e));
	ASSERT_OK(repo_open(&there.r, there.path, &f->e));
	ASSERT_OK(tree_apply(&tree, f->r, NULL, edits, 2, &f->e));
	first = commit_at(f, &tree, NULL, 0, 0);
	edits[1].id = blob(f, "{\"a\":2}");
	ASSERT_OK(tree_apply(&tree, f->r, &tree, edits, 2, &f->e));
	second = commit_at(f, &tree, &first, 1, 0);
	for (int i = 0; i < 2; i++) {
		ASSERT_OK(repo_pack_send(f->r, i ? &second : &first, 1, i ? &first : NULL, (size_t)i, collect, &pack,
					 NULL, &f->e));
		ASSERT_OK(take(&in, &there, &roomy, pack.data, pack.len, 50));
		ASSERT_OK(repo_intake_keep(in, &f->e));
		repo_intake_close(in);
		buf_reset(&pack);
	}
	ASSERT_OK(repo_ref_update(there.r, "refs/heads/main", &second, NULL, &f->e));
	assert_int_equal(run("git -C '%s' fsck --strict --full >/dev/null 2>&1", there.path), 0);
	assert_int_equal(number_of("git -C '%s' rev-list --objects --all | wc -l", there.path), 5 + 4);
	buf_clear(&pack);
	repo_close(there.r);
}

static void what_a_killed_process_left_is_swept_away(void **state)
{
	struct fixture *f = *state;
	struct repo_intake *in = NULL;
	struct buf pack = BUF_INIT;
	struct oid tip;

	foreign_pack(f, &pack, &tip, "");
	ASSERT_OK(take(&in, f, &roomy, pack.data, pack.len, 4096));
	assert_int_equal(run("cp -r '%s/incoming' '%s/saved'", f->path, f->dir), 0);
	repo_intake_close(in);
	assert_int_equal(run("rmdir '%s/incoming' && cp -r '%s/saved' '%s/incoming'", f->path, f->dir, f->path), 0);
	assert_int_equal(number_of("ls '%s'/incoming/*/ | grep -c pack-", f->path), 2);
	ASSERT_OK(repo_intake_sweep(f->r, &f->e));
	assert_nothing_left(f);
	buf_clear(&pack);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pack_is_seen_by_its_handle_then_by_all),
		TEST(any_size_of_pieces_will_do),
		TEST(a_refused_pack_leaves_nothing_behind_not_even_in_memory),
		TEST(staged_objects_stay_staged_when_a_pack_is_kept),
		TEST(the_same_pack_again_changes_nothing),
		TEST(a_pack_cut_anywhere_is_refused),
		TEST(a_pack_with_a_changed_byte_is_refused),
		TEST(bytes_behind_the_pack_are_refused),
		TEST(each_limit_is_kept),
		TEST(too_many_objects_are_refused_before_they_come),
		TEST(what_is_no_pack_is_refused_at_its_first_bytes),
		TEST(an_empty_pack_is_no_fault),
		TEST(a_pack_may_be_asked_for_what_no_head_needs),
		TEST(a_thin_pack_is_refused),
		TEST(what_one_repository_sends_another_takes),
		TEST(what_a_killed_process_left_is_swept_away),
	};
	return cmocka_run_group_tests(tests, library_start, library_stop);
}
