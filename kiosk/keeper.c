/* kiosk/keeper.c - the open journal and what the screen may show. Answers enter; they are durable when they leave. */
#include "kiosk/keeper.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "kiosk/flags.h"
#include "kiosk/memory.h"

#define LOCK_WAIT_MS 60000 /* another program may be syncing this home */
#define START_WAIT_MS 3000 /* and patients wait for the screen meanwhile */
#define FAILING_MS (24LL * 60 * 60 * 1000) /* syncs that failed for so long are told to the practice with the one that works */

/* What the practice has set for this kiosk. */
struct site_settings {
	struct screen_settings screen;
	struct flags_hours hours;
	struct key_pin pin;
	bool has_pin;
};

struct keeper {
	char *home; /* owned */
	const struct env *env;
	pthread_mutex_t lock; /* guards all below */
	struct qip_capture *capture; /* NULL: no survey yet; set by whoever syncs, and by nobody else */
	struct site_settings site;
	struct flags_past past;      /* since the program started */
	int64_t failing_since_ms;    /* since boot: syncs have failed without exception; 0: the last did not */
	struct standing standing;
};

static enum status read_settings(struct site_settings *out, struct qip_capture *capture, struct error *e)
{
	struct site_settings s = {.has_pin = false};
	const cJSON *kiosk = NULL;
	cJSON *practice = NULL, *site = NULL;
	enum status st = qip_capture_settings(&practice, &site, capture, e);

	if (st == STATUS_OK) {
		kiosk = json_get(site, "kiosk");
		screen_settings_read(&s.screen, practice, site);
		flags_hours_read(&s.hours, json_get(kiosk, "hours"));
		s.has_pin = key_pin_read(&s.pin, json_get(kiosk, "pin")) == STATUS_OK;
		*out = s;
	}
	cJSON_Delete(practice);
	cJSON_Delete(site);
	return st;
}

/* Tell once what begins and what ends. Called with the lock held. */
static void look_at_journal(struct keeper *k)
{
	const unsigned both = 1u << TROUBLE_DISK_FULL | 1u << TROUBLE_DISK_ERRORS;
	struct standing *s = &k->standing;
	struct qip_journal_standing j;
	unsigned before = s->troubles;
	char percent[16];

	if (!k->capture)
		return;
	qip_capture_journal(&j, k->capture);
	standing_note_journal(s, &j);
	(void)snprintf(percent, sizeof(percent), "%u", j.percent);
	if (s->troubles & ~before & 1u << TROUBLE_LOST_RECORDS)
		log_line(LOG_LEVEL_ERROR, "the journal is damaged in places; answers there are lost, others are not", NULL);
	if (s->troubles & ~before & 1u << TROUBLE_DISK_ERRORS)
		log_line(LOG_LEVEL_ERROR, "answers cannot be kept", "error", j.why, NULL);
	if (s->troubles & ~before & 1u << TROUBLE_DISK_FULL)
		log_line(LOG_LEVEL_WARN, "the journal is nearly full: see why nothing is sent, or make room on the disk", "percent", percent, NULL);
	if (before & both & ~s->troubles && !(s->troubles & both))
		log_line(LOG_LEVEL_INFO, "answers can be kept again", "percent", percent, NULL);
}

/* Take over what the home holds now; beside: what is known of it while another program has it locked. It is read without the lock that patients wait for. A survey that cannot be shown leaves the old one standing. */
static enum status take_over(struct keeper *k, struct qip *q, bool beside, struct error *e)
{
	struct standing *s = &k->standing;
	struct qip_capture *capture = k->capture;
	struct site_settings site = {.has_pin = false};
	struct qip_blobs blobs;
	enum status st = capture ? qip_capture_reload(capture, q, e) : qip_capture_open(&capture, q, e);
	bool settled = false;

	if (st == STATUS_OK)
		st = read_settings(&site, capture, e);
	settled = st == STATUS_OK;
	if (!settled && !beside)
		(void)qip_heal(q); /* the next sync brings what is missing */
	(void)pthread_mutex_lock(&k->lock);
	k->capture = capture;
	if (settled)
		k->site = site;
	standing_note_identity(s, q);
	s->last_sync_ms = qip_last_sync_ms(q);
	s->comments = capture && qip_capture_can_seal(capture);
	s->waiting_known = !beside && (capture ? qip_capture_waiting(&s->waiting, capture, q, NULL) : qip_waiting(&s->waiting, q, NULL)) == STATUS_OK;
	if (!beside && qip_blobs(&blobs, q, NULL) == STATUS_OK)
		s->comments_waiting = blobs.waiting;
	look_at_journal(k);
	(void)pthread_mutex_unlock(&k->lock);
	return st;
}

