/* tests/client/test_journal.c - what the journal keeps through torn writes, damage, failing disks and company. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/journal.h"
#include "client/journal_record.h"

#define FIRST_SEGMENT "00000000000000000001.qj"

/* ---- the disk's confirmation, made to fail at will: this definition takes the place of the C library's ---- */

static atomic_int confirmations_to_fail;
static atomic_int confirmations;
int fdatasync(int fd)
{
	atomic_fetch_add(&confirmations, 1);
	if (atomic_load(&confirmations_to_fail) > 0) {
		atomic_fetch_sub(&confirmations_to_fail, 1);
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

/* ---- a machine whose clocks the test sets ---- */

struct machine {
	struct env env;
	int64_t wall_ms, monotonic_ms;
	enum clock_quality quality;
};

static int64_t machine_now(void *ctx)
{
	return ((struct machine *)ctx)->wall_ms;
}

static int64_t machine_monotonic(void *ctx)
{
	return ((struct machine *)ctx)->monotonic_ms;
}

static enum clock_quality machine_quality(void *ctx)
{
	return ((struct machine *)ctx)->quality;
}

static void machine_boot_id(void *ctx, char out[ENV_BOOT_ID_MAX])
{
	(void)ctx;
	strcpy(out, "5f1c2f0e-0000-4000-8000-000000000001");
}

static enum status machine_random(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	return env_system()->random(env_system()->ctx, out, len);
}

struct fixture {
	struct machine machine;
	char root[64];
	char dir[96];
	struct error e;
};

static void machine_start(struct machine *m)
{
	*m = (struct machine){.wall_ms = 1669093200000, .monotonic_ms = 5000, .quality = CLOCK_SYNCHRONISED};
	m->env = (struct env){.now_ms = machine_now, .monotonic_ms = machine_monotonic, .quality = machine_quality,
			      .boot_id = machine_boot_id, .random = machine_random, .ctx = m};
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	machine_start(&f->machine);
	strcpy(f->root, "/tmp/qip-journal-XXXXXX");
	if (!mkdtemp(f->root))
		return -1;
	(void)snprintf(f->dir, sizeof(f->dir), "%s/journal", f->root);
	atomic_store(&confirmations_to_fail, 0);
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
	enum status st = journal_open(&j, f->dir, mode, first, &f->machine.env, &f->e);

	if (st != STATUS_OK)
		print_error("journal_open: %s\n", f->e.text);
	assert_int_equal(st, STATUS_OK);
	return j;
}

static struct journal *open_journal(struct fixture *f)
{
	return open_from(f, JOURNAL_WRITE, 1);
}

static uint64_t append(struct fixture *f, struct journal *j, const char *json)
{
	uint64_t seq = 0;
	enum status st = journal_append(&seq, j, json, strlen(json), NULL, 0, &f->e);

	if (st != STATUS_OK)
		print_error("journal_append: %s\n", f->e.text);
	assert_int_equal(st, STATUS_OK);
	return seq;
}

/* An answer whose text says its own number, so that a mix-up shows. */
static void append_numbered(struct fixture *f, struct journal *j, uint64_t number)
{
	char json[64];

	(void)snprintf(json, sizeof(json), "{\"n\":%llu}", (unsigned long long)number);
	assert_int_equal(append(f, j, json), number);
}

struct seen {
	uint64_t count, last, missing;
	bool wrong; /* a record whose text is not its number's */
};

static enum status look(void *ctx, const struct journal_record *r, struct error *e)
{
	struct seen *s = ctx;
	char json[64];
	int len = snprintf(json, sizeof(json), "{\"n\":%llu}", (unsigned long long)r->seq);

	(void)e;
	s->missing += r->seq - s->last - 1;
	s->wrong = s->wrong || r->seq <= s->last || r->json_len != (size_t)len || memcmp(r->json, json, r->json_len) != 0;
	s->last = r->seq;
	s->count++;
	return STATUS_OK;
}

static struct seen look_through(struct fixture *f, struct journal *j)
{
	struct seen s = {0};

	assert_int_equal(journal_each(j, 0, look, &s, &f->e), STATUS_OK);
	return s;
}

static void assert_holds(struct fixture *f, struct journal *j, uint64_t count)
{
	struct seen s = look_through(f, j);

	assert_false(s.wrong);
	assert_int_equal(s.count, count);
	assert_int_equal(s.missing, 0);
	assert_int_equal(journal_last(j), count);
}

static int open_segment(struct fixture *f, const char *name)
{
	char path[160];
	int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static bool exists(struct fixture *f, const char *name)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	return access(path, F_OK) == 0;
}

static void overwrite(int fd, const void *bytes, size_t len, size_t at)
{
	assert_int_equal(pwrite(fd, bytes, len, (off_t)at), len);
}

/* ---- keeping ---- */

static enum status check_whole_record(void *ctx, const struct journal_record *r, struct error *e)
{
	int *visited = ctx;

	(void)e;
	assert_int_equal(r->seq, 1);
	assert_int_equal(r->wall_ms, 1669093200000);
	assert_int_equal(r->monotonic_ms, 5000);
	assert_int_equal(r->quality, CLOCK_SYNCHRONISED);
	assert_string_equal(r->boot_id, "5f1c2f0e-0000-4000-8000-000000000001");
	assert_int_equal(r->json_len, 8);
	assert_memory_equal(r->json, "{\"a\":11}", 8);
	assert_int_equal(r->attachment_len, 5);
	assert_memory_equal(r->attachment, "s\0al\xff", 5);
	(*visited)++;
	return STATUS_OK;
}

static void gives_back_everything_that_was_put_in(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);
	uint64_t seq = 0;
	int visited = 0;

	assert_int_equal(journal_last(j), 0);
	assert_int_equal(journal_append(&seq, j, "{\"a\":11}", 8, "s\0al\xff", 5, &f->e), STATUS_OK);
	assert_int_equal(seq, 1);
	journal_close(j);
	f->machine.wall_ms = 0;
	j = open_journal(f);
	assert_int_equal(journal_each(j, 1, check_whole_record, &visited, &f->e), STATUS_OK);
	assert_int_equal(visited, 1);
	journal_close(j);
}

static void numbers_go_on_after_reopening(void **state)
{
	struct fixture *f = *state;

	for (uint64_t n = 1; n <= 5; n++) {
		struct journal *j = open_journal(f);

		append_numbered(f, j, n);
		assert_holds(f, j, n);
		journal_close(j);
	}
}

static void an_append_costs_one_confirmation_of_the_disk(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);
	int before = atomic_load(&confirmations);

	for (uint64_t n = 1; n <= 10; n++)
		append_numbered(f, j, n);
	assert_int_equal(atomic_load(&confirmations) - before, 10);
	journal_close(j);
}

