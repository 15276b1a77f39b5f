/* tests/sim/fields.c - see fields.h. Written out by hand: what is severe, and how much, must not come from the product's own tables. */
#include "tests/sim/fields.h"

#include <stdio.h>
#include <string.h>

static const char *const statuses[] = {"blue", "green", "amber", "red", NULL};
static const char *const progress[] = {"done", "in-progress", "decided", "open", NULL};
static const char *const improved[] = {"yes", "partly", "no", NULL};
static const char *const questions[] = {"safe", "effective", "caring", "responsive", "well-led", NULL};
static const char *const places[] = {"fleckney", "glen", "kibworth", NULL};
static const char *const regulations[] = {"12", "17", "20A", NULL};
static const char *const causes[] = {"demand", "staffing", "estate", NULL};
static const char *const ratings[] = {"outstanding", "good", "requires-improvement", "inadequate", "not-rated", NULL};
static const char *const text_member[] = {"text", NULL};
static const char *const title_member[] = {"title", NULL};
static const char *const outcome_member[] = {"outcome", NULL};

/* The first three of each type are written most: sites meet there. */
static const struct field action_fields[] = {
	{"status", SHAPE_WORD, statuses, true},
	{"risk_current", SHAPE_RISK, NULL, true},
	{"owner_role", SHAPE_TEXT, NULL, false},
	{"sites", SHAPE_ELEMENT, places, false},
	{"regulations", SHAPE_ELEMENT, regulations, false},
	{"notes", SHAPE_ENTRY, text_member, false},
	{"evidence", SHAPE_ENTRY, title_member, false},
	{"reviews", SHAPE_ENTRY, outcome_member, false},
	{"risk_initial", SHAPE_RISK, NULL, false},
	{"risk_target", SHAPE_RISK, NULL, false},
	{"due_date", SHAPE_DAY, NULL, false},
	{"key_question", SHAPE_WORD, questions, false},
	{"ref", SHAPE_TEXT, NULL, false},
	{"action", SHAPE_TEXT, NULL, false},
};
static const struct field inspection_fields[] = {
	{"ratings", SHAPE_RATING, questions, false},
	{"breaches", SHAPE_ELEMENT, regulations, false},
	{"overall", SHAPE_WORD, ratings, false},
	{"provider", SHAPE_TEXT, NULL, false},
	{"findings", SHAPE_ENTRY, text_member, false},
	{"published_on", SHAPE_DAY, NULL, false},
};
static const struct field theme_fields[] = {
	{"status", SHAPE_WORD, progress, true},
	{"improved", SHAPE_WORD, improved, true},
	{"said", SHAPE_TEXT, NULL, false},
	{"sites", SHAPE_ELEMENT, places, false},
	{"notes", SHAPE_ENTRY, text_member, false},
	{"title", SHAPE_TEXT, NULL, false},
};
static const struct field opel_fields[] = {
	{"level", SHAPE_LEVEL, NULL, true},
	{"causes", SHAPE_ELEMENT, causes, false},
	{"mitigation", SHAPE_TEXT, NULL, false},
	{"notes", SHAPE_ENTRY, text_member, false},
};
static const struct field access_fields[] = {
	{"sites", SHAPE_COUNTS, places, false},
	{"source", SHAPE_TEXT, NULL, false},
	{"remark", SHAPE_TEXT, NULL, false},
};
static const struct field return_fields[] = {
	{"totals", SHAPE_TOTALS, NULL, false},
	{"remark", SHAPE_TEXT, NULL, false},
	{"submitted", SHAPE_DAY, NULL, false},
};

#define FIELDS(of) of, ARRAY_LEN(of)
#define ACTION {"action", "qip", NULL, "id", FIELDS(action_fields)}

static const struct record_kind_of_run records[RECORDS] = {
	ACTION,
	ACTION,
	ACTION,
	ACTION,
	{"inspection", "inspections", NULL, "id", FIELDS(inspection_fields)},
	{"theme", "themes", NULL, "id", FIELDS(theme_fields)},
	{"opel", "opel", "2026-W01", "week", FIELDS(opel_fields)},
	{"opel", "opel", "2026-W02", "week", FIELDS(opel_fields)},
	{"access", "access", "2026-01", "month", FIELDS(access_fields)},
	{"access", "access", "2026-02", "month", FIELDS(access_fields)},
	{"return", "returns/fft", "2026-01", "month", FIELDS(return_fields)},
	{"return", "returns/fft", "2026-02", "month", FIELDS(return_fields)},
	ACTION,
	ACTION,
	ACTION,
	ACTION,
	ACTION,
	ACTION,
};

const struct record_kind_of_run *fields_record(unsigned record)
{
	return &records[record];
}

const char *fields_required(unsigned record)
{
	if (strcmp(records[record].type, "action") == 0)
		return "ref";
	return strcmp(records[record].type, "theme") == 0 ? "title" : NULL;
}

static size_t count_words(const struct field *f)
{
	size_t n = 0;

	while (f->words && f->words[n])
		n++;
	return n;
}

