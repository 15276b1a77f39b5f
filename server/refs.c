/* server/refs.c - the advertisement of refs. */
#include "server/refs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "core/pkt.h"
#include "core/policy.h"
#include "server/doubts.h"
#include "server/source.h"
#include "server/v2.h"

#define FETCH_CAPABILITIES                                                                                             \
	"multi_ack_detailed no-done side-band-64k no-progress include-tag ofs-delta shallow deepen-since deepen-not "  \
	"deepen-relative allow-tip-sha1-in-want allow-reachable-sha1-in-want"
#define PUSH_CAPABILITIES "report-status side-band-64k quiet ofs-delta no-thin"

/* ---- the list ---- */

enum status refs_add(struct refs *refs, const char *name, const struct oid *id, const struct oid *peeled,
		     struct error *e)
{
	struct ref ref = {.id = *id};

	if (!array_room(&refs->list, &refs->cap, refs->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	ref.name = strdup(name);
	if (!ref.name)
		return error_set(e, STATUS_NOMEM, "out of memory");
	if (peeled)
		ref.peeled = *peeled;
	refs->list[refs->len++] = ref;
	return STATUS_OK;
}

/* A kiosk that goes on with the answers of another asks which of them have arrived already. */
static bool may_read(const struct identity *who, const struct registry *reg, const char *name)
{
	static const char heads[] = "refs/devices/";

	if (who->standing != STANDING_MEMBER)
		return false;
	if (policy_may_read(who->role, who->device, name))
		return true;
	return reg && who->role == ROLE_KIOSK && strncmp(name, heads, sizeof(heads) - 1) == 0 &&
	       registry_are_kin(reg, who->device, name + sizeof(heads) - 1);
}

enum status refs_of_practice(struct refs *out, struct store_history *h, const struct identity *who,
			     const struct registry *reg, struct error *e)
{
	struct store_refs all = STORE_REFS_INIT;
	struct refs refs = {.head_target = REFS_MAIN};
	enum status st = store_refs(&all, h, e);

	for (size_t i = 0; i < all.len && st == STATUS_OK; i++) {
		const struct store_ref *ref = &all.refs[i];

		if (!may_read(who, reg, ref->name))
			continue;
		st = refs_add(&refs, ref->name, &ref->id, NULL, e);
		if (strcmp(ref->name, REFS_MAIN) == 0)
			refs.head = ref->id;
	}
	store_refs_clear(&all);
	if (st != STATUS_OK) {
		refs_clear(&refs);
		return st;
	}
	*out = refs;
	return STATUS_OK;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct oid));
}

enum status refs_find(bool *out, struct refs *refs, const struct oid *id, struct error *e)
{
	if (!refs->ids) {
		refs->ids = calloc(refs->len + 1, sizeof(*refs->ids));
		if (!refs->ids)
			return error_set(e, STATUS_NOMEM, "out of memory");
		for (size_t i = 0; i < refs->len; i++)
			refs->ids[refs->ids_len++] = refs->list[i].id;
		if (!oid_is_zero(&refs->head))
			refs->ids[refs->ids_len++] = refs->head;
		qsort(refs->ids, refs->ids_len, sizeof(*refs->ids), compare);
	}
	*out = bsearch(id, refs->ids, refs->ids_len, sizeof(*refs->ids), compare) != NULL;
	return STATUS_OK;
}

static void ref_clear(struct ref *ref)
{
	free(ref->name);
	free(ref->target);
}

void refs_clear(struct refs *refs)
{
	for (size_t i = 0; i < refs->len; i++)
		ref_clear(&refs->list[i]);
	free(refs->list);
	free(refs->ids);
	free(refs->ends);
	buf_clear(&refs->doubts);
	*refs = (struct refs)REFS_INIT;
}

/* ---- the advertisement ---- */

struct advertisement {
	struct buf *out;
	const char *capabilities; /* behind the first line; NULL once it is written */
};

static void add_line(struct advertisement *a, const struct oid *id, const char *name, const char *suffix)
{
	char hex[OID_HEX_LEN + 1];
	struct buf line = BUF_INIT;

	oid_hex(hex, id);
	buf_addf(&line, "%s %s%s", hex, name, suffix);
	if (a->capabilities) {
		buf_addc(&line, 0);
		buf_adds(&line, a->capabilities);
		a->capabilities = NULL;
	}
	buf_addc(&line, '\n');
	if (buf_ok(&line))
		pkt_add(a->out, line.data, line.len);
	else
		a->out->failed = true;
	buf_clear(&line);
}