static enum status check_clock(void *ctx, const struct journal_record *r, struct error *e)
{
	static const int64_t expected[] = {-86400000, 0, 4102444800000};

	(void)e;
	assert_int_equal(r->wall_ms, expected[r->seq - 1]);
	assert_int_equal(r->quality, CLOCK_UNKNOWN);
	(*(int *)ctx)++;
	return STATUS_OK;
}

static void keeps_wrong_clocks_as_they_stood(void **state)
{
	static const int64_t walls[] = {-86400000, 0, 4102444800000};
	struct fixture *f = *state;
	struct journal *j = open_journal(f);
	int visited = 0;

	f->machine.quality = CLOCK_UNKNOWN;
	for (size_t i = 0; i < ARRAY_LEN(walls); i++) {
		f->machine.wall_ms = walls[i];
		(void)append(f, j, "{}");
	}
	assert_int_equal(journal_each(j, 1, check_clock, &visited, &f->e), STATUS_OK);
	assert_int_equal(visited, 3);
	journal_close(j);
}

static void a_later_history_moves_the_numbers_on(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_from(f, JOURNAL_WRITE, 7);

	assert_int_equal(journal_last(j), 0);
	append_numbered(f, j, 7);
	journal_close(j);
	j = open_from(f, JOURNAL_WRITE, 3);
	append_numbered(f, j, 8);
	journal_close(j);
	j = open_from(f, JOURNAL_WRITE, 100);
	assert_int_equal(journal_last(j), 8);
	append_numbered(f, j, 100);
	journal_close(j);
	j = open_journal(f);
	append_numbered(f, j, 101);
	journal_close(j);
}

