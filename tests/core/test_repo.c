#include "repo_fixture.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/signature.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define WHO "A B <a@b> 1 +0000\n"
#define HEAD_OF "tree " HEX_A "\nauthor " WHO "committer " WHO

static long packs(const struct fixture *f)
{
	return number_of("ls '%s/objects/pack' | grep -c 'pack$'", f->path);
}

static void a_new_repository_is_one_that_git_knows(void **state)
{
	struct fixture *f = *state;
	char line[256];

	line_of(line, sizeof(line), "git -C '%s' symbolic-ref HEAD", f->path);
	assert_string_equal(line, "refs/heads/main");
	line_of(line, sizeof(line), "git -C '%s' rev-parse --is-bare-repository", f->path);
	assert_string_equal(line, "true");
	assert_string_equal(repo_path(f->r), f->path);
}

static void a_repository_is_not_made_twice(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(repo_create(f->path, &f->e), STATUS_EXISTS);
}

static void what_is_no_repository_cannot_be_opened(void **state)
{
	struct fixture *f = *state;
	struct repo *r = NULL;

	assert_int_equal(repo_open(&r, f->dir, &f->e), STATUS_NOT_FOUND);
	assert_null(r);
}

static void ids_are_forty_lower_case_hex_digits(void **state)
{
	struct oid id, same;
	char hex[OID_HEX_LEN + 1];

	(void)state;
	assert_int_equal(oid_parse(&id, "0123456789abcdef0123456789abcdef01234567", 40), STATUS_OK);
	oid_hex(hex, &id);
	assert_string_equal(hex, "0123456789abcdef0123456789abcdef01234567");
	assert_int_equal(oid_parse(&same, hex, 40), STATUS_OK);
	assert_true(oid_equal(&id, &same));
	same.id[19] ^= 1;
	assert_false(oid_equal(&id, &same));
	assert_int_equal(oid_parse(&id, hex, 39), STATUS_MALFORMED);
	assert_int_equal(oid_parse(&id, "0123456789ABCDEF0123456789abcdef01234567", 40), STATUS_MALFORMED);
	assert_int_equal(oid_parse(&id, "0123456789abcdef0123456789abcdef0123456 ", 40), STATUS_MALFORMED);
	assert_false(oid_is_zero(&id));
	memset(&id, 0, sizeof(id));
	assert_true(oid_is_zero(&id));
}

static void staged_objects_are_invisible_to_others_until_the_flush(void **state)
{
	struct fixture *f = *state;
	struct repo *other = NULL;
	struct buf out = BUF_INIT;
	struct oid id = blob(f, "an answer");

	ASSERT_OK(repo_open(&other, f->path, &f->e));
	assert_true(repo_has(f->r, &id));
	ASSERT_OK(repo_read(&out, f->r, &id, REPO_BLOB, 100, &f->e));
	assert_string_equal(buf_text(&out), "an answer");
	ASSERT_OK(repo_refresh(other, &f->e));
	assert_false(repo_has(other, &id));
	assert_int_equal(packs(f), 0);

	ASSERT_OK(repo_flush(f->r, &f->e));
	assert_true(repo_has(other, &id));
	assert_true(repo_has(f->r, &id));
	assert_int_equal(packs(f), 1);
	buf_clear(&out);
	repo_close(other);
}

/* Two flushes may fall into one tick of the clock, or lie far from the last look: each way of asking finds both. */
static void what_comes_after_a_handle_was_opened_is_found(void **state)
{
	struct fixture *f = *state;
	struct repo *other = NULL;
	struct buf out = BUF_INIT;
	enum repo_kind kind = REPO_TREE;
	size_t size = 0;
	char text[32];

	for (int i = 0; i < 40; i++) {
		struct oid id;

		if (i % 10 == 0) {
			repo_close(other);
			ASSERT_OK(repo_open(&other, f->path, &f->e));
		}
		if (i % 10 > 5)
			(void)poll(NULL, 0, 25);
		(void)snprintf(text, sizeof(text), "answer %d", i);
		id = blob(f, text);
		ASSERT_OK(repo_flush(f->r, &f->e));
		buf_reset(&out);
		if (i % 3 == 0)
			assert_true(repo_has(other, &id));
		else if (i % 3 == 1)
			ASSERT_OK(repo_stat(&kind, &size, other, &id, &f->e));
		else
			ASSERT_OK(repo_read(&out, other, &id, REPO_BLOB, 100, &f->e));
	}
	assert_int_equal(kind, REPO_BLOB);
	buf_clear(&out);
	repo_close(other);
}

