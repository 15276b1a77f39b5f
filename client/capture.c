/* client/capture.c - an answer on its way into the journal (between stages 1 and 2 of 9).
 *
 * Enters: what a patient answered, under an id made when the form was shown. Leaves: one journal record {"id","survey","mode","language",
 * "answers","flags"?,"comment"?}, the comment itself sealed beside it; plain text is in memory only.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/answers.h"
#include "client/build.h"
#include "client/comment_key.h"
#include "client/survey.h"
#include "client/survey_load.h"
#include "core/schema.h"
#include "core/utf8.h"

#define SEAL_INFO "qip comment"
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
	char ods[7], device[NAME_MAX_LEN + 1], site[NAME_MAX_LEN + 1];
	struct survey_shelf shelf; /* an answer to a form shown before a reload still finds its version */
	struct state state;        /* as the home remembered time when it was read last */
	struct comment_key key;  /* generation 0: none */
	struct recent recent[LIMIT_RECENT_IDS]; /* a ring */
	size_t recent_len, recent_next;
};

static enum status load(struct qip_capture *c, struct qip *q, struct error *e)
{
	struct comment_key key = {0};
	const struct registry *reg = NULL;
	enum status st = view_registry(&reg, q, e); /* the chain to the root holds */

	if (st == STATUS_OK)
		st = comment_key_find(&key, q, NULL);
	if (st == STATUS_NOT_FOUND)
		st = STATUS_OK; /* answers without comments, then */
	if (st == STATUS_OK)
		st = survey_load(&c->shelf, q, e);
	if (st != STATUS_OK)
		return st;
	c->key = key;
	c->state = q->state;
	memcpy(c->ods, q->identity.ods, sizeof(c->ods)); /* name and site may have changed: it was joined again */
	memcpy(c->device, q->identity.device, sizeof(c->device));
	memcpy(c->site, q->identity.site, sizeof(c->site));
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

static void close_journal(struct qip_capture *c)
{
	journal_close(c->journal);
	c->journal = NULL;
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
	struct oid work;
	uint64_t last = 0;
	enum status st = home_ref(&work, q, REF_WORK, e);

	if (st == STATUS_OK)
		st = answers_last(&last, q, &work, e);
	if (st == STATUS_OK) {
		c->last = numbers_record(&q->numbers, last);
		st = qip_home_path(c->journal_path, sizeof(c->journal_path), q, HOME_JOURNAL);
	}
	if (st == STATUS_OK)
		st = open_journal(c, e);
	return c->trouble == STATUS_OK ? st : STATUS_OK; /* a disk may come back: the next answer finds out */
}

enum status qip_capture_open(struct qip_capture **out, struct qip *q, struct error *e)
{
	struct qip_capture *c = NULL;
	enum status st = STATUS_OK;

	if (!home_is_kiosk(q))
		return error_set(e, STATUS_DENIED, "only a kiosk records patients' answers");
	c = calloc(1, sizeof(*c));
	if (!c)
		return error_set(e, STATUS_NOMEM, "out of memory");
	(void)pthread_mutex_init(&c->lock, NULL);
	c->env = q->env;
	st = load(c, q, e);
	if (st == STATUS_OK)
		st = find_journal(c, q, e);
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
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}

enum status qip_capture_reload(struct qip_capture *c, struct qip *q, struct error *e)
{
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&c->lock);
	st = load(c, q, e);
	(void)pthread_mutex_unlock(&c->lock);
	return st;
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

bool qip_capture_can_seal(struct qip_capture *c)
{
	bool can = false;

	(void)pthread_mutex_lock(&c->lock);
	can = c->key.generation > 0;
	(void)pthread_mutex_unlock(&c->lock);
	return can;
}

enum status qip_surveys(cJSON **out, struct qip_capture *c, struct error *e)
{
	char day[11];
	enum status st = STATUS_OK;