static void takes_the_largest_record_and_no_larger(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);
	char *big = calloc(1, JOURNAL_MAX_RECORD);
	uint64_t seq = 0;

	assert_non_null(big);
	assert_int_equal(journal_append(&seq, j, big, JOURNAL_MAX_RECORD, "x", 1, &f->e), STATUS_TOO_BIG);
	assert_int_equal(journal_append(&seq, j, big, 1, big, JOURNAL_MAX_RECORD, &f->e), STATUS_TOO_BIG);
	assert_int_equal(journal_append(&seq, j, big, JOURNAL_MAX_RECORD - 1, "x", 1, &f->e), STATUS_OK);
	assert_int_equal(seq, 1);
	journal_close(j);
	j = open_journal(f);
	assert_int_equal(journal_last(j), 1);
	journal_close(j);
	free(big);
}

/* ---- torn and damaged ---- */

static size_t third_record_image(uint8_t *image, size_t size)
{
	struct journal_record r = {.seq = 3, .wall_ms = 1, .monotonic_ms = 2, .json = "{\"n\":3}", .json_len = 7,
				   .attachment = "sealed", .attachment_len = 6};

	assert_true(journal_record_size(7, 6) <= size);
	journal_record_encode(image, &r, UINT64_C(0x1122334455667788));
	return journal_record_size(7, 6);
}

static size_t start_with_two(struct fixture *f)
{
	struct journal *j = open_journal(f);

	append_numbered(f, j, 1);
	append_numbered(f, j, 2);
	journal_close(j);
	return 2 * journal_record_size(7, 0);
}

/* The segment as a power cut left it: reopening gives what was acknowledged, and the next answer is kept. */
static void assert_recovers(struct fixture *f, int fd, size_t end)
{
	struct journal *j = open_journal(f);
	uint8_t behind[512];

	assert_holds(f, j, 2);
	assert_int_equal(pread(fd, behind, sizeof(behind), (off_t)end), sizeof(behind));
	for (size_t i = 0; i < sizeof(behind); i++)
		assert_int_equal(behind[i], 0);
	append_numbered(f, j, 3);
	journal_close(j);
	j = open_journal(f);
	assert_holds(f, j, 3);
	journal_close(j);
}

/* A third record of which the disk has the beginning up to each word, or the end from each word on: sectors and pages are made of words. */
static void survives_parts(struct fixture *f, bool ends)
{
	static const uint8_t nothing[512];
	uint8_t image[512];
	size_t len = third_record_image(image, sizeof(image));
	size_t end = start_with_two(f);
	int fd = open_segment(f, FIRST_SEGMENT);

	for (size_t at = ends ? JOURNAL_ALIGN : 0; at < len; at += JOURNAL_ALIGN) {
		overwrite(fd, nothing, sizeof(nothing), end);
		if (ends)
			overwrite(fd, image + at, len - at, end + at);
		else
			overwrite(fd, image, at, end);
		assert_recovers(f, fd, end);
	}
	(void)close(fd);
}

static void survives_a_kill_after_any_word_of_a_write(void **state)
{
	survives_parts(*state, false);
}

static void survives_a_write_whose_later_part_arrived_first(void **state)
{
	survives_parts(*state, true);
}

static void a_whole_record_that_was_never_acknowledged_is_confirmed_before_it_counts(void **state)
{
	struct fixture *f = *state;
	uint8_t image[512];
	size_t len = third_record_image(image, sizeof(image));
	size_t end = start_with_two(f);
	int fd = open_segment(f, FIRST_SEGMENT);
	struct journal *j = NULL;

	overwrite(fd, image, len, end);
	(void)close(fd);
	atomic_store(&confirmations_to_fail, 2);
	assert_int_equal(journal_open(&j, f->dir, JOURNAL_WRITE, 1, &f->machine.env, &f->e), STATUS_IO);
	j = open_journal(f);
	assert_holds(f, j, 3);
	journal_close(j);
}

