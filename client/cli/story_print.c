/* client/cli/story_print.c - see story_print.h. */
#include "client/cli/story_print.h"

#include <string.h>

#include "client/cli/fields.h"
#include "client/cli/tell.h"

#define INDENT 4

static void print_line(const struct claims_view *v, struct buf *line)
{
	fprintf(v->c->out, "%*s", INDENT, "");
	tell_line(v->c->out, buf_text(line), INDENT, INDENT + 2);
	buf_reset(line);
}

/* "Kibworth green, Fleckney amber" */
static void add_voices(struct buf *line, const struct claims_view *v, const char *slot, const cJSON *between)
{
	const cJSON *voice;

	cJSON_ArrayForEach(voice, between)
	{
		buf_addf(line, "%s%s says ", voice == between->child ? "" : ", ", tell_place(&v->registry, &v->sites, text_of(voice, "device")));
		tell_value(line, slot, json_get(voice, "value"));
	}
}

/* Whose value it is that somebody chose: "as Fleckney has it", or nobody's. */
static void add_choice(struct buf *line, const struct claims_view *v, const cJSON *change)
{
	const cJSON *between = json_get(change, "between"), *after = json_get(change, "after"), *voice;
	const char *slot = text_of(change, "slot");
	bool found = false, element = strchr(slot, '/') && cJSON_IsString(after);

	cJSON_ArrayForEach(voice, between)
	{
		const cJSON *value = json_get(voice, "value");

		if (!json_equal(value, after) && !(element && cJSON_IsTrue(value)))
			continue;
		buf_addf(line, "%s%s", found ? " and " : ", as ", tell_place(&v->registry, &v->sites, text_of(voice, "device")));
		found = true;
	}
	buf_adds(line, found ? " had it; before, " : ", as neither had it; before, ");
	cJSON_ArrayForEach(voice, between)
	{
		buf_addf(line, "%s%s said ", voice == between->child ? "" : ", ", tell_place(&v->registry, &v->sites, text_of(voice, "device")));
		tell_value(line, slot, json_get(voice, "value"));
	}
}

static void add_log_entry(struct buf *line, const char *title, const cJSON *entry)
{
	static const char *const mains[] = {"outcome", "title", "text", "where"}, *const more[] = {"text", "link"};
	const char *text = "";

	for (size_t i = 0; i < ARRAY_LEN(mains) && !text[0]; i++)
		text = text_of(entry, mains[i]);
	buf_addf(line, "%s added: \"%s\"", title, text);
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		if (text_of(entry, more[i])[0] && strcmp(text_of(entry, more[i]), text) != 0)
			buf_addf(line, ", \"%s\"", text_of(entry, more[i]));
}

static bool is_nothing(const cJSON *value)
{
	return !value || cJSON_IsNull(value);
}

static void add_change(struct buf *line, const struct claims_view *v, const cJSON *change, bool begins)
{
	const cJSON *before = json_get(change, "before"), *after = json_get(change, "after");
	const char *slot = text_of(change, "slot");
	bool element = strchr(slot, '/') != NULL && (cJSON_IsString(before) || cJSON_IsString(after));
	char title[RECORD_SLOT_MAX + 80];

	slot_title(title, sizeof(title), slot);
	if (json_get(after, "device") && json_get(after, "at")) {
		add_log_entry(line, title, after);
	} else if (cJSON_IsTrue(json_get(change, "settled"))) {
		buf_addf(line, "%s settled: ", title);
		tell_value(line, slot, after);
		add_choice(line, v, change);
	} else if (element) {
		buf_addf(line, "%s %s", title, is_nothing(after) ? "removed" : is_nothing(before) ? "added" : "said again");
	} else if (begins || is_nothing(before)) {
		buf_addf(line, "%s: ", title);
		tell_value(line, slot, after);
	} else if (json_equal(before, after)) {
		buf_addf(line, "%s said again: ", title);
		tell_value(line, slot, after);
	} else {
		buf_addf(line, "%s changed from ", title);
		tell_value(line, slot, before);
		buf_adds(line, " to ");
		tell_value(line, slot, after);
	}
	if (line->len > 0 && line->data[line->len - 1] != '.')
		buf_addc(line, '.');
}

static void add_conflict(struct buf *line, const struct claims_view *v, const cJSON *conflict)
{
	const char *slot = text_of(conflict, "slot");
	char title[RECORD_SLOT_MAX + 80];

	slot_title(title, sizeof(title), slot);
	buf_addf(line, "! Here a conflict began over %s: ", title);
	add_voices(line, v, slot, json_get(conflict, "between"));
	buf_adds(line, ". It shows ");
	tell_value(line, slot, json_get(conflict, "shown"));
	buf_addf(line, ", %s.", text_of(conflict, "why"));
}

/* Who, for which day, when it was entered if that was another day, and when the server had it. */
static void print_heading(const struct claims_view *v, const cJSON *entry, struct buf *line)
{
	const char *effective = text_of(entry, "effective"), *entered = text_of(entry, "entered"), *received = text_of(entry, "received");
	int order = strncmp(effective, entered, 10);
	char day[11];

	tell_day(line, effective[0] ? effective : received);
	buf_adds(line, ": ");
	if (text_of(entry, "called")[0])
		buf_addf(line, "%s at ", text_of(entry, "called"));
	tell_who(line, &v->registry, &v->sites, text_of(entry, "device"), text_of(entry, "by"));
	buf_addf(line, " %s it", cJSON_IsTrue(json_get(entry, "begins")) ? "began" : "edited");
	if (text_of(entry, "adopts")[0])
		buf_adds(line, ", taking over what a revoked device had sent");
	if (effective[0] && entered[0] && order != 0) {
		buf_addf(line, "; dated %s", order < 0 ? "back" : "ahead");
		if (strncmp(entered, received, 10) != 0) {
			(void)snprintf(day, sizeof(day), "%.10s", entered);
			buf_adds(line, ", entered ");
			tell_day(line, day);
		}
	}
	if (received[0]) {
		buf_adds(line, "; received ");
		tell_time(line, received);
	} else {
		buf_adds(line, "; not sent yet");
	}
	buf_addc(line, '.');
	if (v->c->bold)
		fputs("\033[1m", v->c->out);
	tell_line(v->c->out, buf_text(line), 0, INDENT);
	if (v->c->bold)
		fputs("\033[0m", v->c->out);
	buf_reset(line);
}

void story_print_changes(const struct claims_view *v, const cJSON *entry)
{
	struct buf line = BUF_INIT;
	const cJSON *item;

	cJSON_ArrayForEach(item, json_get(entry, "changes"))
	{
		add_change(&line, v, item, cJSON_IsTrue(json_get(entry, "begins")));
		print_line(v, &line);
	}
	buf_clear(&line);
}

void story_print(const struct claims_view *v, const cJSON *record, const cJSON *entries)
{
	struct buf line = BUF_INIT;
	char label[80];
	const cJSON *entry, *item;

	plan_label(label, sizeof(label), record);
	buf_addf(&line, "%s%s%s", label, plan_about(record)[0] ? ": " : "", plan_about(record));
	tell_line(v->c->out, buf_text(&line), 0, INDENT);
	fprintf(v->c->out, "Its story, the oldest first, each edit under the day it speaks of.\n");
	buf_reset(&line);
	cJSON_ArrayForEach(entry, entries)
	{
		fputc('\n', v->c->out);
		print_heading(v, entry, &line);
		story_print_changes(v, entry);
		cJSON_ArrayForEach(item, json_get(entry, "conflicts"))
		{
			add_conflict(&line, v, item);
			print_line(v, &line);
		}
	}
	buf_clear(&line);
}
