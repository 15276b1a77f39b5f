/* tests/client/test_journal_damage.c - what bad places on a disk cost: the records they hit, and no other; and no number is given twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/journal.h"
#include "client/journal_record.h"
#include "tests/client/bad_file.h"
#include "core/digest.h"

#define FIRST_SEGMENT "00000000000000000001.qj"
#define HEAVY 15 /* of the largest records fill a segment */

/* ---- confirmations cost nothing here: thousands of journals are opened ---- */

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int fsync(int fd)
{
	(void)fd;
	return 0;
}

struct fixture {
	char root[64], dir[96];
	struct error e;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	strcpy(f->root, "/tmp/qip-damage-XXXXXX");
	if (!mkdtemp(f->root))
		return -1;
	(void)snprintf(f->dir, sizeof(f->dir), "%s/journal", f->root);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	pid_t child = fork();

	if (child == 0) {
		execlp("rm", "rm", "-rf", f->root, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(child, NULL, 0);
	free(f);
	return 0;
}

static struct journal *open_from(struct fixture *f, enum journal_mode mode, uint64_t first)
{
	struct journal *j = NULL;
	enum status st = journal_open(&j, f->dir, mode, first, env_system(), &f->e);

	if (st != STATUS_OK)
		print_error("journal_open: %s\n", f->e.text);
	assert_int_equal(st, STATUS_OK);
	return j;
}

static struct journal *open_journal(struct fixture *f)
{
	return open_from(f, JOURNAL_WRITE, 1);
}

/* What stands under a number, so that a mix-up shows. */
static int text_of(char out[64], uint64_t number)
{
	return snprintf(out, 64, "{\"n\":%llu,\"answers\":{\"experience\":\"good\"}}", (unsigned long long)number);
}

static uint64_t append(struct fixture *f, struct journal *j, uint64_t number, const void *attachment, size_t len)
{
	char json[64];
	uint64_t seq = 0;

	assert_int_equal(journal_append(&seq, j, json, (size_t)text_of(json, number), attachment, len, &f->e), STATUS_OK);
	return seq;
}

static void append_up_to(struct fixture *f, struct journal *j, uint64_t from, uint64_t to)
{
	for (uint64_t n = from; n <= to; n++)
		assert_int_equal(append(f, j, n, NULL, 0), n);
}

static void append_heavy(struct fixture *f, struct journal *j, uint64_t from, uint64_t to)
{
	char json[64];
	char *load = calloc(1, JOURNAL_MAX_RECORD);

	assert_non_null(load);
	for (uint64_t n = from; n <= to; n++)
		assert_int_equal(append(f, j, n, load, JOURNAL_MAX_RECORD - (size_t)text_of(json, n)), n);
	free(load);
}

/* Which numbers a journal gives: a record that says another number than its own, one out of order, and one twice fail the test. */
struct seen {
	bool numbers[512];
	uint64_t count, last;
};

static enum status look(void *ctx, const struct journal_record *r, struct error *e)
{
	struct seen *s = ctx;
	char json[64];
	int len = text_of(json, r->seq);

	(void)e;
	assert_true(r->seq > s->last && r->seq < ARRAY_LEN(s->numbers));
	assert_int_equal(r->json_len, len);
	assert_memory_equal(r->json, json, r->json_len);
	s->numbers[r->seq] = true;
	s->last = r->seq;
	s->count++;
	return STATUS_OK;
}

static struct seen look_through(struct fixture *f, struct journal *j)
{
	struct seen s = {.count = 0};

	assert_int_equal(journal_each(j, 0, look, &s, &f->e), STATUS_OK);
	return s;
}

static void assert_holds(struct fixture *f, struct journal *j, uint64_t from, uint64_t to)
{
	struct seen s = look_through(f, j);

	assert_int_equal(s.count, to - from + 1);
	assert_true(s.numbers[from]);
	assert_int_equal(s.last, to);
}

static char *path_of(struct fixture *f, const char *name)
{
	static char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	return path;
}

static int open_segment(struct fixture *f, const char *name)
{
	int fd = open(path_of(f, name), O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void rename_segment(struct fixture *f, const char *from, const char *to)
{
	char old[160];

	strcpy(old, path_of(f, from));
	assert_int_equal(rename(old, path_of(f, to)), 0);
}

static void copy_segment(struct fixture *f, const char *from, const char *to)
{
	char *bytes = malloc(JOURNAL_SEGMENT_BYTES);
	int in = open_segment(f, from), out = open(path_of(f, to), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_non_null(bytes);
	assert_true(out >= 0);
	assert_int_equal(read(in, bytes, JOURNAL_SEGMENT_BYTES), JOURNAL_SEGMENT_BYTES);
	assert_int_equal(write(out, bytes, JOURNAL_SEGMENT_BYTES), JOURNAL_SEGMENT_BYTES);
	(void)close(in);
	(void)close(out);
	free(bytes);
}

static void turn_bit(int fd, size_t bit)
{
	uint8_t byte = 0;

	assert_int_equal(pread(fd, &byte, 1, (off_t)(bit / 8)), 1);
	byte ^= (uint8_t)(1 << bit % 8);
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
}

/* ---- 10,000 bad places ---- */

#define RECORDS 24
#define ROUNDS 10000 /* of them bits 6, places of several bytes 3, cuts 1 in 10 */
#define AREA (RECORDS * 256 + 4096)

static unsigned int dice = 20261122;
static size_t throw(size_t sides)
{
	return (size_t)rand_r(&dice) % sides;
}

struct course {
	struct fixture *f;
	int fd;
	uint8_t *good;          /* the segment as it was */
	size_t starts[RECORDS + 2]; /* of each number's record; behind the last: the end */
};

static void course_start(struct course *c, struct fixture *f)
{
	struct journal *j = open_journal(f);
	struct journal_cursor at = {.len = AREA};
	struct journal_record r;

	*c = (struct course){.f = f, .good = malloc(AREA)};
	assert_non_null(c->good);
	for (uint64_t n = 1; n <= RECORDS; n++)
		assert_int_equal(append(f, j, n, "sealed sealed sealed sealed", throw(28)), n);
	journal_close(j);
	c->fd = open_segment(f, FIRST_SEGMENT);
	assert_int_equal(pread(c->fd, c->good, AREA, 0), AREA);
	at.bytes = c->good;
	while (journal_cursor_next(&at, &r))
		c->starts[r.seq] = at.record_at;
	c->starts[RECORDS + 1] = at.at;
	assert_int_equal(at.seq, RECORDS);
	assert_int_equal(ftruncate(c->fd, AREA), 0); /* a short one is read quickly */
}

static void course_end(struct course *c)
{
	(void)close(c->fd);
	free(c->good);
}

/* Bytes from to, of which something may have been changed: *hit[n] for each record that they touch. */
static void note_hits(const struct course *c, bool hit[RECORDS + 1], size_t from, size_t to)
{
	for (size_t n = 1; n <= RECORDS; n++)
		hit[n] = hit[n] || (from < c->starts[n + 1] && to > c->starts[n]);
}

/* One bad place: a bit, some noise, or a sector or less that is empty. */
static void strike(const struct course *c, bool hit[RECORDS + 1])
{
	uint8_t bytes[200];
	size_t at = throw(c->starts[RECORDS + 1]), len = 1, kind = throw(4);

	if (kind < 2) {
		turn_bit(c->fd, at * 8 + throw(8));
	} else {
		len += throw(sizeof(bytes) - 1);
		if (len > c->starts[RECORDS + 1] - at)
			len = c->starts[RECORDS + 1] - at;
		for (size_t i = 0; i < len; i++)
			bytes[i] = kind == 2 ? (uint8_t)throw(256) : 0;
		assert_int_equal(pwrite(c->fd, bytes, len, (off_t)at), len);
	}
	note_hits(c, hit, at, at + len);
}

/* What was not hit is there; the next number was never given; and the journal takes it. */
static void assert_lost_only(const struct course *c, const bool hit[RECORDS + 1], bool last_may_repeat)
{
	struct journal *j = open_journal(c->f);
	struct seen s = look_through(c->f, j);
	uint64_t next = 0;

	for (size_t n = 1; n <= RECORDS; n++) {
		if (!hit[n] && !s.numbers[n])
			fail_msg("number %zu is lost and was not hit", n);
	}
	next = append(c->f, j, s.last + 1, NULL, 0);
	assert_true(next <= RECORDS + 1);
	if (!last_may_repeat && next != RECORDS + 1)
		fail_msg("number %llu is given again", (unsigned long long)next);
	journal_close(j);
}

static void a_turned_bit_anywhere_costs_at_most_its_own_record_and_no_number_twice(void **state)
{
	struct course c;

	course_start(&c, *state);
	for (int round = 0; round < ROUNDS * 6 / 10; round++) {
		bool hit[RECORDS + 1] = {false};
		size_t bit = throw((c.starts[RECORDS + 1] + 256) * 8); /* in empty space, too */

		if (round % 4 == 0) /* of the last record more often: its number is the one in danger */
			bit = c.starts[RECORDS] * 8 + throw((c.starts[RECORDS + 1] - c.starts[RECORDS]) * 8);
		turn_bit(c.fd, bit);
		note_hits(&c, hit, bit / 8, bit / 8 + 1);
		assert_lost_only(&c, hit, false);
		assert_int_equal(pwrite(c.fd, c.good, AREA, 0), AREA);
	}
	course_end(&c);
}

static void two_last_records_without_a_trace_of_a_header_cost_two_numbers(void **state)
{
	struct course c;
	const bool hit[RECORDS + 1] = {[RECORDS - 1] = true, [RECORDS] = true};

	course_start(&c, *state);
	turn_bit(c.fd, c.starts[RECORDS - 1] * 8);
	turn_bit(c.fd, c.starts[RECORDS] * 8);
	assert_lost_only(&c, hit, false);
	course_end(&c);
}

/* Where a whole last record is overwritten or emptied, only the branch in the home can know of its number. */
static void any_damage_costs_only_what_it_touches(void **state)
{
	struct course c;

	course_start(&c, *state);
	for (int round = 0; round < ROUNDS * 3 / 10; round++) {
		bool hit[RECORDS + 1] = {false};

		for (size_t places = 1 + throw(3); places > 0; places--)
			strike(&c, hit);
		assert_lost_only(&c, hit, hit[RECORDS]);
		assert_int_equal(pwrite(c.fd, c.good, AREA, 0), AREA);
	}
	course_end(&c);
}

static void a_cut_anywhere_costs_only_what_is_behind_it(void **state)
{
	struct course c;

	course_start(&c, *state);
	for (int round = 0; round < ROUNDS / 10; round++) {
		bool hit[RECORDS + 1] = {false};
		size_t at = throw(c.starts[RECORDS + 1] + 512);

		assert_int_equal(ftruncate(c.fd, (off_t)at), 0);
		note_hits(&c, hit, at, AREA);
		assert_lost_only(&c, hit, true);
		assert_int_equal(pwrite(c.fd, c.good, AREA, 0), AREA);
		for (uint64_t n = 2; n <= RECORDS + 2; n++) { /* what was begun behind the cut */
			char name[40];

			(void)snprintf(name, sizeof(name), "%020llu.qj", (unsigned long long)n);
			(void)unlink(path_of(c.f, name));
		}
	}
	course_end(&c);
}

/* ---- what a patient wrote ---- */

struct forged {
	uint8_t bytes[4096];
	size_t len;
};

static void forge(struct forged *out, uint64_t seq)
{
	struct journal_record r = {.seq = seq, .wall_ms = 1669093200000, .json = "{\"n\":0}", .json_len = 7};

	out->len = 0;
	for (int i = 0; i < 20; i++) {
		journal_record_encode(out->bytes + out->len, &r, 0);
		out->len += journal_record_size(7, 0);
		r.seq++;
	}
}

/* A comment full of records, moved by up to seven bytes, so that in one of them they stand where records may stand. */
#define COMMENTS 8
static size_t append_comments(struct fixture *f, size_t starts[COMMENTS + 1])
{
	struct journal *j = open_journal(f);
	struct forged text;
	size_t at = 0;

	forge(&text, 2);
	for (uint64_t n = 1; n <= COMMENTS; n++) {
		char json[64];
		size_t len = text.len - (size_t)(n - 1);

		starts[n] = at;
		at += journal_record_size((size_t)text_of(json, n), len);
		assert_int_equal(append(f, j, n, text.bytes + n - 1, len), n);
	}
	append_up_to(f, j, COMMENTS + 1, COMMENTS + 1);
	journal_close(j);
	return at;
}

static void a_comment_made_of_records_is_never_taken_for_any(void **state)
{
	struct fixture *f = *state;
	size_t starts[COMMENTS + 1];
	size_t end = append_comments(f, starts);
	int fd = open_segment(f, FIRST_SEGMENT);
	struct journal *j = NULL;

	assert_int_equal(ftruncate(fd, (off_t)end + 4096), 0); /* a short one is read quickly */
	for (size_t n = 1; n <= COMMENTS; n++) {
		for (size_t bit = starts[n] * 8; bit < (starts[n] + JOURNAL_HEADER_BYTES) * 8; bit += 5) {
			struct seen s;

			turn_bit(fd, bit);
			j = open_journal(f);
			s = look_through(f, j); /* which fails at any text that is not its number's */
			assert_int_equal(s.count, COMMENTS);
			assert_false(s.numbers[n]);
			journal_close(j);
			turn_bit(fd, bit);
		}
	}
	(void)close(fd);
	j = open_journal(f);
	assert_holds(f, j, 1, COMMENTS + 1);
	journal_close(j);
}

/* ---- records as they were written before headers had a checksum of their own ---- */

static void put(uint8_t *out, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

static size_t old_record(uint8_t *out, uint64_t seq)
{
	char json[64];
	size_t len = (size_t)text_of(json, seq);

	memset(out, 0, 256);
	memcpy(out, "qipj\1\0\x58\0", 8);
	put(out + 12, len, 4);
	put(out + 16, 3, 4);
	put(out + 20, CLOCK_SYNCHRONISED, 4);
	put(out + 24, seq, 8);
	put(out + 32, 1669093200000, 8);
	memcpy(out + 48, "5f1c2f0e-0000-4000-8000-000000000001", 36);
	memcpy(out + 88, json, len);
	memcpy(out + 88 + len, "abc", 3);
	put(out + 8, crc32c(crc32c(0, out, 8), out + 12, 76 + len + 3), 4);
	return (88 + len + 3 + 7) / 8 * 8;
}

static void reads_what_was_written_in_the_first_form_and_goes_on_behind_it(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);
	uint8_t record[256];
	off_t at = 0;
	int fd = -1;

	journal_close(j);
	fd = open_segment(f, FIRST_SEGMENT);
	for (uint64_t n = 1; n <= 5; n++) {
		size_t len = old_record(record, n);

		assert_int_equal(pwrite(fd, record, len, at), len);
		at += (off_t)len;
	}
	(void)close(fd);
	j = open_journal(f);
	append_up_to(f, j, 6, 8);
	assert_holds(f, j, 1, 8);
	journal_close(j);
	j = open_journal(f);
	assert_holds(f, j, 1, 8);
	journal_close(j);
}

/* ---- files ---- */

static void a_segment_whose_name_is_damaged_is_read_in_its_place(void **state)
{
	static const char *const names[] = {"0000000000000000000k.qj", "00000000000000000099.qj", "09223372036854775808.qj", "FSCK0000.REC"};
	struct fixture *f = *state;
	struct journal *j = open_journal(f);

	append_heavy(f, j, 1, 3 * HEAVY - 5);
	journal_close(j);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		static const char *const segments[] = {FIRST_SEGMENT, "00000000000000000016.qj", "00000000000000000031.qj"};

		for (size_t k = 0; k < ARRAY_LEN(segments); k++) {
			rename_segment(f, segments[k], names[i]);
			j = open_journal(f);
			assert_holds(f, j, 1, 3 * HEAVY - 5);
			assert_int_equal(journal_last(j), 3 * HEAVY - 5);
			journal_close(j);
			j = open_from(f, JOURNAL_READ, 1);
			assert_holds(f, j, 1, 3 * HEAVY - 5);
			journal_close(j);
			rename_segment(f, names[i], segments[k]);
		}
	}
	rename_segment(f, "00000000000000000031.qj", "09223372036854775808.qj");
	j = open_journal(f);
	append_up_to(f, j, 3 * HEAVY - 4, 3 * HEAVY);
	assert_holds(f, j, 1, 3 * HEAVY);
	journal_close(j);
}

static void a_name_that_stands_in_the_way_is_not_written_over(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);

	append_heavy(f, j, 1, HEAVY);
	journal_close(j);
	rename_segment(f, FIRST_SEGMENT, "00000000000000000016.qj");
	j = open_journal(f);
	append_heavy(f, j, HEAVY + 1, 2 * HEAVY);
	assert_holds(f, j, 1, 2 * HEAVY);
	journal_close(j);
}

static void the_name_of_an_empty_segment_alone_does_not_make_numbers_jump(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);

	append_heavy(f, j, 1, HEAVY);
	journal_close(j);
	copy_segment(f, "next.spare", "09223372036854775808.qj");
	j = open_journal(f);
	append_up_to(f, j, HEAVY + 1, HEAVY + 3);
	assert_holds(f, j, 1, HEAVY + 3);
	journal_close(j);
}

static void a_missing_segment_costs_what_it_held_and_no_number_comes_back(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);
	struct seen s;

	append_heavy(f, j, 1, 2 * HEAVY);
	journal_close(j);
	assert_int_equal(unlink(path_of(f, FIRST_SEGMENT)), 0);
	j = open_journal(f);
	s = look_through(f, j);
	assert_int_equal(s.count, HEAVY);
	assert_true(s.numbers[HEAVY + 1]);
	append_up_to(f, j, 2 * HEAVY + 1, 2 * HEAVY + 1);
	journal_close(j);
	copy_segment(f, "next.spare", "00000000000000000032.qj"); /* begun, and nothing in it yet */
	assert_int_equal(unlink(path_of(f, "00000000000000000016.qj")), 0);
	if (access(path_of(f, "00000000000000000031.qj"), F_OK) == 0)
		assert_int_equal(unlink(path_of(f, "00000000000000000031.qj")), 0);
	j = open_journal(f);
	append_up_to(f, j, 32, 33);
	journal_close(j);
}

static void two_files_with_the_same_numbers_give_each_once(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);
	int fd = -1;

