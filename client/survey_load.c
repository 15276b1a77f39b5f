/* client/survey_load.c - a kiosk's surveys out of its home. The practice's records enter; a shelf of those in force leaves. */
#include "client/survey_load.h"

#include "client/survey.h"

#define FFT_PATH "surveys/" SURVEY_FFT ".json"

static enum status put(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	(void)path;
	return survey_shelf_put(ctx, record, e);
}

/* The Friends and Family Test is taken first, so that it has its place however many there are. */
enum status survey_load(struct survey_shelf *s, struct qip *q, struct error *e)
{
	struct survey_shelf next = {.len = 0};
	cJSON *fft = NULL;
	enum status st = qip_read(&fft, q, FFT_PATH, e);

	if (st == STATUS_OK)
		st = survey_shelf_put(&next, fft, e);
	if (st == STATUS_OK || st == STATUS_NOT_FOUND)
		st = qip_each(q, "surveys/", put, &next, e);
	if (st == STATUS_OK && next.len == 0)
		st = error_set(e, STATUS_UNTRUSTED, "the practice has no survey yet: a manager adds one, then this kiosk syncs");
	if (st == STATUS_OK)
		survey_shelf_replace(s, &next);
	survey_shelf_clear(&next);
	cJSON_Delete(fft);
	return st;
}

bool survey_day(char day[11], const struct state *s, const struct env *env)
{
	char boot[ENV_BOOT_ID_MAX];

	env->boot_id(env->ctx, boot);
	if (env->quality(env->ctx) == CLOCK_SYNCHRONISED || state_find_anchor(s, boot))
		date_format(day, state_now_ms(s, env));
	else if (s->last_sync_ms > 0)
		date_format(day, s->last_sync_ms);
	else
		return false;
	return true;
}
