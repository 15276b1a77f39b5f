/* tests/fuzz/harness/journal.c - a kiosk's journal with any bytes in its files: what is read of it, and how the kiosk goes on.
 *
 * A byte of options, then what lies in the folder, step by step: records as the journal writes them, of this version and the one before, with
 * numbers and contents of anybody's choice, headers changed under checksums that fit, raw bytes, holes, bytes turned later, files cut and begun.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/journal.h"
#include "client/journal_record.h"
#include "client/journal_scrub.h"
#include "client/journal_segment.h"
#include "core/digest.h"
#include "tests/fuzz/harness/harness.h"

#define FILES_MAX 4
#define STEPS_MAX 48
#define TRUE_MAX 64 /* records whose fate is followed */
#define OLD_HEADER_BYTES 88

/* Options. Whole segments, and what is done with them, take some hundred times as long as what is read of few bytes: most inputs do without. */
#define OPTION_FULL 1 /* four bits, one for each file: it has a segment's size */
#define OPTION_DO 0x70 /* one of these, or nothing */
#define OPTION_GO_ON 0x10
#define OPTION_GO_ON_TWICE 0x20
#define OPTION_ERASE 0x30
#define OPTION_FULL_HOLDS 0x80

enum step { STEP_RECORD, STEP_NEXT, STEP_PATCH, STEP_OLD, STEP_RAW, STEP_HOLE, STEP_FLIP, STEP_FILE, STEP_LARGE, STEPS };

/* A record as it was written. */
struct truth {
	uint64_t seq;
	uint32_t sum; /* of what it says */
};

struct making {
	struct input *in;
	struct buf file;
	char name[SEGMENT_NAME_MAX];
	size_t files;
	uint64_t seq;     /* of the record before */
	bool is_whole;    /* one file, records alone, as the journal writes them */
	struct truth truths[TRUE_MAX];
	size_t truths_len;
};

/* Nothing here has to outlive a power cut. */
int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

/* The same masks in every run. */
static enum status no_random(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	memset(out, 0x5a, len);
	return STATUS_OK;
}

static const struct env *env_again(void)
{
	static struct env env;

	env = *env_system();
	env.random = no_random;
	return &env;
}

static uint32_t sum_of(const struct journal_record *r)
{
	uint32_t sum = crc32c(0, &r->json_len, sizeof(r->json_len));

	if (r->json_len)
		sum = crc32c(sum, r->json, r->json_len);
	return r->attachment_len ? crc32c(sum, r->attachment, r->attachment_len) : sum;
}

/* ---- what lies in the folder ---- */

static void put_number(uint8_t *out, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t read_number(struct input *in)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | input_byte(in);
	return value;
}

/* Room for so many more bytes of the file; NULL: for none, or it would be larger than any. */
static uint8_t *more(struct making *m, size_t len)
{
	size_t at = m->file.len;

	if (len > JOURNAL_SEGMENT_BYTES - at)
		return NULL;
	for (size_t left = len; left > 0; left -= left < 64 ? left : 64)
		buf_add(&m->file, (const uint8_t[64]){0}, left < 64 ? left : 64);
	HOLDS(buf_ok(&m->file));
	return len > 0 ? m->file.data + at : NULL;
}

static void write_record(struct making *m, struct journal_record *r, uint64_t mask)
{
	uint8_t *out = more(m, journal_record_size(r->json_len, r->attachment_len));

	if (!out)
		return;
	journal_record_encode(out, r, mask);
	if (m->truths_len < TRUE_MAX && r->seq > m->seq)
		m->truths[m->truths_len++] = (struct truth){r->seq, sum_of(r)};
	else
		m->is_whole = false;
	m->seq = r->seq;
}

