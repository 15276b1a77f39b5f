/* tests/client/test_import.c - a plan kept as a sheet: what is taken, and every fault by line and column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli/sheet.h"
#include "core/schema.h"

#define TITLES                                                                                                         \
	"ref,source,key_question,regulation,finding,action,success_measure,owner_role,sites,initial_likelihood,"       \
	"initial_consequence,"                                                                                         \
	"start_date,due_date,driver\n"
#define ROW "QIP-01,CQC,safe,12,Found,Do,Done when,Lead nurse,all,4,5,2022-06-06,2022-09-30,leadership\n"

static const struct sites sites = {
	.list = {{"fleckney", "Fleckney"}, {"great-glen", "Great Glen"}, {"kibworth", "Kibworth"}}, .len = 3};

static struct sheet read_sheet(const char *text, size_t len)
{
	struct sheet s = SHEET_INIT;
	struct error e = {0};

	if (sheet_read(&s, text, len, &sites, &e) != STATUS_OK)
		fail_msg("%s", e.text);
	return s;
}

static struct sheet read_sample(void)
{
	static char text[32768];
	FILE *f = fopen(TEST_DATA "/qip-sample.csv", "rb");
	size_t len;

	assert_non_null(f);
	len = fread(text, 1, sizeof(text), f);
	(void)fclose(f);
	return read_sheet(text, len);
}

/* The first fault of a sheet of one row. */
static void assert_fault(const char *row, unsigned long line, const char *column, const char *words)
{
	char text[8192];
	struct sheet s;

	(void)snprintf(text, sizeof(text), "%s%s", TITLES, row);
	s = read_sheet(text, strlen(text));
	assert_true(s.faults_len >= 1);
	assert_int_equal(s.faults[0].line, line);
	assert_string_equal(s.faults[0].column, column);
	if (!strstr(s.faults[0].text, words))
		fail_msg("wanted '%s' in: %s", words, s.faults[0].text);
	sheet_clear(&s);
}

static const cJSON *row_of(const struct sheet *s, const char *ref)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, s->rows)
	{
		if (strcmp(json_string(row, "ref"), ref) == 0)
			return row;
	}
	fail_msg("no row %s", ref);
	return NULL;
}

static void reads_the_sample_whole(void **state)
{
	struct sheet s = read_sample();
	const cJSON *row = row_of(&s, "QIP-05");
	int64_t n = 0;

	(void)state;
	assert_int_equal(s.faults_len, 0);
	assert_int_equal(cJSON_GetArraySize(s.rows), 23);
	assert_string_equal(buf_text(&s.ignored),
			    "status_2023_04, current_likelihood, current_consequence, evidence_2023_04");
	assert_string_equal(json_string(row, "key_question"), "safe");
	assert_string_equal(json_string(row, "due_date"), "2022-07-31");
	assert_int_equal(cJSON_GetArraySize(json_get(row, "sites")), 2);
	assert_string_equal(json_get(row, "sites")->child->valuestring, "fleckney");
	assert_string_equal(json_get(row, "sites")->child->next->valuestring, "great-glen");
	assert_string_equal(json_get(row, "regulations")->child->valuestring, "12");
	assert_true(json_integer(json_get(row, "risk_initial"), "likelihood", &n) && n == 3);
	assert_true(json_integer(json_get(row, "risk_initial"), "consequence", &n) && n == 4);
	assert_string_equal(json_get(row_of(&s, "QIP-01"), "sites")->child->valuestring, "all");
	assert_string_equal(json_string(row_of(&s, "QIP-03"), "owner_role"), "GP partner, long-term conditions");
	sheet_clear(&s);
}

static void makes_records_that_are_red_valid_and_equal_to_their_rows(void **state)
{
	struct stamp stamp = {"0190b0c2-7c00-7000-8000-000000000001",
			      "kibworth",
			      1,
			      "manager",
			      "2022-06-06",
			      "2026-01-01T00:00:00.000Z", ""};
	struct sheet s = read_sample();
	const struct rules *rules;
	struct error e = {0};
	const cJSON *row;

	(void)state;
	assert_int_equal(rules_get(&rules, RULES_VERSION, &e), STATUS_OK);
	cJSON_ArrayForEach(row, s.rows)
	{
		cJSON *record =
			cJSON_Parse("{\"schema\":\"action/1\",\"id\":\"0190b0c2-7c00-7000-8000-000000000002\"}");

		assert_int_equal(sheet_row_apply(record, row, &stamp, &e), STATUS_OK);
		if (schema_check(record, &e) != STATUS_OK || record_check(record, rules, &e) != STATUS_OK)
			fail_msg("%s", e.text);
		assert_string_equal(json_string(record, "status"), "red");
		assert_true(json_equal(json_get(record, "risk_current"), json_get(record, "risk_initial")));
		assert_true(sheet_row_equals(row, record));
		assert_int_equal(record_next_number(record), 2); /* one edit, one number */
		/* Progress since is no difference; another due date is. */
		assert_int_equal(record_set(record, "status", cJSON_CreateString("green"), &stamp, &e), STATUS_OK);
		assert_true(sheet_row_equals(row, record));
		assert_int_equal(record_set(record, "due_date", cJSON_CreateString("2029-01-01"), &stamp, &e),
				 STATUS_OK);
		assert_false(sheet_row_equals(row, record));
		cJSON_Delete(record);
	}
	sheet_clear(&s);
}

