#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/audit_certificate.h"
#include "client/audit_texts.h"
#include "client/seen.h"
#include "tests/client/audited_fixture.h"

/* What one sync found, as it is kept. */
static void found(const char *text)
{
	struct seen s = {.kind = "parted", .device = "fle-staff", .shown = w.p.main};

	(void)snprintf(s.text, sizeof(s.text), "%s", text);
	assert_int_equal(seen_contradiction(&w.home, &s, &w.e), STATUS_CONTRADICTED);
}

static void settle(int number, const char *why)
{
	assert_int_equal(qip_seen_settle(&w.home, number, why, &w.e), STATUS_OK);
}

static void audit_home(void)
{
	audited_run(&w, true);
	if (audit_seen(&w.a, &w.home, &w.e) != STATUS_OK)
		fail_msg("%s", w.e.text);
}

/* The folder of sealed texts, with one that is not what its name says. */
static void look_at_damaged_text(void)
{
	static const char name[] = "blobs/00000000000000000000000000000000000000000000000000000000000000ff";
	int store;

	assert_int_equal(mkdirat(w.home.dir, "blobs", 0700), 0);
	audited_write(&w, name, "damaged", 7);
	store = openat(w.home.dir, "blobs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(store >= 0);
	assert_int_equal(audit_look_at_texts(&w.a, w.p.repo, &w.p.main, store, w.home.identity.device, &w.e), STATUS_OK);
	(void)close(store);
}

static void what_nobody_settled_is_a_finding(void **state)
{
	(void)state;
	found("the log parts from what fle-staff saw");
	audit_home();
	assert_int_equal(w.a.findings_len, 1);
	audited_finds(&w, "the log parts from what fle-staff saw (found on ", "");
	assert_int_equal(w.a.settled_len, 0);
}

static void what_was_settled_is_told_with_when_and_how_and_is_no_finding(void **state)
{
	(void)state;
	found("first");
	settle(1, "an old copy");
	found("second"); /* the same merge again: what was settled and comes back is new */
	audit_home();
	assert_int_equal(w.a.findings_len, 1);
	audited_finds(&w, "second", "");
	assert_int_equal(w.a.settled_len, 1);
	assert_int_equal(w.a.settled[0].number, 1);
	assert_string_equal(w.a.settled[0].text, "first");
	assert_string_equal(w.a.settled[0].why, "an old copy");
	assert_string_equal(w.a.settled[0].device, "fle-staff");
	assert_string_equal(w.a.settled_by, w.home.identity.device);
	assert_int_equal(strlen(w.a.settled[0].found), strlen("2022-06-06T09:30:00.000Z"));
	assert_int_equal(strlen(w.a.settled[0].settled), strlen("2022-06-06T09:30:00.000Z"));
}

static void a_certificate_has_what_was_settled(void **state)
{
	struct audit_certificate c = AUDIT_CERTIFICATE_INIT;
	char path[HOME_PATH_MAX + sizeof("/certificate.json")];
	const cJSON *settled;
	char *bytes;
	size_t len;

	(void)state;
	found("first");
	settle(1, "an old copy");
	audit_home();
	(void)snprintf(path, sizeof(path), "%s/certificate.json", w.home.path);
	assert_int_equal(audit_certificate_write(&w.home, &w.a, path, &w.e), STATUS_OK);
	bytes = audited_read(&w, "certificate.json", &len);
	audited_fits_schema(bytes, len, TEST_DATA "/../../client/schemas/audit-certificate-1.json");
	free(bytes);
	assert_int_equal(audit_certificate_read(&c, path, &w.e), STATUS_OK);
	assert_true(c.passed);
	settled = cJSON_GetArrayItem(json_get(c.json, "settled"), 0);
	assert_string_equal(json_string(settled, "text"), "first");
	assert_string_equal(json_string(settled, "why"), "an old copy");
	assert_string_equal(json_string(settled, "by"), w.home.identity.device);
	audit_certificate_clear(&c);
}

static void a_contradiction_and_a_damaged_text_both_have_room(void **state)
{
	(void)state;
	found("the log parts");
	audit_home();
	look_at_damaged_text();
	assert_int_equal(w.a.findings_len, 2);
	audited_finds(&w, "the log parts", "");
	audited_finds(&w, "altered or damaged", "blobs/00000000000000000000000000000000000000000000000000000000000000ff");
	assert_int_equal(w.a.findings_more, 0);
}

static void beyond_the_room_they_are_counted(void **state)
{
	(void)state;
	found("the log parts");
	audited_run(&w, true);
	w.a.findings_len = AUDIT_MAX_FINDINGS - 1;
	assert_int_equal(audit_seen(&w.a, &w.home, &w.e), STATUS_OK);
	look_at_damaged_text();
	assert_int_equal(w.a.findings_len, AUDIT_MAX_FINDINGS);
	assert_non_null(strstr(w.a.findings[AUDIT_MAX_FINDINGS - 1].text, "the log parts"));
	assert_int_equal(w.a.findings_more, 1);
}

static void as_much_as_a_home_may_have_settled_has_room(void **state)
{
	(void)state;
	for (int i = 1; i <= AUDIT_MAX_SETTLED + 2; i++) {
		found("the log parts");
		settle(i, "explained");
	}
	audit_home();
	audited_passes(&w);
	assert_int_equal(w.a.settled_len, AUDIT_MAX_SETTLED);
	assert_int_equal(w.a.settled_more, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_nobody_settled_is_a_finding, begin, end),
		cmocka_unit_test_setup_teardown(what_was_settled_is_told_with_when_and_how_and_is_no_finding, begin, end),
		cmocka_unit_test_setup_teardown(a_certificate_has_what_was_settled, begin, end),
		cmocka_unit_test_setup_teardown(a_contradiction_and_a_damaged_text_both_have_room, begin, end),
		cmocka_unit_test_setup_teardown(beyond_the_room_they_are_counted, begin, end),
		cmocka_unit_test_setup_teardown(as_much_as_a_home_may_have_settled_has_room, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
