/* client/cli/comments_release.c - qip comments release, withdraw: the text of a comment as a person lets it be shown, sealed beside the history; and back.
 *
 * No editor is called: it would leave the text on the disk, in files that nobody erases. Another text than the comment comes from a file or a pipe.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/inbox.h"
#include "client/sealed.h"
#include "core/utf8.h"

#define TEXT_MAX_BYTES (QIP_COMMENT_MAX * 4)

const struct arg_option options_comments_release[] = {
	{"text", "FILE", "this text instead; - reads it from standard input", false},
	{"redact", NULL, "what looks like personal data in that text becomes […]", false},
	{"yes", NULL, "release it; else it is only shown", false},
	{"even-so", NULL, "release what looks like personal data, too", false},
	{NULL, NULL, NULL, false},
};

/* ---- the text ---- */

static enum status read_input(struct buf *out, const char *name, struct error *e)
{
	char chunk[4096];
	enum status st = STATUS_OK;

	if (strcmp(name, "-") != 0)
		return cli_read_file(out, name, TEXT_MAX_BYTES, e);
	while (out->len <= TEXT_MAX_BYTES) {
		size_t n = fread(chunk, 1, sizeof(chunk), stdin);

		if (n == 0)
			break;
		buf_add(out, chunk, n);
	}
	if (ferror(stdin))
		st = error_set_errno(e, errno, "cannot read the standard input");
	explicit_bzero(chunk, sizeof(chunk));
	return st;
}

static enum status check_text(const struct buf *text, struct error *e)
{
	const char *all = buf_text(text);
	size_t chars = 0;

	if (!buf_ok(text))
		return error_set(e, STATUS_NOMEM, "out of memory");
	if (strlen(all) != text->len || !utf8_valid(&chars, all, text->len))
		return error_set(e, STATUS_INVALID, "the text is not UTF-8");
	if (chars > QIP_COMMENT_MAX)
		return error_set(e, STATUS_TOO_BIG, "the text has more than %d characters", QIP_COMMENT_MAX);
	if (all[strspn(all, " \t\r\n")] == '\0')
		return error_set(e, STATUS_INVALID, "the text is empty");
	return STATUS_OK;
}

/* The comment itself is redacted unless somebody insists; a text that a person made only when asked. */
static enum status make_text(struct buf *out, struct cli *c, const struct buf *comment, struct error *e)
{
	const char *name = args_get(&c->args, "text");
	bool redact = args_has(&c->args, "redact") || (!name && !args_has(&c->args, "even-so"));
	struct buf raw = BUF_SECRET;
	struct personal_found *found = NULL;
	size_t len = 0;
	enum status st = STATUS_OK;

	if (name)
		st = read_input(&raw, name, e);
	else
		buf_add(&raw, comment->data, comment->len);
	if (st == STATUS_OK)
		st = check_text(&raw, e);
	if (st == STATUS_OK)
		st = comments_personal(&found, &len, buf_text(&raw), e);
	if (st == STATUS_OK)
		comments_redact(out, buf_text(&raw), found, redact ? len : 0);
	free(found);
	buf_wipe(&raw);
	return st == STATUS_OK ? check_text(out, e) : st;
}

static enum status refuse_personal(const struct cli *c, const char *text, struct error *e)
{
	struct personal_found *found = NULL;
	struct buf named = BUF_SECRET;
	size_t len = 0;
	enum status st = args_has(&c->args, "even-so") ? STATUS_OK : comments_personal(&found, &len, text, e);

	for (size_t i = 0; i < len; i++)
		buf_addf(&named, "%s%s \"%.*s\"", i ? ", " : "", inbox_kind(found[i].kind), (int)found[i].len, text + found[i].at);
	if (st == STATUS_OK && len > 0)
		st = error_set(e, STATUS_REFUSED, "the text still holds %.700s; leave it out, or have it replaced with --redact, or say --even-so", buf_text(&named));
	buf_wipe(&named);
	free(found);
	return st;
}

/* ---- releasing ---- */

static enum status may_release(const struct comment *m, struct error *e)
{
	if (cJSON_IsTrue(json_get(json_get(m->feedback, "comment"), "publish")))
		return STATUS_OK;
	return error_set(e, STATUS_REFUSED, "the patient chose that this comment is not published, and that holds");
}

static enum status apply_release(void *ctx, cJSON *record, const struct stamp *stamp, struct error *e)
{
	const cJSON *ref = ctx;
	enum status st = record_set(record, "released", cJSON_Duplicate(ref, true), stamp, e);

