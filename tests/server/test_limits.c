/* tests/server/test_limits.c - what the host sets in server.json, and what a hostile push then meets. */
#include "tests/server/fixture.h"

#include "server/limits_json.h"
#include "tests/support/library.h"

/* ---- reading them ---- */

static enum status read_text(struct limits *out, const char *text, struct error *e)
{
	cJSON *object = NULL;
	enum status st = STATUS_OK;

	ok(json_parse(&object, text, strlen(text), NULL));
	st = limits_read(out, object, e);
	cJSON_Delete(object);
	return st;
}

static void what_is_not_set_has_its_safe_value(void **state)
{
	struct limits l = {0};

	(void)state;
	ok(limits_read(&l, NULL, NULL));
	assert_memory_equal(&l, &limits_default, sizeof(l));
	ok(read_text(&l, "{\"job_threads\":9}", NULL));
	assert_int_equal(l.job_threads, 9);
	l.job_threads = limits_default.job_threads;
	assert_memory_equal(&l, &limits_default, sizeof(l));
}

/* Of every limit there is: its least and its most value are taken, one less and one more are refused by its name. */
static void each_has_a_range_that_holds_its_safe_value(void **state)
{
	static const struct {
		const char *name;
		int64_t otherwise, least, most;
	} all[] = {
#define LIMITS_MEMBER(name, otherwise, least, most) {#name, (otherwise), (least), (most)},
		LIMITS_LIST(LIMITS_MEMBER)
#undef LIMITS_MEMBER
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const int64_t tried[] = {all[i].least, all[i].most, all[i].least - 1, all[i].most + 1};

		assert_true(all[i].least <= all[i].otherwise && all[i].otherwise <= all[i].most && all[i].least > 0);
		for (size_t n = 0; n < ARRAY_LEN(tried); n++) {
			struct limits l = {.push_bytes = 77};
			struct error e = {STATUS_OK, ""};
			char text[128], quoted[64];
			const char *beside = "";
			enum status st = STATUS_OK;

			/* beside those that hold several of another, none of these is too large */
			if (strcmp(all[i].name, "push_inflated_bytes") == 0)
				beside = ",\"object_bytes\":262144";
			else if (strcmp(all[i].name, "push_disk_bytes") == 0)
				beside = ",\"push_bytes\":1048576";
			else if (strcmp(all[i].name, "push_bytes") == 0)
				beside = ",\"push_disk_bytes\":4294967296";
			(void)snprintf(text, sizeof(text), "{\"%s\":%lld%s}", all[i].name, (long long)tried[n], beside);
			(void)snprintf(quoted, sizeof(quoted), "\"%s\" is %lld; it must be from", all[i].name,
				       (long long)tried[n]);
			st = read_text(&l, text, &e);
			assert_int_equal(st, n < 2 ? STATUS_OK : STATUS_INVALID);
			if (n >= 2) {
				assert_non_null(strstr(e.text, quoted));
				assert_int_equal(l.push_bytes, 77);
			}
		}
	}
}

static void what_cannot_be_meant_is_named(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{"{\"push_byte\":67108864}", "there is no \"push_byte\""},
		{"{\"Push_bytes\":67108864}", "there is no \"Push_bytes\""},
		{"{\"push_bytes\":\"67108864\"}", "\"push_bytes\" must be a whole number"},
		{"{\"push_bytes\":null}", "\"push_bytes\" must be a whole number"},
		{"{\"push_bytes\":[1]}", "\"push_bytes\" must be a whole number"},
		{"{\"job_threads\":4,\"connections\":true}", "\"connections\" must be a whole number"},
		{"[]", "must be an object"},
		{"64", "must be an object"},
		{"{\"push_disk_bytes\":1048576}", "\"push_bytes\" (67108864) is more than \"push_disk_bytes\" (1048576)"},
		{"{\"push_inflated_bytes\":1048576}", "\"object_bytes\" (4194304) is more than \"push_inflated_bytes\" (1048576)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct limits l = {.push_bytes = 77};
		struct error e = {STATUS_OK, ""};

		assert_int_equal(read_text(&l, bad[i].text, &e), STATUS_INVALID);
		assert_non_null(strstr(e.text, bad[i].words));
		assert_int_equal(l.push_bytes, 77);
	}
}

/* ---- serving by them ---- */

static void put_limits(const char *limits)
{
	char path[FILE_PATH_MAX], text[512];
	int n = snprintf(text, sizeof(text), "{\"hosts\":[\"localhost\"],\"limits\":%s,\"schema\":\"server/1\"}", limits);

	ok(file_path(path, w.server, "server.json", NULL));
	ok(file_write(path, text, (size_t)n, 0644, NULL));
}

static void serve_with(const char *limits)
{
	assert_int_equal(server_stop(&w, SIGTERM), 0);
	put_limits(limits);
	server_start(&w);
}

