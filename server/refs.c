/* server/refs.c - the advertisement of refs. */
#include "server/refs.h"

#include <string.h>

#include "core/pkt.h"
#include "core/policy.h"
#include "server/request.h"
#include "server/v2.h"

#define FETCH_CAPABILITIES                                                                                             \
	"multi_ack_detailed no-done side-band-64k no-progress ofs-delta shallow deepen-since deepen-not "              \
	"deepen-relative"
#define PUSH_CAPABILITIES "report-status side-band-64k ofs-delta no-thin"

void refs_filter(struct store_refs *refs, const struct identity *who)
{
	size_t kept = 0;

	for (size_t i = 0; i < refs->len; i++) {
		if (who->standing == STANDING_MEMBER && policy_may_read(who->role, who->device, refs->refs[i].name))
			refs->refs[kept++] = refs->refs[i];
	}
	refs->len = kept;
}

const struct store_ref *refs_head(const struct store_refs *refs)
{
	for (size_t i = 0; i < refs->len; i++) {
		if (strcmp(refs->refs[i].name, REFS_MAIN) == 0)
			return &refs->refs[i];
	}
	return NULL;
}

static void add_line(struct buf *out, bool *first, const struct oid *id, const char *name, const char *capabilities)
{
	char hex[OID_HEX_LEN + 1];
	struct buf line = BUF_INIT;

	oid_hex(hex, id);
	buf_addf(&line, "%s %s", hex, name);
	if (*first) {
		buf_addc(&line, 0);
		buf_adds(&line, capabilities);
	}
	buf_addc(&line, '\n');
	if (buf_ok(&line))
		pkt_add(out, line.data, line.len);
	else
		out->failed = true;
	*first = false;
	buf_clear(&line);
}

void refs_advertise(struct buf *out, const struct store_refs *refs, const char *service)
{
	bool fetch = strcmp(service, "git-upload-pack") == 0, first = true;
	const struct store_ref *head = refs_head(refs);
	struct buf capabilities = BUF_INIT;
	const struct oid nothing = {{0}};

	buf_adds(&capabilities, fetch ? FETCH_CAPABILITIES : PUSH_CAPABILITIES);
	if (fetch && head)
		buf_adds(&capabilities, " symref=HEAD:" REFS_MAIN);
	buf_adds(&capabilities, " " REFS_AGENT);
	pkt_addf(out, "# service=%s\n", service);
	pkt_flush(out);
	if (fetch && head)
		add_line(out, &first, &head->id, "HEAD", buf_text(&capabilities));
	for (size_t i = 0; i < refs->len; i++)
		add_line(out, &first, &refs->refs[i].id, refs->refs[i].name, buf_text(&capabilities));
	if (first)
		add_line(out, &first, &nothing, "capabilities^{}", buf_text(&capabilities));
	pkt_flush(out);
	if (!buf_ok(&capabilities))
		out->failed = true;
	buf_clear(&capabilities);
}

/* A device that has not finished joining gets an empty list: it asks before its first push. */
static void answer_refs(struct request *r)
{
	bool fetch = r->git_service && strcmp(r->git_service, "git-upload-pack") == 0;
	bool push = r->git_service && strcmp(r->git_service, "git-receive-pack") == 0;
	struct store_refs refs = STORE_REFS_INIT;
	struct error e = {STATUS_OK, ""};
	struct buf out = BUF_INIT;

	if (!fetch && !push) {
		answer_text(&r->answer, 403, "this server speaks git's smart protocol alone: use git 1.6.6 or later");
		return;
	}
	if (fetch && r->git_v2) {
		v2_advertise(&out);
	} else if (store_refs(&refs, r->practice->history, &e) == STATUS_OK) {
		refs_filter(&refs, &r->who);
		refs_advertise(&out, &refs, r->git_service);
	} else {
		answer_error(&r->answer, &e);
		return;
	}
	answer_bytes(&r->answer, 200,
		     fetch ? "application/x-git-upload-pack-advertisement"
			   : "application/x-git-receive-pack-advertisement",
		     &out);
	store_refs_clear(&refs);
	buf_clear(&out);
}

const struct handler handler_refs = {.needs_peer = true, .end = answer_refs};
