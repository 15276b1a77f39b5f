/* client/comments.c - see comments.h. Answers and their triage enter; a list in the order in which somebody should look at it leaves. */
#include "client/comments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/sealed.h"
#include "core/array.h"

#define MIN_ID_PREFIX 8
#define SHORTEST_FOUND 4 /* bytes of the shortest thing that is found */
#define REDACTED "[…]"

static const char *text_at(const cJSON *object, const char *key)
{
	const char *text = json_string(object, key);

	return text ? text : "";
}

void comment_clear(struct comment *c)
{
	cJSON_Delete(c->feedback);
	cJSON_Delete(c->triage);
	*c = (struct comment){0};
}

void comments_clear(struct comments *c)
{
	for (size_t i = 0; i < c->len; i++)
		comment_clear(&c->items[i]);
	free(c->items);
	*c = (struct comments){0};
}

void comments_triage_path(char out[TREE_PATH_MAX], const char *id)
{
	size_t len = strlen(id);

	(void)snprintf(out, TREE_PATH_MAX, "triage/%s/%s.json", len > 2 ? id + len - 2 : id, id);
}

/* ---- escalations ---- */

/* The first claim of a slot in conflict that is, or is not, null; NULL: none. */
static const cJSON *claimed(const cJSON *triage, const char *slot, bool null)
{
	const cJSON *claim;

	cJSON_ArrayForEach(claim, json_get(json_get(triage, "conflicts"), slot))
	{
		if (cJSON_IsNull(json_get(claim, "value")) == null)
			return json_get(claim, "value");
	}
	return NULL;
}

const cJSON *comments_escalation(const cJSON *triage)
{
	const cJSON *escalation = json_get(triage, "escalation"), *met = json_get(triage, "escalation_met");

	if (!escalation || cJSON_IsNull(escalation))
		escalation = claimed(triage, "escalation", false);
	if (!escalation || (cJSON_IsString(met) && !claimed(triage, "escalation_met", true)))
		return NULL;
	return escalation;
}

/* ---- the list ---- */

/* Open escalations first, the earliest deadline before the others; then the newest. Ids begin with the time, and settle what is equal. */
static int by_need(const void *a, const void *b)
{
	const struct comment *x = a, *y = b;
	const cJSON *ex = comments_escalation(x->triage), *ey = comments_escalation(y->triage);
	int order = (ey != NULL) - (ex != NULL);

	if (order == 0 && ex)
		order = strcmp(text_at(ex, "due"), text_at(ey, "due"));
	if (order == 0)
		order = strcmp(text_at(json_get(y->feedback, "recorded"), "at"), text_at(json_get(x->feedback, "recorded"), "at"));
	return order != 0 ? order : strcmp(text_at(y->feedback, "id"), text_at(x->feedback, "id"));
}

struct reading {
	struct comments *list;
	struct qip *q;
	const struct comments_filter *f;
};

/* Sorted, without doubles, and no more than are wanted. */
static void settle(struct reading *r)
{
	struct comments *c = r->list;
	size_t kept = 0;

	if (c->len > 1)
		qsort(c->items, c->len, sizeof(*c->items), by_need);
	for (size_t i = 0; i < c->len; i++) {
		bool doubled = kept > 0 && strcmp(text_at(c->items[i].feedback, "id"), text_at(c->items[kept - 1].feedback, "id")) == 0;

		c->matched -= doubled;
		if (doubled || kept == r->f->max)
			comment_clear(&c->items[i]);
		else
			c->items[kept++] = c->items[i];
	}
	c->len = kept;
}

static bool wanted_answer(const struct comments_filter *f, const cJSON *feedback)
{
	const char *latest = text_at(json_get(feedback, "recorded"), "latest");

	if (!json_get(feedback, "comment") || (f->site && strcmp(text_at(feedback, "site"), f->site) != 0))
		return false;
	return !f->since || strncmp(latest, f->since, strlen(f->since)) >= 0;
}

static bool wanted_triage(const struct comments_filter *f, const cJSON *triage)
{
	const char *status = text_at(triage, "status");
	const cJSON *theme;
	bool of_theme = !f->theme;

	cJSON_ArrayForEach(theme, json_get(triage, "themes"))
	{
		of_theme = of_theme || (cJSON_IsString(theme) && strcmp(theme->valuestring, f->theme) == 0);
	}
	if (f->status && strcmp(f->status, status[0] ? status : "new") != 0)
		return false;
	return of_theme && (!f->waiting || !status[0] || comments_escalation(triage));
}

static enum status read_triage(cJSON **out, struct qip *q, const cJSON *feedback, struct error *e)
{
	char path[TREE_PATH_MAX];
	struct error missed = {0};
	enum status st;