static void finds_columns_by_title_in_any_order_and_case(void **state)
{
	static const char text[] =
		"Driver,due_date,start_date,Initial_Consequence,initial_likelihood,SITES,owner_role,success_measure,"
		"action,finding,regulation,key_question,source,REF,extra\n"
		"leadership,2022-09-30,,5,4,kibworth;Great Glen,,,Do,Found,,,,QIP-01,x\n";
	struct sheet s = read_sheet(text, strlen(text));
	const cJSON *row = row_of(&s, "QIP-01");

	(void)state;
	assert_int_equal(s.faults_len, 0);
	assert_string_equal(buf_text(&s.ignored), "extra");
	assert_int_equal(cJSON_GetArraySize(json_get(row, "sites")), 2);
	assert_null(json_get(row, "start_date")); /* empty is absent */
	assert_null(json_get(row, "regulations"));
	sheet_clear(&s);
}

static void names_each_bad_value_by_line_and_column(void **state)
{
	(void)state;
	assert_fault("QIP-01,CQC,safe,12,F,D,S,L,all,4,5,2022-06-31,2022-09-30,x\n", 2, "start_date", "2022-06-31");
	assert_fault("QIP-01,CQC,safe,12,F,D,S,L,all,4,5,2022-06-06,soon,x\n", 2, "due_date", "YYYY-MM-DD");
	assert_fault("QIP-01,CQC,save,12,F,D,S,L,all,4,5,,,x\n", 2, "key_question", "safe, effective");
	assert_fault("QIP-01,CQC,safe,99,F,D,S,L,all,4,5,,,x\n", 2, "regulation", "99");
	assert_fault("QIP-01,CQC,safe,12,F,D,S,L,Nowhere,4,5,,,x\n", 2, "sites", "Kibworth");
	assert_fault("QIP-01,CQC,safe,12,F,D,S,L,all,6,5,,,x\n", 2, "initial_likelihood", "1 to 5");
	assert_fault("QIP-01,CQC,safe,12,F,D,S,L,all,4,4.5,,,x\n", 2, "initial_consequence", "1 to 5");
	assert_fault("QIP-01,CQC,safe,12,F,D,S,L,all,4,,,,x\n", 2, "initial_consequence", "empty");
	assert_fault("QIP-01,CQC,safe,12,,D,S,L,all,4,5,,,x\n", 2, "finding", "empty");
	assert_fault(",CQC,safe,12,F,D,S,L,all,4,5,,,x\n", 2, "ref", "empty");
	assert_fault("QIP-01,CQC,safe,12,\"F\a\",D,S,L,all,4,5,,,x\n", 2, "finding", "control character");
	assert_fault("QIP-01,CQC\n", 2, "", "2 cells");
	assert_fault("\"QIP\n-01\",CQC,safe,12,F,D,S,L,all,4,5,,no,x\n", 3, "due_date",
		     "no"); /* the row goes over two lines */
	assert_fault(ROW "\n\n" ROW, 5, "ref", "line 2");
}

static void tells_all_faults_at_once_and_counts_those_it_does_not_keep(void **state)
{
	struct buf text = BUF_INIT;
	struct sheet s;

	(void)state;
	buf_adds(&text, TITLES);
	for (int i = 0; i < 100; i++)
		buf_addf(&text, "QIP-%d,CQC,never,12,F,D,S,L,all,4,5,bad,worse,x\n", i);
	s = read_sheet(buf_text(&text), text.len);
	assert_int_equal(s.faults_len, 300);
	assert_int_equal(s.faults[0].line, 2);
	assert_int_equal(s.faults[SHEET_MAX_FAULTS - 1].line, 2 + (SHEET_MAX_FAULTS - 1) / 3);
	sheet_clear(&s);
	buf_clear(&text);
}

static void refuses_a_sheet_whose_columns_are_missing_or_doubled(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{"ref,source\nQIP-01,CQC\n", "due_date"},
		{"ref,ref,source,key_question,regulation,finding,action,success_measure,owner_role,sites,initial_"
		 "likelihood,"
		 "initial_consequence,start_date,due_date,driver\nx\n",
		 "ref is there twice"},
		{TITLES, "no rows"},
		{"", "no rows"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct sheet s = SHEET_INIT;
		struct error e = {0};

		assert_int_equal(sheet_read(&s, bad[i].text, strlen(bad[i].text), &sites, &e), STATUS_INVALID);
		assert_non_null(strstr(e.text, bad[i].words));
		assert_null(s.rows);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_sample_whole),
		cmocka_unit_test(makes_records_that_are_red_valid_and_equal_to_their_rows),
		cmocka_unit_test(finds_columns_by_title_in_any_order_and_case),
		cmocka_unit_test(names_each_bad_value_by_line_and_column),
		cmocka_unit_test(tells_all_faults_at_once_and_counts_those_it_does_not_keep),
		cmocka_unit_test(refuses_a_sheet_whose_columns_are_missing_or_doubled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
