#include "tests/server/fixture.h"

#include <pthread.h>

#include "server/file.h"

#define PUSH_TYPE "application/x-git-receive-pack-request"

/* The manager's next edit on top of main: one more site. */
static struct oid site_edit(const char *id)
{
	char path[96];
	struct oid main_id = fetch_main(&w);
	struct file file = {path, site_record(id, "A site")};

	(void)snprintf(path, sizeof(path), "sites/%s.json", id);
	return commit(&w, &manager, &main_id, &file, 1);
}

/* ---- the way in ---- */

static void the_first_managers_start_becomes_the_log(void **state)
{
	char path[300];
	struct oid device = server_ref(&w, "refs/devices/manager"), config = server_ref(&w, "refs/kiosk/config");

	(void)state;
	assert_true(oid_equal(&device, &manager.head));
	assert_false(oid_is_zero(&config));
	(void)snprintf(path, sizeof(path), "%s/" ODS "/first.json", w.server);
	assert_int_equal(access(path, F_OK), -1);
	assert_sound(&w);
}

static void the_same_code_and_key_give_the_same_certificate_and_another_key_none(void **state)
{
	struct testdev d, other;
	struct invite invite;
	struct buf first = BUF_INIT;
	cJSON *answer = NULL;

	(void)state;
	invite_device(&w, &manager, &invite, "twice", "staff");
	testdev_make(&d, "twice", &invite);
	testdev_make(&other, "twice", &invite);
	assert_int_equal(testdev_enrol(&d, &w, &invite, &answer), 200);
	assert_string_equal(json_string(answer, "device"), "twice");
	assert_string_equal(json_string(answer, "role"), "staff");
	assert_string_equal(json_string(json_get(answer, "record"), "id"), "twice");
	assert_string_equal(json_string(answer, "server_key"), w.server_key);
	buf_adds(&first, buf_text(&d.cert));
	assert_int_equal(testdev_enrol(&d, &w, &invite, NULL), 200);
	assert_string_equal(buf_text(&first), buf_text(&d.cert));
	cJSON_Delete(answer);
	assert_int_equal(testdev_enrol(&other, &w, &invite, &answer), 409);
	assert_non_null(strstr(json_string(answer, "message"), "another device"));
	cJSON_Delete(answer);
	buf_clear(&first);
	testdev_clear(&d);
	testdev_clear(&other);
	invite_clear(&invite);
}

static void a_code_that_nobody_gave_out_enrols_nothing(void **state)
{
	struct invite made_up;
	struct testdev d;

	(void)state;
	ok(invite_make(&made_up, ODS, w.config.authority->ca_fingerprint, w.root, env_system(), NULL));
	testdev_make(&d, "stranger", &made_up);
	assert_int_equal(testdev_enrol(&d, &w, &made_up, NULL), 403);
	testdev_clear(&d);
	invite_clear(&made_up);
}

static void an_enrolment_without_the_codes_signature_is_malformed(void **state)
{
	struct invite invite, made_up;
	struct testdev d;

	(void)state;
	invite_device(&w, &manager, &invite, "unproved", "staff");
	ok(invite_make(&made_up, ODS, w.config.authority->ca_fingerprint, w.root, env_system(), NULL));
	testdev_make(&d, "unproved", &made_up);
	assert_int_equal(testdev_enrol(&d, &w, &invite, NULL), 400);
	testdev_clear(&d);
	invite_clear(&invite);
	invite_clear(&made_up);
}

/* Ask for main's pack, whatever the list of refs said. */
static void want_main(struct reply *r, const struct testdev *d)
{
	struct oid main_id = server_ref(&w, "refs/heads/main");
	struct buf body = BUF_INIT;
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, &main_id);
	pkt_addf(&body, "want %s\n", hex);
	pkt_flush(&body);
	pkt_addf(&body, "done\n");
	post(r, &w, d, "/" ODS "/history.git/git-upload-pack", "application/x-git-upload-pack-request", body.data,
	     body.len);
	buf_clear(&body);
}

