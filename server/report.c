/* server/report.c - the report on a push. */
#include "server/report.h"

#include "core/pkt.h"

static void add_line(struct buf *lines, struct buf *line)
{
	buf_addc(line, '\n');
	if (buf_ok(line))
		pkt_add(lines, line->data, line->len);
	else
		lines->failed = true;
	buf_clear(line);
}

void report_sentence(struct buf *out, const char *sentence)
{
	size_t left = LIMIT_REASON_BYTES;

	for (const char *at = sentence; *at && left > 0; at++, left--)
		buf_addc(out, (unsigned char)*at < ' ' ? ' ' : *at);
	/* not in the middle of a character */
	while (left == 0 && out->len > 0 && (out->data[out->len - 1] & 0xc0) == 0x80)
		out->len--;
	if (left == 0 && out->len > 0 && (out->data[out->len - 1] & 0xc0) == 0xc0)
		out->len--;
	if (out->data)
		out->data[out->len] = 0;
}

void report_unpack(struct buf *lines, const char *fault)
{
	struct buf line = BUF_INIT;

	buf_adds(&line, "unpack ");
	report_sentence(&line, fault ? fault : "ok");
	add_line(lines, &line);
}

void report_ref(struct buf *lines, const char *ref, const char *refusal)
{
	struct buf line = BUF_INIT;

	buf_addf(&line, "%s %s", refusal ? "ng" : "ok", ref);
	if (refusal) {
		buf_addc(&line, ' ');
		buf_adds(&line, refusal);
	}
	add_line(lines, &line);
}

void report_message(struct buf *out, const struct commands *c, const char *sentence)
{
	struct buf line = BUF_INIT;

	report_sentence(&line, sentence);
	buf_addc(&line, '\n');
	if (!buf_ok(&line))
		out->failed = true;
	else if (c->side_band && !c->quiet)
		pkt_band(out, 2, line.data, line.len);
	buf_clear(&line);
}

void report_send(struct buf *out, struct buf *lines, const struct commands *c)
{
	pkt_flush(lines);
	if (!buf_ok(lines)) {
		out->failed = true;
	} else if (c->side_band) {
		pkt_band(out, 1, lines->data, lines->len);
		pkt_flush(out);
	} else {
		buf_add(out, lines->data, lines->len);
	}
}