static void a_server_does_not_start_with_a_limit_that_cannot_be(void **state)
{
	struct serve_options o = {.dir = w.server, .listen = &(struct address){"127.0.0.1", "0"}, .listen_len = 1, .env = env_system()};
	struct error e = {STATUS_OK, ""};

	(void)state;
	assert_int_equal(server_stop(&w, SIGTERM), 0);
	put_limits("{\"push_objects\":5}");
	assert_int_equal(serve(&o, &e), STATUS_INVALID);
	assert_non_null(strstr(e.text, "server.json: limits: \"push_objects\" is 5; it must be from 600 to 8000000"));
}

static void assert_refused(const struct oid *id, const char *words)
{
	struct oid main_before = server_ref(&w, "refs/heads/main"), main_after;
	struct buf why = BUF_INIT;
	int before = objects_on_disk(&w);

	assert_false(push(&w, &manager, id, &why));
	assert_non_null(strstr(buf_text(&why), "ng refs/devices/manager "));
	if (!strstr(buf_text(&why), words))
		fail_msg("\"%s\" is not in: %s", words, buf_text(&why));
	assert_int_equal(objects_on_disk(&w), before);
	main_after = server_ref(&w, "refs/heads/main");
	assert_true(oid_equal(&main_before, &main_after));
	assert_sound(&w);
	buf_clear(&why);
}

/* Sites s<from>, s<from + 1>, … as one commit. */
static struct oid sites(const struct oid *parent, int from, int len)
{
	static struct file files[600];
	static char paths[600][64];

	assert_true(len <= 600);
	for (int i = 0; i < len; i++) {
		char id[32];

		(void)snprintf(id, sizeof(id), "s%d", from + i);
		(void)snprintf(paths[i], sizeof(paths[i]), "sites/%s.json", id);
		files[i] = (struct file){paths[i], site_record(id, "A site")};
	}
	return commit(&w, &manager, parent, files, (size_t)len);
}

static void a_push_of_more_commits_than_granted_is_refused(void **state)
{
	struct oid one, two, three;

	(void)state;
	serve_with("{\"push_commits\":2}");
	one = fetch_main(&w);
	one = sites(&one, 1, 1);
	two = sites(&one, 2, 1);
	three = sites(&two, 3, 1);
	assert_refused(&three, "ng refs/devices/manager more than 2 new commits in one push; push in parts");
	assert_true(push(&w, &manager, &two, NULL));
	assert_true(push(&w, &manager, &three, NULL));
}

static void a_push_of_more_records_than_granted_is_refused_however_many_its_commits(void **state)
{
	struct oid main_id, first, second;

	(void)state;
	serve_with("{\"push_paths\":600}");
	main_id = fetch_main(&w);
	first = sites(&main_id, 1, 598);
	second = sites(&first, 599, 3);
	assert_refused(&second, "ng refs/devices/manager more than 600 records changed in one push; push in parts");
	assert_true(push(&w, &manager, &first, NULL));
	assert_true(push(&w, &manager, &second, NULL));
}

static struct oid staged_blob(const char *text, size_t len)
{
	struct oid id;

	ok(repo_write(&id, w.local, REPO_BLOB, text, len, NULL));
	return id;
}

static struct oid staged_tree(struct tree_entry *entries, size_t len)
{
	struct tree t = {.entries = entries, .len = len};
	struct oid id;

	ok(repo_tree_write(&id, w.local, &t, NULL));
	return id;
}

/* On top of main, with a directory in the place of sites/. */
static struct oid with_sites(const struct oid *dir)
{
	struct oid parent = fetch_main(&w), id;
	struct commit c = COMMIT_INIT;
	struct tree_edit edit = {.path = "sites", .id = *dir, .is_dir = true};
	struct buf message = BUF_INIT;
	char email[HEAD_EMAIL_MAX];
	struct commit_spec spec = {
		.parents = {parent}, .parents_len = 1, .name = "manager", .email = email, .time_ms = 1000, .key = manager.key};

	ok(repo_commit_read(&c, w.local, &parent, NULL));
	ok(tree_apply(&spec.tree, w.local, &c.tree, &edit, 1, NULL));
	ok(head_message_format(&message, "A change", "manager"));
	head_email(email, "manager", ODS);
	spec.message = buf_text(&message);
	ok(repo_commit_write(&id, w.local, &spec, NULL));
	buf_clear(&message);
	commit_clear(&c);
	return id;
}

