#include "tests/server/world.h"

#define UPLOAD "/" ODS "/history.git/git-upload-pack"
#define UPLOAD_TYPE "application/x-git-upload-pack-request"
#define V2 "Git-Protocol: version=2\r\n"

static struct world w;
static struct testdev manager, kiosk;

static int open_practice(void **state)
{
	struct invite invite;

	(void)state;
	world_open(&w);
	join_first(&w, &manager);
	join_invited(&w, &manager, &kiosk, &invite, "kiosk", "kiosk");
	invite_clear(&invite);
	return 0;
}

static int close_practice(void **state)
{
	(void)state;
	testdev_clear(&kiosk);
	testdev_clear(&manager);
	world_close(&w);
	return 0;
}

static void call(struct reply *r, const struct testdev *d, const char *git_protocol, const struct buf *body)
{
	char headers[256];

	(void)snprintf(headers, sizeof(headers), "Content-Type: " UPLOAD_TYPE "\r\n%sContent-Length: %zu\r\n",
		       git_protocol, body->len);
	raw_call(r, &w, d, "POST " UPLOAD, headers, body->data, body->len);
}

static void ask(struct reply *r, const struct testdev *d, bool v2, const char *hex)
{
	struct buf body = BUF_INIT;

	if (v2) {
		pkt_addf(&body, "command=fetch\n");
		pkt_delim(&body);
		pkt_addf(&body, "want %s\n", hex);
		pkt_addf(&body, "done\n");
		pkt_flush(&body);
	} else {
		pkt_addf(&body, "want %s side-band-64k\n", hex);
		pkt_flush(&body);
		pkt_addf(&body, "done\n");
	}
	call(r, d, v2 ? V2 : "", &body);
	buf_clear(&body);
}

static bool has_pack(const struct reply *r)
{
	for (size_t i = 0; i + 5 <= r->body.len; i++) {
		if (memcmp(r->body.data + i, "\001PACK", 5) == 0)
			return true;
	}
	return false;
}

static void named(char hex[OID_HEX_LEN + 1], const char *ref)
{
	struct oid id = server_ref(&w, ref);

	oid_hex(hex, &id);
}

/* Ids on main that no ref of a kiosk reaches: a commit, its parent, the tree, and a file. */
static void ids_of_main(char hex[4][OID_HEX_LEN + 1])
{
	static const char *const what[] = {"main", "main~1", "main^{tree}", "main:devices/manager.json"};
	char command[320];

	for (int i = 0; i < 4; i++) {
		FILE *git = NULL;

		(void)snprintf(command, sizeof(command), "git -C '%s' rev-parse --verify '%s'", w.git, what[i]);
		git = popen(command, "r");
		assert_non_null(git);
		assert_int_equal(fread(hex[i], 1, OID_HEX_LEN, git), OID_HEX_LEN);
		hex[i][OID_HEX_LEN] = 0;
		assert_int_equal(pclose(git), 0);
	}
}

static void a_kiosk_gets_nothing_of_main_by_id_in_either_version(void **state)
{
	char hex[4][OID_HEX_LEN + 1], sentence[128];
	struct reply r;

	(void)state;
	ids_of_main(hex);
	for (int i = 0; i < 8; i++) {
		ask(&r, &kiosk, i % 2, hex[i / 2]);
		(void)snprintf(sentence, sizeof(sentence), "ERR upload-pack: not our ref %s", hex[i / 2]);
		assert_int_equal(r.code, 200);
		assert_true(reply_has(&r, sentence));
		assert_false(has_pack(&r));
		reply_clear(&r);
	}
}

static void those_who_read_main_get_it_and_what_it_is_made_of_in_either_version(void **state)
{
	char hex[4][OID_HEX_LEN + 1], own[OID_HEX_LEN + 1], config[OID_HEX_LEN + 1];
	struct reply r;

	(void)state;
	ids_of_main(hex);
	named(own, "refs/devices/kiosk");
	named(config, "refs/kiosk/config");
	for (int v2 = 0; v2 <= 1; v2++) {
		for (int i = 0; i < 2; i++) {
			ask(&r, &manager, v2, hex[i]);
			assert_true(has_pack(&r));
			reply_clear(&r);
		}
		ask(&r, &kiosk, v2, own);
		assert_true(has_pack(&r));
		reply_clear(&r);
		ask(&r, &kiosk, v2, config);
		assert_true(has_pack(&r));
		reply_clear(&r);
	}
}

