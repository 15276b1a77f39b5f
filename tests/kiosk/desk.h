/* tests/kiosk/desk.h - a desk for the pages to stand on that keeps answers in memory, and fails when told to. */
#ifndef TESTS_KIOSK_DESK_H
#define TESTS_KIOSK_DESK_H

#include <stdio.h>
#include <string.h>

#include "core/embed.h"
#include "kiosk/route.h"

struct kept {
	char id[ID_TEXT_LEN + 1], survey[48], language[24], answers[256], comment[64];
	size_t comment_len;
	int64_t version;
	bool publish;
};

struct fake {
	struct desk desk;
	struct env env;
	int64_t later_ms;     /* added to the time since boot */
	const char *boot;
	struct screen_settings settings;
	cJSON *surveys; /* owned */
	cJSON *earlier; /* owned; or NULL */
	bool comments;
	enum status keep_says; /* STATUS_OK: keep */
	struct key_pin pin;
	bool has_pin;
	struct kept kept[8];
	size_t kept_len;
};

static void fake_screen(void *ctx, struct screen *out)
{
	struct fake *f = ctx;

	screen_open(out, &f->settings, cJSON_Duplicate(f->surveys, true), f->comments);
}

static cJSON *fake_survey(void *ctx, const char *id, int64_t version)
{
	struct fake *f = ctx;

	(void)id;
	(void)version;
	return cJSON_Duplicate(f->earlier, true);
}

static bool fake_kept(void *ctx, const char *id)
{
	struct fake *f = ctx;

	for (size_t i = 0; i < f->kept_len; i++) {
		if (strcmp(f->kept[i].id, id) == 0)
			return true;
	}
	return false;
}

static enum status fake_keep(void *ctx, const struct qip_answer *a, struct error *e)
{
	struct fake *f = ctx;
	struct kept *k = &f->kept[f->kept_len];
	struct buf answers = BUF_INIT;

	if (f->keep_says != STATUS_OK)
		return error_set(e, f->keep_says, "told to fail");
	if (fake_kept(f, a->id))
		return STATUS_EXISTS;
	if (f->kept_len == ARRAY_LEN(f->kept))
		return error_set(e, STATUS_NO_SPACE, "full");
	(void)snprintf(k->id, sizeof(k->id), "%s", a->id);
	(void)snprintf(k->survey, sizeof(k->survey), "%s", a->survey);
	(void)snprintf(k->language, sizeof(k->language), "%s", a->language);
	if (json_canonical(&answers, a->answers) == STATUS_OK)
		(void)snprintf(k->answers, sizeof(k->answers), "%s", buf_text(&answers));
	buf_clear(&answers);
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

static bool fake_pin(void *ctx, struct key_pin *out)
{
	struct fake *f = ctx;

	*out = f->pin;
	return f->has_pin;
}

static int64_t fake_monotonic_ms(void *ctx)
{
	return env_system()->monotonic_ms(env_system()->ctx) + ((struct fake *)ctx)->later_ms;
}

static void fake_boot_id(void *ctx, char out[ENV_BOOT_ID_MAX])
{
	(void)snprintf(out, ENV_BOOT_ID_MAX, "%s", ((struct fake *)ctx)->boot);
}

/* A record out of client/surveys, or of text. */
static cJSON *fake_record(const char *text, size_t len)
{
	cJSON *record = NULL;

	return json_parse(&record, text, len, NULL) == STATUS_OK ? record : NULL;
}

static bool fake_start(struct fake *f)
{
	const struct embedded *file = embed_find(client_data, "fft-1.json");

	memset(f, 0, sizeof(*f));
	f->comments = true;
	f->boot = "a boot";
	f->env = *env_system();
	f->env.monotonic_ms = fake_monotonic_ms;
	f->env.boot_id = fake_boot_id;
	f->env.ctx = f;
	f->desk = (struct desk){.screen = fake_screen, .survey = fake_survey, .keep = fake_keep, .kept = fake_kept, .standing = fake_standing, .pin = fake_pin, .ctx = f,
				.env = &f->env, .secret = {.bytes = {1, 2, 3}}, .hosts = {"127.0.0.1:8080", "localhost:8080"}};
	(void)snprintf(f->settings.practice, sizeof(f->settings.practice), "Harborough Vale (sample)");
	f->surveys = cJSON_CreateArray();
	return assets_list(&f->desk.assets, NULL) == STATUS_OK &&
	       cJSON_AddItemToArray(f->surveys, fake_record((const char *)file->bytes, file->len));
}

static void fake_stop(struct fake *f)
{
	cJSON_Delete(f->surveys);
	cJSON_Delete(f->earlier);
}

#endif
