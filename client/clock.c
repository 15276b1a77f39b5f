/* client/clock.c - a kiosk's word on its clock. Enters: where the server's clock stands in this boot. Leaves: a signed commit, now and then. */
#include "client/clock.h"

#include <string.h>

#include "client/build.h"
#include "client/commit.h"
#include "core/schema.h"

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

bool clock_is_due(const struct anchor *now, const struct anchor *noted, enum clock_quality quality, int64_t own_ms)
{
	int64_t since_ms = now->monotonic_ms - noted->monotonic_ms;

	if (strcmp(now->boot_id, noted->boot_id) != 0)
		return quality != CLOCK_SYNCHRONISED || distance(own_ms, now->server_ms) > CLOCK_DRIFT_MS + now->error_ms;
	return since_ms >= CLOCK_AGAIN_MS &&
	       distance(now->server_ms - noted->server_ms, since_ms) > CLOCK_DRIFT_MS + now->error_ms + noted->error_ms;
}

static enum status make_record(cJSON **out, const struct qip *q, const struct anchor *a, uint64_t seq)
{
	enum status st = STATUS_OK;
	cJSON *record = build_object(&st);

	build_string(&st, record, "schema", "clock/1");
	build_string(&st, record, "device", q->identity.device);
	build_integer(&st, record, "seq", (int64_t)seq);
	build_string(&st, record, "boot", a->boot_id);
	build_integer(&st, record, "monotonic_ms", a->monotonic_ms);
	build_time(&st, record, "server_time", a->server_ms);
	build_integer(&st, record, "error_ms", a->error_ms);
	build_time(&st, record, "own_time", q->env->now_ms(q->env->ctx));
	build_string(&st, record, "quality", clock_quality_text(q->env->quality(q->env->ctx)));
	if (st == STATUS_OK)
		*out = record;
	else
		cJSON_Delete(record);
	return st;
}

enum status clock_note(bool *noted, struct qip *q, int64_t now_ms, struct error *e)
{
	const struct env *env = q->env;
	const struct anchor *a = NULL;
	char boot_id[ENV_BOOT_ID_MAX], path[TREE_PATH_MAX];
	struct oid tip, tip_tree;
	cJSON *record = NULL;
	uint64_t last = 0;
	enum status st = STATUS_OK;

	*noted = false;
	env->boot_id(env->ctx, boot_id);
	a = state_find_anchor(&q->state, boot_id);
	if (!a || !clock_is_due(a, &q->state.noted, env->quality(env->ctx), env->now_ms(env->ctx)))
		return STATUS_OK;
	st = home_ref(&tip, q, REF_WORK, e);
	if (st == STATUS_OK)
		st = home_tree_of(&tip_tree, q, &tip, e);
	if (st == STATUS_OK)
		st = head_series_last(&last, q->repo, &tip_tree, "clock", q->identity.device, e);
	if (st == STATUS_OK)
		st = make_record(&record, q, a, last + 1);
	if (st == STATUS_OK && schema_check(record, NULL) == STATUS_OK) { /* a system may name its boots in a way that records do not take */
		policy_clock_path(path, q->identity.device, last + 1);
		st = commit_alone(q, path, record, now_ms, "The clock of this kiosk", e);
		*noted = st == STATUS_OK;
	}
	if (st == STATUS_OK)
		q->state.noted = *a;
	cJSON_Delete(record);
	return st;
}
