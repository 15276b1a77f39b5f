#include "client/audit_signed.h"
#include "client/files.h"
#include "tests/client/audited_fixture.h"

#define NAME "audit/checkpoint.json"

static char *bytes; /* of the checkpoint */
static size_t len;

static int begin_checkpoint(void **state)
{
	(void)begin_audited(state);
	bytes = audited_read(&w, NAME, &len);
	return 0;
}

static int end_checkpoint(void **state)
{
	free(bytes);
	return end(state);
}

static enum status load(void)
{
	audit_checkpoint_clear(&w.from);
	return audit_checkpoint_load(&w.from, &w.home, w.home.root_pin, &w.e);
}

static void refused(enum status expected, const char *words)
{
	assert_int_equal(load(), expected);
	assert_int_equal(w.from.index, 0);
	assert_null(w.from.heads);
	if (!strstr(w.e.text, words) || !strstr(w.e.text, NAME))
		fail_msg("wanted words like \"%s\": %s", words, w.e.text);
}

static const struct audit_head *kept_head(const char *device)
{
	for (size_t i = 0; i < w.from.heads_len; i++)
		if (strcmp(w.from.heads[i].device, device) == 0)
			return &w.from.heads[i];
	fail_msg("no head of %s", device);
	return NULL;
}

static void what_an_audit_reached_is_read_as_it_was_kept(void **state)
{
	char hex[OID_HEX_LEN + 1];

	(void)state;
	oid_hex(hex, &w.from.main);
	assert_string_equal(hex, w.a.main);
	assert_int_equal(w.from.index, w.p.index);
	assert_string_equal(w.from.root, w.a.root);
	assert_int_equal(w.from.heads_len, w.a.heads_len);
	for (size_t i = 0; i < w.a.heads_len; i++) {
		const struct audit_head *kept = kept_head(w.a.heads[i].device);

		assert_true(oid_equal(&kept->last, &w.a.heads[i].last));
		assert_string_equal(kept->received, w.a.heads[i].received);
	}
	assert_int_equal(w.from.lasts_len, 1);
	assert_string_equal(w.from.lasts[0].device, "kib-kiosk");
	assert_int_equal(w.from.lasts[0].seq, 3);
	assert_int_equal(w.from.counts.merges, w.a.merges);
	assert_int_equal(w.from.counts.records, w.a.records);
	assert_string_equal(w.from.last_received, w.a.last_received);
	assert_int_equal(w.from.rules_version, RULES_VERSION);
	assert_int_equal(w.from.checks, AUDIT_CHECKS);
}

static void it_is_as_its_schema_says(void **state)
{
	(void)state;
	audited_fits_schema(bytes, len, TEST_DATA "/../../client/schemas/audit-checkpoint-1.json");
}

static void as_many_devices_as_there_may_be_have_room(void **state)
{
	const size_t many = REGISTRY_MAX_DEVICES;

	(void)state;
	w.a.heads = realloc(w.a.heads, (many + 1) * sizeof(*w.a.heads));
	w.a.devices = realloc(w.a.devices, many * sizeof(*w.a.devices));
	assert_true(w.a.heads && w.a.devices);
	for (size_t i = 0; i < many; i++) {
		w.a.heads[i] = (struct audit_head){.last = w.p.main, .received = "2025-11-24T16:00:00.000Z"};
		w.a.devices[i] = (struct audit_device){.last_seq = 9007199254740991, .answers = 1};
		(void)snprintf(w.a.heads[i].device, sizeof(w.a.heads[i].device), "a-device-with-a-name-of-full-length-%03u", (unsigned)(i % 1000));
		memcpy(w.a.devices[i].id, w.a.heads[i].device, sizeof(w.a.devices[i].id));
	}
	w.a.heads[many] = (struct audit_head){.device = "server", .last = w.p.main};
	w.a.heads_len = many + 1;
	w.a.devices_len = many;
	assert_int_equal(audit_checkpoint_save(&w.home, &w.a, &w.e), STATUS_OK);
	if (load() != STATUS_OK)
		fail_msg("%s", w.e.text);
	assert_int_equal(w.from.heads_len, many + 1);
	assert_int_equal(w.from.lasts_len, many);
}

static void a_home_that_never_audited_has_none(void **state)
{
	(void)state;
	assert_int_equal(files_remove(w.home.dir, NAME, &w.e), STATUS_OK);
	assert_int_equal(load(), STATUS_NOT_FOUND);
}

static void no_byte_of_it_may_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < len; i += 5) {
		bytes[i] = (char)(bytes[i] ^ 1);
		audited_write(&w, NAME, bytes, len);
		assert_int_not_equal(load(), STATUS_OK);
		bytes[i] = (char)(bytes[i] ^ 1);
	}
	audited_write(&w, NAME, bytes, len);
	assert_int_equal(load(), STATUS_OK);
}

static void a_part_of_it_is_refused_as_damaged(void **state)
{
	(void)state;
	for (size_t part = 0; part < len; part += 11) {
		audited_write(&w, NAME, bytes, part);
		refused(STATUS_CORRUPT, "is damaged");
	}
}

static void what_a_broken_off_writing_left_is_swept_and_the_one_before_holds(void **state)
{
	size_t ignored;
	char *left;

	(void)state;
	audited_write(&w, NAME ".tmp", bytes, len / 2);
	assert_int_equal(load(), STATUS_OK);
	assert_int_equal(w.from.index, w.p.index);
	left = audited_read(&w, NAME, &ignored);
	assert_memory_equal(left, bytes, len);
	free(left);
	assert_int_equal(files_remove(w.home.dir, NAME ".tmp", &w.e), STATUS_OK);
}

