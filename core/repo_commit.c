/* core/repo_commit.c - commit objects: built as text and signed; parsed strictly. A signed commit is
 *
 *   tree <hex>                               exactly one
 *   parent <hex>                             none to REPO_MAX_PARENTS
 *   author <name> <<email>> <seconds> +0000
 *   committer ...
 *   gpgsig -----BEGIN SSH SIGNATURE-----     further lines indented by one blank; see gitformat-signature(5)
 *   (empty line) and the message
 *
 * and the signature is over the same text without the gpgsig header. Every other header makes the commit invalid.
 */
#include "core/repo_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/signature.h"

#define TIME_DIGITS_MAX 12

/* ---- writing ---- */

static bool person_allowed(const char *text)
{
	return text && text[0] && !strpbrk(text, "<>\n\r") && text[0] != ' ' && text[strlen(text) - 1] != ' ';
}

static void add_person(struct buf *out, const char *header, const struct commit_spec *spec)
{
	int64_t seconds = spec->time_ms < 0 ? 0 : spec->time_ms / 1000;

	buf_addf(out, "%s %s <%s> %lld +0000\n", header, spec->name, spec->email, (long long)seconds);
}

static void add_headers(struct buf *out, const struct commit_spec *spec)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, &spec->tree);
	buf_addf(out, "tree %s\n", hex);
	for (size_t i = 0; i < spec->parents_len; i++) {
		oid_hex(hex, &spec->parents[i]);
		buf_addf(out, "parent %s\n", hex);
	}
	add_person(out, "author", spec);
	add_person(out, "committer", spec);
}

static void add_signature(struct buf *out, const struct buf *signature)
{
	buf_adds(out, "gpgsig ");
	for (size_t i = 0; i < signature->len; i++) {
		buf_addc(out, (char)signature->data[i]);
		if (signature->data[i] == '\n')
			buf_addc(out, ' ');
	}
	buf_addc(out, '\n');
}

static enum status check_spec(const struct commit_spec *spec, struct error *e)
{
	size_t len = spec->message ? strlen(spec->message) : 0;

	if (!spec->key || spec->parents_len > REPO_MAX_PARENTS || !person_allowed(spec->name) ||
	    !person_allowed(spec->email) || len == 0 || spec->message[len - 1] != '\n')
		return error_set(e, STATUS_USAGE,
				 "a commit needs a key, a plain name and address, and a message that ends its line");
	return STATUS_OK;
}

static enum status sign(struct buf *signature, const struct buf *headers, const struct commit_spec *spec,
			struct error *e)
{
	struct buf text = BUF_INIT;
	enum status st = STATUS_OK;

	buf_add(&text, headers->data, headers->len);
	buf_addf(&text, "\n%s", spec->message);
	if (buf_ok(&text))
		st = signature_make(signature, spec->key, SIGNATURE_NAMESPACE_GIT, text.data, text.len, e);
	else
		st = error_set(e, STATUS_NOMEM, "no memory to write a commit");
	buf_clear(&text);
	return st;
}

enum status repo_commit_write(struct oid *out, struct repo *r, const struct commit_spec *spec, struct error *e)
{
	struct buf text = BUF_INIT, signature = BUF_INIT;
	enum status st = check_spec(spec, e);

	if (st)
		return st;
	add_headers(&text, spec);
	st = sign(&signature, &text, spec, e);
	if (st)
		goto done;
	add_signature(&text, &signature);
	buf_addf(&text, "\n%s", spec->message);
	if (!buf_ok(&text) || !buf_ok(&signature))
		st = error_set(e, STATUS_NOMEM, "no memory to write a commit");
	else if (text.len > REPO_MAX_COMMIT_BYTES)
		st = error_set(e, STATUS_TOO_BIG, "a commit of %zu bytes; at most %zu are allowed", text.len,
			       REPO_MAX_COMMIT_BYTES);
	else
		st = repo_write_new(out, r, REPO_COMMIT, text.data, text.len, e);
done:
	buf_clear(&text);
	buf_clear(&signature);
	return st;
}

/* ---- reading ---- */

/* The rest of a raw commit, NUL-free; a step moves `at` forward on success only. */
struct reader {
	const char *at, *end;
};

static bool take_text(struct reader *in, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(in->end - in->at) < len || memcmp(in->at, text, len) != 0)
		return false;
	in->at += len;
	return true;
}

/* "<header> <hex>\n" */
static bool take_id(struct oid *out, struct reader *in, const char *header)
{
	struct reader try = *in;

	if (!take_text(&try, header) || try.end - try.at < OID_HEX_LEN + 1 || try.at[OID_HEX_LEN] != '\n' ||
	    oid_parse(out, try.at, OID_HEX_LEN))
		return false;
	try.at += OID_HEX_LEN + 1;
	*in = try;
	return true;
}

static bool take_seconds(int64_t *out, struct reader *in)
{
	const char *start = in->at;
	int64_t value = 0;

	while (in->at < in->end && *in->at >= '0' && *in->at <= '9' && in->at - start < TIME_DIGITS_MAX)
		value = value * 10 + (*in->at++ - '0');
	if (in->at == start || (*start == '0' && in->at - start > 1))
		return false;
	*out = value;
	return true;
}

/* " +0000\n" */
static bool take_zone(struct reader *in)
{
	if (in->end - in->at < 7 || in->at[0] != ' ' || (in->at[1] != '+' && in->at[1] != '-') || in->at[6] != '\n')
		return false;
	for (int i = 2; i < 6; i++)
		if (in->at[i] < '0' || in->at[i] > '9')
			return false;
	in->at += 7;
	return true;
}

/* Everything up to the first of the characters < > and newline. */
static struct reader take_plain(struct reader *in)
{
	struct reader plain = {in->at, in->at};

