#include <zlib.h>

#include "repo_fixture.h"

#define BLOB 3
#define OFS_DELTA 6
#define REF_DELTA 7
#define GIB ((uint64_t)1 << 30)

static const struct repo_limits roomy = {.pack_bytes = 1 << 20, .objects = 10000, .object_bytes = 1000};

/* ---- packs made by hand ---- */

static void add_pack_header(struct buf *out, unsigned objects)
{
	const uint8_t count[] = {0, 0, (uint8_t)(objects >> 8), (uint8_t)objects};

	buf_add(out, "PACK\0\0\0\2", 8);
	buf_add(out, count, sizeof(count));
}

static void add_object_header(struct buf *out, int kind, uint64_t size)
{
	uint8_t byte = (uint8_t)(kind << 4 | (int)(size & 15));

	for (size >>= 4; size; size >>= 7) {
		buf_addc(out, (char)(byte | 0x80));
		byte = size & 0x7f;
	}
	buf_addc(out, (char)byte);
}

static void add_packed(struct buf *out, const void *bytes, size_t len)
{
	uint8_t packed[2048];
	uLongf packed_len = sizeof(packed);

	assert_int_equal(compress(packed, &packed_len, bytes, len), Z_OK);
	buf_add(out, packed, packed_len);
}

static void add_object(struct buf *out, int kind, const char *text)
{
	add_object_header(out, kind, strlen(text));
	add_packed(out, text, strlen(text));
}

/* A number of a delta: its base's or its object's size. */
static void add_number(struct buf *out, uint64_t n)
{
	for (; n > 0x7f; n >>= 7)
		buf_addc(out, (char)(n | 0x80));
	buf_addc(out, (char)n);
}

/* A delta on the object `back` bytes before that says it makes an object of `size` bytes, and holds `text`. */
static void add_delta(struct buf *out, size_t back, size_t base_size, uint64_t size, const char *text)
{
	struct buf delta = BUF_INIT;

	add_number(&delta, base_size);
	add_number(&delta, size);
	buf_addc(&delta, (char)strlen(text));
	buf_adds(&delta, text);
	add_object_header(out, OFS_DELTA, delta.len);
	assert_true(back < 128);
	buf_addc(out, (char)back);
	add_packed(out, delta.data, delta.len);
	buf_clear(&delta);
}

static void add_trailer(struct fixture *f, struct buf *out)
{
	char path[400], hex[64];
	FILE *file = NULL;
	struct oid digest;

	(void)snprintf(path, sizeof(path), "%s/made.pack", f->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(out->data, 1, out->len, file), out->len);
	assert_int_equal(fclose(file), 0);
	line_of(hex, sizeof(hex), "sha1sum '%s'", path);
	ASSERT_OK(oid_parse(&digest, hex, OID_HEX_LEN));
	buf_add(out, digest.id, OID_LEN);
}

static enum status take(struct fixture *f, const struct repo_limits *limits, const struct buf *pack, size_t step)
{
	struct repo_intake *in = NULL;
	enum status st = STATUS_OK;

	ASSERT_OK(repo_intake_begin(&in, f->r, limits, &f->e));
	for (size_t at = 0; at < pack->len && !st; at += step)
		st = repo_intake_feed(in, pack->data + at, pack->len - at < step ? pack->len - at : step, &f->e);
	if (!st)
		st = repo_intake_finish(in, &f->e);
	repo_intake_close(in);
	return st;
}

static void assert_taken(struct fixture *f, struct buf *pack, enum status wanted, const char *words)
{
	static const size_t steps[] = {1, 5, 1 << 20};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		f->e.text[0] = '\0';
		assert_int_equal(take(f, &roomy, pack, steps[i]), wanted);
		assert_non_null(strstr(f->e.text, words));
	}
	buf_clear(pack);
}

/* ---- */

static void objects_and_deltas_made_by_hand_are_taken(void **state)
{
	struct fixture *f = *state;
	struct buf pack = BUF_INIT;
	size_t first = 0;

	add_pack_header(&pack, 3);
	first = pack.len;
	add_object(&pack, BLOB, "the first");
	add_delta(&pack, pack.len - first, 9, 10, "the second");
	add_object(&pack, BLOB, "");
	add_trailer(f, &pack);
	assert_taken(f, &pack, STATUS_OK, "");
}

static void an_object_that_would_be_too_large_is_refused_before_it_comes(void **state)
{
	struct fixture *f = *state;
	struct repo_intake *in = NULL;
	struct buf pack = BUF_INIT;

	add_pack_header(&pack, 1);
	add_object_header(&pack, BLOB, GIB);
	ASSERT_OK(repo_intake_begin(&in, f->r, &roomy, &f->e));
	assert_int_equal(repo_intake_feed(in, pack.data, pack.len, &f->e), STATUS_TOO_BIG);
	assert_non_null(strstr(f->e.text, "more than 1000 bytes"));
	repo_intake_close(in);
	buf_clear(&pack);
}

