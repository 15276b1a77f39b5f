/* client/cli/sheet.h - a quality improvement plan kept as a sheet: CSV in, values of fields out, or every fault with
 * its line and column. */
#ifndef QIP_CLI_SHEET_H
#define QIP_CLI_SHEET_H

#include "client/cli/fields.h"

#define SHEET_MAX_FAULTS 50 /* kept; all are counted */

struct sheet_fault {
	unsigned long line;
	char column[48]; /* "" when the whole row is at fault */
	char text[400];
};

struct sheet {
	cJSON *rows;	    /* owned; one object a row: field → value as field_parse gives it; "line" → number */
	struct buf ignored; /* titles of columns that are not read, ", " between */
	struct sheet_fault *faults; /* owned */
	size_t faults_len;	    /* all that there are */
};
#define SHEET_INIT                                                                                                     \
	{                                                                                                              \
		0                                                                                                      \
	}

/* Read a whole file. STATUS_OK: it was read; rows count only when faults_len is 0. Otherwise, as csv_table_read, or
 * STATUS_INVALID for missing columns or no rows, nothing is in *out. */
enum status sheet_read(struct sheet *out, const char *bytes, size_t len, const struct sites *sites,
		       struct error *e) MUST_CHECK;
void sheet_clear(struct sheet *s);

/* The fields that a sheet brings; ends with NULL. Status and present risk are not among them: a plan starts red, at its
 * initial risk. */
extern const char *const sheet_fields[];

/* The record says in all of a sheet's fields what the row says. */
bool sheet_row_equals(const cJSON *row, const cJSON *record);

/* Write a row into a new record: its fields, status red, risk_current as risk_initial. */
enum status sheet_row_apply(cJSON *record, const cJSON *row, const struct stamp *stamp, struct error *e) MUST_CHECK;

#endif