/* 99 entries that are all one and the same directory, six levels of that: 99^7 files in some ten objects. */
static void a_directory_that_is_named_over_and_over_is_not_followed_to_all_its_files(void **state)
{
	struct tree_entry entries[99];
	char names[99][32];
	struct oid id = staged_blob("{}", 2);

	(void)state;
	for (int level = 0; level < 7; level++) {
		for (int i = 0; i < 99; i++) {
			(void)snprintf(names[i], sizeof(names[i]), level ? "%02d" : "%02d.json", i);
			entries[i] = (struct tree_entry){names[i], level > 0, id};
		}
		id = staged_tree(entries, 99);
	}
	id = with_sites(&id);
	assert_refused(&id, "sites/00/");
}

static void a_path_of_more_names_than_granted_is_refused(void **state)
{
	struct tree_entry entry = {(char *)(uintptr_t)"a.json", false, {{0}}};
	struct oid id = staged_blob("{}", 2);

	(void)state;
	serve_with("{\"tree_depth\":5}");
	for (int level = 0; level < 5; level++) {
		entry.id = id;
		id = staged_tree(&entry, 1);
		entry = (struct tree_entry){(char *)(uintptr_t)"d", true, {{0}}};
	}
	id = with_sites(&id);
	assert_refused(&id, "a path of 6 names; this server takes 5");
}

/* Twelve files that shrink to nothing, each below the limit of one. */
static void a_small_pack_that_unpacks_to_more_than_granted_is_refused(void **state)
{
	struct tree_entry entries[60];
	char names[60][32], *text = test_calloc(1, 200000);
	struct oid id;

	(void)state;
	serve_with("{\"object_bytes\":262144,\"push_inflated_bytes\":1048576}");
	for (int len = 12; len <= 60; len += 48) { /* fewer bytes than are unpacked in memory, and more */
		for (int i = 0; i < len; i++) {
			(void)snprintf(names[i], sizeof(names[i]), "s%02d.json", i);
			(void)snprintf(text, 200000, "%d", len + i);
			entries[i] = (struct tree_entry){names[i], false, staged_blob(text, 200000)};
		}
		id = staged_tree(entries, (size_t)len);
		id = with_sites(&id);
		assert_refused(&id, "the pack unpacks to more than 1048576 bytes; push in parts");
	}
	test_free(text);
}

static void an_object_that_is_larger_than_granted_is_refused(void **state)
{
	struct tree_entry entry = {(char *)(uintptr_t)"a.json", false, {{0}}};
	char *text = test_calloc(1, 262145);
	struct oid id;

	(void)state;
	serve_with("{\"object_bytes\":262144}");
	entry.id = staged_blob(text, 262145);
	id = staged_tree(&entry, 1);
	id = with_sites(&id);
	assert_refused(&id, "more than 262144 bytes");
	test_free(text);
}

static void a_push_of_more_objects_or_bytes_than_granted_is_refused(void **state)
{
	static struct tree_entry entries[620];
	static char names[620][32];
	char noise[2000];
	struct oid id;

	(void)state;
	serve_with("{\"push_bytes\":1048576,\"push_objects\":600}");
	for (int big = 0; big < 2; big++) {
		size_t len = big ? 560 : 620;

		for (size_t i = 0; i < len; i++) {
			for (size_t n = 0; n < sizeof(noise); n++)
				noise[n] = (char)random();
			(void)snprintf(names[i], sizeof(names[i]), "s%03zu.json", i);
			entries[i] = (struct tree_entry){names[i], false, staged_blob(noise, big ? sizeof(noise) : 20)};
		}
		id = staged_tree(entries, len);
		id = with_sites(&id);
		if (!big) {
			assert_refused(&id, "at most 600 are allowed");
		} else {
			struct reply r;
			struct buf body = BUF_INIT;
			int before = objects_on_disk(&w);

			/* told by its Content-Length before the pack comes */
			push_body(&body, &w, "refs/devices/manager", &manager.head, &id, &manager.head);
			push_raw(&r, &w, &manager, &body);
			assert_int_equal(r.code, 413);
			assert_int_equal(objects_on_disk(&w), before);
			reply_clear(&r);
			buf_clear(&body);
		}
	}
}

#define T(test) cmocka_unit_test_setup_teardown(test, open_practice, close_practice)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_set_has_its_safe_value),
		cmocka_unit_test(each_has_a_range_that_holds_its_safe_value),
		cmocka_unit_test(what_cannot_be_meant_is_named),
		T(a_server_does_not_start_with_a_limit_that_cannot_be),
		T(a_push_of_more_commits_than_granted_is_refused),
		T(a_push_of_more_records_than_granted_is_refused_however_many_its_commits),
		T(a_directory_that_is_named_over_and_over_is_not_followed_to_all_its_files),
		T(a_path_of_more_names_than_granted_is_refused),
		T(a_small_pack_that_unpacks_to_more_than_granted_is_refused),
		T(an_object_that_is_larger_than_granted_is_refused),
		T(a_push_of_more_objects_or_bytes_than_granted_is_refused),
	};

	return cmocka_run_group_tests(tests, library_start, library_stop);
}