static void a_kiosk_cannot_fetch_the_log_by_naming_its_id(void **state)
{
	struct invite invite;
	struct testdev kiosk;
	struct reply r;

	(void)state;
	join_invited(&w, &manager, &kiosk, &invite, "nosy-kiosk", "kiosk");
	want_main(&r, &kiosk);
	assert_non_null(strstr(buf_text(&r.body), "ERR upload-pack: not our ref"));
	reply_clear(&r);
	want_main(&r, &manager);
	assert_non_null(strstr(buf_text(&r.body), "NAK\nPACK"));
	reply_clear(&r);
	testdev_clear(&kiosk);
	invite_clear(&invite);
}

static void an_invited_device_may_push_its_enrolment_and_nothing_before(void **state)
{
	static const char *const refs = "/" ODS "/history.git/info/refs?service=git-upload-pack";
	struct invite invite;
	struct testdev d;
	struct buf why = BUF_INIT;
	struct reply r;
	struct oid id, main_id;
	struct file file = {"sites/early.json", site_record("early", "Too early")};

	(void)state;
	invite_device(&w, &manager, &invite, "newcomer", "staff");
	testdev_make(&d, "newcomer", &invite);
	assert_int_equal(testdev_enrol(&d, &w, &invite, NULL), 200);
	get(&r, &w, &d, refs);
	assert_int_equal(r.code, 200);
	assert_false(reply_has(&r, "refs/"));
	reply_clear(&r);
	want_main(&r, &d);
	assert_int_equal(r.code, 403);
	reply_clear(&r);
	main_id = fetch_main(&w);
	id = commit(&w, &d, &main_id, &file, 1);
	assert_false(push(&w, &d, &id, &why));
	assert_non_null(strstr(buf_text(&why), "ng refs/devices/newcomer "));
	id = enrolment_head(&w, &d, &invite, "staff", "manager", manager.key);
	assert_true(push(&w, &d, &id, &why));
	get(&r, &w, &d, refs);
	assert_true(reply_has(&r, " refs/heads/main"));
	reply_clear(&r);
	buf_clear(&why);
	testdev_clear(&d);
	invite_clear(&invite);
}

static void a_device_renews_its_certificate_for_its_own_key_only(void **state)
{
	struct key *other = NULL;
	struct buf csr = BUF_INIT, body = BUF_INIT;
	cJSON *wish = NULL;
	struct reply r;

	(void)state;
	ok(key_generate(&other, NULL));
	for (int own = 0; own < 2; own++) {
		buf_reset(&csr);
		buf_reset(&body);
		ok(csr_make(&csr, own ? manager.key : other, "manager", NULL));
		wish = OBJECT("csr", buf_text(&csr));
		ok(json_canonical(&body, wish));
		post(&r, &w, &manager, "/" ODS "/renew", "application/json", body.data, body.len);
		assert_int_equal(r.code, own ? 200 : 403);
		cJSON_Delete(wish);
		reply_clear(&r);
	}
	buf_clear(&csr);
	buf_clear(&body);
	key_free(other);
}

/* ---- pushing ---- */

static void an_accepted_head_is_merged_and_its_receipt_can_be_asked_for_again(void **state)
{
	struct oid before = server_ref(&w, "refs/heads/main"), after, again, id = site_edit("kibworth");
	struct commit c = COMMIT_INIT;
	struct oid old_head = manager.head;

	(void)state;
	assert_true(push(&w, &manager, &id, NULL));
	after = fetch_main(&w);
	ok(repo_commit_read(&c, w.local, &after, NULL));
	assert_int_equal(c.parents_len, 2);
	assert_true(oid_equal(&c.parents[0], &before));
	assert_true(oid_equal(&c.parents[1], &id));
	assert_non_null(strstr(c.message, "Qip-Device: manager\n"));
	commit_clear(&c);
	/* the receipt was lost: the same push once more */
	manager.head = old_head;
	assert_true(push(&w, &manager, &id, NULL));
	again = server_ref(&w, "refs/heads/main");
	assert_true(oid_equal(&after, &again));
	assert_sound(&w);
}

