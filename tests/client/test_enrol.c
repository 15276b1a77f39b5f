/* tests/client/test_enrol.c - codes become homes, once, whatever interrupts. */
#include "tests/client/practice.h"

#include "client/paper.h"
#include "client/recovery.h"
#include "client/joining.h"

static struct practice p;
static struct qip *boss;

static int set_up(void **state)
{
	(void)state;
	practice_start(&p);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qip_close(boss);
	practice_stop(&p);
	return 0;
}

static enum status join_here(const char *home, const char *url, const char *code)
{
	struct papers papers;

	return qip_join(&(struct qip_options){.home = home, .lock_wait_ms = 0}, url, code, keep_papers, &papers, &last_error);
}

/* Join in a process that dies at the n-th look at clock or randomness; true if it did. */
static bool join_and_die(const char *home, const char *code, int n)
{
	struct dying d;
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct papers papers = {.root = ""};

		dying_init(&d, n);
		_exit(qip_join(&(struct qip_options){.home = home, .env = &d.env, .lock_wait_ms = 1000}, p.url, code, keep_papers, &papers, NULL) !=
		      STATUS_OK);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	return WEXITSTATUS(status) == 42;
}

static void the_root_key_is_printed_in_a_form_that_can_be_typed(void **state)
{
	static const uint8_t zeros[KEY_PRIVATE_LEN];
	uint8_t ones[KEY_PRIVATE_LEN];
	char text[QIP_PAPER_TEXT_MAX], other[QIP_PAPER_TEXT_MAX];

	(void)state;
	paper_print(text, PAPER_ROOT, zeros);
	assert_int_equal(strlen(text), 58 + 11); /* 288 bits in fives, groups of five */
	assert_int_equal(strspn(text, "0123456789ABCDEFGHJKMNPQRSTVWXYZ-"), strlen(text));
	memset(ones, 0xFF, sizeof(ones));
	paper_print(other, PAPER_ROOT, ones);
	assert_memory_equal(other, "ZZZZZ-ZZZZZ-", 12);
}

/* The first manager: killed at each step, the code stays good and there is one start of the practice. */
static void the_first_managers_code_survives_any_interruption(void **state)
{
	struct papers papers;
	int died = 0;

	(void)state;
	for (int n = 0; n < 12; n++) {
		if (!join_and_die(practice_path(&p, "manager"), p.code, n))
			break;
		died++;
	}
	assert_true(died > 0);
	if (died == 12) /* the last try was interrupted too */
		OK(practice_join(&p, "manager", p.code, &papers));
	boss = practice_open(&p, "manager");
	assert_int_equal(qip_identity(boss)->role, ROLE_MANAGER);
	assert_int_equal(practice_sync(boss).main_index, 1);
	assert_int_equal(practice_count(boss, "devices"), 1);
	assert_int_equal(practice_count(boss, "keys"), 1);
	assert_int_equal(practice_count(boss, "surveys"), 1);
}

