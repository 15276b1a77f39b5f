/* kiosk/route.h - what each request to the kiosk's pages gets. Knows no sockets: kiosk/http.c brings requests and takes responses away.
 *
 *     GET /             the question, with a fresh token        POST /answer    keep it, then 303 to the thanks
 *     GET /thanks       back to the question by itself          GET /style.css
 *     GET /status       for staff                               GET /status.json
 */
#ifndef QIP_KIOSK_ROUTE_H
#define QIP_KIOSK_ROUTE_H

#include "kiosk/capture.h"
#include "kiosk/standing.h"

#define ROUTE_HOSTS 2

/* What the pages stand on. */
struct desk {
	/* *comments: a comment can be sealed. No options: there is no survey yet. */
	void (*question)(void *ctx, struct question *out, bool *comments);
	capture_keep keep; /* STATUS_OK or STATUS_EXISTS: durable */
	void (*standing)(void *ctx, struct standing *out);
	void *ctx;
	struct token_secret secret;
	const struct env *env;
	char hosts[ROUTE_HOSTS][64]; /* what the Host header may say, with port */
};

struct request {
	const char *method, *path;
	const char *host, *origin, *fetch_site, *content_type; /* headers, NULL when absent */
	char *body;       /* with a NUL behind; overwritten */
	size_t body_len;
	bool too_big;     /* the body was more than FORM_MAX_BYTES, and is not here */
	bool ambiguous;   /* a header that decides comes twice, or the body's length in two ways */
};

struct response {
	unsigned status;
	const char *type;     /* Content-Type */
	const char *location; /* or NULL */
	const char *allow;    /* or NULL */
	struct buf body;
};

/* Always gives a response, if only an empty 503. */
void route(struct response *out, const struct desk *d, const struct request *r);

#endif