/* numbered: as the input says; else it is the next. */
static void step_record(struct making *m, bool numbered)
{
	struct journal_record r = {.quality = (enum clock_quality)input_below(m->in, 3), .boot_id = "8cb5d7a2-3b1c-4a4d-9d43-5c9a4b7c1f10"};
	uint64_t mask = UINT64_C(0x1234567890abcdef) ^ (uint64_t)input_byte(m->in) << 32;
	const uint8_t *json = input_until(&r.json_len, m->in, '\n');

	r.seq = numbered ? read_number(m->in) : m->seq + 1;
	if (r.seq == 0 || r.seq == UINT64_MAX) /* the journal gives neither */
		r.seq = 1;
	r.wall_ms = (int64_t)(r.seq % 1000000) * 60000;
	r.json = (const char *)json;
	r.attachment = input_bytes(&r.attachment_len, m->in, input_byte(m->in));
	write_record(m, &r, mask);
}

/* As large as any may be. */
static void step_large(struct making *m)
{
	static uint8_t load[JOURNAL_MAX_RECORD];
	struct journal_record r = {.seq = m->seq + 1, .json = "{}", .json_len = 2, .attachment = load, .attachment_len = sizeof(load) - 2};

	if (r.seq != UINT64_MAX)
		write_record(m, &r, read_number(m->in));
}

/* The header of version 2 that stands last, or of version 1: some of it changed, its checksums made to fit. */
static void step_patch(struct making *m, size_t at)
{
	size_t place = input_byte(m->in), wanted = input_below(m->in, 9), len = 0;
	const uint8_t *bytes = input_bytes(&len, m->in, wanted);
	uint8_t *head = NULL;

	m->is_whole = false;
	if (m->file.len < at + JOURNAL_HEADER_BYTES || place + len > JOURNAL_HEADER_BYTES)
		return;
	head = m->file.data + at;
	memcpy(head + place, bytes, len);
	put_number(head + 8, crc32c(crc32c(0, head, 8), head + 12, JOURNAL_HEADER_BYTES - 12), 4);
}

static void step_old(struct making *m)
{
	size_t json_len = 0, attachment_len = input_byte(m->in), len = 0;
	const uint8_t *json = input_until(&json_len, m->in, '\n'), *attachment = input_bytes(&attachment_len, m->in, attachment_len);
	uint64_t seq = m->seq + 1 + input_byte(m->in), quality = input_byte(m->in);
	uint8_t *out = NULL;

	m->is_whole = false;
	len = json_len + attachment_len;
	out = more(m, (OLD_HEADER_BYTES + len + JOURNAL_ALIGN - 1) / JOURNAL_ALIGN * JOURNAL_ALIGN);
	if (!out)
		return;
	memcpy(out, "qipj\1\0", 6);
	put_number(out + 6, OLD_HEADER_BYTES, 2);
	put_number(out + 12, json_len, 4);
	put_number(out + 16, attachment_len, 4);
	put_number(out + 20, quality, 4);
	put_number(out + 24, seq, 8);
	memcpy(out + OLD_HEADER_BYTES, json_len ? (const void *)json : "", json_len);
	memcpy(out + OLD_HEADER_BYTES + json_len, attachment_len ? (const void *)attachment : "", attachment_len);
	put_number(out + 8, crc32c(crc32c(0, out, 8), out + 12, OLD_HEADER_BYTES - 12 + len), 4);
}

static void step_raw(struct making *m)
{
	size_t wanted = input_byte(m->in), len = 0;
	const uint8_t *bytes = input_bytes(&len, m->in, wanted);
	uint8_t *out = more(m, len);

	m->is_whole = false;
	if (out && len > 0)
		memcpy(out, bytes, len);
}

static void step_flip(struct making *m)
{
	size_t at = (size_t)input_byte(m->in) << 8 | input_byte(m->in);
	uint8_t bits = input_byte(m->in);

	m->is_whole = false;
	if (m->file.len > 0)
		m->file.data[at % m->file.len] ^= bits;
}

