/* client/capture.c - an answer on its way into the journal (between stages 1 and 2 of 9).
 *
 * Enters: what a patient answered, under an id made when the form was shown. Leaves: one journal record {"id","survey","mode","language",
 * "answers","site","flags"?,"comment"?}, the comment itself sealed beside it; plain text is in memory only.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/basis.h"
#include "client/survey.h"
#include "client/survey_load.h"
#include "client/waiting.h"
#include "core/log.h"

#define KIOSK_MODE "kiosk"
#define TRY_AGAIN_MS 3000 /* opening a journal that has failed, only to see whether it is well again */

struct recent {
	char id[ID_TEXT_LEN + 1];
	uint64_t seq;
};

struct qip_capture {
	const struct env *env;
	pthread_mutex_t lock;    /* over all below */
	struct journal *journal; /* owned; NULL after the disk failed, until the next answer opens it again */
	char journal_path[HOME_PATH_MAX];
	enum status trouble;     /* with it; STATUS_OK: none */
	char why[ERROR_TEXT_MAX];
	int64_t tried_ms;        /* when it was opened last, by the clock since boot */
	uint64_t last;           /* number of the last answer */
	struct capturer who;
	struct survey_shelf shelf; /* an answer to a form shown before a reload still finds its version */
	cJSON *practice, *site;    /* owned; as in struct basis */
	struct state state;        /* as the home remembered time when it was read last */
	struct recent recent[LIMIT_RECENT_IDS]; /* a ring */
	size_t recent_len, recent_next;
};

static void close_journal(struct qip_capture *c)
{
	journal_close(c->journal);
	c->journal = NULL;
}

/* A sync may have read what the disk never confirmed to the writer, and has lost since: that number is not given again. */
static void take(struct qip_capture *c, struct basis *b)
{
	c->who = b->who;
	c->state = b->state;
	survey_shelf_replace(&c->shelf, &b->shelf);
	cJSON_Delete(c->practice);
	cJSON_Delete(c->site);
	c->practice = b->practice;
	c->site = b->site;
	b->practice = b->site = NULL;
	if (b->committed > c->last) {
		c->last = b->committed;
		close_journal(c);
	}
}

/* A patient asks for no history. What the next sync brings is taken over then. */
static enum status load_or_recall(struct basis *out, struct qip *q, struct error *e)
{
	struct error why = {.text = ""};
	enum status st = basis_load(out, q, &why);

	if (st == STATUS_OK || st == STATUS_NOMEM)
		return st == STATUS_OK ? st : error_set(e, st, "%s", why.text);
	if (basis_recall(out, q, NULL) != STATUS_OK)
		return error_set(e, st, "%s", why.text);
	log_line(LOG_LEVEL_WARN, "the questions are those that were kept last", "reason", why.text, NULL);
	return STATUS_OK;
}

static void remember(struct qip_capture *c, const char *id, uint64_t seq)
{
	struct recent *r = &c->recent[c->recent_next];

	memcpy(r->id, id, sizeof(r->id));
	r->seq = seq;
	c->recent_next = (c->recent_next + 1) % LIMIT_RECENT_IDS;
	if (c->recent_len < LIMIT_RECENT_IDS)
		c->recent_len++;
}

static enum status remember_record(void *ctx, const struct journal_record *r, struct error *e)
{
	cJSON *captured = NULL;
	const char *id = NULL;

	(void)e;
	if (json_parse(&captured, r->json, r->json_len, NULL) == STATUS_OK)
		id = json_string(captured, "id");
	if (id && id_valid(id))
		remember(ctx, id, r->seq);
	cJSON_Delete(captured);
	return STATUS_OK;
}

static enum status note_trouble(struct qip_capture *c, enum status st, const struct error *e)
{
	c->trouble = st == STATUS_IO || st == STATUS_NO_SPACE || st == STATUS_STALE || st == STATUS_CORRUPT ? st : STATUS_OK;
	(void)snprintf(c->why, sizeof(c->why), "%s", c->trouble == STATUS_OK ? "" : e->text);
	return st;
}

static enum status try_journal(struct qip_capture *c, struct error *e)
{
	uint64_t newest = 0;
	enum status st = journal_open(&c->journal, c->journal_path, JOURNAL_WRITE, c->last + 1, c->env, e);

	if (st != STATUS_OK)
		return st;
	newest = journal_last(c->journal);
	c->recent_len = c->recent_next = 0;
	st = journal_each(c->journal, newest > LIMIT_RECENT_IDS ? newest - LIMIT_RECENT_IDS + 1 : 1, remember_record, c, e);
	if (st == STATUS_OK && newest > c->last)
		c->last = newest;
	if (st != STATUS_OK)
		close_journal(c);
	return st;
}

/* Opening is also checking: what a failed disk kept of an answer all the same is found, and its id known. */
static enum status open_journal(struct qip_capture *c, struct error *e)
{
	struct error why = {.text = ""};
	enum status st = try_journal(c, &why);