static void discarded_objects_are_gone(void **state)
{
	struct fixture *f = *state;
	struct buf out = BUF_INIT;
	struct oid id = blob(f, "not meant");

	ASSERT_OK(repo_read(&out, f->r, &id, REPO_BLOB, 100, &f->e));
	buf_clear(&out);
	repo_discard(f->r);
	assert_false(repo_has(f->r, &id));
	assert_int_equal(repo_read(&out, f->r, &id, REPO_BLOB, 100, &f->e), STATUS_NOT_FOUND);
	ASSERT_OK(repo_flush(f->r, &f->e));
	assert_int_equal(packs(f), 0);
	id = blob(f, "not meant"); /* and can be staged again */
	ASSERT_OK(repo_flush(f->r, &f->e));
	assert_true(repo_has(f->r, &id));
	assert_int_equal(packs(f), 1);
}

static void writing_what_is_there_writes_nothing(void **state)
{
	struct fixture *f = *state;
	struct oid id = blob(f, "the same"), again;

	ASSERT_OK(repo_flush(f->r, &f->e));
	again = blob(f, "the same");
	assert_true(oid_equal(&id, &again));
	ASSERT_OK(repo_flush(f->r, &f->e));
	assert_int_equal(packs(f), 1);
}

static void a_flush_writes_exactly_what_is_staged_and_leaves_no_rest(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 30; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "answer %d", i);
		(void)blob(f, text);
	}
	ASSERT_OK(repo_flush(f->r, &f->e));
	assert_int_equal(number_of("git -C '%s' count-objects -v | sed -n 's/in-pack: //p'", f->path), 30);
	assert_int_equal(number_of("git -C '%s' count-objects -v | sed -n 's/^count: //p'", f->path), 0);
	(void)blob(f, "one more");
	ASSERT_OK(repo_flush(f->r, &f->e));
	assert_int_equal(number_of("git -C '%s' count-objects -v | sed -n 's/in-pack: //p'", f->path), 31);
	assert_int_equal(number_of("ls '%s/incoming' | wc -l", f->path), 0);
}

static void reading_keeps_to_the_kind_and_the_limit(void **state)
{
	struct fixture *f = *state;
	struct oid id = blob(f, "12345"), absent = id;
	struct buf out = BUF_INIT;
	enum repo_kind kind = REPO_TAG;
	size_t size = 0;

	absent.id[0] ^= 1;
	assert_int_equal(repo_read(&out, f->r, &id, REPO_TREE, 100, &f->e), STATUS_INVALID);
	assert_int_equal(repo_read(&out, f->r, &id, REPO_BLOB, 4, &f->e), STATUS_TOO_BIG);
	assert_int_equal(repo_read(&out, f->r, &absent, REPO_BLOB, 100, &f->e), STATUS_NOT_FOUND);
	assert_int_equal(out.len, 0);
	ASSERT_OK(repo_read(&out, f->r, &id, REPO_BLOB, 5, &f->e));
	ASSERT_OK(repo_read(&out, f->r, &id, REPO_BLOB, 5, &f->e));
	assert_string_equal(buf_text(&out), "1234512345");
	ASSERT_OK(repo_stat(&kind, &size, f->r, &id, &f->e));
	assert_int_equal(kind, REPO_BLOB);
	assert_int_equal(size, 5);
	assert_int_equal(repo_stat(&kind, &size, f->r, &absent, &f->e), STATUS_NOT_FOUND);
	buf_clear(&out);
}

static void a_damaged_pack_is_noticed(void **state)
{
	struct fixture *f = *state;
	struct oid id = blob(f, "a text that somebody will damage on the disk");
	struct buf out = BUF_INIT;
	enum status st = STATUS_OK;

	ASSERT_OK(repo_flush(f->r, &f->e));
	repo_close(f->r);
	f->r = NULL;
	assert_int_equal(run("cd '%s/objects/pack' && chmod 644 *.pack && printf x | dd of=$(ls *.pack) bs=1 seek=24 "
			     "conv=notrunc 2>/dev/null",
			     f->path),
			 0);
	ASSERT_OK(repo_open(&f->r, f->path, &f->e));
	st = repo_read(&out, f->r, &id, REPO_BLOB, 100, &f->e);
	assert_int_equal(st, STATUS_CORRUPT);
	buf_clear(&out);
}

static void a_tree_is_written_in_the_order_of_git(void **state)
{
	struct fixture *f = *state;
	struct oid b = blob(f, "x");
	struct tree_entry inner[] = {{"y.json", false, b}};
	struct oid sub = tree_of(f, inner, 1);
	struct tree_entry entries[] = {
		{"a0", false, b}, {"a", true, sub}, {"a.json", false, b}, {"a-b", true, sub}, {"Z", false, b}};
	static const char *const order[] = {"Z", "a-b", "a.json", "a", "a0"};
	struct oid id = tree_of(f, entries, ARRAY_LEN(entries));
	struct oid head = commit_at(f, &id, NULL, 0, 1000);
	struct tree t = TREE_INIT;

	ASSERT_OK(repo_tree_read(&t, f->r, &id, &f->e));
	assert_int_equal(t.len, ARRAY_LEN(order));
	for (size_t i = 0; i < t.len; i++)
		assert_string_equal(t.entries[i].name, order[i]);
	assert_true(t.entries[1].is_dir);
	assert_false(t.entries[2].is_dir);
	assert_true(oid_equal(&t.entries[3].id, &sub));
	tree_clear(&t);
	set_main(f, &head);
	assert_int_equal(run("git -C '%s' fsck --strict --full 2>&1", f->path), 0);
}

