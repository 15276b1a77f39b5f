/* client/cli/claims_print.c - a conflict in sentences; see claims.h. */
#include <string.h>

#include "client/cli/claims.h"
#include "client/cli/fields.h"
#include "client/cli/persons.h"
#include "client/cli/tell.h"
#include "client/cli/text.h"

#define VALUE_MAX 120 /* characters of a value before it is cut */
#define INDENT 2
#define INDENT_CLAIM 5 /* behind "  1. " */
#define INDENT_COMMAND 4

/* What the conflict is about. */
struct slot_view {
	const struct claims_view *v;
	const cJSON *record, *claims;
	const char *slot;
	const struct field *field; /* NULL: of a kind that has no table */
	char handle[TREE_PATH_MAX], title[RECORD_SLOT_MAX + 80];
	bool of_set;
	size_t common; /* characters that all values begin with */
	bool cut;      /* a value was not shown whole */
};

/* Two long texts that differ late are shown where they differ: how many characters all begin with. */
static size_t common_start(const cJSON *claims)
{
	const char *first = json_string(claims->child, "value");
	size_t common = first ? strlen(first) : 0, chars = 0;
	const cJSON *claim;

	cJSON_ArrayForEach(claim, claims)
	{
		const char *text = json_string(claim, "value");
		size_t i = 0;

		while (text && i < common && text[i] == first[i])
			i++;
		common = text ? i : common;
	}
	for (size_t i = 0; i < common; i++)
		chars += (first[i] & 0xc0) != 0x80; /* the bytes that begin a character */
	return chars;
}

/* By its id where the label is another's, too. */
static void find_handle(struct slot_view *s, const char *path)
{
	plan_handle(s->handle, sizeof(s->handle), path, s->record);
	for (size_t i = 0; i < s->v->plan.len; i++)
		if (strcmp(s->v->plan.items[i].path, path) == 0 && plan_label_twice(&s->v->plan, &s->v->plan.items[i]))
			(void)snprintf(s->handle, sizeof(s->handle), "%s", text_of(s->record, "id"));
}

static bool is_long(const cJSON *claims)
{
	const cJSON *claim;

	cJSON_ArrayForEach(claim, claims)
	{
		if (text_width(text_of(claim, "value")) > VALUE_MAX)
			return true;
	}
	return false;
}

static void open_slot(struct slot_view *s, const char *path)
{
	char type[RECORD_TYPE_MAX], field[RECORD_SLOT_MAX];
	const char *key = strchr(s->slot, '/');
	const struct site *site = NULL;
	size_t len = strcspn(s->slot, "/");

	record_type(type, s->record);
	(void)snprintf(field, sizeof(field), "%.*s", (int)len, s->slot);
	if (strcmp(type, "action") == 0)
		s->field = field_find(fields_action, s->slot, len);
	else if (strcmp(type, "inspection") == 0)
		s->field = field_find(fields_inspection, s->slot, len);
	s->of_set = rules_field_kind(s->v->rules, type, field) == FIELD_SET;
	slot_title(s->title, sizeof(s->title), s->slot);
	if (key && strncmp(s->slot, "sites/", 6) == 0)
		site = sites_find(&s->v->sites, key + 1, strlen(key + 1));
	if (site && site->name[0])
		(void)snprintf(s->title, sizeof(s->title), "Sites: %.60s", site->name);
	s->common = common_start(s->claims);
	s->cut = !s->v->whole && is_long(s->claims);
	find_handle(s, path);
}

static void add_value(struct buf *out, const struct slot_view *s, const cJSON *value)
{
	if (s->cut)
		tell_value_cut(out, s->slot, value, s->common, VALUE_MAX);
	else
		tell_value(out, s->slot, value);
}

static void print_shown(const struct slot_view *s)
{
	const cJSON *shown = slot_value(s->record, s->slot);
	struct buf line = BUF_INIT;

	buf_adds(&line, s->title);
	if (s->of_set) {
		buf_adds(&line, " stays on the list");
	} else {
		buf_adds(&line, " shows ");
		add_value(&line, s, shown);
	}
	buf_adds(&line, s->of_set ? " until somebody decides: " : ": ");
	claims_reason(&line, s->v, s->record, s->slot, s->claims);
	buf_addc(&line, '.');
	fprintf(s->v->c->out, "%*s", INDENT, "");
	tell_line(s->v->c->out, buf_text(&line), INDENT, INDENT);
	buf_clear(&line);
}

/* "1. Kibworth (kibworth-desk, manager) set it to green for 1 Sep 2022; received 22 Nov 2026 14:31." */
static void print_claim(const struct slot_view *s, const cJSON *claim, int number)
{
	const cJSON *value = json_get(claim, "value");
	const struct received *when = claims_received(s->v, text_of(claim, "id"));
	struct buf line = BUF_INIT;

	buf_addf(&line, "%d. ", number);
	if (text_of(claim, "person")[0])
		buf_addf(&line, "%s at ", persons_called(s->v->c, text_of(claim, "person")));
	tell_who(&line, &s->v->registry, &s->v->sites, text_of(claim, "device"), text_of(claim, "by"));
	if (s->of_set) {
		buf_adds(&line, cJSON_IsTrue(value) ? " added it" : " removed it");
	} else if (!value || cJSON_IsNull(value)) {
		buf_adds(&line, " left it empty");
	} else {
		buf_adds(&line, " set it to ");
		add_value(&line, s, value);
	}
	buf_adds(&line, " for ");
	tell_day(&line, text_of(claim, "effective"));
	if (when && when->at[0]) {
		buf_adds(&line, "; received ");
		tell_time(&line, when->at);
	} else if (when && !when->sent) {
		buf_adds(&line, "; not sent yet");
	}
	buf_addc(&line, '.');
	fprintf(s->v->c->out, "%*s", INDENT, "");
	tell_line(s->v->c->out, buf_text(&line), INDENT, INDENT_CLAIM);
	buf_clear(&line);
}