	while (in->at < in->end && !strchr("<>\n", *in->at))
		in->at++;
	plain.end = in->at;
	return plain;
}

struct person {
	struct reader name, email;
	int64_t seconds;
};

/* "<header> <name> <<email>> <seconds> <zone>\n" */
static bool take_person(struct person *out, struct reader *in, const char *header)
{
	if (!take_text(in, header))
		return false;
	out->name = take_plain(in);
	if (out->name.end - out->name.at < 2 || out->name.at[0] == ' ' || *--out->name.end != ' ' ||
	    !take_text(in, "<"))
		return false;
	out->email = take_plain(in);
	return out->email.at < out->email.end && take_text(in, "> ") && take_seconds(&out->seconds, in) &&
	       take_zone(in);
}

/* The signature as it was before its lines were indented; false for an ill-formed header. Absent is well-formed. */
static bool take_signature(struct buf *out, struct reader *in)
{
	if (!take_text(in, "gpgsig "))
		return true;
	for (;;) {
		const char *line_end = memchr(in->at, '\n', (size_t)(in->end - in->at));

		if (!line_end)
			return false;
		buf_add(out, in->at, (size_t)(line_end - in->at));
		in->at = line_end + 1;
		if (in->at == in->end || *in->at != ' ')
			return out->len > 0;
		buf_addc(out, '\n');
		in->at++;
	}
}

struct links {
	struct oid tree;
	struct oid parents[REPO_MAX_PARENTS];
	size_t parents_len;
};

static bool take_links(struct links *out, struct reader *in)
{
	struct oid parent;

	*out = (struct links){.parents_len = 0};
	if (!take_id(&out->tree, in, "tree "))
		return false;
	while (take_id(&parent, in, "parent ")) {
		if (out->parents_len == REPO_MAX_PARENTS)
			return false;
		out->parents[out->parents_len++] = parent;
	}
	return true;
}

struct parsed {
	struct links links;
	struct person author, committer;
	struct buf signature;
	struct reader headers; /* those that are signed */
	struct reader body;    /* from the empty line on */
};

static bool parse(struct parsed *out, const struct buf *raw)
{
	struct reader in = {buf_text(raw), buf_text(raw) + raw->len};

	if (raw->len == 0 || memchr(raw->data, '\0', raw->len))
		return false;
	out->headers.at = in.at;
	if (!take_links(&out->links, &in) || !take_person(&out->author, &in, "author ") ||
	    !take_person(&out->committer, &in, "committer "))
		return false;
	out->headers.end = in.at;
	if (!take_signature(&out->signature, &in))
		return false;
	out->body = in;
	return in.at < in.end && *in.at == '\n';
}

static enum status not_a_commit(const struct oid *id, struct error *e)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, id);
	return error_set(e, STATUS_INVALID, "commit %s is not of the allowed form", hex);
}

static enum status read_raw(struct buf *raw, struct repo *r, const struct oid *id, struct error *e)
{
	enum status st = repo_read(raw, r, id, REPO_COMMIT, REPO_MAX_COMMIT_BYTES, e);
	char hex[OID_HEX_LEN + 1];

	if (st != STATUS_TOO_BIG)
		return st;
	oid_hex(hex, id);
	return error_set(e, STATUS_INVALID, "commit %s has more than %zu bytes", hex, REPO_MAX_COMMIT_BYTES);
}

static char *copy_of(struct reader text)
{
	return strndup(text.at, (size_t)(text.end - text.at));
}

static enum status fill(struct commit *out, const struct parsed *p)
{
	size_t headers_len = (size_t)(p->headers.end - p->headers.at), body_len = (size_t)(p->body.end - p->body.at);

	out->tree = p->links.tree;
	memcpy(out->parents, p->links.parents, sizeof(out->parents));
	out->parents_len = p->links.parents_len;
	out->author_name = copy_of(p->author.name);
	out->author_email = copy_of(p->author.email);
	out->author_s = p->author.seconds;
	out->committer_s = p->committer.seconds;
	out->message = copy_of((struct reader){p->body.at + 1, p->body.end});
	out->signed_len = headers_len + body_len;
	out->signed_text = malloc(out->signed_len + 1);
	if (!out->author_name || !out->author_email || !out->message || !out->signed_text)
		return STATUS_NOMEM;
	memcpy(out->signed_text, p->headers.at, headers_len);
	memcpy(out->signed_text + headers_len, p->body.at, body_len);
	out->signed_text[out->signed_len] = '\0';
	if (p->signature.len) {
		out->signature = strdup(buf_text(&p->signature));
		if (!out->signature)
			return STATUS_NOMEM;
	}
	return buf_ok(&p->signature) ? STATUS_OK : STATUS_NOMEM;
}

enum status repo_commit_read(struct commit *out, struct repo *r, const struct oid *id, struct error *e)
{
	struct buf raw = BUF_INIT;
	struct parsed p = {0};
	struct commit c = COMMIT_INIT;
	enum status st = read_raw(&raw, r, id, e);

	if (st)
		goto done;
	if (!parse(&p, &raw)) {
		st = not_a_commit(id, e);
		goto done;
	}
	st = fill(&c, &p);
	if (st) {
		error_set(e, st, "no memory to read a commit");
		goto done;
	}
	*out = c;
	c = (struct commit)COMMIT_INIT;
done:
	commit_clear(&c);
	buf_clear(&p.signature);
	buf_clear(&raw);
	return st;
}

void commit_clear(struct commit *c)
{
	free(c->author_name);
	free(c->author_email);
	free(c->message);
	free(c->signature);
	free(c->signed_text);
	*c = (struct commit)COMMIT_INIT;
}
