#include "tests/server/world.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <zlib.h>

#include "core/digest.h"
#include "core/policy.h"
#include "server/store.h"

#define BLOBS "/" ODS "/blobs/"
#define GET BLOBS "get"
#define SEALED_TYPE "application/octet-stream"
#define NEVER "0000000000000000000000000000000000000000000000000000000000000000"

#define MOST (16 * 1024 * 1024) /* unless the host sets another limit */

static struct world w;
static struct testdev manager, staff, kiosk;

static int open_practice(void **state)
{
	struct invite invite;

	(void)state;
	world_open(&w);
	join_first(&w, &manager);
	join_invited(&w, &manager, &staff, &invite, "desk", "staff");
	invite_clear(&invite);
	join_invited(&w, &manager, &kiosk, &invite, "kiosk", "kiosk");
	invite_clear(&invite);
	return 0;
}

static int close_practice(void **state)
{
	(void)state;
	testdev_clear(&manager);
	testdev_clear(&staff);
	testdev_clear(&kiosk);
	world_close(&w);
	return 0;
}

/* ---- speaking of blobs ---- */

static void name_of(char hex[SHA256_HEX_LEN + 1], const void *bytes, size_t len)
{
	uint8_t digest[SHA256_LEN];

	ok(sha256(digest, bytes, len));
	hex_encode(hex, digest, sizeof(digest));
}

static void put_with(struct reply *r, const struct testdev *d, const char *name, const char *headers, const void *bytes,
		     size_t len)
{
	char start[512], all[512];

	(void)snprintf(start, sizeof(start), "PUT " BLOBS "%s", name);
	(void)snprintf(all, sizeof(all), "Content-Type: " SEALED_TYPE "\r\nContent-Length: %zu\r\n%s", len, headers);
	raw_call(r, &w, d, start, all, bytes, len);
}

static int put_named(const struct testdev *d, const char *name, const void *bytes, size_t len)
{
	struct reply r;

	put_with(&r, d, name, "", bytes, len);
	reply_clear(&r);
	return r.code;
}

static int put(const struct testdev *d, const char *text)
{
	char name[SHA256_HEX_LEN + 1];

	name_of(name, text, strlen(text));
	return put_named(d, name, text, strlen(text));
}

/* Ask for blobs by their names. */
static void get_named(struct reply *r, const struct testdev *d, const char *const *names, size_t len)
{
	struct buf body = BUF_INIT;

	buf_adds(&body, "{\"blobs\":[");
	for (size_t i = 0; i < len; i++)
		buf_addf(&body, "%s\"%s\"", i ? "," : "", names[i]);
	buf_adds(&body, "]}");
	post(r, &w, d, GET, "application/json", body.data, body.len);
	buf_clear(&body);
}

static void assert_text_is(const struct testdev *d, const char *text, bool here)
{
	char name[SHA256_HEX_LEN + 1];
	struct buf expected = BUF_INIT;
	const char *const names[] = {name};
	struct reply r;

	name_of(name, text, strlen(text));
	if (here)
		buf_addf(&expected, "%s %zu\n%s", name, strlen(text), text);
	else
		buf_addf(&expected, "%s absent\n", name);
	get_named(&r, d, names, 1);
	assert_int_equal(r.code, 200);
	assert_int_equal(r.body.len, expected.len);
	assert_memory_equal(r.body.data, expected.data, expected.len);
	reply_clear(&r);
	buf_clear(&expected);
}

/* How many files lie in a folder of the practice, below "blobs/". */
static int count_files(const char *folder)
{
	char command[256];
	FILE *f = NULL;
	int count = -1;

	(void)snprintf(command, sizeof(command), "find '%s/" ODS "/blobs/%s' -type f 2>/dev/null | wc -l", w.server,
		       folder);
	f = popen(command, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &count), 1);
	(void)pclose(f);
	return count;
}

