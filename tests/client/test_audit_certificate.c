#include "client/audit_certificate.h"
#include "client/audit_signed.h"
#include "tests/client/audited_fixture.h"

#define NAME "certificate.json"

static struct audit_certificate c;
static char path[HOME_PATH_MAX + 32];

static int begin_certified(void **state)
{
	(void)begin(state);
	c = (struct audit_certificate)AUDIT_CERTIFICATE_INIT;
	(void)snprintf(path, sizeof(path), "%s/" NAME, w.home.path);
	return 0;
}

static int end_certified(void **state)
{
	audit_certificate_clear(&c);
	return end(state);
}

static enum status read_again(void)
{
	audit_certificate_clear(&c);
	return audit_certificate_read(&c, path, &w.e);
}

static void certify(bool all)
{
	audited_run(&w, all);
	assert_int_equal(audit_certificate_write(&w.home, &w.a, path, &w.e), STATUS_OK);
	assert_int_equal(read_again(), STATUS_OK);
}

static enum status judge(bool *reaches, const struct oid *main)
{
	return audit_certificate_judge(reaches, &c, w.p.repo, main, w.home.root_pin, &w.e);
}

static void holds(void)
{
	bool reaches = false;

	if (judge(&reaches, &w.p.main) != STATUS_OK)
		fail_msg("%s", w.e.text);
	assert_true(reaches);
}

static void fails(const char *words)
{
	bool reaches = false;

	assert_int_equal(judge(&reaches, &w.p.main), STATUS_UNTRUSTED);
	if (!strstr(w.e.text, words))
		fail_msg("wanted words like \"%s\": %s", words, w.e.text);
}

static void fits_schema(void)
{
	size_t len;
	char *bytes = audited_read(&w, NAME, &len);

	audited_fits_schema(bytes, len, TEST_DATA "/../../client/schemas/audit-certificate-1.json");
	free(bytes);
}

static void a_certificate_of_all_says_so_and_holds(void **state)
{
	(void)state;
	certify(true);
	assert_true(c.passed);
	assert_int_equal(c.from, 0);
	assert_int_equal(c.index, w.p.index);
	assert_string_equal(c.device, "lead-icb");
	assert_string_equal(c.role, "icb");
	assert_string_equal(json_string(c.json, "scope"), "all");
	holds();
	fits_schema();
}

static void one_of_what_was_new_names_the_audit_that_it_stands_on(void **state)
{
	int64_t earlier = w.p.index;
	int64_t merges = 0;

	(void)state;
	audited_checkpoint(&w);
	audited_edit(&w, "fle-staff");
	certify(false);
	assert_int_equal(c.from, earlier);
	assert_string_equal(json_string(c.json, "scope"), "since");
	assert_string_equal(c.from_at, w.from.at);
	assert_true(json_integer(json_get(c.json, "counts"), "merges", &merges));
	assert_int_equal(merges, 1);
	assert_true(json_integer(json_get(json_get(c.json, "from"), "counts"), "merges", &merges));
	assert_int_equal(merges, earlier);
	holds();
	fits_schema();
}

static void one_with_findings_and_restores_says_that_the_audit_failed(void **state)
{
	struct fixture_device *staff = practice_device(&w.p, "fle-staff");

	(void)state;
	audited_edit(&w, staff->id);
	audited_merge_anyway(&w, staff->id, &staff->accepted, &w.p.main_tree);
	audited_run(&w, true);
	assert_true(w.a.incidents_len == 0 && w.a.incidents);
	w.a.incidents[w.a.incidents_len++] = (struct audit_incident){.restored = "2025-11-24T16:00:00.000Z", .backup = "2025-11-23T16:00:00.000Z",
								     .index = 3, .known = 5, .unheard = "kib-kiosk fle-staff"};
	assert_int_equal(audit_certificate_write(&w.home, &w.a, path, &w.e), STATUS_OK);
	assert_int_equal(read_again(), STATUS_OK);
	assert_false(c.passed);
	assert_int_equal(cJSON_GetArraySize(json_get(c.json, "findings")), 1);
	assert_int_equal(cJSON_GetArraySize(json_get(cJSON_GetArrayItem(json_get(c.json, "incidents"), 0), "unheard")), 2);
	holds();
	fits_schema();
}

