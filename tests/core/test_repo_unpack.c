#include "repo_fixture.h"

#include "core/digest.h"
#include "core/tree.h"

#define MEMORY ((size_t)1 << 20)

static const struct repo_limits roomy = {.pack_bytes = 1 << 20, .objects = 1000, .object_bytes = 100000};

static enum status unpack(struct fixture *f, const struct buf *pack)
{
	return repo_unpack(f->r, pack->data, pack->len, &roomy, MEMORY, &f->e);
}

/* Make the checksum at the end fit again. */
static void seal(struct buf *pack)
{
	struct sha1 *s = sha1_open();

	assert_non_null(s);
	sha1_add(s, pack->data, pack->len - SHA1_LEN);
	assert_int_equal(sha1_finish(pack->data + pack->len - SHA1_LEN, s), STATUS_OK);
	sha1_close(s);
}

static void unpacks_what_stock_git_packed(void **state)
{
	static const char *const options[] = {"--delta-base-offset", "", "--depth=0", "--depth=50 --window=50"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		struct buf pack = BUF_INIT;
		struct commit c = COMMIT_INIT;
		struct oid tip, id;
		bool is_dir = false;

		foreign_pack(f, &pack, &tip, options[i]);
		ASSERT_OK(unpack(f, &pack));
		assert_int_equal(repo_mark(f->r), number_of("git -C '%s/other' rev-list --objects main | wc -l", f->dir));
		ASSERT_OK(repo_commit_read(&c, f->r, &tip, &f->e));
		ASSERT_OK(tree_find(&id, &is_dir, f->r, &c.tree, "d/big", &f->e));
		ASSERT_OK(repo_staged_only(f->r, &tip, &f->e));
		assert_int_equal(number_of("find '%s/objects' '%s' -path '*incoming*' -type f | wc -l", f->path, f->path), 0);
		set_main(f, &tip);
		assert_int_equal(run("git -C '%s' fsck --strict --full >/dev/null 2>&1", f->path), 0);
		assert_int_equal(run("test \"$(git -C '%s' rev-list --objects main | sort)\" ="
				     " \"$(git -C '%s/other' rev-list --objects main | sort)\"",
				     f->path, f->dir),
				 0);
		commit_clear(&c);
		buf_clear(&pack);
	}
}

static void a_torn_or_altered_pack_stages_nothing(void **state)
{
	struct fixture *f = *state;
	struct buf pack = BUF_INIT;
	struct oid tip;

	foreign_pack(f, &pack, &tip, "--delta-base-offset");
	for (size_t len = 0; len < pack.len; len += 7) {
		struct buf torn = BUF_INIT;

		buf_add(&torn, pack.data, len);
		assert_int_equal(unpack(f, &torn), STATUS_MALFORMED);
		if (len >= 12 + SHA1_LEN) {
			seal(&torn);
			assert_int_equal(unpack(f, &torn), STATUS_MALFORMED);
		}
		assert_int_equal(repo_mark(f->r), 0);
		buf_clear(&torn);
	}
	for (size_t at = 0; at < pack.len - SHA1_LEN; at += 3) {
		struct buf flipped = BUF_INIT;
		enum status st = STATUS_OK;

		buf_add(&flipped, pack.data, pack.len);
		flipped.data[at] ^= (uint8_t)(1u << at % 8);
		assert_int_not_equal(unpack(f, &flipped), STATUS_OK);
		seal(&flipped);
		/* a flip in a count or a size may ask for too much; one in a kind makes another object, which its id tells;
		 * one in the bits that fill up a byte changes nothing */
		st = unpack(f, &flipped);
		assert_true(st == STATUS_MALFORMED || st == STATUS_TOO_BIG || st == STATUS_OK);
		assert_true(st == STATUS_OK || repo_mark(f->r) == 0);
		repo_discard(f->r);
		buf_clear(&flipped);
	}
	buf_clear(&pack);
}