static void wait_for_nothing_unfinished(void)
{
	for (int i = 0; i < WAIT_MS / 10 && count_files("new"); i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(count_files("new"), 0);
}

/* ---- coming and going ---- */

static void a_kiosk_brings_and_staff_read_also_after_a_restart(void **state)
{
	(void)state;
	assert_int_equal(put(&kiosk, "sealed by the kiosk"), 201);
	assert_int_equal(put(&staff, "sealed by staff"), 201);
	assert_text_is(&staff, "sealed by the kiosk", true);
	assert_int_equal(server_stop(&w, SIGKILL), SIGKILL);
	server_start(&w);
	assert_text_is(&manager, "sealed by the kiosk", true);
	assert_text_is(&staff, "sealed by staff", true);
}

static void the_same_again_is_a_success(void **state)
{
	(void)state;
	assert_int_equal(put(&kiosk, "twice"), 201);
	assert_int_equal(put(&kiosk, "twice"), 200);
	assert_int_equal(put(&staff, "twice"), 200);
	assert_text_is(&staff, "twice", true);
}

static void many_are_read_at_once_in_the_order_asked(void **state)
{
	char one[SHA256_HEX_LEN + 1], two[SHA256_HEX_LEN + 1], nothing[SHA256_HEX_LEN + 1];
	const char *const names[] = {two, NEVER, one, nothing, two};
	struct buf expected = BUF_INIT;
	struct reply r;

	(void)state;
	assert_int_equal(put(&kiosk, "of many, one"), 201);
	assert_int_equal(put(&kiosk, "of many,\n\ntwo"), 201);
	assert_int_equal(put(&kiosk, ""), 201);
	name_of(one, "of many, one", 12);
	name_of(two, "of many,\n\ntwo", 13);
	name_of(nothing, "", 0);
	get_named(&r, &staff, names, ARRAY_LEN(names));
	buf_addf(&expected, "%s 13\nof many,\n\ntwo%s absent\n%s 12\nof many, one%s 0\n%s 13\nof many,\n\ntwo", two,
		 NEVER, one, nothing, two);
	assert_int_equal(r.code, 200);
	assert_non_null(strstr(r.head, "Content-Type: " SEALED_TYPE));
	assert_int_equal(r.body.len, expected.len);
	assert_memory_equal(r.body.data, expected.data, expected.len);
	reply_clear(&r);
	get_named(&r, &staff, names, 0);
	assert_int_equal(r.code, 200);
	assert_int_equal(r.body.len, 0);
	reply_clear(&r);
	buf_clear(&expected);
}

static void what_does_not_fit_the_answer_is_told_to_come_later(void **state)
{
	static const size_t sizes[] = {MOST, MOST - 1, 2, 1};
	char names_text[ARRAY_LEN(sizes)][SHA256_HEX_LEN + 1];
	const char *names[ARRAY_LEN(sizes)];
	char *bytes = calloc(1, MOST);
	struct buf tail = BUF_INIT;
	struct reply r;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		name_of(names_text[i], bytes, sizes[i]);
		names[i] = names_text[i];
		assert_int_equal(put_named(&staff, names[i], bytes, sizes[i]), 201);
	}
	get_named(&r, &staff, names, ARRAY_LEN(sizes));
	assert_int_equal(r.code, 200);
	buf_addf(&tail, "%s later\n%s 1\n", names[2], names[3]);
	buf_addc(&tail, 0);
	assert_int_equal(r.body.len, LIMIT_BLOB_ANSWER_BYTES + 2 * (SHA256_HEX_LEN + 10) - 1 + tail.len);
	assert_memory_equal(r.body.data + r.body.len - tail.len, tail.data, tail.len);
	reply_clear(&r);
	buf_clear(&tail);
	free(bytes);
}

/* ---- bad input ---- */

static void other_bytes_than_the_name_says_are_refused(void **state)
{
	struct reply r;

	(void)state;
	put_with(&r, &kiosk, NEVER, "", "not these", 9);
	assert_int_equal(r.code, 400);
	assert_true(reply_has(&r, "not what the address names"));
	assert_int_equal(count_files("new") + count_files("00"), 0);
	reply_clear(&r);
}

static void a_blob_that_is_too_large_is_refused(void **state)
{
	char *bytes = calloc(1, MOST + 1);
	char name[SHA256_HEX_LEN + 1];
	struct reply r;

	(void)state;
	assert_non_null(bytes);
	name_of(name, bytes, MOST + 1);
	put_with(&r, &kiosk, name, "", bytes, MOST + 1);
	assert_int_equal(r.code, 413);
	reply_clear(&r);
	wait_for_nothing_unfinished();
	free(bytes);
}

