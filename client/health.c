/* client/health.c - a kiosk's word on itself. Enters: what the kiosk knows of itself and its home. Leaves: a signed commit, about once a week. */
#include "client/health.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "client/build.h"
#include "client/commit.h"
#include "core/record_file.h"
#include "core/schema.h"

#define LOST "lost-records"

void qip_tell_health(struct qip *q, const struct qip_health *h)
{
	q->health = h;
}

/* Times of a boot that the server's clock is known of are worked out from that: then the own clock is no trouble. What is lost is told below. */
static bool is_trouble(const struct qip *q, const char *code)
{
	char boot_id[ENV_BOOT_ID_MAX];

	if (strcmp(code, LOST) == 0)
		return false;
	q->env->boot_id(q->env->ctx, boot_id);
	return strcmp(code, "clock-unset") != 0 || !state_find_anchor(&q->state, boot_id);
}

static cJSON *list_of(const char *const *texts)
{
	int n = 0;

	while (texts && texts[n])
		n++;
	return cJSON_CreateStringArray(texts, n);
}

static cJSON *troubles_of(const struct qip *q, int64_t now_ms)
{
	cJSON *list = cJSON_CreateArray();
	bool whole = list != NULL;

	for (const char *const *code = q->health->troubles; whole && code && *code; code++)
		whole = !is_trouble(q, *code) || cJSON_AddItemToArray(list, cJSON_CreateString(*code));
	if (whole && state_losses_are_news(&q->state, q->health->damaged, now_ms))
		whole = cJSON_AddItemToArray(list, cJSON_CreateString(LOST));
	if (!whole) {
		cJSON_Delete(list);
		return NULL;
	}
	return list;
}

static void build_clock(enum status *st, cJSON *record, const struct qip *q)
{
	const struct env *env = q->env;
	char boot_id[ENV_BOOT_ID_MAX];
	const struct anchor *a = NULL;
	cJSON *clock = NULL;

	env->boot_id(env->ctx, boot_id);
	a = state_find_anchor(&q->state, boot_id);
	if (!a)
		return;
	clock = build_object(st);
	build_string(st, clock, "quality", clock_quality_text(env->quality(env->ctx)));
	build_integer(st, clock, "offset_ms", env->now_ms(env->ctx) - (a->server_ms + env->monotonic_ms(env->ctx) - a->monotonic_ms));
	build_item(st, record, "clock", clock);
}

static void build_space(enum status *st, cJSON *record, const struct qip *q)
{
	struct statvfs fs;

	if (fstatvfs(q->dir, &fs) == 0)
		build_integer(st, record, "free_bytes", (int64_t)((uint64_t)fs.f_bavail * fs.f_frsize & INT64_C(0x1fffffffffffff)));
}

static enum status make_record(cJSON **out, struct qip *q, int64_t number, int64_t now_ms, struct error *e)
{
	const struct qip_health *h = q->health;
	const struct env *env = q->env;
	uint64_t waiting = 0;
	enum status st = qip_waiting(&waiting, q, e);
	cJSON *record = build_object(&st);

	build_string(&st, record, "schema", "health/1");
	build_string(&st, record, "device", q->identity.device);
	build_integer(&st, record, "number", number);
	build_time(&st, record, "at", env->now_ms(env->ctx));
	build_string(&st, record, "quality", clock_quality_text(env->quality(env->ctx)));
	build_integer(&st, record, "last", (int64_t)h->last);
	build_integer(&st, record, "waiting", (int64_t)waiting);
	if (q->state.last_sync_ms > 0)
		build_time(&st, record, "last_sync", q->state.last_sync_ms);
	build_space(&st, record, q);
	build_integer(&st, record, "journal_percent", h->journal_percent);
	build_clock(&st, record, q);
	build_item(&st, record, "languages", list_of(h->languages));
	build_item(&st, record, "troubles", troubles_of(q, now_ms));
	build_string(&st, record, "program", QIP_VERSION);
	if (st == STATUS_OK)
		*out = record;
	else
		cJSON_Delete(record);
	return st;
}