static enum status open_home(struct qip **q, const struct keeper *k, int wait_ms, struct error *e)
{
	return qip_open(q, &(struct qip_options){.home = k->home, .env = k->env, .lock_wait_ms = wait_ms}, e);
}

/* A long sync by hand keeps nobody from answering: the questions are those that were kept last. */
static enum status open_first(struct qip **q, bool *beside, const struct keeper *k, struct error *e)
{
	enum status st = open_home(q, k, START_WAIT_MS, e);

	*beside = st == STATUS_BUSY;
	return *beside ? qip_open_beside(q, &(struct qip_options){.home = k->home, .env = k->env}, e) : st;
}

static enum status first_look(struct keeper *k, struct qip *q, bool beside, struct error *e)
{
	const struct qip_identity *id = qip_identity(q);
	struct error why = {.text = ""};
	enum status st = STATUS_OK;

	if (id->role != ROLE_KIOSK)
		return error_set(e, STATUS_DENIED, "%s is the home of a device of the role %s, not of a kiosk", k->home, role_text(id->role));
	/* a disk that fails now may come back */
	if (standing_read_journal(&k->standing, k->home, &(struct state){.last_sync_ms = 0}, k->env, &why) != STATUS_OK)
		log_line(LOG_LEVEL_ERROR, "the journal cannot be read", "error", why.text, NULL);
	k->standing.troubles = 0; /* told below, once */
	st = take_over(k, q, beside, &why);
	if (st == STATUS_BUSY || st == STATUS_NOMEM) /* another kiosk runs here */
		return error_set(e, st, "%s", why.text);
	if (st != STATUS_OK) /* the screen says so meanwhile, and each sync looks again: ending would not help */
		log_line(LOG_LEVEL_WARN, "no question to ask yet", "error", why.text, NULL);
	return STATUS_OK;
}

enum status keeper_open(struct keeper **out, const char *home, const struct env *env, struct error *e)
{
	struct keeper *k = calloc(1, sizeof(*k));
	struct qip *q = NULL;
	bool beside = false;
	enum status st = STATUS_OK;

	if (!k)
		return error_set(e, STATUS_NOMEM, "no memory for the kiosk");
	(void)pthread_mutex_init(&k->lock, NULL);
	k->env = env;
	k->home = strdup(home);
	st = k->home ? open_first(&q, &beside, k, e) : error_set(e, STATUS_NOMEM, "no memory for the kiosk");
	if (st == STATUS_OK)
		st = first_look(k, q, beside, e);
	qip_close(q);
	if (st != STATUS_OK) {
		keeper_close(k);
		return st;
	}
	*out = k;
	return STATUS_OK;
}

void keeper_close(struct keeper *k)
{
	if (!k)
		return;
	qip_capture_close(k->capture);
	(void)pthread_mutex_destroy(&k->lock);
	free(k->home);
	free(k);
}

void keeper_screen(struct keeper *k, struct screen *out)
{
	struct error e = {.text = ""};
	cJSON *surveys = NULL;

	(void)pthread_mutex_lock(&k->lock);
	if (k->capture && qip_surveys(&surveys, k->capture, &e) != STATUS_OK)
		log_line(LOG_LEVEL_ERROR, "the surveys cannot be read", "error", e.text, NULL);
	screen_open(out, &k->site.screen, surveys, k->standing.comments);
	(void)pthread_mutex_unlock(&k->lock);
}

cJSON *keeper_survey(struct keeper *k, const char *id, int64_t version)
{
	cJSON *survey = NULL;

	(void)pthread_mutex_lock(&k->lock);
	if (k->capture && qip_survey(&survey, k->capture, id, version, NULL) != STATUS_OK)
		survey = NULL;
	(void)pthread_mutex_unlock(&k->lock);
	return survey;
}

bool keeper_kept(struct keeper *k, const char *id)
{
	bool kept = false;

	(void)pthread_mutex_lock(&k->lock);
	kept = k->capture && qip_capture_has(k->capture, id);
	(void)pthread_mutex_unlock(&k->lock);
	return kept;
}

/* Called with the lock held, as the two below. */
static enum status keep_flagged(struct keeper *k, uint64_t *seq, struct flags_answer *now, const struct qip_answer *answer, struct error *e)
{
	const char *flags[FLAGS_MAX + 1];
	struct qip_answer flagged = *answer;
	enum clock_quality quality = CLOCK_UNKNOWN;
	int64_t now_ms = 0;