	append_heavy(f, j, 1, HEAVY + 3);
	journal_close(j);
	copy_segment(f, "00000000000000000016.qj", "00000000000000000017.qj"); /* as it was some records ago */
	copy_segment(f, FIRST_SEGMENT, "00000000000000000007.qj");
	fd = open_segment(f, "00000000000000000017.qj");
	assert_int_equal(ftruncate(fd, (off_t)(2 * journal_record_size(JOURNAL_MAX_RECORD, 0))), 0);
	(void)close(fd);
	j = open_journal(f);
	assert_holds(f, j, 1, HEAVY + 3);
	append_up_to(f, j, HEAVY + 4, HEAVY + 6);
	assert_holds(f, j, 1, HEAVY + 6);
	journal_close(j);
	j = open_from(f, JOURNAL_READ, 1);
	assert_holds(f, j, 1, HEAVY + 6);
	journal_close(j);
}

static void a_folder_that_was_taken_away_is_noticed_before_anybody_is_thanked(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);
	char aside[160];
	uint64_t seq = 0;

	append_up_to(f, j, 1, 3);
	(void)snprintf(aside, sizeof(aside), "%s/aside", f->root);
	assert_int_equal(rename(f->dir, aside), 0);
	assert_int_equal(journal_append(&seq, j, "{}", 2, NULL, 0, &f->e), STATUS_STALE);
	assert_int_equal(journal_append(&seq, j, "{}", 2, NULL, 0, &f->e), STATUS_IO);
	journal_close(j);
	j = open_from(f, JOURNAL_WRITE, 4);
	append_up_to(f, j, 4, 5);
	journal_close(j);
}

