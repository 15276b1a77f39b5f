/* server/link.c - one link of a practice's log. */
#include "server/link.h"

#include <stdio.h>
#include <string.h>

#include "core/signature.h"

void link_signers_begin(struct link_signers *out, struct repo *r, const struct registry *reg, const struct key *own)
{
	server_chain_begin(&out->chain, r, reg ? reg->root_ssh : "");
	out->own = reg ? NULL : own;
}

enum status link_signed(bool *out, struct link_signers *s, const struct commit *c, struct error *e)
{
	if (s->chain.root_ssh[0])
		return server_chain_check(out, &s->chain, c, e);
	*out = s->own && c->signature && signature_check(c->signature, strlen(c->signature), s->own, SIGNATURE_NAMESPACE_GIT, c->signed_text,
							 c->signed_len, NULL) == STATUS_OK;
	return STATUS_OK;
}

static enum status parse(struct link *l, const struct commit *c, struct error *e)
{
	struct merge_note note = {.index = 0};
	enum status st = STATUS_OK;

	l->tree = c->tree;
	if (c->parents_len == 0)
		return STATUS_OK;
	if (c->parents_len != 2 || merge_note_parse(&note, c->message, NULL) != STATUS_OK) {
		char hex[OID_HEX_LEN + 1];

		oid_hex(hex, &l->id);
		st = error_set(e, STATUS_CORRUPT, "commit %s of the log is no merge", hex);
	} else {
		l->parent = c->parents[0];
		l->head = c->parents[1];
		l->index = note.index;
		(void)snprintf(l->device, sizeof(l->device), "%s", note.device);
	}
	buf_clear(&note.kept);
	return st;
}

static enum status read_link(struct link *out, struct repo *r, const struct oid *id, struct link_signers *signers, struct error *e)
{
	struct link l = {.id = *id};
	struct commit c = COMMIT_INIT;
	char hex[OID_HEX_LEN + 1];
	bool is_signed = true;
	enum status st = repo_commit_read(&c, r, id, e);

	oid_hex(hex, id);
	if (st == STATUS_NOT_FOUND)
		st = error_set(e, STATUS_CORRUPT, "commit %s of the log is missing", hex);
	if (st == STATUS_OK)
		st = parse(&l, &c, e);
	if (st == STATUS_OK && signers)
		st = link_signed(&is_signed, signers, &c, e);
	if (st == STATUS_OK && !is_signed)
		st = error_set(e, STATUS_UNTRUSTED, "commit %s of the log is not signed by this server's key of the practice", hex);
	if (st == STATUS_OK)
		*out = l;
	commit_clear(&c);
	return st;
}

enum status link_read(struct link *out, struct repo *r, const struct oid *id, struct error *e)
{
	return read_link(out, r, id, NULL, e);
}

enum status link_check(struct link *out, struct repo *r, const struct oid *id, struct link_signers *s, struct error *e)
{
	return read_link(out, r, id, s, e);
}
