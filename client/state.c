/* client/state.c - what a home remembers of time. */
#include "client/state.h"

#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/files.h"

#define SECOND_MS 1000

static bool read_anchor(struct anchor *out, const cJSON *item)
{
	const char *boot = json_string(item, "boot");
	struct anchor a = {0};

	if (!boot || strlen(boot) >= sizeof(a.boot_id))
		return false;
	(void)snprintf(a.boot_id, sizeof(a.boot_id), "%s", boot);
	if (!json_integer(item, "server", &a.server_ms) || !json_integer(item, "monotonic", &a.monotonic_ms) ||
	    !json_integer(item, "error", &a.error_ms))
		return false;
	*out = a;
	return true;
}

void state_load(struct state *out, int dir)
{
	struct state s = {0};
	cJSON *file = NULL;
	const cJSON *item = NULL;
	int64_t seq = 0;

	*out = s;
	if (files_read_json(&file, dir, STATE_FILE, NULL) != STATUS_OK)
		return;
	(void)json_integer(file, "last_sync", &s.last_sync_ms);
	(void)json_integer(file, "blob_bytes", &s.blob_bytes);
	(void)json_integer(file, "health", &s.health_ms);
	(void)json_integer(file, "kept_all", &s.kept_all_ms);
	(void)json_integer(file, "tidied", &s.tidied_ms);
	(void)json_integer(file, "unreadable", &s.unreadable_ms);
	(void)json_integer(json_get(file, "lost"), "told", &s.lost_told);
	(void)json_integer(json_get(file, "lost"), "at", &s.lost_ms);
	if (json_integer(file, "last_sync_seq", &seq) && seq > 0)
		s.last_sync_seq = (uint64_t)seq;
	cJSON_ArrayForEach(item, json_get(file, "anchors"))
	{
		if (s.anchors_len < LIMIT_ANCHORS && read_anchor(&s.anchors[s.anchors_len], item))
			s.anchors_len++;
	}
	if (!read_anchor(&s.noted, json_get(file, "noted")))
		s.noted = (struct anchor){0};
	if (s.anchors_len > 0)
		memcpy(s.durable_boot, s.anchors[s.anchors_len - 1].boot_id, sizeof(s.durable_boot));
	*out = s;
	cJSON_Delete(file);
}

static cJSON *anchor_json(enum status *st, const struct anchor *a)
{
	cJSON *item = build_object(st);

	build_string(st, item, "boot", a->boot_id);
	build_integer(st, item, "server", a->server_ms);
	build_integer(st, item, "monotonic", a->monotonic_ms);
	build_integer(st, item, "error", a->error_ms);
	return item;
}

static void add_anchor(enum status *st, cJSON *list, const struct anchor *a)
{
	cJSON *item = anchor_json(st, a);

	if (*st == STATUS_OK && !cJSON_AddItemToArray(list, item))
		*st = STATUS_NOMEM;
	if (*st != STATUS_OK)
		cJSON_Delete(item);
}

static cJSON *losses_json(enum status *st, const struct state *s)
{
	cJSON *lost = build_object(st);

	build_integer(st, lost, "told", s->lost_told);
	build_integer(st, lost, "at", s->lost_ms);
	return lost;
}

enum status state_save(struct state *s, int dir, struct error *e)
{
	const char *newest = s->anchors_len > 0 ? s->anchors[s->anchors_len - 1].boot_id : "";
	bool same_boot = strcmp(newest, s->durable_boot) == 0 && newest[0];
	enum status st = STATUS_OK;
	cJSON *file = build_object(&st), *list = cJSON_CreateArray();