static void a_tree_holds_no_name_twice_and_none_that_is_not_allowed(void **state)
{
	static char *const bad[] = {"",	   ".",	    "..",  ".git",     ".GIT", ".Git.", ".gitmodules",
				    "a/b", "git~1", "a b", "\xc3\xa9", "a:b"};
	struct fixture *f = *state;
	struct oid b = blob(f, "x"), id = {{7}};
	struct tree_entry twice[] = {{"a", true, b}, {"a-b", false, b}, {"a.b", false, b}, {"a", false, b}};
	struct tree t = {.entries = twice, .len = ARRAY_LEN(twice)};

	assert_int_equal(repo_tree_write(&id, f->r, &t, &f->e), STATUS_INVALID);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct tree_entry entry = {bad[i], false, b};
		struct tree one = {.entries = &entry, .len = 1};

		if (repo_tree_write(&id, f->r, &one, &f->e) != STATUS_INVALID)
			fail_msg("the name '%s' passed", bad[i]);
	}
	assert_int_equal(id.id[0], 7);
}

#define ID20 "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\24"
#define RAW(text)                                                                                                      \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}

static void a_hostile_tree_is_refused(void **state)
{
	static const struct raw {
		const char *bytes;
		size_t len;
	} bad[] = {
		RAW("100755 a\0" ID20),					     /* executable */
		RAW("120000 a\0" ID20),					     /* symbolic link */
		RAW("160000 a\0" ID20),					     /* submodule */
		RAW("040000 a\0" ID20),					     /* padded mode */
		RAW("100644 \0" ID20),					     /* no name */
		RAW("100644 ..\0" ID20),				     /* upwards */
		RAW("40000 .gIt\0" ID20),				     /* git's own */
		RAW("100644 a/b\0" ID20),				     /* a path */
		RAW("100644 b\0" ID20 "100644 a\0" ID20),		     /* out of order */
		RAW("100644 a\0" ID20 "100644 a\0" ID20),		     /* twice */
		RAW("100644 a\0" ID20 "100644 a.b\0" ID20 "40000 a\0" ID20), /* file and directory, not neighbours */
		RAW("40000 a\0" ID20 "100644 a.b\0" ID20),		     /* order without the slash */
		RAW("100644 a\0"
		    "\1\2\3"), /* cut off */
		RAW("100644 a"),
		RAW("1"),
	};
	static const char good[] =
		"100644 a\0" ID20 "100644 a-b\0" ID20 "100644 a.b.c\0" ID20 "40000 a.b\0" ID20 "40000 a0\0" ID20;
	struct fixture *f = *state;
	struct tree t = TREE_INIT;
	struct oid id;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ASSERT_OK(repo_write(&id, f->r, REPO_TREE, bad[i].bytes, bad[i].len, &f->e));
		if (repo_tree_read(&t, f->r, &id, &f->e) != STATUS_INVALID)
			fail_msg("tree %zu passed", i);
		assert_null(t.entries);
	}
	ASSERT_OK(repo_write(&id, f->r, REPO_TREE, good, sizeof(good) - 1, &f->e));
	ASSERT_OK(repo_tree_read(&t, f->r, &id, &f->e));
	assert_int_equal(t.len, 5);
	tree_clear(&t);
}

static void a_directory_has_a_limit(void **state)
{
	struct fixture *f = *state;
	struct tree t = {.entries = calloc(REPO_MAX_TREE_ENTRIES + 1, sizeof(struct tree_entry))};
	struct tree back = TREE_INIT;
	struct oid b = blob(f, "x"), id;

	assert_non_null(t.entries);
	for (; t.len < REPO_MAX_TREE_ENTRIES; t.len++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%zu", t.len);
		t.entries[t.len] = (struct tree_entry){strdup(name), false, b};
	}
	ASSERT_OK(repo_tree_write(&id, f->r, &t, &f->e));
	ASSERT_OK(repo_tree_read(&back, f->r, &id, &f->e));
	assert_int_equal(back.len, REPO_MAX_TREE_ENTRIES);
	t.entries[t.len++] = (struct tree_entry){strdup("more"), false, b};
	assert_int_equal(repo_tree_write(&id, f->r, &t, &f->e), STATUS_TOO_BIG);
	tree_clear(&t);
	tree_clear(&back);
}

