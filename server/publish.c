/* server/publish.c - Stage 8 of 9: publish.
 *
 * Enters: a staged merge commit and its objects. Leaves: main moved to it - the one durable point - and the device's
 * receipt. All other refs derive from main: if they cannot be moved now, the next push moves them.
 */
#include "server/publish.h"

#include <stdio.h>

#include "core/log.h"
#include "server/derive.h"
#include "server/report.h"

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

static void add_refusal(struct buf *lines, const char *ref, const struct oid *id, const struct head_fault *fault,
			const char *sentence)
{
	char hex[OID_HEX_LEN + 1];
	struct buf words = BUF_INIT;

	oid_hex(hex, fault && !oid_is_zero(&fault->commit) ? &fault->commit : id);
	buf_addf(&words, "%s %s ", hex, fault && fault->path[0] ? fault->path : "-");
	report_sentence(&words, sentence);
	if (buf_ok(&words))
		report_ref(lines, ref, buf_text(&words));
	else
		lines->failed = true;
	buf_clear(&words);
}

void publish_report(struct buf *out, const struct commands *c, enum status st, const struct head_fault *fault,
		    const char *sentence)
{
	struct buf lines = BUF_INIT;

	/* a pack that could not be read is told as refused refs: that line has room for words and commit */
	report_unpack(&lines, NULL);
	for (size_t i = 0; i < c->len; i++) {
		if (st == STATUS_OK || st == STATUS_EXISTS)
			report_ref(&lines, c->list[i].ref, NULL);
		else
			add_refusal(&lines, c->list[i].ref, &c->list[i].new_id, fault,
				    sentence[0] ? sentence : status_text(st));
	}
	report_send(out, &lines, c);
	buf_clear(&lines);
}
