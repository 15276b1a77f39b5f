/* kiosk/standing.c - how a kiosk stands. Numbers and times enter; what staff read leaves. */
#include "kiosk/standing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "client/journal.h"

const char *trouble_code(enum trouble t)
{
	static const char *const codes[] = {
#define TROUBLE_CODE(name, code) code,
		TROUBLE_LIST(TROUBLE_CODE)
#undef TROUBLE_CODE
	};

	return (size_t)t < ARRAY_LEN(codes) ? codes[t] : "";
}

static void set_trouble(struct standing *s, enum trouble t, bool there)
{
	s->troubles = there ? s->troubles | 1u << t : s->troubles & ~(1u << t);
}

void standing_note_identity(struct standing *s, const struct qip *q)
{
	(void)snprintf(s->device, sizeof(s->device), "%s", qip_identity(q)->device);
	(void)snprintf(s->site, sizeof(s->site), "%s", qip_identity(q)->site);
	(void)snprintf(s->doubt, sizeof(s->doubt), "%s", qip_doubt(q));
	set_trouble(s, TROUBLE_CLONE, s->doubt[0] != '\0');
}

void standing_note_journal(struct standing *s, const struct qip_journal_standing *j)
{
	s->journal_percent = j->percent;
	(void)snprintf(s->journal_error, sizeof(s->journal_error), "%s", j->trouble == STATUS_OK ? "" : j->why);
	set_trouble(s, TROUBLE_DISK_FULL, j->percent >= STANDING_WARN_PERCENT || j->trouble == STATUS_NO_SPACE);
	set_trouble(s, TROUBLE_DISK_ERRORS, j->trouble != STATUS_OK && j->trouble != STATUS_NO_SPACE);
	s->damaged = j->damaged;
	set_trouble(s, TROUBLE_LOST_RECORDS, j->news);
}

void standing_note_box(struct standing *s, const char *home, const struct env *env, enum clock_quality clock)
{
	struct statvfs fs;

	s->space_known = statvfs(home, &fs) == 0;
	if (s->space_known) {
		s->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
		if (s->free_bytes < STANDING_ROOM_BYTES)
			set_trouble(s, TROUBLE_DISK_FULL, true);
	}
	s->clock = clock;
	s->clock_ms = env->now_ms(env->ctx);
	set_trouble(s, TROUBLE_CLOCK_UNSET, clock == CLOCK_UNKNOWN);
}

void standing_note_sync(struct standing *s, const char *failure)
{
	(void)snprintf(s->sync_error, sizeof(s->sync_error), "%s", failure);
	set_trouble(s, TROUBLE_SYNC_FAILING, failure[0] != '\0');
}

void standing_add_language(struct standing *s, const char *language)
{
	if (s->languages_len < STANDING_LANGUAGES_MAX && strlen(language) <= STANDING_LANGUAGE_MAX)
		(void)snprintf(s->languages[s->languages_len++], sizeof(s->languages[0]), "%s", language);
}

void standing_troubles(const char *out[TROUBLES + 1], const struct standing *s)
{
	size_t n = 0;

	for (int t = 0; t < TROUBLES; t++) {
		if (s->troubles & 1u << t)
			out[n++] = trouble_code((enum trouble)t);
	}
	out[n] = NULL;
}

static enum status note_record(void *ctx, const struct journal_record *record, struct error *e)
{
	struct standing *s = ctx;

	(void)e;
	s->last = record->seq;
	s->last_ms = record->wall_ms;
	s->last_quality = record->quality;
	return STATUS_OK;
}

static void note_read(struct standing *out, struct journal *j, const struct state *state, const struct env *env)
{
	unsigned damaged = journal_damaged(j);

	standing_note_journal(out, &(struct qip_journal_standing){
					   .percent = journal_percent(j),
					   .damaged = damaged,
					   .news = state_losses_are_news(state, damaged, state_now_ms(state, env)),
				   });
}

enum status standing_read_journal(struct standing *out, const char *home, const struct state *state, const struct env *env, struct error *e)
{
	struct journal *j = NULL;
	char *path = NULL;
	enum status st = STATUS_OK;