static void a_commit_comes_back_as_it_was_written_and_signed(void **state)
{
	struct fixture *f = *state;
	struct oid tree = tree_of(f, NULL, 0);
	struct oid parents[] = {commit_at(f, &tree, NULL, 0, -5), commit_at(f, &tree, NULL, 0, 2000)};
	struct oid id = commit_at(f, &tree, parents, 2, 1795324800999);
	struct commit c = COMMIT_INIT, first = COMMIT_INIT;

	ASSERT_OK(repo_commit_read(&c, f->r, &id, &f->e));
	assert_true(oid_equal(&c.tree, &tree));
	assert_int_equal(c.parents_len, 2);
	assert_true(oid_equal(&c.parents[0], &parents[0]));
	assert_true(oid_equal(&c.parents[1], &parents[1]));
	assert_string_equal(c.author_name, "kib-kiosk");
	assert_string_equal(c.author_email, "kib-kiosk@c82999.qip.invalid");
	assert_int_equal(c.author_s, 1795324800);
	assert_int_equal(c.committer_s, 1795324800);
	assert_string_equal(c.message, "A change\n");
	ASSERT_OK(signature_check(c.signature, strlen(c.signature), f->key, "git", c.signed_text, c.signed_len, &f->e));
	assert_null(strstr(c.signed_text, "gpgsig"));
	ASSERT_OK(repo_commit_read(&first, f->r, &parents[0], &f->e));
	assert_int_equal(first.author_s, 0);
	commit_clear(&c);
	commit_clear(&first);
}

static void stock_git_and_ssh_keygen_find_our_commits_good(void **state)
{
	struct fixture *f = *state;
	struct tree_entry entries[] = {{"a.json", false, blob(f, "{}")}};
	struct oid tree = tree_of(f, entries, 1);
	struct oid head = commit_at(f, &tree, NULL, 0, 1000000);
	char ssh[KEY_SSH_MAX], signers[400];
	FILE *file = NULL;

	for (int i = 0; i < 4; i++)
		head = commit_at(f, &tree, &head, 1, 2000000 + i);
	set_main(f, &head);
	key_ssh(ssh, f->key);
	(void)snprintf(signers, sizeof(signers), "%s/signers", f->dir);
	file = fopen(signers, "w");
	assert_non_null(file);
	(void)fprintf(file, "kib-kiosk@c82999.qip.invalid namespaces=\"git\" %s\n", ssh);
	(void)fclose(file);
	assert_int_equal(run("git -C '%s' -c gpg.ssh.allowedSignersFile='%s' verify-commit main main~1 main~2 main~3 "
			     "main~4 2>&1",
			     f->path, signers),
			 0);
	assert_int_equal(number_of("git -C '%s' -c gpg.ssh.allowedSignersFile='%s' log --show-signature main |"
				   " grep -c '^Good \"git\" signature for kib-kiosk@c82999.qip.invalid'",
				   f->path, signers),
			 5);
	assert_int_equal(run("git -C '%s' fsck --strict --full 2>&1 && git clone -q '%s' '%s/clone' && test -f "
			     "'%s/clone/a.json'",
			     f->path, f->path, f->dir, f->dir),
			 0);
}

static void commits_out_of_form_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"tree " HEX_A "\n",
		HEAD_OF,
		"author " WHO "tree " HEX_A "\ncommitter " WHO "\nm\n",
		"tree " HEX_A "\ntree " HEX_A "\nauthor " WHO "committer " WHO "\nm\n",
		"tree " HEX_A "\nparent " HEX_A "\nparent " HEX_A "\nparent " HEX_A "\nauthor " WHO "committer " WHO
		"\nm\n",
		"tree " HEX_A "\nparent a\nauthor " WHO "committer " WHO "\nm\n",
		"tree AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nauthor " WHO "committer " WHO "\nm\n",
		"tree " HEX_A "\nauthor " WHO "author " WHO "committer " WHO "\nm\n",
		"tree " HEX_A "\nauthor <a@b> 1 +0000\ncommitter " WHO "\nm\n",
		"tree " HEX_A "\nauthor A <> 1 +0000\ncommitter " WHO "\nm\n",
		"tree " HEX_A "\nauthor A <a@b> -1 +0000\ncommitter " WHO "\nm\n",
		"tree " HEX_A "\nauthor A <a@b> 01 +0000\ncommitter " WHO "\nm\n",
		"tree " HEX_A "\nauthor A <a@b> 99999999999999999999 +0000\ncommitter " WHO "\nm\n",
		"tree " HEX_A "\nauthor A <a@b> 1 0000\ncommitter " WHO "\nm\n",
		"tree " HEX_A "\nauthor A <a@b> 1 +00x0\ncommitter " WHO "\nm\n",
		"tree " HEX_A "\nauthor A <a@b <c>> 1 +0000\ncommitter " WHO "\nm\n",
		HEAD_OF "encoding latin-1\n\nm\n",
		HEAD_OF "mergetag object " HEX_A "\n\nm\n",
		HEAD_OF "gpgsig x\n y\ngpgsig z\n\nm\n",
		HEAD_OF "gpgsig x\n y",
		HEAD_OF "gpgsig \n\nm\n",
		HEAD_OF "gpgsig-sha256 x\n\nm\n",
	};
	static const char nul[] = HEAD_OF "\nm\0n\n";
	struct fixture *f = *state;
	struct commit c = COMMIT_INIT;
	struct oid id;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ASSERT_OK(repo_write(&id, f->r, REPO_COMMIT, bad[i], strlen(bad[i]), &f->e));
		if (repo_commit_read(&c, f->r, &id, &f->e) != STATUS_INVALID)
			fail_msg("commit %zu passed", i);
		assert_null(c.message);
	}
	ASSERT_OK(repo_write(&id, f->r, REPO_COMMIT, nul, sizeof(nul) - 1, &f->e));
	assert_int_equal(repo_commit_read(&c, f->r, &id, &f->e), STATUS_INVALID);
}

