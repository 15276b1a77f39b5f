/* tests/client/test_root_join.c - a practice that lost every staff device gets a manager again by the root key's paper. */
#include "tests/client/practice.h"

#include "client/paper.h"

static struct practice p;
static char root_text[QIP_PAPER_TEXT_MAX];
static uint8_t ca_pin[CODE_PIN_LEN];

static void read_ca_pin(void)
{
	uint8_t fingerprint[SHA256_LEN];
	struct buf pem = BUF_INIT;

	OK(files_read(&pem, AT_FDCWD, practice_path(&p, "server/ca.crt"), 10000, &last_error));
	OK(cert_fingerprint(fingerprint, buf_text(&pem), &last_error));
	memcpy(ca_pin, fingerprint, sizeof(ca_pin));
	buf_clear(&pem);
}

/* A practice with an action point, and no staff device left: their folders are gone. */
static int set_up(void **state)
{
	char path[TREE_PATH_MAX];
	struct papers papers;
	struct qip *boss;

	(void)state;
	practice_start(&p);
	read_ca_pin();
	OK(practice_join(&p, "boss", p.code, &papers));
	memcpy(root_text, papers.root, sizeof(root_text));
	boss = practice_open(&p, "boss");
	practice_add_action(path, boss, "QIP-01");
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

static enum status join_by(const struct env *env, const char *home, const char *device, const char *ods, const char *text)
{
	const struct qip_options o = {.home = practice_path(&p, home), .env = env, .lock_wait_ms = 1000};
	struct qip_root root = {.ods = ods, .device = device, .text = text};

	memcpy(root.ca_pin, ca_pin, sizeof(ca_pin));
	return qip_join_root(&o, p.url, &root, &last_error);
}

static void says(const char *words)
{
	if (!strstr(last_error.text, words))
		fail_msg("\"%s\" does not say \"%s\"", last_error.text, words);
}

static void a_manager_comes_back_and_manages(void **state)
{
	struct qip *q, *staff;

	(void)state;
	OK(join_by(NULL, "again", "boss-2", "C82999", root_text));
	q = practice_open(&p, "again");
	assert_int_equal(qip_identity(q)->role, ROLE_MANAGER);
	assert_string_equal(qip_identity(q)->device, "boss-2");
	assert_int_equal(practice_count(q, "qip/"), 1);
	staff = practice_device(&p, q, "desk", ROLE_STAFF);
	(void)practice_sync(staff);
	OK(qip_end_device(q, "manager", true, "lost", &last_error)); /* the first manager's, which is gone */
	(void)practice_sync(q);
	assert_int_equal(practice_count(staff, "qip/"), 1);
	qip_close(staff);
	qip_close(q);
}

static void nothing_of_the_paper_stays_in_the_home(void **state)
{
	char command[3 * PRACTICE_PATH];

	(void)state;
	OK(join_by(NULL, "again", "boss-2", "C82999", root_text));
	(void)snprintf(command, sizeof(command), "grep -rqF %.11s %s", root_text, practice_path(&p, "again"));
	assert_int_not_equal(system(command), 0);
	(void)snprintf(command, sizeof(command), "test ! -e %s/joining.json", practice_path(&p, "again"));
	assert_int_equal(system(command), 0);
}

/* Killed at each look at a clock or at randomness, and run again: one device, one enrolment. */
static void any_interruption_leads_to_the_same_device(void **state)
{
	struct qip *q = NULL;
	int died = 0, joined = 0;

	(void)state;
	for (int n = 0; n < 40 && !joined; n++) {
		struct dying d;
		int status = 0;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			dying_init(&d, n);
			_exit(join_by(&d.env, "again", "boss-2", "C82999", root_text) != STATUS_OK);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
		died += WEXITSTATUS(status) == 42;
		joined = WEXITSTATUS(status) == 0;
	}
	assert_true(died > 0);
	if (!joined)
		OK(join_by(NULL, "again", "boss-2", "C82999", root_text));
	q = practice_open(&p, "again");
	assert_int_equal(practice_count(q, "devices/"), 2);
	(void)practice_sync(q);
	qip_close(q);
	FAILS(join_by(NULL, "again", "boss-2", "C82999", root_text), STATUS_EXISTS);
}

/* Each answer of the server may be lost on its way. */
static void a_cut_line_leads_to_the_same_device(void **state)
{
	struct proxy line;
	struct qip *q = NULL;
	int cuts = 0;
	enum status st = STATUS_NETWORK;

	(void)state;
	proxy_start(&line, &p);
	for (long bytes = 500; st != STATUS_OK && bytes < 200000; bytes += bytes / 2) {
		atomic_store(&line.reply_bytes, bytes);
		st = join_by(NULL, "again", "boss-2", "C82999", root_text);
		cuts += st != STATUS_OK;
	}
	OK(st);
	assert_true(cuts > 2);
	proxy_stop(&line);
	q = practice_open(&p, "again");
	assert_int_equal(practice_count(q, "devices/"), 2);
	qip_close(q);
}

static void another_key_practice_or_authority_is_refused_and_leaves_no_device(void **state)
{
	uint8_t pin[CODE_PIN_LEN];
	char typo[QIP_PAPER_TEXT_MAX], other[QIP_PAPER_TEXT_MAX];
	uint8_t scalar[KEY_PRIVATE_LEN] = {[5] = 7};
	struct qip *q;

	(void)state;
	paper_print(other, PAPER_ROOT, scalar);
	FAILS(join_by(NULL, "a", "boss-2", "C82999", other), STATUS_REFUSED);
	says("this root key is not the one of C82999");
	memcpy(typo, root_text, sizeof(typo));
	typo[0] = typo[0] == 'A' ? 'B' : 'A';
	FAILS(join_by(NULL, "b", "boss-2", "C82999", typo), STATUS_MALFORMED);
	assert_int_not_equal(access(practice_path(&p, "b"), F_OK), 0);
	FAILS(join_by(NULL, "c", "Boss 2", "C82999", root_text), STATUS_USAGE);
	FAILS(join_by(NULL, "c", "boss-2", "C8299", root_text), STATUS_USAGE);
	memcpy(pin, ca_pin, sizeof(pin));
	ca_pin[3] ^= 1;
	FAILS(join_by(NULL, "d", "boss-2", "C82999", root_text), STATUS_UNTRUSTED);
	memcpy(ca_pin, pin, sizeof(pin));
	OK(join_by(NULL, "a", "boss-2", "C82999", root_text)); /* a folder that another paper was tried in */
	q = practice_open(&p, "a");
	assert_int_equal(practice_count(q, "devices/"), 2);
	qip_close(q);
}

static void a_name_that_was_any_devices_is_refused(void **state)
{
	struct qip *q;

	(void)state;
	FAILS(join_by(NULL, "a", "manager", "C82999", root_text), STATUS_REFUSED);
	says("no name comes back");
	OK(join_by(NULL, "b", "boss-2", "C82999", root_text));
	FAILS(join_by(NULL, "c", "boss-2", "C82999", root_text), STATUS_REFUSED);
	says("another device");
	q = practice_open(&p, "b");
	OK(qip_end_device(q, "manager", true, "lost", &last_error));
	(void)practice_sync(q);
	qip_close(q);
	FAILS(join_by(NULL, "d", "manager", "C82999", root_text), STATUS_REFUSED);
	says("no name comes back");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_manager_comes_back_and_manages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_of_the_paper_stays_in_the_home, set_up, tear_down),
		cmocka_unit_test_setup_teardown(any_interruption_leads_to_the_same_device, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_cut_line_leads_to_the_same_device, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_key_practice_or_authority_is_refused_and_leaves_no_device, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_name_that_was_any_devices_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