/* ---- the commands ---- */

static bool said_before(const cJSON *claims, const cJSON *claim)
{
	for (const cJSON *other = claims->child; other != claim; other = other->next)
		if (json_equal(json_get(other, "value"), json_get(claim, "value")))
			return true;
	return false;
}

static bool is_claimed(const cJSON *claims, const char *text)
{
	const cJSON *claim;

	cJSON_ArrayForEach(claim, claims)
	{
		const char *value = json_string(claim, "value");

		if (value && strcmp(value, text) == 0)
			return true;
	}
	return false;
}

/* Choices that nobody claims: the first into `typed`, all into `all`. */
static bool other_choices(struct buf *typed, struct buf *all, const struct slot_view *s)
{
	for (size_t i = 0; s->field->choices[i]; i++) {
		if (is_claimed(s->claims, s->field->choices[i]))
			continue;
		if (typed->len == 0)
			buf_adds(typed, s->field->choices[i]);
		buf_addf(all, " %s", s->field->choices[i]);
	}
	return typed->len > 0;
}

/* Another value than those claimed: how it is typed, and what it may be in words. */
static bool another_value(struct buf *typed, struct buf *what, const struct slot_view *s)
{
	static const char *const forms[][2] = {
		[FORM_TEXT] = {"'TEXT'", "other words"}, [FORM_DAY] = {"YYYY-MM-DD", "another day"}, [FORM_RISK] = {"LxC", "another, such as 2x3"}};
	const cJSON *first = json_get(s->claims->child, "value");

	if (s->of_set || (s->field && strchr(s->slot, '/')) || (!s->field && cJSON_IsObject(first)))
		return false; /* of a set there is no third, the others are too long to type */
	if (s->field && s->field->form == FORM_CHOICE) {
		buf_adds(what, "another:");
		return other_choices(typed, what, s);
	}
	buf_adds(typed, forms[s->field && s->field->form <= FORM_RISK ? s->field->form : FORM_TEXT][0]);
	buf_adds(what, forms[s->field && s->field->form <= FORM_RISK ? s->field->form : FORM_TEXT][1]);
	if (!s->field && !cJSON_IsString(first)) {
		buf_reset(typed);
		buf_reset(what);
		buf_adds(typed, "VALUE");
		buf_adds(what, "another value");
	}
	return true;
}

static void print_commands(const struct slot_view *s)
{
	FILE *out = s->v->c->out;
	struct buf typed = BUF_INIT, what = BUF_INIT;
	const cJSON *claim;
	struct buf slot = BUF_INIT;
	int number = 1;

	if (!tell_word(&slot, s->slot)) {
		fprintf(out, "%*sIts name cannot be typed; to settle it: qip resolve --all-of SITE\n", INDENT, "");
		return;
	}
	fprintf(out, "%*sTo settle it, one of:\n", INDENT, "");
	cJSON_ArrayForEach(claim, s->claims)
	{
		if (!said_before(s->claims, claim)) {
			buf_reset(&typed);
			fprintf(out, "%*sqip resolve %s %s ", INDENT_COMMAND, "", s->handle, buf_text(&slot));
			if (tell_typed(&typed, s->slot, json_get(claim, "value")))
				fprintf(out, "--value %s\n", buf_text(&typed));
			else
				fprintf(out, "--claim %d\n", number);
		}
		number++;
	}
	buf_reset(&typed);
	if (another_value(&typed, &what, s))
		fprintf(out, "%*sqip resolve %s %s --value %s   (or %s)\n", INDENT_COMMAND, "", s->handle, buf_text(&slot), buf_text(&typed),
			buf_text(&what));
	buf_clear(&slot);
	buf_clear(&typed);
	buf_clear(&what);
}

enum status claims_print(const struct claims_view *v, const char *path, const cJSON *record, const char *slot, struct error *e)
{
	cJSON *claims = record_claims(record, slot);
	struct slot_view s = {.v = v, .record = record, .claims = claims, .slot = slot};
	const cJSON *claim;
	int number = 1;

	if (!claims || !claims->child) {
		cJSON_Delete(claims);
		return error_set(e, STATUS_NOMEM, "out of memory");
	}
	open_slot(&s, path);
	print_shown(&s);
	cJSON_ArrayForEach(claim, claims) print_claim(&s, claim, number++);
	print_commands(&s);
	if (s.cut)
		fprintf(v->c->out, "%*sThe whole texts: qip conflicts %s\n", INDENT, "", s.handle);
	cJSON_Delete(claims);
	return STATUS_OK;
}
