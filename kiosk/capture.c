/* kiosk/capture.c - stage 1 of 9: what a patient chose and wrote.
 *
 * Enters: a form as a browser posted it. Leaves: an answer to the survey on the screen, for the journal (stage 2), or the reason why it is none.
 */
#include "kiosk/capture.h"

#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "kiosk/form.h"

#define MODE "kiosk"

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\n")] == '\0';
}

static bool same_version(const char *text, int64_t version)
{
	char *end = NULL;
	long long value = strtoll(text, &end, 10);

	return end != text && *end == '\0' && value == version;
}

static bool known_field(const char *name, const struct question *q, bool comments)
{
	return strcmp(name, "token") == 0 || strcmp(name, "version") == 0 || strcmp(name, q->id) == 0 ||
	       (comments && (strcmp(name, "publish") == 0 || strcmp(name, q->comment_id) == 0));
}

enum capture_fault capture_read(struct captured *out, char *body, size_t len, const struct question *q, bool comments,
				const struct token_secret *secret)
{
	struct form form;
	const char *version = NULL, *publish = NULL;
	size_t characters = 0;

	*out = (struct captured){.token = NULL};
	if (form_parse(&form, body, len, NULL) != STATUS_OK)
		return CAPTURE_NO_FORM;
	for (size_t i = 0; i < form.len; i++) {
		if (!known_field(form.fields[i].name, q, comments))
			return CAPTURE_NO_FORM;
	}
	out->token = form_get(&form, "token");
	if (!out->token || token_read(out->id, secret, out->token) != STATUS_OK)
		return CAPTURE_NO_FORM;
	publish = form_get(&form, "publish");
	if (publish && strcmp(publish, "yes") != 0)
		return CAPTURE_NO_FORM;
	out->publish = publish != NULL;
	out->comment = comments ? form_get(&form, q->comment_id) : NULL;
	if (out->comment && is_blank(out->comment))
		out->comment = NULL;
	out->choice = form_get(&form, q->id);
	version = form_get(&form, "version");
	if (version && !same_version(version, q->version))
		return CAPTURE_CHANGED;
	if (!out->choice)
		return CAPTURE_NO_CHOICE;
	if (!question_option(q, out->choice))
		return CAPTURE_NO_FORM;
	if (out->comment && (!utf8_valid(&characters, out->comment, strlen(out->comment)) || characters > QIP_COMMENT_MAX))
		return CAPTURE_LONG_COMMENT;
	return CAPTURE_GOOD;
}

enum status capture_pass_on(const struct captured *c, const struct question *q, capture_keep keep, void *ctx, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *answers = cJSON_CreateObject();

	if (!answers || json_set_string(answers, q->id, c->choice) != STATUS_OK)
		st = error_set(e, STATUS_NOMEM, "no memory for the answer");
	if (st == STATUS_OK)
		st = keep(ctx, &(struct qip_answer){.id = c->id, .survey = q->survey, .survey_version = q->version, .language = q->language,
						    .mode = MODE, .answers = answers, .comment = c->comment,
						    .publish = c->comment && c->publish}, e);
	cJSON_Delete(answers);
	return st;
}
