#include "tests/core/repo_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/tree.h"
#include "tests/support/damage.h"

#define COMMITS 12
#define HISTORY "refs/heads/main"

static enum status collect(void *ctx, const void *bytes, size_t len)
{
	struct buf *out = ctx;

	buf_add(out, bytes, len);
	return buf_ok(out) ? STATUS_OK : STATUS_NOMEM;
}

static void write_file(const char *path, const struct buf *bytes)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes->data, 1, bytes->len, file), bytes->len);
	assert_int_equal(fclose(file), 0);
}

/* Send into "<dir>/sent.pack" through a handle of its own; how many objects. */
static uint32_t send_span(struct fixture *f, const struct repo_span *span)
{
	struct repo *r = NULL;
	struct buf out = BUF_INIT;
	uint32_t objects = UINT32_MAX;
	char path[400];

	ASSERT_OK(repo_open(&r, f->path, &f->e));
	ASSERT_OK(repo_pack_send_span(r, span, collect, &out, &objects, &f->e));
	repo_close(r);
	(void)snprintf(path, sizeof(path), "%s/sent.pack", f->dir);
	write_file(path, &out);
	buf_clear(&out);
	return objects;
}

static enum status send_fails(struct fixture *f, const struct oid *want, const struct oid *have)
{
	struct repo *r = NULL;
	struct buf out = BUF_INIT;
	enum status st = STATUS_OK;

	ASSERT_OK(repo_open(&r, f->path, &f->e));
	st = repo_pack_send(r, want, 1, have, have ? 1 : 0, collect, &out, NULL, &f->e);
	repo_close(r);
	buf_clear(&out);
	return st;
}

/* Stock git takes what was sent into a new repository, or on top of what the last one got. */
static void assert_taken(struct fixture *f, bool fresh, const struct oid *tip)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, tip);
	if (fresh)
		assert_int_equal(run("cd '%s' && rm -rf copy && git init -q --bare -b main copy", f->dir), 0);
	assert_int_equal(run("cd '%s' && git -C copy index-pack --strict --stdin < sent.pack >/dev/null && "
			     "git -C copy update-ref " HISTORY " %s && git -C copy fsck --strict --full >/dev/null 2>&1",
			     f->dir, hex),
			 0);
}

static void assert_same_objects(struct fixture *f, const struct oid *tip)
{
	char ours[128], theirs[128], hex[OID_HEX_LEN + 1];
	const char *list = "rev-list --objects";

	oid_hex(hex, tip);
	line_of(theirs, sizeof(theirs), "git -C '%s' %s %s | cut -c1-40 | sort | sha1sum", f->path, list, hex);
	line_of(ours, sizeof(ours), "git -C '%s/copy' %s %s | cut -c1-40 | sort | sha1sum", f->dir, list, hex);
	assert_string_equal(ours, theirs);
	line_of(ours, sizeof(ours),
		"git -C '%s/copy' cat-file --batch-all-objects --batch-check='%%(objectname)' | sort | sha1sum", f->dir);
	assert_string_equal(ours, theirs);
}

static long deltas_sent(struct fixture *f)
{
	return number_of("cd '%s/copy' && for i in objects/pack/*.idx; do git verify-pack -v $i; done | "
			 "awk 'NF == 7' | wc -l",
			 f->dir);
}

