/* client/renew.c - a new certificate for the same key. */
#include "client/renew.h"

#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/files.h"
#include "core/cert.h"

static enum status make_body(struct buf *out, const struct qip *q, struct error *e)
{
	struct buf csr = BUF_INIT;
	enum status st = csr_make(&csr, q->key, q->identity.device, e);
	cJSON *body = build_object(&st);

	build_string(&st, body, "csr", buf_text(&csr));
	if (st == STATUS_OK)
		st = json_canonical(out, body);
	cJSON_Delete(body);
	buf_clear(&csr);
	return st;
}

enum status renew_if_due(struct remote *r, struct qip *q, int64_t now_ms, struct error *e)
{
	struct buf body = BUF_INIT;
	const struct remote_question question = {.ods = q->identity.ods, .what = "renew", .body = &body, .call_ms = LIMIT_CALL_MS};
	cJSON *json = NULL;
	const char *certificate = NULL;
	int64_t until_ms = 0;
	enum status st = cert_not_after(&until_ms, buf_text(&q->cert_pem), e);

	if (st != STATUS_OK || until_ms - now_ms > LIMIT_RENEW_MS)
		return st;
	st = make_body(&body, q, e);
	if (st == STATUS_OK)
		st = remote_ask(&json, r, &question, e);
	if (st == STATUS_OK) {
		certificate = json_string(json, "certificate");
		if (!certificate || cert_not_after(&until_ms, certificate, NULL) != STATUS_OK)
			st = error_set(e, STATUS_MALFORMED, "the server's answer to a renewal holds no certificate");
	}
	if (st == STATUS_OK)
		st = files_write(q->dir, HOME_CERT, certificate, strlen(certificate), 0600, e);
	if (st == STATUS_OK)
		r->forget_session = true; /* it would carry the old certificate on */
	cJSON_Delete(json);
	buf_clear(&body);
	return st;
}
