/* server/answer.h - what a request is answered with, before it becomes HTTP. */
#ifndef QIP_SERVER_ANSWER_H
#define QIP_SERVER_ANSWER_H

#include "core/json.h"
#include "server/spool.h"

struct answer {
	unsigned code;	  /* HTTP status; 0: not answered yet */
	const char *type; /* content type; static */
	struct spool body;
	int64_t retry_s;	   /* with 429: seconds from now */
	const char *allow;	   /* with 405: the method that is allowed; static */
	bool closed;		   /* the practice is, see server/closed.h: said in a header of its own */
	const char *device;	   /* why the device was refused, for programs, in a header, too: "ended", "unknown"; static */
	char note[ERROR_TEXT_MAX]; /* for the log: what became of it */
};
#define ANSWER_JSON "application/json"
#define ANSWER_INIT                                                                                                    \
	{                                                                                                              \
		.body = SPOOL_INIT                                                                                     \
	}

/* A sentence as text/plain. */
void answer_text(struct answer *a, unsigned code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* What an error means in HTTP. Failures of this server are told in general words, and noted in full. */
void answer_error(struct answer *a, const struct error *e);
/* The same as {"error":"<word>","message":"<sentence>"}. */
void answer_json_error(struct answer *a, const struct error *e);
/* Canonical JSON. */
void answer_json(struct answer *a, unsigned code, const cJSON *value);
/* Bytes of a type, copied. */
void answer_bytes(struct answer *a, unsigned code, const char *type, const struct buf *bytes);
/* Say in the log what became of the request, in other words than the answer's. */
void answer_note(struct answer *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Forget what was there. */
void answer_clear(struct answer *a);

/* The HTTP status that a failure means. */
unsigned answer_code(enum status st);
/* What may be told of it: e's own words, or general ones. */
const char *answer_words(const struct error *e);

#endif
