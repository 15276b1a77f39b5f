/* tests/core/test_repo_alike.c - records that are written as what distinguishes them from another, and come back whole. */
#include "repo_fixture.h"

#include "core/repo_packfile.h"

#define RECORD(id, at, seq)                                                                                            \
	"{\"answers\":{\"experience\":\"good\"},\"device\":\"kiosk-1\",\"id\":\"" id "\",\"language\":\"en\",\"mode\":\"kiosk\","  \
	"\"recorded\":{\"at\":\"" at "\",\"quality\":\"synchronised\"},\"schema\":\"feedback/1\",\"seq\":" seq                     \
	",\"site\":\"kibworth\"}"

static size_t take_size(const uint8_t **at)
{
	size_t size = 0;

	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = *(*at)++;

		size |= (size_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return size;
	}
}

/* The whole out of base and delta, as gitformat-pack(5) has it. */
static void apply(struct buf *out, const char *base, const struct buf *delta)
{
	const uint8_t *at = delta->data, *end = delta->data + delta->len;
	size_t size = 0;

	assert_int_equal(take_size(&at), strlen(base));
	size = take_size(&at);
	while (at < end) {
		uint8_t op = *at++;
		size_t value[2] = {0, 0};

		if (!(op & 0x80)) {
			buf_add(out, at, op);
			at += op;
			continue;
		}
		for (unsigned bit = 0; bit < 7; bit++) {
			if (op & 1u << bit)
				value[bit >= 4] |= (size_t)*at++ << (bit >= 4 ? bit - 4 : bit) * 8;
		}
		assert_in_range(value[0] + value[1], 1, strlen(base));
		buf_add(out, base + value[0], value[1]);
	}
	assert_int_equal(out->len, size);
}

static const char first[] = RECORD("01a202fa-c118-77b8-8887-eeef724c26dc", "2026-11-22T11:18:37.206Z", "999");

static void a_record_like_another_is_a_fraction_of_it_and_comes_back_whole(void **state)
{
	static const char *const like[] = {
		RECORD("01a202fa-d44f-74bf-b88e-bad98d8355d0", "2026-11-22T11:19:05.143Z", "998"),
		RECORD("01a202fa-d44f-74bf-b88e-bad98d8355d0", "2026-11-23T09:01:05.143Z", "1000"),
		RECORD("01a202fa-c118-77b8-8887-eeef724c26dc", "2026-11-22T11:18:37.206Z", "9"),
	};
	struct buf delta = BUF_INIT, whole = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(like); i++) {
		assert_true(alike_delta(&delta, first, strlen(first), like[i], strlen(like[i])));
		assert_true(delta.len < strlen(like[i]) / 2);
		buf_reset(&whole);
		apply(&whole, first, &delta);
		assert_string_equal(buf_text(&whole), like[i]);
	}
	buf_clear(&delta);
	buf_clear(&whole);
}

static void what_has_little_in_common_is_left_as_it_is(void **state)
{
	static const char other[] = "{\"at\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20],\"name\":\"something else\"}";
	struct buf delta = BUF_INIT;

	(void)state;
	assert_false(alike_delta(&delta, first, strlen(first), other, strlen(other)));
	assert_false(alike_delta(&delta, "", 0, other, strlen(other)));
	assert_false(alike_delta(&delta, first, strlen(first), "", 0));
	assert_false(alike_delta(&delta, first, strlen(first), "{}", 2));
	buf_clear(&delta);
}

/* Bytes of a base, some of them changed, left out or put in by chance. */
static void whatever_differs_the_delta_gives_the_bytes_back(void **state)
{
	char base[600], bytes[700];
	struct buf delta = BUF_INIT, whole = BUF_INIT;
	uint32_t chance = 1;
	size_t made = 0;

	(void)state;
	for (size_t round = 0; round < 2000; round++) {
		size_t len = 0, left = round % 40, base_len = 100 + round % 400;

		for (size_t i = 0; i < base_len; i++) {
			chance = chance * 1664525 + 1013904223;
			base[i] = (char)('a' + chance / 65536 % 20);
		}
		base[base_len] = '\0';
		for (size_t i = 0; i < base_len; i++) {
			chance = chance * 1664525 + 1013904223;
			if (left > 0 && chance / 65536 % base_len < left) {
				left--;
				if (chance % 3 == 0)
					continue;
				bytes[len++] = '!';
				if (chance % 3 == 1)
					continue;
			}
			bytes[len++] = base[i];
		}
		bytes[len] = '\0';
		if (!alike_delta(&delta, base, base_len, bytes, len))
			continue;
		made++;
		buf_reset(&whole);
		apply(&whole, base, &delta);
		assert_string_equal(buf_text(&whole), bytes);
	}
	assert_in_range(made, 500, 2000);
	buf_clear(&delta);
	buf_clear(&whole);
}

static void what_is_stored_reads_as_a_zlib_stream(void **state)
{
	struct buf stream = BUF_INIT;
	uint8_t back[ALIKE_STORED_MAX];
	uLongf len = sizeof(back);

	(void)state;
	alike_store(&stream, (const uint8_t *)first, ALIKE_STORED_MAX / 2);
	assert_int_equal(uncompress(back, &len, stream.data, (uLong)stream.len), Z_OK);
	assert_int_equal(len, ALIKE_STORED_MAX / 2);
	assert_memory_equal(back, first, len);
	buf_clear(&stream);
}

static void records_flushed_together_are_stored_so_and_read_whole(void **state)
{
	enum { COUNT = 50, CHANGING = sizeof("{\"answers\":{\"experience\":\"good\"},\"device\":\"kiosk-1\",\"id\":\"") };
	struct fixture *f = *state;
	char text[sizeof(first)];
	struct oid ids[COUNT];

	memcpy(text, first, sizeof(first));
	for (size_t i = 0; i < COUNT; i++) {
		text[CHANGING] = (char)('a' + i % 26);
		text[CHANGING + 1] = (char)('a' + i / 26);
		ASSERT_OK(repo_write_new(&ids[i], f->r, REPO_BLOB, text, strlen(text), &f->e));
	}
	ASSERT_OK(repo_flush(f->r, &f->e));
	assert_int_equal(number_of("git verify-pack -v '%s'/objects/pack/*.idx | grep -c 'chain length = 1: 49'", f->path), 1);
	assert_int_equal(run("git -C '%s' fsck --strict --full >/dev/null 2>&1", f->path), 0);
	for (size_t i = 0; i < COUNT; i++) {
		struct buf bytes = BUF_INIT;

		text[CHANGING] = (char)('a' + i % 26);
		text[CHANGING + 1] = (char)('a' + i / 26);
		ASSERT_OK(repo_read(&bytes, f->r, &ids[i], REPO_BLOB, sizeof(text), &f->e));
		assert_string_equal(buf_text(&bytes), text);
		buf_clear(&bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_like_another_is_a_fraction_of_it_and_comes_back_whole),
		cmocka_unit_test(what_has_little_in_common_is_left_as_it_is),
		cmocka_unit_test(whatever_differs_the_delta_gives_the_bytes_back),
		cmocka_unit_test(what_is_stored_reads_as_a_zlib_stream),
		cmocka_unit_test_setup_teardown(records_flushed_together_are_stored_so_and_read_whole, open_fixture,
						close_fixture),
	};

	return cmocka_run_group_tests(tests, library_start, library_stop);
}