void fields_slot(char *out, size_t size, const struct field *f, unsigned key)
{
	out[0] = '\0';
	if (f->shape == SHAPE_ELEMENT || f->shape == SHAPE_RATING || f->shape == SHAPE_COUNTS)
		(void)snprintf(out, size, "%s/%s", f->name, f->words[key % count_words(f)]);
	else if (f->shape != SHAPE_ENTRY)
		(void)snprintf(out, size, "%s", f->name);
}

static cJSON *pair(const char *one, int a, const char *two, int b)
{
	cJSON *o = cJSON_CreateObject();

	(void)cJSON_AddNumberToObject(o, one, a);
	(void)cJSON_AddNumberToObject(o, two, b);
	return o;
}

static cJSON *counts(unsigned value)
{
	cJSON *o = cJSON_CreateObject();

	(void)cJSON_AddItemToObject(o, "telephone", pair("attended", (int)value, "did_not_attend", 1));
	(void)cJSON_AddItemToObject(o, "video", pair("attended", 3, "did_not_attend", (int)value));
	return o;
}

static cJSON *totals(unsigned value)
{
	static const char *const options[] = {"very-good", "good", "neither", "poor", "very-poor", "dont-know"};
	static const char *const modes[] = {"kiosk", "handwritten", "telephone", "sms", "online", "other"};
	cJSON *o = cJSON_CreateObject(), *by_option = cJSON_AddObjectToObject(o, "options"), *by_mode = cJSON_AddObjectToObject(o, "modes");

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		(void)cJSON_AddNumberToObject(by_option, options[i], i == value ? 7 : 1);
		(void)cJSON_AddNumberToObject(by_mode, modes[i], i == value + 1 ? 7 : 1);
	}
	return o;
}

static cJSON *rating(unsigned value)
{
	cJSON *o = cJSON_CreateObject();

	(void)cJSON_AddStringToObject(o, "rating", ratings[value % 5]);
	(void)cJSON_AddBoolToObject(o, "carried_forward", value % 2);
	return o;
}

static cJSON *sentence(const char *what, unsigned value)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s %u", what, value);
	return cJSON_CreateString(text);
}

static cJSON *entry(const struct field *f, unsigned value)
{
	cJSON *o = cJSON_CreateObject();

	(void)cJSON_AddItemToObject(o, f->words[0], sentence("Told", value));
	return o;
}

/* One in nine clears a field that may be empty. */
cJSON *fields_value(const struct field *f, unsigned value)
{
	bool may_clear = strcmp(f->name, "ref") != 0 && strcmp(f->name, "title") != 0 && strcmp(f->name, "submitted") != 0;
	char day[16];

	if (f->shape == SHAPE_ENTRY)
		return entry(f, value);
	if (f->shape == SHAPE_ELEMENT)
		return value % 3 ? cJSON_CreateTrue() : cJSON_CreateNull();
	if (may_clear && value % 9 == 8)
		return cJSON_CreateNull();
	switch (f->shape) {
	case SHAPE_DAY:
		(void)snprintf(day, sizeof(day), "2026-03-%02u", 1 + value % 4);
		return cJSON_CreateString(day);
	case SHAPE_WORD:
		return cJSON_CreateString(f->words[value % count_words(f)]);
	case SHAPE_LEVEL:
		return cJSON_CreateNumber(1 + value % 4);
	case SHAPE_RISK:
		return pair("likelihood", (int)(1 + value % 5), "consequence", (int)(1 + value / 5 % 5));
	case SHAPE_RATING:
		return rating(value);
	case SHAPE_COUNTS:
		return counts(value % 4);
	case SHAPE_TOTALS:
		return totals(value % 4);
	default:
		return sentence(strcmp(f->name, "ref") == 0 ? "QIP" : "Words", value % 4);
	}
}

const struct field *fields_of_slot(unsigned record, const char *slot)
{
	const struct record_kind_of_run *r = &records[record];
	size_t len = strcspn(slot, "/");

	for (size_t i = 0; i < r->fields_len; i++)
		if (strlen(r->fields[i].name) == len && strncmp(r->fields[i].name, slot, len) == 0)
			return &r->fields[i];
	return NULL;
}

int fields_badness(const struct field *f, const cJSON *value)
{
	const cJSON *likelihood = cJSON_GetObjectItemCaseSensitive(value, "likelihood");
	const cJSON *consequence = cJSON_GetObjectItemCaseSensitive(value, "consequence");

	if (!value || cJSON_IsNull(value))
		return -1;
	if (f->shape == SHAPE_LEVEL)
		return value->valueint;
	if (f->shape == SHAPE_RISK)
		return likelihood && consequence ? likelihood->valueint * consequence->valueint * 10 + consequence->valueint : 1000;
	for (int i = 0; f->words && f->words[i]; i++)
		if (cJSON_IsString(value) && strcmp(f->words[i], value->valuestring) == 0)
			return i;
	return 1000;
}
