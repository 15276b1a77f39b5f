/* client/cli/feedback.c - qip feedback list, stats: what patients said, and whether every answer is there. */
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/sites.h"
#include "client/cli/tally.h"
#include "client/cli/text.h"
#include "client/survey.h"

#define MAX_GAPS_SHOWN 10

const struct arg_option options_feedback_stats[] = {
	{"site", "SITE", "only answers given at this site", false},
	{NULL, NULL, NULL, false},
};
const struct arg_option options_feedback_list[] = {
	{"site", "SITE", "only answers given at this site", false},
	{"since", "DAY", "only answers of this day or later", false},
	{NULL, NULL, NULL, false},
};

static enum status open_with_site(const char **site, struct sites *sites, struct cli *c, struct error *e)
{
	enum status st = cli_open(c, e);

	if (st == STATUS_OK)
		st = sites_read(sites, c->q, e);
	return st == STATUS_OK ? sites_resolve(site, sites, args_get(&c->args, "site"), e) : st;
}

/* ---- list ---- */

struct listing {
	const char *site, *since; /* may be NULL */
	struct table table;
	cJSON *json;
	bool as_json;
};

/* With an unsure clock the latest time that it can have been counts, so that no answer is left out. */
static bool wanted(const struct listing *l, const cJSON *record)
{
	const char *latest = text_of(json_get(record, "recorded"), "latest");

	if (l->site && strcmp(text_of(record, "site"), l->site) != 0)
		return false;
	return !l->since || strncmp(latest, l->since, strlen(l->since)) >= 0;
}

/* "good" for the one answer of the Friends and Family Test; others say which survey and question they belong to. */
static void show_answers(struct buf *out, const cJSON *record)
{
	const cJSON *answers = json_get(record, "answers"), *answer;
	const char *survey = text_of(json_get(record, "survey"), "id");
	bool named = cJSON_GetArraySize(answers) > 1 || strcmp(survey, SURVEY_FFT) != 0;

	if (answers && named)
		buf_addf(out, "%s:", survey);
	cJSON_ArrayForEach(answer, answers)
	{
		buf_adds(out, answer != answers->child ? ", " : named ? " " : "");
		if (named || !cJSON_IsString(answer))
			buf_addf(out, "%s ", answer->string);
		if (cJSON_IsString(answer))
			buf_adds(out, answer->valuestring);
		else if (cJSON_IsNumber(answer))
			buf_addf(out, "%lld", (long long)answer->valuedouble);
		else
			buf_adds(out, cJSON_IsTrue(answer) ? "yes" : "no");
	}
	if (!json_get(record, "answers"))
		buf_addf(out, "(%.*s: %s)", (int)strcspn(text_of(record, "schema"), "/"), text_of(record, "schema"),
			 text_of(record, "reason"));
}

static void show_flags(struct buf *out, const cJSON *record)
{
	const cJSON *flag;

	cJSON_ArrayForEach(flag, json_get(record, "flags"))
	{
		if (cJSON_IsString(flag))
			buf_addf(out, "%s%s", out->len > 0 ? ", " : "", flag->valuestring);
	}
}

static enum status add_record(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct listing *l = ctx;
	const cJSON *recorded = json_get(record, "recorded");
	const char *at = text_of(recorded, "at");
	struct buf answers = BUF_INIT, flags = BUF_INIT;
	char when[17] = "", seq[24] = "";
	int64_t number = 0;

	(void)path;
	(void)e;
	if (!wanted(l, record))
		return STATUS_OK;
	if (l->as_json) {
		push_item(&l->json, cJSON_Duplicate(record, true));
		return STATUS_OK;
	}
	if (strlen(at) >= 16)
		(void)snprintf(when, sizeof(when), "%.10s %.5s", at, at + 11);
	if (json_integer(record, "seq", &number))
		(void)snprintf(seq, sizeof(seq), "%lld", (long long)number);
	show_answers(&answers, record);
	show_flags(&flags, record);
	table_add(&l->table, (const char *const[]){text_of(record, "device"), seq, when, text_of(recorded, "quality"),
						   text_of(record, "site"), text_of(record, "mode"), buf_text(&answers),
						   json_get(record, "comment") ? "yes" : "", buf_text(&flags)});
	buf_clear(&answers);
	buf_clear(&flags);
	return STATUS_OK;
}

enum status cmd_feedback_list(struct cli *c, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "Device", .gives = 1}, {.title = "No", .right = true},
		{.title = "Recorded"},		 {.title = "Clock"},
		{.title = "Site", .gives = 1},	 {.title = "Mode"},
		{.title = "Answer", .gives = 2}, {.title = "Comment"},
		{.title = "Flags", .gives = 1},
	};
	struct listing l = {.as_json = c->json, .json = cJSON_CreateArray()};
	struct sites sites;
	enum status st = args_day(&l.since, &c->args, "since", e);

	table_init(&l.table, columns, ARRAY_LEN(columns));
	if (st == STATUS_OK)
		st = open_with_site(&l.site, &sites, c, e);
	if (st == STATUS_OK)
		st = qip_each(c->q, "feedback/", add_record, &l, e);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, l.json, e);
		l.json = NULL;
	} else if (st == STATUS_OK) {
		st = table_print(c->out, &l.table, c->bold, e);
		if (st == STATUS_OK)
			fprintf(c->out, "%s%zu answer%s\n", l.table.rows ? "\n" : "", l.table.rows,
				plural(l.table.rows));
	}
	cJSON_Delete(l.json);
	table_clear(&l.table);
	return st;
}