/* A history with texts that are alike, made by stock git without packing; its commits, oldest first. */
static void make_history(struct fixture *f, struct oid commits[COMMITS])
{
	char line[64];

	assert_int_equal(
		run("cd '%s' && git init -q -b main work && cd work && git config user.name A && "
		    "git config user.email a@example.org && git config gc.auto 0 && git config core.looseCompression 1 && "
		    "for c in $(seq %d); do for i in 1 2 3 4 5; do mkdir -p d/$i; seq $((c*7+i)) 700 > d/$i/text.json; "
		    "echo $c.$i > d/$i/$c.json; done; git add . && git commit -q -m $c || exit 1; done",
		    f->dir, COMMITS),
		0);
	assert_int_equal(run("cd '%s' && cp -r work/.git/objects history.git/ && cp work/.git/refs/heads/main "
			     "history.git/refs/heads/main",
			     f->dir),
			 0);
	for (int i = 0; i < COMMITS; i++) {
		line_of(line, sizeof(line), "git -C '%s/work' rev-parse main~%d", f->dir, COMMITS - 1 - i);
		assert_int_equal(oid_parse(&commits[i], line, OID_HEX_LEN), STATUS_OK);
	}
}

/* Let stock git pack every object of it, with deltas by id or by distance. */
static void pack_all(struct fixture *f, const char *options)
{
	assert_int_equal(run("cd '%s' && git rev-list --objects --all | "
			     "git pack-objects -q %s objects/pack/pack >/dev/null && git prune-packed -q",
			     f->path, options),
			 0);
	assert_int_equal(number_of("git -C '%s' count-objects", f->path), 0);
}

static void assert_whole_clone(struct fixture *f, const struct oid *tip, bool ofs_delta)
{
	const struct repo_span span = {.wants = tip, .wants_len = 1, .ofs_delta = ofs_delta};
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, tip);
	assert_int_equal(send_span(f, &span), number_of("git -C '%s' rev-list --objects %s | wc -l", f->path, hex));
	assert_taken(f, true, tip);
	assert_same_objects(f, tip);
}

static void a_whole_clone_holds_what_stock_git_lists_and_keeps_its_deltas(void **state)
{
	struct fixture *f = *state;
	struct oid commits[COMMITS];
	long deltas = 0;

	make_history(f, commits);
	pack_all(f, "--delta-base-offset");
	deltas = number_of("cd '%s' && git verify-pack -v objects/pack/*.idx | awk 'NF == 7' | wc -l", f->path);
	assert_true(deltas > 20);
	assert_whole_clone(f, &commits[COMMITS - 1], true);
	assert_int_equal(deltas_sent(f), deltas);
	assert_whole_clone(f, &commits[COMMITS - 1], false);
	assert_int_equal(deltas_sent(f), deltas);
}

static void deltas_by_id_are_kept_as_well(void **state)
{
	struct fixture *f = *state;
	struct oid commits[COMMITS];

	make_history(f, commits);
	pack_all(f, "");
	assert_whole_clone(f, &commits[COMMITS - 1], true);
	assert_true(deltas_sent(f) > 20);
	assert_whole_clone(f, &commits[COMMITS - 1], false);
	assert_true(deltas_sent(f) > 20);
}

/* "OFS_DELTA" is read by those alone that say so: the kinds are looked for in the bytes themselves. */
static void deltas_by_distance_are_sent_to_those_alone_that_read_them(void **state)
{
	struct fixture *f = *state;
	struct oid commits[COMMITS];
	static const char *const count =
		"cd '%s/copy' && git show-index < $(ls objects/pack/*.idx) | cut -d' ' -f1 | while read at; do "
		"dd if=$(ls objects/pack/*.pack) bs=1 skip=$at count=1 2>/dev/null | od -An -tu1; done | "
		"awk '{ kind = int($1 / 16) %% 8; if (kind == %d) n++ } END { print n + 0 }'";

	make_history(f, commits);
	pack_all(f, "--delta-base-offset");
	assert_whole_clone(f, &commits[COMMITS - 1], true);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	assert_true(number_of(count, f->dir, 6) > 20);
	assert_int_equal(number_of(count, f->dir, 7), 0);
	assert_whole_clone(f, &commits[COMMITS - 1], false);
	assert_int_equal(number_of(count, f->dir, 6), 0);
	assert_true(number_of(count, f->dir, 7) > 20);
#pragma GCC diagnostic pop
}