static void serve_with(const char *limits)
{
	char path[FILE_PATH_MAX], text[256];
	int n = snprintf(text, sizeof(text), "{\"hosts\":[\"localhost\"],\"limits\":%s,\"schema\":\"server/1\"}",
			 limits);

	assert_int_equal(server_stop(&w, SIGTERM), 0);
	ok(file_path(path, w.server, "server.json", NULL));
	ok(file_write(path, text, (size_t)n, 0644, NULL));
	server_start(&w);
}

static void the_host_sets_how_large_a_blob_may_be_and_what_is_there_stays(void **state)
{
	const size_t set = 1024 * 1024;
	char *bytes = calloc(1, MOST);
	char large[SHA256_HEX_LEN + 1], fits[SHA256_HEX_LEN + 1], over[SHA256_HEX_LEN + 1];
	const char *const names[] = {large};
	struct reply r;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'e', MOST);
	name_of(large, bytes, MOST);
	name_of(fits, bytes, set);
	name_of(over, bytes, set + 1);
	assert_int_equal(put_named(&staff, large, bytes, MOST), 201);
	serve_with("{\"blob_bytes\":1048576}");
	assert_int_equal(put_named(&staff, fits, bytes, set), 201);
	assert_int_equal(put_named(&staff, over, bytes, set + 1), 413);
	get_named(&r, &staff, names, 1);
	assert_int_equal(r.code, 200);
	assert_int_equal(r.body.len, SHA256_HEX_LEN + 10 + MOST);
	reply_clear(&r);
	serve_with("{\"blob_bytes\":33554432}");
	assert_int_equal(put_named(&staff, over, bytes, set + 1), 201);
	serve_with("{}");
	free(bytes);
}

static void a_body_that_breaks_off_leaves_nothing(void **state)
{
	struct tls_conn *c = NULL;
	static const char request[] = "PUT " BLOBS NEVER " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " SEALED_TYPE
				      "\r\nContent-Length: 1000\r\n\r\nhalf of it";

	(void)state;
	ok(world_dial(&c, &w, &kiosk, NULL));
	ok(tls_write(c, request, sizeof(request) - 1, WAIT_MS, NULL));
	for (int i = 0; i < WAIT_MS / 10 && count_files("new") == 0; i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(count_files("new"), 1);
	tls_close(c);
	wait_for_nothing_unfinished();
}

static void a_server_killed_in_the_middle_leaves_nothing_and_takes_it_again(void **state)
{
	struct tls_conn *c = NULL;
	static const char text[] = "killed in the middle";
	char name[SHA256_HEX_LEN + 1], request[512];
	int n = 0;

	(void)state;
	name_of(name, text, strlen(text));
	n = snprintf(request, sizeof(request),
		     "PUT " BLOBS "%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: " SEALED_TYPE
		     "\r\nContent-Length: %zu\r\n\r\nkilled in",
		     name, strlen(text));
	ok(world_dial(&c, &w, &kiosk, NULL));
	ok(tls_write(c, request, (size_t)n, WAIT_MS, NULL));
	for (int i = 0; i < WAIT_MS / 10 && count_files("new") == 0; i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(server_stop(&w, SIGKILL), SIGKILL);
	assert_int_equal(count_files("new"), 1);
	tls_close(c);
	server_start(&w);
	assert_int_equal(count_files("new"), 0);
	assert_text_is(&staff, text, false);
	assert_int_equal(put(&kiosk, text), 201);
	assert_text_is(&staff, text, true);
}

/* gzip as curl --compressed and its kin would send it. */
static void pack(struct buf *out, const char *text)
{
	uint8_t packed[256];
	z_stream z = {0};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)text;
	z.avail_in = (uInt)strlen(text);
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	buf_add(out, packed, sizeof(packed) - z.avail_out);
	(void)deflateEnd(&z);
}

static void a_gzip_body_is_named_by_what_it_unpacks_to(void **state)
{
	struct buf packed = BUF_INIT;
	char name[SHA256_HEX_LEN + 1];
	struct reply r;

	(void)state;
	pack(&packed, "sealed and packed");
	name_of(name, "sealed and packed", 17);
	put_with(&r, &kiosk, name, "Content-Encoding: gzip\r\n", packed.data, packed.len);
	assert_int_equal(r.code, 201);
	reply_clear(&r);
	assert_text_is(&staff, "sealed and packed", true);
	put_with(&r, &kiosk, name, "Content-Encoding: gzip\r\n", packed.data, packed.len - 4);
	assert_int_equal(r.code, 400);
	reply_clear(&r);
	buf_clear(&packed);
}

static void what_is_no_blobs_address_is_not_found(void **state)
{
	static const char *const paths[] = {
		"PUT " BLOBS "../../../etc/passwd",
		"PUT " BLOBS "%2e%2e%2f%2e%2e%2fserver.json",
		"PUT " BLOBS "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
		"PUT " BLOBS "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/",
		"PUT " BLOBS "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85",
		"PUT " BLOBS "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.erased",
		"PUT " BLOBS "new/" NEVER,
		"GET " BLOBS,
		"GET /" ODS "/blobs",
	};
	struct reply r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		raw_call(&r, &w, &staff, paths[i], "Content-Type: " SEALED_TYPE "\r\nContent-Length: 0\r\n", "", 0);
		assert_int_equal(r.code, 404);
		reply_clear(&r);
	}
	get(&r, &w, &staff, BLOBS NEVER);
	assert_int_equal(r.code, 405);
	assert_non_null(strstr(r.head, "Allow: PUT\r\n"));
	reply_clear(&r);
	raw_call(&r, &w, &staff, "DELETE " BLOBS NEVER, "", NULL, 0);
	assert_int_equal(r.code, 405);
	reply_clear(&r);
	put_with(&r, &staff, NEVER, "Content-Type: text/plain\r\n", "", 0);
	assert_int_equal(r.code, 400);
	reply_clear(&r);
	raw_call(&r, &w, &staff, "PUT " BLOBS NEVER, "Content-Type: text/plain\r\nContent-Length: 0\r\n", "", 0);
	assert_int_equal(r.code, 415);
	reply_clear(&r);
}

