/* server/kept_age.c - see kept.h: how long each has been kept, and letting go of what has been for too long.
 *
 * What goes here no device sends again, and a clock may be wrong by years in any boot. So the age of a thing is no difference of two readings: each look
 * adds what has passed since the look before, LIMIT_KEPT_STEP_DAYS at most, and nothing when the clock went back. Where somebody looks once a week it is
 * as old as it says; elsewhere it stays for longer.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "server/kept.h"
#include "server/limits.h"

#define HOUR_S 3600
#define DAY_S (24 * HOUR_S)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the files: whoever asks and the upkeep may look at once */

struct aging {
	struct practice *practice;
	const cJSON *before; /* seconds by number at the last look; NULL: there was none */
	cJSON *after;	     /* owned */
	int64_t step_s;
	bool any;
};

static enum status age_any(struct aging *a, int64_t number, struct error *e)
{
	char name[24];
	int64_t age_s = 0;

	(void)snprintf(name, sizeof(name), "%" PRId64, number);
	if (!json_integer(a->before, name, &age_s) || age_s < 0)
		age_s = 0;
	age_s += a->step_s;
	if (age_s >= LIMIT_KEPT_DAYS * DAY_S)
		return kept_remove(a->practice, number, e);
	a->any = true;
	return json_set_integer(a->after, name, age_s) == STATUS_OK ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status age(void *ctx, const struct kept *k, struct error *e)
{
	return age_any(ctx, k->number, e);
}

static enum status age_damaged(void *ctx, int64_t number, const char *why, struct error *e)
{
	struct aging *a = ctx;
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	log_line(LOG_LEVEL_WARN, "what a revoked device sent cannot be read", "practice", a->practice->ods, "number", text, "reason", why, NULL);
	return age_any(a, number, e);
}

/* A file that is not there, or says nothing of use: all starts anew. */
static bool read_last(struct aging *a, cJSON **out, const char *path, int64_t now_ms)
{
	int64_t at_ms = 0;
	const char *at = NULL;

	if (file_read_json(out, path, NULL) != STATUS_OK)
		return false;
	at = json_string(*out, "at");
	if (!at || time_parse(&at_ms, at) != STATUS_OK)
		return false;
	a->before = json_get(*out, "seconds");
	if (now_ms < at_ms)
		return false;
	a->step_s = (now_ms - at_ms) / 1000;
	if (a->step_s > LIMIT_KEPT_STEP_DAYS * DAY_S)
		a->step_s = LIMIT_KEPT_STEP_DAYS * DAY_S;
	return a->step_s < HOUR_S;
}

static enum status write_ages(struct aging *a, const char *path, int64_t now_ms, struct error *e)
{
	char at[TIME_TEXT_MAX];
	cJSON *root = cJSON_CreateObject();
	enum status st = json_set_string(root, "schema", "kept-age/1");

	time_format(at, now_ms);
	if (st == STATUS_OK)
		st = json_set_string(root, "at", at);
	if (st == STATUS_OK) {
		st = json_set(root, "seconds", a->after);
		a->after = NULL;
	}
	st = st == STATUS_OK ? file_write_json(path, root, e) : error_set(e, st, "out of memory");
	cJSON_Delete(root);
	return st;
}

/* Hourly is often enough to note it. */
static enum status look(struct aging *a, const char *path, int64_t now_ms, struct error *e)
{
	cJSON *last = NULL;
	bool recent = read_last(a, &last, path, now_ms);
	enum status st = a->after ? kept_each(a->practice, age, age_damaged, a, e) : error_set(e, STATUS_NOMEM, "out of memory");

	if (st == STATUS_OK && !a->any)
		st = file_exists(path) ? file_remove(path, e) : STATUS_OK;
	else if (st == STATUS_OK && !recent)
		st = write_ages(a, path, now_ms, e);
	cJSON_Delete(last);
	return st;
}

void kept_expire(struct practice *p, int64_t now_ms)
{
	struct aging a = {.practice = p, .after = cJSON_CreateObject()};
	struct error e = {STATUS_OK, ""};
	char path[FILE_PATH_MAX];

	(void)pthread_mutex_lock(&mutex);
	e.status = file_path(path, p->dir, KEPT_DIR "/" KEPT_AGE, &e);
	if (e.status == STATUS_OK)
		e.status = look(&a, path, now_ms, &e);
	(void)pthread_mutex_unlock(&mutex);
	if (e.status != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "how long it is kept what revoked devices sent could not be noted", "practice", p->ods, "reason", e.text, NULL);
	cJSON_Delete(a.after);
}