	comments_triage_path(path, text_at(feedback, "id"));
	st = qip_read(out, q, path, &missed);
	if (st != STATUS_OK && st != STATUS_NOT_FOUND && e)
		*e = missed;
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static enum status add_comment(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct reading *r = ctx;
	struct comment found = {0};
	enum status st;

	(void)path;
	if (!wanted_answer(r->f, record))
		return STATUS_OK;
	st = read_triage(&found.triage, r->q, record, e);
	if (st != STATUS_OK || !wanted_triage(r->f, found.triage)) {
		comment_clear(&found);
		return st;
	}
	found.feedback = cJSON_Duplicate(record, true);
	if (!found.feedback || !array_room(&r->list->items, &r->list->cap, r->list->len)) {
		comment_clear(&found);
		return error_set(e, STATUS_NOMEM, "out of memory");
	}
	r->list->items[r->list->len++] = found;
	r->list->matched++;
	if (r->list->len > 2 * r->f->max)
		settle(r);
	return STATUS_OK;
}

enum status comments_read(struct comments *out, struct qip *q, const struct comments_filter *f, struct error *e)
{
	struct comments list = {0};
	struct reading r = {&list, q, f};
	enum status st = qip_each(q, "feedback/", add_comment, &r, e);

	if (st == STATUS_OK) {
		settle(&r);
		*out = list;
	} else {
		comments_clear(&list);
	}
	return st;
}

/* ---- one ---- */

struct search {
	const char *ref;
	size_t ref_len;
	cJSON *found; /* owned */
	bool several, silent; /* silent: it is there, and has no comment */
};

static enum status look_at(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct search *s = ctx;
	const char *id = text_at(record, "id");

	(void)path;
	if (strncmp(id, s->ref, s->ref_len) != 0)
		return STATUS_OK;
	s->silent = s->silent || !json_get(record, "comment");
	if (!json_get(record, "comment"))
		return STATUS_OK;
	if (s->found) {
		s->several = s->several || strcmp(text_at(s->found, "id"), id) != 0;
		return STATUS_OK;
	}
	s->found = cJSON_Duplicate(record, true);
	return s->found ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

enum status comments_find(struct comment *out, struct qip *q, const char *ref, struct error *e)
{
	struct search s = {.ref = ref, .ref_len = strlen(ref)};
	struct comment c = {0};
	enum status st = s.ref_len < MIN_ID_PREFIX ? error_set(e, STATUS_NOT_FOUND, "\"%.40s\" is too short for an answer's id: at least %d characters of it, see \"qip comments list\"",
							       ref, MIN_ID_PREFIX)
						   : qip_each(q, "feedback/", look_at, &s, e);

	if (st == STATUS_OK && s.several)
		st = error_set(e, STATUS_INVALID, "several comments begin with %.40s; please give more of the id", ref);
	else if (st == STATUS_OK && !s.found && s.silent)
		st = error_set(e, STATUS_NOT_FOUND, "the answer %.40s has no comment", ref);
	else if (st == STATUS_OK && !s.found)
		st = error_set(e, STATUS_NOT_FOUND, "there is no comment %.40s; \"qip comments list\" shows what there is", ref);
	if (st == STATUS_OK) {
		c.feedback = s.found;
		s.found = NULL;
		st = read_triage(&c.triage, q, c.feedback, e);
	}
	cJSON_Delete(s.found);
	if (st == STATUS_OK)
		*out = c;
	else
		comment_clear(&c);
	return st;
}

/* ---- texts ---- */

enum status comments_open(struct buf *out, struct qip *q, const cJSON *feedback, struct error *e)
{
	return sealed_open(out, q, SEALED_COMMENT, text_at(feedback, "id"), json_get(feedback, "comment"), e);
}

enum status comments_open_released(struct buf *out, struct qip *q, const cJSON *triage, struct error *e)
{
	const cJSON *released = json_get(triage, "released");

	if (!cJSON_IsObject(released))
		return error_set(e, STATUS_NOT_FOUND, "nothing of it is released");
	return sealed_open(out, q, SEALED_RELEASED, text_at(triage, "id"), released, e);
}

const char *comments_why_not(enum status st)
{
	return st == STATUS_NOT_FOUND ? "not here yet" : st == STATUS_GONE ? "erased" : st == STATUS_DENIED ? "no key" : "damaged";
}

enum status comments_personal(struct personal_found **out, size_t *len, const char *text, struct error *e)
{
	size_t max = strlen(text) / SHORTEST_FOUND + 1;
	struct personal_found *found = calloc(max, sizeof(*found));

	if (!found)
		return error_set(e, STATUS_NOMEM, "out of memory");
	*len = personal_find(found, max, text);
	*out = found;
	return STATUS_OK;
}

void comments_redact(struct buf *out, const char *text, const struct personal_found *found, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		buf_add(out, text + at, found[i].at - at);
		buf_adds(out, REDACTED);
		at = found[i].at + found[i].len;
	}
	buf_adds(out, text + at);
}
