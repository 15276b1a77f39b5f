/* client/push.c - stage 4 of 9: what is committed reaches the server.
 *
 * Enters: the own branch's new tip, and the tip that the server had. Leaves: the server's receipt, or its refusal.
 */
#include "client/push.h"

#include <stdio.h>
#include <string.h>

#include "core/pkt.h"

#define CAPABILITIES "report-status side-band-64k agent=qip/" QIP_VERSION
#define REQUEST_TYPE "application/x-git-receive-pack-request"
#define RESULT_TYPE "application/x-git-receive-pack-result"

static enum status make_body(struct buf *body, struct qip *q, const struct oid *old_id, const struct oid *new_id, const struct oid *known,
			     struct error *e)
{
	char old_hex[OID_HEX_LEN + 1], new_hex[OID_HEX_LEN + 1];
	struct buf command = BUF_INIT;
	struct oid haves[2];
	size_t haves_len = 0;
	enum status st = STATUS_OK;

	oid_hex(old_hex, old_id);
	oid_hex(new_hex, new_id);
	buf_addf(&command, "%s %s %s", old_hex, new_hex, q->own_ref);
	buf_add(&command, "\0" CAPABILITIES, sizeof("\0" CAPABILITIES) - 1);
	pkt_add(body, command.data, command.len);
	pkt_flush(body);
	if (!oid_is_zero(old_id))
		haves[haves_len++] = *old_id;
	if (!oid_is_zero(known))
		haves[haves_len++] = *known;
	st = repo_pack_send(q->repo, new_id, 1, haves, haves_len, remote_add_to_body, body, NULL, e);
	if (st == STATUS_TOO_BIG)
		st = error_set(e, st, "one push would be larger than %u MiB", LIMIT_PUSH_BYTES / 1024 / 1024);
	else if (st == STATUS_OK && (!buf_ok(body) || !buf_ok(&command)))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	buf_clear(&command);
	return st;
}

/* "ng <ref> <commit> <path or -> <sentence>": what another git server would say has no commit and is all sentence. */
static void read_refusal(struct push_refusal *out, const char *text, size_t len)
{
	struct push_refusal r = {0};
	const char *path = NULL, *end = NULL;

	if (len > OID_HEX_LEN && text[OID_HEX_LEN] == ' ' && oid_parse(&r.commit, text, OID_HEX_LEN) == STATUS_OK) {
		path = text + OID_HEX_LEN + 1;
		len -= OID_HEX_LEN + 1;
		end = memchr(path, ' ', len);
		text = path;
		if (end && (size_t)(end - path) < sizeof(r.path)) {
			if (!(end - path == 1 && *path == '-'))
				memcpy(r.path, path, (size_t)(end - path));
			text = end + 1;
			len -= (size_t)(text - path);
		}
	}
	http_clean_text(r.reason, sizeof(r.reason), text, len);
	*out = r;
}

enum status push_parse_report(struct push_refusal *refusal, const char *ref, const char *bytes, size_t len, struct error *e)
{
	char ok[HOME_REF_MAX + 8], ng[HOME_REF_MAX + 8];
	bool unpacked = false, accepted = false;
	struct pkt p;
	size_t at = 0;

	(void)snprintf(ok, sizeof(ok), "ok %s", ref);
	(void)snprintf(ng, sizeof(ng), "ng %s ", ref);
	while (pkt_next(&p, bytes, len, &at) == STATUS_OK && p.kind == PKT_DATA) {
		if (pkt_is(&p, "unpack ok"))
			unpacked = true;
		else if (pkt_is(&p, ok))
			accepted = true;
		else if (p.len > strlen(ng) && memcmp(p.bytes, ng, strlen(ng)) == 0) {
			read_refusal(refusal, p.bytes + strlen(ng), p.len - strlen(ng));
			return error_set(e, STATUS_REFUSED, "%s", refusal->reason);
		} else if (p.len > 7 && memcmp(p.bytes, "unpack ", 7) == 0) {
			read_refusal(refusal, p.bytes + 7, p.len - 7);
			return error_set(e, STATUS_REFUSED, "%s", refusal->reason);
		} else
			break;
	}
	if (unpacked && accepted)
		return STATUS_OK;
	return error_set(e, STATUS_NETWORK, "the server's report on a push is not well-formed or incomplete: try again");
}

