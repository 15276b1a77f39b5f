/* tests/client/test_fields.c - fields of an action as people type and read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli/fields.h"
#include "client/cli/text.h"

static const struct sites sites = {
	.list = {{"fleckney", "Fleckney"}, {"great-glen", "Great Glen"}, {"kibworth", "Kibworth"}}, .len = 3};

static const struct field *field(const char *name)
{
	return field_find(fields_action, name, strlen(name));
}

/* What a value typed for a field reads like once parsed; "" when it is refused. */
static const char *parsed(const char *name, const char *text)
{
	static char out[256];
	struct buf shown = BUF_INIT;
	struct error e = {0};
	cJSON *value = NULL;

	out[0] = '\0';
	if (field_parse(&value, field(name), text, &sites, &e) == STATUS_OK)
		field_show(&shown, value);
	else
		assert_true(e.text[0] != '\0');
	(void)snprintf(out, sizeof(out), "%s", buf_text(&shown));
	buf_clear(&shown);
	cJSON_Delete(value);
	return out;
}

static void reads_a_risk_in_each_of_its_spellings(void **state)
{
	static const char *const bad[] = {"4", "4x", "x4", "4x6", "0x1", "4x5x", "44", "4 x 5", "4×", "×4×5"};

	(void)state;
	assert_string_equal(parsed("risk_current", "4x5"), "4x5 = 20");
	assert_string_equal(parsed("risk_current", "4X5"), "4x5 = 20");
	assert_string_equal(parsed("risk_current", "4*5"), "4x5 = 20");
	assert_string_equal(parsed("risk_current", "4×5"), "4x5 = 20");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_string_equal(parsed("risk_current", bad[i]), "");
}

static void reads_sites_by_id_and_name_sorted_and_once(void **state)
{
	(void)state;
	assert_string_equal(parsed("sites", "Kibworth"), "kibworth");
	assert_string_equal(parsed("sites", "KIBWORTH; great glen ;fleckney;kibworth"),
			    "fleckney, great-glen, kibworth");
	assert_string_equal(parsed("sites", "fleckney;kibworth;great-glen"), "fleckney, great-glen, kibworth");
	assert_string_equal(parsed("sites", "All"), "all");
	assert_string_equal(parsed("sites", "Kibworth;Nowhere"), "");
}

static void reads_choices_whatever_the_case_and_refuses_others(void **state)
{
	(void)state;
	assert_string_equal(parsed("status", "Amber"), "amber");
	assert_string_equal(parsed("status", "purple"), "");
	assert_string_equal(parsed("key_question", "Well-Led"), "well-led");
}

static void knows_the_regulations(void **state)
{
	(void)state;
	assert_string_equal(parsed("regulations", "17;12;20a"), "12, 17, 20A");
	assert_string_equal(parsed("regulations", "12;19;17;13;14;10"), "10, 12, 13, 14, 17, 19");
	assert_string_equal(parsed("regulations", "99"), "");
	assert_string_equal(parsed("regulations", "20B"), "");
	assert_string_equal(parsed("regulations", "012"), "");
}

static void takes_plain_text_as_it_is_up_to_its_limit(void **state)
{
	char *text = malloc(2 * TEXT_MAX_CHARS + 3);
	struct error e = {0};

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < TEXT_MAX_CHARS; i++)
		memcpy(text + 2 * i, "é", 2);
	text[2 * TEXT_MAX_CHARS] = '\0';
	assert_int_equal(text_check(text, "it", &e), STATUS_OK);
	memcpy(text + 2 * TEXT_MAX_CHARS, "x", 2);
	assert_int_equal(text_check(text, "it", &e), STATUS_INVALID);
	free(text);
	assert_int_equal(text_check("two\nlines", "it", &e), STATUS_OK);
	assert_int_equal(text_check("\x1b[31mred", "it", &e), STATUS_INVALID);
	assert_int_equal(text_check("a\x7f", "it", &e), STATUS_INVALID);
	assert_int_equal(text_check("a\xc2\x9b", "it", &e), STATUS_INVALID); /* U+009B, a control sequence introducer */
	assert_int_equal(text_check("\xff", "it", &e), STATUS_INVALID);
	assert_int_equal(text_check(" \n ", "it", &e), STATUS_INVALID);
}

/* ---- assignments ---- */

static struct stamp stamp = {
	"0190b0c2-7c00-7000-8000-000000000001", "kibworth", 1, "staff", "2022-06-06", "2026-01-01T00:00:00.000Z", ""};

static enum status assign(cJSON *record, const char *text)
{
	const struct field *f = NULL;
	struct error e = {0};

	return field_assign(&f, record, text, &sites, &stamp, &e);
}