static void a_wish_that_is_none_is_told_what_is_wrong(void **state)
{
	static const struct {
		const char *body, *words;
	} cases[] = {
		{"", ""},
		{"{}", "the request is not {"},
		{"{\"blobs\":\"" NEVER "\"}", "the request is not {"},
		{"{\"blobs\":[1]}", "/blobs/0 is no SHA-256"},
		{"{\"blobs\":[\"" NEVER "\",\"../passwd\"]}", "/blobs/1 is no SHA-256"},
		{"{\"blobs\":[\"" NEVER "\\u0000\"]}", ""},
	};
	struct buf many = BUF_INIT;
	struct reply r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		post(&r, &w, &staff, GET, "application/json", cases[i].body, strlen(cases[i].body));
		assert_int_equal(r.code, 400);
		assert_true(reply_has(&r, "\"error\":\"malformed\""));
		buf_addc(&r.body, 0);
		assert_non_null(strstr(buf_text(&r.body), cases[i].words));
		reply_clear(&r);
	}
	buf_adds(&many, "{\"blobs\":[");
	for (int i = 0; i < LIMIT_BLOB_IDS + 1; i++)
		buf_addf(&many, "%s\"" NEVER "\"", i ? "," : "");
	buf_adds(&many, "]}");
	post(&r, &w, &staff, GET, "application/json", many.data, many.len);
	assert_int_equal(r.code, 413);
	assert_true(reply_has(&r, "at most 1000"));
	reply_clear(&r);
	buf_clear(&many);
}

/* ---- who may ---- */

static int ask(const struct testdev *d)
{
	const char *const names[] = {NEVER};
	struct reply r;

	get_named(&r, d, names, 1);
	reply_clear(&r);
	return r.code;
}