static void a_delta_that_would_make_too_large_an_object_is_refused_before_it_is_applied(void **state)
{
	static const uint64_t sizes[] = {1001, GIB, (uint64_t)1 << 62};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct buf pack = BUF_INIT;
		size_t first = 0;

		add_pack_header(&pack, 2);
		first = pack.len;
		add_object(&pack, BLOB, "base");
		add_delta(&pack, pack.len - first, 4, sizes[i], "x");
		/* refused without the pack's end */
		assert_taken(f, &pack, STATUS_TOO_BIG, "more than 1000 bytes");
	}
}

static void an_object_that_is_not_as_long_as_it_says_is_refused(void **state)
{
	struct fixture *f = *state;
	struct buf pack = BUF_INIT;

	add_pack_header(&pack, 1);
	add_object_header(&pack, BLOB, 4);
	add_packed(&pack, "longer", 6);
	add_trailer(f, &pack);
	assert_taken(f, &pack, STATUS_MALFORMED, "longer than it says");
	add_pack_header(&pack, 1);
	add_object_header(&pack, BLOB, 400);
	add_packed(&pack, "shorter", 7);
	add_trailer(f, &pack);
	assert_taken(f, &pack, STATUS_MALFORMED, "shorter than it says");
}

static void objects_of_no_known_kind_are_refused(void **state)
{
	struct fixture *f = *state;

	for (int kind = 0; kind <= 5; kind += 5) {
		struct buf pack = BUF_INIT;

		add_pack_header(&pack, 1);
		add_object(&pack, kind, "what am I");
		add_trailer(f, &pack);
		assert_taken(f, &pack, STATUS_MALFORMED, "no known kind");
	}
}

static void numbers_without_an_end_are_refused(void **state)
{
	struct fixture *f = *state;
	struct buf pack = BUF_INIT;

	add_pack_header(&pack, 1);
	for (int i = 0; i < 40; i++)
		buf_addc(&pack, (char)0xb0);
	assert_taken(f, &pack, STATUS_MALFORMED, "size has no end");
	add_pack_header(&pack, 1);
	add_object_header(&pack, OFS_DELTA, 3);
	for (int i = 0; i < 40; i++)
		buf_addc(&pack, (char)0xff);
	assert_taken(f, &pack, STATUS_MALFORMED, "base has no end");
	add_pack_header(&pack, 1);
	add_object_header(&pack, REF_DELTA, 15);
	buf_add(&pack, "01234567890123456789", OID_LEN);
	add_packed(&pack, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 15);
	assert_taken(f, &pack, STATUS_MALFORMED, "does not say how large");
}

/* Each on the one before, so that the last takes all others. */
static void deltas_get_so_much_of_the_processor_and_no_more(void **state)
{
	enum { DELTAS = 3000 };
	struct fixture *f = *state;
	struct repo_limits limits = roomy;
	struct buf pack = BUF_INIT;
	size_t last = 0;

	add_pack_header(&pack, DELTAS + 1);
	last = pack.len;
	add_object(&pack, BLOB, "0000");
	for (int i = 1; i <= DELTAS; i++) {
		size_t here = pack.len;
		char text[16];

		(void)snprintf(text, sizeof(text), "%04d", i);
		add_delta(&pack, here - last, 4, 4, text);
		last = here;
	}
	add_trailer(f, &pack);
	limits.cpu_ms = 1;
	assert_int_equal(take(f, &limits, &pack, 4096), STATUS_TOO_BIG);
	assert_non_null(strstr(f->e.text, "takes too long"));
	assert_int_equal(number_of("ls '%s/incoming' | wc -l", f->path), 0);
	limits.cpu_ms = 60000;
	ASSERT_OK(take(f, &limits, &pack, 4096));
	buf_clear(&pack);
}

/* ---- bounds for the pack as a whole ---- */

static void assert_unpacks(struct fixture *f, const struct repo_limits *limits, const struct buf *pack, enum status wanted,
			   const char *words)
{
	f->e.text[0] = '\0';
	assert_int_equal(take(f, limits, pack, 7), wanted);
	assert_non_null(strstr(f->e.text, words));
	f->e.text[0] = '\0';
	assert_int_equal(repo_unpack(f->r, pack->data, pack->len, limits, 1 << 20, &f->e), wanted);
	assert_non_null(strstr(f->e.text, words));
	repo_discard(f->r);
	assert_int_equal(run("find '%s/objects' '%s/incoming' -type f | grep -q .", f->path, f->path), 1);
}

