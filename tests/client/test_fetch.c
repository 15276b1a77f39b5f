/* tests/client/test_fetch.c - a server's answer to a fetch, whole, cut and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ftw.h>
#include <sys/stat.h>

#include "client/fetch.h"
#include "core/pkt.h"

/* git's pack of no objects: header, and SHA-1 of it */
static const char empty_pack[] = "PACK\0\0\0\2\0\0\0\0\x02\x9d\x08\x82\x3b\xd8\xa8\xea\xb5\x10\xad\x6a\xc7\x5c\x82\x3c\xfd\x3e\xd3\x1e";
#define PACK_LEN (sizeof(empty_pack) - 1)

static char folder[64];
static struct repo *repo;
static struct error e;

/* A transport that gives one answer, byte by byte. */
struct canned {
	struct buf request, answer;
	size_t at;
};

static enum status canned_connect(void **conn, void *ctx, int deadline_ms, struct error *err)
{
	(void)deadline_ms;
	(void)err;
	*conn = ctx;
	return STATUS_OK;
}

static enum status canned_read(void *conn, void *bytes, size_t *n, int deadline_ms, struct error *err)
{
	struct canned *c = conn;

	(void)deadline_ms;
	(void)err;
	*n = c->at < c->answer.len;
	if (*n)
		*(uint8_t *)bytes = c->answer.data[c->at++];
	return STATUS_OK;
}

static enum status canned_write(void *conn, const void *bytes, size_t len, int deadline_ms, struct error *err)
{
	(void)deadline_ms;
	(void)err;
	buf_add(&((struct canned *)conn)->request, bytes, len);
	return STATUS_OK;
}

static void canned_close(void *ctx, void *conn)
{
	(void)ctx;
	(void)conn;
}

static const struct http_transport transport = {canned_connect, canned_read, canned_write, canned_close};

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/qip-fetch-XXXXXX");
	if (!mkdtemp(folder) || repo_init_library(&e) != STATUS_OK)
		return 1;
	(void)snprintf(folder + strlen(folder), sizeof(folder) - strlen(folder), "/r.git");
	return repo_create(folder, &e) != STATUS_OK || repo_open(&repo, folder, &e) != STATUS_OK;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *ftw)
{
	(void)s;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	repo_close(repo);
	*strrchr(folder, '/') = '\0';
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Fetch, the answer's body being these packets. */
static enum status fetch(const struct buf *body, struct buf *request)
{
	struct canned c = {.request = BUF_INIT};
	struct remote r = {.base = "/C82999/history.git"};
	struct repo_intake *in = NULL;
	struct oid want = {{1}}, haves[2] = {{{2}}, {{0}}};
	struct fetch f = {.want = &want, .haves = haves, .haves_len = ARRAY_LEN(haves), .limits = &fetch_whole};
	uint64_t bytes = 0;
	enum status st = STATUS_OK;

	buf_addf(&c.answer, "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-result\r\nContent-Length: %zu\r\n\r\n", body->len);
	buf_add(&c.answer, body->data, body->len);
	assert_int_equal(http_open(&r.http, &transport, &c, "host", &e), STATUS_OK);
	st = fetch_pack(&in, &bytes, &r, repo, &f, &e);
	if (st == STATUS_OK)
		assert_int_equal(bytes, PACK_LEN);
	repo_intake_close(in);
	http_close(r.http);
	if (request)
		*request = c.request;
	else
		buf_clear(&c.request);
	buf_clear(&c.answer);
	return st;
}

static void takes_a_pack_out_of_its_band(void **state)
{
	struct buf body = BUF_INIT, request = BUF_INIT;

	(void)state;
	pkt_addf(&body, "NAK\n");
	pkt_band(&body, 2, "counting", 8);
	pkt_band(&body, 1, empty_pack, 7);
	pkt_band(&body, 2, "\r", 1);
	pkt_band(&body, 1, empty_pack + 7, PACK_LEN - 7);
	pkt_flush(&body);
	assert_int_equal(fetch(&body, &request), STATUS_OK);
	assert_non_null(strstr(buf_text(&request), "want 0100000000000000000000000000000000000000 side-band-64k ofs-delta"));
	assert_non_null(strstr(buf_text(&request), "have 0200000000000000000000000000000000000000\n"));
	assert_null(strstr(buf_text(&request), "have 0000"));
	assert_non_null(strstr(buf_text(&request), "0009done\n"));
	buf_clear(&body);
	buf_clear(&request);
}

static void says_what_the_server_broke_off_for(void **state)
{
	struct buf body = BUF_INIT;

	(void)state;
	pkt_addf(&body, "NAK\n");
	pkt_band(&body, 3, "disk full\x1b[1m", 13);
	pkt_flush(&body);
	assert_int_equal(fetch(&body, NULL), STATUS_NETWORK);
	assert_non_null(strstr(e.text, "disk full"));
	assert_null(strchr(e.text, '\x1b'));
	buf_reset(&body);
	pkt_addf(&body, "ERR you may not read this\n");
	assert_int_equal(fetch(&body, NULL), STATUS_REFUSED);
	buf_clear(&body);
}

static void takes_nothing_that_is_cut_goes_on_or_is_no_pack(void **state)
{
	struct buf body = BUF_INIT;

	(void)state;
	pkt_addf(&body, "NAK\n");
	pkt_band(&body, 1, empty_pack, PACK_LEN);
	assert_int_equal(fetch(&body, NULL), STATUS_NETWORK); /* no flush: there may have been more */
	pkt_flush(&body);
	pkt_band(&body, 1, empty_pack, PACK_LEN);
	assert_int_equal(fetch(&body, NULL), STATUS_MALFORMED); /* behind the end */
	buf_reset(&body);
	pkt_addf(&body, "NAK\n");
	pkt_band(&body, 1, "not a pack at all, but some text", 32);
	pkt_flush(&body);
	assert_int_not_equal(fetch(&body, NULL), STATUS_OK);
	buf_reset(&body);
	pkt_addf(&body, "NAK\n");
	pkt_band(&body, 7, empty_pack, PACK_LEN);
	assert_int_equal(fetch(&body, NULL), STATUS_MALFORMED);
	buf_reset(&body);
	buf_adds(&body, "zzzzNAK\n");
	assert_int_equal(fetch(&body, NULL), STATUS_MALFORMED);
	buf_reset(&body);
	pkt_band(&body, 1, empty_pack, PACK_LEN); /* without the word before it */
	assert_int_equal(fetch(&body, NULL), STATUS_MALFORMED);
	buf_clear(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_pack_out_of_its_band),
		cmocka_unit_test(says_what_the_server_broke_off_for),
		cmocka_unit_test(takes_nothing_that_is_cut_goes_on_or_is_no_pack),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
