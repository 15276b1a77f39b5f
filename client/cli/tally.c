/* client/cli/tally.c - see tally.h. */
#include "client/cli/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/doubles.h"
#include "client/survey.h"
#include "core/array.h"

#define FFT_QUESTION "experience"

struct counting {
	struct tally *tally;
	struct qip *q;
	struct registry registry;
	struct doubles doubles;
};

static bool is_fft(const struct tally_survey *s)
{
	return strcmp(s->id, SURVEY_FFT) == 0;
}

static bool schema_is(const cJSON *record, const char *type)
{
	const char *schema = json_string(record, "schema");
	size_t len = strlen(type);

	return schema && strncmp(schema, type, len) == 0 && schema[len] == '/';
}

/* ---- numbering ---- */

static struct tally_device *device_of(struct counting *c, const char *id)
{
	struct tally *t = c->tally;

	for (size_t i = 0; i < t->devices_len; i++)
		if (strcmp(t->devices[i].id, id) == 0)
			return &t->devices[i];
	if (!array_room(&t->devices, &t->devices_cap, t->devices_len))
		return NULL;
	t->devices[t->devices_len] = (struct tally_device){.line = registry_line(&c->registry, id)};
	(void)snprintf(t->devices[t->devices_len].id, sizeof(t->devices->id), "%s", id);
	return &t->devices[t->devices_len++];
}

static enum status mark_seen(struct tally_device *d, uint64_t seq, struct error *e)
{
	size_t byte = (size_t)(seq / 8);

	if (seq >= TALLY_MAX_SEQ)
		return error_set(e, STATUS_TOO_BIG, "%s has numbered more than %u answers", d->id, TALLY_MAX_SEQ);
	if (byte >= d->seen_len) {
		size_t len = (byte + 1) * 2;
		uint8_t *more = realloc(d->seen, len);

		if (!more)
			return error_set(e, STATUS_NOMEM, "out of memory");
		memset(more + d->seen_len, 0, len - d->seen_len);
		d->seen = more;
		d->seen_len = len;
	}
	d->seen[byte] |= (uint8_t)(1u << (seq % 8));
	if (seq > d->last)
		d->last = seq;
	return STATUS_OK;
}

static bool is_seen(const struct tally_device *d, uint64_t seq)
{
	return (d->seen[seq / 8] >> (seq % 8)) & 1;
}

bool tally_gap(uint64_t *first, uint64_t *last, const struct tally_device *d, uint64_t from)
{
	while (from <= d->last && is_seen(d, from))
		from++;
	if (from > d->last)
		return false;
	*first = from;
	while (from < d->last && !is_seen(d, from + 1))
		from++;
	*last = from;
	return true;
}

uint64_t tally_missing(const struct tally_device *d)
{
	uint64_t missing = 0, first, last = 0;

	while (tally_gap(&first, &last, d, last + 1))
		missing += last - first + 1;
	return missing;
}

/* ---- questions and options ---- */

static struct tally_option *find_option(const struct tally_question *q, const char *id)
{
	for (size_t i = 0; i < q->options_len; i++)
		if (strcmp(q->options[i].id, id) == 0)
			return &q->options[i];
	return NULL;
}

/* NULL when there is no room. */
static struct tally_option *add_option(struct tally_question *q, const char *id, const char *text)
{
	struct tally_option *o = find_option(q, id);

	if (o || q->options_len == TALLY_MAX_OPTIONS || !array_room(&q->options, &q->options_cap, q->options_len))
		return o;
	o = &q->options[q->options_len++];
	*o = (struct tally_option){.count = 0};
	(void)snprintf(o->id, sizeof(o->id), "%s", id);
	(void)snprintf(o->text, sizeof(o->text), "%s", text ? text : id);
	return o;
}

static struct tally_question *add_question(struct tally_survey *s, const char *id, const char *text)
{
	struct tally_question *q = NULL;

	for (size_t i = 0; i < s->questions_len; i++)
		if (strcmp(s->questions[i].id, id) == 0)
			return &s->questions[i];
	if (s->questions_len == TALLY_MAX_QUESTIONS || !array_room(&s->questions, &s->questions_cap, s->questions_len))
		return NULL;
	q = &s->questions[s->questions_len++];
	*q = (struct tally_question){.answers = 0};
	(void)snprintf(q->id, sizeof(q->id), "%s", id);
	(void)snprintf(q->text, sizeof(q->text), "%s", text ? text : "");
	return q;
}

