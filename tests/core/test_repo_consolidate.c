#include "tests/core/repo_fixture.h"

#include "core/tree.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#define BLOBS 60

static const struct repo_bounds now = {.packs = 4, .objects = 100000, .pack_bytes = 1 << 28};
static const struct repo_bounds later = {.packs = 4, .objects = 100000, .pack_bytes = 1 << 28, .grace_ms = 3600000};

/* One pack with one blob, so that each has a pack of its own. */
static struct oid lone_blob(struct fixture *f, int i)
{
	char text[32];
	struct oid id;

	(void)snprintf(text, sizeof(text), "answer %d\n", i);
	id = blob(f, text);
	ASSERT_OK(repo_flush(f->r, &f->e));
	return id;
}

static void make_packs(struct fixture *f, struct oid ids[BLOBS])
{
	for (int i = 0; i < BLOBS; i++)
		ids[i] = lone_blob(f, i);
}

static void assert_reads(struct repo *r, const struct oid ids[BLOBS])
{
	for (int i = 0; i < BLOBS; i++) {
		struct buf content = BUF_INIT;
		struct error e = {STATUS_OK, ""};
		char text[32];

		assert_ok(repo_read(&content, r, &ids[i], REPO_BLOB, 100, &e), &e, "repo_read", __LINE__);
		(void)snprintf(text, sizeof(text), "answer %d\n", i);
		assert_string_equal(buf_text(&content), text);
		buf_clear(&content);
	}
}

static void assert_whole(const char *path, const struct oid ids[BLOBS])
{
	struct repo *r = NULL;
	struct error e = {STATUS_OK, ""};

	assert_ok(repo_open(&r, path, &e), &e, "repo_open", __LINE__);
	assert_reads(r, ids);
	repo_close(r);
	assert_int_equal(run("git -C '%s' fsck --strict >/dev/null 2>&1", path), 0);
}

static long files(const char *path, const char *suffix)
{
	return number_of("ls '%s/objects/pack' | grep -c '\\.%s$'", path, suffix);
}

static void many_small_packs_become_one_with_the_same_objects(void **state)
{
	struct fixture *f = *state;
	struct oid ids[BLOBS];
	size_t joined = 0, packs = 0;

	make_packs(f, ids);
	assert_int_equal(files(f->path, "idx"), BLOBS);
	ASSERT_OK(repo_consolidate(&joined, f->r, &now, &f->e));
	assert_int_equal(joined, BLOBS);
	ASSERT_OK(repo_count_packs(&packs, f->r, &f->e));
	assert_int_equal(packs, 1);
	assert_int_equal(files(f->path, "pack"), 1);
	assert_reads(f->r, ids);
	assert_whole(f->path, ids);
	assert_int_equal(number_of("git -C '%s' cat-file --batch-all-objects --batch-check | wc -l", f->path), BLOBS);
}

static void up_to_the_bound_nothing_is_done(void **state)
{
	struct fixture *f = *state;
	size_t joined = 9;

	for (int i = 0; i < 4; i++)
		(void)lone_blob(f, i);
	ASSERT_OK(repo_consolidate(&joined, f->r, &now, &f->e));
	assert_int_equal(joined, 0);
	assert_int_equal(files(f->path, "idx"), 4);
}

static void a_large_pack_is_not_copied_for_a_few_small_ones(void **state)
{
	struct fixture *f = *state;
	size_t joined = 0;

	for (int i = 0; i < 100; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "large %d\n", i);
		(void)blob(f, text);
	}
	ASSERT_OK(repo_flush(f->r, &f->e));
	for (int i = 0; i < 6; i++)
		(void)lone_blob(f, i);
	ASSERT_OK(repo_consolidate(&joined, f->r, &now, &f->e));
	assert_int_equal(joined, 6);
	assert_int_equal(files(f->path, "idx"), 2);
}

static void no_pack_grows_beyond_its_limit_and_the_small_ones_are_joined_all_the_same(void **state)
{
	struct fixture *f = *state;
	struct oid ids[BLOBS];
	struct repo_bounds narrow = now;
	size_t joined = 0;

	narrow.objects = 25;
	make_packs(f, ids);
	ASSERT_OK(repo_consolidate(&joined, f->r, &narrow, &f->e));
	assert_int_equal(joined, 25);
	ASSERT_OK(repo_consolidate(&joined, f->r, &narrow, &f->e));
	assert_int_equal(joined, 25);
	ASSERT_OK(repo_consolidate(&joined, f->r, &narrow, &f->e));
	assert_int_equal(joined, 10);
	assert_int_equal(files(f->path, "idx"), 3);
	assert_whole(f->path, ids);
}