	for (size_t i = 0; i < s->anchors_len; i++)
		add_anchor(&st, list, &s->anchors[i]);
	build_item(&st, file, "anchors", list);
	if (s->noted.boot_id[0])
		build_item(&st, file, "noted", anchor_json(&st, &s->noted));
	if (s->blob_bytes > 0)
		build_integer(&st, file, "blob_bytes", s->blob_bytes);
	if (s->health_ms > 0)
		build_integer(&st, file, "health", s->health_ms);
	if (s->kept_all_ms > 0)
		build_integer(&st, file, "kept_all", s->kept_all_ms);
	if (s->tidied_ms > 0)
		build_integer(&st, file, "tidied", s->tidied_ms);
	if (s->unreadable_ms > 0)
		build_integer(&st, file, "unreadable", s->unreadable_ms);
	if (s->lost_told > 0)
		build_item(&st, file, "lost", losses_json(&st, s));
	build_string(&st, file, "schema", "state/1");
	build_integer(&st, file, "last_sync", s->last_sync_ms);
	build_integer(&st, file, "last_sync_seq", (int64_t)s->last_sync_seq);
	if (st != STATUS_OK)
		st = error_set(e, st, "out of memory");
	else if (same_boot)
		st = files_write_json_soon(dir, STATE_FILE, file, 0600, e);
	else
		st = files_write_json(dir, STATE_FILE, file, 0600, e);
	if (st == STATUS_OK)
		(void)snprintf(s->durable_boot, sizeof(s->durable_boot), "%s", newest);
	cJSON_Delete(file);
	return st;
}

void state_anchor(struct state *s, const struct env *env, int64_t server_ms, int64_t elapsed_ms)
{
	struct anchor a = {
		.server_ms = server_ms + SECOND_MS / 2, /* the header has whole seconds, cut off */
		.error_ms = elapsed_ms + SECOND_MS / 2,
	};
	size_t kept = 0;

	env->boot_id(env->ctx, a.boot_id);
	a.monotonic_ms = env->monotonic_ms(env->ctx);
	if (a.boot_id[0] == '\0')
		return;
	for (size_t i = 0; i < s->anchors_len; i++) {
		if (strcmp(s->anchors[i].boot_id, a.boot_id) != 0)
			s->anchors[kept++] = s->anchors[i];
	}
	if (kept == LIMIT_ANCHORS) {
		memmove(s->anchors, s->anchors + 1, (LIMIT_ANCHORS - 1) * sizeof(s->anchors[0]));
		kept--;
	}
	s->anchors[kept] = a;
	s->anchors_len = kept + 1;
}

const struct anchor *state_find_anchor(const struct state *s, const char *boot_id)
{
	for (size_t i = 0; boot_id[0] && i < s->anchors_len; i++) {
		if (strcmp(s->anchors[i].boot_id, boot_id) == 0)
			return &s->anchors[i];
	}
	return NULL;
}

int64_t state_now_ms(const struct state *s, const struct env *env)
{
	const struct anchor *a = NULL;
	char boot_id[ENV_BOOT_ID_MAX];

	if (env->quality(env->ctx) == CLOCK_SYNCHRONISED)
		return env->now_ms(env->ctx);
	env->boot_id(env->ctx, boot_id);
	a = state_find_anchor(s, boot_id);
	return a ? a->server_ms + env->monotonic_ms(env->ctx) - a->monotonic_ms : env->now_ms(env->ctx);
}

enum clock_quality state_clock(int64_t *now_ms, const struct state *s, const struct env *env)
{
	char boot_id[ENV_BOOT_ID_MAX];

	*now_ms = state_now_ms(s, env);
	if (env->quality(env->ctx) == CLOCK_SYNCHRONISED)
		return CLOCK_SYNCHRONISED;
	env->boot_id(env->ctx, boot_id);
	return state_find_anchor(s, boot_id) ? CLOCK_ESTIMATED : CLOCK_UNKNOWN;
}

bool state_losses_are_news(const struct state *s, unsigned damaged, int64_t now_ms)
{
	return damaged > 0 && ((int64_t)damaged > s->lost_told || now_ms - s->lost_ms < LIMIT_LOST_NEWS_MS);
}

void state_note_losses(struct state *s, unsigned damaged, bool told, int64_t now_ms)
{
	if (told && (int64_t)damaged > s->lost_told) {
		s->lost_told = damaged;
		s->lost_ms = now_ms;
	}
	if (s->lost_told > (int64_t)damaged)
		s->lost_told = damaged;
	if (s->lost_ms > now_ms) /* the clock was set back: they must not be news for years */
		s->lost_ms = now_ms;
}