static void a_push_from_a_stale_head_is_refused_in_words(void **state)
{
	struct oid id = site_edit("stale"), real = manager.head;
	struct buf why = BUF_INIT;

	(void)state;
	manager.head = fetch_main(&w);
	assert_false(push(&w, &manager, &id, &why));
	assert_non_null(strstr(buf_text(&why), "last accepted head"));
	manager.head = real;
	buf_clear(&why);
}

static void refuse_commands(const char *report, int count, ...)
{
	const struct oid nothing = {{0}};
	struct buf body = BUF_INIT, line = BUF_INIT;
	char old_hex[OID_HEX_LEN + 1], hex[OID_HEX_LEN + 1];
	struct oid main_id = server_ref(&w, "refs/heads/main");
	struct reply r;
	va_list args;

	oid_hex(old_hex, &nothing);
	va_start(args, count);
	for (int i = 0; i < count; i++) {
		const char *ref = va_arg(args, const char *);
		const struct oid *id = va_arg(args, const struct oid *);

		oid_hex(hex, id);
		buf_reset(&line);
		buf_addf(&line, "%s %s %s", old_hex, hex, ref);
		if (i == 0)
			buf_add(&line, "\0 report-status", 15);
		pkt_add(&body, line.data, line.len);
	}
	va_end(args);
	pkt_flush(&body);
	push_raw(&r, &w, &manager, &body);
	assert_int_equal(r.code, 200);
	assert_non_null(strstr(buf_text(&r.body), report));
	assert_null(strstr(buf_text(&r.body), "ok refs/"));
	hex[0] = 0;
	struct oid now = server_ref(&w, "refs/heads/main");
	assert_true(oid_equal(&main_id, &now));
	reply_clear(&r);
	buf_clear(&body);
	buf_clear(&line);
}

static void only_the_devices_own_ref_can_be_pushed_one_at_a_time_and_never_deleted(void **state)
{
	const struct oid nothing = {{0}};

	(void)state;
	refuse_commands("ng refs/heads/main ", 1, "refs/heads/main", &manager.head);
	refuse_commands("ng refs/devices/other ", 1, "refs/devices/other", &manager.head);
	refuse_commands("ng refs/kiosk/config ", 1, "refs/kiosk/config", &manager.head);
	refuse_commands("cannot be deleted", 1, "refs/devices/manager", &nothing);
	refuse_commands("ng refs/devices/manager ", 2, "refs/devices/manager", &manager.head, "refs/heads/main",
			&manager.head);
}

static void a_refused_head_is_named_by_commit_and_path_and_leaves_no_object(void **state)
{
	struct invite invite;
	struct testdev kiosk;
	struct buf why = BUF_INIT;
	struct file file = {"sites/hacked.json", site_record("hacked", "Hacked")};
	char hex[OID_HEX_LEN + 1], line[256];
	struct oid id, main_before, main_after;
	int before = 0;

	(void)state;
	join_invited(&w, &manager, &kiosk, &invite, "kib-kiosk", "kiosk");
	main_before = server_ref(&w, "refs/heads/main");
	before = objects_on_disk(&w);
	id = commit(&w, &kiosk, &kiosk.head, &file, 1);
	assert_false(push(&w, &kiosk, &id, &why));
	oid_hex(hex, &id);
	(void)snprintf(line, sizeof(line), "ng refs/devices/kib-kiosk %s sites/hacked.json ", hex);
	assert_non_null(strstr(buf_text(&why), line));
	assert_int_equal(objects_on_disk(&w), before);
	main_after = server_ref(&w, "refs/heads/main");
	assert_true(oid_equal(&main_before, &main_after));
	assert_sound(&w);
	buf_clear(&why);
	testdev_clear(&kiosk);
	invite_clear(&invite);
}