static void limits_hold(void **state)
{
	struct fixture *f = *state;
	struct repo_limits few = roomy, small = roomy;
	struct buf pack = BUF_INIT;
	struct oid tip;

	foreign_pack(f, &pack, &tip, "--delta-base-offset");
	few.objects = 3;
	assert_int_equal(repo_unpack(f->r, pack.data, pack.len, &few, MEMORY, &f->e), STATUS_TOO_BIG);
	assert_non_null(strstr(f->e.text, "at most 3"));
	small.object_bytes = 8000; /* d/big has 8,893 and more, some of it as deltas */
	assert_int_equal(repo_unpack(f->r, pack.data, pack.len, &small, MEMORY, &f->e), STATUS_TOO_BIG);
	assert_int_equal(repo_unpack(f->r, pack.data, pack.len, &roomy, 20000, &f->e), STATUS_TOO_BIG);
	assert_non_null(strstr(f->e.text, "memory"));
	assert_int_equal(repo_mark(f->r), 0);
	/* what a header of twelve bytes promises costs nothing */
	buf_reset(&pack);
	buf_add(&pack, "PACK\0\0\0\2\0\0\3\xe8", 12);
	buf_add(&pack, "                    ", SHA1_LEN);
	seal(&pack);
	assert_int_equal(unpack(f, &pack), STATUS_MALFORMED);
	buf_clear(&pack);
}

/* An object of kind 7, of that size and on that base, followed by its zlib stream. */
static void a_delta_without_its_base_is_refused(void **state)
{
	static const uint8_t stream[] = {0x78, 0x9c, 0x63, 0x60, 0x00, 0x00, 0x00, 0x02, 0x00, 0x01}; /* two NULs */
	struct fixture *f = *state;
	struct buf pack = BUF_INIT;
	struct oid base = blob(f, "kept elsewhere");
	size_t mark = repo_mark(f->r);

	buf_add(&pack, "PACK\0\0\0\2\0\0\0\1", 12);
	buf_addc(&pack, (char)(7 << 4 | 2));
	buf_add(&pack, base.id, OID_LEN);
	buf_add(&pack, stream, sizeof(stream));
	buf_add(&pack, "                    ", SHA1_LEN);
	seal(&pack);
	assert_int_equal(unpack(f, &pack), STATUS_MALFORMED);
	assert_non_null(strstr(f->e.text, "base is not there"));
	assert_int_equal(repo_mark(f->r), mark);
	buf_clear(&pack);
}

static void an_object_that_the_head_does_not_need_is_found(void **state)
{
	struct fixture *f = *state;
	struct buf pack = BUF_INIT;
	struct oid tip;

	foreign_pack(f, &pack, &tip, "--delta-base-offset");
	ASSERT_OK(unpack(f, &pack));
	(void)blob(f, "a stowaway");
	assert_int_equal(repo_staged_only(f->r, &tip, &f->e), STATUS_INVALID);
	assert_non_null(strstr(f->e.text, "(1 of "));
	buf_clear(&pack);
}

static void staging_goes_back_to_a_mark_and_over_to_another_handle(void **state)
{
	struct fixture *f = *state;
	struct repo *other = NULL;
	struct oid kept[500], gone[500];
	size_t mark = 0;
	char text[32];

	for (int i = 0; i < 500; i++) {
		(void)snprintf(text, sizeof(text), "kept %d", i);
		kept[i] = blob(f, text);
	}
	mark = repo_mark(f->r);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 500; i++) {
			(void)snprintf(text, sizeof(text), "gone %d", i);
			gone[i] = blob(f, text);
		}
		for (int i = 0; i < 500; i++)
			assert_true(repo_has(f->r, &gone[i]));
		repo_rollback(f->r, mark);
		for (int i = 0; i < 500; i++) {
			assert_false(repo_has(f->r, &gone[i]));
			assert_true(repo_has(f->r, &kept[i]));
		}
	}
	ASSERT_OK(repo_open(&other, f->path, &f->e));
	ASSERT_OK(repo_adopt(other, f->r, &f->e));
	ASSERT_OK(repo_adopt(other, f->r, &f->e));
	assert_int_equal(repo_mark(other), 500);
	ASSERT_OK(repo_flush(other, &f->e));
	repo_close(other);
	ASSERT_OK(repo_refresh(f->r, &f->e));
	assert_true(repo_has(f->r, &kept[499]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(unpacks_what_stock_git_packed, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(a_torn_or_altered_pack_stages_nothing, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(limits_hold, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(a_delta_without_its_base_is_refused, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(an_object_that_the_head_does_not_need_is_found, open_fixture, close_fixture),
		cmocka_unit_test_setup_teardown(staging_goes_back_to_a_mark_and_over_to_another_handle, open_fixture,
						close_fixture),
	};
	return cmocka_run_group_tests(tests, library_start, library_stop);
}
