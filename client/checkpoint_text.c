/* client/checkpoint_text.c - how far this home has followed the log, as a text that goes by mail or phone, not through the server.
 *
 * Five short lines, which are signed (SSHSIG, namespace "qip-checkpoint"), and the signature. Line ends and blanks around them may change on the way.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/place.h"
#include "client/seen.h"
#include "core/signature.h"

#define BEGIN_LINE "-----BEGIN SSH SIGNATURE-----"

static void add_lines(struct buf *out, const char *ods, const struct stated *s)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, &s->main);
	buf_addf(out, "qip checkpoint of %s\ndevice %s\nmerge %" PRId64 "\ncommit %s\nat %s\n", ods, s->device, s->index, hex, s->at);
}

static enum status make_text(struct buf *out, const struct qip *q, const struct stated *s, struct error *e)
{
	struct buf signature = BUF_INIT;
	enum status st = STATUS_OK;

	add_lines(out, q->identity.ods, s);
	if (buf_ok(out))
		st = signature_make(&signature, q->key, SIGNATURE_NAMESPACE_CHECKPOINT, out->data, out->len, e);
	buf_add(out, signature.data, signature.len);
	buf_adds(out, "\n");
	buf_clear(&signature);
	return st != STATUS_OK || buf_ok(out) ? st : error_set(e, STATUS_NOMEM, "out of memory");
}

enum status qip_checkpoint(struct qip_checkpoint *out, struct qip *q, struct error *e)
{
	struct qip_checkpoint c = {.text = BUF_INIT};
	struct stated s = {.index = 0};
	struct place end = {.index = 0};
	enum status st = qip_main(&s.main, q, e);

	if (st == STATUS_OK)
		st = place_read(&end, q, &s.main, e);
	if (st != STATUS_OK)
		return st;
	s.index = c.index = end.index;
	oid_hex(c.main, &s.main);
	memcpy(c.received, end.received, sizeof(c.received));
	memcpy(s.device, q->identity.device, sizeof(s.device));
	time_format(s.at, state_now_ms(&q->state, q->env));
	st = make_text(&c.text, q, &s, e);
	if (st == STATUS_OK)
		*out = c;
	else
		buf_clear(&c.text);
	return st;
}

/* ---- reading ---- */

/* The words between `label` and the line's end, blanks apart; "" when the text does not go on with the label. Moves *at on. */
static void take_line(char *out, size_t size, const char **at, const char *label)
{
	const char *from = *at + strspn(*at, " \t\r\n");
	size_t len = strlen(label), end;

	out[0] = '\0';
	if (strncmp(from, label, len) != 0)
		return;
	from += len;
	end = strcspn(from, "\r\n");
	*at = from + end;
	while (end > 0 && (from[end - 1] == ' ' || from[end - 1] == '\t'))
		end--;
	if (end < size)
		(void)snprintf(out, size, "%.*s", (int)end, from);
}

static bool parse_index(int64_t *out, const char *text)
{
	char *end = NULL;

	if (strspn(text, "0123456789") != strlen(text) || !text[0] || strlen(text) > 15)
		return false;
	*out = strtoll(text, &end, 10);
	return *end == '\0';
}

/* 40 hex digits, in groups as they may be. */
static bool parse_commit(struct oid *out, const char *text)
{
	char hex[OID_HEX_LEN + 1] = "";
	size_t len = 0;

	for (; *text; text++) {
		if (strchr(" \t\r\n-", *text))
			continue;
		if (len == OID_HEX_LEN)
			return false;
		hex[len++] = *text >= 'A' && *text <= 'F' ? (char)(*text - 'A' + 'a') : *text;
	}
	return oid_parse(out, hex, len) == STATUS_OK;
}

static enum status no_checkpoint(struct error *e)
{
	return error_set(e, STATUS_MALFORMED,
			 "that is no checkpoint: give the text that \"qip checkpoint --signed\" printed, or a merge's number and its commit of 40 digits");
}

/* "<number> <commit>", as read out. */
static enum status parse_short(struct stated *out, const char *text, struct error *e)
{
	char number[24];
	size_t len = 0;

	text += strspn(text, " \t\r\n");
	len = strcspn(text, " \t\r\n");
	if (len >= sizeof(number))
		return no_checkpoint(e);
	(void)snprintf(number, sizeof(number), "%.*s", (int)len, text);
	return parse_index(&out->index, number) && parse_commit(&out->main, text + len) ? STATUS_OK : no_checkpoint(e);
}

