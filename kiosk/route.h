/* kiosk/route.h - what each request to the kiosk's pages gets. Knows no sockets: kiosk/http.c brings requests and takes responses away.
 *
 *     GET /             the page for the next patient          POST /step      one form of any page: the next page, or 303 to the thanks
 *     GET /thanks       back to the first page by itself        GET /a/…        the files of the pages
 *     GET /status       whether it works; GET /status.json      GET /staff, POST /staff/open   all, behind the site's PIN
 *     GET /say/…        a question read aloud
 *
 * The process keeps nothing of a patient: each page carries a visit (kiosk/visit.h), and thanks come only when the answer is durable.
 */
#ifndef QIP_KIOSK_ROUTE_H
#define QIP_KIOSK_ROUTE_H

#include "core/key_pin.h"
#include "kiosk/capture.h"
#include "kiosk/page.h"
#include "kiosk/staff.h"

#define ROUTE_HOSTS 2

/* What the pages stand on. */
struct desk {
	/* What may be shown now, to be ended by screen_close(). No languages: there is no survey yet. */
	void (*screen)(void *ctx, struct screen *out);
	/* One version of a survey, the caller's; NULL: not known. */
	cJSON *(*survey)(void *ctx, const char *id, int64_t version);
	capture_keep keep; /* STATUS_OK or STATUS_EXISTS: durable */
	bool (*kept)(void *ctx, const char *id); /* true: the answer of that id is durable */
	void (*standing)(void *ctx, struct standing *out);
	bool (*pin)(void *ctx, struct key_pin *out); /* false: none is set; NULL: likewise */
	void *ctx;
	struct token_secret secret;
	const struct env *env;
	struct assets assets;
	char hosts[ROUTE_HOSTS][64]; /* what the Host header may say, with port */
	/* The first page may have stood there for days. Who touches it then gets an id of now, and the same one when they touch it twice. */
	struct desk_renewal {
		char old[ID_TEXT_LEN + 1], fresh[ID_TEXT_LEN + 1];
		int64_t at_ms; /* since boot */
	} renewal;
	struct staff_guard guard;
	int64_t reload_s;          /* after which the first page asks for itself again, as a sign that the browser lives; 0: never */
	_Atomic int64_t seen_ms;   /* when anybody but the watch asked for something, since boot; another thread reads it */
};

struct request {
	const char *method, *path;
	const char *state; /* behind '?'; NULL when absent */
	const char *host, *origin, *fetch_site, *content_type; /* headers, NULL when absent */
	char *body;       /* with a NUL behind; overwritten */
	size_t body_len;
	bool too_big;     /* the body was more than FORM_MAX_BYTES, and is not here */
	bool by_watch;    /* kiosk/watch.h asks, and nobody sees the answer */
	bool ambiguous;   /* a header that decides comes twice, or the body's length in two ways */
};

struct response {
	unsigned status;
	const char *type;  /* Content-Type */
	struct buf location; /* empty: none */
	const char *allow; /* or NULL */
	int64_t reload_s;  /* Refresh; 0: none */
	bool lasting;      /* the same for ever under this address */
	struct buf body;
	const char *fixed; /* instead of the body, where there was no memory for one; static; or NULL */
};

/* Always gives a response, if only a 503 with a fixed page that soon asks for the first one again; to be ended by response_clear(). */
void route(struct response *out, struct desk *d, const struct request *r);
void response_clear(struct response *r);

#endif
