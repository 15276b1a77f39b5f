/* client/health.c - a kiosk's word on itself. Enters: what the kiosk knows of itself and its home. Leaves: a signed commit, about once a week. */
#include "client/health.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "client/build.h"
#include "client/commit.h"
#include "core/record_file.h"
#include "core/schema.h"

void qip_tell_health(struct qip *q, const struct qip_health *h)
{
	q->health = h;
}

/* Times of a boot that the server's clock is known of are worked out from that: then the own clock is no trouble. */
static bool is_trouble(const struct qip *q, const char *code)
{
	char boot_id[ENV_BOOT_ID_MAX];

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

static cJSON *troubles_of(const struct qip *q)
{
	cJSON *list = cJSON_CreateArray();

	for (const char *const *code = q->health->troubles; list && code && *code; code++) {
		if (is_trouble(q, *code) && !cJSON_AddItemToArray(list, cJSON_CreateString(*code))) {
			cJSON_Delete(list);
			return NULL;
		}
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

static enum status make_record(cJSON **out, struct qip *q, int64_t number, struct error *e)
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
	build_item(&st, record, "troubles", troubles_of(q));
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

static bool same_troubles(const cJSON *before, const struct qip *q)
{
	cJSON *now = troubles_of(q);
	bool same = cJSON_Compare(json_get(before, "troubles"), now, true);

	cJSON_Delete(now);
	return same;
}

/* A server's clock that was set back must not silence the kiosk until it has caught up. */
static bool passed(const struct qip *q, int64_t now_ms, int64_t ms)
{
	return q->state.health_ms <= 0 || now_ms < q->state.health_ms || now_ms - q->state.health_ms >= ms;
}

enum status health_note(bool *noted, struct qip *q, int64_t now_ms, struct error *e)
{
	char path[TREE_PATH_MAX];
	cJSON *before = NULL, *record = NULL;
	int64_t number = 0;
	enum status st = STATUS_OK;

	*noted = false;
	if (!q->health || !passed(q, now_ms, HEALTH_CHANGED_MS))
		return STATUS_OK;
	(void)snprintf(path, sizeof(path), "health/%s.json", q->identity.device);
	st = read_before(&before, q, path, e);
	if (st != STATUS_OK || (before && !passed(q, now_ms, HEALTH_EVERY_MS) && same_troubles(before, q)))
		goto done;
	(void)json_integer(before, "number", &number);
	st = make_record(&record, q, number + 1, e);
	if (st == STATUS_OK && schema_check(record, NULL) == STATUS_OK) { /* no word about itself must keep answers back */
		st = commit_alone(q, path, record, now_ms, "The health of this kiosk", e);
		*noted = st == STATUS_OK;
	}
	if (*noted)
		q->state.health_ms = now_ms;
done:
	cJSON_Delete(before);
	cJSON_Delete(record);
	return st;
}