/* ---- stats ---- */

/* One decimal, rounded half up. */
static double percent(uint64_t part, uint64_t whole)
{
	return whole ? (double)((part * 2000 + whole) / (whole * 2)) / 10.0 : 0.0;
}

static void print_gaps(struct buf *out, const struct tally_device *d)
{
	uint64_t first, last = 0;
	int shown = 0;

	while (tally_gap(&first, &last, d, last + 1) && shown++ < MAX_GAPS_SHOWN) {
		buf_addf(out, "%s%llu", out->len ? ", " : "missing ", (unsigned long long)first);
		if (last > first)
			buf_addf(out, "-%llu", (unsigned long long)last);
	}
	if (shown > MAX_GAPS_SHOWN)
		buf_adds(out, ", …");
	if (out->len == 0)
		buf_adds(out, "no gap");
}

static enum status print_question(struct cli *c, const struct tally_question *q, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "Answer", .gives = 2},
		{.title = "Count", .right = true},
		{.title = "Share", .right = true},
	};
	struct table t;
	enum status st;

	table_init(&t, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < q->options_len; i++) {
		char count[24], share[16];

		(void)snprintf(count, sizeof(count), "%llu", (unsigned long long)q->options[i].count);
		(void)snprintf(share, sizeof(share), "%.1f%%", percent(q->options[i].count, q->answers));
		table_add(&t, (const char *const[]){q->options[i].text, count, share});
	}
	st = table_print(c->out, &t, c->bold, e);
	table_clear(&t);
	return st;
}

static enum status print_survey(struct cli *c, const struct tally_survey *s, struct error *e)
{
	uint64_t positive, negative;
	enum status st = STATUS_OK;

	fprintf(c->out, "Survey %s, version %lld: %llu answer%s\n", s->id, (long long)s->version,
		(unsigned long long)s->answers, plural(s->answers));
	for (size_t i = 0; i < s->questions_len && st == STATUS_OK; i++) {
		const struct tally_question *q = &s->questions[i];
		struct buf text = BUF_INIT;

		text_clean(&text, q->text, 0);
		if (s->questions_len > 1)
			fprintf(c->out, "\n%s%s%s (%llu answered)\n", q->id, q->text[0] ? ": " : "", buf_text(&text), (unsigned long long)q->answers);
		buf_clear(&text);
		st = print_question(c, q, e);
	}
	if (st == STATUS_OK && tally_fft(&positive, &negative, s))
		fprintf(c->out, "Positive: %llu of %llu, %.1f%%.  Negative: %llu of %llu, %.1f%%.\n",
			(unsigned long long)positive, (unsigned long long)s->answers, percent(positive, s->answers),
			(unsigned long long)negative, (unsigned long long)s->answers, percent(negative, s->answers));
	fputc('\n', c->out);
	return st;
}

static void print_doubled(FILE *out, const struct tally *t)
{
	for (size_t i = 0; i < t->devices_len; i++) {
		const struct tally_device *d = &t->devices[i];

		if (d->doubled > 0)
			fprintf(out, "\n%llu answer%s of %s came from another copy of the same kiosk, too, and %s counted once. Run \"qip audit\".\n",
				(unsigned long long)d->doubled, plural(d->doubled), d->id, d->doubled == 1 ? "is" : "are");
	}
}

static enum status print_devices(struct cli *c, const struct tally *t, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "Device"},
		{.title = "Last", .right = true},
		{.title = "Answers", .right = true},
		{.title = "Void", .right = true},
		{.title = "Lost", .right = true},
		{.title = "Numbers", .gives = 1},
	};
	struct table table;
	enum status st;

	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < t->devices_len; i++) {
		const struct tally_device *d = &t->devices[i];
		char last[24], answers[24], voids[24], losses[24];
		struct buf gaps = BUF_INIT;

		if (t->site && d->counted == 0)
			continue;
		(void)snprintf(last, sizeof(last), "%llu", (unsigned long long)d->last);
		(void)snprintf(answers, sizeof(answers), "%llu", (unsigned long long)d->answers);
		(void)snprintf(voids, sizeof(voids), "%llu", (unsigned long long)d->voids);
		(void)snprintf(losses, sizeof(losses), "%llu", (unsigned long long)d->losses);
		print_gaps(&gaps, d);
		table_add(&table, (const char *const[]){d->id, last, answers, voids, losses, buf_text(&gaps)});
		buf_clear(&gaps);
	}
	st = table_print(c->out, &table, c->bold, e);
	table_clear(&table);
	if (st == STATUS_OK)
		print_doubled(c->out, t);
	return st;
}

