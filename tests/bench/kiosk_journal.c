/* tests/bench/kiosk_journal.c DIR - how long a durable answer takes, three ways, on the disk that holds DIR:
 *
 *     append   a bare write and fdatasync, into a file preallocated and overwritten: the least that durability can cost
 *     journal  journal_append() of the same answer
 *     sqlite   an insert of the same answer (WAL, synchronous=FULL): what one would take otherwise
 *
 * Prints the median and the 99th of 100 of each round, in microseconds: "round\tname\tmedian\tp99". The three take turns within a round, so that whatever else the
 * machine does meets all of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/journal.h"

#define ROUNDS 7
#define TURNS 250
#define ANSWERS_PER_TURN 2
#define ANSWERS (TURNS * ANSWERS_PER_TURN)
#define ANSWER_BYTES 600
#define FILE_BYTES (ROUNDS * ANSWERS * ANSWER_BYTES)

struct bench {
	char answer[ANSWER_BYTES + 1];
	int file;
	off_t file_at;
	struct journal *journal;
	sqlite3 *db;
	sqlite3_stmt *insert;
};

static void fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "kiosk_journal: %s: %s\n", what, why);
	exit(1);
}

static void append_once(struct bench *b)
{
	if (pwrite(b->file, b->answer, ANSWER_BYTES, b->file_at) != ANSWER_BYTES || fdatasync(b->file) != 0)
		fail("append", strerror(errno));
	b->file_at += ANSWER_BYTES;
}

static void journal_once(struct bench *b)
{
	struct error e = {.text = ""};
	uint64_t seq = 0;

	if (journal_append(&seq, b->journal, b->answer, ANSWER_BYTES, NULL, 0, &e) != STATUS_OK)
		fail("journal", e.text);
}

static void sqlite_once(struct bench *b)
{
	if (sqlite3_bind_text(b->insert, 1, b->answer, ANSWER_BYTES, SQLITE_STATIC) != SQLITE_OK || sqlite3_step(b->insert) != SQLITE_DONE ||
	    sqlite3_reset(b->insert) != SQLITE_OK)
		fail("sqlite", sqlite3_errmsg(b->db));
}

static const struct way {
	const char *name;
	void (*once)(struct bench *b);
} ways[] = {
	{"append", append_once},
	{"journal", journal_once},
	{"sqlite", sqlite_once},
};

static const char *path_in(char out[1024], const char *dir, const char *name)
{
	if (snprintf(out, 1024, "%s/%s", dir, name) >= 1024)
		fail(dir, "the name is too long");
	return out;
}

static void open_file(struct bench *b, const char *dir)
{
	static const char zeros[ANSWER_BYTES];
	char path[1024];

	b->file = open(path_in(path, dir, "append.bin"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (off_t at = 0; b->file >= 0 && at < FILE_BYTES; at += ANSWER_BYTES) {
		if (pwrite(b->file, zeros, ANSWER_BYTES, at) != ANSWER_BYTES)
			fail(path, strerror(errno));
	}
	if (b->file < 0 || fsync(b->file) != 0)
		fail(path, strerror(errno));
}

static void open_database(struct bench *b, const char *dir)
{
	static const char setup[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE answers (seq INTEGER PRIMARY KEY, json TEXT)";
	char path[1024];

	if (sqlite3_open(path_in(path, dir, "answers.sqlite"), &b->db) != SQLITE_OK || sqlite3_exec(b->db, setup, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(b->db, "INSERT INTO answers (json) VALUES (?)", -1, &b->insert, NULL) != SQLITE_OK)
		fail(path, sqlite3_errmsg(b->db));
}

static int64_t now_ns(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void run_round(struct bench *b, int round)
{
	static int64_t taken[ARRAY_LEN(ways)][ANSWERS];

	for (size_t turn = 0; turn < TURNS; turn++) {
		for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
			for (size_t i = 0; i < ANSWERS_PER_TURN; i++) {
				int64_t start = now_ns();

				ways[w].once(b);
				taken[w][turn * ANSWERS_PER_TURN + i] = now_ns() - start;
			}
		}
	}
	for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
		qsort(taken[w], ANSWERS, sizeof(taken[w][0]), compare);
		printf("%d\t%s\t%.1f\t%.1f\n", round, ways[w].name, (double)taken[w][ANSWERS / 2] / 1000.0, (double)taken[w][ANSWERS * 99 / 100] / 1000.0);
	}
}

int main(int argc, char **argv)
{
	struct bench b = {.file = -1};
	struct error e = {.text = ""};
	char dir[1024], path[1024];

	if (argc != 2) {
		(void)fputs("usage: kiosk_journal DIR\n", stderr);
		return 2;
	}
	(void)path_in(dir, argv[1], "journal-XXXXXX");
	if (!mkdtemp(dir))
		fail(argv[1], strerror(errno));
	memset(b.answer, 'a', ANSWER_BYTES);
	open_file(&b, dir);
	open_database(&b, dir);
	if (journal_open(&b.journal, path_in(path, dir, "journal"), JOURNAL_WRITE, 1, env_system(), &e) != STATUS_OK)
		fail("journal", e.text);
	for (int round = 1; round <= ROUNDS; round++)
		run_round(&b, round);
	journal_close(b.journal);
	(void)sqlite3_finalize(b.insert);
	(void)sqlite3_close(b.db);
	(void)close(b.file);
	return 0;
}
