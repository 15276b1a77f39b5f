#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/audit_texts.h"
#include "client/files.h"
#include "client/limits.h"
#include "core/digest.h"
#include "tests/support/must.h"
#include "tests/support/practice.h"

static struct practice p;
static struct audit a;
static int store;

static void hash_of(char hex[SHA256_HEX_LEN + 1], const char *sealed)
{
	uint8_t digest[SHA256_LEN];

	assert_int_equal(sha256(digest, sealed, strlen(sealed)), STATUS_OK);
	hex_encode(hex, digest, sizeof(digest));
}

/* The kiosk's next answer, with a comment that is sealed to these bytes. */
static void answer_with(int64_t seq, const char *sealed)
{
	struct fixture_device *kiosk = practice_device(&p, "kib-kiosk");
	cJSON *answer = practice_answer(&p, kiosk->id, seq), *comment = cJSON_AddObjectToObject(answer, "comment");
	char hex[SHA256_HEX_LEN + 1], path[TREE_PATH_MAX];

	hash_of(hex, sealed);
	(void)cJSON_AddStringToObject(comment, "sha256", hex);
	(void)cJSON_AddNumberToObject(comment, "size", (double)strlen(sealed));
	(void)cJSON_AddFalseToObject(comment, "publish");
	(void)cJSON_AddNumberToObject(comment, "key", 1);
	policy_feedback_path(path, kiosk->id, (uint64_t)seq);
	practice_write(&p, kiosk, path, answer);
	practice_push(&p, kiosk);
}

static void keep(const char *name, const char *sealed)
{
	struct error e = {0};

	must(files_write(store, name, sealed, strlen(sealed), 0600, &e), &e);
}

