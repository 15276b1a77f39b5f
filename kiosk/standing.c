/* kiosk/standing.c - how a kiosk stands. Numbers and times enter; what staff read leaves. */
#include "kiosk/standing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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

void standing_note_journal(struct standing *s, const struct qip_journal_standing *j)
{
	s->journal_percent = j->percent;
	(void)snprintf(s->journal_error, sizeof(s->journal_error), "%s", j->trouble == STATUS_OK ? "" : j->why);
	set_trouble(s, TROUBLE_DISK_FULL, j->percent >= STANDING_WARN_PERCENT || j->trouble == STATUS_NO_SPACE);
	set_trouble(s, TROUBLE_DISK_ERRORS, j->trouble != STATUS_OK && j->trouble != STATUS_NO_SPACE);
	set_trouble(s, TROUBLE_LOST_RECORDS, j->damaged > 0);
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

enum status standing_read_journal(struct standing *out, const char *home, const struct env *env, struct error *e)
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
		standing_note_journal(out, &(struct qip_journal_standing){.percent = journal_percent(j), .damaged = journal_damaged(j)});
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
	if (s->waiting_known)
		cJSON_AddNumberToObject(o, "waiting", (double)s->waiting);
	else
		cJSON_AddNullToObject(o, "waiting");
	add_time(o, "last_sync", s->last_sync_ms, s->last_sync_ms > 0);
	if (s->sync_error[0])
		cJSON_AddStringToObject(o, "sync_error", s->sync_error);
	else
		cJSON_AddNullToObject(o, "sync_error");
	cJSON_AddBoolToObject(o, "comments", s->comments);
	cJSON_AddNumberToObject(o, "journal_percent", s->journal_percent);
	if (s->journal_error[0])
		cJSON_AddStringToObject(o, "journal_error", s->journal_error);
	else
		cJSON_AddNullToObject(o, "journal_error");
	add_troubles(o, s->troubles);
	return o;
}

/* "2026-11-22 05:00 UTC" */
static void minute_text(char out[TIME_TEXT_MAX], int64_t ms)
{
	char full[TIME_TEXT_MAX];

	time_format(full, ms);
	(void)snprintf(out, TIME_TEXT_MAX, "%.10s %.5s UTC", full, full + 11);
}

void standing_last_text(char *out, size_t size, const struct standing *s)
{
	char when[TIME_TEXT_MAX];

	minute_text(when, s->last_ms);
	if (s->last == 0)
		(void)snprintf(out, size, "none yet");
	else
		(void)snprintf(out, size, "number %" PRIu64 ", %s%s", s->last, when,
			       s->last_quality == CLOCK_UNKNOWN ? " by a clock that nobody has set" : "");
}

void standing_waiting_text(char *out, size_t size, const struct standing *s)
{
	if (s->waiting_known)
		(void)snprintf(out, size, "%" PRIu64 " %s", s->waiting, s->waiting == 1 ? "answer" : "answers");
	else
		(void)snprintf(out, size, "not known while a sync is going on");
}

void standing_sync_text(char *out, size_t size, const struct standing *s)
{
	char when[TIME_TEXT_MAX];

	minute_text(when, s->last_sync_ms);
	(void)snprintf(out, size, "%s", s->last_sync_ms > 0 ? when : "never");
}