/* ---- letting go ---- */

static void a_file_that_the_disk_does_not_give_costs_what_it_holds_alone(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f), *reader = NULL;
	struct seen s = {.count = 0};

	append_heavy(f, j, 1, 2 * HEAVY + 1);
	journal_close(j);
	bad_file = "00000000000000000016.qj";
	j = open_journal(f);
	append_up_to(f, j, 2 * HEAVY + 2, 2 * HEAVY + 2);
	assert_int_equal(journal_damaged(j), 1);
	reader = open_from(f, JOURNAL_READ, 1);
	assert_true(journal_has_unreadable(reader));
	assert_int_not_equal(journal_each(reader, 0, look, &s, &f->e), STATUS_OK); /* it may come back */
	assert_int_equal(s.count, HEAVY);
	journal_pass_unreadable(reader);
	s = look_through(f, reader);
	assert_int_equal(s.count, HEAVY + 2);
	journal_close(reader);
	bad_file = NULL;
	reader = open_from(f, JOURNAL_READ, 1);
	assert_false(journal_has_unreadable(reader));
	assert_holds(f, reader, 1, 2 * HEAVY + 2);
	journal_close(reader);
	journal_close(j);
}

static void a_newest_file_that_the_disk_does_not_give_is_followed_by_another(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);
	struct seen s;

	append_heavy(f, j, 1, HEAVY + 3);
	journal_close(j);
	bad_file = "00000000000000000016.qj";
	for (uint64_t n = HEAVY + 1 + 256; n < HEAVY + 1 + 256 + 3; n++) { /* none is made anew at each opening */
		j = open_journal(f);
		append_up_to(f, j, n, n);
		journal_close(j);
	}
	bad_file = NULL;
	j = open_journal(f);
	s = look_through(f, j);
	assert_int_equal(s.count, HEAVY + 3 + 3);
	assert_int_equal(journal_size(j), 3 * JOURNAL_SEGMENT_BYTES);
	journal_close(j);
}