/* What a forger put into a commit must not keep an auditor from certifying that. */
static void findings_that_quote_nonsense_can_be_certified(void **state)
{
	struct fixture_device odd = {.id = "fle-staff", .role = ROLE_STAFF};
	struct oid head;

	(void)state;
	(void)snprintf(odd.id, sizeof(odd.id), "f\xff\x1b[2J\xc3");
	head = practice_commit(&w.p, &odd, &w.p.main_tree, &w.p.main, w.p.server);
	practice_set_main(&w.p, &head);
	certify(true);
	assert_false(c.passed);
	fits_schema();
}

static void as_much_as_an_audit_can_find_has_room(void **state)
{
	(void)state;
	audited_run(&w, true);
	for (; w.a.findings_len < AUDIT_MAX_FINDINGS; w.a.findings_len++) {
		struct audit_finding *f = &w.a.findings[w.a.findings_len];

		memset(f->text, '"', sizeof(f->text) - 1);
		memset(f->path, '\\', sizeof(f->path) - 1);
	}
	for (; w.a.incidents_len < AUDIT_MAX_INCIDENTS; w.a.incidents_len++)
		memset(w.a.incidents[w.a.incidents_len].unheard, 'x', AUDIT_UNHEARD_MAX - 1);
	assert_int_equal(audit_certificate_write(&w.home, &w.a, path, &w.e), STATUS_OK);
	assert_int_equal(read_again(), STATUS_OK);
}

static void no_byte_of_it_may_change(void **state)
{
	size_t len;
	char *bytes;

	(void)state;
	certify(true);
	bytes = audited_read(&w, NAME, &len);
	for (size_t i = 0; i < len; i += 7) {
		bytes[i] = (char)(bytes[i] ^ 1);
		audited_write(&w, NAME, bytes, len);
		assert_int_not_equal(read_again(), STATUS_OK);
		bytes[i] = (char)(bytes[i] ^ 1);
	}
	audited_write(&w, NAME, bytes, len);
	assert_int_equal(read_again(), STATUS_OK);
	free(bytes);
}

static void its_layout_does_not_matter(void **state)
{
	char *bytes, *pretty;
	cJSON *json = NULL;
	size_t len;

	(void)state;
	certify(true);
	bytes = audited_read(&w, NAME, &len);
	assert_int_equal(json_parse(&json, bytes, len, &w.e), STATUS_OK);
	pretty = cJSON_Print(json);
	audited_write(&w, NAME, pretty, strlen(pretty));
	cJSON_Delete(json);
	cJSON_free(pretty);
	free(bytes);
	assert_int_equal(read_again(), STATUS_OK);
	holds();
}

/* With one member of the certificate, or of its auditor, another; signed by this key all the same. */
static void sign_changed(const char *inside, const char *member, cJSON *value, const struct key *key)
{
	struct buf text = BUF_INIT;
	cJSON *json = cJSON_Duplicate(c.json, true);
	cJSON *in = inside ? cJSON_GetObjectItemCaseSensitive(json, inside) : json;

	if (value)
		assert_int_equal(json_set(in, member, value), STATUS_OK);
	else
		cJSON_DeleteItemFromObjectCaseSensitive(in, member);
	assert_int_equal(audit_sign(&text, json, key, &w.e), STATUS_OK);
	audited_write(&w, NAME, text.data, text.len);
	cJSON_Delete(json);
	buf_clear(&text);
}

static void one_by_another_key_than_it_names_is_refused(void **state)
{
	const struct fixture_device *manager = practice_device(&w.p, "kib-manager");
	char line[KEY_SSH_MAX];

	(void)state;
	certify(true);
	sign_changed("auditor", "device", cJSON_CreateString("lead-icb"), manager->key);
	assert_int_equal(read_again(), STATUS_UNTRUSTED);
	assert_non_null(strstr(w.e.text, "another key"));
	certify(true);
	key_ssh(line, manager->key);
	sign_changed("auditor", "key", cJSON_CreateString(line), manager->key);
	assert_int_equal(read_again(), STATUS_OK); /* true to itself, but not what the registry says */
	fails("is not that of a device lead-icb");
}