static void loose_objects_are_sent_with_the_rest(void **state)
{
	struct fixture *f = *state;
	struct oid commits[COMMITS];

	make_history(f, commits);
	assert_true(number_of("git -C '%s' count-objects", f->path) > 100);
	assert_whole_clone(f, &commits[COMMITS - 1], true);
	assert_int_equal(run("cd '%s' && git rev-list --objects main~6 | git pack-objects -q objects/pack/pack "
			     ">/dev/null && git prune-packed -q",
			     f->path),
			 0);
	assert_true(number_of("git -C '%s' count-objects", f->path) > 20);
	assert_whole_clone(f, &commits[COMMITS - 1], true);
}

/* Each pack holds half of the history and some of the other's, so that objects come several times and the base of a delta
 * may be found elsewhere than beside it. */
static void objects_in_several_packs_are_sent_once(void **state)
{
	struct fixture *f = *state;
	struct oid commits[COMMITS];

	make_history(f, commits);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(run("cd '%s' && git rev-list --objects main~%d | %s | git pack-objects -q --window=50 "
				     "--depth=50 %s objects/pack/pack >/dev/null",
				     f->path, i * 2, i % 2 ? "cat" : "tac", i < 2 ? "--delta-base-offset" : ""),
				 0);
	}
	assert_int_equal(run("cd '%s' && git prune-packed -q", f->path), 0);
	assert_int_equal(number_of("ls '%s'/objects/pack/*.idx | wc -l", f->path), 4);
	assert_whole_clone(f, &commits[COMMITS - 1], true);
	assert_true(deltas_sent(f) > 20);
	assert_whole_clone(f, &commits[COMMITS - 1], false);
}

/* The small pack goes first, and has a delta; its base was found in the large pack, next to what was asked for before.
 * Copied, deltas could so depend on each other in a circle. */
static void a_delta_whose_base_comes_from_a_later_pack_is_expanded(void **state)
{
	struct fixture *f = *state;
	struct oid tip;
	char hex[64];

	assert_int_equal(run("cd '%s' && git init -q -b main work && cd work && git config user.name A && "
			     "git config user.email a@example.org && for i in $(seq 20); do echo $i > $i.json; done && "
			     "seq 900 > text && git add . && git commit -q -m 1 && seq 800 > text && git add . && "
			     "git commit -q -m 2 && P=../history.git/objects/pack/pack && "
			     "git rev-list --objects main~1 | git pack-objects -q $P >/dev/null && "
			     "git rev-parse main main^{tree} main:text main~1:text | git pack-objects -q $P >/dev/null && "
			     "cp .git/refs/heads/main ../history.git/refs/heads/main",
			     f->dir),
			 0);
	assert_int_equal(number_of("cd '%s' && for i in objects/pack/*.idx; do git verify-pack -v $i; done | "
				   "grep -c \"$(git rev-parse main:text) blob.* $(git rev-parse main~1:text)\"",
				   f->path),
			 1);
	line_of(hex, sizeof(hex), "git -C '%s' rev-parse main", f->path);
	assert_int_equal(oid_parse(&tip, hex, OID_HEX_LEN), STATUS_OK);
	assert_whole_clone(f, &tip, true);
	assert_whole_clone(f, &tip, false);
}

static void a_delta_whose_base_is_not_sent_is_expanded(void **state)
{
	struct fixture *f = *state;
	struct oid commits[COMMITS];
	struct repo_span span = {.wants_len = 1, .ofs_delta = true};

	make_history(f, commits);
	pack_all(f, "--delta-base-offset");
	span.wants = &commits[5];
	(void)send_span(f, &span);
	assert_taken(f, true, &commits[5]);
	span.wants = &commits[COMMITS - 1];
	span.haves = &commits[5];
	span.haves_len = 1;
	assert_int_equal(send_span(f, &span),
			 number_of("git -C '%s' rev-list --objects main --not main~6 | wc -l", f->path));
	assert_taken(f, false, &commits[COMMITS - 1]);
	assert_same_objects(f, &commits[COMMITS - 1]);
	/* a text of the newest commit may be the base of the older ones: what stands alone has none here */
	for (int i = 1; i < COMMITS; i++) {
		span.haves = &commits[i - 1];
		span.wants = &commits[i];
		(void)send_span(f, &span);
		assert_int_equal(run("cd '%s' && rm -rf lone && git init -q --bare lone && "
				     "git -C lone index-pack --stdin < sent.pack >/dev/null 2>&1",
				     f->dir),
				 0);
	}
}

