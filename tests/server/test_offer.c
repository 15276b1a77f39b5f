#include "tests/server/world.h"

#include "server/backup_folder.h"
#include "server/key_file.h"
#include "server/offers.h"
#include "server/reconcile.h"
#include "server/restore.h"

#define OFFER_TYPE "application/x-qip-offer"
#define MAIN "refs/heads/main"

/* A server restored from a backup that knows nothing of the device "later" and of three merges. */
static struct world w;
static struct testdev manager, later;
static struct oid in_backup, newest, between; /* ends of the log; between: one merge after the backup's */

static void add_site(const char *id)
{
	char path[96];
	struct oid main_id = fetch_main(&w), edit;
	struct file file = {path, site_record(id, "A site")};

	(void)snprintf(path, sizeof(path), "sites/%s.json", id);
	edit = commit(&w, &manager, &main_id, &file, 1);
	assert_true(push(&w, &manager, &edit, NULL));
}

static void lose_disk(void)
{
	char backup[160];

	(void)snprintf(backup, sizeof(backup), "%s/backup", w.dir);
	assert_int_equal(server_stop(&w, SIGTERM), 0);
	ok(file_remove_tree(w.server, NULL));
	ok(restore_make(backup, w.server, env_system(), NULL, NULL, NULL));
	server_start(&w);
}

static int set_up(void **state)
{
	struct invite invite;
	char backup[160];

	(void)state;
	world_open(&w);
	join_first(&w, &manager);
	in_backup = server_ref(&w, MAIN);
	(void)snprintf(backup, sizeof(backup), "%s/backup", w.dir);
	ok(backup_make(w.server, backup, env_system(), NULL, NULL, NULL));
	invite_device(&w, &manager, &invite, "later", "staff");
	between = fetch_main(&w);
	testdev_make(&later, "later", &invite);
	assert_int_equal(testdev_enrol(&later, &w, &invite, NULL), 200);
	later.head = enrolment_head(&w, &later, &invite, "staff", "manager", manager.key);
	invite_clear(&invite);
	{
		struct oid head = later.head;

		later.head = (struct oid){{0}};
		assert_true(push(&w, &later, &head, NULL));
	}
	add_site("kibworth");
	newest = fetch_main(&w);
	lose_disk();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	testdev_clear(&manager);
	testdev_clear(&later);
	world_close(&w);
	return 0;
}

/* Offer a commit; a pack goes along if it says from where. */
static int offer(const struct testdev *d, const char *kind, const struct oid *id, const struct oid *from, char answer[512])
{
	char hex[OID_HEX_LEN + 1];
	struct buf body = BUF_INIT;
	struct reply r;

	oid_hex(hex, id);
	pkt_addf(&body, "%s %s\n", kind, hex);
	pkt_flush(&body);
	if (from)
		ok(repo_pack_send(w.local, id, 1, from, oid_is_zero(from) ? 0 : 1, add_to_buf, &body, NULL, NULL));
	post(&r, &w, d, "/" ODS "/offer", OFFER_TYPE, body.data, body.len);
	(void)snprintf(answer, 512, "%s", buf_text(&r.body));
	buf_clear(&body);
	reply_clear(&r);
	return r.code;
}

static int files_on_disk(void)
{
	char command[320], line[32] = "";
	FILE *f = NULL;

	(void)snprintf(command, sizeof(command), "find '%s' -type f | wc -l", w.git);
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_int_equal(pclose(f), 0);
	return atoi(line);
}

/* Refused, and nothing of it stays. */
static void refused(const struct testdev *d, const char *kind, const struct oid *id, const struct oid *from, int code, const char *words)
{
	char answer[512];
	int before = files_on_disk();

	assert_int_equal(offer(d, kind, id, from, answer), code);
	if (!strstr(answer, words))
		fail_msg("wanted \"%s\", got: %s", words, answer);
	assert_int_equal(files_on_disk(), before);
}

/* The newest merge as somebody else would make it: by another key, or on another parent. */
static struct oid forge(const struct key *key, const struct oid *parent)
{
	struct merge_note note = {.index = 0};
	struct commit c = COMMIT_INIT;
	struct buf message = BUF_INIT;
	struct oid id;
	struct commit_spec spec = {.name = "server", .email = "server@c82999.qip.invalid", .key = key, .parents_len = 2};