static bool is_young(void *ctx, uint64_t seq)
{
	(void)ctx;
	assert_true(seq >= HEAVY); /* of a file without a record, the next one's is asked */
	return false;
}

static void damage_does_not_keep_segments_from_being_let_go_of(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);
	int fd = -1;

	append_heavy(f, j, 1, 3 * HEAVY + 1);
	fd = open_segment(f, FIRST_SEGMENT);
	for (size_t at = 0; at < JOURNAL_SEGMENT_BYTES; at += 4096)
		assert_int_equal(pwrite(fd, "rubbish!", 8, (off_t)at), 8);
	(void)close(fd);
	fd = open_segment(f, "00000000000000000016.qj");
	turn_bit(fd, 8 * 5000);
	(void)close(fd);
	journal_close(j);
	j = open_journal(f);
	assert_true(journal_damaged(j) >= 2);
	assert_int_equal(journal_release(j, HEAVY - 1, 0, is_young, NULL, &f->e), STATUS_OK); /* what was its last has not arrived */
	assert_int_equal(access(path_of(f, FIRST_SEGMENT), F_OK), 0);
	assert_int_equal(journal_release(j, 2 * HEAVY, JOURNAL_MAX_BYTES, is_young, NULL, &f->e), STATUS_OK);
	assert_int_equal(access(path_of(f, FIRST_SEGMENT), F_OK), 0);
	assert_int_equal(journal_release(j, 2 * HEAVY, 0, is_young, NULL, &f->e), STATUS_OK);
	assert_int_not_equal(access(path_of(f, FIRST_SEGMENT), F_OK), 0);
	assert_int_not_equal(access(path_of(f, "00000000000000000016.qj"), F_OK), 0);
	assert_int_equal(journal_damaged(j), 0);
	append_up_to(f, j, 3 * HEAVY + 2, 3 * HEAVY + 2);
	journal_close(j);
}