static void damage_in_the_middle_costs_only_that_record(void **state)
{
	struct fixture *f = *state;
	size_t size = journal_record_size(7, 0);
	struct journal *j = open_journal(f);
	struct seen s;
	int fd = -1;

	for (uint64_t n = 1; n <= 5; n++)
		append_numbered(f, j, n);
	journal_close(j);
	fd = open_segment(f, FIRST_SEGMENT);
	overwrite(fd, "X", 1, 2 * size + JOURNAL_HEADER_BYTES + 2);
	(void)close(fd);
	j = open_journal(f);
	s = look_through(f, j);
	assert_false(s.wrong);
	assert_int_equal(s.count, 4);
	assert_int_equal(s.missing, 1);
	append_numbered(f, j, 6);
	journal_close(j);
}

static void a_damaged_newest_segment_does_not_bring_old_numbers_back(void **state)
{
	struct fixture *f = *state;
	char *big = calloc(1, JOURNAL_MAX_RECORD);
	struct journal *j = open_journal(f);
	uint64_t seq = 0;
	int fd = -1;

	assert_non_null(big);
	while (!exists(f, "00000000000000000016.qj"))
		assert_int_equal(journal_append(&seq, j, big, JOURNAL_MAX_RECORD, NULL, 0, &f->e), STATUS_OK);
	assert_int_equal(seq, 16);
	journal_close(j);
	fd = open_segment(f, "00000000000000000016.qj");
	overwrite(fd, "X", 1, 0);
	(void)close(fd);
	j = open_journal(f);
	assert_int_equal(journal_last(j), 15);
	assert_int_equal(append(f, j, "{}"), 17); /* 16 was thanked */
	journal_close(j);
	free(big);
}

/* ---- a disk that fails ---- */

static void refuses_to_go_on_after_an_unconfirmed_write(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);
	uint64_t seq = 0;

	append_numbered(f, j, 1);
	atomic_store(&confirmations_to_fail, 1);
	assert_int_equal(journal_append(&seq, j, "{\"n\":2}", 7, NULL, 0, &f->e), STATUS_IO);
	assert_non_null(strstr(f->e.text, "did not confirm"));
	assert_int_equal(seq, 0);
	assert_int_equal(journal_append(&seq, j, "{\"n\":2}", 7, NULL, 0, &f->e), STATUS_IO);
	assert_non_null(strstr(f->e.text, "opened again"));
	assert_holds(f, j, 1);
	journal_close(j);
	j = open_journal(f);
	assert_holds(f, j, 2); /* it was written after all, and is confirmed now */
	append_numbered(f, j, 3);
	journal_close(j);
}

static void limit_file_size(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void takes_back_a_write_that_stopped_half_way(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);
	uint64_t seq = 0;
	uint8_t behind[64];
	int fd = open_segment(f, FIRST_SEGMENT);
	enum status st = STATUS_OK;

	append_numbered(f, j, 1);
	(void)signal(SIGXFSZ, SIG_IGN);
	limit_file_size(journal_record_size(7, 0) + 50);
	st = journal_append(&seq, j, "{\"n\":2}", 7, NULL, 0, &f->e);
	limit_file_size(RLIM_INFINITY);
	assert_int_equal(st, STATUS_IO);
	assert_int_equal(pread(fd, behind, sizeof(behind), (off_t)journal_record_size(7, 0)), sizeof(behind));
	for (size_t i = 0; i < sizeof(behind); i++)
		assert_int_equal(behind[i], 0);
	(void)close(fd);
	assert_holds(f, j, 1);
	append_numbered(f, j, 2);
	journal_close(j);
	j = open_journal(f);
	assert_holds(f, j, 2);
	journal_close(j);
}

static bool mount_small_disk(struct fixture *f, const char *options)
{
	if (mkdir(f->dir, 0700) != 0 || mount("tmpfs", f->dir, "tmpfs", 0, options) != 0) {
		print_message("no right to mount a small disk here\n");
		return false;
	}
	return true;
}