	(void)pthread_mutex_lock(&c->lock);
	st = survey_shelf_shown(out, &c->shelf, c->site, survey_day(day, &c->state, c->env) ? day : NULL, e);
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

/* Only blanks are no comment. */
static bool is_blank(const char *text)
{
	return !text || text[strspn(text, " \t\r\n")] == '\0';
}

static enum status seal_comment(struct buf *sealed, cJSON *captured, const struct qip_capture *c, const struct qip_answer *a, struct error *e)
{
	size_t len = strlen(a->comment), count = 0;
	struct buf aad = BUF_INIT;
	uint8_t digest[SHA256_LEN] = {0};
	char hex[SHA256_HEX_LEN + 1];
	enum status st = STATUS_OK;
	cJSON *comment = NULL;

	if (!utf8_valid(&count, a->comment, len) || count > QIP_COMMENT_MAX)
		return error_set(e, STATUS_INVALID, "a comment is text of at most %d characters", QIP_COMMENT_MAX);
	if (c->key.generation == 0)
		return error_set(e, STATUS_UNTRUSTED, "there is no key to seal a comment to, and unsealed it is not kept");
	buf_addf(&aad, "%s/%s", c->ods, a->id);
	st = seal_to(sealed, c->key.public_key, SEAL_INFO, aad.data, aad.len, a->comment, len, e);
	if (st == STATUS_OK && (!buf_ok(sealed) || !buf_ok(&aad)))
		st = STATUS_NOMEM;
	if (st == STATUS_OK)
		st = sha256(digest, sealed->data, sealed->len);
	hex_encode(hex, digest, sizeof(digest));
	comment = build_object(&st);
	build_string(&st, comment, "sha256", hex);
	build_integer(&st, comment, "size", (int64_t)sealed->len);
	build_bool(&st, comment, "publish", a->publish);
	build_integer(&st, comment, "key", c->key.generation);
	build_item(&st, captured, "comment", comment);
	buf_clear(&aad);
	return st == STATUS_OK ? st : error_set(e, st, "the comment cannot be sealed: %s", status_text(st));
}

static void build_flags(enum status *st, cJSON *captured, const char *const *flags)
{
	int n = 0;

	while (flags && flags[n])
		n++;
	if (n > 0)
		build_item(st, captured, "flags", cJSON_CreateStringArray(flags, n));
}

static enum status make_captured(cJSON **out, struct buf *sealed, const struct qip_capture *c, const struct qip_answer *a, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *captured = build_object(&st), *survey = build_object(&st);

	build_string(&st, survey, "id", a->survey);
	build_integer(&st, survey, "version", a->survey_version);
	build_string(&st, captured, "id", a->id);
	build_item(&st, captured, "survey", survey);
	build_string(&st, captured, "mode", a->mode);
	build_string(&st, captured, "language", a->language);
	build_item(&st, captured, "answers", cJSON_Duplicate(a->answers, true));
	build_flags(&st, captured, a->flags);
	if (st != STATUS_OK)
		st = error_set(e, st, "the answer cannot be written: %s", status_text(st));
	else if (!is_blank(a->comment))
		st = seal_comment(sealed, captured, c, a, e);
	if (st == STATUS_OK)
		*out = captured;
	else
		cJSON_Delete(captured);
	return st;
}

/* What the server would refuse must not get a number: numbers have no gaps. */
static enum status check_record(const cJSON *captured, const struct qip_capture *c, struct error *e)
{
	const struct recorded now = {.quality = CLOCK_UNKNOWN};
	cJSON *record = NULL;
	enum status st = answers_record(&record, captured, c->device, c->site, 1, &now);

	if (st == STATUS_OK)
		st = schema_check(record, e);
	cJSON_Delete(record);
	return st;
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
	enum status st = make_captured(&captured, &sealed, c, a, e);

	if (st == STATUS_OK)
		st = check_record(captured, c, e);
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
		st = survey_check_answers(survey, a->answers, !is_blank(a->comment), e);
	if (st == STATUS_OK)
		st = append(seq, c, a, e);
done:
	(void)pthread_mutex_unlock(&c->lock);
	return st;
}
