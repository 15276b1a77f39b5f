/* client/cli/sheet.c - see sheet.h. */
#include "client/cli/sheet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/cli/csv.h"

/* A column of the sheet and the field that it fills; risk_initial comes from two. */
struct column {
	const char *title;
	const char *field; /* NULL: half a risk */
	bool needed;	   /* a cell may not be empty */
};

static const struct column columns[] = {
	{"ref", "ref", true},
	{"source", "source", false},
	{"key_question", "key_question", false},
	{"regulation", "regulations", false},
	{"finding", "finding", true},
	{"action", "action", true},
	{"success_measure", "success_measure", false},
	{"owner_role", "owner_role", false},
	{"sites", "sites", true},
	{"initial_likelihood", NULL, true},
	{"initial_consequence", NULL, true},
	{"start_date", "start_date", false},
	{"due_date", "due_date", false},
	{"driver", "driver", false},
};
#define LIKELIHOOD_COLUMN 9
#define CONSEQUENCE_COLUMN 10

const char *const sheet_fields[] = {"ref",	  "source",	     "key_question", "regulations", "finding",
				    "action",	  "success_measure", "owner_role",   "sites",	    "risk_initial",
				    "start_date", "due_date",	     "driver",	     NULL};

struct reading {
	struct sheet *sheet;
	const struct csv_table *table;
	const struct sites *sites;
	size_t place[ARRAY_LEN(columns)]; /* of each column among the sheet's */
	bool failed;			  /* out of memory */
};

void sheet_clear(struct sheet *s)
{
	cJSON_Delete(s->rows);
	buf_clear(&s->ignored);
	free(s->faults);
	*s = (struct sheet)SHEET_INIT;
}

static void PRINTF_LIKE(4, 5) add_fault(struct reading *r, unsigned long line, const char *column, const char *fmt, ...)
{
	struct sheet *s = r->sheet;
	va_list args;

	if (!s->faults)
		s->faults = calloc(SHEET_MAX_FAULTS, sizeof(*s->faults));
	if (!s->faults) {
		r->failed = true;
		return;
	}
	if (s->faults_len < SHEET_MAX_FAULTS) {
		struct sheet_fault *f = &s->faults[s->faults_len];

		f->line = line;
		(void)snprintf(f->column, sizeof(f->column), "%s", column);
		va_start(args, fmt);
		(void)vsnprintf(f->text, sizeof(f->text), fmt, args);
		va_end(args);
	}
	s->faults_len++;
}

/* ---- titles ---- */

static bool is_known(const char *title)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		if (strcasecmp(columns[i].title, title) == 0)
			return true;
	return false;
}

static enum status find_columns(struct reading *r, struct error *e)
{
	const struct csv_row *titles = &r->table->rows[0];
	char missing[400] = "";

	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		size_t found = 0;

		for (size_t k = 0; k < titles->len; k++) {
			if (strcasecmp(titles->cells[k].text, columns[i].title) == 0 && found++ == 0)
				r->place[i] = k;
		}
		if (found > 1)
			return error_set(e, STATUS_INVALID, "line 1: the column %s is there twice", columns[i].title);
		if (found == 0)
			(void)snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing), "%s%s",
				       missing[0] ? ", " : "", columns[i].title);
	}
	if (missing[0])
		return error_set(e, STATUS_INVALID, "line 1: these columns are missing: %s", missing);
	for (size_t k = 0; k < titles->len; k++)
		if (titles->cells[k].text[0] && !is_known(titles->cells[k].text))
			buf_addf(&r->sheet->ignored, "%s%s", r->sheet->ignored.len ? ", " : "", titles->cells[k].text);
	return STATUS_OK;
}

/* ---- cells ---- */

static void read_cell(struct reading *r, cJSON *row, size_t i, const struct csv_cell *cell)
{
	const struct field *f = field_find(fields_action, columns[i].field, strlen(columns[i].field));
	struct error e = {0};
	cJSON *value = NULL;
	enum status st = field_parse(&value, f, cell->text, r->sites, &e);

	if (st == STATUS_NOMEM)
		r->failed = true;
	else if (st != STATUS_OK)
		add_fault(r, cell->line, columns[i].title, "%.350s", e.text);
	else if (json_set(row, columns[i].field, value) != STATUS_OK)
		r->failed = true;
}

/* A whole number from 1 to 5; 0 when it is none. */
static int read_half(const char *text)
{
	return text[0] >= '1' && text[0] <= '5' && text[1] == '\0' ? text[0] - '0' : 0;
}