/* As a segment in memory. */
static void check_bytes(const struct making *m)
{
	uint8_t *bytes = malloc(m->file.len ? m->file.len : 1);
	struct journal_cursor c = {.bytes = bytes, .len = m->file.len};
	struct journal_record r;
	struct journal_tail tail;

	HOLDS(bytes != NULL);
	memcpy(bytes, buf_text(&m->file), m->file.len);
	for (uint64_t last = 0; journal_cursor_next(&c, &r); last = r.seq) {
		HOLDS(r.seq > last && c.at > c.record_at && c.at <= c.len);
		HOLDS((const uint8_t *)r.json > bytes && (const uint8_t *)r.json + r.json_len + r.attachment_len <= bytes + c.len);
	}
	HOLDS(memcmp(bytes, buf_text(&m->file), m->file.len) == 0); /* looking changes nothing */
	journal_tail(&tail, &c, c.seq);
	HOLDS(tail.end >= c.at && tail.end <= JOURNAL_SEGMENT_BYTES && tail.highest >= c.seq);
	HOLDS(tail.end % JOURNAL_ALIGN == 0 || tail.end >= c.len);
	HOLDS(tail.torn == 0 || tail.torn <= c.len);
	free(bytes);
}

static void end_file(struct making *m, const char *dir, bool full)
{
	char path[512];
	FILE *f = NULL;

	check_bytes(m);
	if (m->files == FILES_MAX)
		return;
	(void)snprintf(path, sizeof(path), "%s/%s", dir, m->name);
	f = fopen(path, "wb");
	HOLDS(f && (m->file.len == 0 || fwrite(m->file.data, 1, m->file.len, f) == m->file.len));
	HOLDS(!full || ftruncate(fileno(f), JOURNAL_SEGMENT_BYTES) == 0 || m->file.len > 0);
	HOLDS(fclose(f) == 0 && (!full || truncate(path, JOURNAL_SEGMENT_BYTES) == 0));
	m->files++;
	buf_reset(&m->file);
}

