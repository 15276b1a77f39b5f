/* server/request.h - one HTTP request on its way: what it asks for, who asks, its body as it comes, its answer. */
#ifndef QIP_SERVER_REQUEST_H
#define QIP_SERVER_REQUEST_H

#include "core/tls.h"
#include "server/answer.h"
#include "server/body.h"
#include "server/authority.h"
#include "server/jobs.h"
#include "server/practices.h"
#include "server/push.h"
#include "server/rates.h"
#include "server/route.h"
#include "server/upkeep.h"

/* What all requests of one serving process share. */
struct service {
	const char *dir; /* the server's folder, or that of ordinary repositories */
	struct authority_slot *authority; /* NULL: of ordinary repositories */
	const struct limits *limits;
	struct practices *practices;
	const struct env *env;
	struct upkeep *upkeep;
	struct jobs *jobs;
	bool plain;	  /* ordinary repositories are served instead of practices */
	bool open_to_all; /* of those: from beyond this machine */
};

struct request {
	const struct service *service; /* borrowed */
	struct route route;
	char *repository;	       /* owned; where an ordinary repository lies; NULL: the request is about a practice */
	const char *git_service; /* of ?service=, borrowed until the request ends; NULL for none */
	bool git_v2;		 /* the client asked for version 2 of git's protocol */
	struct tls_peer peer;
	struct practice *practice; /* borrowed; NULL where the route has none */
	struct view *view;	   /* owned; the log when the request began */
	struct identity who;	   /* where the route asks for a certificate */
	struct body body;
	struct buf collected; /* the body, for handlers that collect it */
	struct answer answer;
	void *work;		      /* the handler's own */
	struct stream *stream;	      /* borrowed: for an answer that may be sent while it is made; NULL: for none */
	void (*answered)(void *http); /* see request_answered */
	bool (*has_left)(void *http); /* see request_is_abandoned */
	void *http;
};

/* How a route is served. An answer ends the request at any step. */
struct handler {
	bool needs_peer;		    /* only for devices of the practice: who is filled in */
	enum rates_kind rate;		    /* what it costs its device */
	bool serves_closed;		    /* also a practice that is closed, see server/closed.h */
	bool exclusive;			    /* `end` waits for others on the same practice */
	uint64_t max_bytes;		    /* of the body */
	bool takes_pack;		    /* and of a pack behind that, see limits.push_bytes */
	bool takes_blob;		    /* or of a blob, see limits.blob_bytes */
	void (*begin)(struct request *r);   /* before the body, on an HTTP thread: short; or NULL */
	body_sink feed;			    /* on an HTTP thread; ctx is the request; NULL: no body */
	void (*end)(struct request *r);	    /* at work, on a job thread */
	bool (*end_later)(struct request *r); /* instead of `end`, for what may wait on: false when request_answered() is
						 called by another thread, perhaps by now */
	void (*release)(struct request *r); /* frees r->work; or NULL */
};

/* NULL for ROUTE_NONE. */
const struct handler *handler_of(enum route_kind kind);

/* A feed that keeps the body in r->collected. */
enum status request_collect(void *ctx, const void *bytes, size_t len, struct error *e) MUST_CHECK;

/* For an `end` whose body was collected: parse it as JSON, let `work` fill the answer's object, and answer 200, or the error as JSON. */
typedef enum status (*request_json)(cJSON *answer, struct request *r, const cJSON *asked, struct error *e);
void request_end_json(struct request *r, request_json work);
/* The answer is there: the request goes back to its HTTP thread, and may be gone when this returns. */
void request_answered(struct request *r);
/* Whoever asked has gone; an answer that is not begun need not be made. `request` is a struct request. At work only. */
bool request_is_abandoned(void *request);
/* Frees all but the handler's own. */
void request_clear(struct request *r);

extern const struct handler handler_health, handler_refs, handler_upload_pack, handler_receive_pack, handler_enrol,
	handler_renew, handler_slice, handler_server_key, handler_doubt, handler_blob_put, handler_blobs_get, handler_plain_refs, handler_plain_upload_pack,
	handler_plain_receive_pack, handler_offer, handler_keep, handler_kept_list, handler_kept_get, handler_kept_take,
	handler_kept_drop;

#endif
