/* client/refused_note.c - see refused_note.h. */
#include "client/refused_note.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/files.h"
#include "core/array.h"

static const char *const states[] = {"open", "making", "made", "done", "again", "dropped"};

int refused_number(const char *ref)
{
	const char *text = ref + strlen(REF_REFUSED);
	char *end = NULL;
	long n = strtol(text, &end, 10);

	return end != text && *end == '\0' && n > 0 && n <= LIMIT_REFUSED ? (int)n : 0;
}

void refused_note_name(char *out, size_t size, int number)
{
	(void)snprintf(out, size, HOME_REFUSED "/%d.json", number);
}

const char *qip_refusal_state_text(enum qip_refusal_state state)
{
	return states[state];
}

static enum qip_refusal_state state_of(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (strcmp(states[i], text) == 0)
			return (enum qip_refusal_state)i;
	}
	return QIP_REFUSAL_OPEN;
}

enum status refused_note_read(struct qip_refusal *out, struct qip *q, int number, struct error *e)
{
	char name[32];
	cJSON *note = NULL;
	const char *texts[8] = {NULL};
	static const char *const keys[8] = {"commit", "path", "subject", "reason", "at", "state", "why", "since"};
	int64_t number_again = 0;
	enum status st = STATUS_OK;

	*out = (struct qip_refusal){.number = number};
	refused_note_name(name, sizeof(name), number);
	st = files_read_json(&note, q->dir, name, e);
	if (st == STATUS_NOT_FOUND)
		return STATUS_OK; /* the chain itself is there */
	if (st != STATUS_OK)
		return st;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		texts[i] = json_string(note, keys[i]);
		if (!texts[i])
			texts[i] = "";
	}
	(void)snprintf(out->commit, sizeof(out->commit), "%s", texts[0]);
	(void)snprintf(out->path, sizeof(out->path), "%s", texts[1]);
	(void)snprintf(out->subject, sizeof(out->subject), "%s", texts[2]);
	(void)snprintf(out->reason, sizeof(out->reason), "%s", texts[3]);
	(void)snprintf(out->at, sizeof(out->at), "%s", texts[4]);
	(void)snprintf(out->why, sizeof(out->why), "%s", texts[6]);
	(void)snprintf(out->since, sizeof(out->since), "%s", texts[7]);
	out->state = state_of(texts[5]);
	if (json_integer(note, "again", &number_again) && number_again > 0 && number_again <= LIMIT_REFUSED)
		out->again = (int)number_again;
	cJSON_Delete(note);
	return STATUS_OK;
}

enum status refused_note_set(struct qip *q, int number, enum qip_refusal_state state, const char *key, cJSON *value, struct error *e)
{
	char name[32], at[TIME_TEXT_MAX];
	cJSON *note = NULL;
	enum status st = STATUS_OK;

	refused_note_name(name, sizeof(name), number);
	st = files_read_json(&note, q->dir, name, e);
	time_format(at, state_now_ms(&q->state, q->env));
	if (st == STATUS_OK)
		st = json_set_string(note, "since", at);
	if (st == STATUS_OK)
		st = json_set_string(note, "state", qip_refusal_state_text(state));
	if (st == STATUS_OK && key) {
		st = json_set(note, key, value);
		value = NULL;
	}
	if (st == STATUS_OK)
		st = files_write_json(q->dir, name, note, 0600, e);
	cJSON_Delete(note);
	cJSON_Delete(value);
	return st == STATUS_NOMEM ? error_set(e, st, "out of memory") : st;
}

struct listing {
	int *numbers; /* owned */
	size_t len, cap;
};

static enum status list_ref(void *ctx, const char *name, const struct oid *id)
{
	struct listing *l = ctx;
	int number = refused_number(name);

	(void)id;
	if (!number)
		return STATUS_OK;
	if (!array_room(&l->numbers, &l->cap, l->len))
		return STATUS_NOMEM;
	l->numbers[l->len++] = number;
	return STATUS_OK;
}

static int compare_numbers(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

enum status refused_note_each(struct qip *q, qip_refused_visit visit, void *ctx, struct error *e)
{
	struct listing l = {0};
	struct qip_refusal refusal;
	enum status st = repo_ref_each(q->repo, REF_REFUSED, list_ref, &l, e);

	if (l.len > 1)
		qsort(l.numbers, l.len, sizeof(l.numbers[0]), compare_numbers);
	for (size_t i = 0; st == STATUS_OK && i < l.len; i++) {
		st = refused_note_read(&refusal, q, l.numbers[i], e);
		if (st == STATUS_OK)
			st = visit(ctx, &refusal, e);
	}
	free(l.numbers);
	return st;
}

enum status qip_refused_each(struct qip *q, qip_refused_visit visit, void *ctx, struct error *e)
{
	return refused_note_each(q, visit, ctx, e);
}