/* Three packs by stock git of the same eight long texts and some more, with deltas; delta_form is its option. */
static void stock_packs(struct fixture *f, const char *delta_form)
{
	assert_int_equal(run("cd '%s' && for p in 1 2 3; do for i in 1 2 3 4 5 6 7 8; do seq $((p*i)) 900 | "
			     "git hash-object -w --stdin; done | git pack-objects -q --window=20 %s "
			     "objects/pack/pack >/dev/null || exit 1; done; rm -rf objects/??",
			     f->path, delta_form),
			 0);
}

static void assert_deltas_survive(struct fixture *f, const char *delta_form)
{
	char before[128], after[128];
	size_t joined = 0;
	struct repo_bounds all = now;

	all.packs = 1;
	stock_packs(f, delta_form);
	line_of(before, sizeof(before), "git -C '%s' cat-file --batch-all-objects --batch | sha256sum", f->path);
	assert_true(number_of("cd '%s' && git verify-pack -v objects/pack/*.idx | grep -c 'chain length'", f->path) > 0);
	ASSERT_OK(repo_consolidate(&joined, f->r, &all, &f->e));
	assert_int_equal(joined, 3);
	assert_int_equal(files(f->path, "idx"), 1);
	assert_int_equal(run("git -C '%s' fsck --strict >/dev/null 2>&1", f->path), 0);
	line_of(after, sizeof(after), "git -C '%s' cat-file --batch-all-objects --batch | sha256sum", f->path);
	assert_string_equal(before, after);
	assert_true(number_of("cd '%s' && git verify-pack -v objects/pack/*.idx | grep -c 'chain length'", f->path) > 0);
}

static void deltas_by_distance_and_objects_in_several_packs_come_out_right(void **state)
{
	assert_deltas_survive(*state, "--delta-base-offset");
}

static void deltas_by_id_and_objects_in_several_packs_come_out_right(void **state)
{
	assert_deltas_survive(*state, "");
}

static long pack_bytes(const char *path)
{
	return number_of("cat '%s'/objects/pack/*.pack | wc -c", path);
}

/* Pushes of five records each, into two directories by turns; some rewrite, some remove. */
static struct oid growing_directories(struct fixture *f, int pushes)
{
	struct oid tree = {{0}}, head = {{0}};

	for (int i = 0; i < pushes; i++) {
		struct tree_edit edits[7];
		char paths[7][64];

		for (int n = 0; n < 5; n++) {
			(void)snprintf(paths[n], sizeof(paths[n]), "feedback/kiosk-%d/0/%d.json", i % 2, i / 2 * 5 + n);
			edits[n] = (struct tree_edit){.path = paths[n], .id = blob(f, paths[n])};
		}
		(void)snprintf(paths[5], sizeof(paths[5]), "qip/%d.json", i * 7 % 40);
		edits[5] = (struct tree_edit){.path = paths[5], .id = blob(f, i % 3 ? "one" : paths[5])};
		(void)snprintf(paths[6], sizeof(paths[6]), "qip/%d.json", i * 11 % 40 + 100);
		edits[6] = (struct tree_edit){.path = paths[6]};
		if (i % 2)
			edits[6].id = edits[5].id;
		ASSERT_OK(tree_apply(&tree, f->r, i ? &tree : NULL, edits, 7, &f->e));
		head = commit_at(f, &tree, &head, i > 0, 1000 * i);
		set_main(f, &head);
	}
	return head;
}

static void directories_that_grow_from_push_to_push_are_kept_once_and_read_the_same(void **state)
{
	struct fixture *f = *state;
	char before[128], after[128];
	long bytes = 0, commits = 0;
	struct repo_bounds all = now;

	all.packs = 1;
	(void)growing_directories(f, 120);
	bytes = pack_bytes(f->path);
	commits = number_of("git -C '%s' cat-file --batch-all-objects --batch-check='%%(objecttype) %%(objectsize:disk)' | "
			    "awk '$1 != \"tree\" { n += $2 } END { print n }'",
			    f->path);
	line_of(before, sizeof(before), "git -C '%s' cat-file --batch-all-objects --batch | sha256sum", f->path);
	ASSERT_OK(repo_consolidate(NULL, f->r, &all, &f->e));
	assert_true(pack_bytes(f->path) - commits < (bytes - commits) / 4);
	for (int i = 0; i < 3; i++) { /* joined with what came since, again and again */
		struct oid id = lone_blob(f, i);

		assert_true(repo_has(f->r, &id));
	}
	all.packs = 0;
	ASSERT_OK(repo_consolidate(NULL, f->r, &all, &f->e));
	assert_int_equal(run("git -C '%s' fsck --strict --full >/dev/null 2>&1", f->path), 0);
	line_of(after, sizeof(after),
		"cd '%s' && git cat-file --batch-all-objects --batch-check='%%(objectname)' | "
		"grep -v -e $(printf 'answer 0\n' | git hash-object --stdin) -e $(printf 'answer 1\n' | git hash-object "
		"--stdin) -e $(printf 'answer 2\n' | git hash-object --stdin) | git cat-file --batch | sha256sum",
		f->path);
	assert_string_equal(before, after);
}

