/* client/cli/csv.h - a CSV file (RFC 4180) as rows of cells that know their line. Reading is libcsv's; limits and lines
 * are ours. */
#ifndef QIP_CLI_CSV_H
#define QIP_CLI_CSV_H

#include "core/status.h"

#define CSV_MAX_BYTES (1024 * 1024)
#define CSV_MAX_ROWS 2001 /* with the row of titles */
#define CSV_MAX_CELLS 64  /* a row */

struct csv_cell {
	char *text;	    /* owned; without spaces and line breaks around it, line breaks inside as LF */
	unsigned long line; /* where it starts in the file, from 1 */
};

struct csv_row {
	struct csv_cell *cells; /* owned */
	size_t len, cap;
};

struct csv_table {
	struct csv_row *rows; /* owned */
	size_t len, cap;
};
#define CSV_TABLE_INIT                                                                                                 \
	{                                                                                                              \
		0                                                                                                      \
	}

/* Read a whole file. A byte order mark is passed over; lines end with CR LF, LF or CR; quoted cells may hold any of
 * them; empty lines do not count. Otherwise *out is untouched: STATUS_TOO_BIG; STATUS_MALFORMED for a stray or missing
 * quote, a NUL or other than UTF-8, with the line; STATUS_NOMEM. */
enum status csv_table_read(struct csv_table *out, const char *bytes, size_t len, struct error *e) MUST_CHECK;
void csv_table_clear(struct csv_table *t);

#endif
