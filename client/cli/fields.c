/* client/cli/fields.c - see fields.h. */
#include "client/cli/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/cli/text.h"

const char *const field_key_questions[] = {"safe", "effective", "caring", "responsive", "well-led", NULL};
const char *const field_ratings[] = {"outstanding", "good", "requires-improvement", "inadequate", "not-rated", NULL};
static const char *const statuses[] = {"red", "amber", "green", "blue", NULL};

const struct field fields_action[] = {
	{"ref", "Ref", FORM_TEXT, NULL},
	{"status", "Status", FORM_CHOICE, statuses},
	{"finding", "Finding", FORM_TEXT, NULL},
	{"action", "Action", FORM_TEXT, NULL},
	{"success_measure", "Success measure", FORM_TEXT, NULL},
	{"public_summary", "Public summary", FORM_TEXT, NULL},
	{"key_question", "Key question", FORM_CHOICE, field_key_questions},
	{"regulations", "Regulations", FORM_NUMBERS, NULL},
	{"sites", "Sites", FORM_SITES, NULL},
	{"owner_role", "Owner", FORM_TEXT, NULL},
	{"source", "Source", FORM_TEXT, NULL},
	{"driver", "Driver", FORM_TEXT, NULL},
	{"start_date", "Start", FORM_DAY, NULL},
	{"due_date", "Due", FORM_DAY, NULL},
	{"risk_initial", "Risk at the start", FORM_RISK, NULL},
	{"risk_current", "Risk now", FORM_RISK, NULL},
	{"risk_target", "Risk wanted", FORM_RISK, NULL},
	{NULL, NULL, FORM_TEXT, NULL},
};
const struct field fields_inspection[] = {
	{"provider", "Provider", FORM_TEXT, NULL},	    {"framework", "Framework", FORM_TEXT, NULL},
	{"inspected_on", "Inspected on", FORM_DAY, NULL},   {"published_on", "Published on", FORM_DAY, NULL},
	{"overall", "Overall", FORM_CHOICE, field_ratings}, {"breaches", "Breaches of regulations", FORM_NUMBERS, NULL},
	{"report_link", "Report", FORM_TEXT, NULL},	    {NULL, NULL, FORM_TEXT, NULL},
};

const struct field *field_find(const struct field *table, const char *name, size_t len)
{
	for (; table->name; table++) {
		size_t i = 0;

		while (i < len && table->name[i] == (name[i] == '-' ? '_' : name[i]))
			i++;
		if (i == len && !table->name[len])
			return table;
	}
	return NULL;
}

/* ---- reading what people typed ---- */

static enum status parse_choice(cJSON **out, const struct field *f, const char *text, struct error *e)
{
	char all[200] = "";

	for (size_t i = 0; f->choices[i]; i++) {
		if (strcasecmp(f->choices[i], text) == 0) {
			*out = cJSON_CreateString(f->choices[i]);
			return STATUS_OK;
		}
		(void)snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? ", " : "", f->choices[i]);
	}
	return error_set(e, STATUS_INVALID, "\"%.40s\" is not one of: %s", text, all);
}

/* "4x5", "4*5" or "4×5": likelihood 1 to 5, consequence 1 to 5. */
static enum status parse_risk(cJSON **out, const char *text, struct error *e)
{
	const char *second = text + 1 + (strncmp(text + (text[0] != '\0'), "×", 2) == 0 ? 2 : 1);
	bool good = text[0] >= '1' && text[0] <= '5' &&
		    (text[1] == 'x' || text[1] == 'X' || text[1] == '*' || second == text + 3);
	cJSON *risk;

	if (!good || second[0] < '1' || second[0] > '5' || second[1] != '\0')
		return error_set(
			e, STATUS_INVALID,
			"\"%.40s\" is not a risk; please write likelihood x consequence, each 1 to 5, for example 4x5",
			text);
	risk = cJSON_CreateObject();
	if (json_set_integer(risk, "likelihood", text[0] - '0') != STATUS_OK ||
	    json_set_integer(risk, "consequence", second[0] - '0') != STATUS_OK) {
		cJSON_Delete(risk);
		return error_set(e, STATUS_NOMEM, "out of memory");
	}
	*out = risk;
	return STATUS_OK;
}