static void a_damaged_pack_is_refused_and_leaves_nothing(void **state)
{
	struct oid id = site_edit("damaged");
	struct buf body = BUF_INIT;
	struct reply r;
	int before = objects_on_disk(&w);

	(void)state;
	push_body(&body, &w, "refs/devices/manager", &manager.head, &id, &manager.head);
	body.data[body.len - 30] ^= 1;
	push_raw(&r, &w, &manager, &body);
	assert_int_equal(r.code, 200);
	assert_non_null(strstr(buf_text(&r.body), "ng refs/devices/manager "));
	assert_int_equal(objects_on_disk(&w), before);
	reply_clear(&r);
	/* and one that ends too early */
	body.data[body.len - 30] ^= 1;
	body.len -= 25;
	push_raw(&r, &w, &manager, &body);
	assert_non_null(strstr(buf_text(&r.body), "ng refs/devices/manager "));
	assert_int_equal(objects_on_disk(&w), before);
	reply_clear(&r);
	buf_clear(&body);
	assert_true(push(&w, &manager, &id, NULL));
}

/* The head is right, and something travels along that nobody would ever look at. */
static void objects_that_the_head_does_not_need_are_not_let_in(void **state)
{
	struct oid id = site_edit("stowaway"), all[2] = {id};
	struct buf body = BUF_INIT, line = BUF_INIT;
	struct reply r;
	char hex[OID_HEX_LEN + 1];
	int before = objects_on_disk(&w);
	static const char patient[] = "name and number of a patient\n";
	struct oid none = {{0}};
	struct tree_edit edit = {.path = "sites/secret.txt"};
	struct commit_spec spec = {
		.name = "nobody", .email = "nobody@example.invalid", .key = manager.key, .message = "Stowaway\n"};

	(void)state;
	ok(repo_write(&edit.id, w.local, REPO_BLOB, patient, sizeof(patient) - 1, NULL));
	ok(tree_apply(&spec.tree, w.local, &none, &edit, 1, NULL));
	ok(repo_commit_write(&all[1], w.local, &spec, NULL));
	oid_hex(hex, &manager.head);
	buf_addf(&line, "%s ", hex);
	oid_hex(hex, &id);
	buf_addf(&line, "%s refs/devices/manager", hex);
	buf_add(&line, "\0 report-status", 15);
	pkt_add(&body, line.data, line.len);
	pkt_flush(&body);
	ok(repo_pack_send(w.local, all, 2, &manager.head, 1, add_to_buf, &body, NULL, NULL));
	push_raw(&r, &w, &manager, &body);
	assert_int_equal(r.code, 200);
	assert_true(reply_has(&r, "ng refs/devices/manager "));
	assert_true(reply_has(&r, "no part of what is pushed (4 of "));
	assert_int_equal(objects_on_disk(&w), before);
	assert_true(push(&w, &manager, &id, NULL));
	reply_clear(&r);
	buf_clear(&body);
	buf_clear(&line);
}

/* Without the objects whose path matches, the pack is sent as git would make it. */
static void push_without(struct reply *r, const struct oid *id, const char *path)
{
	char command[900], file[200], hex[2][OID_HEX_LEN + 1], ref[LIMIT_REF_BYTES];
	struct buf line = BUF_INIT, body = BUF_INIT;

	ok(repo_flush(w.local, NULL));
	oid_hex(hex[0], &manager.head);
	oid_hex(hex[1], id);
	(void)snprintf(file, sizeof(file), "%s/pack", w.dir);
	(void)snprintf(command, sizeof(command),
		       "cd '%s/local.git' && git rev-list --objects %s^! | grep -v ' %s$' | cut -c 1-40 | git "
		       "pack-objects -q --stdout >'%s'",
		       w.dir, hex[1], path, file);
	assert_int_equal(system(command), 0);
	push_ref_name(ref, manager.name);
	buf_addf(&line, "%s %s %s", hex[0], hex[1], ref);
	buf_add(&line, "\0 report-status agent=test", 26);
	pkt_add(&body, line.data, line.len);
	pkt_flush(&body);
	ok(file_read_max(&body, file, 1 << 20, NULL));
	push_raw(r, &w, &manager, &body);
	buf_clear(&line);
	buf_clear(&body);
}

