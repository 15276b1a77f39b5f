/* kiosk/answers.c - the open journal and the question on the screen. Answers enter; they are durable when they leave. */
#include "kiosk/answers.h"

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
#define REOPEN_WAIT_MS 2000  /* a patient is waiting */

struct answers {
	char *home; /* owned */
	const struct env *env;
	pthread_mutex_t lock; /* guards all below */
	struct qip_capture *capture; /* NULL: no survey yet, or the disk failed */
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

/* Take over what the home holds now. Called with the lock held. A survey that cannot be shown leaves the old one standing. */
static enum status take_over(struct answers *a, struct qip *q, struct error *e)
{
	struct standing *s = &a->standing;
	enum status st = STATUS_OK;

	s->last_sync_ms = qip_last_sync_ms(q);
	st = a->capture ? qip_capture_reload(a->capture, q, e) : qip_capture_open(&a->capture, q, e);
	if (st == STATUS_OK)
		st = read_question(&a->question, q, e);
	s->comments = a->capture && qip_capture_can_seal(a->capture);
	s->waiting_known = qip_waiting(&s->waiting, q, NULL) == STATUS_OK;
	return st;
}

static enum status open_home(struct qip **q, const struct answers *a, int wait_ms, struct error *e)
{
	return qip_open(q, &(struct qip_options){.home = a->home, .env = a->env, .lock_wait_ms = wait_ms}, e);
}

static enum status first_look(struct answers *a, struct qip *q, struct error *e)
{
	const struct qip_identity *id = qip_identity(q);
	struct error why = {.text = ""};

	if (id->role != ROLE_KIOSK)
		return error_set(e, STATUS_DENIED, "%s is the home of a device of the role %s, not of a kiosk", a->home, role_text(id->role));
	(void)snprintf(a->standing.device, sizeof(a->standing.device), "%s", id->device);
	(void)snprintf(a->standing.site, sizeof(a->standing.site), "%s", id->site);
	switch (take_over(a, q, &why)) {
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
	return standing_read_journal(&a->standing, a->home, a->env, e);
}

enum status answers_open(struct answers **out, const char *home, const struct env *env, struct error *e)
{
	struct answers *a = calloc(1, sizeof(*a));
	struct qip *q = NULL;
	enum status st = STATUS_OK;

	if (!a)
		return error_set(e, STATUS_NOMEM, "no memory for the kiosk");
	(void)pthread_mutex_init(&a->lock, NULL);
	a->env = env;
	(void)snprintf(a->question.language, sizeof(a->question.language), "%s", LANGUAGE);
	a->home = strdup(home);
	st = a->home ? open_home(&q, a, LOCK_WAIT_MS, e) : error_set(e, STATUS_NOMEM, "no memory for the kiosk");
	if (st == STATUS_OK)
		st = first_look(a, q, e);
	qip_close(q);
	if (st != STATUS_OK) {
		answers_close(a);
		return st;
	}
	*out = a;
	return STATUS_OK;
}

void answers_close(struct answers *a)
{
	if (!a)
		return;
	qip_capture_close(a->capture);
	(void)pthread_mutex_destroy(&a->lock);
	free(a->home);
	free(a);
}

void answers_question(struct answers *a, struct question *out, bool *comments)
{
	(void)pthread_mutex_lock(&a->lock);
	*out = a->question;
	*comments = a->standing.comments;
	(void)pthread_mutex_unlock(&a->lock);
}

/* Called with the lock held. */
static enum status reopen(struct answers *a, struct error *e)
{
	struct qip *q = NULL;
	enum status st = open_home(&q, a, REOPEN_WAIT_MS, e);

	if (st == STATUS_OK)
		st = qip_capture_open(&a->capture, q, e);
	qip_close(q);
	return st;
}

static void note_kept(struct answers *a, uint64_t seq)
{
	struct standing *s = &a->standing;

	s->last = seq;
	s->last_ms = a->env->now_ms(a->env->ctx);
	s->last_quality = a->env->quality(a->env->ctx);
	s->waiting++;
}

enum status answers_keep(struct answers *a, const struct qip_answer *answer, struct error *e)
{
	uint64_t seq = 0;
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&a->lock);
	if (!a->capture)
		st = reopen(a, e);
	if (st == STATUS_OK)
		st = qip_capture(&seq, a->capture, answer, e);
	if (st == STATUS_OK)
		note_kept(a, seq);
	if (st == STATUS_IO) {
		/* The journal takes nothing more until it has been opened, and so checked, again. */
		qip_capture_close(a->capture);
		a->capture = NULL;
	}
	(void)pthread_mutex_unlock(&a->lock);
	return st;
}

void answers_standing(struct answers *a, struct standing *out)
{
	(void)pthread_mutex_lock(&a->lock);
	*out = a->standing;
	(void)pthread_mutex_unlock(&a->lock);
}

enum status answers_sync(struct answers *a, uint64_t *sent, struct error *e)
{
	struct qip_sync_report report = {0};
	struct error why = {.text = ""};
	struct qip *q = NULL;
	enum status st = open_home(&q, a, LOCK_WAIT_MS, e);

	if (st == STATUS_OK)
		st = qip_sync(q, &report, e);
	if (st == STATUS_OK) {
		*sent = report.records_sent;
		(void)pthread_mutex_lock(&a->lock);
		if (take_over(a, q, &why) != STATUS_OK)
			log_line(LOG_LEVEL_ERROR, "what the sync brought cannot be used", "error", why.text, NULL);
		(void)pthread_mutex_unlock(&a->lock);
	}
	qip_close(q);
	memory_trim();
	return st;
}