static void many_small_objects_may_not_unpack_to_more_than_is_allowed_in_all(void **state)
{
	struct fixture *f = *state;
	struct repo_limits limits = roomy;
	struct buf pack = BUF_INIT;

	add_pack_header(&pack, 4);
	for (int i = 0; i < 4; i++) {
		char text[101];

		(void)snprintf(text, sizeof(text), "%0100d", i);
		add_object(&pack, BLOB, text);
	}
	add_trailer(f, &pack);
	limits.inflated_bytes = 400;
	assert_unpacks(f, &limits, &pack, STATUS_OK, "");
	limits.inflated_bytes = 399;
	f->e.text[0] = '\0';
	assert_int_equal(take(f, &limits, &pack, 7), STATUS_TOO_BIG);
	assert_non_null(strstr(f->e.text, "the pack unpacks to more than 399 bytes"));
	buf_clear(&pack);
}

/* Deltas count with what they are and with what they make. */
static void deltas_may_not_unpack_to_more_than_is_allowed_in_all_either(void **state)
{
	struct fixture *f = *state;
	struct repo_limits limits = roomy;
	struct buf pack = BUF_INIT;
	size_t first = 0;

	add_pack_header(&pack, 2);
	first = pack.len;
	add_object(&pack, BLOB, "base");
	add_delta(&pack, pack.len - first, 4, 5, "other");
	add_trailer(f, &pack);
	limits.inflated_bytes = 4 + (1 + 1 + 1 + 5) + 5;
	assert_int_equal(take(f, &limits, &pack, 7), STATUS_OK);
	limits.inflated_bytes--;
	assert_int_equal(take(f, &limits, &pack, 7), STATUS_TOO_BIG);
	buf_clear(&pack);
}

/* An object and `depth` deltas, each made of the one before. */
static void add_chain(struct fixture *f, struct buf *pack, unsigned depth)
{
	size_t at = 0;

	add_pack_header(pack, depth + 1);
	at = pack->len;
	add_object(pack, BLOB, "0000");
	for (unsigned i = 1; i <= depth; i++) {
		size_t back = pack->len - at;
		char text[12];

		at = pack->len;
		(void)snprintf(text, sizeof(text), "%04u", i);
		add_delta(pack, back, 4, 4, text);
	}
	add_trailer(f, pack);
}

/* The same, each naming its base by id, and the last first. */
static void add_chain_by_id(struct fixture *f, struct buf *pack, unsigned depth)
{
	add_pack_header(pack, depth + 1);
	for (unsigned i = depth; i > 0; i--) {
		struct buf delta = BUF_INIT;
		char text[12];
		struct oid base;

		(void)snprintf(text, sizeof(text), "%04u", i - 1);
		base = blob(f, text);
		(void)snprintf(text, sizeof(text), "%04u", i);
		add_number(&delta, 4);
		add_number(&delta, 4);
		buf_addc(&delta, 4);
		buf_adds(&delta, text);
		add_object_header(pack, REF_DELTA, delta.len);
		buf_add(pack, base.id, OID_LEN);
		add_packed(pack, delta.data, delta.len);
		buf_clear(&delta);
	}
	add_object(pack, BLOB, "0000");
	add_trailer(f, pack);
	repo_discard(f->r);
}

static void deltas_on_deltas_are_taken_up_to_the_depth_that_is_allowed(void **state)
{
	struct fixture *f = *state;
	struct repo_limits limits = roomy;
	struct buf pack = BUF_INIT;

	for (int by_id = 0; by_id < 2; by_id++) {
		if (by_id)
			add_chain_by_id(f, &pack, 60);
		else
			add_chain(f, &pack, 60);
		limits.delta_depth = 60;
		assert_unpacks(f, &limits, &pack, STATUS_OK, "");
		limits.delta_depth = 59;
		assert_unpacks(f, &limits, &pack, STATUS_TOO_BIG, "deltas on deltas more than 59 deep");
		limits.delta_depth = 0;
		assert_unpacks(f, &limits, &pack, STATUS_OK, "");
		buf_clear(&pack);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(objects_and_deltas_made_by_hand_are_taken),
		TEST(an_object_that_would_be_too_large_is_refused_before_it_comes),
		TEST(a_delta_that_would_make_too_large_an_object_is_refused_before_it_is_applied),
		TEST(an_object_that_is_not_as_long_as_it_says_is_refused),
		TEST(objects_of_no_known_kind_are_refused),
		TEST(numbers_without_an_end_are_refused),
		TEST(deltas_get_so_much_of_the_processor_and_no_more),
		TEST(many_small_objects_may_not_unpack_to_more_than_is_allowed_in_all),
		TEST(deltas_may_not_unpack_to_more_than_is_allowed_in_all_either),
		TEST(deltas_on_deltas_are_taken_up_to_the_depth_that_is_allowed),
	};
	return cmocka_run_group_tests(tests, library_start, library_stop);
}
