/* client/doubts.c - see doubts.h. */
#include "client/doubts.h"

#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/files.h"
#include "client/remote.h"
#include "core/log.h"

#define DOUBTS_FILE "doubts.json"

const char *doubt_reason(enum home_doubt by)
{
	return by == HOME_DOUBT_HEAD ? "head" : by == HOME_DOUBT_HARDWARE ? "hardware" : "";
}

static enum home_doubt parse_reason(const char *text)
{
	return !text ? HOME_DOUBT_NONE : strcmp(text, "head") == 0 ? HOME_DOUBT_HEAD : strcmp(text, "hardware") == 0 ? HOME_DOUBT_HARDWARE : HOME_DOUBT_NONE;
}

/* ---- a kiosk's word ---- */

static enum status make_body(struct buf *out, const struct qip *q, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *body = build_object(&st);

	build_string(&st, body, "by", doubt_reason(q->doubt));
	if (st == STATUS_OK)
		st = json_canonical(out, body);
	cJSON_Delete(body);
	return st == STATUS_OK ? st : error_set(e, st, "out of memory");
}

static enum status say(struct qip *q, struct error *e)
{
	struct buf body = BUF_INIT;
	const struct remote_question question = {.ods = q->identity.ods, .what = "doubt", .body = &body, .call_ms = LIMIT_CALL_MS};
	struct remote r = {0};
	cJSON *answer = NULL;
	enum status st = make_body(&body, q, e);

	if (st == STATUS_OK)
		st = remote_open(&r, q, true, e);
	if (st == STATUS_OK) {
		st = remote_ask(&answer, &r, &question, e);
		if (st == STATUS_OK && r.server_ms > 0) { /* what it goes on keeping has its times from that */
			state_anchor(&q->state, q->env, r.server_ms, r.elapsed_ms);
			st = state_save(&q->state, q->dir, e);
		}
		remote_end(&r, q);
	}
	cJSON_Delete(answer);
	buf_clear(&body);
	return st;
}

void doubts_say(struct qip *q)
{
	struct error why = {.text = ""};

	if (say(q, &why) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "the practice could not be told that this kiosk is in doubt", "reason", why.text, NULL);
}

/* ---- what a sync is told ---- */

/* "<device>,<reason>,<digits>" */
static bool parse_one(struct doubt *out, const char *text, size_t len)
{
	struct doubt d = {.at_ms = 0};
	const char *comma = memchr(text, ',', len), *second = comma ? memchr(comma + 1, ',', len - (size_t)(comma + 1 - text)) : NULL;
	char reason[12];
	size_t digits = second ? len - (size_t)(second + 1 - text) : 0;

	if (!second || (size_t)(comma - text) >= sizeof(d.device) || (size_t)(second - comma - 1) >= sizeof(reason) || digits == 0 || digits > 15)
		return false;
	memcpy(d.device, text, (size_t)(comma - text));
	(void)snprintf(reason, sizeof(reason), "%.*s", (int)(second - comma - 1), comma + 1);
	d.by = parse_reason(reason);
	for (const char *at = second + 1; at < text + len; at++) {
		if (*at < '0' || *at > '9')
			return false;
		d.at_ms = d.at_ms * 10 + (*at - '0');
	}
	if (!name_valid(d.device) || d.by == HOME_DOUBT_NONE)
		return false;
	*out = d;
	return true;
}

void doubts_parse(struct doubts *out, const char *text, size_t len)
{
	static const char name[] = " qip-doubt=";
	const char *at = text, *end = text + len;
	struct doubts d = {.len = 0};

	while (d.len < LIMIT_DOUBTS && (at = memmem(at, (size_t)(end - at), name, sizeof(name) - 1))) {
		size_t n = 0;

		at += sizeof(name) - 1;
		while (at + n < end && at[n] > ' ')
			n++;
		d.len += parse_one(&d.list[d.len], at, n);
		at += n;
	}
	*out = d;
}

void doubts_load(struct doubts *out, const struct qip *q)
{
	struct doubts d = {.len = 0};
	const cJSON *item = NULL;
	cJSON *file = NULL;

	if (files_read_json(&file, q->dir, DOUBTS_FILE, NULL) != STATUS_OK)
		file = NULL;
	cJSON_ArrayForEach(item, json_get(file, "doubts"))
	{
		const char *device = json_string(item, "device"), *at = json_string(item, "at");
		struct doubt *one = &d.list[d.len];

		if (!device || !name_valid(device) || !at || time_parse(&one->at_ms, at) != STATUS_OK)
			continue;
		(void)snprintf(one->device, sizeof(one->device), "%s", device);
		one->by = parse_reason(json_string(item, "by"));
		if (one->by != HOME_DOUBT_NONE && ++d.len == LIMIT_DOUBTS)
			break;
	}
	cJSON_Delete(file);
	*out = d;
}

static bool same(const struct doubts *a, const struct doubts *b)
{
	bool is = a->len == b->len;

	for (size_t i = 0; i < a->len && is; i++)
		is = strcmp(a->list[i].device, b->list[i].device) == 0 && a->list[i].by == b->list[i].by && a->list[i].at_ms == b->list[i].at_ms;
	return is;
}

static cJSON *list_json(enum status *st, const struct doubts *d)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < d->len && *st == STATUS_OK; i++) {
		cJSON *item = build_object(st);

		build_string(st, item, "device", d->list[i].device);
		build_string(st, item, "by", doubt_reason(d->list[i].by));
		build_time(st, item, "at", d->list[i].at_ms);
		if (*st == STATUS_OK && !cJSON_AddItemToArray(list, item))
			*st = STATUS_NOMEM;
		if (*st != STATUS_OK)
			cJSON_Delete(item);
	}
	return list;
}

static enum status write_file(const struct doubts *d, const struct qip *q, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *file = build_object(&st);

	build_string(&st, file, "schema", "doubts/1");
	build_item(&st, file, "doubts", list_json(&st, d));
	st = st == STATUS_OK ? files_write_json_soon(q->dir, DOUBTS_FILE, file, 0600, e) : error_set(e, st, "out of memory");
	cJSON_Delete(file);
	return st;
}

void doubts_keep(const struct doubts *d, const struct qip *q)
{
	struct error why = {.text = ""};
	struct doubts before;
	enum status st = STATUS_OK;

	doubts_load(&before, q);
	if (same(d, &before))
		return;
	st = d->len > 0 ? write_file(d, q, &why) : files_remove(q->dir, DOUBTS_FILE, &why);
	if (st != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "which kiosks are in doubt could not be noted", "reason", why.text, NULL);
}