static void what_the_server_never_holds_is_not_on_the_disk_either(void **state)
{
	const struct qip_identity *id = qip_identity(boss);
	struct stat s;

	(void)state;
	assert_memory_equal(id->root_fingerprint, "SHA256:", 7);
	assert_int_equal(stat(practice_path(&p, "manager/device.key"), &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
	assert_int_equal(stat(practice_path(&p, "manager/seal.key"), &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
	assert_int_not_equal(stat(practice_path(&p, "manager/joining.json"), &s), 0);
}

static void a_joined_home_joins_no_more(void **state)
{
	(void)state;
	qip_close(boss);
	FAILS(join_here(practice_path(&p, "manager"), p.url, p.code), STATUS_EXISTS);
	boss = practice_open(&p, "manager");
}

static void a_mistyped_code_leaves_no_folder(void **state)
{
	char code[CODE_TEXT_MAX];
	struct stat s;

	(void)state;
	(void)snprintf(code, sizeof(code), "%s", p.code);
	code[8] = code[8] == '7' ? '8' : '7';
	FAILS(join_here(practice_path(&p, "mistyped"), p.url, code), STATUS_MALFORMED);
	assert_int_not_equal(stat(practice_path(&p, "mistyped"), &s), 0);
	FAILS(join_here(practice_path(&p, "mistyped"), "http://localhost", p.code), STATUS_USAGE);
	assert_int_not_equal(stat(practice_path(&p, "mistyped"), &s), 0);
}

static void a_used_code_joins_nobody_else(void **state)
{
	char code[CODE_TEXT_MAX];

	(void)state;
	OK(qip_invite(code, boss, "once", ROLE_STAFF, "", &last_error));
	(void)practice_sync(boss);
	OK(join_here(practice_path(&p, "once"), p.url, code));
	FAILS(join_here(practice_path(&p, "twice"), p.url, code), STATUS_REFUSED);
	assert_string_not_equal(last_error.text, "");
	FAILS(join_here(practice_path(&p, "thrice"), p.url, p.code), STATUS_REFUSED);
}

static void a_server_of_another_authority_is_not_joined(void **state)
{
	static struct practice other;

	(void)state;
	practice_start(&other);
	FAILS(join_here(practice_path(&p, "elsewhere"), other.url, p.code), STATUS_UNTRUSTED);
	practice_stop(&other);
}

static void an_invite_that_was_not_synced_is_not_known(void **state)
{
	char code[CODE_TEXT_MAX];

	(void)state;
	OK(qip_invite(code, boss, "early", ROLE_STAFF, "", &last_error));
	FAILS(join_here(practice_path(&p, "early"), p.url, code), STATUS_REFUSED);
	(void)practice_sync(boss);
	OK(join_here(practice_path(&p, "early"), p.url, code));
}

static void a_join_cut_off_by_one_of_another_code_starts_afresh(void **state)
{
	char code[CODE_TEXT_MAX];

	(void)state;
	OK(qip_invite(code, boss, "mixed", ROLE_STAFF, "", &last_error));
	FAILS(join_here(practice_path(&p, "mixed"), p.url, code), STATUS_REFUSED); /* not synced yet */
	practice_copy(practice_path(&p, "manager/device.key"), practice_path(&p, "mixed/device.key"));
	(void)practice_sync(boss);
	OK(join_here(practice_path(&p, "mixed"), p.url, code));
}

/* Each role, killed at each step: one device, and the same keys at the end as at the server. */
static void interrupt_and_join(const char *stem, enum role role)
{
	bool more = true;

	for (int n = 0; more; n++) {
		char name[NAME_MAX_LEN], code[CODE_TEXT_MAX];
		struct papers papers;
		struct qip *q = NULL;

		(void)snprintf(name, sizeof(name), "%s-%d", stem, n);
		OK(qip_invite(code, boss, name, role, "kibworth", &last_error));
		(void)practice_sync(boss);
		more = join_and_die(practice_path(&p, name), code, n);
		if (more)
			OK(practice_join(&p, name, code, &papers));
		q = practice_open(&p, name);
		assert_string_equal(qip_identity(q)->device, name);
		assert_int_equal(qip_identity(q)->role, role);
		assert_int_equal(practice_sync(q).waiting, 0);
		qip_close(q);
		assert_true(n < 100);
	}
}

static void a_join_goes_on_after_any_interruption(void **state)
{
	(void)state;
	interrupt_and_join("staff", ROLE_STAFF);
	interrupt_and_join("kiosk", ROLE_KIOSK);
}

/* What the server says in an undisturbed join, cut off after i/12 of it. */
static void a_join_goes_on_after_any_lost_answer(void **state)
{
	struct proxy line;
	long whole = PROXY_ALL;
	int lost = 0;

	(void)state;
	proxy_start(&line, &p);
	for (int i = 12; i >= 0; i--) {
		char name[NAME_MAX_LEN], code[CODE_TEXT_MAX];
		struct papers papers;
		struct qip *q = NULL;

		(void)snprintf(name, sizeof(name), "lost-%d", i);
		OK(qip_invite(code, boss, name, ROLE_KIOSK, "kibworth", &last_error));
		(void)practice_sync(boss);
		atomic_store(&line.reply_bytes, whole / 12 * i);
		if (i == 12) {
			atomic_store(&line.reply_bytes, PROXY_ALL);
			OK(practice_join(&p, name, code, &papers));
			whole = PROXY_ALL - atomic_load(&line.reply_bytes);
		} else if (practice_join(&p, name, code, &papers) != STATUS_OK) {
			lost++;
			atomic_store(&line.reply_bytes, PROXY_ALL);
			OK(practice_join(&p, name, code, &papers));
		}
		atomic_store(&line.reply_bytes, PROXY_ALL);
		q = practice_open(&p, name);
		practice_answers(q, 1);
		assert_int_equal(practice_sync(q).records_sent, 1);
		qip_close(q);
	}
	assert_true(lost >= 11);
	proxy_stop(&line);
	(void)snprintf(p.url, sizeof(p.url), "https://localhost:%d", p.port);
}

static void a_kiosk_sees_no_more_than_it_needs(void **state)
{
	struct qip *kiosk = practice_device(&p, boss, "narrow", ROLE_KIOSK);
	struct oid main;

	(void)state;
	FAILS(qip_main(&main, kiosk, &last_error), STATUS_NOT_FOUND);
	assert_int_equal(practice_count(kiosk, "qip"), 0);
	assert_int_equal(practice_count(kiosk, "surveys"), 1);
	assert_int_equal(practice_count(kiosk, "devices"), 1); /* the manager, whom the chain runs through */
	qip_close(kiosk);
}

/* All that were shown, by the root key's fingerprint. */
static struct {
	char fingerprint[KEY_FINGERPRINT_MAX], recovery[QIP_PAPER_TEXT_MAX];
} shown[4];
static size_t shown_len;

static void note_papers(void *ctx, const struct qip_papers *papers)
{
	(void)ctx;
	assert_true(strlen(papers->root) > 40 && shown_len < ARRAY_LEN(shown));
	(void)snprintf(shown[shown_len].fingerprint, sizeof(shown[0].fingerprint), "%s", papers->fingerprint);
	(void)snprintf(shown[shown_len++].recovery, sizeof(shown[0].recovery), "%s", papers->recovery);
}

/* The recovery key on the paper that names the root key in force. */
static const char *recovery_shown(const char *fingerprint)
{
	for (size_t i = 0; i < shown_len; i++)
		if (strcmp(shown[i].fingerprint, fingerprint) == 0)
			return shown[i].recovery;
	fail_msg("no paper names %s", fingerprint);
	return NULL;
}

/* A root key in force that nobody could read would leave the practice without one. */
static void no_key_on_paper_is_in_force_that_was_not_shown(void **state)
{
	static struct practice fresh;
	struct proxy line;
	struct qip *q = NULL;
	long whole = PROXY_ALL;

	(void)state;
	for (int i = 8; i > 2; i--) {
		struct qip_options o = {.lock_wait_ms = 1000};
		struct recovered did;

		practice_start(&fresh);
		proxy_start(&line, &fresh);
		o.home = practice_path(&fresh, "manager");
		shown_len = 0;
		if (i < 8) {
			atomic_store(&line.reply_bytes, whole / 8 * i);
			assert_int_not_equal(qip_join(&o, fresh.url, fresh.code, note_papers, NULL, &last_error), STATUS_OK);
			atomic_store(&line.reply_bytes, PROXY_ALL);
		}
		OK(qip_join(&o, fresh.url, fresh.code, note_papers, NULL, &last_error));
		if (i == 8)
			whole = PROXY_ALL - atomic_load(&line.reply_bytes);
		q = practice_open(&fresh, "manager");
		OK(recovery_open(&did, q, recovery_shown(qip_identity(q)->root_fingerprint), &last_error));
		assert_int_equal(did.opened, 1);
		qip_close(q);
		proxy_stop(&line);
		practice_stop(&fresh);
	}
}

static void a_first_managers_code_needs_somebody_to_read_the_root_key(void **state)
{
	static struct practice fresh;
	struct qip_options o = {.lock_wait_ms = 1000};

	(void)state;
	practice_start(&fresh);
	o.home = practice_path(&fresh, "manager");
	assert_int_equal(qip_join(&o, fresh.url, fresh.code, NULL, NULL, &last_error), STATUS_USAGE);
	OK(qip_join(&o, fresh.url, fresh.code, note_papers, NULL, &last_error));
	practice_stop(&fresh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_root_key_is_printed_in_a_form_that_can_be_typed),
		cmocka_unit_test(the_first_managers_code_survives_any_interruption),
		cmocka_unit_test(what_the_server_never_holds_is_not_on_the_disk_either),
		cmocka_unit_test(a_joined_home_joins_no_more),
		cmocka_unit_test(a_mistyped_code_leaves_no_folder),
		cmocka_unit_test(a_used_code_joins_nobody_else),
		cmocka_unit_test(a_server_of_another_authority_is_not_joined),
		cmocka_unit_test(an_invite_that_was_not_synced_is_not_known),
		cmocka_unit_test(a_join_cut_off_by_one_of_another_code_starts_afresh),
		cmocka_unit_test(a_join_goes_on_after_any_interruption),
		cmocka_unit_test(a_join_goes_on_after_any_lost_answer),
		cmocka_unit_test(a_kiosk_sees_no_more_than_it_needs),
		cmocka_unit_test(no_key_on_paper_is_in_force_that_was_not_shown),
		cmocka_unit_test(a_first_managers_code_needs_somebody_to_read_the_root_key),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
