/* tests/bench/merge_record.c - one action point that two sites edit at once: bytes in, bytes out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/merge_load.h"

#define FILE_MAX (64 * 1024)

void bench_id(char out[ID_TEXT_LEN + 1])
{
	static unsigned next;

	(void)snprintf(out, ID_TEXT_LEN + 1, "01920000-0000-7000-8000-%012x", ++next);
}

struct stamp bench_stamp(const char *device)
{
	struct stamp s = {.by = "staff", .effective = "2026-03-02", .at = "2026-03-02T09:30:00.000Z"};

	bench_id(s.id);
	(void)snprintf(s.device, sizeof(s.device), "%s", device);
	return s;
}

static void set(cJSON *record, const char *slot, cJSON *value, const char *device)
{
	struct stamp s = bench_stamp(device);
	struct error e = {0};

	bench_must(record_set(record, slot, value, &s, &e), &e, slot);
}

static void add_note(cJSON *record, const char *text, const char *device)
{
	struct stamp s = bench_stamp(device);
	struct error e = {0};
	cJSON *note = cJSON_CreateObject();

	bench_must(json_set_string(note, "text", text), NULL, "a note");
	bench_must(record_append(record, "notes", note, &s, &e), &e, "a note");
}

static cJSON *risk(int likelihood, int consequence)
{
	cJSON *out = cJSON_CreateObject();

	(void)cJSON_AddNumberToObject(out, "likelihood", likelihood);
	(void)cJSON_AddNumberToObject(out, "consequence", consequence);
	return out;
}

cJSON *bench_action(size_t number)
{
	static const char *const fields[][2] = {
		{"source", "CQC inspection, June 2022"},
		{"finding", "Emergency medicines were not checked every week at each site, and nobody was named who would."},
		{"key_question", "safe"},
		{"action", "Name a person at each site; put the weekly check into the rota; keep the sheets for two years."},
		{"success_measure", "Twelve weeks in a row with a sheet signed at every site."},
		{"owner_role", "Nurse manager"},
		{"start_date", "2022-07-01"},
		{"due_date", "2022-09-30"},
		{"driver", "role clarity"},
		{"status", "red"},
	};
	cJSON *r = cJSON_CreateObject();
	char id[ID_TEXT_LEN + 1], ref[16];

	bench_id(id);
	(void)snprintf(ref, sizeof(ref), "QIP-%02zu", number);
	bench_must(json_set_string(r, "schema", "action/1"), NULL, ref);
	bench_must(json_set_string(r, "id", id), NULL, ref);
	set(r, "ref", cJSON_CreateString(ref), "kib-manager");
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		set(r, fields[i][0], cJSON_CreateString(fields[i][1]), "kib-manager");
	set(r, "risk_initial", risk(4, 4), "kib-manager");
	set(r, "risk_current", risk(4, 4), "kib-manager");
	set(r, "risk_target", risk(1, 4), "kib-manager");
	set(r, "sites/kibworth", cJSON_CreateTrue(), "kib-manager");
	set(r, "sites/fleckney", cJSON_CreateTrue(), "kib-manager");
	set(r, "regulations/12", cJSON_CreateTrue(), "kib-manager");
	add_note(r, "Discussed at the clinical meeting; a rota is drafted.", "kib-manager");
	return r;
}

void bench_edit(cJSON *action, int site)
{
	if (site == 0) {
		set(action, "status", cJSON_CreateString("amber"), "kib-staff");
		set(action, "due_date", cJSON_CreateString("2022-10-31"), "kib-staff");
		add_note(action, "The rota is in place at Kibworth since Monday.", "kib-staff");
	} else {
		set(action, "status", cJSON_CreateString("green"), "fle-staff");
		set(action, "risk_current", risk(2, 4), "fle-staff");
		add_note(action, "Fleckney has had four weeks of signed sheets.", "fle-staff");
	}
}

/* ---- files ---- */