static void the_role_decides_who_brings_and_who_reads(void **state)
{
	static const struct {
		const char *role, *how;
		bool puts, gets;
	} cases[] = {
		{"kiosk", NULL, true, false},	   {"staff", NULL, true, true},
		{"manager", NULL, true, true},	   {"icb", NULL, false, false},
		{"auditor", NULL, false, false},   {"kiosk", "retired", true, false},
		{"staff", "retired", true, false}, {"staff", "revoked", false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct invite invite;
		struct testdev d;
		char name[32], text[64];

		(void)snprintf(name, sizeof(name), "device-%zu", i);
		(void)snprintf(text, sizeof(text), "sealed by %s", name);
		join_invited(&w, &manager, &d, &invite, name, cases[i].role);
		if (cases[i].how)
			end_device(&w, &manager, name, cases[i].how);
		assert_int_equal(put(&d, text), cases[i].puts ? 201 : 403);
		assert_int_equal(ask(&d), cases[i].gets ? 200 : 403);
		assert_text_is(&staff, text, cases[i].puts);
		testdev_clear(&d);
		invite_clear(&invite);
	}
}

static void who_has_not_finished_joining_brings_and_reads_nothing(void **state)
{
	const char *const names[] = {NEVER};
	struct invite invite;
	struct testdev d;
	struct reply r;

	(void)state;
	invite_device(&w, &manager, &invite, "joining", "staff");
	testdev_make(&d, "joining", &invite);
	assert_int_equal(testdev_enrol(&d, &w, &invite, NULL), 200);
	put_with(&r, &d, NEVER, "", "x", 1);
	assert_int_equal(r.code, 403);
	assert_true(reply_has(&r, "has not finished joining"));
	reply_clear(&r);
	get_named(&r, &d, names, 1);
	assert_int_equal(r.code, 403);
	assert_true(reply_has(&r, "\"error\":\"denied\""));
	reply_clear(&r);
	assert_int_equal(put(NULL, "x"), 403);
	assert_int_equal(ask(NULL), 403);
	testdev_clear(&d);
	invite_clear(&invite);
}

static void the_log_names_device_and_count_and_no_content(void **state)
{
	int before = log_count(&w, "1 of 1 blobs");

	(void)state;
	assert_int_equal(put(&kiosk, "nobody logs this"), 201);
	assert_text_is(&staff, "nobody logs this", true);
	for (int i = 0; i < WAIT_MS / 10 && log_count(&w, "1 of 1 blobs") == before; i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(log_count(&w, "1 of 1 blobs"), before + 1);
	assert_true(log_count(&w, "device=desk method=POST path=" GET " ") > 0);
	assert_true(log_count(&w, "device=kiosk method=PUT path=" BLOBS) > 0);
	assert_int_equal(log_count(&w, "nobody logs this"), 0);
}

/* ---- erasing ---- */

/* The manager has texts erased, in one commit that is pushed. */
static void erase(const char *const *texts, size_t len)
{
	char path[96], id[ID_TEXT_LEN + 1], name[SHA256_HEX_LEN + 1];
	struct oid main_id = fetch_main(&w), head;
	cJSON *blobs = cJSON_CreateArray();
	struct file file = {path, NULL};

	ok(id_make(id, env_system()));
	(void)snprintf(path, sizeof(path), "erasures/%s/%s.json", id + ID_TEXT_LEN - 2, id);
	for (size_t i = 0; i < len; i++) {
		name_of(name, texts[i], strlen(texts[i]));
		assert_true(cJSON_AddItemToArray(blobs, cJSON_CreateString(name)));
	}
	file.record = OBJECT("schema", "erasure/1", "id", id, "device", "manager", "at", now_text(), "reason",
			     "The patient asked for it.");
	ok(json_set(file.record, "blobs", blobs));
	head = commit(&w, &manager, &main_id, &file, 1);
	assert_true(push(&w, &manager, &head, NULL));
}

/* Any file of the practice's blobs holds the text. */
static bool found_on_disk(const char *text)
{
	char command[256];

	(void)snprintf(command, sizeof(command), "grep -rqF '%s' '%s/" ODS "/blobs'", text, w.server);
	return system(command) == 0;
}

static void blob_path(char out[256], const char *text)
{
	char name[SHA256_HEX_LEN + 1];

	name_of(name, text, strlen(text));
	(void)snprintf(out, 256, "%s/" ODS "/blobs/%.2s/%s", w.server, name, name);
}

static void what_is_erased_is_gone_by_the_time_the_push_is_answered(void **state)
{
	static const char *const texts[] = {"regretted", "regretted, too"};
	char name[SHA256_HEX_LEN + 1];
	struct reply r;

	(void)state;
	assert_int_equal(put(&kiosk, texts[0]), 201);
	assert_int_equal(put(&kiosk, texts[1]), 201);
	assert_int_equal(put(&kiosk, "not that one"), 201);
	assert_true(found_on_disk("regretted"));
	erase(texts, 2);
	assert_false(found_on_disk("regretted"));
	assert_text_is(&staff, texts[0], false);
	assert_text_is(&staff, "not that one", true);
	name_of(name, texts[0], strlen(texts[0]));
	put_with(&r, &kiosk, name, "", texts[0], strlen(texts[0]));
	assert_int_equal(r.code, 410);
	assert_true(reply_has(&r, "erased this for good"));
	reply_clear(&r);
	assert_false(found_on_disk("regretted"));
}

static void what_is_erased_before_it_came_is_not_taken(void **state)
{
	static const char *const text = "erased before it came";

	(void)state;
	erase(&text, 1);
	assert_int_equal(put(&kiosk, text), 410);
	assert_int_equal(server_stop(&w, SIGTERM), 0);
	server_start(&w);
	assert_int_equal(put(&kiosk, text), 410);
	assert_text_is(&staff, text, false);
}

static void an_erasure_that_a_crash_cut_off_is_carried_out_at_the_next_start(void **state)
{
	static const char *const text = "cut off";
	char path[256], note[256], mark[300];
	struct buf before = BUF_INIT;

	(void)state;
	(void)snprintf(note, sizeof(note), "%s/" ODS "/blobs/erasures", w.server);
	blob_path(path, text);
	(void)snprintf(mark, sizeof(mark), "%s.erased", path);
	ok(file_read(&before, note, NULL));
	erase(&text, 1);
	assert_int_equal(server_stop(&w, SIGKILL), SIGKILL);
	/* as if main had moved and nothing more */
	ok(file_write(note, before.data, before.len, 0600, NULL));
	ok(file_remove(mark, NULL));
	ok(file_write(path, text, strlen(text), 0600, NULL));
	server_start(&w);
	assert_false(found_on_disk(text));
	assert_int_equal(put(&kiosk, text), 410);
	buf_clear(&before);
}

/* The disk does not take the mark: main has the erasure, and what it names is still here. */
static void nothing_is_read_until_what_was_erased_is_gone(void **state)
{
	static const char *const text = "still there";
	char path[256], mark[300], inside[400], name[SHA256_HEX_LEN + 1];
	const char *const names[] = {name};
	struct reply r;
	int tries = 0;

	(void)state;
	assert_int_equal(put(&kiosk, text), 201);
	assert_int_equal(put(&kiosk, "one that stays"), 201);
	blob_path(path, text);
	(void)snprintf(mark, sizeof(mark), "%s.erased", path);
	assert_int_equal(mkdir(mark, 0700), 0);
	(void)snprintf(inside, sizeof(inside), "%s/in the way", mark);
	ok(file_write(inside, "x", 1, 0600, NULL));
	erase(&text, 1);
	name_of(name, "one that stays", 14);
	get_named(&r, &staff, names, 1);
	assert_int_equal(r.code, 503);
	reply_clear(&r);
	ok(file_remove_tree(mark, NULL));
	do { /* by itself, or by whoever asks next */
		get_named(&r, &staff, names, 1);
		tries++;
		if (r.code == 503)
			(void)poll(NULL, 0, 100);
	} while (r.code == 503 && tries < 100);
	assert_int_equal(r.code, 200);
	reply_clear(&r);
	assert_false(found_on_disk(text));
}

/* A backup holds the blobs as they were, and neither marks nor note. */
static void blobs_that_come_back_from_a_backup_are_erased_again_before_anything_is_served(void **state)
{
	static const char *const text = "in the backup";
	char command[512];

	(void)state;
	assert_int_equal(put(&kiosk, text), 201);
	(void)snprintf(command, sizeof(command),
		       "cd '%s' && cp -r " ODS "/blobs '%s/backup' && cd '%s/backup' && rm -rf erasures */*.erased",
		       w.server, w.dir, w.dir);
	assert_int_equal(system(command), 0);
	erase(&text, 1);
	assert_int_equal(server_stop(&w, SIGTERM), 0);
	(void)snprintf(command, sizeof(command), "cd '%s/" ODS "' && rm -rf blobs && mv '%s/backup' blobs", w.server,
		       w.dir);
	assert_int_equal(system(command), 0);
	assert_true(found_on_disk(text));
	server_start(&w);
	assert_false(found_on_disk(text));
	assert_int_equal(put(&kiosk, text), 410);
	assert_int_equal(put(&kiosk, "regretted"), 410);
}

/* ---- together ---- */

struct bringer {
	pthread_t thread;
	char name[SHA256_HEX_LEN + 1];
	const char *bytes;
	size_t len;
	int code;
};

static void *bring(void *arg)
{
	struct bringer *b = arg;
	struct reply r;

	put_with(&r, &kiosk, b->name, "", b->bytes, b->len);
	b->code = r.code;
	reply_clear(&r);
	return NULL;
}

static void the_same_blob_brought_by_many_at_once_is_there_once(void **state)
{
	struct bringer all[8];
	const size_t len = 1024 * 1024;
	char *bytes = malloc(len);
	int before = count_files("");

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 's', len);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		all[i] = (struct bringer){.bytes = bytes, .len = len};
		name_of(all[i].name, bytes, len);
		assert_int_equal(pthread_create(&all[i].thread, NULL, bring, &all[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		assert_int_equal(pthread_join(all[i].thread, NULL), 0);
		assert_true(all[i].code == 201 || all[i].code == 200);
	}
	assert_int_equal(count_files(""), before + 1);
	free(bytes);
}

static void a_full_disk_is_told_and_leaves_nothing(void **state)
{
	char path[160];
	char *bytes = calloc(1, 1 << 20);
	char name[SHA256_HEX_LEN + 1];
	struct reply r;

	(void)state;
	assert_non_null(bytes);
	/* a place of 256 KiB, seen by this program and its server alone */
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		free(bytes);
		skip();
	}
	assert_int_equal(server_stop(&w, SIGTERM), 0);
	(void)snprintf(path, sizeof(path), "%s/" ODS "/blobs/new", w.server);
	assert_int_equal(mount("none", path, "tmpfs", 0, "size=256k,mode=700"), 0);
	server_start(&w);
	name_of(name, bytes, 1 << 20);
	put_with(&r, &kiosk, name, "", bytes, 1 << 20);
	assert_int_equal(r.code, 507);
	assert_true(reply_has(&r, "disk is full"));
	assert_int_equal(count_files("new"), 0);
	reply_clear(&r);
	assert_int_equal(server_stop(&w, SIGTERM), 0);
	assert_int_equal(umount(path), 0);
	server_start(&w);
	assert_int_equal(put_named(&kiosk, name, bytes, 1 << 20), 201);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kiosk_brings_and_staff_read_also_after_a_restart),
		cmocka_unit_test(the_same_again_is_a_success),
		cmocka_unit_test(many_are_read_at_once_in_the_order_asked),
		cmocka_unit_test(what_does_not_fit_the_answer_is_told_to_come_later),
		cmocka_unit_test(other_bytes_than_the_name_says_are_refused),
		cmocka_unit_test(a_blob_that_is_too_large_is_refused),
		cmocka_unit_test(the_host_sets_how_large_a_blob_may_be_and_what_is_there_stays),
		cmocka_unit_test(a_body_that_breaks_off_leaves_nothing),
		cmocka_unit_test(a_server_killed_in_the_middle_leaves_nothing_and_takes_it_again),
		cmocka_unit_test(a_gzip_body_is_named_by_what_it_unpacks_to),
		cmocka_unit_test(what_is_no_blobs_address_is_not_found),
		cmocka_unit_test(a_wish_that_is_none_is_told_what_is_wrong),
		cmocka_unit_test(the_role_decides_who_brings_and_who_reads),
		cmocka_unit_test(who_has_not_finished_joining_brings_and_reads_nothing),
		cmocka_unit_test(the_log_names_device_and_count_and_no_content),
		cmocka_unit_test(what_is_erased_is_gone_by_the_time_the_push_is_answered),
		cmocka_unit_test(what_is_erased_before_it_came_is_not_taken),
		cmocka_unit_test(an_erasure_that_a_crash_cut_off_is_carried_out_at_the_next_start),
		cmocka_unit_test(nothing_is_read_until_what_was_erased_is_gone),
		cmocka_unit_test(blobs_that_come_back_from_a_backup_are_erased_again_before_anything_is_served),
		cmocka_unit_test(the_same_blob_brought_by_many_at_once_is_there_once),
		cmocka_unit_test(a_full_disk_is_told_and_leaves_nothing),
	};
	int failed = 0;

	if (repo_init_library(NULL) != STATUS_OK)
		return 1;
	failed = cmocka_run_group_tests(tests, open_practice, close_practice);
	repo_shutdown_library();
	return failed;
}