/* Insert into a sorted array, unless it is there. Not by cJSON_InsertItemInArray, which refuses the middle of an array in
 * cJSON 1.7.17 and in distributions that took its fix over from there. */
static enum status insert_sorted(cJSON *array, const char *text, struct error *e)
{
	int at = 0;
	cJSON *item, *added;

	cJSON_ArrayForEach(item, array)
	{
		int order = strcmp(item->valuestring, text);

		if (order == 0)
			return STATUS_OK;
		if (order > 0)
			break;
		at++;
	}
	added = cJSON_CreateString(text);
	if (!added || !cJSON_AddItemToArray(array, added)) {
		cJSON_Delete(added);
		return error_set(e, STATUS_NOMEM, "out of memory");
	}
	for (int behind = cJSON_GetArraySize(array) - 1 - at; behind > 0; behind--)
		(void)cJSON_AddItemToArray(array, cJSON_DetachItemFromArray(array, at));
	return STATUS_OK;
}

static enum status add_site(cJSON *array, const char *text, size_t len, const struct sites *sites, struct error *e)
{
	const struct site *site = sites_find(sites, text, len);
	struct buf names = BUF_INIT;

	if (site || sites_is_all(text, len))
		return insert_sorted(array, site ? site->id : SITES_ALL, e);
	sites_names(&names, sites);
	(void)error_set(e, STATUS_INVALID, "there is no site \"%.*s\"; the sites are: %.600s",
			(int)(len > 60 ? 60 : len), text, sites->len ? buf_text(&names) : "none yet");
	buf_clear(&names);
	return STATUS_INVALID;
}

/* The Health and Social Care Act 2008 (Regulated Activities) Regulations 2014, parts 2 and 3: regulations 4 to 20, and
 * 20A. */
static enum status add_number(cJSON *array, const char *text, size_t len, struct error *e)
{
	static const char *const known[] = {"4",  "5",	"6",  "7",  "8",  "9",	"10", "11", "12",
					    "13", "14", "15", "16", "17", "18", "19", "20", "20A"};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strlen(known[i]) == len && strncasecmp(known[i], text, len) == 0)
			return insert_sorted(array, known[i], e);
	return error_set(e, STATUS_INVALID, "\"%.*s\" is not a regulation; they are 4 to 20 and 20A",
			 (int)(len > 40 ? 40 : len), text);
}

static enum status parse_set(cJSON **out, const struct field *f, const char *text, const struct sites *sites,
			     struct error *e)
{
	cJSON *array = cJSON_CreateArray();
	enum status st = array ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");

	while (st == STATUS_OK && *text) {
		size_t len = strcspn(text, ";"), next = len + (text[len] == ';'), start = strspn(text, " ");

		if (start < len) {
			size_t end = len;

			while (text[end - 1] == ' ')
				end--;
			st = f->form == FORM_SITES ? add_site(array, text + start, end - start, sites, e)
						   : add_number(array, text + start, end - start, e);
		}
		text += next;
	}
	if (st != STATUS_OK)
		cJSON_Delete(array);
	else
		*out = array;
	return st;
}

enum status field_parse(cJSON **out, const struct field *f, const char *text, const struct sites *sites,
			struct error *e)
{
	cJSON *value = NULL;
	enum status st = text_check(text, "the value", e);

	if (st != STATUS_OK)
		return st;
	if (f->form == FORM_CHOICE)
		st = parse_choice(&value, f, text, e);
	else if (f->form == FORM_RISK)
		st = parse_risk(&value, text, e);
	else if (f->form == FORM_SITES || f->form == FORM_NUMBERS)
		st = parse_set(&value, f, text, sites, e);
	else if (f->form == FORM_DAY && !date_valid(text))
		st = error_set(e, STATUS_INVALID, "\"%.40s\" is not a day; please write it as YYYY-MM-DD", text);
	else
		value = cJSON_CreateString(text);
	if (st == STATUS_OK && !value)
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		*out = value;
	return st;
}

