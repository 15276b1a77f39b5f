#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/pkt.h"

static void writes_packets_as_gitprotocol_common_shows_them(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	pkt_add(&b, "a\n", 2);
	pkt_addf(&b, "%s\n", "foobar");
	pkt_add(&b, "", 0);
	pkt_flush(&b);
	assert_string_equal(buf_text(&b), "0006a\n000bfoobar\n00040000");
	buf_clear(&b);
}

static void a_band_longer_than_one_packet_is_split_and_comes_back_whole(void **state)
{
	size_t len = PKT_MAX_BAND * 2 + 7, at = 0, seen = 0, packets = 0;
	uint8_t *bytes = malloc(len);
	struct buf b = BUF_INIT;
	struct pkt p = {0};

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i * 31);
	pkt_band(&b, 1, bytes, len);
	while (pkt_next(&p, buf_text(&b), b.len, &at) == STATUS_OK) {
		assert_int_equal(p.kind, PKT_DATA);
		assert_int_equal(p.bytes[0], 1);
		assert_memory_equal(p.bytes + 1, bytes + seen, p.len - 1);
		seen += p.len - 1;
		packets++;
	}
	assert_int_equal(at, b.len);
	assert_int_equal(seen, len);
	assert_int_equal(packets, 3);
	buf_clear(&b);
	free(bytes);
}

static void the_longest_packet_is_read_back(void **state)
{
	char *bytes = calloc(1, PKT_MAX_PAYLOAD);
	struct buf b = BUF_INIT;
	struct pkt p = {0};
	size_t at = 0;

	(void)state;
	assert_non_null(bytes);
	pkt_add(&b, bytes, PKT_MAX_PAYLOAD);
	assert_memory_equal(b.data, "fff0", 4);
	assert_int_equal(pkt_next(&p, buf_text(&b), b.len, &at), STATUS_OK);
	assert_int_equal(p.len, PKT_MAX_PAYLOAD);
	buf_clear(&b);
	free(bytes);
}

static void reads_data_flush_and_delimiter_one_after_the_other(void **state)
{
	static const char in[] = "0006a\n00000001000Bfoobar\n";
	struct pkt p = {0};
	size_t at = 0;

	(void)state;
	assert_int_equal(pkt_next(&p, in, sizeof in - 1, &at), STATUS_OK);
	assert_true(pkt_is(&p, "a"));
	assert_int_equal(pkt_next(&p, in, sizeof in - 1, &at), STATUS_OK);
	assert_int_equal(p.kind, PKT_FLUSH);
	assert_false(pkt_is(&p, ""));
	assert_int_equal(pkt_next(&p, in, sizeof in - 1, &at), STATUS_OK);
	assert_int_equal(p.kind, PKT_DELIM);
	assert_int_equal(pkt_next(&p, in, sizeof in - 1, &at), STATUS_OK);
	assert_true(pkt_is(&p, "foobar"));
	assert_false(pkt_is(&p, "foo"));
	assert_false(pkt_is(&p, "foobar\n\n"));
	assert_int_equal(pkt_next(&p, in, sizeof in - 1, &at), STATUS_NOT_FOUND);
}

static void every_cut_of_a_packet_asks_for_more_and_moves_nothing(void **state)
{
	static const char in[] = "000bfoobar\n";

	(void)state;
	for (size_t len = 0; len < sizeof in - 1; len++) {
		struct pkt p = {0};
		size_t at = 0;

		assert_int_equal(pkt_next(&p, in, len, &at), STATUS_NOT_FOUND);
		assert_int_equal(at, 0);
		assert_null(p.bytes);
	}
}

static void refuses_lengths_that_no_packet_has(void **state)
{
	static const char *const bad[] = {"0002", "0003", "fff1", "ffff", "00 4", "-001", "0x10", "PACK", "\0\0\0\0"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct pkt p = {0};
		size_t at = 0;

		assert_int_equal(pkt_next(&p, bad[i], 4, &at), STATUS_MALFORMED);
		assert_int_equal(at, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_packets_as_gitprotocol_common_shows_them),
		cmocka_unit_test(a_band_longer_than_one_packet_is_split_and_comes_back_whole),
		cmocka_unit_test(the_longest_packet_is_read_back),
		cmocka_unit_test(reads_data_flush_and_delimiter_one_after_the_other),
		cmocka_unit_test(every_cut_of_a_packet_asks_for_more_and_moves_nothing),
		cmocka_unit_test(refuses_lengths_that_no_packet_has),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
