/* server/blobs.c - free text and evidence, sealed: what devices bring and staff read. The server can open none of it.
 *
 * PUT /<ODS>/blobs/<sha256>: the bytes of one, kept on disk while they come. 201, or 200 when it was there; both mean
 * that it is durable. 410: it was erased for good.
 *
 * POST /<ODS>/blobs/get: {"blobs":[sha256…]}. The answer has for each, in the order asked, one line and what it says:
 *
 *     <sha256> <size>\n<bytes>
 *     <sha256> absent\n          not here: it has not come yet, or it was erased
 *     <sha256> later\n           the answer is full; ask again. The first that is here always fits
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy.h"
#include "server/erasures.h"
#include "server/metrics.h"
#include "server/request.h"

#define BLOBS_TYPE "application/octet-stream"

static bool is_retired(const struct request *r)
{
	const struct registry *reg = view_registry(r->view);
	const struct device *d = reg ? registry_find(reg, r->who.device) : NULL;

	return d && d->retired;
}

static enum status check_member(const struct request *r, bool may, const char *what, struct error *e)
{
	if (r->who.standing != STANDING_MEMBER)
		return error_set(e, STATUS_DENIED, "%s has not finished joining; run qip join again with the same code",
				 r->who.device);
	if (!may)
		return error_set(e, STATUS_DENIED, "%s device with the role %s may not %s free text and evidence",
				 is_retired(r) ? "a retired" : "a", role_text(r->who.role), what);
	return STATUS_OK;
}

/* ---- one comes ---- */

struct put {
	struct store_blob_put *blob;
	struct error failed; /* what speaks against it so far; the rest of the body is passed over */
};

static void put_begin(struct request *r)
{
	struct error e = {STATUS_OK, ""};
	struct blob_id id;
	struct put *work = NULL;

	e.status = check_member(r, policy_may_put_blob(r->who.role), "bring", &e);
	if (e.status == STATUS_OK) {
		work = calloc(1, sizeof(*work));
		if (!work)
			e.status = error_set(&e, STATUS_NOMEM, "out of memory");
	}
	if (e.status != STATUS_OK) {
		answer_error(&r->answer, &e);
		return;
	}
	memcpy(id.sha256, r->route.blob, sizeof(id.sha256));
	work->failed.status = store_blob_put_begin(&work->blob, r->practice->history, &id, &work->failed);
	r->work = work;
}

static enum status put_feed(void *ctx, const void *bytes, size_t len, struct error *e)
{
	const struct request *r = ctx;
	struct put *work = r->work;

	(void)e;
	/* told at the end: a client that is still sending would not hear it, and begin all over again */
	if (work->failed.status == STATUS_OK)
		work->failed.status = store_blob_put_feed(work->blob, bytes, len, &work->failed);
	return STATUS_OK;
}

static void put_end(struct request *r)
{
	struct put *work = r->work;
	bool was_there = false;

	if (work->failed.status == STATUS_OK)
		work->failed.status = store_blob_put_finish(work->blob, &was_there, &work->failed);
	if (work->failed.status == STATUS_OK)
		answer_text(&r->answer, was_there ? 200 : 201, was_there ? "it was here already" : "kept");
	if (work->failed.status == STATUS_OK && !was_there)
		metrics_add(METRIC_BLOBS_TAKEN, 1);
	if (work->failed.status != STATUS_OK)
		answer_error(&r->answer, &work->failed);
	/* before the answer goes: nothing of a refused one is left by then */
	store_blob_put_end(work->blob);
	work->blob = NULL;
}

static void put_release(struct request *r)
{
	struct put *work = r->work;

	if (!work)
		return;
	store_blob_put_end(work->blob);
	free(work);
	r->work = NULL;
}

const struct handler handler_blob_put = {
	.rate = RATES_BLOB,
	.needs_peer = true,
	.takes_blob = true,
	.begin = put_begin,
	.feed = put_feed,
	.end = put_end,
	.release = put_release,
};

/* ---- many go ---- */