/* Pushes of one record each, every one in a pack of its own; *head is moved on. */
static void push_records(struct fixture *f, struct oid *head, int from, int to)
{
	for (int i = from; i < to; i++) {
		char text[400], path[64];
		struct tree_edit edit = {.path = path};
		struct oid tree;

		(void)snprintf(path, sizeof(path), "feedback/kiosk-1/0/%d/%d.json", i / 256, i);
		(void)snprintf(text, sizeof(text),
			       "{\"answers\":{\"experience\":\"%s\"},\"device\":\"kiosk-1\",\"id\":\"0192%04d-0000-7000-8000-0123456789ab\","
			       "\"language\":\"en\",\"mode\":\"kiosk\",\"recorded\":{\"at\":\"2026-01-01T00:00:%02d.000Z\"},"
			       "\"schema\":\"feedback/1\",\"seq\":%d}",
			       i % 2 ? "good" : "very-poor", i, i % 60, i);
		edit.id = blob(f, text);
		ASSERT_OK(tree_apply(&tree, f->r, NULL, &edit, 1, &f->e));
		*head = commit_at(f, &tree, head, i > 0, 1000 * i);
		set_main(f, head);
	}
}

/* Of all objects of a kind: how many are deltas that stand on a whole one. */
static long deltas_one_deep(const struct fixture *f, const char *kind)
{
	return number_of("cd '%s/objects/pack' && for p in *.idx; do git verify-pack -v $p; done | awk '$2 == \"%s\" && $6 == 1' | wc -l",
			 f->path, kind);
}

static void records_and_commits_become_deltas_one_deep_however_often_packs_are_joined(void **state)
{
	struct fixture *f = *state;
	struct repo_bounds all = now;
	struct oid head = {{0}};

	all.packs = 1;
	for (int round = 0; round < 3; round++) {
		long pushes = 40 * (round + 1);

		push_records(f, &head, 40 * round, 40 * (round + 1));
		ASSERT_OK(repo_consolidate(NULL, f->r, &all, &f->e));
		assert_in_range(deltas_one_deep(f, "blob"), pushes * 3 / 4, pushes);
		assert_in_range(deltas_one_deep(f, "commit"), pushes * 3 / 4, pushes);
		assert_int_equal(number_of("cd '%s/objects/pack' && for p in *.idx; do git verify-pack -v $p; done | "
					   "awk '($2 == \"blob\" || $2 == \"commit\") && $6 > 1' | wc -l",
					   f->path),
				 0);
		assert_int_equal(number_of("git -C '%s' rev-list --count main", f->path), pushes);
		assert_int_equal(run("git -C '%s' fsck --strict --full >/dev/null 2>&1", f->path), 0);
	}
}

static void handles_that_were_open_before_go_on_reading(void **state)
{
	struct fixture *f = *state;
	struct oid ids[BLOBS];
	struct buf content = BUF_INIT;
	struct repo *fresh = NULL, *used = NULL;

	make_packs(f, ids);
	ASSERT_OK(repo_open(&fresh, f->path, &f->e)); /* knows the packs by name alone */
	ASSERT_OK(repo_open(&used, f->path, &f->e));  /* has some of them open */
	ASSERT_OK(repo_read(&content, used, &ids[7], REPO_BLOB, 100, &f->e));
	repo_close(f->r); /* with another handle, as maintenance is */
	ASSERT_OK(repo_open(&f->r, f->path, &f->e));
	ASSERT_OK(repo_consolidate(NULL, f->r, &now, &f->e));
	assert_true(repo_has(fresh, &ids[3]));
	assert_reads(fresh, ids);
	assert_reads(used, ids);
	for (int i = 0; i < 8; i++)
		(void)lone_blob(f, 1000 + i);
	ASSERT_OK(repo_consolidate(NULL, f->r, &now, &f->e));
	assert_reads(fresh, ids);
	assert_reads(used, ids);
	buf_clear(&content);
	repo_close(fresh);
	repo_close(used);
}

