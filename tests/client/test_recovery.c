/* tests/client/test_recovery.c - every staff device is lost: the two papers make a manager who reads what was sealed before. */
#include "tests/client/practice.h"

#include "client/comment_key.h"
#include "client/commit.h"
#include "client/keys.h"
#include "client/paper.h"
#include "client/recovery.h"
#include "client/rotate.h"

static struct practice p;
static struct papers first, newer;
static char lost[NAME_MAX_LEN + 1]; /* the first manager's device */

static enum status opens(struct qip *q, int64_t generation)
{
	uint8_t private_key[SEAL_KEY_LEN] = {0};
	enum status st = comment_key_open(private_key, q, generation, &last_error);

	explicit_bzero(private_key, sizeof(private_key));
	return st;
}

static void says(const char *words)
{
	if (!strstr(last_error.text, words))
		fail_msg("\"%s\" does not say \"%s\"", last_error.text, words);
}

/* Generations 1 and 2 with the first paper, 3 with a newer one; then nobody is left. */
static int set_up(void **state)
{
	struct qip *boss;

	(void)state;
	practice_start(&p);
	OK(practice_join(&p, "boss", p.code, &first));
	boss = practice_open(&p, "boss");
	(void)snprintf(lost, sizeof(lost), "%s", qip_identity(boss)->device);
	(void)practice_sync(boss);
	OK(rotate_now(boss, &last_error));
	OK(rotate_paper(boss, keep_papers, &newer, &last_error));
	(void)practice_sync(boss);
	qip_close(boss);
	practice_remove(practice_path(&p, "boss"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	practice_stop(&p);
	return 0;
}

static struct qip *join_by_root(const char *name)
{
	struct qip_root root = {.ods = "C82999", .device = name, .text = first.root};
	uint8_t fingerprint[SHA256_LEN];
	struct buf pem = BUF_INIT;

	OK(files_read(&pem, AT_FDCWD, practice_path(&p, "server/ca.crt"), 10000, &last_error));
	OK(cert_fingerprint(fingerprint, buf_text(&pem), &last_error));
	memcpy(root.ca_pin, fingerprint, sizeof(root.ca_pin));
	buf_clear(&pem);
	OK(qip_join_root(&(struct qip_options){.home = practice_path(&p, name), .lock_wait_ms = 1000}, p.url, &root, &last_error));
	return practice_open(&p, name);
}

static void what_is_no_paper_of_this_practice_opens_nothing(void **state)
{
	struct qip *q = join_by_root("boss-2");
	uint8_t other[PAPER_SECRET_LEN] = {9, 9, 9};
	char text[QIP_PAPER_TEXT_MAX];
	struct recovered did = {.opened = 9};

	(void)state;
	FAILS(recovery_open(&did, q, first.root, &last_error), STATUS_MALFORMED);
	says("that is the root key");
	(void)snprintf(text, sizeof(text), "%s", first.recovery);
	text[12] = text[12] == 'A' ? 'B' : 'A';
	FAILS(recovery_open(&did, q, text, &last_error), STATUS_MALFORMED);
	says("typing mistake");
	paper_print(text, PAPER_RECOVERY, other);
	FAILS(recovery_open(&did, q, text, &last_error), STATUS_REFUSED);
	says("opens no comment key of C82999");
	assert_int_equal(did.opened, 9);
	FAILS(opens(q, 1), STATUS_DENIED);
	assert_int_equal(practice_sync(q).commits_sent, 0);
	qip_close(q);
}

static void both_papers_together_open_all_and_hand_it_on(void **state)
{
	struct qip *q = practice_open(&p, "boss-2"), *desk = NULL;
	struct recovered did;

	(void)state;
	OK(recovery_open(&did, q, first.recovery, &last_error));
	assert_int_equal(did.opened, 2);
	assert_int_equal(did.added, 2);
	assert_int_equal(did.other, 1);
	OK(opens(q, 1));
	OK(opens(q, 2));
	FAILS(opens(q, 3), STATUS_DENIED);
	OK(recovery_open(&did, q, newer.recovery, &last_error));
	assert_int_equal(did.added, 1);
	OK(opens(q, 3));
	OK(recovery_open(&did, q, newer.recovery, &last_error)); /* the paper is still good, and there is nothing to do */
	assert_int_equal(did.opened, 1);
	assert_int_equal(did.added, 0);
	assert_int_equal(practice_sync(q).refused, 0);
	desk = practice_device(&p, q, "desk", ROLE_STAFF);
	(void)practice_sync(desk);
	(void)practice_sync(q);
	(void)practice_sync(desk);
	OK(opens(desk, 1));
	OK(opens(desk, 2));
	OK(opens(desk, 3));
	FAILS(recovery_open(&did, desk, first.recovery, &last_error), STATUS_DENIED);
	qip_close(desk);
	qip_close(q);
}

static void the_lost_devices_read_nothing_that_comes(void **state)
{
	struct qip *q = practice_open(&p, "boss-2");
	struct comment_key last, next;
	cJSON *record = NULL;
	char path[TREE_PATH_MAX];

	(void)state;
	OK(comment_key_find(&last, q, &last_error));
	OK(qip_end_device(q, lost, true, NULL, &last_error));
	assert_int_equal(practice_sync(q).refused, 0);
	OK(comment_key_find(&next, q, &last_error));
	assert_int_equal(next.generation, last.generation + 1);
	assert_memory_equal(next.recovery, last.recovery, sizeof(last.recovery));
	comment_key_path(path, next.generation);
	OK(qip_read(&record, q, path, &last_error));
	assert_null(json_get(json_get(record, "wrapped"), lost));
	cJSON_Delete(record);
	qip_close(q);
}

/* The copy of a record with one member of `recovery` or of `wrapped` another: as a server could show it, if it held the registry's keys. */
static void what_was_tampered_with_does_not_open(void **state)
{
	struct qip *q = practice_open(&p, "boss-2");
	uint8_t secret[SEAL_KEY_LEN], private_key[SEAL_KEY_LEN] = {0};
	cJSON *record = NULL;
	const char *wrapped;
	char changed[401];

	(void)state;
	OK(qip_read(&record, q, "keys/1.json", &last_error));
	OK(paper_read(secret, PAPER_RECOVERY, first.recovery, &last_error));
	wrapped = json_string(json_get(record, "recovery"), "wrapped");
	OK(comment_key_unwrap(private_key, "C82999", record, wrapped, secret, &last_error));
	for (size_t i = 0; i < strlen(wrapped); i++) {
		(void)snprintf(changed, sizeof(changed), "%s", wrapped);
		changed[i] = changed[i] == 'A' ? 'Q' : 'A';
		FAILS(comment_key_unwrap(private_key, "C82999", record, changed, secret, &last_error), STATUS_UNTRUSTED);
		changed[i] = '\0';
		FAILS(comment_key_unwrap(private_key, "C82999", record, changed, secret, &last_error), STATUS_UNTRUSTED);
	}
	FAILS(comment_key_unwrap(private_key, "C82998", record, wrapped, secret, &last_error), STATUS_UNTRUSTED);
	assert_int_equal(json_set_string(record, "public_key", json_string(json_get(record, "recovery"), "public_key")), STATUS_OK);
	FAILS(comment_key_unwrap(private_key, "C82999", record, wrapped, secret, &last_error), STATUS_UNTRUSTED); /* whole, and of another key */
	assert_int_equal(json_set_integer(record, "generation", 2), STATUS_OK);
	FAILS(comment_key_unwrap(private_key, "C82999", record, wrapped, secret, &last_error), STATUS_UNTRUSTED);
	cJSON_Delete(record);
	qip_close(q);
}

static void a_device_that_lost_its_own_key_is_told_to_join_anew(void **state)
{
	struct qip *q = practice_open(&p, "boss-2");
	struct recovered did;
	struct buf kept = BUF_INIT;

	(void)state;
	OK(files_read(&kept, q->dir, HOME_SEAL_KEY, 1000, &last_error));
	OK(files_write(q->dir, HOME_SEAL_KEY, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 43, 0600, &last_error));
	FAILS(recovery_open(&did, q, newer.recovery, &last_error), STATUS_CORRUPT);
	says("seal.key");
	OK(files_remove(q->dir, HOME_SEAL_KEY, &last_error));
	FAILS(recovery_open(&did, q, newer.recovery, &last_error), STATUS_CORRUPT);
	says("join again in a new home");
	OK(files_write(q->dir, HOME_SEAL_KEY, kept.data, kept.len, 0600, &last_error));
	OK(opens(q, 1));
	buf_clear(&kept);
	qip_close(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_paper_of_this_practice_opens_nothing),
		cmocka_unit_test(both_papers_together_open_all_and_hand_it_on),
		cmocka_unit_test(the_lost_devices_read_nothing_that_comes),
		cmocka_unit_test(what_was_tampered_with_does_not_open),
		cmocka_unit_test(a_device_that_lost_its_own_key_is_told_to_join_anew),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
