/* server/exchange.h - one request and its answer inside libmicrohttpd. Only http*.c and exchange.c know its types. */
#ifndef QIP_SERVER_EXCHANGE_H
#define QIP_SERVER_EXCHANGE_H

#include <microhttpd.h>

#include "server/request.h"

/* What happens with an exchange next. */
enum phase {
	PHASE_BODY, /* its body is coming */
	PHASE_WORK, /* a job thread has it; the connection is suspended */
	PHASE_ANSWERED,
};

struct http_state; /* of http.c: what exchanges need of it */

struct exchange {
	struct http *http;
	struct MHD_Connection *connection;
	const struct handler *handler;
	enum phase phase;
	struct request request;
	struct job job;
	struct stream stream; /* of an answer that is sent while it is made: then a job thread and the HTTP thread both hold the exchange */
	int fd;		    /* for struct peers */
	int64_t started_ms; /* monotonic */
	bool counted;	    /* among what its device sends in an hour */
	char method[16], path[128];
};

/* Read the request line and headers; an answer may be there at once. False: memory is out. */
struct exchange *exchange_open(const struct service *service, struct MHD_Connection *c, const char *method,
			       const char *path);
/* Check headers, find the practice, the peer and its rights; then the handler's own beginning. An answer ends it. */
void exchange_begin(struct exchange *x, const struct tls_peer *peer);
/* Answer with an error, in the form that the route's clients read. */
void exchange_refuse(struct exchange *x, const struct error *e);
/* Queue the answer. */
enum MHD_Result exchange_send(struct exchange *x, bool last);
/* Write the access log's line and free it. On any thread, once nobody else holds it. */
void exchange_close(struct exchange *x, bool completed);

#endif
