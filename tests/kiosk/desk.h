/* tests/kiosk/desk.h - a desk for the pages to stand on that keeps answers in memory, and fails when told to. */
#ifndef TESTS_KIOSK_DESK_H
#define TESTS_KIOSK_DESK_H

#include <stdio.h>
#include <string.h>

#include "core/embed.h"
#include "kiosk/route.h"

struct kept {
	char id[ID_TEXT_LEN + 1], choice[48], comment[64];
	size_t comment_len;
	int64_t version;
	bool publish;
};

struct fake {
	struct desk desk;
	struct question question;
	bool comments;
	enum status keep_says; /* STATUS_OK: keep */
	struct kept kept[8];
	size_t kept_len;
};

static void fake_question(void *ctx, struct question *out, bool *comments)
{
	struct fake *f = ctx;

	*out = f->question;
	*comments = f->comments;
}

static enum status fake_keep(void *ctx, const struct qip_answer *a, struct error *e)
{
	struct fake *f = ctx;
	struct kept *k = &f->kept[f->kept_len];

	if (f->keep_says != STATUS_OK)
		return error_set(e, f->keep_says, "told to fail");
	for (size_t i = 0; i < f->kept_len; i++) {
		if (strcmp(f->kept[i].id, a->id) == 0)
			return STATUS_EXISTS;
	}
	if (f->kept_len == ARRAY_LEN(f->kept))
		return error_set(e, STATUS_NO_SPACE, "full");
	(void)snprintf(k->id, sizeof(k->id), "%s", a->id);
	(void)snprintf(k->choice, sizeof(k->choice), "%s", json_string(a->answers, "experience"));
	(void)snprintf(k->comment, sizeof(k->comment), "%s", a->comment ? a->comment : "(none)");
	k->comment_len = a->comment ? strlen(a->comment) : 0;
	k->version = a->survey_version;
	k->publish = a->publish;
	f->kept_len++;
	return STATUS_OK;
}

static void fake_standing(void *ctx, struct standing *out)
{
	struct fake *f = ctx;

	*out = (struct standing){.device = "kib-kiosk", .site = "kibworth", .last = f->kept_len, .last_ms = 1669093200000, .waiting_known = true,
				 .waiting = f->kept_len, .sync_error = "no <network>"};
}

static bool fake_start(struct fake *f)
{
	const struct embedded *file = embed_find(client_data, "fft-1.json");
	cJSON *survey = NULL, *practice = cJSON_CreateObject();
	bool ok = false;

	memset(f, 0, sizeof(*f));
	f->comments = true;
	f->desk = (struct desk){.question = fake_question, .keep = fake_keep, .standing = fake_standing, .ctx = f, .env = env_system(),
				.secret = {.bytes = {1, 2, 3}}, .hosts = {"127.0.0.1:8080", "localhost:8080"}};
	ok = practice && json_set_string(practice, "name", "Harborough Vale (sample)") == STATUS_OK &&
	     json_parse(&survey, (const char *)file->bytes, file->len, NULL) == STATUS_OK &&
	     question_read(&f->question, survey, practice, "en", NULL) == STATUS_OK;
	cJSON_Delete(survey);
	cJSON_Delete(practice);
	return ok;
}

#endif