static void a_push_that_lacks_a_file_or_directory_of_its_own_is_refused(void **state)
{
	static const char *const lacking[] = {"sites", "sites/lacking.json"}, *const words[] = {
										      " is missing",
										      "sites/lacking.json cannot read"};
	struct oid id = site_edit("lacking");
	int before = objects_on_disk(&w);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lacking); i++) {
		struct reply r;

		push_without(&r, &id, lacking[i]);
		assert_int_equal(r.code, 200);
		if (!reply_has(&r, "ng refs/devices/manager ") || !reply_has(&r, words[i]))
			fail_msg("without %s: %s", lacking[i], buf_text(&r.body));
		assert_int_equal(objects_on_disk(&w), before);
		reply_clear(&r);
	}
	assert_true(push(&w, &manager, &id, NULL));
}

static void a_revoked_device_is_told_what_to_do_and_a_retired_one_still_delivers(void **state)
{
	static const char *const refs = "/" ODS "/history.git/info/refs?service=git-receive-pack";
	struct invite invite;
	struct testdev d;
	struct reply r;

	(void)state;
	join_invited(&w, &manager, &d, &invite, "leaving", "staff");
	end_device(&w, &manager, "leaving", "retired");
	get(&r, &w, &d, refs);
	assert_int_equal(r.code, 200);
	reply_clear(&r);
	end_device(&w, &manager, "leaving", "revoked");
	get(&r, &w, &d, refs);
	assert_int_equal(r.code, 403);
	assert_non_null(strstr(buf_text(&r.body), "revoked"));
	assert_non_null(strstr(buf_text(&r.body), "ask a manager"));
	reply_clear(&r);
	testdev_clear(&d);
	invite_clear(&invite);
}

/* ---- together, and through crashes ---- */

struct pusher {
	struct testdev d;
	struct oid id;
	bool accepted;
	struct buf body;
};

static void *push_alone(void *arg)
{
	struct pusher *p = arg;
	struct reply r;

	push_raw(&r, &w, &p->d, &p->body);
	p->accepted = strstr(buf_text(&r.body), "\nok ") || strstr(buf_text(&r.body), "ok refs/");
	reply_clear(&r);
	return NULL;
}

static void devices_that_push_at_once_are_all_merged(void **state)
{
	struct pusher all[6];
	struct invite invites[6];
	pthread_t threads[6];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		char name[32];

		all[i] = (struct pusher){.accepted = false};
		(void)snprintf(name, sizeof(name), "crowd-%zu", i);
		invite_device(&w, &manager, &invites[i], name, "staff");
		testdev_make(&all[i].d, name, &invites[i]);
		assert_int_equal(testdev_enrol(&all[i].d, &w, &invites[i], NULL), 200);
	}
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		char ref[LIMIT_REF_BYTES];

		all[i].id = enrolment_head(&w, &all[i].d, &invites[i], "staff", "manager", manager.key);
		push_ref_name(ref, all[i].d.name);
		push_body(&all[i].body, &w, ref, NULL, &all[i].id, NULL);
	}
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, push_alone, &all[i]), 0);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		char ref[LIMIT_REF_BYTES];
		struct oid there;

		assert_true(all[i].accepted);
		push_ref_name(ref, all[i].d.name);
		there = server_ref(&w, ref);
		assert_true(oid_equal(&there, &all[i].id));
		testdev_clear(&all[i].d);
		invite_clear(&invites[i]);
		buf_clear(&all[i].body);
	}
	assert_sound(&w);
}

