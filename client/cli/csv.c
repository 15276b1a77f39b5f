/* client/cli/csv.c - see csv.h. */
#include "client/cli/csv.h"

#include <csv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "core/utf8.h"

struct reading {
	struct csv_table table;
	struct csv_row row;	 /* being filled */
	unsigned long line;	 /* of the byte being fed */
	unsigned long cell_line; /* where the present cell began; 0: it did not yet */
	bool failed, too_big;
};

static int never_space(unsigned char c)
{
	(void)c;
	return 0; /* RFC 4180: spaces are part of a cell */
}

static void row_clear(struct csv_row *row)
{
	for (size_t i = 0; i < row->len; i++)
		free(row->cells[i].text);
	free(row->cells);
	*row = (struct csv_row){0};
}

void csv_table_clear(struct csv_table *t)
{
	for (size_t i = 0; i < t->len; i++)
		row_clear(&t->rows[i]);
	free(t->rows);
	*t = (struct csv_table){0};
}

/* CR LF and CR become LF; blanks and line breaks around the text go. */
static char *tidy(const char *text, size_t len)
{
	char *out = malloc(len + 1);
	size_t n = 0;

	if (!out)
		return NULL;
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--;
	for (size_t i = 0; i < len; i++) {
		if (n == 0 && strchr(" \t\r\n", text[i]))
			continue;
		if (text[i] == '\r' && i + 1 < len && text[i + 1] == '\n')
			continue;
		out[n++] = text[i] == '\r' ? '\n' : text[i];
	}
	out[n] = '\0';
	return out;
}

static void cell_ends(void *text, size_t len, void *ctx)
{
	struct reading *r = ctx;
	char *copy;

	r->too_big = r->too_big || r->row.len == CSV_MAX_CELLS;
	if (r->failed || r->too_big)
		return;
	copy = tidy(text, len);
	if (!copy || !array_room(&r->row.cells, &r->row.cap, r->row.len)) {
		free(copy);
		r->failed = true;
		return;
	}
	r->row.cells[r->row.len++] = (struct csv_cell){copy, r->cell_line ? r->cell_line : r->line};
	r->cell_line = 0;
}

static void row_ends(int terminator, void *ctx)
{
	struct reading *r = ctx;

	(void)terminator;
	r->too_big = r->too_big || r->table.len == CSV_MAX_ROWS;
	if (r->failed || r->too_big)
		return;
	if (!array_room(&r->table.rows, &r->table.cap, r->table.len)) {
		r->failed = true;
		return;
	}
	r->table.rows[r->table.len++] = r->row;
	r->row = (struct csv_row){0};
}

/* Byte by byte, so that every cell and every fault has its line. */
static enum status feed(struct reading *r, struct csv_parser *p, const char *bytes, size_t len, struct error *e)
{
	r->line = 1;
	for (size_t i = 0; i < len; i++) {
		bool breaks = bytes[i] == '\n' || bytes[i] == '\r';

		if (r->cell_line == 0 && (!breaks || r->row.len > 0))
			r->cell_line = r->line;
		if (csv_parse(p, bytes + i, 1, cell_ends, row_ends, r) != 1) {
			if (csv_error(p) != CSV_EPARSE)
				return error_set(e, STATUS_NOMEM, "out of memory");
			return error_set(e, STATUS_MALFORMED,
					 "line %lu: a quotation mark stands where none may be; "
					 "please save the sheet again as CSV",
					 r->line);
		}
		if (r->too_big)
			return error_set(e, STATUS_TOO_BIG, "line %lu: more than %d rows or %d columns", r->line,
					 CSV_MAX_ROWS - 1, CSV_MAX_CELLS);
		if (bytes[i] == '\n' || (bytes[i] == '\r' && (i + 1 == len || bytes[i + 1] != '\n')))
			r->line++;
	}
	if (csv_fini(p, cell_ends, row_ends, r) != 0)
		return error_set(e, STATUS_MALFORMED, "line %lu: the file ends inside quotation marks", r->cell_line);
	if (r->too_big)
		return error_set(e, STATUS_TOO_BIG, "line %lu: more than %d rows or %d columns", r->line,
				 CSV_MAX_ROWS - 1, CSV_MAX_CELLS);
	return r->failed ? error_set(e, STATUS_NOMEM, "out of memory") : STATUS_OK;
}

static enum status check_bytes(const char *bytes, size_t len, struct error *e)
{
	unsigned long line = 1;

	if (len > CSV_MAX_BYTES)
		return error_set(e, STATUS_TOO_BIG, "the file is larger than %d bytes", CSV_MAX_BYTES);
	for (size_t i = 0; i < len;) {
		size_t n = utf8_decode(NULL, bytes + i, len - i);

		if (n == 0 || bytes[i] == '\0')
			return error_set(e, STATUS_MALFORMED,
					 "line %lu: this is not UTF-8 text; please save the sheet as \"CSV UTF-8\"",
					 line);
		line += bytes[i] == '\n';
		i += n;
	}
	return STATUS_OK;
}

enum status csv_table_read(struct csv_table *out, const char *bytes, size_t len, struct error *e)
{
	struct reading r = {0};
	struct csv_parser p;
	enum status st = check_bytes(bytes, len, e);

	if (st != STATUS_OK)
		return st;
	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		bytes += 3;
		len -= 3;
	}
	if (csv_init(&p, CSV_STRICT | CSV_STRICT_FINI) != 0)
		return error_set(e, STATUS_NOMEM, "out of memory");
	csv_set_space_func(&p, never_space);
	st = feed(&r, &p, bytes, len, e);
	csv_free(&p);
	if (st == STATUS_OK) {
		*out = r.table;
		r.table = (struct csv_table){0};
	}
	row_clear(&r.row);
	csv_table_clear(&r.table);
	return st;
}
