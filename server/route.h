/* server/route.h - what a request line asks for. */
#ifndef QIP_SERVER_ROUTE_H
#define QIP_SERVER_ROUTE_H

#include <stdbool.h>

#include "core/digest.h"

enum route_kind {
	ROUTE_NONE,	    /* no such address */
	/* of ordinary repositories: /<path>/info/refs?service=…, /<path>/git-upload-pack, /<path>/git-receive-pack */
	ROUTE_PLAIN_REFS,
	ROUTE_PLAIN_UPLOAD_PACK,
	ROUTE_PLAIN_RECEIVE_PACK,
	ROUTE_HEALTH,	    /* GET  /healthz */
	ROUTE_REFS,	    /* GET  /<ODS>/history.git/info/refs?service=… */
	ROUTE_UPLOAD_PACK,  /* POST /<ODS>/history.git/git-upload-pack */
	ROUTE_RECEIVE_PACK, /* POST /<ODS>/history.git/git-receive-pack */
	ROUTE_ENROL,	    /* POST /<ODS>/enrol */
	ROUTE_RENEW,	    /* POST /<ODS>/renew */
	ROUTE_SLICE,	    /* POST /<ODS>/slice */
	ROUTE_SERVER_KEY,   /* POST /<ODS>/server-key, by a manager's device */
	ROUTE_DOUBT,	    /* POST /<ODS>/doubt, by a kiosk */
	ROUTE_BLOB_PUT,	    /* PUT  /<ODS>/blobs/<sha256> */
	ROUTE_BLOBS_GET,    /* POST /<ODS>/blobs/get */
	ROUTE_OFFER,	    /* POST /<ODS>/offer, of a closed practice */
	ROUTE_KEEP,	    /* POST /<ODS>/quarantine/keep, by a revoked device */
	ROUTE_KEPT_LIST,    /* POST /<ODS>/quarantine/list, and so on; by managers */
	ROUTE_KEPT_GET,
	ROUTE_KEPT_TAKE,
	ROUTE_KEPT_DROP,
};
#define ROUTE_KINDS (ROUTE_KEPT_DROP + 1)

#define ROUTE_PATH_MAX 512

struct route {
	enum route_kind kind;
	bool method_ok;	     /* false: the address is right, the method is not */
	const char *method;  /* the one that is right; static */
	const char *content; /* content type that its body must have, NULL for none; static */
	char repository[ROUTE_PATH_MAX]; /* "" where the address names no ordinary repository; without escapes */
	char ods[7];	     /* "" where the address has none; its form is checked */
	uint8_t blob[SHA256_LEN]; /* of ROUTE_BLOB_PUT */
};

/* Its short name, for metrics. */
const char *route_name(enum route_kind kind);
/* Never fails: ROUTE_NONE is an answer. */
void route_parse(struct route *out, const char *method, const char *path);
/* The same where ordinary repositories are served. */
void route_parse_plain(struct route *out, const char *method, const char *path);

#endif
