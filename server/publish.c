/* server/publish.c - Stage 8 of 9: publish.
 *
 * Enters: staged merge commits and their objects. Leaves: main moved to the last of them - the one durable point - and
 * each device's receipt. All other refs derive from main: if they cannot be moved now, the next push or upkeep moves them.
 */
#include "server/publish.h"

#include "core/log.h"
#include "server/derive.h"
#include "server/erasures.h"
#include "server/report.h"

/* What moves with main. */
static void list_derived(struct store_ref *list, const struct batch *b)
{
	for (size_t i = 0; i < b->merged_len; i++) {
		push_ref_name(list[i].name, b->merged[i]->device);
		list[i].id = b->merged[i]->head.id;
	}
}

/* All that derives from main and is not moved with it. The configuration goes to the disk at once: its commits are
 * signed, so a lost one cannot be made again, and a kiosk that has seen it follows no other. */
static enum status move_derived(struct batch *b, const struct oid *config, struct error *e)
{
	enum status st = STATUS_OK;

	if (!oid_is_zero(config))
		st = store_ref_move(b->practice->history, DERIVED_CONFIG, config, e);
	return st == STATUS_OK ? derive_moved(b->practice, &b->view->end, &b->end, e) : st;
}

/* The commit point. What cannot be said of it now is asked once more, and else stays in doubt until somebody can say. */
static enum status move_main(struct batch *b, const struct store_move *move, bool *derived_moved, struct error *e)
{
	enum status st = store_txn_commit(b->txn, move, derived_moved, e);

	if (st != STATUS_UNKNOWN)
		return st;
	st = store_settle(b->practice->history, PUBLISH_MAIN, &b->end.commit, e);
	b->practice->in_doubt = st == STATUS_UNKNOWN;
	return st == STATUS_NOT_FOUND ? error_set(e, STATUS_IO, "main could not be moved") : st;
}

/* Some of it could not be moved: often the second try can, and then a newcomer finds its ref when it next asks. */
static enum status repair_derived(struct batch *b, struct error *e)
{
	struct view *moved = NULL;
	enum status st = view_get(&moved, b->practice, e);

	if (st == STATUS_OK)
		st = derive_repair(b->practice, moved, b->env, e);
	view_put(moved);
	return st;
}

enum status publish_batch(struct batch *b, struct error *e)
{
	struct store_ref derived[LIMIT_BATCH];
	struct store_move move = {.ref = PUBLISH_MAIN,
				  .id = b->end.commit,
				  .old_id = &b->view->end.commit,
				  .derived = derived,
				  .derived_len = b->merged_len};
	struct error later = {STATUS_OK, ""};
	struct oid config = {{0}};
	bool derived_moved = false;
	enum status st = derive_stage_config(&config, b->practice, b->txn, &b->view->end.tree, &b->end, b->env, e);

	if (st == STATUS_OK) {
		list_derived(derived, b);
		st = move_main(b, &move, &derived_moved, e);
	}
	if (st != STATUS_OK)
		return st;
	/* accepted: from here on nothing is the pushes' fault any more */
	if (derived_moved)
		derived_moved = move_derived(b, &config, &later) == STATUS_OK;
	if (!derived_moved)
		derived_moved = repair_derived(b, &later) == STATUS_OK;
	atomic_store(&b->practice->lags, !derived_moved);
	if (!derived_moved)
		log_line(LOG_LEVEL_WARN, "derived refs will be repaired later", "practice", b->practice->ods, "reason",
			 later.text, NULL);
	if (erasures_carry_out(b->practice, store_txn_repo(b->txn), &b->end.tree, &later) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "erasures will be carried out later", "practice", b->practice->ods, "reason",
			 later.text, NULL);
	if (!view_registry(b->view) && practice_forget_first(b->practice, &later) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "first.json stays", "practice", b->practice->ods, "reason", later.text, NULL);
	return STATUS_OK;
}

/* What is not any one commit's fault names none: the device would take it for refused, and go on without it. */
static void add_refusal(struct buf *lines, const char *ref, const struct head_fault *fault, const char *sentence)
{
	char hex[OID_HEX_LEN + 1];
	struct buf words = BUF_INIT;

	if (fault && !oid_is_zero(&fault->commit)) {
		oid_hex(hex, &fault->commit);
		buf_addf(&words, "%s %s ", hex, fault->path[0] ? fault->path : "-");
	}
	report_sentence(&words, sentence);
	if (buf_ok(&words))
		report_ref(lines, ref, buf_text(&words));
	else
		lines->failed = true;
	buf_clear(&words);
}

/* What stands in the report too, as a person reads it. */
static void add_message(struct buf *out, const struct commands *c, const struct head_fault *fault, const char *sentence)
{
	struct buf words = BUF_INIT;

	buf_addf(&words, "refused: %s%s%s", fault ? fault->path : "", fault && fault->path[0] ? ": " : "", sentence);
	report_message(out, c, buf_text(&words));
	buf_clear(&words);
}

void publish_report(struct buf *out, const struct commands *c, enum status st, const struct head_fault *fault,
		    const char *sentence)
{
	struct buf lines = BUF_INIT;

	/* a pack that could not be read is told as refused refs: git shows those */
	report_unpack(&lines, NULL);
	for (size_t i = 0; i < c->len; i++) {
		if (st == STATUS_OK || st == STATUS_EXISTS)
			report_ref(&lines, c->list[i].ref, NULL);
		else
			add_refusal(&lines, c->list[i].ref, fault, sentence[0] ? sentence : status_text(st));
	}
	if (st != STATUS_OK && st != STATUS_EXISTS)
		add_message(out, c, fault, sentence[0] ? sentence : status_text(st));
	report_send(out, &lines, c);
	buf_clear(&lines);
}
