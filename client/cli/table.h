/* client/cli/table.h - rows of text in aligned columns that fit TEXT_WIDTH.
 *
 *     struct table t; table_init(&t, columns, ARRAY_LEN(columns));
 *     table_add(&t, (const char *const[]){"QIP-01", "red", ...}); ... table_print(stdout, &t, bold, &e);
 * table_clear(&t);
 *
 * Like a buf, a failed allocation sticks and is told by table_print.
 */
#ifndef QIP_CLI_TABLE_H
#define QIP_CLI_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/status.h"

#define TABLE_MAX_COLUMNS 12
#define TABLE_SOON 14

struct table_column {
	const char *title;
	bool right; /* numbers stand at the right */
	int gives;  /* what it gives up when the table is too wide, its cells cut with "…": 0 nothing; 1 soon, 2 only
		       when those that  give soon are down to TABLE_SOON characters */
	bool bold;  /* emphasised on a terminal */
};

struct table {
	const struct table_column *columns; /* borrowed */
	size_t columns_len;
	char **cells; /* owned; row by row */
	size_t rows, cap;
	bool failed;
};

void table_init(struct table *t, const struct table_column *columns, size_t len);
/* One row of columns_len texts, copied and cleaned (see text_clean); NULL is an empty cell. */
void table_add(struct table *t, const char *const *cells);
/* Titles, then rows. Without rows nothing is printed. STATUS_NOMEM. */
enum status table_print(FILE *f, const struct table *t, bool bold, struct error *e) MUST_CHECK;
void table_clear(struct table *t);

#endif