static void a_commit_has_a_limit_and_may_be_unsigned(void **state)
{
	struct fixture *f = *state;
	struct commit c = COMMIT_INIT;
	struct buf text = BUF_INIT;
	struct oid id;

	buf_adds(&text, HEAD_OF "\n");
	ASSERT_OK(repo_write(&id, f->r, REPO_COMMIT, text.data, text.len, &f->e));
	ASSERT_OK(repo_commit_read(&c, f->r, &id, &f->e));
	assert_null(c.signature);
	assert_string_equal(c.message, "");
	assert_string_equal(c.signed_text, buf_text(&text));
	commit_clear(&c);
	while (text.len <= 65536)
		buf_adds(&text, "a long story ");
	ASSERT_OK(repo_write(&id, f->r, REPO_COMMIT, text.data, text.len, &f->e));
	assert_int_equal(repo_commit_read(&c, f->r, &id, &f->e), STATUS_INVALID);
	buf_clear(&text);
}

static void a_commit_is_not_written_for_names_that_would_break_its_lines(void **state)
{
	struct fixture *f = *state;
	struct commit_spec spec = {
		.tree = tree_of(f, NULL, 0), .name = "a\nb", .email = "a@b", .message = "m\n", .key = f->key};
	struct oid id;

	assert_int_equal(repo_commit_write(&id, f->r, &spec, &f->e), STATUS_USAGE);
	spec.name = "a";
	spec.email = "a@b> 1 +0000";
	assert_int_equal(repo_commit_write(&id, f->r, &spec, &f->e), STATUS_USAGE);
	spec.email = "a@b";
	spec.message = "no newline";
	assert_int_equal(repo_commit_write(&id, f->r, &spec, &f->e), STATUS_USAGE);
}

static void a_ref_moves_only_from_what_the_caller_saw(void **state)
{
	struct fixture *f = *state;
	const char *name = "refs/devices/kib-kiosk";
	struct oid tree = tree_of(f, NULL, 0), got;
	struct oid a = commit_at(f, &tree, NULL, 0, 1000), b = commit_at(f, &tree, &a, 1, 2000);
	struct repo *other = NULL;

	ASSERT_OK(repo_flush(f->r, &f->e));
	ASSERT_OK(repo_open(&other, f->path, &f->e));
	assert_int_equal(repo_ref_get(&got, f->r, name, &f->e), STATUS_NOT_FOUND);
	assert_int_equal(repo_ref_update(f->r, name, &b, &a, &f->e), STATUS_STALE);
	assert_int_equal(repo_ref_update(f->r, name, NULL, &a, &f->e), STATUS_STALE);
	ASSERT_OK(repo_ref_update(f->r, name, &a, NULL, &f->e));
	assert_int_equal(repo_ref_update(other, name, &b, NULL, &f->e), STATUS_STALE);
	ASSERT_OK(repo_ref_update(other, name, &b, &a, &f->e));
	ASSERT_OK(repo_ref_get(&got, f->r, name, &f->e));
	assert_true(oid_equal(&got, &b));
	assert_int_equal(repo_ref_update(f->r, name, &a, &a, &f->e), STATUS_STALE);
	assert_int_equal(repo_ref_update(f->r, name, NULL, &a, &f->e), STATUS_STALE);
	ASSERT_OK(repo_ref_update(f->r, name, NULL, &b, &f->e));
	assert_int_equal(repo_ref_get(&got, other, name, &f->e), STATUS_NOT_FOUND);
	repo_close(other);
}