/* So many zero bytes: a file with holes takes no room. */
static void keep_large(long long bytes)
{
	static const uint8_t zeros[64 * 1024];
	struct sha256 *hash = sha256_open();
	uint8_t digest[SHA256_LEN];
	char hex[SHA256_HEX_LEN + 1];
	int fd;

	assert_non_null(hash);
	for (long long left = bytes; left > 0; left -= (long long)sizeof(zeros))
		sha256_add(hash, zeros, left > (long long)sizeof(zeros) ? sizeof(zeros) : (size_t)left);
	assert_int_equal(sha256_finish(digest, hash), STATUS_OK);
	sha256_close(hash);
	hex_encode(hex, digest, sizeof(digest));
	fd = openat(store, hex, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	(void)close(fd);
}

static void keep_right(const char *sealed)
{
	char hex[SHA256_HEX_LEN + 1];

	hash_of(hex, sealed);
	keep(hex, sealed);
}

static int begin(void **state)
{
	char path[96];

	(void)state;
	practice_begin(&p);
	(void)snprintf(path, sizeof(path), "%s/blobs", p.dir);
	assert_int_equal(mkdir(path, 0700), 0);
	store = open(path, O_RDONLY | O_DIRECTORY);
	assert_true(store >= 0);
	a = (struct audit)AUDIT_INIT;
	return 0;
}

static int end(void **state)
{
	(void)state;
	audit_clear(&a);
	(void)close(store);
	practice_end(&p);
	return 0;
}

static void run(void)
{
	uint8_t pin[SHA256_LEN];
	struct error e = {0};

	audit_clear(&a);
	key_fingerprint(pin, p.root);
	must(repo_flush(p.repo, &e), &e);
	must(audit_run(&a, p.repo, &p.main, FIXTURE_ODS, pin, &e), &e);
	must(audit_look_at_texts(&a, p.repo, &p.main, store, "kib-kiosk", &e), &e);
}

static void texts_that_are_here_are_held_against_their_hashes(void **state)
{
	char hex[SHA256_HEX_LEN + 1], path[96];

	(void)state;
	answer_with(1, "one");
	answer_with(2, "two");
	keep_right("one");
	keep_right("two");
	keep("notes.txt", "no text of ours");
	run();
	assert_int_equal(a.findings_len, 0);
	assert_int_equal(a.texts.intact, 2);
	assert_int_equal(a.texts.absent, 0);
	hash_of(hex, "two");
	keep(hex, "twa");
	run();
	assert_int_equal(a.findings_len, 1);
	(void)snprintf(path, sizeof(path), "blobs/%s", hex);
	assert_string_equal(a.findings[0].path, path);
	assert_non_null(strstr(a.findings[0].text, "altered or damaged"));
	assert_int_equal(a.texts.intact, 1);
}

static void erase(const char *sealed)
{
	struct fixture_device *manager = practice_device(&p, "kib-manager");
	cJSON *r = cJSON_CreateObject(), *blobs;
	char hex[SHA256_HEX_LEN + 1], id[ID_TEXT_LEN + 1], path[TREE_PATH_MAX];

	hash_of(hex, sealed);
	practice_id(&p, id);
	(void)cJSON_AddStringToObject(r, "schema", "erasure/1");
	(void)cJSON_AddStringToObject(r, "id", id);
	(void)cJSON_AddStringToObject(r, "device", manager->id);
	(void)cJSON_AddStringToObject(r, "at", "2025-11-24T16:00:00.000Z");
	(void)cJSON_AddStringToObject(r, "reason", "asked for");
	blobs = cJSON_AddArrayToObject(r, "blobs");
	(void)cJSON_AddItemToArray(blobs, cJSON_CreateString(hex));
	(void)snprintf(path, sizeof(path), "erasures/%s/%s.json", id + ID_TEXT_LEN - 2, id);
	practice_write(&p, manager, path, r);
	practice_push(&p, manager);
}

static void a_text_that_is_gone_is_told_unless_it_was_erased(void **state)
{
	(void)state;
	answer_with(1, "one");
	answer_with(2, "two");
	answer_with(3, "three");
	keep_right("three");
	erase("one");
	erase("three");
	run();
	assert_int_equal(a.findings_len, 0);
	assert_int_equal(a.texts.absent, 1);
	assert_string_equal(a.texts.absent_first, "feedback/kib-kiosk/0/0/2.json");
	assert_int_equal(a.texts.intact, 1);
	assert_int_equal(a.texts.erased_here, 1);
}

static void evidence_as_large_as_it_may_be_is_held_against_its_hash(void **state)
{
	(void)state;
	keep_large(16LL * 1024 * 1024);
	keep_large(LIMIT_AUDIT_TEXT_BYTES);
	run();
	assert_int_equal(a.findings_len, 0);
	assert_int_equal(a.texts.intact, 2);
}

static void a_text_larger_than_any_may_be_is_damage(void **state)
{
	(void)state;
	keep_large(LIMIT_AUDIT_TEXT_BYTES + 1);
	run();
	assert_int_equal(a.findings_len, 1);
	assert_int_equal(strncmp(a.findings[0].path, "blobs/", 6), 0);
	assert_non_null(strstr(a.findings[0].text, "is larger than"));
}

/* A pipe would be waited for, a link followed out of the home. */
static void what_is_no_file_is_damage(void **state)
{
	char hex[SHA256_HEX_LEN + 1];

	(void)state;
	hash_of(hex, "pipe");
	assert_int_equal(mkfifoat(store, hex, 0600), 0);
	hash_of(hex, "link");
	assert_int_equal(symlinkat("/dev/zero", store, hex), 0);
	run();
	assert_int_equal(a.findings_len, 2);
	assert_int_equal(a.texts.intact, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(texts_that_are_here_are_held_against_their_hashes, begin, end),
		cmocka_unit_test_setup_teardown(a_text_that_is_gone_is_told_unless_it_was_erased, begin, end),
		cmocka_unit_test_setup_teardown(evidence_as_large_as_it_may_be_is_held_against_its_hash, begin, end),
		cmocka_unit_test_setup_teardown(what_is_no_file_is_damage, begin, end),
		cmocka_unit_test_setup_teardown(a_text_larger_than_any_may_be_is_damage, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