static void read_risk(struct reading *r, cJSON *row, const struct csv_row *cells)
{
	static const size_t halves[] = {LIKELIHOOD_COLUMN, CONSEQUENCE_COLUMN};
	int value[2];
	cJSON *risk;

	for (size_t i = 0; i < 2; i++) {
		const struct csv_cell *cell = &cells->cells[r->place[halves[i]]];

		value[i] = read_half(cell->text);
		if (value[i] == 0 && cell->text[0])
			add_fault(r, cell->line, columns[halves[i]].title,
				  "\"%.40s\" is not a whole number from 1 to 5", cell->text);
	}
	if (value[0] == 0 || value[1] == 0)
		return;
	risk = cJSON_CreateObject();
	if (json_set_integer(risk, "likelihood", value[0]) != STATUS_OK ||
	    json_set_integer(risk, "consequence", value[1]) != STATUS_OK) {
		cJSON_Delete(risk);
		r->failed = true;
	} else if (json_set(row, "risk_initial", risk) != STATUS_OK) {
		r->failed = true;
	}
}

/* The line of an earlier row with the same ref, 0 when there is none. */
static int64_t line_of_ref(const cJSON *rows, const char *ref)
{
	int64_t line = 0;
	const cJSON *row;

	cJSON_ArrayForEach(row, rows)
	{
		const char *other = json_string(row, "ref");

		if (other && strcasecmp(other, ref) == 0 && json_integer(row, "line", &line))
			return line;
	}
	return 0;
}

static void read_row(struct reading *r, const struct csv_row *cells)
{
	unsigned long line = cells->cells[0].line;
	cJSON *row = cJSON_CreateObject();
	const char *ref;

	if (cells->len != r->table->rows[0].len) {
		add_fault(r, line, "", "the row has %zu cells, the titles %zu", cells->len, r->table->rows[0].len);
		cJSON_Delete(row);
		return;
	}
	if (json_set_integer(row, "line", (int64_t)line) != STATUS_OK)
		r->failed = true;
	for (size_t i = 0; i < ARRAY_LEN(columns) && !r->failed; i++) {
		const struct csv_cell *cell = &cells->cells[r->place[i]];

		if (!cell->text[0] && columns[i].needed)
			add_fault(r, cell->line, columns[i].title, "is empty");
		else if (cell->text[0] && columns[i].field)
			read_cell(r, row, i, cell);
	}
	read_risk(r, row, cells);
	ref = json_string(row, "ref");
	if (ref && line_of_ref(r->sheet->rows, ref))
		add_fault(r, line, "ref", "%.60s stands on line %ld already", ref,
			  (long)line_of_ref(r->sheet->rows, ref));
	if (!cJSON_AddItemToArray(r->sheet->rows, row)) {
		cJSON_Delete(row);
		r->failed = true;
	}
}

static bool is_blank(const struct csv_row *row)
{
	for (size_t i = 0; i < row->len; i++)
		if (row->cells[i].text[0])
			return false;
	return true;
}

enum status sheet_read(struct sheet *out, const char *bytes, size_t len, const struct sites *sites, struct error *e)
{
	struct sheet s = SHEET_INIT;
	struct csv_table table = CSV_TABLE_INIT;
	struct reading r = {.sheet = &s, .table = &table, .sites = sites};
	enum status st = csv_table_read(&table, bytes, len, e);

	s.rows = cJSON_CreateArray();
	if (st == STATUS_OK && table.len < 2)
		st = error_set(e, STATUS_INVALID, "the sheet has no rows below its titles");
	if (st == STATUS_OK)
		st = find_columns(&r, e);
	for (size_t i = 1; i < table.len && st == STATUS_OK && !r.failed; i++)
		if (!is_blank(&table.rows[i]))
			read_row(&r, &table.rows[i]);
	if (st == STATUS_OK && (r.failed || !s.rows || !buf_ok(&s.ignored)))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK) {
		*out = s;
		s = (struct sheet)SHEET_INIT;
	}
	sheet_clear(&s);
	csv_table_clear(&table);
	return st;
}

/* ---- rows and records ---- */

bool sheet_row_equals(const cJSON *row, const cJSON *record)
{
	for (size_t i = 0; sheet_fields[i]; i++)
		if (!json_equal(json_get(row, sheet_fields[i]), json_get(record, sheet_fields[i])))
			return false;
	return true;
}

enum status sheet_row_apply(cJSON *record, const cJSON *row, const struct stamp *stamp, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = 0; sheet_fields[i] && st == STATUS_OK; i++) {
		const struct field *f = field_find(fields_action, sheet_fields[i], strlen(sheet_fields[i]));
		const cJSON *value = json_get(row, sheet_fields[i]);

		if (value)
			st = field_set(record, f, value, stamp, e);
	}
	if (st == STATUS_OK)
		st = record_set(record, "status", cJSON_CreateString("red"), stamp, e);
	if (st == STATUS_OK)
		st = record_set(record, "risk_current", cJSON_Duplicate(json_get(row, "risk_initial"), true), stamp, e);
	return st;
}