	c->tried_ms = c->env->monotonic_ms(c->env->ctx);
	(void)note_trouble(c, st, &why);
	return st == STATUS_OK ? st : error_set(e, st, "%s", why.text);
}

static enum status find_journal(struct qip_capture *c, struct qip *q, struct error *e)
{
	enum status st = qip_home_path(c->journal_path, sizeof(c->journal_path), q, HOME_JOURNAL);

	if (st == STATUS_OK)
		st = open_journal(c, e);
	return c->trouble == STATUS_OK ? st : STATUS_OK; /* a disk may come back: the next answer finds out */
}

enum status qip_capture_open(struct qip_capture **out, struct qip *q, struct error *e)
{
	struct qip_capture *c = NULL;
	struct basis basis;
	enum status st = STATUS_OK;

	if (!home_is_kiosk(q))
		return error_set(e, STATUS_DENIED, "only a kiosk records patients' answers");
	c = calloc(1, sizeof(*c));
	if (!c)
		return error_set(e, STATUS_NOMEM, "out of memory");
	(void)pthread_mutex_init(&c->lock, NULL);
	c->env = q->env;
	st = load_or_recall(&basis, q, e);
	if (st == STATUS_OK) {
		take(c, &basis);
		if (q->repo)
			survey_load_earlier(&c->shelf, q);
		st = find_journal(c, q, e);
	}
	if (st != STATUS_OK) {
		qip_capture_close(c);
		return st;
	}
	*out = c;
	return STATUS_OK;
}

void qip_capture_close(struct qip_capture *c)
{
	if (!c)
		return;
	close_journal(c);
	survey_shelf_clear(&c->shelf);
	cJSON_Delete(c->practice);
	cJSON_Delete(c->site);
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}

enum status qip_capture_reload(struct qip_capture *c, struct qip *q, struct error *e)
{
	struct basis basis;
	enum status st = basis_load(&basis, q, e);

	if (st != STATUS_OK)
		return st;
	(void)pthread_mutex_lock(&c->lock);
	take(c, &basis);
	(void)pthread_mutex_unlock(&c->lock);
	return STATUS_OK;
}

enum status qip_capture_waiting(uint64_t *out, struct qip_capture *c, struct qip *q, struct error *e)
{
	return waiting_of(out, q, qip_capture_last(c), e);
}

uint64_t qip_capture_last(struct qip_capture *c)
{
	uint64_t last = 0;

	(void)pthread_mutex_lock(&c->lock);
	last = c->last;
	(void)pthread_mutex_unlock(&c->lock);
	return last;
}

void qip_capture_journal(struct qip_journal_standing *out, struct qip_capture *c)
{
	struct qip_journal_standing s = {.percent = 0};

	(void)pthread_mutex_lock(&c->lock);
	if (!c->journal && c->env->monotonic_ms(c->env->ctx) - c->tried_ms >= TRY_AGAIN_MS)
		(void)(open_journal(c, NULL) == STATUS_OK);
	if (c->journal) {
		s.percent = journal_percent(c->journal);
		s.damaged = journal_damaged(c->journal);
		s.news = state_losses_are_news(&c->state, s.damaged, state_now_ms(&c->state, c->env));
	}
	if (c->trouble == STATUS_NO_SPACE && c->journal && s.percent < 100)
		(void)note_trouble(c, STATUS_OK, NULL);
	s.trouble = c->trouble;
	memcpy(s.why, c->why, sizeof(s.why));
	(void)pthread_mutex_unlock(&c->lock);
	*out = s;
}

enum clock_quality qip_capture_clock(int64_t *now_ms, struct qip_capture *c)
{
	enum clock_quality quality = CLOCK_UNKNOWN;

	(void)pthread_mutex_lock(&c->lock);
	quality = state_clock(now_ms, &c->state, c->env);
	(void)pthread_mutex_unlock(&c->lock);
	return quality;
}

enum status qip_capture_settings(cJSON **practice, cJSON **site, struct qip_capture *c, struct error *e)
{
	cJSON *copies[2] = {NULL, NULL};
	bool whole = false;

	(void)pthread_mutex_lock(&c->lock);
	copies[0] = cJSON_Duplicate(c->practice, true);
	copies[1] = cJSON_Duplicate(c->site, true);
	whole = !c->practice == !copies[0] && !c->site == !copies[1];
	(void)pthread_mutex_unlock(&c->lock);
	if (!whole) {
		cJSON_Delete(copies[0]);
		cJSON_Delete(copies[1]);
		return error_set(e, STATUS_NOMEM, "out of memory");
	}
	*practice = copies[0];
	*site = copies[1];
	return STATUS_OK;
}

bool qip_capture_can_seal(struct qip_capture *c)
{
	bool can = false;

	(void)pthread_mutex_lock(&c->lock);
	can = c->who.key.generation > 0;
	(void)pthread_mutex_unlock(&c->lock);
	return can;
}

