#include "tests/server/fixture.h"

#include "core/cert.h"

#define REFS "/" ODS "/history.git/info/refs?service=git-upload-pack"
#define PUSH "/" ODS "/history.git/git-receive-pack"
#define PUSH_TYPE "application/x-git-receive-pack-request"

/* ---- who is let in ---- */

static void health_is_told_to_everybody(void **state)
{
	struct reply r;

	(void)state;
	get(&r, &w, NULL, "/healthz");
	assert_int_equal(r.code, 200);
	assert_string_equal(buf_text(&r.body), "ok\n");
	reply_clear(&r);
}

static void without_a_certificate_nothing_is_read_or_pushed(void **state)
{
	struct reply r;

	(void)state;
	get(&r, &w, NULL, REFS);
	assert_int_equal(r.code, 403);
	assert_true(reply_has(&r, "certificate is needed"));
	reply_clear(&r);
	post(&r, &w, NULL, PUSH, PUSH_TYPE, "0000", 4);
	assert_int_equal(r.code, 403);
	reply_clear(&r);
}

/* A certificate for `name` of `ods` by a CA. */
static void forge(struct testdev *d, const char *name, const char *ods, const struct key *ca, const char *ca_pem)
{
	struct cert_request req = {
		.usage = CERT_CLIENT, .common_name = name, .organisation = ods, .not_after_ms = 4000000000000};

	*d = (struct testdev){.cert = BUF_INIT};
	ok(key_generate(&d->key, NULL));
	req.subject = d->key;
	ok(cert_issue(&d->cert, &req, ca, ca_pem, NULL));
}

static void a_certificate_of_another_authority_fails_the_handshake(void **state)
{
	struct cert_request req = {.usage = CERT_CA, .common_name = "qip server CA", .not_after_ms = 4000000000000};
	struct key *ca = NULL;
	struct buf ca_pem = BUF_INIT;
	struct testdev d;
	struct reply r;
	int told = log_count(&w, "TLS handshake failed");

	(void)state;
	ok(key_generate(&ca, NULL));
	req.subject = ca;
	ok(cert_issue(&ca_pem, &req, ca, NULL, NULL));
	forge(&d, "manager", ODS, ca, buf_text(&ca_pem));
	get(&r, &w, &d, REFS);
	assert_int_equal(r.code, 0);
	for (int i = 0; i < WAIT_MS / 10 && log_count(&w, "TLS handshake failed") == told; i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(log_count(&w, "TLS handshake failed"), told + 1);
	reply_clear(&r);
	testdev_clear(&d);
	buf_clear(&ca_pem);
	key_free(ca);
}

static void a_certificate_gives_no_right_without_its_place_in_the_registry(void **state)
{
	static const struct {
		const char *name, *ods, *words;
	} cases[] = {
		{"stranger", ODS, "not known"},
		{"manager", ODS, "another key"},
		{"manager", "C82998", "not one of"},
		{"server", ODS, "not one of"},
	};
	struct testdev d;
	struct reply r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		forge(&d, cases[i].name, cases[i].ods, w.config.authority->ca_key, buf_text(&w.config.authority->ca_pem));
		get(&r, &w, &d, REFS);
		assert_int_equal(r.code, 403);
		assert_true(reply_has(&r, cases[i].words));
		reply_clear(&r);
		testdev_clear(&d);
	}
}

static void a_practice_that_is_not_here_is_not_found(void **state)
{
	struct reply r;

	(void)state;
	get(&r, &w, &manager, "/C82998/history.git/info/refs?service=git-upload-pack");
	assert_int_equal(r.code, 404);
	reply_clear(&r);
	post(&r, &w, NULL, "/C82998/enrol", "application/json", "{}", 2);
	assert_int_equal(r.code, 404);
	assert_true(reply_has(&r, "\"message\":"));
	reply_clear(&r);
}

/* ---- what is understood ---- */