static void a_shallow_clone_is_complete_up_to_its_end(void **state)
{
	struct fixture *f = *state;
	struct oid commits[COMMITS];
	struct repo_span span = {.wants_len = 1, .cuts_len = 1, .ofs_delta = true};

	make_history(f, commits);
	pack_all(f, "--delta-base-offset");
	span.wants = &commits[COMMITS - 1];
	span.cuts = &commits[COMMITS - 2];
	assert_int_equal(send_span(f, &span), number_of("cd '%s' && { git rev-list main -2; git ls-tree -rt main | "
							"cut -d' ' -f3 | cut -c1-40; git ls-tree -rt main~1 | "
							"cut -d' ' -f3 | cut -c1-40; git rev-parse main^{tree} "
							"main~1^{tree}; } | sort -u | wc -l",
							f->path));
	assert_int_equal(run("cd '%s' && rm -rf copy && git init -q --bare copy && git -C copy rev-parse && "
			     "git -C history.git rev-parse main~1 > copy/shallow",
			     f->dir),
			 0);
	assert_taken(f, false, &commits[COMMITS - 1]);
}

static void what_is_only_staged_is_sent_like_the_rest(void **state)
{
	struct fixture *f = *state;
	struct tree_edit edit = {.path = "feedback/kib/1.json", .id = blob(f, "one")};
	struct oid tree, head, old;
	struct buf out = BUF_INIT;
	uint32_t objects = 0;
	char path[400];

	ASSERT_OK(tree_apply(&tree, f->r, NULL, &edit, 1, &f->e));
	head = commit_at(f, &tree, NULL, 0, 1000);
	set_main(f, &head);
	old = head;
	edit = (struct tree_edit){.path = "feedback/kib/2.json", .id = blob(f, "")};
	ASSERT_OK(tree_apply(&tree, f->r, &tree, &edit, 1, &f->e));
	head = commit_at(f, &tree, &head, 1, 2000);
	ASSERT_OK(repo_pack_send(f->r, &head, 1, NULL, 0, collect, &out, &objects, &f->e));
	assert_int_equal(objects, 5 + 5);
	(void)snprintf(path, sizeof(path), "%s/sent.pack", f->dir);
	write_file(path, &out);
	assert_taken(f, true, &head);
	buf_reset(&out);
	ASSERT_OK(repo_pack_send(f->r, &head, 1, &old, 1, collect, &out, &objects, &f->e));
	assert_int_equal(objects, 5);
	repo_discard(f->r);
	assert_int_equal(repo_pack_send(f->r, &head, 1, NULL, 0, collect, &out, NULL, &f->e), STATUS_NOT_FOUND);
	buf_clear(&out);
}