static cJSON *action(const char *members)
{
	struct buf text = BUF_INIT;
	cJSON *record;

	buf_addf(&text, "{\"schema\":\"action/1\",\"id\":\"0190b0c2-7c00-7000-8000-000000000002\"%s}", members);
	record = cJSON_Parse(buf_text(&text));
	buf_clear(&text);
	assert_non_null(record);
	return record;
}

static const char *sites_of(const cJSON *record)
{
	static char out[128];
	struct buf shown = BUF_INIT;

	field_show(&shown, json_get(record, "sites"));
	(void)snprintf(out, sizeof(out), "%s", buf_text(&shown));
	buf_clear(&shown);
	return out;
}

static void sets_adds_and_takes_away(void **state)
{
	cJSON *record = action("");

	(void)state;
	assert_int_equal(assign(record, "sites=Kibworth;Fleckney"), STATUS_OK);
	assert_string_equal(sites_of(record), "fleckney, kibworth");
	assert_int_equal(assign(record, "sites+=great-glen"), STATUS_OK);
	assert_int_equal(assign(record, "sites-=Kibworth"), STATUS_OK);
	assert_string_equal(sites_of(record), "fleckney, great-glen");
	assert_int_equal(assign(record, "sites=kibworth"), STATUS_OK);
	assert_string_equal(sites_of(record), "kibworth");
	assert_int_equal(assign(record, "sites="), STATUS_OK);
	assert_null(json_get(record, "sites"));
	cJSON_Delete(record);
}

static void sets_and_clears_single_fields(void **state)
{
	cJSON *record = action("");

	(void)state;
	assert_int_equal(assign(record, "due-date=2022-09-30"), STATUS_OK); /* as the options spell it */
	assert_string_equal(json_string(record, "due_date"), "2022-09-30");
	assert_int_equal(assign(record, "owner_role=a=b"), STATUS_OK);
	assert_string_equal(json_string(record, "owner_role"), "a=b");
	assert_int_equal(assign(record, "due_date="), STATUS_OK);
	assert_null(json_get(record, "due_date"));
	cJSON_Delete(record);
}

static void tells_usage_from_bad_values_and_leaves_the_record_alone(void **state)
{
	static const char *const usage[] = {"status", "nothing=1", "=1", "status+=red", "", "+=x"};
	cJSON *record = action(",\"status\":\"red\""), *before = cJSON_Duplicate(record, true);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(usage); i++)
		assert_int_equal(assign(record, usage[i]), STATUS_USAGE);
	assert_int_equal(assign(record, "status=purple"), STATUS_INVALID);
	assert_int_equal(assign(record, "due_date=2022-02-30"), STATUS_INVALID);
	assert_true(json_equal(record, before));
	cJSON_Delete(record);
	cJSON_Delete(before);
}

/* Two places disagree whether Kibworth is concerned: saying that it is, is an edit although it shows already. */
static void saying_what_shows_settles_a_conflict_of_a_set(void **state)
{
	cJSON *record = action("");
	const struct rules *rules;
	struct error e = {0};
	cJSON *claims = cJSON_Parse(
		"[{\"id\":\"0190b0c2-7c00-7000-8000-00000000000a\",\"device\":\"a\",\"n\":1,\"by\":\"staff\","
		"\"effective\":\"2022-06-06\",\"at\":\"2026-01-01T00:00:00.000Z\",\"value\":true},"
		"{\"id\":\"0190b0c2-7c00-7000-8000-00000000000b\",\"device\":\"b\",\"n\":2,\"by\":\"staff\","
		"\"effective\":\"2022-06-06\",\"at\":\"2026-01-01T00:00:00.000Z\",\"value\":null}]");

	(void)state;
	assert_int_equal(rules_get(&rules, RULES_VERSION, &e), STATUS_OK);
	assert_int_equal(record_put_claims(record, "sites/kibworth", claims, rules, &e), STATUS_OK);
	assert_int_equal(record_conflicts(record), 1);
	assert_string_equal(sites_of(record), "kibworth");
	assert_int_equal(assign(record, "sites+=kibworth"), STATUS_OK);
	assert_int_equal(record_conflicts(record), 0);
	assert_string_equal(sites_of(record), "kibworth");
	cJSON_Delete(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_risk_in_each_of_its_spellings),
		cmocka_unit_test(reads_sites_by_id_and_name_sorted_and_once),
		cmocka_unit_test(reads_choices_whatever_the_case_and_refuses_others),
		cmocka_unit_test(knows_the_regulations),
		cmocka_unit_test(takes_plain_text_as_it_is_up_to_its_limit),
		cmocka_unit_test(sets_adds_and_takes_away),
		cmocka_unit_test(sets_and_clears_single_fields),
		cmocka_unit_test(tells_usage_from_bad_values_and_leaves_the_record_alone),
		cmocka_unit_test(saying_what_shows_settles_a_conflict_of_a_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