static cJSON *options_json(const struct tally_question *q)
{
	cJSON *out = cJSON_CreateObject();

	for (size_t i = 0; q && i < q->options_len; i++)
		put_number(&out, q->options[i].id, (int64_t)q->options[i].count);
	return out;
}

static cJSON *questions_json(const struct tally_survey *s)
{
	cJSON *out = cJSON_CreateArray();

	for (size_t i = 0; i < s->questions_len; i++) {
		cJSON *question = cJSON_CreateObject();

		put_string(&question, "question", s->questions[i].id);
		put_number(&question, "answers", (int64_t)s->questions[i].answers);
		put_item(&question, "options", options_json(&s->questions[i]));
		push_item(&out, question);
	}
	return out;
}

static cJSON *survey_json(const struct tally_survey *s)
{
	cJSON *out = cJSON_CreateObject();
	uint64_t positive, negative;

	put_string(&out, "survey", s->id);
	put_number(&out, "version", s->version);
	put_number(&out, "answers", (int64_t)s->answers);
	put_item(&out, "options", options_json(tally_first(s)));
	put_item(&out, "questions", questions_json(s));
	if (tally_fft(&positive, &negative, s)) {
		put_number(&out, "positive", (int64_t)positive);
		put_number(&out, "negative", (int64_t)negative);
		put_item(&out, "positive_percent", cJSON_CreateNumber(percent(positive, s->answers)));
		put_item(&out, "negative_percent", cJSON_CreateNumber(percent(negative, s->answers)));
	}
	return out;
}

static cJSON *device_json(const struct tally_device *d)
{
	cJSON *out = cJSON_CreateObject(), *gaps = cJSON_CreateArray();
	uint64_t first, last = 0;

	for (int i = 0; i < MAX_GAPS_SHOWN && tally_gap(&first, &last, d, last + 1); i++) {
		cJSON *gap = cJSON_CreateObject();

		put_number(&gap, "first", (int64_t)first);
		put_number(&gap, "last", (int64_t)last);
		push_item(&gaps, gap);
	}
	put_string(&out, "device", d->id);
	put_number(&out, "last", (int64_t)d->last);
	put_number(&out, "answers", (int64_t)d->answers);
	put_number(&out, "voids", (int64_t)d->voids);
	put_number(&out, "losses", (int64_t)d->losses);
	if (d->doubled > 0)
		put_number(&out, "doubled", (int64_t)d->doubled);
	put_number(&out, "missing", (int64_t)tally_missing(d));
	put_item(&out, "gaps", gaps);
	return out;
}

static enum status print_json(struct cli *c, const struct tally *t, struct error *e)
{
	const struct tally_survey *main = tally_main_survey(t);
	cJSON *out = cJSON_CreateObject(), *surveys = cJSON_CreateArray(), *devices = cJSON_CreateArray(), *main_json;
	uint64_t missing = 0;

	for (size_t i = 0; i < t->surveys_len; i++)
		push_item(&surveys, survey_json(&t->surveys[i]));
	for (size_t i = 0; i < t->devices_len; i++) {
		if (t->site && t->devices[i].counted == 0)
			continue;
		missing += tally_missing(&t->devices[i]);
		push_item(&devices, device_json(&t->devices[i]));
	}
	put_number(&out, "total", (int64_t)t->total);
	put_number(&out, "flagged", (int64_t)t->flagged);
	put_number(&out, "gaps", (int64_t)missing);
	main_json = main ? survey_json(main) : NULL;
	if (main)
		put_item(&out, "options", cJSON_DetachItemFromObjectCaseSensitive(main_json, "options"));
	cJSON_Delete(main_json);
	put_item(&out, "surveys", surveys);
	put_item(&out, "devices", devices);
	return cli_print_json(c, out, e);
}

enum status cmd_feedback_stats(struct cli *c, struct error *e)
{
	const char *site = NULL;
	struct sites sites;
	struct tally t = {0};
	enum status st = open_with_site(&site, &sites, c, e);

	if (st == STATUS_OK)
		st = tally_read(&t, c->q, site, e);
	if (st == STATUS_OK && c->json) {
		st = print_json(c, &t, e);
	} else if (st == STATUS_OK) {
		fprintf(c->out, "%llu answer%s%s%s", (unsigned long long)t.total, plural(t.total),
			site ? " at " : "", site ? site : "");
		if (t.flagged > 0)
			fprintf(c->out, ", %llu of them flagged (qip feedback list)", (unsigned long long)t.flagged);
		fprintf(c->out, "\n\n");
		for (size_t i = 0; i < t.surveys_len && st == STATUS_OK; i++)
			st = print_survey(c, &t.surveys[i], e);
		if (st == STATUS_OK)
			st = print_devices(c, &t, e);
	}
	tally_clear(&t);
	return st;
}