static void says_that_the_disk_is_full_and_keeps_what_it_has(void **state)
{
	struct fixture *f = *state;
	char *big = calloc(1, JOURNAL_MAX_RECORD);
	struct journal *j = NULL;
	uint64_t seq = 0;
	enum status st = STATUS_OK;

	assert_non_null(big);
	if (!mount_small_disk(f, "size=2560k")) {
		free(big);
		skip();
	}
	j = open_journal(f);
	while (st == STATUS_OK)
		st = journal_append(&seq, j, big, JOURNAL_MAX_RECORD, NULL, 0, &f->e);
	assert_int_equal(st, STATUS_NO_SPACE);
	assert_non_null(strstr(f->e.text, "No space left"));
	assert_int_equal(journal_last(j), 30); /* two segments of 15 */
	assert_int_equal(journal_percent(j), 100);
	assert_int_equal(append(f, j, "{}"), 31); /* a small one still fits */
	assert_int_equal(mount("tmpfs", f->dir, "tmpfs", MS_REMOUNT, "size=16m"), 0);
	assert_true(journal_percent(j) < 90);
	assert_int_equal(journal_append(&seq, j, big, JOURNAL_MAX_RECORD, NULL, 0, &f->e), STATUS_OK); /* room again, and nothing was opened anew */
	assert_int_equal(seq, 32);
	journal_close(j);
	j = open_journal(f);
	assert_int_equal(journal_last(j), 32);
	journal_close(j);
	assert_int_equal(umount(f->dir), 0);
	free(big);
}

static void says_that_the_disk_is_read_only(void **state)
{
	struct fixture *f = *state;
	struct journal *j = NULL;
	struct journal *reader = NULL;

	if (!mount_small_disk(f, "size=4m"))
		skip();
	j = open_journal(f);
	append_numbered(f, j, 1);
	journal_close(j);
	assert_int_equal(mount("tmpfs", f->dir, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(journal_open(&j, f->dir, JOURNAL_WRITE, 1, &f->machine.env, &f->e), STATUS_IO);
	assert_non_null(strstr(f->e.text, "Read-only file system"));
	reader = open_from(f, JOURNAL_READ, 1);
	assert_holds(f, reader, 1);
	journal_close(reader);
	assert_int_equal(umount(f->dir), 0);
}

static void stops_at_its_own_limit_with_words(void **state)
{
	struct fixture *f = *state;
	char *big = calloc(1, JOURNAL_MAX_RECORD);
	struct journal *j = open_journal(f);
	uint64_t seq = 0;
	enum status st = STATUS_OK;

	assert_non_null(big);
	assert_int_equal(journal_percent(j), 0);
	while (st == STATUS_OK) {
		st = journal_append(&seq, j, big, JOURNAL_MAX_RECORD, NULL, 0, &f->e);
		if (seq == 64 * 15 * 9 / 10 + 15)
			assert_true(journal_percent(j) >= 90 && journal_percent(j) < 100);
	}
	assert_int_equal(st, STATUS_NO_SPACE);
	assert_non_null(strstr(f->e.text, "full"));
	assert_int_equal(journal_percent(j), 100);
	assert_int_equal(journal_size(j), JOURNAL_MAX_BYTES);
	assert_int_equal(journal_last(j), seq);
	assert_int_equal(journal_release(j, seq, 0, NULL, NULL, &f->e), STATUS_OK);
	assert_int_equal(append(f, j, big), seq + 1);
	assert_int_equal(journal_append(&seq, j, big, JOURNAL_MAX_RECORD, NULL, 0, &f->e), STATUS_OK);
	journal_close(j);
	free(big);
}

/* ---- company ---- */

static void a_second_writer_is_sent_away(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);
	struct journal *other = NULL;
	int told = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(journal_open(&other, f->dir, JOURNAL_WRITE, 1, &f->machine.env, NULL) == STATUS_BUSY ? 42 : 1);
	assert_int_equal(waitpid(child, &told, 0), child);
	assert_int_equal(WEXITSTATUS(told), 42);
	assert_int_equal(journal_open(&other, f->dir, JOURNAL_WRITE, 1, &f->machine.env, &f->e), STATUS_BUSY);
	assert_null(other);
	journal_close(j);
	j = open_journal(f);
	journal_close(j);
}

static void a_reader_finds_an_empty_journal_before_the_first_writer(void **state)
{
	struct fixture *f = *state;
	struct journal *reader = open_from(f, JOURNAL_READ, 1);
	struct journal *writer = NULL;
	uint64_t seq = 0;

	assert_holds(f, reader, 0);
	assert_int_equal(journal_size(reader), 0);
	assert_int_equal(journal_append(&seq, reader, "{}", 2, NULL, 0, &f->e), STATUS_USAGE);
	writer = open_journal(f);
	append_numbered(f, writer, 1);
	assert_holds(f, reader, 1);
	assert_int_equal(journal_size(reader), JOURNAL_SEGMENT_BYTES);
	journal_close(writer);
	journal_close(reader);
}

#define PARALLEL_RECORDS 300

static void *write_many(void *arg)
{
	struct journal *j = arg;

	for (int n = 1; n <= PARALLEL_RECORDS; n++) {
		char json[64];
		uint64_t seq = 0;

		(void)snprintf(json, sizeof(json), "{\"n\":%d}", n);
		if (journal_append(&seq, j, json, strlen(json), NULL, 0, NULL) != STATUS_OK)
			return NULL;
	}
	return arg;
}

static void a_reader_beside_the_writer_sees_whole_records_in_order(void **state)
{
	struct fixture *f = *state;
	struct journal *writer = open_journal(f);
	struct journal *reader = open_from(f, JOURNAL_READ, 1);
	struct seen s = {0}, own = {0};
	pthread_t thread;
	void *finished = NULL;

	assert_int_equal(pthread_create(&thread, NULL, write_many, writer), 0);
	while (s.count < PARALLEL_RECORDS) {
		struct seen now = look_through(f, reader);

		own = look_through(f, writer);
		assert_false(now.wrong || own.wrong);
		assert_int_equal(now.missing + own.missing, 0);
		assert_true(now.count >= s.count);
		s = now;
	}
	assert_int_equal(pthread_join(thread, &finished), 0);
	assert_non_null(finished);
	assert_holds(f, writer, PARALLEL_RECORDS);
	journal_close(reader);
	journal_close(writer);
}

struct crowd {
	struct journal *j;
	atomic_int failures;
};

static void *write_some(void *arg)
{
	struct crowd *c = arg;
	uint64_t last = 0;

	for (int n = 0; n < 50; n++) {
		uint64_t seq = 0;

		if (journal_append(&seq, c->j, "{}", 2, NULL, 0, NULL) != STATUS_OK || seq <= last)
			atomic_fetch_add(&c->failures, 1);
		last = seq;
	}
	return NULL;
}

static void several_threads_get_numbers_of_their_own(void **state)
{
	struct fixture *f = *state;
	struct crowd c = {.j = open_journal(f)};
	pthread_t threads[4];

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_some, &c), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&c.failures), 0);
	assert_int_equal(journal_last(c.j), 200);
	assert_int_equal(look_through(f, c.j).count, 200);
	journal_close(c.j);
}