	if (!k->capture)
		return error_set(e, STATUS_UNTRUSTED, "there is no question to answer yet");
	quality = qip_capture_clock(&now_ms, k->capture);
	*now = (struct flags_answer){.monotonic_ms = k->env->monotonic_ms(k->env->ctx)};
	k->env->boot_id(k->env->ctx, now->boot_id);
	(void)snprintf(now->survey, sizeof(now->survey), "%s", answer->survey ? answer->survey : "");
	flags_of(flags, &k->past, now, &k->site.hours, quality, now_ms);
	flagged.flags = flags;
	return qip_capture(seq, k->capture, &flagged, e);
}

static void note_kept(struct keeper *k, uint64_t seq, const struct flags_answer *now)
{
	struct standing *s = &k->standing;

	flags_note(&k->past, now);

	s->last = seq;
	s->last_ms = k->env->now_ms(k->env->ctx);
	s->last_quality = k->env->quality(k->env->ctx);
	s->waiting++;
}

enum status keeper_keep(struct keeper *k, const struct qip_answer *answer, struct error *e)
{
	struct flags_answer now;
	uint64_t seq = 0;
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&k->lock);
	st = keep_flagged(k, &seq, &now, answer, e);
	if (st == STATUS_OK)
		note_kept(k, seq, &now);
	look_at_journal(k);
	(void)pthread_mutex_unlock(&k->lock);
	return st;
}

bool keeper_pin(struct keeper *k, struct key_pin *out)
{
	bool has = false;

	(void)pthread_mutex_lock(&k->lock);
	has = k->site.has_pin;
	*out = k->site.pin;
	(void)pthread_mutex_unlock(&k->lock);
	return has;
}

void keeper_standing(struct keeper *k, struct standing *out)
{
	enum clock_quality quality = CLOCK_UNKNOWN;
	struct screen screen;
	int64_t now_ms = 0;

	keeper_screen(k, &screen);
	(void)pthread_mutex_lock(&k->lock);
	look_at_journal(k);
	if (k->capture)
		quality = qip_capture_clock(&now_ms, k->capture);
	*out = k->standing;
	(void)pthread_mutex_unlock(&k->lock);
	standing_note_box(out, k->home, k->env, quality);
	for (size_t i = 0; i < screen.languages_len; i++)
		standing_add_language(out, texts_language(screen.languages[i]));
	screen_close(&screen);
}

/* What goes to the practice with a sync, and the texts it points to. */
struct word {
	struct qip_health health;
	struct standing standing;
	const char *languages[STANDING_LANGUAGES_MAX + 1];
	const char *troubles[TROUBLES + 1];
};

static void prepare_word(struct word *w, struct keeper *k)
{
	struct standing *s = &w->standing;
	int64_t now_ms = k->env->monotonic_ms(k->env->ctx), since_ms = 0;

	*w = (struct word){.languages = {NULL}};
	keeper_standing(k, s);
	(void)pthread_mutex_lock(&k->lock);
	since_ms = k->failing_since_ms;
	(void)pthread_mutex_unlock(&k->lock);
	standing_note_sync(s, since_ms > 0 && now_ms - since_ms >= FAILING_MS ? "for long" : "");
	for (size_t i = 0; i < s->languages_len; i++)
		w->languages[i] = s->languages[i];
	standing_troubles(w->troubles, s);
	w->health = (struct qip_health){.last = s->last, .journal_percent = s->journal_percent, .damaged = s->damaged, .languages = w->languages, .troubles = w->troubles};
}

static void note_outcome(struct keeper *k, enum status st)
{
	int64_t now_ms = k->env->monotonic_ms(k->env->ctx);

	(void)pthread_mutex_lock(&k->lock);
	if (st == STATUS_OK)
		k->failing_since_ms = 0;
	else if (k->failing_since_ms == 0)
		k->failing_since_ms = now_ms > 0 ? now_ms : 1;
	(void)pthread_mutex_unlock(&k->lock);
}

enum status keeper_sync(struct keeper *k, uint64_t *sent, struct error *e)
{
	struct qip_sync_report report = {0};
	struct error why = {.text = ""};
	struct qip *q = NULL;
	struct word word;
	enum status st = open_home(&q, k, LOCK_WAIT_MS, e);

	if (st == STATUS_OK) {
		prepare_word(&word, k);
		qip_tell_health(q, &word.health);
		st = qip_sync(q, &report, e);
	}
	note_outcome(k, st);
	if (st == STATUS_OK) {
		*sent = report.records_sent;
		if (take_over(k, q, false, &why) != STATUS_OK)
			log_line(LOG_LEVEL_ERROR, "what the sync brought cannot be used", "error", why.text, NULL);
	} else if (q) {
		(void)pthread_mutex_lock(&k->lock);
		standing_note_identity(&k->standing, q); /* a sync finds copies */
		(void)pthread_mutex_unlock(&k->lock);
	}
	qip_close(q);
	memory_trim();
	return st;
}
