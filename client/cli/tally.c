/* client/cli/tally.c - see tally.h. */
#include "client/cli/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"

struct counting {
	struct tally *tally;
	struct qip *q;
};

static bool schema_is(const cJSON *record, const char *type)
{
	const char *schema = json_string(record, "schema");
	size_t len = strlen(type);

	return schema && strncmp(schema, type, len) == 0 && schema[len] == '/';
}

/* ---- numbering ---- */

static struct tally_device *device_of(struct tally *t, const char *id)
{
	for (size_t i = 0; i < t->devices_len; i++)
		if (strcmp(t->devices[i].id, id) == 0)
			return &t->devices[i];
	if (!array_room(&t->devices, &t->devices_cap, t->devices_len))
		return NULL;
	t->devices[t->devices_len] = (struct tally_device){0};
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

/* ---- options ---- */

static struct tally_option *add_option(struct tally_survey *s, const char *id, const char *text)
{
	struct tally_option *o = &s->options[s->options_len];

	if (s->options_len == TALLY_MAX_OPTIONS)
		return NULL;
	s->options_len++;
	*o = (struct tally_option){.count = 0};
	(void)snprintf(o->id, sizeof(o->id), "%s", id);
	(void)snprintf(o->text, sizeof(o->text), "%s", text);
	return o;
}

/* The first choice of the survey and its options, if this very version is at hand. */
static void read_options(struct counting *c, struct tally_survey *s)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	const cJSON *question, *option;
	int64_t version = 0;

	(void)snprintf(path, sizeof(path), "surveys/%s.json", s->id);
	if (qip_read(&record, c->q, path, NULL) != STATUS_OK)
		return;
	cJSON_ArrayForEach(question, json_get(record, "questions"))
	{
		const char *kind = json_string(question, "kind"), *id = json_string(question, "id");

		if (!kind || strcmp(kind, "choice") != 0 || !id || s->question[0])
			continue;
		(void)snprintf(s->question, sizeof(s->question), "%s", id);
		if (!json_integer(record, "version", &version) || version != s->version)
			continue;
		cJSON_ArrayForEach(option, json_get(question, "options"))
		{
			const char *text = json_string(json_get(json_get(option, "text"), "en"), "text");

			if (json_string(option, "id"))
				(void)add_option(s, json_string(option, "id"), text ? text : json_string(option, "id"));
		}
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
	if (t->surveys_len == TALLY_MAX_SURVEYS || strlen(id) > NAME_MAX_LEN)
		return NULL;
	s = &t->surveys[t->surveys_len++];
	*s = (struct tally_survey){.version = version};
	(void)snprintf(s->id, sizeof(s->id), "%s", id);
	read_options(c, s);
	return s;
}

static enum status count_answer(struct counting *c, const cJSON *record, struct error *e)
{
	const char *id = json_string(json_get(record, "survey"), "id"), *option;
	int64_t version = 0;
	struct tally_survey *s;
	struct tally_option *o = NULL;

	if (!id || !json_integer(json_get(record, "survey"), "version", &version))
		return STATUS_OK;
	s = survey_of(c, id, version);
	if (!s)
		return error_set(e, STATUS_TOO_BIG, "there are answers to more than %d surveys", TALLY_MAX_SURVEYS);
	s->answers++;
	option = json_string(json_get(record, "answers"), s->question);
	for (size_t i = 0; option && i < s->options_len && !o; i++)
		if (strcmp(s->options[i].id, option) == 0)
			o = &s->options[i];
	if (option && !o)
		o = add_option(s, option, option);
	if (o)
		o->count++;
	return STATUS_OK;
}

static enum status count_record(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct counting *c = ctx;
	const char *device = json_string(record, "device"), *site = json_string(record, "site");
	int64_t seq = 0;
	struct tally_device *d;
	enum status st;

	if (!device || strlen(device) > NAME_MAX_LEN || !json_integer(record, "seq", &seq) || seq < 1)
		return error_set(e, STATUS_INVALID, "%s is no record of feedback", path);
	d = device_of(c->tally, device);
	if (!d)
		return error_set(e, STATUS_NOMEM, "out of memory");
	st = mark_seen(d, (uint64_t)seq, e);
	if (st != STATUS_OK)
		return st;
	d->voids += schema_is(record, "void");
	d->losses += schema_is(record, "lost");
	if (!schema_is(record, "feedback"))
		return STATUS_OK;
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
	struct counting c = {out, q};

	*out = (struct tally){.site = site};
	return qip_each(q, "feedback/", count_record, &c, e);
}

void tally_clear(struct tally *t)
{
	for (size_t i = 0; i < t->devices_len; i++)
		free(t->devices[i].seen);
	free(t->devices);
	t->devices = NULL;
	t->devices_len = t->devices_cap = 0;
}

/* ---- figures ---- */

static bool option_count(uint64_t *sum, const struct tally_survey *s, const char *id)
{
	for (size_t i = 0; i < s->options_len; i++) {
		if (strcmp(s->options[i].id, id) == 0) {
			*sum += s->options[i].count;
			return true;
		}
	}
	return false;
}

bool tally_fft(uint64_t *positive, uint64_t *negative, const struct tally_survey *s)
{
	bool all;

	*positive = *negative = 0;
	all = option_count(positive, s, "very-good");
	all = option_count(positive, s, "good") && all;
	all = option_count(negative, s, "poor") && all;
	return option_count(negative, s, "very-poor") && all;
}

const struct tally_survey *tally_main_survey(const struct tally *t)
{
	const struct tally_survey *best = NULL;

	for (size_t i = 0; i < t->surveys_len; i++) {
		const struct tally_survey *s = &t->surveys[i];
		bool fft = strcmp(s->id, "fft") == 0, best_fft = best && strcmp(best->id, "fft") == 0;

		if (!best || (fft && !best_fft) || (fft == best_fft && s->version > best->version))
			best = s;
	}
	return best;
}
