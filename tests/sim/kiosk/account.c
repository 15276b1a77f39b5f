/* tests/sim/kiosk/account.c - what was thanked against what is at the server, and how much room the home takes. */
#include "tests/sim/kiosk/year.h"

#include "core/array.h"

#define DEVICE "kib-kiosk"
#define BLOCK_BYTES 512
#define TOLD_MAX 20
#define HEADER_MS 1500 /* the server's time comes in whole seconds */

void account_thanked(struct year *y, const struct thanked *t)
{
	struct thanked *last = y->thanked_len > 0 ? &y->thanked[y->thanked_len - 1] : NULL;

	if (last && t->told && strcmp(last->id, t->id) == 0) {
		last->told = true;
		return;
	}
	assert_true(array_room(&y->thanked, &y->thanked_cap, y->thanked_len));
	y->thanked[y->thanked_len++] = *t;
}

/* ---- room ---- */

static uint64_t measured;

static int add_size(const char *path, const struct stat *s, int type, struct FTW *ftw)
{
	(void)path;
	(void)type;
	(void)ftw;
	measured += (uint64_t)s->st_blocks * BLOCK_BYTES;
	return 0;
}

static uint64_t room_of(struct year *y, const char *name)
{
	measured = 0;
	(void)nftw(practice_path(&y->practice, name), add_size, 16, FTW_PHYS);
	return measured;
}

void account_measure(struct year *y)
{
	uint64_t all = room_of(y, DEVICE);

	y->history_bytes = room_of(y, DEVICE "/history.git");
	y->journal_bytes = room_of(y, DEVICE "/journal");
	if (all > y->most_bytes)
		y->most_bytes = all;
}

void account_tell(const struct year *y, int day)
{
	printf("day %d: %zu answers, home at most %.1f MB (history %.1f, journal %.1f), %u syncs, %u of them failed, %u power cuts, %u server kills\n", day,
	       y->thanked_len, (double)y->most_bytes / 1e6, (double)y->history_bytes / 1e6, (double)y->journal_bytes / 1e6, y->syncs, y->failed_syncs,
	       y->power_cuts, y->server_kills);
	(void)fflush(stdout);
}

/* ---- all there once ---- */

struct check {
	struct year *y;
	uint8_t *seen; /* parallel to thanked */
	uint64_t count, last;
	int faults;
};

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct thanked *)a)->id, ((const struct thanked *)b)->id);
}

static void fault(struct check *c, const char *what, const char *path)
{
	if (c->faults++ < TOLD_MAX)
		printf("%s: %s\n", path, what);
}

static void check_time(struct check *c, const char *path, const cJSON *record, int64_t at_ms)
{
	const cJSON *recorded = json_get(record, "recorded");
	int64_t earliest_ms = 0, latest_ms = 0;

	OK(time_parse(&earliest_ms, json_string(recorded, "earliest")));
	OK(time_parse(&latest_ms, json_string(recorded, "latest")));
	if (at_ms < earliest_ms - HEADER_MS || at_ms > latest_ms + HEADER_MS)
		fault(c, "it was given at another time than the record says", path);
}

static enum status check_one(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct check *c = ctx;
	struct thanked key = {.told = false};
	const struct thanked *t = NULL;
	int64_t seq = 0;

	(void)e;
	(void)snprintf(key.id, sizeof(key.id), "%s", json_string(record, "id"));
	assert_true(json_integer(record, "seq", &seq));
	c->count++;
	if ((uint64_t)seq > c->last)
		c->last = (uint64_t)seq;
	if (strcmp(json_string(record, "schema"), "feedback/1") != 0) {
		fault(c, "no answer stands under this number", path);
		return STATUS_OK;
	}
	t = bsearch(&key, c->y->thanked, c->y->thanked_len, sizeof(key), by_id);
	if (!t) {
		fault(c, "nobody gave it", path);
		return STATUS_OK;
	}
	if (c->seen[t - c->y->thanked]++)
		fault(c, "it is there twice", path);
	check_time(c, path, record, t->at_ms);
	return STATUS_OK;
}

static void audit(struct year *y)
{
	static char out[65536];
	struct practice qip = y->practice;

	qip_close(y->boss);
	y->boss = NULL;
	(void)snprintf(strrchr(qip.program, '/'), 5, "/qip");
	practice_run(&qip, out, sizeof(out), (const char *const[]){"qip", "--home", practice_path(&y->practice, "manager"), "audit", NULL});
}

int account_check(struct year *y)
{
	struct check c = {.y = y, .seen = calloc(y->thanked_len + 1, 1)};

	assert_non_null(c.seen);
	qsort(y->thanked, y->thanked_len, sizeof(*y->thanked), by_id);
	(void)practice_sync(y->boss);
	OK(qip_each(y->boss, "feedback/" DEVICE, check_one, &c, &last_error));
	for (size_t i = 0; i < y->thanked_len; i++) {
		if (y->thanked[i].told && !c.seen[i])
			fault(&c, "it was thanked for and is not there", y->thanked[i].id);
	}
	if (c.count != c.last)
		fault(&c, "numbers are missing", "feedback");
	if (y->sent_bytes && access(practice_path(&y->practice, DEVICE "/history.git/shallow"), F_OK) != 0)
		fault(&c, "nothing was forgotten, so that this run shows nothing of it", DEVICE);
	if (y->most_bytes > y->limit_bytes)
		fault(&c, "the home grew beyond the limit", DEVICE);
	printf("%d records of its clock\n", practice_count(y->boss, "clock/" DEVICE));
	audit(y); /* ends this program if it finds anything */
	free(c.seen);
	return c.faults;
}