static const char *english(const cJSON *item, const char *member)
{
	return survey_text(json_get(item, member), "en", true);
}

static void add_rating(struct tally_question *q, const cJSON *question)
{
	char id[16], text[121];

	for (int i = SURVEY_RATING_MIN; i <= SURVEY_RATING_MAX; i++) {
		const char *end = i == SURVEY_RATING_MIN ? english(question, "low") : i == SURVEY_RATING_MAX ? english(question, "high") : NULL;

		(void)snprintf(id, sizeof(id), "%d", i);
		(void)snprintf(text, sizeof(text), "%d%s%.100s", i, end ? ": " : "", end ? end : "");
		(void)add_option(q, id, text);
	}
}

/* What is wanting for lack of memory is missed when the first answer to it is counted. */
static void read_question(struct tally_survey *s, const cJSON *question)
{
	const char *kind = json_string(question, "kind"), *id = json_string(question, "id");
	struct tally_question *q = NULL;
	const cJSON *option = NULL;

	if (!kind || !id || strcmp(kind, "text") == 0 || !(q = add_question(s, id, english(question, "text"))))
		return;
	q->is_choice = strcmp(kind, "choice") == 0;
	cJSON_ArrayForEach(option, json_get(question, "options"))
	{
		if (json_string(option, "id"))
			(void)add_option(q, json_string(option, "id"), english(option, "text"));
	}
	if (strcmp(kind, "rating") == 0)
		add_rating(q, question);
	if (strcmp(kind, "yes-no") == 0) {
		(void)add_option(q, "yes", "Yes");
		(void)add_option(q, "no", "No");
	}
}

/* Questions and options as patients see them, if this very version is at hand. */
static void read_questions(struct counting *c, struct tally_survey *s)
{
	static const char *const fft[] = {"very-good", "good", "neither", "poor", "very-poor", "dont-know"};
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	const cJSON *question = NULL;
	struct tally_question *q = NULL;
	int64_t version = 0;

	(void)snprintf(path, sizeof(path), "surveys/%s.json", s->id);
	if (qip_read(&record, c->q, path, NULL) == STATUS_OK && json_integer(record, "version", &version) && version == s->version) {
		cJSON_ArrayForEach(question, json_get(record, "questions")) read_question(s, question);
	} else if (is_fft(s) && (q = add_question(s, FFT_QUESTION, NULL))) {
		q->is_choice = true;
		for (size_t i = 0; i < ARRAY_LEN(fft); i++)
			(void)add_option(q, fft[i], NULL);
	}
	cJSON_Delete(record);
}

static struct tally_survey *survey_of(struct counting *c, const char *id, int64_t version)
{
	struct tally *t = c->tally;
	struct tally_survey *s;

	for (size_t i = 0; i < t->surveys_len; i++)
		if (t->surveys[i].version == version && strcmp(t->surveys[i].id, id) == 0)
			return &t->surveys[i];
	if (t->surveys_len == TALLY_MAX_SURVEYS || strlen(id) > NAME_MAX_LEN || !array_room(&t->surveys, &t->surveys_cap, t->surveys_len))
		return NULL;
	s = &t->surveys[t->surveys_len++];
	*s = (struct tally_survey){.version = version};
	(void)snprintf(s->id, sizeof(s->id), "%s", id);
	read_questions(c, s);
	return s;
}

static bool count_one(struct tally_survey *s, const cJSON *answer)
{
	struct tally_question *q = add_question(s, answer->string, NULL);
	struct tally_option *o = NULL;
	char number[24];

	if (cJSON_IsNumber(answer))
		(void)snprintf(number, sizeof(number), "%.0f", answer->valuedouble);
	if (q)
		o = add_option(q, cJSON_IsString(answer) ? answer->valuestring : cJSON_IsNumber(answer) ? number : cJSON_IsTrue(answer) ? "yes" : "no", NULL);
	if (!o)
		return false;
	q->answers++;
	o->count++;
	return true;
}

static enum status count_answer(struct counting *c, const cJSON *record, struct error *e)
{
	const char *id = json_string(json_get(record, "survey"), "id");
	const cJSON *answer = NULL;
	int64_t version = 0;
	struct tally_survey *s;

