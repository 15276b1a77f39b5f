/* client/cli/import.c - qip import FILE.csv: a plan kept as a sheet becomes action points, all in one edit or none. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/cli/change.h"
#include "client/cli/csv.h"
#include "client/cli/plan.h"
#include "client/cli/sheet.h"
#include "client/cli/typed.h"

/* What became of the rows. */
struct import {
	struct cli *c;
	const char *file;
	struct sheet sheet;
	struct plan plan;
	struct qip_edit *edit;
	uint64_t added, same, differ;
	struct buf differing; /* labels, ", " between */
};

/* Every fault on a line of its own, then the sentence. */
static enum status tell_faults(const struct import *im, struct error *e)
{
	const struct sheet *s = &im->sheet;

	for (size_t i = 0; i < s->faults_len && i < SHEET_MAX_FAULTS; i++)
		fprintf(stderr, s->faults[i].column[0] ? "line %lu, column %s: %s\n" : "line %lu%s: %s\n",
			s->faults[i].line, s->faults[i].column, s->faults[i].text);
	if (s->faults_len > SHEET_MAX_FAULTS)
		fprintf(stderr, "and %zu more\n", s->faults_len - SHEET_MAX_FAULTS);
	return error_set(e, STATUS_INVALID,
			 "nothing was imported: %.200s has %zu fault%s; please correct %s and import it again",
			 im->file, s->faults_len, plural(s->faults_len), s->faults_len == 1 ? "it" : "them");
}

enum standing { ROW_NEW, ROW_SAME, ROW_DIFFERS };

static enum standing compare_row(const struct import *im, const cJSON *row)
{
	enum standing standing = ROW_NEW;

	for (size_t i = 0; i < im->plan.len; i++) {
		const char *ref = json_string(im->plan.items[i].record, "ref");

		if (!ref || strcasecmp(ref, json_string(row, "ref")) != 0)
			continue;
		if (sheet_row_equals(row, im->plan.items[i].record))
			return ROW_SAME;
		standing = ROW_DIFFERS;
	}
	return standing;
}

static enum status add_row(struct import *im, const cJSON *row, struct error *e)
{
	char path[TREE_PATH_MAX];
	struct stamp stamp;
	cJSON *record = NULL;
	int64_t line = 0;
	enum status st = change_new(&record, path, im->c, "action/1", "qip", e);

	if (st == STATUS_OK)
		st = qip_edit_stamp(&stamp, im->edit, e);
	if (st == STATUS_OK) {
		stamp.n = record_next_number(record);
		st = sheet_row_apply(record, row, &stamp, e);
	}
	if (st == STATUS_OK)
		st = typed_check(im->c, NULL, record, e);
	if (st == STATUS_OK)
		st = change_put(im->edit, path, record, e);
	cJSON_Delete(record);
	if (st == STATUS_OK)
		im->added++;
	else if (json_integer(row, "line", &line))
		(void)error_prefix(e, st, "nothing was imported: line %d", (int)line);
	return st;
}

static enum status add_rows(struct import *im, struct error *e)
{
	enum status st = STATUS_OK;
	const cJSON *row;

	cJSON_ArrayForEach(row, im->sheet.rows)
	{
		enum standing standing = compare_row(im, row);

		if (st != STATUS_OK)
			break;
		if (standing == ROW_NEW) {
			st = add_row(im, row, e);
		} else if (standing == ROW_SAME) {
			im->same++;
		} else {
			im->differ++;
			buf_addf(&im->differing, "%s%s", im->differing.len ? ", " : "", json_string(row, "ref"));
		}
	}
	return st;
}

static enum status write_rows(struct import *im, const char *effective, struct error *e)
{
	char subject[64];
	enum status st = qip_edit_begin(&im->edit, im->c->q, effective, e);

	if (st != STATUS_OK)
		return st;
	st = add_rows(im, e);
	if (st != STATUS_OK || im->added == 0) {
		qip_edit_abort(im->edit);
		return st;
	}
	(void)snprintf(subject, sizeof(subject), "Import %llu action%s", (unsigned long long)im->added,
		       plural(im->added));
	return qip_edit_commit(im->edit, subject, e);
}

static enum status tell(const struct import *im, struct error *e)
{
	FILE *out = im->c->out;
	cJSON *json;

	if (im->c->json) {
		json = cJSON_CreateObject();
		put_number(&json, "added", (int64_t)im->added);
		put_number(&json, "already_there", (int64_t)im->same);
		put_number(&json, "differ", (int64_t)im->differ);
		put_string(&json, "differing", buf_text(&im->differing));
		put_string(&json, "ignored_columns", buf_text(&im->sheet.ignored));
		return cli_print_json(im->c, json, e);
	}
	if (im->sheet.ignored.len > 0)
		fprintf(out, "Columns not read: %s\n", buf_text(&im->sheet.ignored));
	if (im->differ > 0)
		fprintf(out, "%llu differ%s from the plan and %s left alone: %s\n", (unsigned long long)im->differ,
			im->differ == 1 ? "s" : "", im->differ == 1 ? "was" : "were", buf_text(&im->differing));
	if (im->added > 0)
		fprintf(out, "%llu action point%s added, all red; %llu already there. Next: qip sync\n",
			(unsigned long long)im->added, plural(im->added), (unsigned long long)im->same);
	else
		fprintf(out, "Nothing added: %llu action point%s already there.\n", (unsigned long long)im->same,
			im->same == 1 ? " was" : "s were");
	return STATUS_OK;
}

enum status cmd_import(struct cli *c, struct error *e)
{
	struct import im = {.c = c, .file = cli_word(c, 0)};
	struct buf bytes = BUF_INIT;
	struct sites sites;
	const char *effective = NULL;
	enum status st = args_day(&effective, &c->args, "effective", e);

	if (st == STATUS_OK)
		st = plan_read(&im.plan, c, "qip", e);
	if (st == STATUS_OK)
		st = change_allowed(c, e);
	if (st == STATUS_OK)
		st = sites_read(&sites, c->q, e);
	if (st == STATUS_OK)
		st = cli_read_file(&bytes, im.file, CSV_MAX_BYTES, e);
	if (st == STATUS_OK) {
		st = sheet_read(&im.sheet, buf_text(&bytes), bytes.len, &sites, e);
		if (st != STATUS_OK)
			st = error_prefix(e, st, "nothing was imported: %.200s", im.file);
	}
	if (st == STATUS_OK && im.sheet.faults_len > 0)
		st = tell_faults(&im, e);
	if (st == STATUS_OK)
		st = write_rows(&im, effective, e);
	if (st == STATUS_OK)
		st = tell(&im, e);
	buf_clear(&im.differing);
	sheet_clear(&im.sheet);
	plan_clear(&im.plan);
	buf_clear(&bytes);
	return st;
}