enum status qip_surveys(cJSON **out, struct qip_capture *c, struct error *e)
{
	char day[11];
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&c->lock);
	st = survey_shelf_shown(out, &c->shelf, c->who.site, survey_day(day, &c->state, c->env) ? day : NULL, e);
	(void)pthread_mutex_unlock(&c->lock);
	return st;
}

enum status qip_survey(cJSON **out, struct qip_capture *c, const char *id, int64_t version, struct error *e)
{
	const cJSON *survey = NULL;
	cJSON *copy = NULL;

	(void)pthread_mutex_lock(&c->lock);
	survey = survey_shelf_find(&c->shelf, id, version);
	copy = survey ? cJSON_Duplicate(survey, true) : NULL;
	(void)pthread_mutex_unlock(&c->lock);
	if (!survey)
		return error_set(e, STATUS_NOT_FOUND, "there is no survey \"%.60s\" of this version", id ? id : "");
	if (!copy)
		return error_set(e, STATUS_NOMEM, "out of memory");
	*out = copy;
	return STATUS_OK;
}

static enum status write_once(uint64_t *seq, struct qip_capture *c, const struct buf *json, const struct buf *sealed, struct error *e)
{
	enum status st = c->journal ? STATUS_OK : open_journal(c, e);

	if (st != STATUS_OK)
		return st;
	st = journal_append(seq, c->journal, json->data, json->len, sealed->data, sealed->len, e);
	if (st == STATUS_IO || st == STATUS_STALE)
		close_journal(c); /* it takes nothing more until it has been opened, and so checked, again */
	return st;
}

/* A folder that is gone is made again, where its disk still is. */
static enum status write_down(uint64_t *seq, struct qip_capture *c, const struct buf *json, const struct buf *sealed, struct error *e)
{
	struct error why = {.text = ""};
	enum status st = write_once(seq, c, json, sealed, &why);

	if (st == STATUS_STALE)
		st = write_once(seq, c, json, sealed, &why);
	(void)note_trouble(c, st, &why);
	return st == STATUS_OK ? st : error_set(e, st, "%s", why.text);
}

static enum status append(uint64_t *seq, struct qip_capture *c, const struct qip_answer *a, struct error *e)
{
	struct buf json = BUF_INIT, sealed = BUF_INIT;
	cJSON *captured = NULL;
	enum status st = captured_make(&captured, &sealed, &c->who, a, e);

	if (st == STATUS_OK && (json_canonical(&json, captured) != STATUS_OK || !buf_ok(&json)))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = write_down(seq, c, &json, &sealed, e);
	if (st == STATUS_OK) {
		c->last = *seq;
		remember(c, a->id, *seq);
	}
	cJSON_Delete(captured);
	buf_clear(&json);
	buf_clear(&sealed);
	return st;
}

static enum status find_recent(uint64_t *seq, const struct qip_capture *c, const char *id)
{
	for (size_t i = 0; i < c->recent_len; i++) {
		if (strcmp(c->recent[i].id, id) == 0) {
			*seq = c->recent[i].seq;
			return STATUS_EXISTS;
		}
	}
	return STATUS_NOT_FOUND;
}

bool qip_capture_has(struct qip_capture *c, const char *id)
{
	uint64_t seq = 0;
	bool has = false;

	(void)pthread_mutex_lock(&c->lock);
	has = find_recent(&seq, c, id) == STATUS_EXISTS;
	(void)pthread_mutex_unlock(&c->lock);
	return has;
}

enum status qip_capture(uint64_t *seq, struct qip_capture *c, const struct qip_answer *a, struct error *e)
{
	const cJSON *survey = NULL;
	enum status st = STATUS_OK;

	if (!a->id || !id_valid(a->id) || !a->survey || !a->mode || !a->language)
		return error_set(e, STATUS_INVALID, "an answer needs an id, a survey, a mode and a language");
	if (strcmp(a->mode, KIOSK_MODE) != 0)
		return error_set(e, STATUS_INVALID, "what a kiosk records has the mode \"" KIOSK_MODE "\"");
	(void)pthread_mutex_lock(&c->lock);
	if (!c->journal)
		st = open_journal(c, e);
	if (st != STATUS_OK)
		goto done;
	st = find_recent(seq, c, a->id);
	if (st == STATUS_EXISTS) {
		(void)error_set(e, st, "this answer is recorded already");
		goto done;
	}
	survey = survey_shelf_find(&c->shelf, a->survey, a->survey_version);
	if (!survey)
		st = error_set(e, STATUS_INVALID, "there is no survey \"%s\" of this version", a->survey);
	else
		st = survey_check_answers(survey, a->answers, captured_has_comment(a), e);
	if (st == STATUS_OK)
		st = append(seq, c, a, e);
done:
	(void)pthread_mutex_unlock(&c->lock);
	return st;
}