struct get {
	struct spool *spool;
	size_t here;
};

static void get_begin(struct request *r)
{
	struct error e = {STATUS_OK, ""};

	e.status = check_member(r, policy_may_get_blob(r->who.role, is_retired(r)), "read", &e);
	if (e.status != STATUS_OK)
		answer_json_error(&r->answer, &e);
}

static enum status add_blob(void *ctx, const struct blob_id *id, enum store_blob_state state, uint64_t size,
			    struct error *e)
{
	struct get *get = ctx;
	char line[SHA256_HEX_LEN + 32];
	int n = 0;

	hex_encode(line, id->sha256, sizeof(id->sha256));
	if (state == STORE_BLOB_HERE)
		n = snprintf(line + SHA256_HEX_LEN, sizeof(line) - SHA256_HEX_LEN, " %llu\n", (unsigned long long)size);
	else
		n = snprintf(line + SHA256_HEX_LEN, sizeof(line) - SHA256_HEX_LEN, " %s\n",
			     state == STORE_BLOB_ABSENT ? "absent" : "later");
	get->here += state == STORE_BLOB_HERE;
	return spool_add(get->spool, line, SHA256_HEX_LEN + (size_t)n, e);
}

static enum status add_bytes(void *ctx, const void *bytes, size_t len, struct error *e)
{
	return spool_add(((struct get *)ctx)->spool, bytes, len, e);
}

/* *ids is the caller's to free. */
static enum status read_ids(struct blob_id **ids, size_t *len, const cJSON *asked, struct error *e)
{
	const cJSON *list = json_get(asked, "blobs"), *item = NULL;
	int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;
	size_t n = 0;

	if (count < 0)
		return error_set(e, STATUS_MALFORMED, "the request is not {\"blobs\":[\"<sha256>\",…]}");
	if (count > LIMIT_BLOB_IDS)
		return error_set(e, STATUS_TOO_BIG, "at most %d may be asked for at once", LIMIT_BLOB_IDS);
	*ids = calloc((size_t)count + 1, sizeof(**ids));
	if (!*ids)
		return error_set(e, STATUS_NOMEM, "out of memory");
	cJSON_ArrayForEach(item, list)
	{
		if (!cJSON_IsString(item) || hex_decode((*ids)[n].sha256, SHA256_LEN, item->valuestring) != STATUS_OK)
			return error_set(e, STATUS_MALFORMED,
					 "/blobs/%zu is no SHA-256 of 64 hexadecimal digits in lower case", n);
		n++;
	}
	*len = n;
	return STATUS_OK;
}

static void get_end(struct request *r)
{
	struct get get = {.spool = &r->answer.body};
	const struct store_blob_sink sink = {.blob = add_blob, .bytes = add_bytes, .ctx = &get};
	struct error e = {STATUS_OK, ""};
	struct blob_id *ids = NULL;
	cJSON *asked = NULL;
	size_t len = 0;

	e.status = erasures_catch_up(r->practice, &e); /* first of all: nothing of what was erased is given out */
	if (e.status == STATUS_OK)
		e.status = json_parse(&asked, buf_text(&r->collected), r->collected.len, &e);
	if (e.status == STATUS_OK)
		e.status = read_ids(&ids, &len, asked, &e);
	if (e.status == STATUS_OK)
		e.status = store_blob_get_many(r->practice->history, ids, len, LIMIT_BLOB_ANSWER_BYTES, &sink, &e);
	if (e.status == STATUS_OK) {
		r->answer.code = 200;
		r->answer.type = BLOBS_TYPE;
		answer_note(&r->answer, "%zu of %zu blobs", get.here, len);
		metrics_add(METRIC_BLOBS_GIVEN, get.here);
	} else {
		answer_json_error(&r->answer, &e);
	}
	cJSON_Delete(asked);
	free(ids);
}

const struct handler handler_blobs_get = {
	.needs_peer = true,
	.max_bytes = LIMIT_BLOB_GET_BYTES,
	.begin = get_begin,
	.feed = request_collect,
	.end = get_end,
};
