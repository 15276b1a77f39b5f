/* kiosk/status.c - qip-kiosk status: how the kiosk stands, also while it runs. */
#include <stdio.h>

#include "client/home.h"
#include "client/survey_load.h"
#include "kiosk/command.h"
#include "kiosk/screen.h"
#include "kiosk/standing.h"

#define LOCK_WAIT_MS 3000 /* a sync may be going on: what it holds is then told as not known */

static enum status note_key(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct standing *s = ctx;

	(void)path;
	(void)record;
	(void)e;
	s->comments = true;
	return STATUS_OK;
}

/* What the screen offers by this home, whether or not it runs. What cannot be read is left out: it is not why anybody asks. */
static void note_languages(struct standing *s, struct qip *q, const char *day)
{
	char path[sizeof("sites/.json") + NAME_MAX_LEN];
	struct survey_shelf shelf = {.len = 0};
	struct screen_settings settings;
	struct screen screen;
	cJSON *site = NULL, *surveys = NULL;

	(void)snprintf(path, sizeof(path), "sites/%s.json", s->site);
	if (qip_read(&site, q, path, NULL) != STATUS_OK)
		site = NULL;
	screen_settings_read(&settings, NULL, site);
	if (survey_read(&shelf, q, NULL) != STATUS_OK || survey_shelf_shown(&surveys, &shelf, s->site, day, NULL) != STATUS_OK)
		surveys = NULL;
	screen_open(&screen, &settings, surveys, s->comments);
	for (size_t i = 0; i < screen.languages_len; i++)
		standing_add_language(s, texts_language(screen.languages[i]));
	screen_close(&screen);
	survey_shelf_clear(&shelf);
	cJSON_Delete(site);
}

/* *state: what the home remembers; empty while somebody else has it locked. */
static enum status look(struct standing *s, struct state *state, enum clock_quality *clock, const char *home, struct error *e)
{
	struct qip *q = NULL;
	struct qip_blobs blobs;
	char day[11];
	int64_t now_ms = 0;
	enum status st = qip_open(&q, &(struct qip_options){.home = home, .lock_wait_ms = LOCK_WAIT_MS}, e);

	if (st == STATUS_OK && qip_identity(q)->role != ROLE_KIOSK) {
		st = error_set(e, STATUS_DENIED, "%s is the home of a device of the role %s, not of a kiosk: use `qip status`", home,
			       role_text(qip_identity(q)->role));
	} else if (st == STATUS_OK) {
		standing_note_identity(s, q);
		s->last_sync_ms = qip_last_sync_ms(q);
		*state = q->state;
		st = qip_waiting(&s->waiting, q, e);
		s->waiting_known = st == STATUS_OK;
		if (st == STATUS_OK && qip_blobs(&blobs, q, e) == STATUS_OK)
			s->comments_waiting = blobs.waiting;
		if (st == STATUS_OK && qip_each(q, "keys/", note_key, s, NULL) != STATUS_OK)
			s->comments = false; /* nothing received yet */
		*clock = state_clock(&now_ms, &q->state, q->env);
		note_languages(s, q, survey_day(day, &q->state, q->env) ? day : NULL);
	} else if (st == STATUS_BUSY) {
		(void)snprintf(s->sync_error, sizeof(s->sync_error), "another program is using this home, perhaps a sync");
		st = STATUS_OK;
	}
	qip_close(q);
	return st;
}

static enum status print_json(const struct standing *s, struct error *e)
{
	cJSON *json = standing_json(s);
	char *text = json ? cJSON_Print(json) : NULL;

	cJSON_Delete(json);
	if (!text)
		return error_set(e, STATUS_NOMEM, "no memory for the status");
	printf("%s\n", text);
	cJSON_free(text);
	return STATUS_OK;
}

static void print_text(const struct standing *s)
{
	char last[128], waiting[64], sync[64], clock[96], room[96], languages[STANDING_LANGUAGES_MAX * (STANDING_LANGUAGE_MAX + 2)];

	standing_last_text(last, sizeof(last), s);
	standing_waiting_text(waiting, sizeof(waiting), s);
	standing_sync_text(sync, sizeof(sync), s);
	standing_clock_text(clock, sizeof(clock), s);
	standing_room_text(room, sizeof(room), s);
	standing_languages_text(languages, sizeof(languages), s);
	printf("Device       %s at %s\nLast answer  %s\nWaiting      %s\nLast sync    %s\n", s->device, s->site, last, waiting, sync);
	printf("Storage      %s\nClock        %s\nLanguages    %s\nVersion      %s\n", room, clock, languages, QIP_VERSION);
	if (s->doubt[0])
		printf("In doubt     %s\n", s->doubt);
	if (s->sync_error[0])
		printf("Note         %s\n", s->sync_error);
	for (int t = 0; t < TROUBLES; t++) {
		if (s->troubles & 1u << t)
			printf("Trouble      %s\n", trouble_words((enum trouble)t));
	}
}

enum status command_status(const struct command_options *o, struct error *e)
{
	struct standing s = {.last = 0};
	struct state state = {.last_sync_ms = 0};
	enum clock_quality clock = env_system()->quality(env_system()->ctx);
	enum status st = look(&s, &state, &clock, o->home, e);

	if (st == STATUS_OK)
		st = standing_read_journal(&s, o->home, &state, env_system(), e);
	if (st != STATUS_OK)
		return st;
	standing_note_box(&s, o->home, env_system(), clock);
	if (o->json)
		return print_json(&s, e);
	print_text(&s);
	return STATUS_OK;
}