static void an_auditor_can_be_added_while_the_practice_is_served(void **state)
{
	struct store *store = NULL;
	struct practice *p = NULL;
	struct invite invite;
	struct testdev d;
	struct oid id;

	(void)state;
	ok(store_open(&store, w.server, NULL));
	ok(practice_open(&p, w.server, store, ODS, NULL));
	ok(auditor_add(&invite, p, "lpt-audit", w.config.authority->ca_fingerprint, env_system(), NULL));
	testdev_make(&d, "lpt-audit", &invite);
	assert_int_equal(testdev_enrol(&d, &w, &invite, NULL), 200);
	id = enrolment_head(&w, &d, &invite, "auditor", "server", NULL);
	assert_true(push(&w, &d, &id, NULL));
	invite_clear(&invite);
	assert_int_equal(auditor_add(&invite, p, "lpt-audit", w.config.authority->ca_fingerprint, env_system(), NULL),
			 STATUS_EXISTS);
	testdev_clear(&d);
	practice_close(p);
	store_close(store);
}

static void a_server_killed_during_a_push_loses_nothing_and_takes_it_again(void **state)
{
	struct buf why = BUF_INIT;

	(void)state;
	for (int delay_ms = 0; delay_ms < 60; delay_ms += 6) {
		char name[32];
		struct oid id;
		pid_t pid = 0;

		(void)snprintf(name, sizeof(name), "killed-%d", delay_ms);
		id = site_edit(name);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			struct buf body = BUF_INIT;
			struct reply r;

			push_body(&body, &w, "refs/devices/manager", &manager.head, &id, &manager.head);
			push_raw(&r, &w, &manager, &body);
			_exit(strstr(buf_text(&r.body), "ok refs/") ? 0 : 1);
		}
		(void)poll(NULL, 0, delay_ms); /* any point of the push */
		assert_true(WIFSIGNALED(server_stop(&w, SIGKILL)));
		int said = 0;
		assert_int_equal(waitpid(pid, &said, 0), pid);
		struct oid there = server_ref(&w, "refs/devices/manager");
		server_start(&w);
		/* a receipt is a promise */
		if (said == 0) {
			there = server_ref(&w, "refs/devices/manager");
			assert_true(oid_equal(&there, &id));
		}
		if (!push(&w, &manager, &id, &why))
			fail_msg("after %d ms: %s", delay_ms, buf_text(&why));
		there = server_ref(&w, "refs/devices/manager");
		assert_true(oid_equal(&there, &id));
		assert_sound(&w);
	}
	buf_clear(&why);
}

static void refs_that_derive_from_the_log_are_repaired_at_start(void **state)
{
	static const char *const names[] = {"refs/devices/manager", "refs/kiosk/config", "refs/qip/derived"};
	struct oid config = server_ref(&w, "refs/kiosk/config"), now;
	struct commit before = COMMIT_INIT, after = COMMIT_INIT;
	struct repo *there = NULL;

	(void)state;
	assert_int_equal(server_stop(&w, SIGTERM), 0);
	ok(repo_open(&there, w.git, NULL));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct oid id = server_ref(&w, names[i]);

		ok(repo_ref_update(there, names[i], NULL, &id, NULL));
	}
	server_start(&w);
	now = server_ref(&w, "refs/devices/manager");
	assert_true(oid_equal(&now, &manager.head));
	now = server_ref(&w, "refs/kiosk/config");
	assert_false(oid_is_zero(&now));
	ok(repo_refresh(there, NULL));
	ok(repo_commit_read(&before, there, &config, NULL));
	ok(repo_commit_read(&after, there, &now, NULL));
	assert_true(oid_equal(&before.tree, &after.tree));
	commit_clear(&before);
	commit_clear(&after);
	repo_close(there);
}

static void what_a_killed_server_left_half_done_is_cleared_up(void **state)
{
	char command[700];
	struct oid id = site_edit("after-locks");
	int before = objects_on_disk(&w);

	(void)state;
	assert_true(WIFSIGNALED(server_stop(&w, SIGKILL)));
	(void)snprintf(
		command, sizeof(command),
		"touch '%s/refs/heads/main.lock' && mkdir -p '%s/incoming/left' && touch '%s/incoming/left/pack'",
		w.git, w.git, w.git);
	assert_int_equal(system(command), 0);
	server_start(&w);
	assert_int_equal(objects_on_disk(&w), before);
	assert_true(push(&w, &manager, &id, NULL));
}