/* What a revert brings back stands in a directory that two of the new commits share. */
static void a_directory_that_comes_back_is_sent_with_all_it_holds(void **state)
{
	struct fixture *f = *state;
	struct oid commits[COMMITS], tip;
	struct repo_span span = {.wants = &commits[COMMITS - 1], .wants_len = 1};
	char line[64];

	make_history(f, commits);
	(void)send_span(f, &span);
	assert_taken(f, true, &commits[COMMITS - 1]);
	assert_int_equal(run("cd '%s/work' && echo new > d/1/new && git add . && git commit -q -m new && echo other > d/1/other && "
			     "git add . && git commit -q -m other && git revert --no-edit HEAD >/dev/null && "
			     "cp -r .git/objects ../history.git/",
			     f->dir),
			 0);
	line_of(line, sizeof(line), "git -C '%s/work' rev-parse main", f->dir);
	assert_int_equal(oid_parse(&tip, line, OID_HEX_LEN), STATUS_OK);
	span = (struct repo_span){.wants = &tip, .wants_len = 1, .haves = &commits[COMMITS - 1], .haves_len = 1};
	(void)send_span(f, &span);
	assert_taken(f, false, &tip);
	assert_same_objects(f, &tip);
}

/* ---- damage ---- */

/* Whichever byte of an entry is turned: nothing that looks sound comes out. */
static void damage_in_a_pack_is_told_and_not_handed_on(void **state)
{
	struct fixture *f = *state;
	struct oid commits[COMMITS];
	char pack[512], line[64];
	struct stat s;

	make_history(f, commits);
	pack_all(f, "--delta-base-offset");
	line_of(pack, sizeof(pack), "ls '%s'/objects/pack/*.pack", f->path);
	assert_int_equal(stat(pack, &s), 0);
	for (off_t at = 12; at < s.st_size - 20; at += 397) {
		flip(pack, at);
		assert_int_equal(send_fails(f, &commits[COMMITS - 1], NULL), STATUS_CORRUPT);
		flip(pack, at);
	}
	assert_whole_clone(f, &commits[COMMITS - 1], true);
	/* a few objects of a large pack are looked at in another way */
	line_of(line, sizeof(line), "git -C '%s' rev-parse main:d/3/text.json", f->path);
	line_of(line, sizeof(line), "cd '%s' && git show-index < $(ls objects/pack/*.idx) | grep %s | cut -d' ' -f1",
		f->path, line);
	flip(pack, strtol(line, NULL, 10) + 30);
	assert_int_equal(send_fails(f, &commits[COMMITS - 1], &commits[COMMITS - 2]), STATUS_CORRUPT);
}

/* Of files: directories are read by libgit2 before. */
static void an_index_that_tells_other_places_is_found_out(void **state)
{
	struct fixture *f = *state;
	struct oid commits[COMMITS];
	char idx[512], id[64];
	long objects = 0;

	make_history(f, commits);
	pack_all(f, "--delta-base-offset");
	line_of(idx, sizeof(idx), "ls '%s'/objects/pack/*.idx", f->path);
	objects = number_of("git show-index < '%s' | wc -l", idx);
	for (int i = 1; i <= 5; i++) {
		off_t at = 8 + 1024 + 24 * objects - 4;

		line_of(id, sizeof(id), "git -C '%s' rev-parse main:d/%d/text.json", f->path, i);
		at += 4 * number_of("git show-index < '%s' | grep -n %s", idx, id);
		flip(idx, at + 3);
		assert_int_equal(send_fails(f, &commits[COMMITS - 1], NULL), STATUS_CORRUPT);
		flip(idx, at + 3);
		flip(idx, at);
		assert_int_equal(send_fails(f, &commits[COMMITS - 1], NULL), STATUS_CORRUPT);
		flip(idx, at);
	}
	assert_whole_clone(f, &commits[COMMITS - 1], true);
}

/* ---- what was noted ---- */

static uint64_t reads_of_whole_clone(struct fixture *f, const struct oid *tip)
{
	struct repo *r = NULL;
	struct buf out = BUF_INIT;
	uint64_t reads = 0;

	ASSERT_OK(repo_open(&r, f->path, &f->e));
	ASSERT_OK(repo_pack_send(r, tip, 1, NULL, 0, collect, &out, NULL, &f->e));
	reads = repo_reads(r);
	repo_close(r);
	buf_clear(&out);
	return reads;
}