static void answers_carry_what_git_and_caches_need(void **state)
{
	struct reply r;

	(void)state;
	get(&r, &w, &manager, REFS);
	assert_int_equal(r.code, 200);
	assert_non_null(strstr(r.head, "Content-Type: application/x-git-upload-pack-advertisement\r\n"));
	assert_non_null(strstr(r.head, "Cache-Control: no-cache"));
	assert_non_null(strstr(r.head, "Date: "));
	assert_memory_equal(r.body.data, "001e# service=git-upload-pack\n0000", 34);
	assert_true(reply_has(&r, "symref=HEAD:refs/heads/main"));
	assert_true(reply_has(&r, " refs/devices/manager\n"));
	assert_false(reply_has(&r, "refs/kiosk/config"));
	assert_false(reply_has(&r, "refs/qip/"));
	reply_clear(&r);
}

static void wrong_methods_types_and_sizes_are_told_apart(void **state)
{
	struct reply r;

	(void)state;
	get(&r, &w, &manager, PUSH);
	assert_int_equal(r.code, 405);
	assert_non_null(strstr(r.head, "Allow: POST"));
	reply_clear(&r);
	post(&r, &w, &manager, PUSH, "text/plain", "0000", 4);
	assert_int_equal(r.code, 415);
	reply_clear(&r);
	raw_call(&r, &w, &manager, "POST " PUSH,
		 "Content-Type: " PUSH_TYPE "\r\nContent-Encoding: br\r\nContent-Length: 4\r\n", "0000", 4);
	assert_int_equal(r.code, 415);
	reply_clear(&r);
	raw_call(&r, &w, &manager, "POST " PUSH, "Content-Type: " PUSH_TYPE "\r\nContent-Length: 999999999\r\n", "", 0);
	assert_int_equal(r.code, 413);
	reply_clear(&r);
	get(&r, &w, &manager, "/" ODS "/history.git/objects/info/packs");
	assert_int_equal(r.code, 404);
	reply_clear(&r);
	get(&r, &w, &manager, "/" ODS "/history.git/info/refs");
	assert_int_equal(r.code, 403);
	reply_clear(&r);
	post(&r, &w, &manager, PUSH, PUSH_TYPE, "PACK", 4);
	assert_int_equal(r.code, 400);
	reply_clear(&r);
}

static void what_a_request_says_in_no_utf8_is_refused_in_utf8(void **state)
{
	struct reply r;
	cJSON *said = NULL;

	(void)state;
	raw_call(&r, &w, NULL, "POST /" ODS "/enrol", "Content-Type: application/json\r\nContent-Encoding: x\xff\xfe.y\r\nContent-Length: 2\r\n", "{}", 2);
	assert_int_equal(r.code, 415);
	ok(json_parse(&said, buf_text(&r.body), r.body.len, NULL));
	assert_non_null(strstr(json_string(said, "message"), "not with x??.y"));
	cJSON_Delete(said);
	reply_clear(&r);
	raw_call(&r, &w, &manager, "POST " PUSH, "Content-Type: " PUSH_TYPE "\r\nContent-Encoding: x\xff\xfe.y\r\nContent-Length: 4\r\n", "0000", 4);
	assert_int_equal(r.code, 415);
	assert_true(reply_has(&r, "not with x??.y"));
	reply_clear(&r);
}

static void a_body_that_two_readers_could_frame_differently_is_refused(void **state)
{
	static const char *const headers[] = {
		"Content-Type: " PUSH_TYPE "\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n",
		"Content-Type: " PUSH_TYPE "\r\nContent-Length: 4\r\nContent-Length: 4\r\n",
		"Content-Type: " PUSH_TYPE "\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
		"Content-Type: " PUSH_TYPE "\r\nTransfer-Encoding: gzip, chunked\r\n",
		"Content-Type: " PUSH_TYPE "\r\nTransfer-Encoding: identity\r\n",
	};
	struct reply r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		raw_call(&r, &w, &manager, "POST " PUSH, headers[i], "0000", 4);
		assert_int_equal(r.code, 400);
		reply_clear(&r);
	}
}

static void an_address_with_escapes_in_it_is_another_one(void **state)
{
	static const char *const paths[] = {"/healthz%00", "/%68ealthz", "/" ODS "%2fenrol",
					    "/" ODS "/history.git/info/refs%00?service=git-upload-pack"};
	struct reply r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		get(&r, &w, &manager, paths[i]);
		assert_int_equal(r.code, 404);
		reply_clear(&r);
	}
	get(&r, &w, &manager, "/" ODS "/history.git/info/refs?service=git-upload-pack%00");
	assert_int_equal(r.code, 403);
	reply_clear(&r);
}