static void one_process_serves_a_folder(void **state)
{
	struct serve_options o = {.dir = w.server, .listen = &(struct address){"127.0.0.1", "0"}, .listen_len = 1, .env = env_system()};
	struct error e = {STATUS_OK, ""};

	(void)state;
	assert_int_equal(serve(&o, &e), STATUS_BUSY);
	assert_non_null(strstr(e.text, "another qip-server"));
}

static void a_push_cut_off_in_the_middle_of_its_body_leaves_nothing(void **state)
{
	struct oid id = site_edit("cut-off");
	struct tls_conn *c = NULL;
	struct buf body = BUF_INIT, out = BUF_INIT;
	int before = objects_on_disk(&w), told = log_count(&w, "broken off");

	(void)state;
	push_body(&body, &w, "refs/devices/manager", &manager.head, &id, &manager.head);
	buf_addf(&out,
		 "POST /" ODS "/history.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Type: " PUSH_TYPE
		 "\r\nContent-Length: %zu\r\n\r\n",
		 body.len);
	buf_add(&out, body.data, body.len - 50);
	ok(world_dial(&c, &w, &manager, NULL));
	ok(tls_write(c, out.data, out.len, WAIT_MS, NULL));
	tls_close(c);
	/* the server notices in its own time */
	for (int i = 0; i < WAIT_MS / 10 && log_count(&w, "broken off") == told; i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(log_count(&w, "broken off"), told + 1);
	assert_int_equal(objects_on_disk(&w), before);
	assert_true(push(&w, &manager, &id, NULL));
	buf_clear(&body);
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_managers_start_becomes_the_log),
		cmocka_unit_test(the_same_code_and_key_give_the_same_certificate_and_another_key_none),
		cmocka_unit_test(a_code_that_nobody_gave_out_enrols_nothing),
		cmocka_unit_test(an_enrolment_without_the_codes_signature_is_malformed),
		cmocka_unit_test(an_invited_device_may_push_its_enrolment_and_nothing_before),
		cmocka_unit_test(a_kiosk_cannot_fetch_the_log_by_naming_its_id),
		cmocka_unit_test(a_device_renews_its_certificate_for_its_own_key_only),
		cmocka_unit_test(an_accepted_head_is_merged_and_its_receipt_can_be_asked_for_again),
		cmocka_unit_test(a_push_from_a_stale_head_is_refused_in_words),
		cmocka_unit_test(only_the_devices_own_ref_can_be_pushed_one_at_a_time_and_never_deleted),
		cmocka_unit_test(a_refused_head_is_named_by_commit_and_path_and_leaves_no_object),
		cmocka_unit_test(a_damaged_pack_is_refused_and_leaves_nothing),
		cmocka_unit_test(objects_that_the_head_does_not_need_are_not_let_in),
		cmocka_unit_test(a_push_cut_off_in_the_middle_of_its_body_leaves_nothing),
		cmocka_unit_test(a_push_that_lacks_a_file_or_directory_of_its_own_is_refused),
		cmocka_unit_test(a_revoked_device_is_told_what_to_do_and_a_retired_one_still_delivers),
		cmocka_unit_test(devices_that_push_at_once_are_all_merged),
		cmocka_unit_test(an_auditor_can_be_added_while_the_practice_is_served),
		cmocka_unit_test(refs_that_derive_from_the_log_are_repaired_at_start),
		cmocka_unit_test(what_a_killed_server_left_half_done_is_cleared_up),
		cmocka_unit_test(one_process_serves_a_folder),
		cmocka_unit_test(a_server_killed_during_a_push_loses_nothing_and_takes_it_again),
	};
	struct error e = {STATUS_OK, ""};

	if (repo_init_library(&e) != STATUS_OK)
		return 1;
	return cmocka_run_group_tests(tests, open_practice, close_practice);
}
