/* client/remote.h - a practice on its server: the connection, and what it lists. */
#ifndef QIP_CLIENT_REMOTE_H
#define QIP_CLIENT_REMOTE_H

#include "client/doubts.h"
#include "client/wire.h"

struct remote {
	struct wire wire;
	struct http *http;   /* owned */
	char base[32];       /* "/C82999/history.git" */
	const char *service; /* whose list is asked for: "git-upload-pack", or "git-receive-pack" while a join is not through yet */
	int64_t server_ms;   /* the server's clock in its last answer; 0 before */
	int64_t elapsed_ms;  /* how long that answer took */
	bool closed;         /* said in its last refusal: it was restored from a backup, and takes offers alone */
	enum http_device device; /* said in its last refusal of this device */
	void (*meanwhile)(void *ctx); /* what can be done while the server works on a push (client/http.h); NULL: nothing */
	void *meanwhile_ctx;
	bool forget_session; /* it belongs to a certificate that has been replaced */
};

/* The refs that concern one device; zero where the server lists none. */
#define REMOTE_CA_LEN 16

struct remote_refs {
	struct oid main, config, own;
	struct remote_kin {
		char device[NAME_MAX_LEN + 1];
		struct oid head;
	} kin[LIMIT_KIN];   /* kiosks: others that may hold the same answers */
	size_t kin_len;
	bool more_kin;      /* than there is room for */
	struct doubts doubts; /* to those who read the log: kiosks that said they may be copies */
	char authorities[REMOTE_CA_LEN + 1]; /* first hex digits of the SHA-256 of the ca.crt that the server would give; "": not told */
	int64_t blob_bytes; /* that the server takes as one piece of free text or evidence; 0 where it does not tell */
	int64_t log_merges; /* about how long the log is; -1 where the server does not tell, and gives no slices of it */
};

/* Nothing is sent yet. The home must outlive it. `authenticated`: use the home's certificate. */
enum status remote_open(struct remote *out, const struct qip *q, bool authenticated, struct error *e) MUST_CHECK;
void remote_close(struct remote *r);
/* Close the connection and keep its TLS session in the home, for a short handshake next time. */
void remote_end(struct remote *r, const struct qip *q);

/* One call; an answer other than 200 of the expected type becomes an error as http_refusal says. The server's clock is noted. */
enum status remote_call(struct remote *r, const struct http_request *req, const char *expected_type, struct http_response *out,
			struct error *e) MUST_CHECK;

/* Takes a pack's bytes into the body of a request, a struct buf. STATUS_TOO_BIG past what the server takes. */
enum status remote_add_to_body(void *ctx, const void *bytes, size_t len) MUST_CHECK;

/* Something asked of the practice beside git. */
struct remote_question {
	const char *ods;
	const char *what; /* "enrol", "renew", …: the path behind the practice's code */
	const char *type; /* of the body; NULL: JSON */
	const struct buf *body;
	int call_ms;
};

/* Ask; the answer is JSON, the caller's to delete. As remote_call, and STATUS_MALFORMED when it is none. */
enum status remote_ask(cJSON **answer, struct remote *r, const struct remote_question *question, struct error *e) MUST_CHECK;

/* List what the device may see. STATUS_MALFORMED when it is no list of refs. */
enum status remote_list(struct remote_refs *out, struct remote *r, const struct qip *q, struct error *e) MUST_CHECK;
/* The same, out of bytes; apart for tests. */
enum status remote_parse_refs(struct remote_refs *out, const char *service, const char *own_ref, const char *bytes, size_t len,
			      struct error *e) MUST_CHECK;

#endif