/* The armor without what mail put around it: each line by itself. */
static void tidy_armor(struct buf *out, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n"), kept = len;

		while (kept > 0 && strchr(" \t\r", text[kept - 1]))
			kept--;
		if (kept > 0) {
			if (out->len > 0)
				buf_adds(out, "\n");
			buf_add(out, text, kept);
		}
		text += len + (text[len] == '\n');
	}
}

static enum status check_signature(struct qip *q, const struct stated *s, const char *armor, struct error *e)
{
	const struct registry *reg = NULL;
	const struct device *device = NULL;
	struct buf lines = BUF_INIT, tidy = BUF_INIT;
	enum status st = view_registry(&reg, q, e);

	if (st == STATUS_OK)
		device = registry_find(reg, s->device);
	if (st == STATUS_OK && (!device || !device->key))
		st = error_set(e, STATUS_UNTRUSTED, "%s is no device of practice %s that this home knows: sync first, if it has just joined", s->device,
			       q->identity.ods);
	if (st == STATUS_OK && (device->revoked || device->role == ROLE_KIOSK))
		st = error_set(e, STATUS_UNTRUSTED, "%s %s: its word on the log does not count", s->device,
			       device->revoked ? "was revoked" : "is a kiosk, which is not shown the log");
	if (st != STATUS_OK)
		return st;
	add_lines(&lines, q->identity.ods, s);
	tidy_armor(&tidy, armor);
	if (!buf_ok(&lines) || !buf_ok(&tidy))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	else if (signature_check(buf_text(&tidy), tidy.len, device->key, SIGNATURE_NAMESPACE_CHECKPOINT, lines.data, lines.len, NULL) != STATUS_OK)
		st = error_set(e, STATUS_UNTRUSTED, "the text is not as %s signed it: ask for it again", s->device);
	buf_clear(&lines);
	buf_clear(&tidy);
	return st;
}

static enum status parse_signed(struct stated *out, struct qip *q, const char *text, struct error *e)
{
	char ods[16], index[24], commit[64];
	const char *armor = NULL;

	take_line(ods, sizeof(ods), &text, "qip checkpoint of ");
	take_line(out->device, sizeof(out->device), &text, "device ");
	take_line(index, sizeof(index), &text, "merge ");
	take_line(commit, sizeof(commit), &text, "commit ");
	take_line(out->at, sizeof(out->at), &text, "at ");
	armor = strstr(text, BEGIN_LINE);
	if (!armor || !ods[0] || !name_valid(out->device) || !parse_index(&out->index, index) || !parse_commit(&out->main, commit) || !out->at[0])
		return no_checkpoint(e);
	if (strcmp(ods, q->identity.ods) != 0)
		return error_set(e, STATUS_UNTRUSTED, "the text speaks of practice %s, and this home is of %s", ods, q->identity.ods);
	return check_signature(q, out, armor, e);
}

/* ---- comparing ---- */

/* What was read out may have been misheard: it is said, and not kept. */
static enum status compare_short(struct qip_checked *out, struct qip *q, const struct stated *s, const struct oid *main, struct error *e)
{
	struct oid here;
	char hex[OID_HEX_LEN + 1];
	enum status st = place_find(&here, q, main, s->index, e);

	if (st == STATUS_NOT_FOUND) {
		out->waits = true;
		return STATUS_OK;
	}
	if (st != STATUS_OK || oid_equal(&here, &s->main))
		return st;
	oid_hex(hex, &here);
	return error_set(e, STATUS_CONTRADICTED,
			 "merge %" PRId64 " is another one here: %s. Read both out again; if they still differ, the server shows different histories: let them "
			 "send the text of \"qip checkpoint --signed\", and check that",
			 s->index, hex);
}

enum status qip_checkpoint_check(struct qip_checked *out, struct qip *q, const char *text, size_t len, struct error *e)
{
	struct qip_checked c = {.waits = false};
	struct stated s = {.index = 0};
	struct oid main;
	bool is_short = !memmem(text, len, BEGIN_LINE, strlen(BEGIN_LINE));
	enum status st = strlen(text) == len && len <= LIMIT_STATEMENT_BYTES ? STATUS_OK : no_checkpoint(e);

	if (st == STATUS_OK)
		st = is_short ? parse_short(&s, text, e) : parse_signed(&s, q, text, e);
	if (st == STATUS_OK)
		st = qip_main(&main, q, e);
	if (st != STATUS_OK)
		return st;
	memcpy(c.device, s.device, sizeof(c.device));
	c.index = s.index;
	st = is_short ? compare_short(&c, q, &s, &main, e) : seen_compare_one(q, &s, &main, e);
	if (st == STATUS_NOT_FOUND) {
		c.waits = true;
		st = seen_wait_for(q, &s, e);
	}
	if (st == STATUS_OK)
		*out = c;
	return st;
}
