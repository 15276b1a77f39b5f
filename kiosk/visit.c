/* kiosk/visit.c - where one patient stands on the screen: to a sealed token, and back. */
#include "kiosk/visit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const places[] = {"language", "question", "personal", "unkept", "thanks"};

static enum status add_done(cJSON *object, const struct visit *v)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; list && i < v->done_len; i++) {
		if (!cJSON_AddItemToArray(list, cJSON_CreateString(v->done[i]))) {
			cJSON_Delete(list);
			list = NULL;
		}
	}
	return json_set(object, "done", list);
}

static cJSON *to_json(const struct visit *v, bool with_comment)
{
	cJSON *o = cJSON_CreateObject();

	if (o && json_set_string(o, "place", places[v->place]) == STATUS_OK && json_set(o, "opening", cJSON_CreateBool(v->opening)) == STATUS_OK &&
	    json_set(o, "writing", cJSON_CreateBool(v->writing)) == STATUS_OK &&
	    json_set_string(o, "id", v->id) == STATUS_OK && json_set_string(o, "survey", v->survey) == STATUS_OK &&
	    json_set_integer(o, "version", v->version) == STATUS_OK && json_set_string(o, "language", v->language) == STATUS_OK &&
	    json_set(o, "larger", cJSON_CreateBool(v->larger)) == STATUS_OK && json_set(o, "contrast", cJSON_CreateBool(v->contrast)) == STATUS_OK &&
	    json_set_integer(o, "question", (int64_t)v->question) == STATUS_OK &&
	    json_set(o, "answers", v->answers ? cJSON_Duplicate(v->answers, true) : cJSON_CreateObject()) == STATUS_OK &&
	    (!with_comment || !v->comment || json_set_string(o, "comment", v->comment) == STATUS_OK) &&
	    json_set(o, "publish", cJSON_CreateBool(v->publish)) == STATUS_OK && add_done(o, v) == STATUS_OK &&
	    json_set_string(o, "boot", v->boot) == STATUS_OK && json_set_integer(o, "ms", v->at_ms) == STATUS_OK)
		return o;
	cJSON_Delete(o);
	return NULL;
}

/* cJSON wipes nothing by itself. */
static void wipe_texts(cJSON *item)
{
	for (; item; item = item->next) {
		if (cJSON_IsString(item) && item->valuestring)
			explicit_bzero(item->valuestring, strlen(item->valuestring));
		wipe_texts(item->child);
	}
}

enum status visit_write(struct buf *out, const struct visit *v, bool with_comment, const struct token_secret *secret)
{
	struct buf text = BUF_SECRET;
	cJSON *o = to_json(v, with_comment);
	enum status st = o ? json_canonical(&text, o) : STATUS_NOMEM;

	if (st == STATUS_OK)
		st = token_make(out, secret, text.data, text.len);
	wipe_texts(o);
	cJSON_Delete(o);
	buf_wipe(&text);
	return st;
}

static bool read_text(char *out, size_t size, const cJSON *o, const char *key)
{
	const char *text = json_string(o, key);

	return text && (size_t)snprintf(out, size, "%s", text) < size;
}

static bool read_bool(bool *out, const cJSON *o, const char *key)
{
	const cJSON *item = json_get(o, key);

	*out = cJSON_IsTrue(item);
	return cJSON_IsBool(item);
}

static bool read_place(enum visit_place *out, const cJSON *o)
{
	const char *text = json_string(o, "place");

	for (size_t i = 0; text && i < ARRAY_LEN(places); i++) {
		if (strcmp(places[i], text) == 0) {
			*out = (enum visit_place)i;
			return true;
		}
	}
	return false;
}

static bool read_done(struct visit *v, const cJSON *list)
{
	const cJSON *item = NULL;

	cJSON_ArrayForEach(item, list)
	{
		if (v->done_len == VISIT_DONE_MAX || !cJSON_IsString(item) || strlen(item->valuestring) > VISIT_NAME_MAX)
			return false;
		(void)snprintf(v->done[v->done_len++], sizeof(v->done[0]), "%s", item->valuestring);
	}
	return cJSON_IsArray(list);
}

static bool from_json(struct visit *v, cJSON *o)
{
	int64_t question = 0;
	const char *comment = json_string(o, "comment");

	if (!read_place(&v->place, o) || !read_bool(&v->opening, o, "opening") || !read_bool(&v->writing, o, "writing") ||
	    !read_text(v->id, sizeof(v->id), o, "id") ||
	    !read_text(v->survey, sizeof(v->survey), o, "survey") || !json_integer(o, "version", &v->version) ||
	    !read_text(v->language, sizeof(v->language), o, "language") || !read_bool(&v->larger, o, "larger") ||
	    !read_bool(&v->contrast, o, "contrast") || !json_integer(o, "question", &question) || question < 0 || question > UINT16_MAX ||
	    !read_bool(&v->publish, o, "publish") || !read_done(v, json_get(o, "done")) || !read_text(v->boot, sizeof(v->boot), o, "boot") ||
	    !json_integer(o, "ms", &v->at_ms))
		return false;
	v->question = (size_t)question;
	v->answers = cJSON_DetachItemFromObjectCaseSensitive(o, "answers");
	return cJSON_IsObject(v->answers) && visit_set_comment(v, comment) == STATUS_OK;
}

enum status visit_read(struct visit *out, const struct token_secret *secret, const char *token)
{
	struct visit v = VISIT_INIT;
	struct buf text = BUF_SECRET;
	cJSON *o = NULL;
	enum status st = token_read(&text, secret, token);

	if (st == STATUS_OK && (json_parse(&o, buf_text(&text), text.len, NULL) != STATUS_OK || !from_json(&v, o)))
		st = STATUS_UNTRUSTED;
	buf_wipe(&text);
	wipe_texts(o);
	cJSON_Delete(o);
	if (st == STATUS_OK)
		*out = v;
	else
		visit_clear(&v);
	return st;
}

void visit_stamp(struct visit *v, const struct env *env)
{
	env->boot_id(env->ctx, v->boot);
	v->at_ms = env->monotonic_ms(env->ctx);
}

bool visit_is_fresh(const struct visit *v, const struct env *env)
{
	char boot[ENV_BOOT_ID_MAX] = "";
	int64_t age_ms = env->monotonic_ms(env->ctx) - v->at_ms;

	env->boot_id(env->ctx, boot);
	return strcmp(boot, v->boot) == 0 && age_ms >= 0 && age_ms <= (v->writing ? VISIT_AGE_WRITING_MS : VISIT_AGE_MAX_MS);
}

enum status visit_set_comment(struct visit *v, const char *comment)
{
	char *copy = comment ? strdup(comment) : NULL;

	if (comment && !copy)
		return STATUS_NOMEM;
	visit_forget_comment(v);
	v->comment = copy;
	return STATUS_OK;
}

void visit_forget_comment(struct visit *v)
{
	if (v->comment)
		explicit_bzero(v->comment, strlen(v->comment));
	free(v->comment);
	v->comment = NULL;
}

void visit_forget(struct visit *v)
{
	cJSON_Delete(v->answers);
	v->answers = NULL;
	v->publish = false;
	visit_forget_comment(v);
}

void visit_clear(struct visit *v)
{
	visit_forget(v);
	*v = (struct visit)VISIT_INIT;
}