static void write_file(const char *folder, const char *name, const cJSON *record)
{
	char path[4096];
	struct buf bytes = BUF_INIT;
	FILE *f = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	bench_must(json_canonical(&bytes, record), NULL, name);
	f = fopen(path, "wb");
	if (!f || fwrite(bytes.data, 1, bytes.len, f) != bytes.len || fclose(f) != 0)
		bench_fail(path, strerror(errno));
	buf_clear(&bytes);
}

static void read_file(struct buf *out, const char *folder, const char *name)
{
	char path[4096], bytes[FILE_MAX];
	size_t n = 0;
	FILE *f = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	if (!f || (n = fread(bytes, 1, sizeof(bytes), f)) == 0)
		bench_fail(path, strerror(errno));
	(void)fclose(f);
	buf_add(out, bytes, n);
}

int bench_record(int argc, char **argv)
{
	cJSON *base = NULL, *ours = NULL, *theirs = NULL;

	if (argc != 1)
		bench_fail("record", "FOLDER");
	base = bench_action(7);
	ours = cJSON_Duplicate(base, true);
	theirs = cJSON_Duplicate(base, true);
	bench_edit(ours, 0);
	bench_edit(theirs, 1);
	write_file(argv[0], "base.json", base);
	write_file(argv[0], "ours.json", ours);
	write_file(argv[0], "theirs.json", theirs);
	cJSON_Delete(base);
	cJSON_Delete(ours);
	cJSON_Delete(theirs);
	return 0;
}

/* ---- measured ---- */

static cJSON *parsed(const struct buf *bytes)
{
	struct error e = {0};
	cJSON *value = NULL;

	bench_must(json_parse(&value, buf_text(bytes), bytes->len, &e), &e, "a record");
	return value;
}

static cJSON *looked_at(const struct buf *bytes, struct json_pool *pool, const cJSON *base, const struct buf *base_bytes)
{
	const struct json_reading how = {.pool = pool, .other = base, .other_bytes = base ? buf_text(base_bytes) : NULL};
	struct error e = {0};
	cJSON *value = NULL;

	bench_must(json_read(&value, buf_text(bytes), bytes->len, &how, &e), &e, "a record");
	return value;
}

/* files: base, and both sides; or the base alone, whose edits are made here, in copies of their own. */
static void merge_once(const struct buf *files, bool edit, struct json_pool *pool)
{
	cJSON *base = looked_at(&files[0], pool, NULL, NULL), *sides[2], *merged = NULL;
	struct buf out = BUF_INIT;
	struct error e = {0};

	for (int i = 0; i < 2; i++) {
		sides[i] = edit ? parsed(&files[0]) : looked_at(&files[i + 1], pool, base, &files[0]);
		if (edit)
			bench_edit(sides[i], i);
	}
	bench_must(merge_records_in_place(&merged, base, sides[0], sides[1], bench_rules(), &e), &e, "the merge");
	bench_must(json_canonical(&out, merged), NULL, "the merged record");
	if (record_conflicts(merged) != 1)
		bench_fail("the merge", "has not the one conflict that it should");
	buf_clear(&out);
	cJSON_Delete(merged);
	for (int i = 0; edit && i < 2; i++)
		cJSON_Delete(sides[i]);
	json_pool_reset(pool);
}

static double time_merges(const struct buf *files, bool edit, size_t count)
{
	struct json_pool pool = JSON_POOL_INIT;
	double start = bench_cpu_us();

	for (size_t i = 0; i < count; i++)
		merge_once(files, edit, &pool);
	json_pool_clear(&pool);
	return (bench_cpu_us() - start) / (double)count;
}

int bench_merge(int argc, char **argv)
{
	static const char *const names[] = {"base.json", "ours.json", "theirs.json"};
	struct buf files[] = {BUF_INIT, BUF_INIT, BUF_INIT};
	size_t count = argc == 2 ? bench_number(argv[1]) : 0;
	double merge = 0, whole = 0;

	if (argc != 2)
		bench_fail("merge", "FOLDER COUNT");
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		read_file(&files[i], argv[0], names[i]);
	(void)time_merges(files, true, 1);
	merge = time_merges(files, false, count);
	whole = time_merges(files, true, count);
	printf("%.2f %.2f\n", merge, whole);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		buf_clear(&files[i]);
	return 0;
}