	ok(repo_commit_read(&c, w.local, &newest, NULL));
	ok(merge_note_parse(&note, c.message, NULL));
	if (!oid_equal(parent, &c.parents[0]))
		note.index = 2;
	ok(merge_note_format(&message, &note));
	spec.tree = c.tree;
	spec.parents[0] = *parent;
	spec.parents[1] = c.parents[1];
	spec.message = buf_text(&message);
	ok(repo_commit_write(&id, w.local, &spec, NULL));
	ok(repo_flush(w.local, NULL));
	commit_clear(&c);
	buf_clear(&note.kept);
	buf_clear(&message);
	return id;
}

static struct key *server_key(void)
{
	char dir[160];
	struct key *key = NULL;

	(void)snprintf(dir, sizeof(dir), "%s/" ODS, w.server);
	ok(key_file_read(&key, dir, "server.key", NULL));
	return key;
}

static void parent_of(struct oid *out, const struct oid *id)
{
	struct commit c = COMMIT_INIT;

	ok(repo_commit_read(&c, w.local, id, NULL));
	*out = c.parents[0];
	commit_clear(&c);
}

static void a_closed_practice_serves_nothing_and_says_so(void **state)
{
	static const char *const paths[] = {"/" ODS "/history.git/info/refs?service=git-upload-pack",
					    "/" ODS "/history.git/info/refs?service=git-receive-pack"};
	struct reply r;
	struct buf body = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		get(&r, &w, &manager, paths[i]);
		assert_int_equal(r.code, 503);
		assert_non_null(strstr(r.head, "Qip-Practice: closed"));
		assert_true(reply_has(&r, "nothing is lost"));
		reply_clear(&r);
	}
	push_body(&body, &w, "refs/devices/manager", NULL, &manager.head, NULL);
	push_raw(&r, &w, &manager, &body);
	assert_int_equal(r.code, 503);
	buf_clear(&body);
	reply_clear(&r);
	post(&r, &w, &manager, "/" ODS "/renew", "application/json", "{}", 2);
	assert_int_equal(r.code, 503);
	reply_clear(&r);
}

static void a_question_is_answered_with_what_the_server_has(void **state)
{
	char answer[512], hex[OID_HEX_LEN + 1];

	(void)state;
	oid_hex(hex, &in_backup);
	assert_int_equal(offer(&later, "main", &newest, NULL, answer), 200);
	assert_non_null(strstr(answer, "\"taken\":false"));
	assert_non_null(strstr(answer, hex));
}

static void what_the_server_did_not_sign_is_not_taken(void **state)
{
	struct oid parent, forged;

	(void)state;
	parent_of(&parent, &newest);
	forged = forge(manager.key, &parent);
	refused(&manager, "main", &forged, &in_backup, 403, "not signed");
}

static void what_parts_from_the_backup_is_not_taken(void **state)
{
	struct key *key = server_key();
	struct oid start, forged;

	(void)state;
	parent_of(&start, &in_backup); /* M0 */
	forged = forge(key, &start);
	refused(&manager, "main", &forged, &start, 409, "parts from");
	key_free(key);
}

static void what_is_not_whole_is_not_taken(void **state)
{
	struct oid parent;

	(void)state;
	parent_of(&parent, &newest);
	refused(&manager, "main", &newest, &parent, 400, "not whole");
}

/* Every merge is there, and one file is not. */
static void a_log_without_one_of_its_files_is_not_taken(void **state)
{
	char command[800], path[200], hex[2][OID_HEX_LEN + 1], answer[512];
	struct buf body = BUF_INIT;
	struct reply r;
	int before = files_on_disk();

	(void)state;
	oid_hex(hex[0], &newest);
	oid_hex(hex[1], &in_backup);
	(void)snprintf(path, sizeof(path), "%s/pack", w.dir);
	(void)snprintf(command, sizeof(command),
		       "cd '%s/local.git' && git rev-list --objects %s --not %s | grep -v kibworth.json | cut -c 1-40 | git pack-objects -q --stdout >'%s'",
		       w.dir, hex[0], hex[1], path);
	assert_int_equal(system(command), 0);
	pkt_addf(&body, "main %s\n", hex[0]);
	pkt_flush(&body);
	ok(file_read_max(&body, path, 1 << 20, NULL));
	post(&r, &w, &manager, "/" ODS "/offer", OFFER_TYPE, body.data, body.len);
	assert_int_equal(r.code, 400);
	assert_true(reply_has(&r, "not whole"));
	assert_int_equal(files_on_disk(), before);
	buf_clear(&body);
	reply_clear(&r);
	assert_int_equal(offer(&manager, "main", &newest, NULL, answer), 200);
	assert_non_null(strstr(answer, "\"taken\":false"));
}

static void strangers_offer_nothing(void **state)
{
	struct testdev nobody = {.name = "nobody"};

	(void)state;
	refused(&nobody, "main", &newest, &in_backup, 403, "certificate");
	refused(&manager, "kiosk", &newest, &in_backup, 400, "begins with");
}