	if (st == STATUS_OK)
		st = record_set(record, "publication", cJSON_CreateString("publish"), stamp, e);
	if (st == STATUS_OK && !json_get(record, "status"))
		st = record_set(record, "status", cJSON_CreateString("read"), stamp, e);
	return st;
}

/* The same text is released already: nothing is to be made, so that a repeated command leaves no second copy. */
static bool is_released(struct cli *c, const struct comment *m, const struct buf *text)
{
	struct buf before = BUF_SECRET;
	struct error why;
	bool same = strcmp(text_of(m->triage, "publication"), "publish") == 0 && record_conflicts(m->triage) == 0 &&
		    comments_open_released(&before, c->q, m->triage, &why) == STATUS_OK && before.len == text->len &&
		    memcmp(before.data, text->data, text->len) == 0;

	buf_wipe(&before);
	return same;
}

static enum status seal_and_keep(struct cli *c, const struct comment *m, const struct buf *text, struct error *e)
{
	cJSON *ref = NULL;
	enum status st = sealed_make(&ref, c->q, SEALED_RELEASED, text_of(m->feedback, "id"), text->data, text->len, e);

	if (st == STATUS_OK)
		st = inbox_change(c, m, NULL, "Release a text of answer", apply_release, ref, NULL, e);
	cJSON_Delete(ref);
	return st;
}

static enum status release(struct cli *c, const struct comment *m, const struct buf *text, struct error *e)
{
	bool done = is_released(c, m, text), yes = args_has(&c->args, "yes");
	enum status st = done || !yes ? STATUS_OK : seal_and_keep(c, m, text, e);

	if (st != STATUS_OK)
		return st;
	if (c->json) {
		cJSON *out = cJSON_CreateObject();

		put_string(&out, "id", text_of(m->feedback, "id"));
		put_string(&out, "text", buf_text(text));
		put_bool(&out, "released", done || yes);
		return cli_print_json(c, out, e);
	}
	fprintf(c->out, "%s\n", done ? "This is released already:" : yes ? "Released; next: qip sync" : "This would be released (nothing is yet; --yes releases it):");
	st = inbox_print_text(c, buf_text(text), 4, 0, e);
	if (st == STATUS_OK && !done && !yes)
		fprintf(c->out, "Please read it through: names of people are not found by programs.\n");
	return st;
}

enum status cmd_comments_release(struct cli *c, struct error *e)
{
	struct comment m = {0};
	struct buf comment = BUF_SECRET, text = BUF_SECRET;
	enum status st = inbox_find(&m, c, e);

	if (st == STATUS_OK)
		st = may_release(&m, e);
	if (st == STATUS_OK) /* who cannot read it, or when it is erased, cannot say that it may be shown */
		st = comments_open(&comment, c->q, m.feedback, e);
	if (st == STATUS_OK)
		st = make_text(&text, c, &comment, e);
	if (st == STATUS_OK)
		st = refuse_personal(c, buf_text(&text), e);
	if (st == STATUS_OK)
		st = release(c, &m, &text, e);
	buf_wipe(&comment);
	buf_wipe(&text);
	comment_clear(&m);
	return st;
}

/* ---- withdrawing ---- */

static enum status apply_withdrawal(void *ctx, cJSON *record, const struct stamp *stamp, struct error *e)
{
	enum status st = record_set(record, "publication", cJSON_CreateString("withhold"), stamp, e);

	(void)ctx;
	return st == STATUS_OK ? record_set(record, "released", cJSON_CreateNull(), stamp, e) : st;
}

enum status cmd_comments_withdraw(struct cli *c, struct error *e)
{
	struct comment m = {0};
	cJSON *after = NULL;
	enum status st = inbox_find(&m, c, e);

	if (st == STATUS_OK && !json_get(m.triage, "released") && record_conflicts(m.triage) == 0)
		st = error_set(e, STATUS_NOT_FOUND, "nothing of this comment is released");
	if (st == STATUS_OK)
		st = inbox_change(c, &m, NULL, "Withdraw the text of answer", apply_withdrawal, NULL, &after, e);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, after, e);
		after = NULL;
	} else if (st == STATUS_OK) {
		fprintf(c->out, "Withdrawn: it is shown no more; next: qip sync\n");
	}
	cJSON_Delete(after);
	comment_clear(&m);
	return st;
}
