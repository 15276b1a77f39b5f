/* client/refused.c - after a refusal: keep what was refused, go on with the rest.
 *
 * Enters: the own commits that wait, and which of them the server refused, why. Leaves: the chain kept under refs/refused/, and a work branch
 * without the fault. An interruption before the last step makes the same push be refused again, which finds the kept chain and goes on.
 */
#include "client/refused.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/build.h"
#include "client/commit.h"
#include "client/files.h"
#include "client/replay.h"
#include "client/void.h"

#define REF_REFUSED "refs/refused/"

struct numbers {
	struct oid work;
	int highest, same; /* same: the number that holds this chain already, 0 for none */
};

static int number_of(const char *ref)
{
	const char *text = ref + strlen(REF_REFUSED);
	char *end = NULL;
	long n = strtol(text, &end, 10);

	return end != text && *end == '\0' && n > 0 && n <= LIMIT_REFUSED ? (int)n : 0;
}

static enum status look_at_ref(void *ctx, const char *name, const struct oid *id)
{
	struct numbers *n = ctx;
	int number = number_of(name);

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
	(void)snprintf(name, sizeof(name), HOME_REFUSED "/%d.json", number);
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
static enum status keep_chain(struct qip *q, const struct push_refusal *refusal, const char *subject, struct error *e)
{
	struct numbers n = {0};
	char ref[HOME_REF_MAX];
	enum status st = home_ref(&n.work, q, REF_WORK, e);

	if (st == STATUS_OK)
		st = repo_ref_each(q->repo, REF_REFUSED, look_at_ref, &n, e);
	if (st != STATUS_OK || n.same)
		return st;
	if (n.highest == LIMIT_REFUSED)
		return error_set(e, STATUS_TOO_BIG, "%d refusals are kept: no more can be", LIMIT_REFUSED);
	st = write_note(q, n.highest + 1, refusal, subject, e);
	(void)snprintf(ref, sizeof(ref), REF_REFUSED "%d", n.highest + 1);
	return st == STATUS_OK ? repo_ref_update(q->repo, ref, &n.work, NULL, e) : st;
}

/* What stands in the refused commit's place: for people nothing, for a kiosk the same numbers as void records. */
static enum status replace(struct oid *tip, struct oid *tip_tree, struct qip *q, const struct commit *refused,
			   const struct push_refusal *refusal, struct error *e)
{
	char subject[256];
	struct oid parent_tree, tree;
	enum status st = home_tree_of(&parent_tree, q, &refused->parents[0], e);

	if (st != STATUS_OK)
		return st;
	*tip = refused->parents[0];
	*tip_tree = parent_tree;
	if (!home_is_kiosk(q))
		return STATUS_OK;
	st = void_records(&tree, q, &parent_tree, &refused->tree, refusal->path, refusal->reason, e);
	if (st != STATUS_OK)
		return st;
	replay_subject(subject, sizeof(subject), refused);
	st = commit_write(tip, q, &tree, tip, refused->author_s * 1000, subject, e);
	if (st == STATUS_OK)
		*tip_tree = tree;
	return st;
}

static enum status go_on_without(struct qip *q, const struct chain *chain, size_t at, const struct commit *refused,
				 const struct push_refusal *refusal, struct error *e)
{
	struct oid tip, tip_tree;
	enum status st = replace(&tip, &tip_tree, q, refused, refusal, e);

	for (size_t i = at + 1; st == STATUS_OK && i < chain->len; i++)
		st = replay_commit(&tip, &tip_tree, q, &chain->ids[i], e);
	if (st == STATUS_OK)
		st = repo_flush(q->repo, e);
	if (st == STATUS_OK)
		st = home_move_ref(q, REF_WORK, &tip, &chain->ids[chain->len - 1], e);
	repo_discard(q->repo);
	return st;
}

enum status refused_handle(struct qip *q, const struct chain *chain, const struct push_refusal *refusal, struct error *e)
{
	struct commit c = COMMIT_INIT;
	char subject[256];
	size_t at = 0;
	enum status st = STATUS_OK;

	while (at < chain->len && !oid_equal(&chain->ids[at], &refusal->commit))
		at++;
	if (at == chain->len)
		return error_set(e, STATUS_REFUSED, "the server refused what this device sends: %s", refusal->reason);
	st = repo_commit_read(&c, q->repo, &refusal->commit, e);
	if (st != STATUS_OK)
		return st;
	replay_subject(subject, sizeof(subject), &c);
	st = keep_chain(q, refusal, subject, e);
	if (st == STATUS_OK)
		st = go_on_without(q, chain, at, &c, refusal, e);
	commit_clear(&c);
	return st;
}

static enum status read_note(struct qip_refusal *out, struct qip *q, int number, struct error *e)
{
	char name[32];
	cJSON *note = NULL;
	const char *texts[5] = {NULL};
	static const char *const keys[5] = {"commit", "path", "subject", "reason", "at"};
	enum status st = STATUS_OK;

	*out = (struct qip_refusal){.number = number};
	(void)snprintf(name, sizeof(name), HOME_REFUSED "/%d.json", number);
	st = files_read_json(&note, q->dir, name, e);
	if (st == STATUS_NOT_FOUND)
		return STATUS_OK; /* the chain itself is there */
	if (st != STATUS_OK)
		return st;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		texts[i] = json_string(note, keys[i]);
		if (!texts[i])
			texts[i] = "";
	}
	(void)snprintf(out->commit, sizeof(out->commit), "%s", texts[0]);
	(void)snprintf(out->path, sizeof(out->path), "%s", texts[1]);
	(void)snprintf(out->subject, sizeof(out->subject), "%s", texts[2]);
	(void)snprintf(out->reason, sizeof(out->reason), "%s", texts[3]);
	(void)snprintf(out->at, sizeof(out->at), "%s", texts[4]);
	cJSON_Delete(note);
	return STATUS_OK;
}

struct listing {
	int *numbers; /* owned */
	size_t len, cap;
};

static enum status list_ref(void *ctx, const char *name, const struct oid *id)
{
	struct listing *l = ctx;
	size_t cap = l->cap ? l->cap * 2 : 16;
	int number = number_of(name);
	int *grown = NULL;

	(void)id;
	if (!number)
		return STATUS_OK;
	if (l->len == l->cap) {
		grown = realloc(l->numbers, cap * sizeof(*grown));
		if (!grown)
			return STATUS_NOMEM;
		l->numbers = grown;
		l->cap = cap;
	}
	l->numbers[l->len++] = number;
	return STATUS_OK;
}

static int compare_numbers(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

enum status qip_refused_each(struct qip *q, qip_refused_visit visit, void *ctx, struct error *e)
{
	struct listing l = {0};
	struct qip_refusal refusal;
	enum status st = repo_ref_each(q->repo, REF_REFUSED, list_ref, &l, e);

	if (l.len > 1)
		qsort(l.numbers, l.len, sizeof(l.numbers[0]), compare_numbers);
	for (size_t i = 0; st == STATUS_OK && i < l.len; i++) {
		st = read_note(&refusal, q, l.numbers[i], e);
		if (st == STATUS_OK)
			st = visit(ctx, &refusal, e);
	}
	free(l.numbers);
	return st;
}