	if (!id || !json_integer(json_get(record, "survey"), "version", &version))
		return STATUS_OK;
	s = survey_of(c, id, version);
	if (!s)
		return error_set(e, STATUS_TOO_BIG, "there are answers to more than %d versions of surveys", TALLY_MAX_SURVEYS);
	s->answers++;
	cJSON_ArrayForEach(answer, json_get(record, "answers"))
	{
		if (!count_one(s, answer))
			return error_set(e, STATUS_TOO_BIG, "the answers to survey %s, version %lld, are too many kinds to count", s->id, (long long)version);
	}
	return STATUS_OK;
}

static enum status count_record(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct counting *c = ctx;
	const char *device = json_string(record, "device"), *site = json_string(record, "site");
	int64_t seq = 0;
	struct tally_device *d;
	bool again = false;
	enum status st;

	if (!device || strlen(device) > NAME_MAX_LEN || !json_integer(record, "seq", &seq) || seq < 1)
		return error_set(e, STATUS_INVALID, "%s is no record of feedback", path);
	d = device_of(c, device);
	if (!d)
		return error_set(e, STATUS_NOMEM, "out of memory");
	st = mark_seen(d, (uint64_t)seq, e);
	if (st != STATUS_OK)
		return st;
	d->voids += schema_is(record, "void");
	d->losses += schema_is(record, "lost");
	if (!schema_is(record, "feedback"))
		return STATUS_OK;
	st = doubles_note(&again, &c->doubles, d->line, record, e);
	if (st != STATUS_OK || again) {
		d->doubled += again;
		return st;
	}
	d->answers++;
	if (c->tally->site && (!site || strcmp(site, c->tally->site) != 0))
		return STATUS_OK;
	d->counted++;
	c->tally->total++;
	c->tally->flagged += json_get(record, "flags") != NULL;
	return count_answer(c, record, e);
}

enum status tally_read(struct tally *out, struct qip *q, const char *site, struct error *e)
{
	struct counting c = {.tally = out, .q = q};
	enum status st = STATUS_OK;

	*out = (struct tally){.site = site};
	st = qip_registry(&c.registry, q, e);
	if (st == STATUS_OK)
		st = qip_each(q, "feedback/", count_record, &c, e);
	for (size_t i = 0; i < out->devices_len; i++)
		out->devices[i].line = NULL;
	doubles_clear(&c.doubles);
	registry_clear(&c.registry);
	return st;
}

void tally_clear(struct tally *t)
{
	for (size_t i = 0; i < t->devices_len; i++)
		free(t->devices[i].seen);
	for (size_t i = 0; i < t->surveys_len; i++) {
		for (size_t k = 0; k < t->surveys[i].questions_len; k++)
			free(t->surveys[i].questions[k].options);
		free(t->surveys[i].questions);
	}
	free(t->devices);
	free(t->surveys);
	*t = (struct tally){.total = 0};
}

/* ---- figures ---- */

const struct tally_question *tally_first(const struct tally_survey *s)
{
	for (size_t i = 0; i < s->questions_len; i++)
		if (s->questions[i].is_choice)
			return &s->questions[i];
	return s->questions_len > 0 ? &s->questions[0] : NULL;
}

bool tally_fft(uint64_t *positive, uint64_t *negative, const struct tally_survey *s)
{
	const struct tally_question *q = tally_first(s);

	if (!is_fft(s) || !q || strcmp(q->id, FFT_QUESTION) != 0)
		return false;
	*positive = *negative = 0;
	for (size_t i = 0; i < q->options_len; i++) {
		const struct tally_option *o = &q->options[i];

		if (strcmp(o->id, "very-good") == 0 || strcmp(o->id, "good") == 0)
			*positive += o->count;
		if (strcmp(o->id, "poor") == 0 || strcmp(o->id, "very-poor") == 0)
			*negative += o->count;
	}
	return true;
}

const struct tally_survey *tally_main_survey(const struct tally *t)
{
	const struct tally_survey *best = NULL;

	for (size_t i = 0; i < t->surveys_len; i++) {
		const struct tally_survey *s = &t->surveys[i];
		bool fft = is_fft(s), best_fft = best && is_fft(best);

		if (!best || (fft && !best_fft) || (fft == best_fft && s->version > best->version))
			best = s;
	}
	return best;
}