static void what_the_log_does_not_bear_out_is_named(void **state)
{
	static const struct {
		const char *inside, *member, *value, *words;
	} lies[] = {
		{NULL, "practice", "A81001", "of practice A81001"},
		{NULL, "root", "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "another root key"},
		{"auditor", "device", "fle-staff", "is not that of a device fle-staff"},
		{"auditor", "role", "manager", "is icb here, not manager"},
		{NULL, "main", "1111111111111111111111111111111111111111", "of another log"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		certify(true);
		sign_changed(lies[i].inside, lies[i].member, cJSON_CreateString(lies[i].value), w.home.key);
		assert_int_equal(read_again(), STATUS_OK);
		fails(lies[i].words);
	}
	certify(true);
	sign_changed(NULL, "index", cJSON_CreateNumber(2), w.home.key);
	assert_int_equal(read_again(), STATUS_OK);
	fails("merge 2 of the log here is");
}

static void one_that_goes_further_than_the_copy_holds_as_far_as_it_can(void **state)
{
	struct oid before = w.p.main;
	bool reaches = true;

	(void)state;
	audited_checkpoint(&w);
	audited_edit(&w, "fle-staff");
	certify(false);
	assert_int_equal(judge(&reaches, &before), STATUS_OK);
	assert_false(reaches);
	sign_changed("from", "main", cJSON_CreateString("1111111111111111111111111111111111111111"), w.home.key);
	assert_int_equal(read_again(), STATUS_OK);
	assert_int_equal(judge(&reaches, &before), STATUS_UNTRUSTED);
}

static void one_with_nonsense_in_it_is_refused(void **state)
{
	static const struct {
		const char *inside, *member, *value;
	} bad[] = {
		{NULL, "practice", "x"}, {NULL, "at", "yesterday"}, {NULL, "main", "12"}, {NULL, "root", "SHA256:x"}, {NULL, "index", "7"},
		{"auditor", "device", "\x1b[2J"}, {"auditor", "role", "king"}, {"auditor", "key", "ssh-rsa"}, {"from", "index", "x"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		certify(true);
		sign_changed(bad[i].inside, bad[i].member, cJSON_CreateString(bad[i].value), w.home.key);
		assert_int_not_equal(read_again(), STATUS_OK);
		certify(true);
		sign_changed(bad[i].inside, bad[i].member, NULL, w.home.key);
		assert_int_not_equal(read_again(), STATUS_OK);
	}
	certify(true);
	sign_changed(NULL, "schema", cJSON_CreateString("audit-certificate/2"), w.home.key);
	assert_int_equal(read_again(), STATUS_UNSUPPORTED);
}

static void a_checkpoint_is_no_certificate(void **state)
{
	size_t len;
	char *bytes;

	(void)state;
	audited_checkpoint(&w);
	bytes = audited_read(&w, "audit/checkpoint.json", &len);
	audited_write(&w, NAME, bytes, len);
	free(bytes);
	assert_int_equal(read_again(), STATUS_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_certificate_of_all_says_so_and_holds, begin_certified, end_certified),
		cmocka_unit_test_setup_teardown(one_of_what_was_new_names_the_audit_that_it_stands_on, begin_certified, end_certified),
		cmocka_unit_test_setup_teardown(one_with_findings_and_restores_says_that_the_audit_failed, begin_certified, end_certified),
		cmocka_unit_test_setup_teardown(findings_that_quote_nonsense_can_be_certified, begin_certified, end_certified),
		cmocka_unit_test_setup_teardown(as_much_as_an_audit_can_find_has_room, begin_certified, end_certified),
		cmocka_unit_test_setup_teardown(no_byte_of_it_may_change, begin_certified, end_certified),
		cmocka_unit_test_setup_teardown(its_layout_does_not_matter, begin_certified, end_certified),
		cmocka_unit_test_setup_teardown(one_by_another_key_than_it_names_is_refused, begin_certified, end_certified),
		cmocka_unit_test_setup_teardown(what_the_log_does_not_bear_out_is_named, begin_certified, end_certified),
		cmocka_unit_test_setup_teardown(one_that_goes_further_than_the_copy_holds_as_far_as_it_can, begin_certified, end_certified),
		cmocka_unit_test_setup_teardown(one_with_nonsense_in_it_is_refused, begin_certified, end_certified),
		cmocka_unit_test_setup_teardown(a_checkpoint_is_no_certificate, begin_certified, end_certified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