/* The next one's name is what its first record will be, or anything. */
static void begin_file(struct making *m)
{
	char *name = input_text(m->in, '\n');

	if (name[0] && strlen(name) < sizeof(m->name) && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
		(void)snprintf(m->name, sizeof(m->name), "%s", name);
	else
		segment_name(m->name, m->seq + 1);
	free(name);
}

static void make(struct making *m, const char *dir, uint8_t options)
{
	size_t last = 0;

	segment_name(m->name, 1);
	for (int i = 0; i < STEPS_MAX && m->in->len > 0; i++) {
		enum step step = (enum step)input_below(m->in, STEPS);
		size_t at = m->file.len;

		if (step == STEP_RECORD || step == STEP_NEXT)
			step_record(m, step == STEP_RECORD);
		else if (step == STEP_PATCH)
			step_patch(m, last);
		else if (step == STEP_OLD)
			step_old(m);
		else if (step == STEP_RAW)
			step_raw(m);
		else if (step == STEP_HOLE)
			m->is_whole &= more(m, (size_t)input_byte(m->in) * JOURNAL_ALIGN) == NULL;
		else if (step == STEP_FLIP)
			step_flip(m);
		else if (step == STEP_LARGE)
			step_large(m);
		else {
			end_file(m, dir, options & OPTION_FULL_HOLDS && options & OPTION_FULL << m->files);
			begin_file(m);
			m->is_whole = false;
		}
		last = m->file.len > at ? at : step == STEP_FILE ? 0 : last;
	}
	end_file(m, dir, options & OPTION_FULL_HOLDS && options & OPTION_FULL << m->files);
	buf_clear(&m->file);
}

/* ---- what is read of it ---- */

struct seen {
	uint64_t count, last;
	uint32_t sum;  /* of all numbers and contents */
	uint64_t most; /* to be taken into that sum: up to this number */
	const struct making *made;
	size_t truths; /* that were met, in their order */
};

static enum status look(void *ctx, const struct journal_record *r, struct error *e)
{
	struct seen *s = ctx;
	uint32_t sum = sum_of(r);

	(void)e;
	HOLDS(r->seq > s->last && r->seq < UINT64_MAX);
	HOLDS(r->json_len <= JOURNAL_MAX_RECORD && r->attachment_len <= JOURNAL_MAX_RECORD - r->json_len);
	HOLDS(memchr(r->boot_id, '\0', sizeof(r->boot_id)) != NULL && r->quality <= CLOCK_SYNCHRONISED);
	s->count++;
	s->last = r->seq;
	if (s->made && s->truths < s->made->truths_len && s->made->truths[s->truths].seq == r->seq && s->made->truths[s->truths].sum == sum)
		s->truths++;
	if (r->seq > s->most)
		return STATUS_OK;
	s->sum = crc32c(s->sum, &r->seq, sizeof(r->seq));
	s->sum = crc32c(s->sum, &sum, sizeof(sum));
	return STATUS_OK;
}

static enum status look_through(struct seen *s, struct journal *j, uint64_t most, const struct making *made)
{
	struct error e = {0};
	enum status st = STATUS_OK;

	*s = (struct seen){.most = most, .made = made};
	st = journal_each(j, 0, look, s, &e);
	HOLDS(st == STATUS_OK || e.text[0]);
	return st;
}

static struct journal *open_journal(const char *dir, enum journal_mode mode)
{
	struct journal *j = NULL;
	struct error e = {0};
	enum status st = journal_open(&j, dir, mode, 1, env_again(), &e);

	HOLDS(st == STATUS_OK ? j != NULL : j == NULL && e.text[0]);
	return j;
}

static bool every(void *ctx, const cJSON *json)
{
	(void)ctx;
	return json != NULL;
}

/* The kiosk goes on: what was readable still is, and a new answer gets a number that no other had. */
static void go_on(const char *dir, const struct seen *before, bool again)
{
	struct journal *j = open_journal(dir, JOURNAL_WRITE);
	struct seen s;
	uint64_t seq = 0;
	struct error e = {0};
	enum status st = j ? journal_append(&seq, j, "{\"new\":1}", 9, "sealed", 6, &e) : STATUS_IO;

	if (st == STATUS_OK) {
		HOLDS(seq > before->last && journal_last(j) == seq);
		HOLDS(look_through(&s, j, before->last, NULL) == STATUS_OK);
		HOLDS(s.last == seq && s.count == before->count + 1 && s.sum == before->sum);
		HOLDS(journal_percent(j) <= 100 && journal_size(j) > 0);
	}
	HOLDS(!j || st == STATUS_OK || e.text[0]);
	journal_close(j);
	j = again && st == STATUS_OK ? open_journal(dir, JOURNAL_WRITE) : NULL;
	if (!j)
		return;
	HOLDS(look_through(&s, j, before->last, NULL) == STATUS_OK && s.last == seq && s.sum == before->sum);
	journal_close(j);
}

/* What is erased goes, and its records stay. */
static void erase(const char *dir)
{
	struct journal *j = open_journal(dir, JOURNAL_READ);
	struct seen before, after;
	uint64_t count = 0;
	struct error e = {0};

	if (j && look_through(&before, j, 0, NULL) == STATUS_OK) {
		HOLDS(journal_scrub(&count, j, every, NULL, &e) == STATUS_OK || e.text[0]);
		HOLDS(look_through(&after, j, 0, NULL) == STATUS_OK);
		HOLDS(after.count >= before.count && after.last >= before.last);
	}
	journal_close(j);
}

static void drop_files(const char *dir)
{
	char path[512];
	struct dirent *entry = NULL;
	DIR *folder = opendir(dir);

	while (folder && (entry = readdir(folder))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || strcmp(entry->d_name, "next.spare") == 0)
			continue; /* the spare is the same for all */
		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		(void)unlink(path);
	}
	if (folder)
		(void)closedir(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *dir = harness_folder();
	struct input in = {bytes, len};
	struct making m = {.in = &in, .is_whole = true};
	struct seen seen;
	struct journal *j = NULL;
	uint8_t options = input_byte(&in);
	bool readable = false;

	drop_files(dir);
	make(&m, dir, options);
	j = open_journal(dir, JOURNAL_READ);
	readable = j && look_through(&seen, j, UINT64_MAX, &m) == STATUS_OK;
	if (m.is_whole && m.files > 0)
		HOLDS(readable && seen.count == m.truths_len && seen.truths == m.truths_len && journal_damaged(j) == 0);
	journal_close(j);
	options &= OPTION_DO;
	if (readable && (options == OPTION_GO_ON || options == OPTION_GO_ON_TWICE))
		go_on(dir, &seen, options == OPTION_GO_ON_TWICE);
	if (readable && options == OPTION_ERASE)
		erase(dir);
	return 0;
}