static void add_ends(struct buf *out, const struct refs *refs)
{
	char hex[OID_HEX_LEN + 1];

	for (size_t i = 0; i < refs->ends_len; i++) {
		oid_hex(hex, &refs->ends[i]);
		pkt_addf(out, "shallow %s", hex);
	}
}

void refs_advertise(struct buf *out, const struct refs *refs, const char *service, bool plain)
{
	bool fetch = strcmp(service, "git-upload-pack") == 0, head = fetch && !oid_is_zero(&refs->head);
	struct advertisement a = {.out = out};
	struct buf capabilities = BUF_INIT;
	const struct oid nothing = {{0}};

	buf_adds(&capabilities, fetch ? FETCH_CAPABILITIES : PUSH_CAPABILITIES);
	if (!fetch && plain)
		buf_adds(&capabilities, " delete-refs atomic");
	if (head && refs->head_target[0])
		buf_addf(&capabilities, " symref=HEAD:%s", refs->head_target);
	if (refs->log_merges > 0)
		buf_addf(&capabilities, " qip-log=%" PRId64, refs->log_merges);
	if (refs->authorities)
		buf_addf(&capabilities, " qip-ca=%s", refs->authorities);
	if (refs->blob_bytes > 0)
		buf_addf(&capabilities, " qip-blob-bytes=%" PRId64, refs->blob_bytes);
	buf_add(&capabilities, refs->doubts.data, refs->doubts.len);
	buf_adds(&capabilities, " " REFS_AGENT);
	a.capabilities = buf_text(&capabilities);
	pkt_addf(out, "# service=%s\n", service);
	pkt_flush(out);
	if (head)
		add_line(&a, &refs->head, "HEAD", "");
	for (size_t i = 0; i < refs->len; i++) {
		add_line(&a, &refs->list[i].id, refs->list[i].name, "");
		if (fetch && !oid_is_zero(&refs->list[i].peeled))
			add_line(&a, &refs->list[i].peeled, refs->list[i].name, "^{}");
	}
	if (a.capabilities)
		add_line(&a, &nothing, "capabilities^{}", "");
	add_ends(out, refs);
	pkt_flush(out);
	if (!buf_ok(&capabilities))
		out->failed = true;
	buf_clear(&capabilities);
}

/* Of a practice's refs, to those who read its log. */
static void tell_doubts(struct refs *refs, const struct request *r)
{
	const struct env *env = r->service->env;

	if (!r->repository && !oid_is_zero(&refs->head))
		doubts_tell(&refs->doubts, r->practice, view_registry(r->view), env->now_ms(env->ctx));
}

/* A device that has not finished joining gets an empty list: it asks before its first push. */
static void answer_refs(struct request *r)
{
	bool fetch = r->git_service && strcmp(r->git_service, "git-upload-pack") == 0;
	bool push = r->git_service && strcmp(r->git_service, "git-receive-pack") == 0;
	struct source source = SOURCE_INIT;
	struct authority *a = NULL;
	struct error e = {STATUS_OK, ""};
	struct buf out = BUF_INIT;

	if (!fetch && !push) {
		answer_text(&r->answer, 403, "this server speaks git's smart protocol alone: use git 1.6.6 or later");
		return;
	}
	e.status = source_open(&source, r, push, &e);
	if (e.status != STATUS_OK) {
		answer_error(&r->answer, &e);
		return;
	}
	if (fetch && !r->git_v2)
		tell_doubts(&source.refs, r);
	if (!r->repository) {
		a = authority_slot_hold(r->service->authority);
		source.refs.authorities = a->told;
		source.refs.blob_bytes = r->service->limits->blob_bytes;
	}
	if (fetch && r->git_v2)
		v2_advertise(&out);
	else
		refs_advertise(&out, &source.refs, r->git_service, r->repository != NULL);
	answer_bytes(&r->answer, 200,
		     fetch ? "application/x-git-upload-pack-advertisement"
			   : "application/x-git-receive-pack-advertisement",
		     &out);
	authority_release(a);
	source_close(&source);
	buf_clear(&out);
}

const struct handler handler_refs = {.needs_peer = true, .end = answer_refs};
const struct handler handler_plain_refs = {.end = answer_refs};
