/* server/request.c - one HTTP request on its way. */
#include "server/request.h"

#include <stdlib.h>

const struct handler *handler_of(enum route_kind kind)
{
	switch (kind) {
	case ROUTE_HEALTH:
		return &handler_health;
	case ROUTE_REFS:
		return &handler_refs;
	case ROUTE_UPLOAD_PACK:
		return &handler_upload_pack;
	case ROUTE_RECEIVE_PACK:
		return &handler_receive_pack;
	case ROUTE_ENROL:
		return &handler_enrol;
	case ROUTE_RENEW:
		return &handler_renew;
	case ROUTE_SLICE:
		return &handler_slice;
	case ROUTE_SERVER_KEY:
		return &handler_server_key;
	case ROUTE_DOUBT:
		return &handler_doubt;
	case ROUTE_BLOB_PUT:
		return &handler_blob_put;
	case ROUTE_BLOBS_GET:
		return &handler_blobs_get;
	case ROUTE_PLAIN_REFS:
		return &handler_plain_refs;
	case ROUTE_PLAIN_UPLOAD_PACK:
		return &handler_plain_upload_pack;
	case ROUTE_PLAIN_RECEIVE_PACK:
		return &handler_plain_receive_pack;
	case ROUTE_OFFER:
		return &handler_offer;
	case ROUTE_KEEP:
		return &handler_keep;
	case ROUTE_KEPT_LIST:
		return &handler_kept_list;
	case ROUTE_KEPT_GET:
		return &handler_kept_get;
	case ROUTE_KEPT_TAKE:
		return &handler_kept_take;
	case ROUTE_KEPT_DROP:
		return &handler_kept_drop;
	case ROUTE_NONE:
		break;
	}
	return NULL;
}

static void answer_health(struct request *r)
{
	answer_text(&r->answer, 200, "ok");
}

const struct handler handler_health = {.end = answer_health};

enum status request_collect(void *ctx, const void *bytes, size_t len, struct error *e)
{
	struct request *r = ctx;

	buf_add(&r->collected, bytes, len);
	return buf_ok(&r->collected) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

void request_end_json(struct request *r, request_json work)
{
	struct error e = {STATUS_OK, ""};
	cJSON *asked = NULL, *answer = cJSON_CreateObject();
	enum status st = json_parse(&asked, buf_text(&r->collected), r->collected.len, &e);

	if (st == STATUS_OK && !answer)
		st = STATUS_NOMEM;
	if (st == STATUS_OK)
		st = work(answer, r, asked, &e);
	e.status = st;
	if (st == STATUS_OK)
		answer_json(&r->answer, 200, answer);
	else
		answer_json_error(&r->answer, &e);
	cJSON_Delete(answer);
	cJSON_Delete(asked);
}

void request_answered(struct request *r)
{
	if (!r->answer.code)
		answer_error(&r->answer, &(struct error){.status = STATUS_CORRUPT, .text = "no answer was made"});
	r->answered(r->http);
}

bool request_is_abandoned(void *request)
{
	const struct request *r = request;

	return r->has_left && r->has_left(r->http);
}

void request_clear(struct request *r)
{
	view_put(r->view);
	r->view = NULL;
	body_clear(&r->body);
	buf_clear(&r->collected);
	free(r->repository);
	r->repository = NULL;
	answer_clear(&r->answer);
}
