/* kiosk/template.c - filling in the pages of kiosk/web. A template's name and values enter; HTML leaves. */
#include "kiosk/template.h"

#include <stdio.h>
#include <string.h>

#include "core/embed.h"

#define NAME_MAX_BYTES 40
#define NESTING_MAX 4

struct tag {
	enum tag_kind { TAG_VALUE, TAG_RAW, TAG_OPEN, TAG_CLOSE, TAG_TEXT, TAG_FILE } kind;
	char name[NAME_MAX_BYTES + 1];
	const char *start, *end; /* of the whole tag in the template */
};

void template_escape(struct buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		switch (*p) {
		case '&':
			buf_adds(out, "&amp;");
			break;
		case '<':
			buf_adds(out, "&lt;");
			break;
		case '>':
			buf_adds(out, "&gt;");
			break;
		case '"':
			buf_adds(out, "&quot;");
			break;
		case '\'':
			buf_adds(out, "&#39;");
			break;
		default:
			buf_addc(out, *p);
		}
	}
}

static enum tag_kind kind_of(char mark)
{
	switch (mark) {
	case '{':
		return TAG_RAW;
	case '#':
		return TAG_OPEN;
	case '/':
		return TAG_CLOSE;
	case ':':
		return TAG_TEXT;
	case '@':
		return TAG_FILE;
	default:
		return TAG_VALUE;
	}
}

/* The next tag from p on; STATUS_NOT_FOUND when there is none. */
static enum status find_tag(struct tag *out, const char *p, const char *end)
{
	const char *start = memmem(p, (size_t)(end - p), "{{", 2);
	const char *close = NULL, *name = NULL;
	size_t marks = 2, len = 0;

	if (!start)
		return STATUS_NOT_FOUND;
	name = start + 2;
	out->kind = name < end ? kind_of(*name) : TAG_VALUE;
	if (out->kind != TAG_VALUE)
		name++;
	if (out->kind == TAG_RAW)
		marks = 3;
	close = memmem(name, (size_t)(end - name), "}}}", marks);
	len = close ? (size_t)(close - name) : 0;
	if (len == 0 || len > NAME_MAX_BYTES)
		return STATUS_MALFORMED;
	memcpy(out->name, name, len);
	out->name[len] = '\0';
	out->start = start;
	out->end = close + marks;
	return STATUS_OK;
}

static const char *find_value(const struct texts_value *values, const char *name)
{
	for (; values->name; values++) {
		if (strcmp(values->name, name) == 0)
			return values->text;
	}
	return NULL;
}

static const char *find_close(const struct tag *open, const char *end)
{
	char close[NAME_MAX_BYTES + 6];

	(void)snprintf(close, sizeof(close), "{{/%s}}", open->name);
	return memmem(open->end, (size_t)(end - open->end), close, strlen(close));
}

/* What a whole page is made with. */
struct filling {
	const struct template_setting *setting;
	const struct texts_value *values;
};

static bool add_text(struct buf *out, const char *key, const struct filling *f)
{
	struct buf line = BUF_INIT;

	if (!texts_get(f->setting->texts, key))
		return false;
	texts_fill(&line, f->setting->texts, key, f->values);
	template_escape(out, buf_text(&line));
	out->failed = out->failed || !buf_ok(&line);
	buf_clear(&line);
	return true;
}

static bool add_file(struct buf *out, const char *name, const struct filling *f)
{
	const struct asset *asset = assets_named(f->setting->assets, name);

	if (asset)
		buf_adds(out, asset->path);
	return asset;
}

/* Whatever is no section; false when there is none of that name. */
static bool add_tag(struct buf *out, const struct tag *tag, const struct filling *f)
{
	const char *value = NULL;

	if (tag->kind == TAG_TEXT)
		return add_text(out, tag->name, f);
	if (tag->kind == TAG_FILE)
		return add_file(out, tag->name, f);
	value = tag->kind == TAG_CLOSE ? NULL : find_value(f->values, tag->name);
	if (!value)
		return false;
	if (tag->kind == TAG_RAW)
		buf_adds(out, value);
	else
		template_escape(out, value);
	return true;
}

static enum status fill(struct buf *out, const char *p, const char *end, const struct filling *f, int depth)
{
	struct tag tag;
	enum status st = STATUS_OK;

	while ((st = find_tag(&tag, p, end)) == STATUS_OK) {
		const char *value = NULL, *close = NULL;

		buf_add(out, p, (size_t)(tag.start - p));
		p = tag.end;
		if (tag.kind != TAG_OPEN) {
			if (!add_tag(out, &tag, f))
				return STATUS_MALFORMED;
			continue;
		}
		value = find_value(f->values, tag.name);
		close = find_close(&tag, end);
		if (!value || !close || depth > NESTING_MAX)
			return STATUS_MALFORMED;
		if (value[0])
			st = fill(out, p, close, f, depth + 1);
		if (st != STATUS_OK)
			return st;
		p = close + strlen(tag.name) + 5; /* {{/}} */
	}
	if (st != STATUS_NOT_FOUND)
		return st;
	buf_add(out, p, (size_t)(end - p));
	return STATUS_OK;
}

enum status template_render(struct buf *out, const struct template_setting *setting, const char *name, const struct texts_value *values,
			    struct error *e)
{
	const struct embedded *file = embed_find(kiosk_assets, name);
	const char *text = file ? (const char *)file->bytes : NULL;

	if (!file)
		return error_set(e, STATUS_NOT_FOUND, "the program holds no page %s", name);
	if (fill(out, text, text + file->len, &(struct filling){.setting = setting, .values = values}, 0) != STATUS_OK)
		return error_set(e, STATUS_MALFORMED, "the page %s does not fit its values", name);
	if (!buf_ok(out))
		return error_set(e, STATUS_NOMEM, "no memory for the page %s", name);
	return STATUS_OK;
}