static void a_ref_that_a_power_cut_left_empty_is_dropped_and_no_other(void **state)
{
	struct fixture *f = *state;
	const char *name = "refs/devices/kib-kiosk";
	struct oid tree = tree_of(f, NULL, 0), got;
	struct oid a = commit_at(f, &tree, NULL, 0, 1000);
	char path[512];

	ASSERT_OK(repo_flush(f->r, &f->e));
	ASSERT_OK(repo_ref_drop_empty(f->r, name, &f->e));
	ASSERT_OK(repo_ref_put(f->r, name, &a, false, &f->e));
	ASSERT_OK(repo_ref_drop_empty(f->r, name, &f->e));
	ASSERT_OK(repo_ref_get(&got, f->r, name, &f->e));
	assert_true(oid_equal(&got, &a));
	(void)snprintf(path, sizeof(path), "%s/%s", f->path, name);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_not_equal(repo_ref_get(&got, f->r, name, NULL), STATUS_OK);
	ASSERT_OK(repo_ref_drop_empty(f->r, name, &f->e));
	assert_int_equal(repo_ref_get(&got, f->r, name, NULL), STATUS_NOT_FOUND);
}

static void a_ref_never_points_to_what_is_only_staged(void **state)
{
	struct fixture *f = *state;
	struct oid tree = tree_of(f, NULL, 0), head = commit_at(f, &tree, NULL, 0, 1000);

	assert_int_equal(repo_ref_update(f->r, "refs/heads/main", &head, NULL, &f->e), STATUS_NOT_FOUND);
	ASSERT_OK(repo_flush(f->r, &f->e));
	ASSERT_OK(repo_ref_update(f->r, "refs/heads/main", &head, NULL, &f->e));
}

static void names_that_git_does_not_take_for_refs_are_refused(void **state)
{
	static const char *const bad[] = {"refs/heads/a..b", "refs/heads/a.lock", "refs/heads/../../x", "refs/heads/"};
	struct fixture *f = *state;
	struct oid tree = tree_of(f, NULL, 0), head = commit_at(f, &tree, NULL, 0, 1000);

	ASSERT_OK(repo_flush(f->r, &f->e));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(repo_ref_update(f->r, bad[i], &head, NULL, &f->e), STATUS_INVALID);
}

static enum status note_name(void *ctx, const char *name, const struct oid *id)
{
	struct buf *out = ctx;

	assert_false(oid_is_zero(id));
	buf_addf(out, "%s ", name);
	return out->len > 60 ? STATUS_BUSY : STATUS_OK;
}

static void refs_are_listed_by_name(void **state)
{
	static const char *const names[] = {"refs/devices/b", "refs/devices/a", "refs/devices/a-b", "refs/heads/main",
					    "refs/devicesx/y"};
	struct fixture *f = *state;
	struct oid tree = tree_of(f, NULL, 0), head = commit_at(f, &tree, NULL, 0, 1000);
	struct buf out = BUF_INIT;

	ASSERT_OK(repo_flush(f->r, &f->e));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ASSERT_OK(repo_ref_update(f->r, names[i], &head, NULL, &f->e));
	ASSERT_OK(repo_ref_each(f->r, "refs/devices/", note_name, &out, &f->e));
	assert_string_equal(buf_text(&out), "refs/devices/a refs/devices/a-b refs/devices/b ");
	assert_int_equal(run("git -C '%s' pack-refs --all", f->path), 0);
	buf_reset(&out);
	ASSERT_OK(repo_ref_each(f->r, "refs/devices/", note_name, &out, &f->e));
	assert_string_equal(buf_text(&out), "refs/devices/a refs/devices/a-b refs/devices/b ");
	buf_reset(&out);
	assert_int_equal(repo_ref_each(f->r, "refs/", note_name, &out, &f->e), STATUS_BUSY);
	buf_reset(&out);
	ASSERT_OK(repo_ref_each(f->r, "refs/none/", note_name, &out, &f->e));
	assert_int_equal(out.len, 0);
	buf_clear(&out);
}