/* The report travels inside band 1. */
static enum status read_result(struct push_refusal *refusal, const char *ref, const struct buf *body, struct error *e)
{
	struct buf report = BUF_INIT;
	enum status st = STATUS_OK;
	char sentence[200];
	struct pkt p;
	size_t at = 0;

	while (pkt_next(&p, buf_text(body), body->len, &at) == STATUS_OK && p.kind == PKT_DATA) {
		if (p.len > 0 && p.bytes[0] == 1)
			buf_add(&report, p.bytes + 1, p.len - 1);
		else if (p.len > 0 && p.bytes[0] == 3) {
			http_clean_text(sentence, sizeof(sentence), p.bytes + 1, p.len - 1);
			st = error_set(e, STATUS_NETWORK, "the server broke off: %s", sentence);
			goto done;
		}
	}
	if (!buf_ok(&report))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	else
		st = push_parse_report(refusal, ref, buf_text(&report), report.len, e);
done:
	buf_clear(&report);
	return st;
}

static enum status send_push(struct push_refusal *refusal, struct remote *r, struct qip *q, const struct oid *old_id,
			     const struct oid *new_id, const struct oid *known, struct error *e)
{
	struct http_response res = HTTP_RESPONSE_INIT;
	struct buf body = BUF_INIT;
	char path[64];
	struct http_request req = {
		.method = "POST",
		.path = path,
		.accept = RESULT_TYPE,
		.content_type = REQUEST_TYPE,
		.max_bytes = LIMIT_REPORT_BYTES,
		.call_ms = LIMIT_PACK_MS,
		.meanwhile = r->meanwhile,
		.meanwhile_ctx = r->meanwhile_ctx,
	};
	enum status st = make_body(&body, q, old_id, new_id, known, e);

	if (st != STATUS_OK)
		goto done;
	(void)snprintf(path, sizeof(path), "%s/git-receive-pack", r->base);
	req.body = body.data;
	req.body_len = body.len;
	st = remote_call(r, &req, RESULT_TYPE, &res, e);
	if (st == STATUS_REFUSED) /* no report, so no word about a commit: the device or the practice is refused as such */
		st = error_set(e, STATUS_DENIED, "%s", e ? e->text : "");
	if (st == STATUS_OK)
		st = read_result(refusal, q->own_ref, &res.body, e);
done:
	http_response_clear(&res);
	buf_clear(&body);
	return st;
}

enum status push_ref(enum push_outcome *outcome, struct oid *tip, struct push_refusal *refusal, struct remote *r, struct qip *q,
		     const struct oid *old_id, const struct oid *new_id, const struct oid *known, struct error *e)
{
	struct remote_refs refs = {0};
	struct error doubt = {0};
	struct push_refusal said = {0};
	enum status st = send_push(&said, r, q, old_id, new_id, known, &doubt);

	if (st == STATUS_OK) {
		*outcome = PUSH_ACCEPTED;
		*tip = *new_id;
		return STATUS_OK;
	}
	if (st == STATUS_DENIED)
		return error_set(e, STATUS_REFUSED, "%s", doubt.text);
	if (st != STATUS_REFUSED && st != STATUS_NETWORK && st != STATUS_TIMEOUT && st != STATUS_MALFORMED)
		return error_set(e, st, "%s", doubt.text);
	/* the receipt may be lost, or the refusal be of a push that came through before: the server's list decides */
	if (remote_list(&refs, r, q, NULL) != STATUS_OK)
		return error_set(e, st == STATUS_REFUSED ? STATUS_NETWORK : st, "%s", doubt.text);
	*tip = refs.own;
	if (oid_equal(&refs.own, new_id))
		*outcome = PUSH_ACCEPTED;
	else if (!oid_equal(&refs.own, old_id))
		*outcome = PUSH_MOVED;
	else if (st == STATUS_REFUSED)
		*outcome = PUSH_REFUSED;
	else
		return error_set(e, st, "%s", doubt.text);
	*refusal = said;
	return STATUS_OK;
}