/* ---- a newer program's ---- */

#define LATER_HEADER 120 /* of a version 3 that knows more */

static void put_sum(uint8_t *record)
{
	uint32_t crc = crc32c(crc32c(0, record, 8), record + 12, LATER_HEADER - 12);

	for (int i = 0; i < 4; i++)
		record[8 + i] = (uint8_t)(crc >> 8 * i);
}

static void a_newer_programs_record_is_no_damage_and_the_journal_is_left_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct course c;
	struct journal *j = NULL;
	struct seen s = {.count = 0};
	uint8_t record[LATER_HEADER], *after = malloc(AREA);

	assert_non_null(after);
	course_start(&c, f);
	memcpy(record, c.good + c.starts[RECORDS], JOURNAL_HEADER_BYTES);
	memset(record + JOURNAL_HEADER_BYTES, 0xa5, sizeof(record) - JOURNAL_HEADER_BYTES);
	record[4] = 3;
	record[6] = LATER_HEADER;
	put_sum(record);
	memcpy(c.good + c.starts[RECORDS], record, sizeof(record));
	assert_int_equal(pwrite(c.fd, c.good, AREA, 0), AREA);
	assert_int_equal(journal_open(&j, f->dir, JOURNAL_WRITE, 1, env_system(), &f->e), STATUS_UNSUPPORTED);
	assert_non_null(strstr(f->e.text, "newer version"));
	j = open_from(f, JOURNAL_READ, 1);
	assert_int_equal(journal_each(j, 0, look, &s, &f->e), STATUS_UNSUPPORTED);
	assert_int_equal(s.count, 0);
	journal_close(j);
	assert_int_equal(pread(c.fd, after, AREA, 0), AREA);
	assert_memory_equal(after, c.good, AREA);

	turn_bit(c.fd, 8 * (c.starts[RECORDS] + 20)); /* a header that does not hold is damage, whatever version it names */
	j = open_journal(f);
	assert_int_equal(look_through(f, j).count, RECORDS - 1);
	journal_close(j);
	course_end(&c);
	free(after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_turned_bit_anywhere_costs_at_most_its_own_record_and_no_number_twice),
		TEST(two_last_records_without_a_trace_of_a_header_cost_two_numbers),
		TEST(any_damage_costs_only_what_it_touches),
		TEST(a_cut_anywhere_costs_only_what_is_behind_it),
		TEST(a_comment_made_of_records_is_never_taken_for_any),
		TEST(reads_what_was_written_in_the_first_form_and_goes_on_behind_it),
		TEST(a_segment_whose_name_is_damaged_is_read_in_its_place),
		TEST(a_file_that_the_disk_does_not_give_costs_what_it_holds_alone),
		TEST(a_newest_file_that_the_disk_does_not_give_is_followed_by_another),
		TEST(a_name_that_stands_in_the_way_is_not_written_over),
		TEST(the_name_of_an_empty_segment_alone_does_not_make_numbers_jump),
		TEST(a_missing_segment_costs_what_it_held_and_no_number_comes_back),
		TEST(two_files_with_the_same_numbers_give_each_once),
		TEST(a_folder_that_was_taken_away_is_noticed_before_anybody_is_thanked),
		TEST(a_newer_programs_record_is_no_damage_and_the_journal_is_left_as_it_is),
		TEST(damage_does_not_keep_segments_from_being_let_go_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