	if (asprintf(&path, "%s/journal", home) < 0)
		return error_set(e, STATUS_NOMEM, "no memory to read the journal");
	st = journal_open(&j, path, JOURNAL_READ, 1, env, e);
	if (st == STATUS_OK)
		st = journal_each(j, journal_last(j), note_record, out, e);
	if (st == STATUS_OK)
		note_read(out, j, state, env);
	journal_close(j);
	free(path);
	return st;
}

static void add_time(cJSON *object, const char *key, int64_t ms, bool known)
{
	char text[TIME_TEXT_MAX];

	time_format(text, ms);
	if (known)
		cJSON_AddStringToObject(object, key, text);
	else
		cJSON_AddNullToObject(object, key);
}

static void add_troubles(cJSON *object, unsigned troubles)
{
	cJSON *list = cJSON_AddArrayToObject(object, "troubles");

	for (int t = 0; t < TROUBLES; t++) {
		if (troubles & 1u << t)
			cJSON_AddItemToArray(list, cJSON_CreateString(trouble_code((enum trouble)t)));
	}
}

static void add_box(cJSON *o, const struct standing *s)
{
	cJSON *clock = cJSON_AddObjectToObject(o, "clock"), *languages = cJSON_AddArrayToObject(o, "languages");

	if (s->space_known)
		cJSON_AddNumberToObject(o, "free_bytes", (double)s->free_bytes);
	else
		cJSON_AddNullToObject(o, "free_bytes");
	cJSON_AddStringToObject(clock, "quality", clock_quality_text(s->clock));
	add_time(clock, "own_time", s->clock_ms, true);
	for (size_t i = 0; i < s->languages_len; i++)
		cJSON_AddItemToArray(languages, cJSON_CreateString(s->languages[i]));
	cJSON_AddStringToObject(o, "version", QIP_VERSION);
}

cJSON *standing_json(const struct standing *s)
{
	cJSON *o = cJSON_CreateObject();

	if (!o)
		return NULL;
	cJSON_AddStringToObject(o, "device", s->device);
	cJSON_AddStringToObject(o, "site", s->site);
	cJSON_AddNumberToObject(o, "last", (double)s->last);
	add_time(o, "last_answer_at", s->last_ms, s->last > 0);
	if (s->last > 0)
		cJSON_AddStringToObject(o, "last_answer_clock", clock_quality_text(s->last_quality));
	else
		cJSON_AddNullToObject(o, "last_answer_clock");
	if (s->waiting_known) {
		cJSON_AddNumberToObject(o, "waiting", (double)s->waiting);
		cJSON_AddNumberToObject(o, "comments_waiting", (double)s->comments_waiting);
	} else {
		cJSON_AddNullToObject(o, "waiting");
		cJSON_AddNullToObject(o, "comments_waiting");
	}
	add_time(o, "last_sync", s->last_sync_ms, s->last_sync_ms > 0);
	if (s->sync_error[0])
		cJSON_AddStringToObject(o, "sync_error", s->sync_error);
	else
		cJSON_AddNullToObject(o, "sync_error");
	if (s->doubt[0])
		cJSON_AddStringToObject(o, "doubt", s->doubt);
	else
		cJSON_AddNullToObject(o, "doubt");
	cJSON_AddBoolToObject(o, "comments", s->comments);
	cJSON_AddNumberToObject(o, "journal_percent", s->journal_percent);
	if (s->journal_error[0])
		cJSON_AddStringToObject(o, "journal_error", s->journal_error);
	else
		cJSON_AddNullToObject(o, "journal_error");
	add_troubles(o, s->troubles);
	add_box(o, s);
	return o;
}

bool standing_keeps(const struct standing *s)
{
	return !s->journal_error[0] && s->journal_percent < 100;
}

cJSON *standing_public_json(const struct standing *s)
{
	cJSON *o = cJSON_CreateObject();

	if (!o)
		return NULL;
	cJSON_AddBoolToObject(o, "keeping", standing_keeps(s));
	add_time(o, "last_sync", s->last_sync_ms, s->last_sync_ms > 0);
	add_troubles(o, s->troubles);
	cJSON_AddStringToObject(o, "version", QIP_VERSION);
	return o;
}