/* The record as it stands on the own branch; NULL: none yet. */
static enum status read_before(cJSON **out, struct qip *q, const char *path, struct error *e)
{
	struct oid tip, tree;
	enum status st = home_ref(&tip, q, REF_WORK, e);

	if (st == STATUS_OK)
		st = home_tree_of(&tree, q, &tip, e);
	if (st == STATUS_OK)
		st = record_read_path(out, q->repo, &tree, path, e);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static bool has(const cJSON *list, const char *code)
{
	const cJSON *item = NULL;

	cJSON_ArrayForEach(item, list)
	{
		if (cJSON_IsString(item) && strcmp(item->valuestring, code) == 0)
			return true;
	}
	return false;
}

static bool has_all(const cJSON *list, const cJSON *of)
{
	const cJSON *item = NULL;

	cJSON_ArrayForEach(item, of)
	{
		if (!cJSON_IsString(item) || !has(list, item->valuestring))
			return false;
	}
	return true;
}

/* How the troubles stand against those that were told last. */
enum change { CHANGE_NONE, CHANGE_ENDED, CHANGE_NEW };

static enum change compare(const cJSON *before, const struct qip *q, int64_t now_ms)
{
	const cJSON *told = json_get(before, "troubles");
	cJSON *now = troubles_of(q, now_ms);
	enum change change = CHANGE_NONE;

	if (!now || !has_all(told, now) || (int64_t)q->health->damaged > q->state.lost_told)
		change = CHANGE_NEW;
	else if (!has_all(now, told))
		change = CHANGE_ENDED;
	cJSON_Delete(now);
	return change;
}

/* A server's clock that was set back must not silence the kiosk until it has caught up. */
static bool passed(const struct qip *q, int64_t now_ms, int64_t ms)
{
	return q->state.health_ms <= 0 || now_ms < q->state.health_ms || now_ms - q->state.health_ms >= ms;
}

/* What has ended is told at once. It began with a record, which the next can follow a day later, so that is two a day at most. */
static bool is_due(const cJSON *before, const struct qip *q, int64_t now_ms)
{
	if (!before)
		return passed(q, now_ms, HEALTH_CHANGED_MS);
	switch (compare(before, q, now_ms)) {
	case CHANGE_ENDED:
		return true;
	case CHANGE_NEW:
		return passed(q, now_ms, HEALTH_CHANGED_MS);
	case CHANGE_NONE:
		break;
	}
	return passed(q, now_ms, HEALTH_EVERY_MS);
}

enum status health_note(bool *noted, struct qip *q, int64_t now_ms, struct error *e)
{
	char path[TREE_PATH_MAX];
	cJSON *before = NULL, *record = NULL;
	int64_t number = 0;
	enum status st = STATUS_OK;

	*noted = false;
	if (!q->health)
		return STATUS_OK;
	state_note_losses(&q->state, q->health->damaged, false, now_ms);
	(void)snprintf(path, sizeof(path), "health/%s.json", q->identity.device);
	st = read_before(&before, q, path, e);
	if (st != STATUS_OK || !is_due(before, q, now_ms))
		goto done;
	(void)json_integer(before, "number", &number);
	st = make_record(&record, q, number + 1, now_ms, e);
	if (st == STATUS_OK && schema_check(record, NULL) == STATUS_OK) { /* no word about itself must keep answers back */
		st = commit_alone(q, path, record, now_ms, "The health of this kiosk", e);
		*noted = st == STATUS_OK;
	}
	if (*noted) {
		state_note_losses(&q->state, q->health->damaged, true, now_ms);
		q->state.health_ms = now_ms;
	}
done:
	cJSON_Delete(before);
	cJSON_Delete(record);
	return st;
}
