/* client/remote.c - a practice on its server: the connection, and what it lists (git's smart HTTP, protocol version 0). */
#include "client/remote.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "client/files.h"
#include "core/cert.h"
#include "core/pkt.h"

#define JSON_TYPE "application/json"
#define REF_DEVICES "refs/devices/"

static enum status check_certificates(const struct qip *q, bool authenticated, struct error *e)
{
	int64_t until_ms = 0;

	if (cert_not_after(&until_ms, buf_text(&q->ca_pem), NULL) != STATUS_OK)
		return home_lacks(q, HOME_CA, e);
	if (authenticated && cert_not_after(&until_ms, buf_text(&q->cert_pem), NULL) != STATUS_OK)
		return home_lacks(q, HOME_CERT, e);
	return STATUS_OK;
}

enum status remote_open(struct remote *out, const struct qip *q, bool authenticated, struct error *e)
{
	struct remote r = {0};
	enum status st = wire_set_url(&r.wire, q->identity.url, e);

	if (st == STATUS_OK)
		st = check_certificates(q, authenticated, e);
	if (st != STATUS_OK)
		return st;
	r.wire.ca_pem = buf_text(&q->ca_pem);
	r.wire.ignore_dates = q->env->quality(q->env->ctx) != CLOCK_SYNCHRONISED;
	if (authenticated) {
		r.wire.cert_pem = buf_text(&q->cert_pem);
		r.wire.key = q->key;
		if (files_read(&r.wire.session, q->dir, HOME_SESSION, LIMIT_FILE_BYTES, NULL) != STATUS_OK)
			buf_wipe(&r.wire.session);
	}
	r.service = "git-upload-pack";
	(void)snprintf(r.base, sizeof(r.base), "/%s/history.git", q->identity.ods);
	*out = r;
	st = http_open(&out->http, &wire_transport, &out->wire, out->wire.authority, e);
	if (st != STATUS_OK)
		remote_close(out);
	return st;
}

void remote_close(struct remote *r)
{
	http_close(r->http);
	wire_clear(&r->wire);
	*r = (struct remote){0};
}

void remote_end(struct remote *r, const struct qip *q)
{
	http_close(r->http);
	r->http = NULL;
	/* without it the next handshake is a full one: no reason to fail */
	if (r->forget_session)
		(void)(files_remove(q->dir, HOME_SESSION, NULL) == STATUS_OK);
	else if (r->wire.session_replaced)
		(void)(files_write(q->dir, HOME_SESSION, r->wire.session.data, r->wire.session.len, 0600, NULL) == STATUS_OK);
	remote_close(r);
}

enum status remote_call(struct remote *r, const struct http_request *req, const char *expected_type, struct http_response *out,
			struct error *e)
{
	struct http_response res = HTTP_RESPONSE_INIT;
	enum status st = http_call(r->http, req, &res, e);

	if (st != STATUS_OK)
		return st;
	if (res.date_ms > 0) {
		r->server_ms = res.date_ms;
		r->elapsed_ms = res.elapsed_ms;
	}
	r->closed = res.closed;
	r->device = res.device;
	if (res.status != 200)
		st = http_refusal(&res, e);
	else if (strcmp(res.content_type, expected_type) != 0)
		st = error_set(e, STATUS_MALFORMED, "the server answers with %s, not with %s: is the address right?",
			       res.content_type[0] ? res.content_type : "an unnamed type", expected_type);
	if (st != STATUS_OK) {
		http_response_clear(&res);
		return st;
	}
	*out = res;
	return STATUS_OK;
}

enum status remote_add_to_body(void *ctx, const void *bytes, size_t len)
{
	struct buf *body = ctx;

	if (len > LIMIT_PUSH_BYTES - body->len)
		return STATUS_TOO_BIG;
	buf_add(body, bytes, len);
	return buf_ok(body) ? STATUS_OK : STATUS_NOMEM;
}

enum status remote_ask(cJSON **answer, struct remote *r, const struct remote_question *question, struct error *e)
{
	struct http_response res = HTTP_RESPONSE_INIT;
	char path[32];
	struct http_request req = {
		.method = "POST",
		.path = path,
		.accept = JSON_TYPE,
		.content_type = question->type ? question->type : JSON_TYPE,
		.body = question->body->data,
		.body_len = question->body->len,
		.max_bytes = LIMIT_JSON_BYTES,
		.call_ms = question->call_ms,
	};
	enum status st;

	(void)snprintf(path, sizeof(path), "/%s/%s", question->ods, question->what);
	st = remote_call(r, &req, JSON_TYPE, &res, e);
	if (st == STATUS_OK && json_parse(answer, buf_text(&res.body), res.body.len, NULL) != STATUS_OK)
		st = error_set(e, STATUS_MALFORMED, "the server's answer to \"%s\" is not well-formed", question->what);
	http_response_clear(&res);
	return st;
}

static bool named(const char *bytes, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(bytes, name, len) == 0;
}

/* "<name><number>" among capabilities; `absent` where it is not. */
static int64_t number_of(const char *text, size_t len, const char *name, int64_t most, int64_t absent)
{
	const char *at = memmem(text, len, name, strlen(name));
	int64_t number = 0;

	if (!at)
		return absent;
	for (at += strlen(name); at < text + len && *at >= '0' && *at <= '9' && number < most; at++)
		number = number * 10 + (*at - '0');
	return number;
}