/* The checkpoint with one member changed (or, for NULL, gone), signed by this key all the same. */
static void sign_changed(const char *member, cJSON *value, const struct key *key)
{
	struct buf text = BUF_INIT;
	cJSON *json = NULL;

	assert_int_equal(json_parse(&json, bytes, len, &w.e), STATUS_OK);
	cJSON_DeleteItemFromObjectCaseSensitive(json, AUDIT_SIGNATURE);
	if (member && value)
		assert_int_equal(json_set(json, member, value), STATUS_OK);
	else if (member)
		cJSON_DeleteItemFromObjectCaseSensitive(json, member);
	if (key)
		assert_int_equal(audit_sign(&text, json, key, &w.e), STATUS_OK);
	else
		assert_int_equal(json_canonical(&text, json), STATUS_OK);
	audited_write(&w, NAME, text.data, text.len);
	cJSON_Delete(json);
	buf_clear(&text);
}

static void another_device_s_word_or_none_is_refused(void **state)
{
	(void)state;
	sign_changed(NULL, NULL, w.home.key);
	assert_int_equal(load(), STATUS_OK);
	sign_changed(NULL, NULL, practice_device(&w.p, "kib-manager")->key);
	refused(STATUS_UNTRUSTED, "another device signed it");
	sign_changed(NULL, NULL, NULL);
	refused(STATUS_UNTRUSTED, "it is not signed");
}

static void one_of_another_practice_root_or_kind_is_refused(void **state)
{
	static const char other[] = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

	(void)state;
	sign_changed("ods", cJSON_CreateString("A81001"), w.home.key);
	refused(STATUS_UNTRUSTED, "it is of practice A81001");
	sign_changed("root", cJSON_CreateString(other), w.home.key);
	refused(STATUS_UNTRUSTED, "another root key");
	sign_changed("schema", cJSON_CreateString("audit-certificate/1"), w.home.key);
	refused(STATUS_UNTRUSTED, "something else");
	sign_changed("schema", cJSON_CreateString("audit-checkpoint/2"), w.home.key);
	refused(STATUS_UNSUPPORTED, "newer program");
	sign_changed("rules_version", cJSON_CreateNumber(RULES_VERSION + 1), w.home.key);
	refused(STATUS_UNSUPPORTED, "newer program");
	sign_changed("checks", cJSON_CreateNumber(AUDIT_CHECKS + 1), w.home.key);
	refused(STATUS_UNSUPPORTED, "newer program");
}

static void one_of_fewer_checks_is_read_and_says_so(void **state)
{
	(void)state;
	sign_changed("checks", NULL, w.home.key); /* programs before did not count them */
	assert_int_equal(load(), STATUS_OK);
	assert_int_equal(w.from.checks, 0);
	sign_changed("checks", cJSON_CreateNumber(AUDIT_CHECKS - 1), w.home.key);
	assert_int_equal(load(), STATUS_OK);
	assert_int_equal(w.from.checks, AUDIT_CHECKS - 1);
	sign_changed("checks", cJSON_CreateNumber(-1), w.home.key);
	refused(STATUS_CORRUPT, "missing");
}

static void one_that_lacks_a_member_or_has_nonsense_there_is_refused(void **state)
{
	static const char *const members[] = {"ods", "device", "root", "main", "index", "heads", "answers", "counts", "last_received", "at", "rules_version", "rules"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		sign_changed(members[i], NULL, w.home.key);
		refused(STATUS_CORRUPT, "missing");
		sign_changed(members[i], cJSON_CreateBool(true), w.home.key);
		refused(STATUS_CORRUPT, "missing");
	}
	sign_changed("index", cJSON_CreateNumber(0), w.home.key);
	refused(STATUS_CORRUPT, "missing");
	sign_changed("answers", cJSON_Parse("{\"kib-kiosk\":-1}"), w.home.key);
	refused(STATUS_CORRUPT, "missing");
	sign_changed("heads", cJSON_Parse("{\"kib-kiosk\":{\"commit\":\"12\",\"received\":\"\"}}"), w.home.key);
	refused(STATUS_CORRUPT, "missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_an_audit_reached_is_read_as_it_was_kept, begin_checkpoint, end_checkpoint),
		cmocka_unit_test_setup_teardown(it_is_as_its_schema_says, begin_checkpoint, end_checkpoint),
		cmocka_unit_test_setup_teardown(as_many_devices_as_there_may_be_have_room, begin_checkpoint, end_checkpoint),
		cmocka_unit_test_setup_teardown(a_home_that_never_audited_has_none, begin_checkpoint, end_checkpoint),
		cmocka_unit_test_setup_teardown(no_byte_of_it_may_change, begin_checkpoint, end_checkpoint),
		cmocka_unit_test_setup_teardown(a_part_of_it_is_refused_as_damaged, begin_checkpoint, end_checkpoint),
		cmocka_unit_test_setup_teardown(what_a_broken_off_writing_left_is_swept_and_the_one_before_holds, begin_checkpoint, end_checkpoint),
		cmocka_unit_test_setup_teardown(another_device_s_word_or_none_is_refused, begin_checkpoint, end_checkpoint),
		cmocka_unit_test_setup_teardown(one_of_another_practice_root_or_kind_is_refused, begin_checkpoint, end_checkpoint),
		cmocka_unit_test_setup_teardown(one_of_fewer_checks_is_read_and_says_so, begin_checkpoint, end_checkpoint),
		cmocka_unit_test_setup_teardown(one_that_lacks_a_member_or_has_nonsense_there_is_refused, begin_checkpoint, end_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
