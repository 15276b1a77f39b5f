#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/rules.h"

static const struct rules *rules(void)
{
	const struct rules *r = NULL;
	struct error e;

	assert_int_equal(rules_get(&r, RULES_VERSION, &e), STATUS_OK);
	return r;
}

static int compare(const char *field, const char *a, const char *b)
{
	cJSON *va = cJSON_Parse(a), *vb = cJSON_Parse(b);
	int order = rules_compare_severity(rules(), "action", field, va, vb);

	cJSON_Delete(va);
	cJSON_Delete(vb);
	return order;
}

static void an_unknown_version_is_refused(void **state)
{
	const struct rules *r = NULL;
	struct error e;

	(void)state;
	assert_int_equal(rules_get(&r, 2, &e), STATUS_UNSUPPORTED);
	assert_int_equal(rules_get(&r, -1, &e), STATUS_UNSUPPORTED);
	assert_null(r);
}

/* A released table is never changed: an auditor re-runs old merges by it. */
static void the_table_of_version_1_is_the_released_one(void **state)
{
	(void)state;
	assert_int_equal(strlen(rules_digest(rules())), 64);
	assert_int_equal(rules_version(rules()), 1);
}

static void each_field_has_its_kind(void **state)
{
	(void)state;
	assert_int_equal(rules_record_kind(rules(), "action"), RECORD_CLAIMS);
	assert_int_equal(rules_record_kind(rules(), "device"), RECORD_REGISTRY);
	assert_int_equal(rules_record_kind(rules(), "feedback"), RECORD_IMMUTABLE);
	assert_int_equal(rules_record_kind(rules(), "checkpoint"), RECORD_VERSIONED);
	assert_string_equal(rules_version_member(rules(), "checkpoint"), "index");
	assert_string_equal(rules_version_member(rules(), "survey"), "version");
	assert_int_equal(rules_record_kind(rules(), "nobody knows"), RECORD_IMMUTABLE);
	assert_int_equal(rules_field_kind(rules(), "action", "status"), FIELD_SEVERITY);
	assert_int_equal(rules_field_kind(rules(), "action", "sites"), FIELD_SET);
	assert_int_equal(rules_field_kind(rules(), "inspection", "ratings"), FIELD_MAP);
	assert_int_equal(rules_field_kind(rules(), "action", "id"), FIELD_NONE);
}

static void the_more_severe_status_and_risk_win(void **state)
{
	(void)state;
	assert_true(compare("status", "\"red\"", "\"amber\"") > 0);
	assert_true(compare("status", "\"green\"", "\"amber\"") < 0);
	assert_true(compare("status", "\"blue\"", "\"green\"") < 0);
	assert_true(compare("status", "\"purple\"", "\"red\"") > 0);
	assert_true(compare("status", "null", "\"green\"") < 0);
	assert_true(compare("risk_current", "{\"likelihood\":2,\"consequence\":5}", "{\"likelihood\":3,\"consequence\":3}") > 0);
	assert_true(compare("risk_current", "{\"likelihood\":2,\"consequence\":4}", "{\"likelihood\":4,\"consequence\":2}") > 0);
	assert_int_equal(compare("risk_current", "{\"likelihood\":2,\"consequence\":4}", "{\"likelihood\":2,\"consequence\":4}"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_version_is_refused),
		cmocka_unit_test(the_table_of_version_1_is_the_released_one),
		cmocka_unit_test(each_field_has_its_kind),
		cmocka_unit_test(the_more_severe_status_and_risk_win),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
