/* client/survey_load.c - a kiosk's surveys out of its home. The practice's records enter; a shelf of those in force leaves. */
#include "client/survey_load.h"

#include <string.h>

#include "client/survey.h"
#include "core/record_file.h"
#include "core/tree.h"

#define FFT_PATH "surveys/" SURVEY_FFT ".json"

static enum status put(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	(void)path;
	return survey_shelf_put(ctx, record, e);
}

struct earlier {
	struct survey_shelf *shelf;
	struct repo *repo;
};

static enum status add_earlier(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct earlier *earlier = ctx;
	cJSON *record = NULL;

	(void)new_id;
	if (strncmp(path, "surveys/", 8) == 0 && old_id && record_read(&record, earlier->repo, old_id, e) == STATUS_OK)
		survey_shelf_add_earlier(earlier->shelf, record);
	cJSON_Delete(record);
	return STATUS_OK;
}

/* One step back in what kiosks could read; *at goes to the commit before. */
static enum status look_back(struct oid *at, struct earlier *earlier, struct qip *q, struct error *e)
{
	struct commit c = COMMIT_INIT;
	struct oid before;
	enum status st = repo_commit_read(&c, q->repo, at, e);

	if (st == STATUS_OK && c.parents_len == 0)
		st = STATUS_NOT_FOUND;
	if (st == STATUS_OK)
		st = home_tree_of(&before, q, &c.parents[0], e);
	if (st == STATUS_OK)
		st = tree_diff(q->repo, &before, &c.tree, add_earlier, earlier, e);
	if (st == STATUS_OK)
		*at = c.parents[0];
	commit_clear(&c);
	return st;
}

/* They are a kindness to whoever is answering: what is not there any more, or cannot be read, is done without. */
void survey_load_earlier(struct survey_shelf *s, struct qip *q)
{
	struct earlier earlier = {s, q->repo};
	struct error ignored;
	struct oid at;
	enum status st = home_ref(&at, q, REF_CONFIG, &ignored);

	for (int i = 0; st == STATUS_OK && i < LIMIT_SURVEY_CHANGES; i++)
		st = look_back(&at, &earlier, q, &ignored);
}

/* The Friends and Family Test is taken first, so that it has its place however many there are. */
enum status survey_read(struct survey_shelf *out, struct qip *q, struct error *e)
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
		*out = next;
	else
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