/* ---- segments ---- */

static uint64_t fill_segments(struct fixture *f, struct journal *j, int segments, int64_t step_ms)
{
	char *big = calloc(1, JOURNAL_MAX_RECORD);
	uint64_t seq = 0;

	assert_non_null(big);
	for (int n = 0; n < segments * 15; n++) {
		assert_int_equal(journal_append(&seq, j, big, JOURNAL_MAX_RECORD, NULL, 0, &f->e), STATUS_OK);
		f->machine.wall_ms += step_ms;
	}
	free(big);
	return seq;
}

static void the_next_segment_waits_ready_made(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);

	assert_true(exists(f, "next.spare"));
	assert_int_equal(fill_segments(f, j, 1, 0), 15);
	assert_false(exists(f, "00000000000000000016.qj"));
	assert_int_equal(fill_segments(f, j, 1, 0), 30);
	assert_true(exists(f, "00000000000000000016.qj"));
	journal_close(j); /* waits for the one that makes the next */
	assert_true(exists(f, "next.spare"));
	j = open_journal(f);
	assert_int_equal(journal_last(j), 30);
	journal_close(j);
}

static enum status count_from(void *ctx, const struct journal_record *r, struct error *e)
{
	uint64_t *count = ctx;

	(void)e;
	assert_true(r->seq >= 14);
	(*count)++;
	return STATUS_OK;
}

static enum status stop_at_once(void *ctx, const struct journal_record *r, struct error *e)
{
	(void)r;
	(*(int *)ctx)++;
	return error_set(e, STATUS_REFUSED, "enough");
}