static void a_list_of_refs_is_whole_or_fails(void **state)
{
	static const char *const names[] = {"refs/devices/a", "refs/devices/b", "refs/heads/main"};
	struct fixture *f = *state;
	struct oid tree = tree_of(f, NULL, 0), head = commit_at(f, &tree, NULL, 0, 1000);
	struct rlimit before, few;
	struct buf out = BUF_INIT;
	int spare = -1;

	ASSERT_OK(repo_flush(f->r, &f->e));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ASSERT_OK(repo_ref_update(f->r, names[i], &head, NULL, &f->e));
	spare = dup(0);
	assert_true(spare >= 0);
	assert_int_equal(close(spare), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	/* none, one and two descriptors are left: for no directory, for not all of them, for no ref */
	for (int left = 0; left < 3; left++) {
		few = (struct rlimit){.rlim_cur = (rlim_t)(spare + left), .rlim_max = before.rlim_max};
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		assert_int_equal(repo_ref_each(f->r, "refs/", note_name, &out, &f->e), STATUS_IO);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_int_equal(out.len, 0);
	}
	ASSERT_OK(repo_ref_each(f->r, "refs/", note_name, &out, &f->e));
	assert_string_equal(buf_text(&out), "refs/devices/a refs/devices/b refs/heads/main ");
	buf_reset(&out);
	assert_int_equal(run(": >'%s/refs/devices/b'", f->path), 0);
	assert_int_equal(repo_ref_each(f->r, "refs/", note_name, &out, &f->e), STATUS_CORRUPT);
	buf_clear(&out);
}

static void a_lock_that_a_killed_process_left_is_cleared_up(void **state)
{
	struct fixture *f = *state;
	struct oid tree = tree_of(f, NULL, 0), head = commit_at(f, &tree, NULL, 0, 1000),
		   next = commit_at(f, &tree, &head, 1, 1000);

	set_main(f, &head);
	ASSERT_OK(repo_flush(f->r, &f->e));
	assert_int_equal(
		run("cd '%s' && touch refs/heads/main.lock && mkdir -p incoming/dead && touch incoming/dead/pack_x",
		    f->path),
		0);
	assert_int_equal(repo_ref_update(f->r, "refs/heads/main", &next, &head, &f->e), STATUS_BUSY);
	ASSERT_OK(repo_intake_sweep(f->r, &f->e));
	ASSERT_OK(repo_ref_update(f->r, "refs/heads/main", &next, &head, &f->e));
	assert_int_equal(number_of("ls '%s/incoming' | wc -l", f->path), 0);
}

static void ancestors_are_found_by_the_graph_whatever_the_clocks_say(void **state)
{
	static const int64_t times_ms[] = {4102444800000, 0, 1795324800000, 1000, 4070908800000};
	struct fixture *f = *state;
	struct oid tree = tree_of(f, NULL, 0), chain[40], side, merge, parents[2];
	bool yes = false;

	for (size_t i = 0; i < ARRAY_LEN(chain); i++)
		chain[i] = commit_at(f, &tree, i ? &chain[i - 1] : NULL, i ? 1 : 0,
				     times_ms[i % ARRAY_LEN(times_ms)] + (int64_t)i * 1000);
	side = commit_at(f, &tree, &chain[10], 1, 0);
	parents[0] = chain[39];
	parents[1] = side;
	merge = commit_at(f, &tree, parents, 2, 5000);
	for (size_t i = 0; i < ARRAY_LEN(chain); i++) {
		ASSERT_OK(repo_is_ancestor(&yes, f->r, &chain[i], &chain[20], &f->e));
		assert_int_equal(yes, i <= 20);
		ASSERT_OK(repo_is_ancestor(&yes, f->r, &chain[i], &side, &f->e));
		assert_int_equal(yes, i <= 10);
		ASSERT_OK(repo_is_ancestor(&yes, f->r, &chain[i], &merge, &f->e));
		assert_true(yes);
	}
	ASSERT_OK(repo_is_ancestor(&yes, f->r, &side, &chain[39], &f->e));
	assert_false(yes);
	ASSERT_OK(repo_is_ancestor(&yes, f->r, &side, &merge, &f->e));
	assert_true(yes);
}

static void asking_for_an_ancestor_does_not_read_the_whole_history(void **state)
{
	struct fixture *f = *state;
	struct oid tree = tree_of(f, NULL, 0), tip, old, side;
	uint64_t before = 0;
	bool yes = true;

	tip = commit_at(f, &tree, NULL, 0, 0);
	for (int i = 0; i < 300; i++) {
		tip = commit_at(f, &tree, &tip, 1, i);
		if (i == 290)
			old = tip;
	}
	side = commit_at(f, &tree, &old, 1, 7000); /* another second, another commit */
	before = repo_reads(f->r);
	ASSERT_OK(repo_is_ancestor(&yes, f->r, &tip, &old, &f->e)); /* an older head */
	assert_false(yes);
	ASSERT_OK(repo_is_ancestor(&yes, f->r, &side, &tip, &f->e)); /* a fork */
	assert_false(yes);
	ASSERT_OK(repo_is_ancestor(&yes, f->r, &old, &tip, &f->e));
	assert_true(yes);
	assert_true(repo_reads(f->r) - before < 100);
}

static void an_ancestor_that_is_not_there_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct oid tree = tree_of(f, NULL, 0), head = commit_at(f, &tree, NULL, 0, 0), absent = head;
	bool yes = false;

	absent.id[0] ^= 1;
	assert_int_equal(repo_is_ancestor(&yes, f->r, &absent, &head, &f->e), STATUS_NOT_FOUND);
	assert_int_equal(repo_is_ancestor(&yes, f->r, &tree, &head, &f->e), STATUS_INVALID);
}

