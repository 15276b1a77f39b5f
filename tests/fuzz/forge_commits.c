#include "tests/fuzz/forge_commits.h"

#include <stdio.h>
#include <string.h>

#include "tests/fuzz/forge_bytes.h"

static void replace(struct buf *text, size_t at, size_t cut, const struct buf *by)
{
	struct buf out = BUF_INIT;

	buf_add(&out, text->data, at);
	buf_add(&out, by->data, by->len);
	buf_add(&out, text->data + at + cut, text->len - at - cut);
	buf_clear(text);
	*text = out;
}

/* Where the line begins that the forger looks at; its length with the line's end in *len. */
static size_t pick_line(size_t *len, const struct buf *text, struct dice *d)
{
	const char *start = buf_text(text), *at = start, *end;

	for (size_t n = dice_roll(d, 12); n > 0 && (end = strchr(at, '\n')) && end[1]; n--)
		at = end + 1;
	end = strchr(at, '\n');
	*len = end ? (size_t)(end - at) + 1 : strlen(at);
	return (size_t)(at - start);
}

static void change_line(struct buf *text, struct dice *d)
{
	size_t len, at = pick_line(&len, text, d);
	struct buf line = BUF_INIT;

	buf_add(&line, text->data + at, len);
	switch (dice_roll(d, 4)) {
	case 0: /* twice */
		replace(text, at, 0, &line);
		break;
	case 1: /* gone */
		buf_reset(&line);
		replace(text, at, len, &line);
		break;
	default:
		if (line.len > 0)
			forge_bytes(&line, d);
		replace(text, at, len, &line);
	}
	buf_clear(&line);
}

/* Other parents than it had: none, others, the same twice, thousands. */
static void change_parents(struct buf *text, const struct oid *others, size_t others_len, struct dice *d)
{
	static const size_t numbers[] = {0, 1, 2, 2, 3, 2000};
	const char *start = buf_text(text), *first = strchr(start, '\n'), *end;
	struct buf lines = BUF_INIT;
	char hex[OID_HEX_LEN + 1];

	if (!first)
		return;
	end = ++first;
	while (strncmp(end, "parent ", 7) == 0 && strchr(end, '\n'))
		end = strchr(end, '\n') + 1;
	for (size_t n = numbers[dice_roll(d, ARRAY_LEN(numbers))]; n > 0; n--) {
		oid_hex(hex, &others[dice_roll(d, others_len)]);
		buf_addf(&lines, "parent %s\n", hex);
	}
	replace(text, (size_t)(first - start), (size_t)(end - first), &lines);
	buf_clear(&lines);
}

/* What stands behind a label of the message, or the labels themselves. */
static void change_trailer(struct buf *text, struct dice *d)
{
	static const char *const labels[] = {"Merge ", "Qip-Device: ", "Qip-Received: ", "Qip-Index: ", "Qip-Rules: ", "author ", "committer "};
	static const char *const values[] = {"0", "-1", "9223372036854775808", "9007199254740991", "2", "64 sha256:00", "kib-kiosk", "server", "root", "nobody",
					     "1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "", "x\nQip-Kept: qip/x.json", "../x",
					     "kib-kiosk <kib-kiosk@c82999.qip.invalid> 99999999999 +0000", "a <b> 1 +9999"};
	const char *label = labels[dice_roll(d, ARRAY_LEN(labels))], *at = strstr(buf_text(text), label);
	struct buf value = BUF_INIT;

	if (!at) {
		buf_addf(text, "Qip-Kept: %s\n", values[dice_roll(d, ARRAY_LEN(values))]);
		return;
	}
	at += strlen(label);
	buf_adds(&value, values[dice_roll(d, ARRAY_LEN(values))]);
	replace(text, (size_t)(at - buf_text(text)), strcspn(at, "\n"), &value);
	buf_clear(&value);
}

static void blow_up(struct buf *text, struct dice *d)
{
	for (size_t n = dice_roll(d, 3000); n > 0; n--)
		buf_addf(text, "Qip-Kept: qip/%zu.json\n", n);
}

void forge_commit_text(struct buf *text, const struct oid *others, size_t others_len, struct dice *d)
{
	switch (dice_roll(d, 6)) {
	case 0:
		forge_bytes(text, d);
		break;
	case 1:
	case 2:
		change_parents(text, others, others_len, d);
		break;
	case 3:
		change_line(text, d);
		break;
	case 4:
		change_trailer(text, d);
		break;
	default:
		if (dice_once_in(d, 4))
			blow_up(text, d);
		else
			change_trailer(text, d);
	}
}

void forge_signature(struct buf *armored, const char *other, struct dice *d)
{
	switch (dice_roll(d, 4)) {
	case 0:
		buf_reset(armored);
		break;
	case 1:
		buf_reset(armored);
		buf_adds(armored, other);
		break;
	default:
		forge_bytes(armored, d);
	}
}

void commit_join(struct buf *raw, const struct buf *text, const char *armored)
{
	const char *start = buf_text(text), *gap = strstr(start, "\n\n");
	size_t headers = gap ? (size_t)(gap - start) + 1 : text->len;

	buf_add(raw, text->data, headers);
	if (armored[0]) {
		buf_adds(raw, "gpgsig ");
		for (const char *at = armored; *at; at++) {
			buf_addc(raw, *at);
			if (*at == '\n')
				buf_addc(raw, ' ');
		}
		buf_addc(raw, '\n');
	}
	buf_add(raw, text->data + headers, text->len - headers);
}