/* "<name><letters and digits>" among capabilities; "" where it is not, or longer than expected. */
static void word_of(char *out, size_t size, const char *text, size_t len, const char *name)
{
	const char *at = memmem(text, len, name, strlen(name)), *begin = at ? at + strlen(name) : NULL;
	size_t n = 0;

	while (begin && begin + n < text + len && isalnum((unsigned char)begin[n]))
		n++;
	if (n >= size)
		n = 0;
	if (n > 0)
		memcpy(out, begin, n);
	out[n] = 0;
}

/* "qip-log=<number>", "qip-ca=<hex>", "qip-blob-bytes=<number>", and those of client/doubts.h. */
static void take_capabilities(struct remote_refs *refs, const char *text, size_t len)
{
	doubts_parse(&refs->doubts, text, len);
	refs->log_merges = number_of(text, len, " qip-log=", LIMIT_LOG_MERGES, refs->log_merges);
	word_of(refs->authorities, sizeof(refs->authorities), text, len, " qip-ca=");
	refs->blob_bytes = number_of(text, len, " qip-blob-bytes=", LIMIT_BLOB_BYTES, 0);
}

static void take_kin(struct remote_refs *refs, const char *name, size_t len, const struct oid *id)
{
	struct remote_kin k = {.head = *id};
	size_t prefix = strlen(REF_DEVICES);

	if (len <= prefix || len - prefix >= sizeof(k.device) || memcmp(name, REF_DEVICES, prefix) != 0)
		return;
	memcpy(k.device, name + prefix, len - prefix);
	if (!name_valid(k.device))
		return;
	refs->more_kin = refs->kin_len == LIMIT_KIN;
	if (!refs->more_kin)
		refs->kin[refs->kin_len++] = k;
}

/* "<40 hex> <name>", the first with NUL and capabilities behind. */
static enum status take_ref(struct remote_refs *refs, const char *own_ref, const struct pkt *p)
{
	struct oid id;
	const char *name = NULL;
	const char *nul = memchr(p->bytes, '\0', p->len);
	size_t len = nul ? (size_t)(nul - p->bytes) : p->len;

	if (nul)
		take_capabilities(refs, nul, p->len - len);
	if (len > 0 && p->bytes[len - 1] == '\n')
		len--;
	if (len < OID_HEX_LEN + 2 || p->bytes[OID_HEX_LEN] != ' ' || oid_parse(&id, p->bytes, OID_HEX_LEN) != STATUS_OK)
		return STATUS_MALFORMED;
	name = p->bytes + OID_HEX_LEN + 1;
	len -= OID_HEX_LEN + 1;
	if (named(name, len, REF_MAIN))
		refs->main = id;
	else if (named(name, len, REF_CONFIG))
		refs->config = id;
	else if (named(name, len, own_ref))
		refs->own = id;
	else
		take_kin(refs, name, len, &id);
	return STATUS_OK;
}

enum status remote_parse_refs(struct remote_refs *out, const char *service, const char *own_ref, const char *bytes, size_t len,
			      struct error *e)
{
	struct remote_refs refs = {.log_merges = -1};
	struct pkt p;
	size_t at = 0;
	char sentence[200], announced[40];

	(void)snprintf(announced, sizeof(announced), "# service=%s", service);
	if (pkt_next(&p, bytes, len, &at) != STATUS_OK || p.kind != PKT_DATA)
		goto bad;
	if (p.len > 4 && memcmp(p.bytes, "ERR ", 4) == 0) {
		http_clean_text(sentence, sizeof(sentence), p.bytes + 4, p.len - 4);
		return error_set(e, STATUS_REFUSED, "%s", sentence);
	}
	if (!pkt_is(&p, announced) || pkt_next(&p, bytes, len, &at) != STATUS_OK || p.kind != PKT_FLUSH)
		goto bad;
	for (;;) {
		if (pkt_next(&p, bytes, len, &at) != STATUS_OK)
			goto bad;
		if (p.kind == PKT_FLUSH)
			break;
		if (p.kind != PKT_DATA || take_ref(&refs, own_ref, &p) != STATUS_OK)
			goto bad;
	}
	*out = refs;
	return STATUS_OK;
bad:
	return error_set(e, STATUS_MALFORMED, "the server's list of refs is not well-formed");
}

enum status remote_list(struct remote_refs *out, struct remote *r, const struct qip *q, struct error *e)
{
	struct http_response res = HTTP_RESPONSE_INIT;
	char path[96], type[64];
	struct http_request req = {
		.method = "GET",
		.path = path,
		.accept = type,
		.max_bytes = LIMIT_REFS_BYTES,
		.call_ms = LIMIT_CALL_MS,
	};
	enum status st = STATUS_OK;

	(void)snprintf(path, sizeof(path), "%s/info/refs?service=%s", r->base, r->service);
	(void)snprintf(type, sizeof(type), "application/x-%s-advertisement", r->service);
	st = remote_call(r, &req, type, &res, e);
	if (st == STATUS_OK)
		st = remote_parse_refs(out, r->service, q->own_ref, buf_text(&res.body), res.body.len, e);
	http_response_clear(&res);
	return st;
}