static void note(struct fixture *f, const struct oid *tip)
{
	struct repo *r = NULL;

	ASSERT_OK(repo_open(&r, f->path, &f->e));
	ASSERT_OK(repo_note_reached(r, tip, &f->e));
	repo_close(r);
}

static void what_was_noted_is_not_read_again_and_the_clone_is_the_same(void **state)
{
	struct fixture *f = *state;
	struct oid commits[COMMITS];
	uint64_t without = 0;

	make_history(f, commits);
	pack_all(f, "--delta-base-offset");
	without = reads_of_whole_clone(f, &commits[COMMITS - 1]);
	note(f, &commits[8]);
	assert_true(reads_of_whole_clone(f, &commits[COMMITS - 1]) < without * 2 / 3);
	assert_whole_clone(f, &commits[COMMITS - 1], true);
	assert_whole_clone(f, &commits[8], true);
	/* older than the note: nothing of it may come along */
	assert_whole_clone(f, &commits[5], true);
	assert_int_equal(run("rm '%s/reached'", f->path), 0);
	note(f, &commits[COMMITS - 1]);
	assert_true(reads_of_whole_clone(f, &commits[COMMITS - 1]) <= 3);
	assert_whole_clone(f, &commits[COMMITS - 1], true);
}

static void a_note_is_renewed_when_much_came_and_not_before(void **state)
{
	struct fixture *f = *state;
	struct oid commits[COMMITS];
	char before[64], after[64];

	make_history(f, commits);
	pack_all(f, "--delta-base-offset");
	note(f, &commits[COMMITS - 1]);
	line_of(before, sizeof(before), "sha1sum < '%s/reached'", f->path);
	for (int i = 0; i < 3; i++)
		(void)blob(f, i ? "x" : "y");
	ASSERT_OK(repo_flush(f->r, &f->e));
	note(f, &commits[0]);
	line_of(after, sizeof(after), "sha1sum < '%s/reached'", f->path);
	assert_string_equal(before, after);
	for (int i = 0; i < 200; i++) {
		char text[16];

		(void)snprintf(text, sizeof(text), "%d", i);
		(void)blob(f, text);
	}
	ASSERT_OK(repo_flush(f->r, &f->e));
	note(f, &commits[0]);
	line_of(after, sizeof(after), "sha1sum < '%s/reached'", f->path);
	assert_string_not_equal(before, after);
}

static void a_note_that_is_damaged_is_passed_over(void **state)
{
	struct fixture *f = *state;
	struct oid commits[COMMITS];
	char path[512];
	struct stat s;
	uint64_t without = 0;

	make_history(f, commits);
	pack_all(f, "--delta-base-offset");
	without = reads_of_whole_clone(f, &commits[COMMITS - 1]);
	note(f, &commits[COMMITS - 1]);
	(void)snprintf(path, sizeof(path), "%s/reached", f->path);
	assert_int_equal(stat(path, &s), 0);
	for (off_t at = 0; at < s.st_size; at += at < 40 ? 3 : 501) {
		flip(path, at);
		assert_int_equal(reads_of_whole_clone(f, &commits[COMMITS - 1]), without);
		flip(path, at);
	}
	assert_int_equal(truncate(path, s.st_size - OID_LEN), 0);
	assert_whole_clone(f, &commits[COMMITS - 1], true);
	assert_int_equal(truncate(path, 3), 0);
	assert_whole_clone(f, &commits[COMMITS - 1], true);
}

/* ---- beside consolidation ---- */

struct joiner {
	struct fixture *f;
	size_t calls;
	struct buf out;
};

/* While the pack is sent, all packs become one and the old ones are deleted. */
static enum status join_meanwhile(void *ctx, const void *bytes, size_t len)
{
	static const struct repo_bounds now = {.packs = 1, .objects = 100000, .pack_bytes = 1 << 28};
	struct joiner *j = ctx;
	struct fixture *f = j->f;