/* ---- writing into a record ---- */

static bool has_text(const cJSON *array, const char *text)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, array)
	{
		if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0)
			return true;
	}
	return false;
}

/* Add or remove one element of a set. Saying that it is there is an edit also when it is there already: whoever takes
 * it away at the same time elsewhere then has a conflict to settle, not the last word. Taking away what is not there is
 * nothing. */
static enum status set_element(cJSON *record, const struct field *f, const char *element, bool present,
			       const struct stamp *stamp, struct error *e)
{
	char slot[RECORD_SLOT_MAX];

	if (!present && !has_text(json_get(record, f->name), element))
		return STATUS_OK;
	(void)snprintf(slot, sizeof(slot), "%s/%s", f->name, element);
	return record_set(record, slot, present ? cJSON_CreateTrue() : cJSON_CreateNull(), stamp, e);
}

static enum status set_elements(cJSON *record, const struct field *f, const cJSON *elements, bool present,
				const struct stamp *stamp, struct error *e)
{
	enum status st = STATUS_OK;
	const cJSON *item;

	cJSON_ArrayForEach(item, elements)
	{
		if (st == STATUS_OK)
			st = set_element(record, f, item->valuestring, present, stamp, e);
	}
	return st;
}

static enum status replace_set(cJSON *record, const struct field *f, const cJSON *value, const struct stamp *stamp,
			       struct error *e)
{
	cJSON *old = cJSON_Duplicate(json_get(record, f->name), true);
	enum status st = set_elements(record, f, value, true, stamp, e);
	const cJSON *item;

	cJSON_ArrayForEach(item, old)
	{
		if (st == STATUS_OK && !has_text(value, item->valuestring))
			st = set_element(record, f, item->valuestring, false, stamp, e);
	}
	cJSON_Delete(old);
	return st;
}

enum status field_set(cJSON *record, const struct field *f, const cJSON *value, const struct stamp *stamp,
		      struct error *e)
{
	if (f->form == FORM_SITES || f->form == FORM_NUMBERS)
		return replace_set(record, f, value, stamp, e);
	return record_set(record, f->name, cJSON_Duplicate(value, true), stamp, e);
}

enum status field_assign(const struct field **out, cJSON *record, const char *assignment, const struct sites *sites,
			 const struct stamp *stamp, struct error *e)
{
	size_t len = strcspn(assignment, "=");
	char sign = len > 0 && (assignment[len - 1] == '+' || assignment[len - 1] == '-') ? assignment[len - 1] : '=';
	const struct field *f = field_find(fields_action, assignment, len - (sign != '='));
	const char *text = assignment + len + 1;
	cJSON *value = NULL;
	enum status st;

	if (assignment[len] != '=')
		return error_set(e, STATUS_USAGE, "\"%.60s\" is not FIELD=VALUE", assignment);
	if (!f)
		return error_set(e, STATUS_USAGE,
				 "an action has no field \"%.*s\"; \"qip action set --help\" names them",
				 (int)(len > 40 ? 40 : len), assignment);
	if (sign != '=' && f->form != FORM_SITES && f->form != FORM_NUMBERS)
		return error_set(e, STATUS_USAGE, "%s is a single value; please write %s=VALUE", f->name, f->name);
	if (*text)
		st = field_parse(&value, f, text, sites, e);
	else
		st = (value = cJSON_CreateNull()) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
	if (st != STATUS_OK)
		return error_prefix(e, st, "%s", f->name);
	st = sign == '=' ? field_set(record, f, value, stamp, e)
			 : set_elements(record, f, value, sign == '+', stamp, e);
	cJSON_Delete(value);
	if (st == STATUS_OK)
		*out = f;
	return st;
}