static void stock_gits_probe_before_a_large_push_is_answered(void **state)
{
	struct reply r;

	(void)state;
	post(&r, &w, &manager, PUSH, PUSH_TYPE, "0000", 4);
	assert_int_equal(r.code, 200);
	assert_int_equal(r.body.len, 0);
	assert_non_null(strstr(r.head, "Content-Type: application/x-git-receive-pack-result"));
	reply_clear(&r);
}

static void a_refusal_can_be_read_even_by_a_client_that_is_still_sending(void **state)
{
	const size_t len = 3000000;
	char *much = calloc(1, len);
	struct reply r;

	(void)state;
	assert_non_null(much);
	post(&r, &w, NULL, PUSH, PUSH_TYPE, much, len);
	assert_int_equal(r.code, 403);
	reply_clear(&r);
	free(much);
}

static void a_body_in_chunks_beyond_the_limit_is_refused(void **state)
{
	struct buf body = BUF_INIT;
	struct reply r;

	(void)state;
	for (int i = 0; i < 50; i++)
		buf_addf(&body, "3e8\r\n%01000d\r\n", 0);
	buf_adds(&body, "0\r\n\r\n");
	raw_call(&r, &w, NULL, "POST /" ODS "/enrol",
		 "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", body.data, body.len);
	assert_int_equal(r.code, 413);
	reply_clear(&r);
	buf_clear(&body);
}

/* ---- many, and the end ---- */

static void idle_connections_hold_nobody_up(void **state)
{
	struct tls_conn *idle[60] = {NULL};
	struct reply r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(idle); i++)
		ok(world_dial(&idle[i], &w, i % 2 ? &manager : NULL, NULL));
	get(&r, &w, &manager, REFS);
	assert_int_equal(r.code, 200);
	reply_clear(&r);
	for (size_t i = 0; i < ARRAY_LEN(idle); i++)
		tls_close(idle[i]);
}

/* Several requests on one connection, the last one asking for its end. */
static void a_connection_serves_one_request_after_the_other(void **state)
{
	struct tls_conn *c = NULL;
	struct buf out = BUF_INIT;
	struct reply r = {.code = 0};
	const char *at = NULL;
	int answers = 0;

	(void)state;
	for (int i = 0; i < 5; i++)
		buf_addf(&out, "GET /healthz HTTP/1.1\r\nHost: x\r\n%s\r\n", i == 4 ? "Connection: close\r\n" : "");
	ok(world_dial(&c, &w, NULL, NULL));
	ok(tls_write(c, out.data, out.len, WAIT_MS, NULL));
	read_reply(&r, c);
	tls_close(c);
	assert_int_equal(r.code, 200);
	for (at = buf_text(&r.body); (at = strstr(at, "HTTP/1.1 200 OK")) != NULL; at++)
		answers++;
	assert_int_equal(answers, 4);
	reply_clear(&r);
	buf_clear(&out);
}

static void stopping_ends_idle_connections_and_exits_with_success(void **state)
{
	struct tls_conn *idle = NULL;
	char byte = 0;
	size_t n = 1;

	(void)state;
	ok(world_dial(&idle, &w, &manager, NULL));
	assert_int_equal(server_stop(&w, SIGTERM), 0);
	if (tls_read(idle, &byte, &n, WAIT_MS, NULL) == STATUS_OK)
		assert_int_equal(n, 0);
	tls_close(idle);
	server_start(&w);
}

/* ---- stock git ---- */

/* Run git as the manager's device, in w.dir; its exit status. */
__attribute__((format(printf, 1, 2))) static int git(const char *fmt, ...)
{
	char args[512], command[1200];
	va_list list;

	va_start(list, fmt);
	(void)vsnprintf(args, sizeof(args), fmt, list);
	va_end(list);
	(void)snprintf(
		command, sizeof(command),
		"cd '%s' && unset GIT_SSL_CAINFO && export GIT_CONFIG_NOSYSTEM=1 HOME='%s' GIT_TERMINAL_PROMPT=0 && "
		"git -c user.name=x -c user.email=x@x.invalid -c http.sslCert=\"$HOME/m.crt\" -c "
		"http.sslKey=\"$HOME/m.key\" -c http.sslCAInfo=\"$HOME/srv/ca.crt\" %s "
		">git.out 2>&1",
		w.dir, w.dir, args);
	return system(command);
}