static void reads_from_a_number_on_and_stops_when_told(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);
	uint64_t count = 0;
	int calls = 0;

	(void)fill_segments(f, j, 2, 0);
	assert_int_equal(journal_each(j, 14, count_from, &count, &f->e), STATUS_OK);
	assert_int_equal(count, 17);
	assert_int_equal(journal_each(j, 1, stop_at_once, &calls, &f->e), STATUS_REFUSED);
	assert_int_equal(calls, 1);
	journal_close(j);
}

static bool up_to(void *ctx, uint64_t seq)
{
	return seq <= *(const uint64_t *)ctx;
}

static void releases_only_what_arrived_and_is_old_or_too_much_oldest_first(void **state)
{
	struct fixture *f = *state;
	struct journal *j = open_journal(f);
	struct journal *reader = open_from(f, JOURNAL_READ, 1);
	uint64_t old = 14;

	(void)fill_segments(f, j, 5, 1000); /* 15 in each */
	assert_int_equal(journal_size(j), 5 * JOURNAL_SEGMENT_BYTES);
	assert_int_equal(journal_release(j, 14, 0, up_to, &old, &f->e), STATUS_OK); /* number 15 has not arrived */
	assert_int_equal(journal_size(j), 5 * JOURNAL_SEGMENT_BYTES);
	assert_int_equal(journal_release(j, 75, JOURNAL_MAX_BYTES, up_to, &old, &f->e), STATUS_OK); /* the last is not old */
	assert_int_equal(journal_size(j), 5 * JOURNAL_SEGMENT_BYTES);
	old = 15;
	assert_int_equal(journal_release(j, 75, JOURNAL_MAX_BYTES, up_to, &old, &f->e), STATUS_OK);
	assert_int_equal(journal_size(j), 4 * JOURNAL_SEGMENT_BYTES);
	assert_int_equal(journal_release(reader, 75, 3 * JOURNAL_SEGMENT_BYTES, up_to, &old, &f->e), STATUS_OK); /* no more than has to go */
	assert_int_equal(journal_size(j), 3 * JOURNAL_SEGMENT_BYTES);
	assert_int_equal(journal_release(reader, 75, 0, up_to, &old, &f->e), STATUS_OK); /* all but the newest */
	assert_int_equal(journal_size(j), JOURNAL_SEGMENT_BYTES);
	assert_int_equal(journal_last(j), 75);
	assert_int_equal(append(f, j, "{}"), 76);
	journal_close(reader);
	journal_close(j);
	j = open_journal(f);
	assert_int_equal(journal_last(j), 76);
	journal_close(j);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gives_back_everything_that_was_put_in),
		TEST(numbers_go_on_after_reopening),
		TEST(an_append_costs_one_confirmation_of_the_disk),
		TEST(keeps_wrong_clocks_as_they_stood),
		TEST(a_later_history_moves_the_numbers_on),
		TEST(takes_the_largest_record_and_no_larger),
		TEST(survives_a_kill_after_any_word_of_a_write),
		TEST(survives_a_write_whose_later_part_arrived_first),
		TEST(a_whole_record_that_was_never_acknowledged_is_confirmed_before_it_counts),
		TEST(damage_in_the_middle_costs_only_that_record),
		TEST(a_damaged_newest_segment_does_not_bring_old_numbers_back),
		TEST(refuses_to_go_on_after_an_unconfirmed_write),
		TEST(takes_back_a_write_that_stopped_half_way),
		TEST(says_that_the_disk_is_full_and_keeps_what_it_has),
		TEST(says_that_the_disk_is_read_only),
		TEST(stops_at_its_own_limit_with_words),
		TEST(a_second_writer_is_sent_away),
		TEST(a_reader_finds_an_empty_journal_before_the_first_writer),
		TEST(a_reader_beside_the_writer_sees_whole_records_in_order),
		TEST(several_threads_get_numbers_of_their_own),
		TEST(the_next_segment_waits_ready_made),
		TEST(reads_from_a_number_on_and_stops_when_told),
		TEST(releases_only_what_arrived_and_is_old_or_too_much_oldest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
