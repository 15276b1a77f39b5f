/* tests/client/test_remote.c - addresses, and what a server lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/remote.h"
#include "core/pkt.h"

#define OWN "refs/devices/fleckney"
#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void reads_addresses(void **state)
{
	static const struct {
		const char *url, *kept;
	} good[] = {
		{"https://qip.example", "https://qip.example:443"},
		{"HTTPS://localhost:8443/", "https://localhost:8443"},
		{"https://[::1]:8443", "https://[::1]:8443"},
		{"https://10.0.0.7:1", "https://10.0.0.7:1"},
	};
	static const char *const bad[] = {"", "http://localhost", "https://", "https://a:0", "https://a:65536", "https://a:12x", "https://a/b",
					  "https://u@a", "https://a b", "https://[::1", "https://[::1]x", "ftp://a", "https://a?x", "https://a:"};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct wire w = {0};
		char url[WIRE_URL_MAX];

		assert_int_equal(wire_set_url(&w, good[i].url, &e), STATUS_OK);
		wire_url(url, &w);
		assert_string_equal(url, good[i].kept);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct wire w = {0};

		assert_int_equal(wire_set_url(&w, bad[i], &e), STATUS_USAGE);
	}
}

static void add_head(struct buf *list)
{
	pkt_addf(list, "# service=git-upload-pack\n");
	pkt_flush(list);
}

static enum status parse(struct remote_refs *refs, const struct buf *list, struct error *e)
{
	return remote_parse_refs(refs, "git-upload-pack", OWN, buf_text(list), list->len, e);
}

static void takes_the_refs_that_concern_it(void **state)
{
	struct remote_refs refs;
	struct buf list = BUF_INIT;
	struct error e = {0};
	char hex[OID_HEX_LEN + 1];

	(void)state;
	add_head(&list);
	pkt_add(&list, A " HEAD\0side-band-64k symref=HEAD:refs/heads/main\n", sizeof(A " HEAD\0side-band-64k symref=HEAD:refs/heads/main\n") - 1);
	pkt_addf(&list, B " refs/devices/fleckney2\n");
	pkt_addf(&list, B " " OWN "\n");
	pkt_addf(&list, A " refs/heads/main\n");
	pkt_flush(&list);
	assert_int_equal(parse(&refs, &list, &e), STATUS_OK);
	oid_hex(hex, &refs.main);
	assert_string_equal(hex, A);
	oid_hex(hex, &refs.own);
	assert_string_equal(hex, B);
	assert_true(oid_is_zero(&refs.config));
	buf_clear(&list);
}

static void says_that_there_are_more_kin_than_it_takes(void **state)
{
	struct remote_refs refs;
	struct error e = {0};

	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		struct buf list = BUF_INIT;

		add_head(&list);
		for (int i = 0; i < LIMIT_KIN + extra; i++)
			pkt_addf(&list, A " refs/devices/kin-%d\n", i);
		pkt_flush(&list);
		assert_int_equal(parse(&refs, &list, &e), STATUS_OK);
		assert_int_equal(refs.kin_len, LIMIT_KIN);
		assert_int_equal(refs.more_kin, extra);
		buf_clear(&list);
	}
}

static void takes_an_empty_list_for_empty(void **state)
{
	static const char none[] = "0000000000000000000000000000000000000000 capabilities^{}\0side-band-64k\n";
	struct remote_refs refs;
	struct buf list = BUF_INIT;
	struct error e = {0};

	(void)state;
	add_head(&list);
	pkt_add(&list, none, sizeof(none) - 1);
	pkt_flush(&list);
	assert_int_equal(parse(&refs, &list, &e), STATUS_OK);
	assert_true(oid_is_zero(&refs.main) && oid_is_zero(&refs.own));
	buf_clear(&list);
}

static void refuses_a_list_that_is_cut_or_malformed(void **state)
{
	static const char *const lines[] = {"", A, A " ", A "refs/heads/main", "AAAAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa refs/heads/main", "x"};
	struct remote_refs refs;
	struct buf list = BUF_INIT;
	struct error e = {0};

	(void)state;
	assert_int_equal(parse(&refs, &list, &e), STATUS_MALFORMED);
	add_head(&list);
	pkt_addf(&list, A " refs/heads/main\n");
	assert_int_equal(parse(&refs, &list, &e), STATUS_MALFORMED); /* no flush: there may have been more */
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		buf_reset(&list);
		add_head(&list);
		pkt_addf(&list, "%s", lines[i]);
		pkt_flush(&list);
		assert_int_equal(parse(&refs, &list, &e), STATUS_MALFORMED);
	}
	buf_clear(&list);
}

static void passes_on_an_error_packet(void **state)
{
	struct remote_refs refs;
	struct buf list = BUF_INIT;
	struct error e = {0};

	(void)state;
	pkt_addf(&list, "ERR this practice is closed\n");
	assert_int_equal(parse(&refs, &list, &e), STATUS_REFUSED);
	assert_string_equal(e.text, "this practice is closed");
	buf_clear(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_addresses),
		cmocka_unit_test(takes_the_refs_that_concern_it),
		cmocka_unit_test(says_that_there_are_more_kin_than_it_takes),
		cmocka_unit_test(takes_an_empty_list_for_empty),
		cmocka_unit_test(refuses_a_list_that_is_cut_or_malformed),
		cmocka_unit_test(passes_on_an_error_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