	if (j->calls++ == 0)
		ASSERT_OK(repo_consolidate(NULL, f->r, &now, &f->e));
	return collect(&j->out, bytes, len);
}

static void packs_that_are_joined_meanwhile_are_sent_to_the_end(void **state)
{
	struct fixture *f = *state;
	struct joiner j = {.f = f, .out = BUF_INIT};
	struct repo *reader = NULL;
	struct oid tree = {{0}}, head = {{0}};
	uint32_t objects = 0;
	char path[400];

	for (int i = 0; i < 8; i++) {
		struct buf text = BUF_INIT;
		struct tree_edit edit = {.path = path};

		for (int line = 0; line < 3000; line++)
			buf_addf(&text, "%d %d %d\n", i, line * 7919 % 10007, line * i);
		(void)snprintf(path, sizeof(path), "texts/%d.json", i);
		edit.id = blob(f, buf_text(&text));
		ASSERT_OK(tree_apply(&tree, f->r, i ? &tree : NULL, &edit, 1, &f->e));
		head = commit_at(f, &tree, &head, i > 0, 1000 * i);
		set_main(f, &head);
		buf_clear(&text);
	}
	ASSERT_OK(repo_open(&reader, f->path, &f->e));
	ASSERT_OK(repo_pack_send(reader, &head, 1, NULL, 0, join_meanwhile, &j, &objects, &f->e));
	repo_close(reader);
	assert_true(j.calls > 1);
	assert_int_equal(objects, 8 * 4);
	assert_int_equal(number_of("ls '%s'/objects/pack/*.pack | wc -l", f->path), 1);
	(void)snprintf(path, sizeof(path), "%s/sent.pack", f->dir);
	write_file(path, &j.out);
	assert_taken(f, true, &head);
	assert_same_objects(f, &head);
	buf_clear(&j.out);
}

static bool always(void *ctx)
{
	(*(int *)ctx)++;
	return true;
}

static void what_nobody_waits_for_any_more_is_not_even_looked_for(void **state)
{
	struct fixture *f = *state;
	struct oid commits[COMMITS];
	struct repo *r = NULL;
	struct buf out = BUF_INIT;
	int asked = 0;
	struct repo_span span = {.wants = &commits[COMMITS - 1], .wants_len = 1, .given_up = always, .given_up_ctx = &asked};

	make_history(f, commits);
	ASSERT_OK(repo_open(&r, f->path, &f->e));
	assert_int_equal(repo_pack_send_span(r, &span, collect, &out, NULL, &f->e), STATUS_NETWORK);
	assert_int_equal(asked, 1);
	assert_int_equal(out.len, 0);
	repo_close(r);
}

#define T(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_whole_clone_holds_what_stock_git_lists_and_keeps_its_deltas),
		T(deltas_by_id_are_kept_as_well),
		T(deltas_by_distance_are_sent_to_those_alone_that_read_them),
		T(loose_objects_are_sent_with_the_rest),
		T(objects_in_several_packs_are_sent_once),
		T(a_delta_whose_base_comes_from_a_later_pack_is_expanded),
		T(a_delta_whose_base_is_not_sent_is_expanded),
		T(a_shallow_clone_is_complete_up_to_its_end),
		T(what_is_only_staged_is_sent_like_the_rest),
		T(a_directory_that_comes_back_is_sent_with_all_it_holds),
		T(damage_in_a_pack_is_told_and_not_handed_on),
		T(an_index_that_tells_other_places_is_found_out),
		T(what_was_noted_is_not_read_again_and_the_clone_is_the_same),
		T(a_note_is_renewed_when_much_came_and_not_before),
		T(a_note_that_is_damaged_is_passed_over),
		T(packs_that_are_joined_meanwhile_are_sent_to_the_end),
		T(what_nobody_waits_for_any_more_is_not_even_looked_for),
	};

	return cmocka_run_group_tests(tests, library_start, library_stop);
}