static enum status take(void *ctx, const void *bytes, size_t len)
{
	buf_add(ctx, bytes, len);
	return STATUS_OK;
}

static void a_handle_that_was_open_before_sends_a_whole_history(void **state)
{
	struct fixture *f = *state;
	struct oid id = {{0}}, file = {{0}}, tree = {{0}};
	struct repo *reader = NULL;
	uint32_t objects = 0;
	struct buf pack = BUF_INIT;

	for (int i = 0; i < 12; i++) {
		struct tree_entry entry = {(char *)(uintptr_t)"a.json", false, {{0}}};

		file = lone_blob(f, i);
		entry.id = file;
		tree = tree_of(f, &entry, 1);
		id = commit_at(f, &tree, &id, i > 0, 1000 * i);
		set_main(f, &id);
	}
	ASSERT_OK(repo_open(&reader, f->path, &f->e));
	ASSERT_OK(repo_consolidate(NULL, f->r, &now, &f->e));
	assert_int_equal(files(f->path, "pack"), 1);
	ASSERT_OK(repo_pack_send(reader, &id, 1, NULL, 0, take, &pack, &objects, &f->e));
	assert_int_equal(objects, 36);
	buf_clear(&pack);
	repo_close(reader);
}

static void replaced_packs_stay_for_the_grace_and_then_go(void **state)
{
	struct fixture *f = *state;
	struct oid ids[BLOBS];

	make_packs(f, ids);
	ASSERT_OK(repo_consolidate(NULL, f->r, &later, &f->e));
	assert_int_equal(files(f->path, "idx"), 1);
	assert_int_equal(files(f->path, "pack"), BLOBS + 1);
	assert_whole(f->path, ids);
	ASSERT_OK(repo_consolidate(NULL, f->r, &later, &f->e));
	assert_int_equal(files(f->path, "pack"), BLOBS + 1);
	ASSERT_OK(repo_consolidate(NULL, f->r, &now, &f->e));
	assert_int_equal(files(f->path, "pack"), 1);
}

static void a_damaged_pack_is_told_and_nothing_is_removed(void **state)
{
	struct fixture *f = *state;
	struct oid ids[BLOBS];
	struct repo *other = NULL;

	make_packs(f, ids);
	assert_int_equal(run("cd '%s/objects/pack' && p=$(ls *.pack | head -1) && chmod u+w $p && printf '\\125\\125' | "
			     "dd of=$p bs=1 seek=16 conv=notrunc 2>/dev/null",
			     f->path),
			 0);
	ASSERT_OK(repo_open(&other, f->path, &f->e));
	assert_int_not_equal(repo_consolidate(NULL, other, &now, &f->e), STATUS_OK);
	assert_int_equal(files(f->path, "idx"), BLOBS);
	assert_int_equal(files(f->path, "pack"), BLOBS);
	assert_int_equal(number_of("ls '%s/incoming' | wc -l", f->path), 0);
	repo_close(other);
}

static void an_index_that_rotted_is_told_and_nothing_is_removed(void **state)
{
	struct fixture *f = *state;
	struct oid ids[BLOBS];
	struct repo *other = NULL;

	make_packs(f, ids);
	assert_int_equal(run("cd '%s/objects/pack' && p=$(ls *.idx | head -1) && chmod u+w $p && printf '\\125\\125' | "
			     "dd of=$p bs=1 seek=1040 conv=notrunc 2>/dev/null",
			     f->path),
			 0);
	ASSERT_OK(repo_open(&other, f->path, &f->e));
	assert_int_equal(repo_consolidate(NULL, other, &now, &f->e), STATUS_CORRUPT);
	assert_int_equal(files(f->path, "idx"), BLOBS);
	assert_int_equal(files(f->path, "pack"), BLOBS);
	assert_int_equal(number_of("ls '%s/incoming' | wc -l", f->path), 0);
	repo_close(other);
}

static void it_can_be_broken_off(void **state)
{
	struct fixture *f = *state;
	struct oid ids[BLOBS];
	atomic_bool stop = true;
	struct repo_bounds bounds = now;

	bounds.stop = &stop;
	make_packs(f, ids);
	assert_int_equal(repo_consolidate(NULL, f->r, &bounds, &f->e), STATUS_BUSY);
	assert_int_equal(files(f->path, "idx"), BLOBS);
	assert_whole(f->path, ids);
}

