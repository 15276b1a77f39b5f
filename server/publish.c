/* server/publish.c - Stage 8 of 9: publish.
 *
 * Enters: a staged merge commit and its objects. Leaves: main moved to it - the one durable point - and the device's
 * receipt. All other refs derive from main: if they cannot be moved now, the next push moves them.
 */
#include "server/publish.h"

#include <stdio.h>

#include "core/log.h"
#include "core/pkt.h"
#include "server/derive.h"

enum status publish_push(struct push *p, const struct env *env, struct error *e)
{
	struct error later = {STATUS_OK, ""};
	enum status st = derive_stage_config(&p->config, p->practice, p->txn, &p->view->main_tree, &p->merged_tree,
					     p->index, env, e);

	if (st == STATUS_OK)
		st = store_txn_commit(p->txn, "refs/heads/main", &p->merged, &p->view->main, e);
	if (st != STATUS_OK)
		return st;
	/* accepted: from here on nothing is the push's fault any more */
	if (derive_move(p->practice, p->device, &p->head.id, &p->config, &p->merged, p->index, &later) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "derived refs will be repaired later", "practice", p->practice->ods, "reason",
			 later.text, NULL);
	if (!view_registry(p->view) && practice_forget_first(p->practice, &later) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "first.json stays", "practice", p->practice->ods, "reason", later.text, NULL);
	return STATUS_OK;
}

/* A sentence on one line and within the bound. */
static void add_sentence(struct buf *out, const char *sentence)
{
	size_t left = LIMIT_REASON_BYTES;

	for (const char *at = sentence; *at && left > 0; at++, left--)
		buf_addc(out, (unsigned char)*at < ' ' ? ' ' : *at);
	/* not in the middle of a character */
	while (left == 0 && out->len > 0 && (out->data[out->len - 1] & 0xc0) == 0x80)
		out->len--;
	if (left == 0 && out->len > 0 && (out->data[out->len - 1] & 0xc0) == 0xc0)
		out->len--;
}

static void add_refusal(struct buf *out, const char *ref, const struct oid *id, const struct head_fault *fault,
			const char *sentence)
{
	char hex[OID_HEX_LEN + 1];
	struct buf line = BUF_INIT;

	oid_hex(hex, fault && !oid_is_zero(&fault->commit) ? &fault->commit : id);
	buf_addf(&line, "ng %s %s %s ", ref, hex, fault && fault->path[0] ? fault->path : "-");
	add_sentence(&line, sentence);
	buf_addc(&line, '\n');
	if (buf_ok(&line))
		pkt_add(out, line.data, line.len);
	else
		out->failed = true;
	buf_clear(&line);
}

void publish_report(struct buf *out, const struct commands *c, enum status st, const struct head_fault *fault,
		    const char *sentence)
{
	struct buf report = BUF_INIT;

	/* a pack that could not be read is told as refused refs: that line has room for words and commit */
	pkt_addf(&report, "unpack ok\n");
	for (size_t i = 0; i < c->len; i++) {
		if (st == STATUS_OK || st == STATUS_EXISTS)
			pkt_addf(&report, "ok %s\n", c->list[i].ref);
		else
			add_refusal(&report, c->list[i].ref, &c->list[i].new_id, fault,
				    sentence[0] ? sentence : status_text(st));
	}
	pkt_flush(&report);
	if (!buf_ok(&report))
		out->failed = true;
	if (c->side_band) {
		pkt_band(out, 1, report.data, report.len);
		pkt_flush(out);
	} else {
		buf_add(out, report.data, report.len);
	}
	buf_clear(&report);
}
