/* client/refused.c - after a refusal: keep what was refused, go on with the rest.
 *
 * Enters: the own commits that wait, and which of them the server refused, why. Leaves: the chain kept under refs/refused/, and a work branch
 * without the fault. An interruption before the last step makes the same push be refused again, which finds the kept chain and goes on.
 */
#include "client/refused.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/commit.h"
#include "client/files.h"
#include "client/refused_note.h"
#include "client/replay.h"
#include "client/retry.h"
#include "client/void.h"

struct kept_numbers {
	struct oid work;
	int highest, same; /* same: the number that holds this chain already, 0 for none */
};

static enum status look_at_ref(void *ctx, const char *name, const struct oid *id)
{
	struct kept_numbers *n = ctx;
	int number = refused_number(name);

	if (number > n->highest)
		n->highest = number;
	if (number && oid_equal(id, &n->work))
		n->same = number;
	return STATUS_OK;
}

static enum status write_note(struct qip *q, int number, const struct push_refusal *refusal, const char *subject, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *note = build_object(&st);
	char name[32], hex[OID_HEX_LEN + 1];

	oid_hex(hex, &refusal->commit);
	refused_note_name(name, sizeof(name), number);
	build_string(&st, note, "schema", "refused/1");
	build_string(&st, note, "commit", hex);
	build_string(&st, note, "path", refusal->path);
	build_string(&st, note, "subject", subject);
	build_string(&st, note, "reason", refusal->reason);
	build_time(&st, note, "at", state_now_ms(&q->state, q->env));
	if (st == STATUS_OK)
		st = files_make_dir(q->dir, HOME_REFUSED, e);
	if (st == STATUS_OK)
		st = files_write_json(q->dir, name, note, 0600, e);
	cJSON_Delete(note);
	return st == STATUS_NOMEM ? error_set(e, st, "out of memory") : st;
}

/* The ref comes last: a number without it is free. */
static enum status keep_chain(int *number, struct qip *q, const struct push_refusal *refusal, const char *subject, struct error *e)
{
	struct kept_numbers n = {0};
	char ref[HOME_REF_MAX];
	enum status st = home_ref(&n.work, q, REF_WORK, e);

	if (st == STATUS_OK)
		st = repo_ref_each(q->repo, REF_REFUSED, look_at_ref, &n, e);
	*number = n.same ? n.same : n.highest + 1;
	if (st != STATUS_OK || n.same)
		return st;
	if (n.highest == LIMIT_REFUSED)
		return error_set(e, STATUS_TOO_BIG, "%d refusals are kept: no more can be", LIMIT_REFUSED);
	st = write_note(q, *number, refusal, subject, e);
	(void)snprintf(ref, sizeof(ref), REF_REFUSED "%d", *number);
	return st == STATUS_OK ? repo_ref_update(q->repo, ref, &n.work, NULL, e) : st;
}

/* What stands in the refused commit's place: for people nothing, for a kiosk the same numbers as void records. */
static enum status replace(struct oid *tip, struct oid *tip_tree, struct qip *q, const struct commit *refused,
			   const struct push_refusal *refusal, const struct held *sent, struct error *e)
{
	char subject[256];
	struct oid parent_tree, tree;
	const struct void_order order = {.parent_tree = &parent_tree, .tree = &refused->tree, .path = refusal->path, .reason = refusal->reason, .sent = sent};
	enum status st = home_tree_of(&parent_tree, q, &refused->parents[0], e);

	if (st != STATUS_OK)
		return st;
	*tip = refused->parents[0];
	*tip_tree = parent_tree;
	if (!home_is_kiosk(q))
		return STATUS_OK;
	st = void_records(&tree, q, &order, e);
	if (st != STATUS_OK || oid_equal(&tree, &parent_tree))
		return st;
	replay_subject(subject, sizeof(subject), refused);
	st = commit_write(tip, q, &tree, tip, refused->author_s * 1000, subject, e);
	if (st == STATUS_OK)
		*tip_tree = tree;
	return st;
}

static enum status go_on_without(struct qip *q, const struct chain *chain, size_t at, const struct commit *refused,
				 const struct push_refusal *refusal, const struct held *sent, struct error *e)
{
	struct oid tip, tip_tree;
	enum status st = replace(&tip, &tip_tree, q, refused, refusal, sent, e);

	for (size_t i = at + 1; st == STATUS_OK && i < chain->len; i++)
		st = replay_commit(&tip, &tip_tree, q, &chain->ids[i], e);
	if (st == STATUS_OK)
		st = repo_flush(q->repo, e);
	if (st == STATUS_OK)
		st = home_move_ref(q, REF_WORK, &tip, &chain->ids[chain->len - 1], e);
	repo_discard(q->repo);
	return st;
}

enum status refused_handle(struct qip *q, const struct chain *chain, const struct push_refusal *refusal, const struct held *sent, struct error *e)
{
	struct commit c = COMMIT_INIT;
	char subject[256];
	size_t at = 0;
	int number = 0;
	enum status st = STATUS_OK;

	while (at < chain->len && !oid_equal(&chain->ids[at], &refusal->commit))
		at++;
	if (at == chain->len)
		return error_set(e, STATUS_REFUSED, "the server refused what this device sends: %s", refusal->reason);
	st = repo_commit_read(&c, q->repo, &refusal->commit, e);
	if (st != STATUS_OK)
		return st;
	replay_subject(subject, sizeof(subject), &c);
	st = keep_chain(&number, q, refusal, subject, e);
	if (st == STATUS_OK)
		retry_refused_again(q, number, &refusal->commit);
	if (st == STATUS_OK)
		st = go_on_without(q, chain, at, &c, refusal, sent, e);
	commit_clear(&c);
	return st;
}
