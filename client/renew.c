/* client/renew.c - a new certificate for the same key. */
#include "client/renew.h"

#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/files.h"
#include "core/cert.h"
#include "core/digest.h"

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

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"

static bool has_other_authorities(const struct qip *q, const struct remote_refs *refs)
{
	uint8_t digest[SHA256_LEN];
	char hex[SHA256_HEX_LEN + 1];

	if (!refs->authorities[0] || sha256(digest, q->ca_pem.data, q->ca_pem.len) != STATUS_OK)
		return false;
	hex_encode(hex, digest, SHA256_LEN);
	return strncmp(hex, refs->authorities, strlen(refs->authorities)) != 0;
}

/* One that is trusted here is among them: a device never goes over to authorities that have nothing to do with its own. */
static bool leads_on(const char *pem, const struct qip *q)
{
	struct buf one = BUF_INIT;
	bool found = false;

	for (const char *at = strstr(pem, PEM_BEGIN); at && !found; at = strstr(at + 1, PEM_BEGIN)) {
		const char *end = strstr(at, PEM_END);

		buf_reset(&one);
		if (end)
			buf_add(&one, at, (size_t)(end - at));
		found = end && buf_ok(&one) && strstr(buf_text(&q->ca_pem), buf_text(&one));
	}
	buf_clear(&one);
	return found;
}

static enum status check_authorities(const char *pem, const struct qip *q, struct error *e)
{
	int64_t until_ms = 0;

	if (strlen(pem) > LIMIT_CA_BYTES || cert_not_after(&until_ms, pem, NULL) != STATUS_OK)
		return error_set(e, STATUS_MALFORMED, "the server's answer to a renewal holds no authority");
	if (!leads_on(pem, q))
		return error_set(e, STATUS_UNTRUSTED, "the server names an authority that has nothing to do with the one this device was joined with");
	return STATUS_OK;
}

/* All of it or nothing: the certificate of an authority that is not taken would be of no use. */
static enum status take(struct qip *q, const cJSON *json, struct error *e)
{
	const char *certificate = json_string(json, "certificate"), *ca = json_string(json, "ca");
	bool is_new = ca && strcmp(ca, buf_text(&q->ca_pem)) != 0;
	int64_t until_ms = 0;
	enum status st = STATUS_OK;

	if (!certificate || cert_not_after(&until_ms, certificate, NULL) != STATUS_OK)
		return error_set(e, STATUS_MALFORMED, "the server's answer to a renewal holds no certificate");
	if (is_new)
		st = check_authorities(ca, q, e);
	if (st == STATUS_OK)
		st = files_write(q->dir, HOME_CERT, certificate, strlen(certificate), 0600, e);
	return st == STATUS_OK && is_new ? files_write(q->dir, HOME_CA, ca, strlen(ca), 0600, e) : st;
}

enum status renew_if_due(struct remote *r, struct qip *q, const struct remote_refs *refs, int64_t now_ms, struct error *e)
{
	struct buf body = BUF_INIT;
	const struct remote_question question = {.ods = q->identity.ods, .what = "renew", .body = &body, .call_ms = LIMIT_CALL_MS};
	cJSON *json = NULL;
	int64_t until_ms = 0;
	enum status st = cert_not_after(&until_ms, buf_text(&q->cert_pem), e);

	if (st != STATUS_OK || (until_ms - now_ms > LIMIT_RENEW_MS && !has_other_authorities(q, refs)))
		return st;
	st = make_body(&body, q, e);
	if (st == STATUS_OK)
		st = remote_ask(&json, r, &question, e);
	if (st == STATUS_OK)
		st = take(q, json, e);
	if (st == STATUS_OK)
		r->forget_session = true; /* it would carry the old certificate on */
	cJSON_Delete(json);
	buf_clear(&body);
	return st;
}
