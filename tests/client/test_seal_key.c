/* tests/client/test_seal_key.c - a device's key under a passphrase: syncing goes on, reading wants it, and no power cut leaves the device without a key. */
#include "tests/client/practice.h"

#include <sys/stat.h>

#include "client/comment_key.h"
#include "client/keys.h"
#include "client/rotate.h"
#include "client/seal_key.h"

#define PASSPHRASE "three words apart"

static struct practice p;
static struct qip *boss;

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	boss = practice_manager(&p, "manager");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(boss);
	practice_stop(&p);
	return 0;
}

static void reopen(void)
{
	qip_close(boss);
	boss = practice_open(&p, "manager");
}

static enum status opens(struct qip *q, int64_t generation)
{
	uint8_t private_key[SEAL_KEY_LEN] = {0};
	enum status st = comment_key_open(private_key, q, generation, &last_error);

	explicit_bzero(private_key, sizeof(private_key));
	return st;
}

static bool is_protected(void)
{
	bool out = false;

	OK(seal_key_is_protected(&out, boss, &last_error));
	return out;
}

static void a_passphrase_that_everybody_guesses_is_refused(void **state)
{
	char longest[SEAL_KEY_PASSPHRASE_MAX + 2];

	(void)state;
	FAILS(seal_key_protect(boss, "", &last_error), STATUS_INVALID);
	FAILS(seal_key_protect(boss, "elevenchars", &last_error), STATUS_INVALID);
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	FAILS(seal_key_protect(boss, longest, &last_error), STATUS_INVALID);
	assert_false(is_protected());
	FAILS(seal_key_unprotect(boss, &last_error), STATUS_NOT_FOUND);
	OK(opens(boss, 1));
}

static void without_the_passphrase_all_goes_on_but_reading(void **state)
{
	struct buf plain = BUF_INIT, text = BUF_INIT;
	struct stat s;
	struct qip *desk = NULL;

	(void)state;
	OK(files_read(&plain, boss->dir, HOME_SEAL_KEY, 1000, &last_error));
	OK(seal_key_protect(boss, PASSPHRASE, &last_error));
	OK(files_read(&text, boss->dir, HOME_SEAL_KEY, 1000, &last_error));
	assert_null(strstr(buf_text(&text), buf_text(&plain)));
	assert_int_equal(stat(practice_path(&p, "manager/seal.key"), &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
	reopen();
	assert_true(is_protected());
	FAILS(opens(boss, 1), STATUS_DENIED);
	FAILS(seal_key_unprotect(boss, &last_error), STATUS_DENIED);
	FAILS(seal_key_protect(boss, "another three words", &last_error), STATUS_DENIED);
	FAILS(seal_key_unlock(boss, "three words apart ", &last_error), STATUS_DENIED);
	FAILS(opens(boss, 1), STATUS_DENIED);
	assert_int_equal(practice_sync(boss).refused, 0);
	desk = practice_device(&p, boss, "desk", ROLE_STAFF);
	(void)practice_sync(desk);
	assert_int_equal(practice_sync(boss).commits_sent, 0); /* the keys cannot be handed on */
	OK(rotate_now(boss, &last_error));                     /* a new one can be made for everybody */
	(void)practice_sync(boss);
	(void)practice_sync(desk);
	FAILS(opens(desk, 1), STATUS_DENIED);
	OK(opens(desk, 2));
	OK(seal_key_unlock(boss, PASSPHRASE, &last_error));
	OK(opens(boss, 1));
	(void)practice_sync(boss);
	(void)practice_sync(desk);
	OK(opens(desk, 1));
	qip_close(desk);
	buf_clear(&plain);
	buf_clear(&text);
}

static void it_is_changed_and_taken_away_by_whoever_knows_it(void **state)
{
	(void)state;
	reopen();
	OK(seal_key_unlock(boss, PASSPHRASE, &last_error));
	OK(seal_key_protect(boss, "another three words", &last_error));
	reopen();
	FAILS(seal_key_unlock(boss, PASSPHRASE, &last_error), STATUS_DENIED);
	OK(seal_key_unlock(boss, "another three words", &last_error));
	OK(seal_key_unprotect(boss, &last_error));
	reopen();
	assert_false(is_protected());
	OK(opens(boss, 1));
	OK(seal_key_unlock(boss, "whatever it is", &last_error));
}

static void put(const char *text)
{
	OK(files_write(boss->dir, HOME_SEAL_KEY, text, strlen(text), 0600, &last_error));
}

static void a_damaged_file_is_told_and_keeps_nobody_busy(void **state)
{
	static const char *const damaged[] = {
		"",
		"{",
		"{}",
		"AAAA",
		"{\"schema\":\"seal-key/2\",\"kdf\":\"pbkdf2-hmac-sha256\",\"rounds\":1,\"salt\":\"AAAA\",\"sealed\":\"AAAA\"}",
		"{\"schema\":\"seal-key/1\",\"kdf\":\"argon2id\",\"rounds\":1,\"salt\":\"AAAA\",\"sealed\":\"AAAA\"}",
		"{\"schema\":\"seal-key/1\",\"kdf\":\"pbkdf2-hmac-sha256\",\"rounds\":0,\"salt\":\"AAAA\",\"sealed\":\"AAAA\"}",
		"{\"schema\":\"seal-key/1\",\"kdf\":\"pbkdf2-hmac-sha256\",\"rounds\":4000000000,\"salt\":\"AAAA\",\"sealed\":\"AAAA\"}",
		"{\"schema\":\"seal-key/1\",\"kdf\":\"pbkdf2-hmac-sha256\",\"rounds\":1,\"salt\":\"*\",\"sealed\":\"AAAA\"}",
	};
	struct buf kept = BUF_INIT;

	(void)state;
	OK(files_read(&kept, boss->dir, HOME_SEAL_KEY, 1000, &last_error));
	for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
		enum status st;

		put(damaged[i]);
		reopen();
		st = seal_key_unlock(boss, PASSPHRASE, &last_error);
		assert_int_equal(st, STATUS_CORRUPT);
		assert_non_null(strstr(last_error.text, "seal.key"));
		assert_int_not_equal(opens(boss, 1), STATUS_OK);
		assert_int_equal(practice_sync(boss).refused, 0);
	}
	put(buf_text(&kept));
	reopen();
	OK(opens(boss, 1));
	buf_clear(&kept);
}

/* Copied by somebody in a hurry: the file's mode is the umask's. */
static void a_key_that_others_could_read_is_closed_to_them(void **state)
{
	static const char *const names[] = {"manager/device.key", "manager/seal.key"};
	struct stat s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(chmod(practice_path(&p, names[i]), 0644), 0);
	reopen();
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(stat(practice_path(&p, names[i]), &s), 0);
		assert_int_equal(s.st_mode & 0777, 0600);
	}
	OK(opens(boss, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_passphrase_that_everybody_guesses_is_refused),
		cmocka_unit_test(without_the_passphrase_all_goes_on_but_reading),
		cmocka_unit_test(it_is_changed_and_taken_away_by_whoever_knows_it),
		cmocka_unit_test(a_damaged_file_is_told_and_keeps_nobody_busy),
		cmocka_unit_test(a_key_that_others_could_read_is_closed_to_them),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
