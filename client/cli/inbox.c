/* client/cli/inbox.c - see inbox.h. */
#include "client/cli/inbox.h"

#include <stdlib.h>
#include <string.h>

#include "client/cli/secret.h"
#include "client/cli/text.h"

#define INDENT_MAX 20
/* Stand for the marks while text is cleaned and wrapped; of the private use area, and taken out of what a patient typed. */
#define MARK_ON "\xee\x80\x80"  /* U+E000 */
#define MARK_OFF "\xee\x80\x81" /* U+E001 */
#define MARK_LEN 3

enum status inbox_open(struct cli *c, struct error *e)
{
	enum status st = cli_open_sealed(c, e);
	enum role role = st == STATUS_OK ? qip_identity(c->q)->role : ROLE_NONE;

	if (st == STATUS_OK && role != ROLE_STAFF && role != ROLE_MANAGER)
		return error_set(e, STATUS_DENIED, "the device %s has the role %s; patients' comments are read on devices of the practice's staff alone",
				 qip_identity(c->q)->device, role_text(role));
	return st;
}

enum status inbox_find(struct comment *out, struct cli *c, struct error *e)
{
	enum status st = inbox_open(c, e);

	return st == STATUS_OK ? comments_find(out, c->q, cli_word(c, 0), e) : st;
}

void inbox_day(char out[11], const struct cli *c, int days)
{
	date_format(out, qip_now_ms(c->q) + (int64_t)days * 86400000);
}

const char *inbox_kind(enum personal_kind kind)
{
	static const char *const names[PERSONAL_KINDS] = {"NHS number", "telephone number", "e-mail address", "postcode", "full date", "web address"};

	return names[kind];
}

cJSON *inbox_personal_json(const char *text)
{
	struct personal_found *found = NULL;
	size_t len = 0;
	cJSON *list = cJSON_CreateArray();

	if (comments_personal(&found, &len, text, NULL) != STATUS_OK) {
		cJSON_Delete(list);
		return NULL;
	}
	for (size_t i = 0; i < len; i++) {
		cJSON *item = cJSON_CreateObject();
		char *what = strndup(text + found[i].at, found[i].len);

		put_string(&item, "kind", personal_kind_name(found[i].kind));
		put_string(&item, "text", what ? what : "");
		push_item(&list, item);
		free(what);
	}
	free(found);
	return list;
}

/* ---- marks ---- */

/* A part of the text, cleaned; a mark that a patient typed goes. */
static void add_part(struct buf *out, const char *text, size_t len)
{
	struct buf part = BUF_SECRET;

	for (size_t i = 0; i < len; i++) {
		if (i + MARK_LEN <= len && (memcmp(text + i, MARK_ON, MARK_LEN) == 0 || memcmp(text + i, MARK_OFF, MARK_LEN) == 0))
			i += MARK_LEN - 1;
		else
			buf_addc(&part, text[i]);
	}
	text_clean(out, buf_text(&part), 0);
	buf_wipe(&part);
}

/* One line of the text, from byte `from` to `end`, with what of `found` stands in it. */
static void mark_line(struct buf *out, const char *text, size_t from, size_t end, const struct personal_found *found, size_t len, bool bold)
{
	for (size_t i = 0; i < len; i++) {
		const struct personal_found *f = &found[i];

		if (f->at < from || f->at >= end)
			continue;
		add_part(out, text + from, f->at - from);
		buf_adds(out, bold ? MARK_ON : "[[");
		from = f->at + f->len < end ? f->at + f->len : end;
		add_part(out, text + f->at, from - f->at);
		if (bold)
			buf_adds(out, MARK_OFF);
		else
			buf_addf(out, " (%s)]]", inbox_kind(f->kind));
	}
	add_part(out, text + from, end - from);
}

/* Marks become inverse video, which does not go over the line's end. */
static void put_marked(FILE *out, const char *text)
{
	bool on = false, shown = false;

	for (const char *p = text; *p; p++) {
		if (memcmp(p, MARK_ON, 2) == 0 && (p[2] == MARK_ON[2] || p[2] == MARK_OFF[2])) {
			on = p[2] == MARK_ON[2];
			p += MARK_LEN - 1;
		} else {
			if (shown != (on && *p != '\n' && *p != ' ')) {
				shown = !shown;
				fputs(shown ? "\033[7m" : "\033[27m", out);
			}
			fputc(*p, out);
		}
	}
	if (shown)
		fputs("\033[27m", out);
}

/* Where the text is cut: behind so many characters. */
static size_t cut_at(const char *text, size_t max_chars)
{
	size_t at = 0, chars = 0;

	for (; text[at]; at++)
		if (((unsigned char)text[at] & 0xc0) != 0x80 && max_chars > 0 && chars++ == max_chars)
			break;
	return at;
}

static void print_lines(FILE *out, const char *text, size_t len, size_t indent, const struct personal_found *found, size_t found_len, bool bold)
{
	for (size_t at = 0; at < len;) {
		size_t end = at + strcspn(text + at, "\n");
		struct buf line = BUF_SECRET;

		end = end < len ? end : len;
		mark_line(&line, text, at, end, found, found_len, bold);
		if (end == len && text[len])
			buf_adds(&line, "…");
		fprintf(out, "%*s", (int)indent, "");
		text_wrap(out, buf_text(&line), indent);
		buf_wipe(&line);
		at = end + 1;
	}
}

enum status inbox_print_text(struct cli *c, const char *text, size_t indent, size_t max_chars, struct error *e)
{
	struct personal_found *found = NULL;
	size_t len = 0, size = 0;
	char *shown = NULL;
	FILE *out = open_memstream(&shown, &size);
	enum status st = out ? comments_personal(&found, &len, text, e) : error_set(e, STATUS_NOMEM, "out of memory");

	if (st == STATUS_OK)
		print_lines(out, text, cut_at(text, max_chars), indent < INDENT_MAX ? indent : INDENT_MAX, found, len, c->bold);
	if (out && fclose(out) != 0 && st == STATUS_OK)
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		put_marked(c->out, shown);
	if (shown)
		explicit_bzero(shown, size);
	free(shown);
	free(found);
	return st;
}