static void a_kiosk_learns_no_id_of_main_from_ls_refs(void **state)
{
	char main_hex[OID_HEX_LEN + 1];
	struct buf body = BUF_INIT;
	struct reply r;

	(void)state;
	named(main_hex, "refs/heads/main");
	pkt_addf(&body, "command=ls-refs\n");
	pkt_delim(&body);
	pkt_addf(&body, "symrefs\n");
	pkt_addf(&body, "peel\n");
	pkt_addf(&body, "ref-prefix HEAD\n");
	pkt_addf(&body, "ref-prefix refs/\n");
	pkt_flush(&body);
	call(&r, &kiosk, V2, &body);
	assert_true(reply_has(&r, "refs/devices/kiosk"));
	assert_true(reply_has(&r, "refs/kiosk/config"));
	assert_false(reply_has(&r, main_hex));
	assert_false(reply_has(&r, "refs/heads/main"));
	assert_false(reply_has(&r, "refs/devices/manager"));
	reply_clear(&r);
	call(&r, &manager, V2, &body);
	assert_true(reply_has(&r, main_hex));
	assert_false(reply_has(&r, "refs/devices/kiosk"));
	reply_clear(&r);
	buf_clear(&body);
}

static void a_kiosk_learns_no_id_of_main_from_the_ends_that_it_claims(void **state)
{
	char hex[4][OID_HEX_LEN + 1], own[OID_HEX_LEN + 1];
	struct buf body = BUF_INIT;
	struct reply r;

	(void)state;
	ids_of_main(hex);
	named(own, "refs/devices/kiosk");
	for (int v2 = 0; v2 <= 1; v2++) {
		if (v2) {
			pkt_addf(&body, "command=fetch\n");
			pkt_delim(&body);
		}
		pkt_addf(&body, v2 ? "want %s\n" : "want %s side-band-64k deepen-relative\n", own);
		pkt_addf(&body, "shallow %s\n", hex[0]);
		pkt_addf(&body, "deepen 5\n");
		if (v2) {
			pkt_addf(&body, "deepen-relative\n");
			pkt_addf(&body, "done\n");
			pkt_flush(&body);
		} else {
			pkt_flush(&body);
			pkt_addf(&body, "done\n");
		}
		call(&r, &kiosk, v2 ? V2 : "", &body);
		assert_true(has_pack(&r));
		assert_false(reply_has(&r, "shallow "));
		reply_clear(&r);
		buf_reset(&body);
	}
	buf_clear(&body);
}

static void the_advertisement_follows_the_version_that_was_asked_for(void **state)
{
	static const char address[] = "GET /" ODS "/history.git/info/refs?service=git-upload-pack";
	struct reply r;

	(void)state;
	raw_call(&r, &w, &manager, address, V2, "", 0);
	assert_int_equal(r.code, 200);
	assert_memory_equal(r.body.data, "000eversion 2\n", 14);
	assert_false(reply_has(&r, "refs/"));
	reply_clear(&r);
	raw_call(&r, &w, &manager, address, "Git-Protocol: version=1\r\n", "", 0);
	assert_memory_equal(r.body.data, "001e# service=", 14);
	reply_clear(&r);
	raw_call(&r, &w, &manager, "GET /" ODS "/history.git/info/refs?service=git-receive-pack", V2, "", 0);
	assert_memory_equal(r.body.data, "001f# service=", 14);
	reply_clear(&r);
}

static void an_argument_that_was_not_offered_is_refused(void **state)
{
	char hex[OID_HEX_LEN + 1];
	struct buf body = BUF_INIT;
	struct reply r;

	(void)state;
	named(hex, "refs/heads/main");
	pkt_addf(&body, "command=fetch\n");
	pkt_delim(&body);
	pkt_addf(&body, "want %s\n", hex);
	pkt_addf(&body, "filter blob:none\n");
	pkt_addf(&body, "done\n");
	pkt_flush(&body);
	call(&r, &manager, V2, &body);
	assert_int_equal(r.code, 400);
	reply_clear(&r);
	buf_clear(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kiosk_gets_nothing_of_main_by_id_in_either_version),
		cmocka_unit_test(those_who_read_main_get_it_and_what_it_is_made_of_in_either_version),
		cmocka_unit_test(a_kiosk_learns_no_id_of_main_from_ls_refs),
		cmocka_unit_test(a_kiosk_learns_no_id_of_main_from_the_ends_that_it_claims),
		cmocka_unit_test(the_advertisement_follows_the_version_that_was_asked_for),
		cmocka_unit_test(an_argument_that_was_not_offered_is_refused),
	};
	int failed = 0;

	assert_int_equal(repo_init_library(NULL), STATUS_OK);
	failed = cmocka_run_group_tests(tests, open_practice, close_practice);
	repo_shutdown_library();
	return failed;
}
