#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/rules.h"
#include "core/schema.h"

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
	assert_int_equal(rules_field_kind(rules(), "site", "kiosk"), FIELD_MAP);
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

static bool lists(const cJSON *array, const char *text)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, array) {
		if (strcmp(item->valuestring, text) == 0)
			return true;
	}
	return false;
}

static cJSON *schema_of(const char *type)
{
	cJSON *schema = cJSON_Parse(schema_text(type, 1));

	assert_non_null(schema);
	return schema;
}

/* i-th schema's type, "" past the end. */
static void type_of(char out[64], size_t i)
{
	const char *file = schema_file(i);

	(void)snprintf(out, 64, "%.*s", file ? (int)(strlen(file) - 2) : 0, file ? file : "");
}

static void rules_and_schemas_name_the_same_fields(void **state)
{
	char type[64];

	(void)state;
	for (size_t i = 0; type_of(type, i), type[0]; i++) {
		cJSON *schema = schema_of(type);
		const cJSON *properties = json_get(schema, "properties"), *member;

		for (size_t k = 0; rules_field(rules(), type, k); k++)
			if (!json_get(properties, rules_field(rules(), type, k)))
				fail_msg("the schema of %s does not know %s", type, rules_field(rules(), type, k));
		cJSON_ArrayForEach(member, properties) {
			const char *name = member->string;
			bool claims = strcmp(name, "edits") == 0 || strcmp(name, "conflicts") == 0;

			if (rules_record_kind(rules(), type) != RECORD_CLAIMS || claims || rules_field_kind(rules(), type, name) != FIELD_NONE)
				continue;
			/* what no edit can set is there from the start */
			if (!lists(json_get(schema, "required"), name))
				fail_msg("nothing says how %s of %s merges", name, type);
		}
		cJSON_Delete(schema);
	}
}

static void every_value_that_a_severity_field_may_have_has_its_place(void **state)
{
	char type[64];
	cJSON *unknown = cJSON_CreateString("nobody knows");

	(void)state;
	for (size_t i = 0; type_of(type, i), type[0]; i++) {
		cJSON *schema = schema_of(type);

		for (size_t k = 0; rules_field(rules(), type, k); k++) {
			const char *field = rules_field(rules(), type, k);
			const cJSON *values = json_get(json_get(json_get(schema, "properties"), field), "enum"), *value;

			cJSON_ArrayForEach(value, values) {
				if (rules_field_kind(rules(), type, field) == FIELD_SEVERITY &&
				    rules_compare_severity(rules(), type, field, value, unknown) >= 0)
					fail_msg("%s of %s: %s has no place in the order", field, type, value->valuestring);
			}
		}
		cJSON_Delete(schema);
	}
	cJSON_Delete(unknown);
}

static void the_worse_of_two_words_shows(void **state)
{
	static const struct {
		const char *type, *field, *worse, *better;
	} cases[] = {
		{"opel", "level", "4", "3"}, {"opel", "level", "2", "1"}, {"toolkit-answer", "answer", "\"not-met\"", "\"partly-met\""},
		{"toolkit-answer", "answer", "\"not-applicable\"", "\"met\""}, {"triage", "concern", "\"urgent\"", "\"none\""},
		{"triage", "publication", "\"withhold\"", "\"publish\""}, {"theme", "improved", "\"no\"", "\"yes\""},
		{"theme", "status", "\"open\"", "\"done\""}, {"ppg", "status", "\"dormant\"", "\"active\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cJSON *worse = cJSON_Parse(cases[i].worse), *better = cJSON_Parse(cases[i].better);

		assert_true(rules_compare_severity(rules(), cases[i].type, cases[i].field, worse, better) > 0);
		assert_true(rules_compare_severity(rules(), cases[i].type, cases[i].field, better, worse) < 0);
		cJSON_Delete(worse);
		cJSON_Delete(better);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_version_is_refused),
		cmocka_unit_test(the_table_of_version_1_is_the_released_one),
		cmocka_unit_test(each_field_has_its_kind),
		cmocka_unit_test(rules_and_schemas_name_the_same_fields),
		cmocka_unit_test(every_value_that_a_severity_field_may_have_has_its_place),
		cmocka_unit_test(the_worse_of_two_words_shows),
		cmocka_unit_test(the_more_severe_status_and_risk_win),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