static void a_device_that_the_backup_does_not_know_offers_in_parts(void **state)
{
	char answer[512];
	struct oid there;

	(void)state;
	assert_int_equal(offer(&later, "part", &between, &in_backup, answer), 200);
	assert_non_null(strstr(answer, "\"taken\":true"));
	there = server_ref(&w, OFFERS_REFS "part/later");
	assert_true(oid_equal(&there, &between));
	assert_int_equal(offer(&later, "main", &newest, &between, answer), 200);
	there = server_ref(&w, OFFERS_REFS "main/later");
	assert_true(oid_equal(&there, &newest));
	there = server_ref(&w, MAIN);
	assert_true(oid_equal(&there, &in_backup));

	/* and the next device sends nothing */
	assert_int_equal(offer(&manager, "main", &newest, NULL, answer), 200);
	assert_non_null(strstr(answer, "\"taken\":true"));
}

static void the_best_offer_is_what_the_practice_is_opened_with(void **state)
{
	struct reconcile seen, opened;
	struct store *store = NULL;
	struct practice *p = NULL;
	struct oid there;
	struct reply r;
	char answer[512];

	(void)state;
	ok(store_open(&store, w.server, NULL));
	ok(practice_open(&p, w.server, store, ODS, NULL));
	ok(reconcile_look(&seen, p, NULL));
	assert_int_equal(seen.mains.list[seen.mains.best].index, 4);
	assert_int_equal(seen.known, 4);
	assert_int_equal(seen.unheard_len, 0);
	assert_false(reconcile_loses(&seen));
	ok(reconcile_open(&opened, p, env_system(), NULL));
	assert_int_equal(reconcile_look(&opened, p, NULL), STATUS_NOT_FOUND);
	there = server_ref(&w, MAIN);
	assert_true(oid_equal(&there, &newest)); /* nothing is lost, and nothing is told */
	reconcile_clear(&seen);
	reconcile_clear(&opened);
	practice_close(p);
	store_close(store);

	/* the server that runs notices by itself, and offers stay out of sight */
	get(&r, &w, &later, "/" ODS "/history.git/info/refs?service=git-upload-pack");
	assert_int_equal(r.code, 200);
	assert_false(reply_has(&r, OFFERS_REFS));
	reply_clear(&r);
	assert_int_equal(offer(&later, "main", &newest, NULL, answer), 409);
	add_site("fleckney");
	assert_sound(&w);
}

static void what_nobody_offers_is_told_in_the_log(void **state)
{
	struct reconcile opened;
	struct store *store = NULL;
	struct practice *p = NULL;
	struct view *v = NULL;
	struct repo *r = NULL;
	struct oid found;
	char answer[512];

	(void)state;
	lose_disk();
	assert_int_equal(offer(&manager, "main", &between, &in_backup, answer), 200);
	ok(store_open(&store, w.server, NULL));
	ok(practice_open(&p, w.server, store, ODS, NULL));
	ok(reconcile_open(&opened, p, env_system(), NULL));
	assert_int_equal(opened.unheard_len, 1);
	assert_string_equal(opened.unheard[0], "later"); /* invited by then, and perhaps more */
	reconcile_clear(&opened);
	ok(view_get(&v, p, NULL));
	assert_int_equal(v->end.index, 3); /* the incident's own merge */
	ok(store_reader_open(&r, p->history, NULL));
	ok(tree_find(&found, NULL, r, &v->end.tree, "incidents", NULL));
	store_reader_close(r);
	view_put(v);
	practice_close(p);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_closed_practice_serves_nothing_and_says_so),
		cmocka_unit_test(a_question_is_answered_with_what_the_server_has),
		cmocka_unit_test(what_the_server_did_not_sign_is_not_taken),
		cmocka_unit_test(what_parts_from_the_backup_is_not_taken),
		cmocka_unit_test(what_is_not_whole_is_not_taken),
		cmocka_unit_test(a_log_without_one_of_its_files_is_not_taken),
		cmocka_unit_test(strangers_offer_nothing),
		cmocka_unit_test(a_device_that_the_backup_does_not_know_offers_in_parts),
		cmocka_unit_test(the_best_offer_is_what_the_practice_is_opened_with),
		cmocka_unit_test(what_nobody_offers_is_told_in_the_log),
	};
	int failed = 0;

	if (repo_init_library(NULL) != STATUS_OK)
		return 1;
	failed = cmocka_run_group_tests(tests, set_up, tear_down);
	repo_shutdown_library();
	return failed;
}