/* ---- power cuts ---- */

/* Whatever was left, the next run makes one sound pack of it, or two if there was a large one. */
static void assert_recovers(struct fixture *f, const char *path, const struct oid ids[BLOBS])
{
	struct repo *r = NULL;
	struct repo_bounds all = now;

	all.packs = 1;
	assert_whole(path, ids);
	ASSERT_OK(repo_open(&r, path, &f->e));
	ASSERT_OK(repo_intake_sweep(r, &f->e));
	ASSERT_OK(repo_consolidate(NULL, r, &all, &f->e));
	repo_close(r);
	assert_true(files(path, "idx") <= 2);
	assert_int_equal(files(path, "pack"), files(path, "idx"));
	assert_whole(path, ids);
}

static void every_state_between_two_steps_is_whole(void **state)
{
	struct fixture *f = *state;
	struct oid ids[BLOBS];
	char path[400];

	make_packs(f, ids);
	(void)snprintf(path, sizeof(path), "%s/cut.git", f->dir);
	assert_int_equal(run("cp -a '%s' '%s/before.git'", f->path, f->dir), 0);
	ASSERT_OK(repo_consolidate(NULL, f->r, &now, &f->e));
	for (int step = 0; step < 7; step++) {
		assert_int_equal(run("rm -rf '%s' && cp -a '%s/before.git' '%s'", path, f->dir, path), 0);
		assert_int_equal(run("cd '%s/objects/pack' && "
				     "{ test %d -lt 1 || cp -a '%s'/objects/pack/*.pack .; } && "
				     "{ test %d -lt 2 || cp -a '%s'/objects/pack/*.idx .; } && "
				     "old=$(ls ../../../before.git/objects/pack) && "
				     "{ test %d -lt 3 || rm -f $(echo \"$old\" | grep idx | head -1); } && "
				     "{ test %d -lt 4 || rm -f $(echo \"$old\" | grep idx | head -30); } && "
				     "{ test %d -lt 5 || rm -f $(echo \"$old\" | grep idx); } && "
				     "{ test %d -lt 6 || rm -f $(echo \"$old\" | grep pack$ | head -30); }",
				     path, step, f->path, step, f->path, step, step, step, step),
				 0);
		assert_recovers(f, path, ids);
	}
}

static void killed_at_any_moment_it_loses_nothing(void **state)
{
	struct fixture *f = *state;
	struct oid ids[BLOBS];
	char path[400];
	int finished = 0, killed = 0;

	make_packs(f, ids);
	(void)snprintf(path, sizeof(path), "%s/cut.git", f->dir);
	for (int round = 0; round < 25; round++) {
		const struct timespec wait = {.tv_nsec = 400000L * round};
		int status = 0;
		pid_t pid = 0;

		assert_int_equal(run("rm -rf '%s' && cp -a '%s' '%s'", path, f->path, path), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			struct repo *r = NULL;

			if (repo_open(&r, path, NULL) != STATUS_OK)
				_exit(2);
			_exit(repo_consolidate(NULL, r, &now, NULL) == STATUS_OK ? 0 : 1);
		}
		(void)nanosleep(&wait, NULL);
		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		finished += WIFEXITED(status) && WEXITSTATUS(status) == 0;
		killed += WIFSIGNALED(status);
		assert_recovers(f, path, ids);
	}
	assert_int_equal(finished + killed, 25);
	assert_true(killed > 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(many_small_packs_become_one_with_the_same_objects),
		T(up_to_the_bound_nothing_is_done),
		T(a_large_pack_is_not_copied_for_a_few_small_ones),
		T(no_pack_grows_beyond_its_limit_and_the_small_ones_are_joined_all_the_same),
		T(deltas_by_distance_and_objects_in_several_packs_come_out_right),
		T(deltas_by_id_and_objects_in_several_packs_come_out_right),
		T(directories_that_grow_from_push_to_push_are_kept_once_and_read_the_same),
		T(records_and_commits_become_deltas_one_deep_however_often_packs_are_joined),
		T(handles_that_were_open_before_go_on_reading),
		T(a_handle_that_was_open_before_sends_a_whole_history),
		T(replaced_packs_stay_for_the_grace_and_then_go),
		T(a_damaged_pack_is_told_and_nothing_is_removed),
		T(an_index_that_rotted_is_told_and_nothing_is_removed),
		T(it_can_be_broken_off),
		T(every_state_between_two_steps_is_whole),
		T(killed_at_any_moment_it_loses_nothing),
	};

	return cmocka_run_group_tests(tests, library_start, library_stop);
}
