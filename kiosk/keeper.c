/* kiosk/keeper.c - the open journal and the question on the screen. Answers enter; they are durable when they leave. */
#include "kiosk/keeper.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "kiosk/memory.h"

#define SURVEY_PATH "surveys/fft.json"
#define PRACTICE_PATH "practice.json"
#define LANGUAGE "en"
#define LOCK_WAIT_MS 60000   /* another program may be syncing this home */

struct keeper {
	char *home; /* owned */
	const struct env *env;
	pthread_mutex_t lock; /* guards all below */
	struct qip_capture *capture; /* NULL: no survey yet */
	struct question question;
	struct standing standing;
};

static enum status read_question(struct question *out, struct qip *q, struct error *e)
{
	cJSON *survey = NULL, *practice = NULL;
	enum status st = qip_read(&survey, q, SURVEY_PATH, e);

	if (st == STATUS_OK)
		st = qip_read(&practice, q, PRACTICE_PATH, e);
	if (st == STATUS_OK)
		st = question_read(out, survey, practice, LANGUAGE, e);
	cJSON_Delete(survey);
	cJSON_Delete(practice);
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

/* Take over what the home holds now. Called with the lock held. A survey that cannot be shown leaves the old one standing. */
static enum status take_over(struct keeper *k, struct qip *q, struct error *e)
{
	struct standing *s = &k->standing;
	enum status st = STATUS_OK;

	s->last_sync_ms = qip_last_sync_ms(q);
	st = k->capture ? qip_capture_reload(k->capture, q, e) : qip_capture_open(&k->capture, q, e);
	if (st == STATUS_OK)
		st = read_question(&k->question, q, e);
	s->comments = k->capture && qip_capture_can_seal(k->capture);
	s->waiting_known = qip_waiting(&s->waiting, q, NULL) == STATUS_OK;
	look_at_journal(k);
	return st;
}

static enum status open_home(struct qip **q, const struct keeper *k, struct error *e)
{
	return qip_open(q, &(struct qip_options){.home = k->home, .env = k->env, .lock_wait_ms = LOCK_WAIT_MS}, e);
}

static enum status first_look(struct keeper *k, struct qip *q, struct error *e)
{
	const struct qip_identity *id = qip_identity(q);
	struct error why = {.text = ""};

	if (id->role != ROLE_KIOSK)
		return error_set(e, STATUS_DENIED, "%s is the home of a device of the role %s, not of a kiosk", k->home, role_text(id->role));
	(void)snprintf(k->standing.device, sizeof(k->standing.device), "%s", id->device);
	(void)snprintf(k->standing.site, sizeof(k->standing.site), "%s", id->site);
	/* a disk that fails now may come back */
	if (standing_read_journal(&k->standing, k->home, k->env, &why) != STATUS_OK)
		log_line(LOG_LEVEL_ERROR, "the journal cannot be read", "error", why.text, NULL);
	k->standing.troubles = 0; /* told below, once */
	switch (take_over(k, q, &why)) {
	case STATUS_OK:
		break;
	case STATUS_NOT_FOUND:
	case STATUS_UNTRUSTED:
	case STATUS_INVALID:
		log_line(LOG_LEVEL_WARN, "no question to ask yet", "error", why.text, NULL);
		break;
	default:
		return error_set(e, why.status, "%s", why.text);
	}
	return STATUS_OK;
}

enum status keeper_open(struct keeper **out, const char *home, const struct env *env, struct error *e)
{
	struct keeper *k = calloc(1, sizeof(*k));
	struct qip *q = NULL;
	enum status st = STATUS_OK;

	if (!k)
		return error_set(e, STATUS_NOMEM, "no memory for the kiosk");
	(void)pthread_mutex_init(&k->lock, NULL);
	k->env = env;
	(void)snprintf(k->question.language, sizeof(k->question.language), "%s", LANGUAGE);
	k->home = strdup(home);
	st = k->home ? open_home(&q, k, e) : error_set(e, STATUS_NOMEM, "no memory for the kiosk");
	if (st == STATUS_OK)
		st = first_look(k, q, e);
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

void keeper_question(struct keeper *k, struct question *out, bool *comments)
{
	(void)pthread_mutex_lock(&k->lock);
	*out = k->question;
	*comments = k->standing.comments;
	(void)pthread_mutex_unlock(&k->lock);
}

static void note_kept(struct keeper *k, uint64_t seq)
{
	struct standing *s = &k->standing;

	s->last = seq;
	s->last_ms = k->env->now_ms(k->env->ctx);
	s->last_quality = k->env->quality(k->env->ctx);
	s->waiting++;
}

enum status keeper_keep(struct keeper *k, const struct qip_answer *answer, struct error *e)
{
	uint64_t seq = 0;
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&k->lock);
	st = k->capture ? qip_capture(&seq, k->capture, answer, e) : error_set(e, STATUS_UNTRUSTED, "there is no question to answer yet");
	if (st == STATUS_OK)
		note_kept(k, seq);
	look_at_journal(k);
	(void)pthread_mutex_unlock(&k->lock);
	return st;
}

void keeper_standing(struct keeper *k, struct standing *out)
{
	(void)pthread_mutex_lock(&k->lock);
	look_at_journal(k);
	*out = k->standing;
	(void)pthread_mutex_unlock(&k->lock);
}

enum status keeper_sync(struct keeper *k, uint64_t *sent, struct error *e)
{
	struct qip_sync_report report = {0};
	struct error why = {.text = ""};
	struct qip *q = NULL;
	enum status st = open_home(&q, k, e);

	if (st == STATUS_OK)
		st = qip_sync(q, &report, e);
	if (st == STATUS_OK) {
		*sent = report.records_sent;
		(void)pthread_mutex_lock(&k->lock);
		if (take_over(k, q, &why) != STATUS_OK)
			log_line(LOG_LEVEL_ERROR, "what the sync brought cannot be used", "error", why.text, NULL);
		(void)pthread_mutex_unlock(&k->lock);
	}
	qip_close(q);
	memory_trim();
	return st;
}
