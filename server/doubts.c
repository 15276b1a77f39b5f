/* server/doubts.c - see doubts.h; and POST /<ODS>/doubt {"by"}, by a kiosk. */
#include "server/doubts.h"

#include <inttypes.h>
#include <string.h>

#include "core/log.h"
#include "server/request.h"

#define SCHEMA "doubts/1"
#define DAY_MS (24LL * 3600 * 1000)

static bool known_reason(const char *by)
{
	return by && (strcmp(by, "hardware") == 0 || strcmp(by, "head") == 0);
}

static int64_t count_kin(const struct registry *reg, const char *device)
{
	int64_t n = 0;

	for (size_t i = 0; i < reg->devices_len; i++)
		n += reg->devices[i].key && strcmp(reg->devices[i].replaces, device) == 0;
	return n;
}

struct doubt {
	const char *device, *by; /* borrowed */
	int64_t at_ms, kin;
};

/* False for one that says nothing of use. */
static bool read_doubt(struct doubt *out, const cJSON *item)
{
	struct doubt d = {.device = item->string, .by = json_string(item, "by")};
	const char *at = json_string(item, "at");

	if (!name_valid(d.device) || !known_reason(d.by) || !at || time_parse(&d.at_ms, at) != STATUS_OK || !json_integer(item, "kin", &d.kin))
		return false;
	*out = d;
	return true;
}

/* A clock that was set back makes none old. */
static bool stands(const struct doubt *d, const struct registry *reg, int64_t now_ms)
{
	const struct device *known = registry_find(reg, d->device);

	return known && !known->revoked && !known->retired && !known->replaced_by[0] && now_ms - d->at_ms < LIMIT_DOUBT_DAYS * DAY_MS &&
	       count_kin(reg, d->device) <= d->kin;
}

/* What cannot be read starts anew: each kiosk in doubt says so again within hours. */
static enum status load(cJSON **out, const struct practice *p, char path[FILE_PATH_MAX], struct error *e)
{
	enum status st = file_path(path, p->dir, DOUBTS_FILE, e);

	if (st == STATUS_OK)
		st = file_read_json(out, path, e);
	if (st == STATUS_OK && !cJSON_IsObject(json_get(*out, "devices"))) {
		cJSON_Delete(*out);
		*out = NULL;
		st = error_set(e, STATUS_MALFORMED, "%s is damaged", path);
	}
	return st;
}

/* The doubts that still stand, but for this device's. */
static cJSON *others(const cJSON *file, const struct registry *reg, const char *device, int64_t now_ms)
{
	cJSON *out = cJSON_CreateObject();
	const cJSON *item = NULL;
	int n = 0;

	cJSON_ArrayForEach(item, json_get(file, "devices"))
	{
		struct doubt d;
		cJSON *copy = NULL;

		if (n == LIMIT_DOUBTS - 1 || !read_doubt(&d, item) || strcmp(d.device, device) == 0 || !stands(&d, reg, now_ms))
			continue;
		copy = cJSON_Duplicate(item, true);
		if (!copy || json_set(out, d.device, copy) != STATUS_OK) {
			cJSON_Delete(out);
			return NULL;
		}
		n++;
	}
	return out;
}

static enum status write_file(const char *path, cJSON *devices, const struct doubt *d, struct error *e)
{
	char at[TIME_TEXT_MAX];
	cJSON *file = cJSON_CreateObject(), *item = cJSON_CreateObject();
	enum status st = json_set_string(item, "by", d->by);

	time_format(at, d->at_ms);
	if (st == STATUS_OK)
		st = json_set_string(item, "at", at);
	if (st == STATUS_OK)
		st = json_set_integer(item, "kin", d->kin);
	if (st == STATUS_OK)
		st = json_set(devices, d->device, item);
	else
		cJSON_Delete(item);
	if (st == STATUS_OK)
		st = json_set(file, "devices", devices);
	else
		cJSON_Delete(devices);
	if (st == STATUS_OK)
		st = json_set_string(file, "schema", SCHEMA);
	st = st == STATUS_OK ? file_write_json(path, file, e) : error_set(e, st, "out of memory");
	cJSON_Delete(file);
	return st;
}

/* Is the same noted, and not long ago? */
static bool is_noted(const cJSON *file, const struct doubt *now)
{
	const cJSON *item = json_get(json_get(file, "devices"), now->device);
	struct doubt before;

	return item && read_doubt(&before, item) && strcmp(before.by, now->by) == 0 && before.kin == now->kin && now->at_ms >= before.at_ms &&
	       now->at_ms - before.at_ms < LIMIT_DOUBT_MS;
}

enum status doubts_note(struct practice *p, const struct registry *reg, const char *device, const char *by, int64_t now_ms, struct error *e)
{
	const struct doubt d = {.device = device, .by = by, .at_ms = now_ms, .kin = count_kin(reg, device)};
	char path[FILE_PATH_MAX];
	struct error why = {.text = ""};
	cJSON *file = NULL, *devices = NULL;
	enum status st = STATUS_OK;

	if (!known_reason(by))
		return error_set(e, STATUS_MALFORMED, "a doubt goes by hardware or head");
	st = load(&file, p, path, &why);
	if (st == STATUS_NOMEM || st == STATUS_IO || st == STATUS_TOO_BIG)
		return error_set(e, st, "%s", why.text);
	if (!is_noted(file, &d)) {
		devices = others(file, reg, device, now_ms);
		st = devices ? write_file(path, devices, &d, e) : error_set(e, STATUS_NOMEM, "out of memory");
	} else {
		st = STATUS_OK;
	}
	cJSON_Delete(file);
	return st;
}

void doubts_tell(struct buf *out, const struct practice *p, const struct registry *reg, int64_t now_ms)
{
	char path[FILE_PATH_MAX];
	struct error why = {.text = ""};
	const cJSON *item = NULL;
	cJSON *file = NULL;
	enum status st = load(&file, p, path, &why);
	int n = 0;

	if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		log_line(LOG_LEVEL_WARN, "which kiosks are in doubt cannot be told", "practice", p->ods, "reason", why.text, NULL);
	cJSON_ArrayForEach(item, json_get(file, "devices"))
	{
		struct doubt d;

		if (n == LIMIT_DOUBTS || !read_doubt(&d, item) || !stands(&d, reg, now_ms))
			continue;
		buf_addf(out, " qip-doubt=%s,%s,%" PRId64, d.device, d.by, d.at_ms);
		n++;
	}
	cJSON_Delete(file);
}

static enum status note(cJSON *answer, struct request *r, const cJSON *asked, struct error *e)
{
	const struct env *env = r->service->env;
	const char *by = json_string(asked, "by");
	char now[TIME_TEXT_MAX];
	int64_t now_ms = env->now_ms(env->ctx);
	enum status st = STATUS_OK;

	if (r->who.standing != STANDING_MEMBER || r->who.role != ROLE_KIOSK)
		return error_set(e, STATUS_DENIED, "only a kiosk says that it is in doubt");
	st = doubts_note(r->practice, view_registry(r->view), r->who.device, by, now_ms, e);
	if (st != STATUS_OK)
		return st;
	answer_note(&r->answer, "%s is in doubt by its %s", r->who.device, by);
	time_format(now, now_ms);
	return json_set_string(answer, "time", now);
}

static void end(struct request *r)
{
	request_end_json(r, note);
}

const struct handler handler_doubt = {
	.needs_peer = true, .exclusive = true, .max_bytes = LIMIT_SLICE_BYTES, .feed = request_collect, .end = end};
