/* tests/client/test_csv.c - sheets as spreadsheet programs save them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli/csv.h"

static void assert_cell(const struct csv_table *t, size_t row, size_t cell, const char *text, unsigned long line)
{
	assert_true(row < t->len && cell < t->rows[row].len);
	assert_string_equal(t->rows[row].cells[cell].text, text);
	assert_int_equal(t->rows[row].cells[cell].line, line);
}

static struct csv_table read_ok(const char *text)
{
	struct csv_table t = CSV_TABLE_INIT;
	struct error e = {0};

	if (csv_table_read(&t, text, strlen(text), &e) != STATUS_OK)
		fail_msg("%s", e.text);
	return t;
}

static void passes_over_a_byte_order_mark_and_takes_any_line_end(void **state)
{
	static const char *const texts[] = {("\xef\xbb\xbf"
					     "a,b\r\nc,d\r\n"),
					    "a,b\nc,d", "a,b\rc,d\r", "a,b\n\n\nc,d\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct csv_table t = read_ok(texts[i]);

		assert_int_equal(t.len, 2);
		assert_cell(&t, 0, 0, "a", 1);
		assert_cell(&t, 0, 1, "b", 1);
		assert_cell(&t, 1, 0, "c", i == 3 ? 4 : 2);
		assert_cell(&t, 1, 1, "d", i == 3 ? 4 : 2);
		csv_table_clear(&t);
	}
}

static void keeps_commas_quotes_and_line_breaks_inside_quotes(void **state)
{
	struct csv_table t = read_ok("x,\"one, \"\"two\"\"\r\nthree\",y\r\nz\r\n");

	(void)state;
	assert_int_equal(t.len, 2);
	assert_cell(&t, 0, 1, "one, \"two\"\nthree", 1);
	assert_cell(&t, 0, 2, "y", 2); /* the quoted cell went over a line */
	assert_cell(&t, 1, 0, "z", 3);
	csv_table_clear(&t);
}

static void counts_empty_cells_and_drops_blanks_around_text(void **state)
{
	struct csv_table t = read_ok(",  a b ,\n\"\",\" c\n\",\n");

	(void)state;
	assert_int_equal(t.rows[0].len, 3);
	assert_cell(&t, 0, 0, "", 1);
	assert_cell(&t, 0, 1, "a b", 1);
	assert_cell(&t, 0, 2, "", 1);
	assert_int_equal(t.rows[1].len, 3);
	assert_cell(&t, 1, 1, "c", 2);
	assert_cell(&t, 1, 2, "", 3);
	csv_table_clear(&t);
}

static void names_the_line_of_a_fault_and_leaves_out_untouched(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{"a,b\nc,d\"e\n", "line 2"},
		{"a\n\"b\" c\n", "line 2"},
		{"a\nb\n\"c\nd\n", "line 3: the file ends inside"},
		{"a\n\xff\n", "line 2: this is not UTF-8"},
		{"a\nb\nGr\xf6\xdf"
		 "e\n",
		 "line 3: this is not UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct csv_table t = CSV_TABLE_INIT;
		struct error e = {0};

		assert_int_equal(csv_table_read(&t, bad[i].text, strlen(bad[i].text), &e), STATUS_MALFORMED);
		assert_non_null(strstr(e.text, bad[i].words));
		assert_null(t.rows);
	}
}

static void refuses_a_nul_byte(void **state)
{
	struct csv_table t = CSV_TABLE_INIT;
	struct error e = {0};

	(void)state;
	assert_int_equal(csv_table_read(&t, "a\0b", 3, &e), STATUS_MALFORMED);
}

static void stops_at_its_limits(void **state)
{
	char *big = malloc(CSV_MAX_BYTES + 1);
	struct csv_table t = CSV_TABLE_INIT;
	struct error e = {0};

	(void)state;
	assert_non_null(big);
	memset(big, 'a', CSV_MAX_BYTES + 1);
	assert_int_equal(csv_table_read(&t, big, CSV_MAX_BYTES + 1, &e), STATUS_TOO_BIG);
	for (size_t i = 0; i < 2 * (CSV_MAX_ROWS + 1); i++)
		big[i] = i % 2 ? '\n' : 'a';
	assert_int_equal(csv_table_read(&t, big, 2 * (CSV_MAX_ROWS + 1), &e), STATUS_TOO_BIG);
	assert_int_equal(csv_table_read(&t, big, 2 * CSV_MAX_ROWS + 1, &e),
			 STATUS_TOO_BIG); /* the last row without line break */
	memset(big, ',', CSV_MAX_CELLS);
	assert_int_equal(csv_table_read(&t, big, CSV_MAX_CELLS, &e), STATUS_TOO_BIG);
	assert_null(t.rows);
	assert_int_equal(csv_table_read(&t, big, CSV_MAX_CELLS - 1, &e), STATUS_OK);
	assert_int_equal(t.rows[0].len, CSV_MAX_CELLS);
	csv_table_clear(&t);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_over_a_byte_order_mark_and_takes_any_line_end),
		cmocka_unit_test(keeps_commas_quotes_and_line_breaks_inside_quotes),
		cmocka_unit_test(counts_empty_cells_and_drops_blanks_around_text),
		cmocka_unit_test(names_the_line_of_a_fault_and_leaves_out_untouched),
		cmocka_unit_test(refuses_a_nul_byte),
		cmocka_unit_test(stops_at_its_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