static void write_text(const char *name, const struct buf *text)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", w.dir, name);
	ok(file_write(path, text->data, text->len, 0600, NULL));
}

/* The manager invites somebody, so that main moves. */
static void move_main(void)
{
	struct oid main_id = fetch_main(&w), id;
	struct file file = {"devices/later.json", NULL};
	struct invite invite;

	ok(invite_make(&invite, ODS, w.config.authority->ca_fingerprint, w.root, env_system(), NULL));
	file.record = device_record("later", "staff", "manager", manager.key, &invite, NULL);
	id = commit(&w, &manager, &main_id, &file, 1);
	assert_true(push(&w, &manager, &id, NULL));
	invite_clear(&invite);
}

static void stock_git_lists_clones_and_fetches_with_a_devices_certificate(void **state)
{
	struct buf key = BUF_INIT, said = BUF_INIT;
	char hex[OID_HEX_LEN + 1], path[160];
	struct oid head;

	(void)state;
	ok(key_to_pem(&key, manager.key));
	write_text("m.key", &key);
	write_text("m.crt", &manager.cert);
	assert_int_equal(git("ls-remote https://localhost:%s/" ODS "/history.git", w.port), 0);
	assert_int_equal(git("clone -q https://localhost:%s/" ODS "/history.git clone", w.port), 0);
	assert_int_equal(git("-C clone fsck --strict"), 0);
	/* so many own commits that negotiation takes several rounds and git compresses its requests */
	for (int i = 0; i < 90; i++)
		assert_int_equal(git("-C clone commit -q --allow-empty -m %d", i), 0);
	move_main();
	assert_int_equal(git("-C clone fetch -q origin"), 0);
	head = server_ref(&w, "refs/heads/main");
	oid_hex(hex, &head);
	assert_int_equal(git("-C clone merge-base --is-ancestor %s origin/main", hex), 0);
	assert_int_equal(git("-C clone fsck --strict"), 0);
	/* what it may not do is said in words */
	assert_int_not_equal(git("-C clone push origin HEAD:refs/heads/other"), 0);
	(void)snprintf(path, sizeof(path), "%s/git.out", w.dir);
	ok(file_read(&said, path, NULL));
	assert_non_null(strstr(buf_text(&said), "refs/devices/manager alone"));
	buf_clear(&key);
	buf_clear(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(health_is_told_to_everybody),
		cmocka_unit_test(without_a_certificate_nothing_is_read_or_pushed),
		cmocka_unit_test(a_certificate_of_another_authority_fails_the_handshake),
		cmocka_unit_test(a_certificate_gives_no_right_without_its_place_in_the_registry),
		cmocka_unit_test(a_practice_that_is_not_here_is_not_found),
		cmocka_unit_test(answers_carry_what_git_and_caches_need),
		cmocka_unit_test(wrong_methods_types_and_sizes_are_told_apart),
		cmocka_unit_test(what_a_request_says_in_no_utf8_is_refused_in_utf8),
		cmocka_unit_test(a_body_that_two_readers_could_frame_differently_is_refused),
		cmocka_unit_test(an_address_with_escapes_in_it_is_another_one),
		cmocka_unit_test(stock_gits_probe_before_a_large_push_is_answered),
		cmocka_unit_test(a_refusal_can_be_read_even_by_a_client_that_is_still_sending),
		cmocka_unit_test(a_body_in_chunks_beyond_the_limit_is_refused),
		cmocka_unit_test(idle_connections_hold_nobody_up),
		cmocka_unit_test(a_connection_serves_one_request_after_the_other),
		cmocka_unit_test(stopping_ends_idle_connections_and_exits_with_success),
		cmocka_unit_test(stock_git_lists_clones_and_fetches_with_a_devices_certificate),
	};
	struct error e = {STATUS_OK, ""};

	if (repo_init_library(&e) != STATUS_OK)
		return 1;
	return cmocka_run_group_tests(tests, open_practice, close_practice);
}
