/* server/v2.c - version 2 of git's protocol. */
#include "server/v2.h"

#include <stdlib.h>
#include <string.h>

#include "core/pkt.h"

bool v2_is_asked_for(const char *header)
{
	static const char wish[] = "version=2";

	for (const char *at = header; at; at = strchr(at, ':')) {
		at += *at == ':';
		if (strncmp(at, wish, sizeof(wish) - 1) == 0 && (!at[sizeof(wish) - 1] || at[sizeof(wish) - 1] == ':'))
			return true;
	}
	return false;
}

void v2_advertise(struct buf *out)
{
	pkt_addf(out, "version 2\n");
	pkt_addf(out, REFS_AGENT "\n");
	pkt_addf(out, "ls-refs=unborn\n");
	pkt_addf(out, "fetch=shallow wait-for-done\n");
	pkt_addf(out, "object-format=sha1\n");
	pkt_flush(out);
}

/* ---- the command ---- */

/* What follows `word` in a packet of data, without its newline. */
static bool value_of(const char **value, size_t *len, const struct pkt *p, const char *word)
{
	size_t word_len = strlen(word);

	if (p->kind != PKT_DATA || p->len < word_len || memcmp(p->bytes, word, word_len) != 0)
		return false;
	*value = p->bytes + word_len;
	*len = p->len - word_len;
	if (*len > 0 && (*value)[*len - 1] == '\n')
		(*len)--;
	return true;
}

static enum status torn(struct error *e)
{
	return error_set(e, STATUS_MALFORMED, "the request is torn or no sequence of git's packets");
}

/* "command=…", or one of the client's own capabilities, which change nothing here. */
static enum status read_key(struct v2_command *c, const struct pkt *p, struct error *e)
{
	const char *value = NULL;
	size_t len = 0;

	if (pkt_is(p, "command=ls-refs") && c->kind == V2_NOTHING)
		c->kind = V2_LS_REFS;
	else if (pkt_is(p, "command=fetch") && c->kind == V2_NOTHING)
		c->kind = V2_FETCH;
	else if (value_of(&value, &len, p, "command="))
		return error_set(e, STATUS_MALFORMED, "a request has one command, ls-refs or fetch");
	else if (value_of(&value, &len, p, "object-format=") && (len != 4 || memcmp(value, "sha1", 4) != 0))
		return error_set(e, STATUS_MALFORMED, "the objects of this history have SHA-1 names");
	return STATUS_OK;
}

enum status v2_command_parse(struct v2_command *out, const char *bytes, size_t len, struct error *e)
{
	struct v2_command c = {.kind = V2_NOTHING};
	enum status st = STATUS_OK;
	struct pkt p = {0};
	size_t at = 0, before = 0;

	while (st == STATUS_OK) {
		before = at;
		if (pkt_next(&p, bytes, len, &at) != STATUS_OK)
			return torn(e);
		if (p.kind != PKT_DATA)
			break;
		st = read_key(&c, &p, e);
	}
	if (st != STATUS_OK)
		return st;
	if (c.kind == V2_NOTHING && (p.kind != PKT_FLUSH || before > 0))
		return error_set(e, STATUS_MALFORMED, "a request has one command, ls-refs or fetch");
	/* without a delimiter there are no arguments: the flush is what is left */
	if (p.kind == PKT_FLUSH)
		at = before;
	c.arguments = bytes + at;
	c.arguments_len = len - at;
	*out = c;
	return STATUS_OK;
}

/* ---- ls-refs ---- */

struct prefix {
	const char *text; /* borrowed */
	size_t len;
};

struct ls_refs {
	bool symrefs, peel, unborn, all;
	struct prefix *prefixes; /* owned */
	size_t len;
};

static void add_prefix(struct ls_refs *l, const struct prefix *p)
{
	/* ref-prefix only spares bytes: the client looks through what it gets */
	if (l->len == LIMIT_REF_PREFIXES)
		l->all = true;
	else
		l->prefixes[l->len++] = *p;
}

static enum status read_ls_refs(struct ls_refs *l, const struct v2_command *c, struct error *e)
{
	struct prefix prefix = {NULL, 0};
	struct pkt p = {0};
	size_t at = 0;

	for (;;) {
		if (pkt_next(&p, c->arguments, c->arguments_len, &at) != STATUS_OK)
			return torn(e);
		if (p.kind == PKT_FLUSH)
			return STATUS_OK;
		if (pkt_is(&p, "symrefs"))
			l->symrefs = true;
		else if (pkt_is(&p, "unborn"))
			l->unborn = true;
		else if (value_of(&prefix.text, &prefix.len, &p, "ref-prefix "))
			add_prefix(l, &prefix);
		else if (pkt_is(&p, "peel"))
			l->peel = true;
		else
			return error_set(e, STATUS_MALFORMED, "ls-refs has an argument that this server did not offer");
	}
}

static bool is_asked_for(const struct ls_refs *l, const char *name)
{
	bool asked = l->all || l->len == 0;

	for (size_t i = 0; !asked && i < l->len; i++)
		asked = strncmp(name, l->prefixes[i].text, l->prefixes[i].len) == 0;
	return asked;
}

static void list_head(struct buf *out, const struct ls_refs *l, const struct refs *refs)
{
	bool born = !oid_is_zero(&refs->head), target = l->symrefs && refs->head_target[0];
	char hex[OID_HEX_LEN + 1] = "unborn";

	if (!is_asked_for(l, "HEAD") || (!born && !(l->unborn && target)))
		return;
	if (born)
		oid_hex(hex, &refs->head);
	pkt_addf(out, "%s HEAD%s%s\n", hex, target ? " symref-target:" : "", target ? refs->head_target : "");
}

static void list_ref(struct buf *out, const struct ls_refs *l, const struct ref *ref)
{
	char hex[OID_HEX_LEN + 1], peeled[OID_HEX_LEN + 1];
	bool peel = l->peel && !oid_is_zero(&ref->peeled), target = l->symrefs && ref->target;

	oid_hex(hex, &ref->id);
	oid_hex(peeled, &ref->peeled);
	pkt_addf(out, "%s %s%s%s%s%s\n", hex, ref->name, target ? " symref-target:" : "", target ? ref->target : "",
		 peel ? " peeled:" : "", peel ? peeled : "");
}

static void list_refs(struct buf *out, const struct ls_refs *l, const struct refs *refs)
{
	list_head(out, l, refs);
	for (size_t i = 0; i < refs->len; i++) {
		if (is_asked_for(l, refs->list[i].name))
			list_ref(out, l, &refs->list[i]);
	}
	pkt_flush(out);
}

enum status v2_ls_refs(struct buf *out, const struct v2_command *c, const struct refs *refs, struct error *e)
{
	struct ls_refs l = {.prefixes = calloc(LIMIT_REF_PREFIXES, sizeof(*l.prefixes))};
	enum status st = l.prefixes ? read_ls_refs(&l, c, e) : error_set(e, STATUS_NOMEM, "out of memory");

	if (st == STATUS_OK)
		list_refs(out, &l, refs);
	if (st == STATUS_OK && !buf_ok(out))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	free(l.prefixes);
	return st;
}