/* In a child that may mount: 1 could not mount, 2 something else was wrong, 0 as it should be. */
static int fill_a_small_disk(struct fixture *f)
{
	struct repo *r = NULL;
	struct oid id;
	char path[400], *noise = malloc(300000);
	enum status st = STATUS_OK;

	if (!noise || (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS)) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("tmpfs", f->dir, "tmpfs", 0, "size=200k"))
		return 1;
	(void)snprintf(path, sizeof(path), "%s/small.git", f->dir);
	srand(1);
	for (size_t i = 0; i < 300000; i++)
		noise[i] = (char)rand();
	if (repo_create(path, &f->e) || repo_open(&r, path, &f->e) ||
	    repo_write(&id, r, REPO_BLOB, noise, 300000, &f->e))
		return 2;
	st = repo_flush(r, &f->e);
	if (st != STATUS_NO_SPACE || !repo_has(r, &id) || run("test -z \"$(ls %s/incoming)\"", path) != 0)
		return 3;
	if (mount("tmpfs", f->dir, "tmpfs", MS_REMOUNT, "size=2m"))
		return 4;
	if (repo_flush(r, &f->e)) /* nothing was lost: once there is room it succeeds */
		return 5;
	repo_close(r);
	free(noise);
	return 0;
}

static void a_full_disk_is_told_as_such_and_loses_nothing(void **state)
{
	struct fixture *f = *state;
	pid_t pid = fork();
	int rc = 0;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fill_a_small_disk(f));
	assert_int_equal(waitpid(pid, &rc, 0), pid);
	assert_true(WIFEXITED(rc));
	if (WEXITSTATUS(rc) == 1)
		skip();
	assert_int_equal(WEXITSTATUS(rc), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

static void a_pack_that_cannot_be_opened_is_told_from_an_object_that_is_not_there(void **state)
{
	struct fixture *f = *state;
	struct oid id = blob(f, "in the pack");

	ASSERT_OK(repo_flush(f->r, &f->e));
	ASSERT_OK(repo_look_again(f->r, &f->e));
	assert_true(repo_has(f->r, &id));
	/* links to themselves: what root may open, too, cannot be opened */
	assert_int_equal(run("cd '%s/objects/pack' && for p in *.pack; do mv $p ../away && ln -s $p $p; done", f->path), 0);
	assert_int_equal(repo_look_again(f->r, &f->e), STATUS_IO);
	assert_int_equal(run("cd '%s/objects/pack' && for p in *.pack; do mv ../away $p; done", f->path), 0);
	ASSERT_OK(repo_look_again(f->r, &f->e));
	assert_true(repo_has(f->r, &id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_repository_is_one_that_git_knows),
		TEST(a_repository_is_not_made_twice),
		TEST(what_is_no_repository_cannot_be_opened),
		cmocka_unit_test(ids_are_forty_lower_case_hex_digits),
		TEST(staged_objects_are_invisible_to_others_until_the_flush),
		TEST(what_comes_after_a_handle_was_opened_is_found),
		TEST(discarded_objects_are_gone),
		TEST(writing_what_is_there_writes_nothing),
		TEST(a_flush_writes_exactly_what_is_staged_and_leaves_no_rest),
		TEST(reading_keeps_to_the_kind_and_the_limit),
		TEST(a_damaged_pack_is_noticed),
		TEST(a_tree_is_written_in_the_order_of_git),
		TEST(a_tree_holds_no_name_twice_and_none_that_is_not_allowed),
		TEST(a_hostile_tree_is_refused),
		TEST(a_directory_has_a_limit),
		TEST(a_commit_comes_back_as_it_was_written_and_signed),
		TEST(stock_git_and_ssh_keygen_find_our_commits_good),
		TEST(commits_out_of_form_are_refused),
		TEST(a_commit_has_a_limit_and_may_be_unsigned),
		TEST(a_commit_is_not_written_for_names_that_would_break_its_lines),
		TEST(a_ref_moves_only_from_what_the_caller_saw),
		TEST(a_ref_that_a_power_cut_left_empty_is_dropped_and_no_other),
		TEST(a_ref_never_points_to_what_is_only_staged),
		TEST(names_that_git_does_not_take_for_refs_are_refused),
		TEST(refs_are_listed_by_name),
		TEST(a_list_of_refs_is_whole_or_fails),
		TEST(a_lock_that_a_killed_process_left_is_cleared_up),
		TEST(ancestors_are_found_by_the_graph_whatever_the_clocks_say),
		TEST(asking_for_an_ancestor_does_not_read_the_whole_history),
		TEST(an_ancestor_that_is_not_there_is_an_error),
		TEST(a_full_disk_is_told_as_such_and_loses_nothing),
		cmocka_unit_test_setup_teardown(a_pack_that_cannot_be_opened_is_told_from_an_object_that_is_not_there, open_fixture,
						close_fixture),
	};
	return cmocka_run_group_tests(tests, library_start, library_stop);
}
