/* tests/sim/refuse.c - edits that the server refuses: made, noticed, and made again or dropped. */
#include <stdlib.h>
#include <string.h>

#include "client/commit.h"
#include "tests/sim/act.h"

/* ---- what the server refused ---- */

struct noticing {
	struct run *run;
	unsigned site;
};

static struct deed *deed_of_step(struct run *r, unsigned step)
{
	for (size_t i = 0; i < r->ledger.deeds_len; i++)
		if (r->ledger.deeds[i].step == step)
			return &r->ledger.deeds[i];
	return NULL;
}

/* True if it was before; now it is. */
static bool was_noticed(struct run *r, const char *commit)
{
	for (size_t i = 0; i < r->refused_len; i++)
		if (strcmp(r->refused[i], commit) == 0)
			return true;
	r->refused = realloc(r->refused, (r->refused_len + 1) * sizeof(*r->refused));
	if (!r->refused)
		abort();
	memcpy(r->refused[r->refused_len++], commit, sizeof(*r->refused));
	return false;
}

static enum status notice(void *ctx, const struct qip_refusal *refusal, struct error *e)
{
	struct noticing *n = ctx;
	struct run *r = n->run;
	struct deed *d = NULL;
	unsigned step = 0;

	(void)e;
	if (was_noticed(r, refusal->commit))
		return STATUS_OK;
	r->counts.refusals++;
	d = sscanf(refusal->subject, "Step %u", &step) == 1 ? deed_of_step(r, step) : NULL;
	if (!d || (!d->wrong && !d->may_fail)) {
		run_finding(r, "refused", "%s: \"%s\" was refused though nothing speaks against it: %s %s", act_site(r, n->site)->name,
			    refusal->subject, refusal->path, refusal->reason);
		return STATUS_OK;
	}
	d->fate = FATE_REFUSED;
	d->number = refusal->number;
	memcpy(d->commit, refusal->commit, sizeof(d->commit));
	return STATUS_OK;
}

void refuse_notice(struct run *r, unsigned site)
{
	struct noticing n = {r, site};
	struct error e = {0};

	if (qip_refused_each(act_site(r, site)->q, notice, &n, &e) != STATUS_OK)
		run_finding(r, "refused list", "%s: what was refused cannot be listed: %s", act_site(r, site)->name, e.text);
}

/* ---- what will be refused ---- */

/* Commit a file unjudged, as a program with a fault would; record NULL: remove it. */
static enum status commit_unjudged(struct run *r, struct qip *q, const char *path, const cJSON *record, struct error *e)
{
	struct tree_edit edit = {.path = path};
	struct oid work, tree, commit;
	char subject[32];
	enum status st = home_ref(&work, q, REF_WORK, e);

	act_subject(subject, r);
	if (st == STATUS_OK)
		st = home_tree_of(&tree, q, &work, e);
	if (st == STATUS_OK && record)
		st = commit_stage(&edit.id, q, record, e);
	if (st == STATUS_OK)
		st = tree_apply(&tree, q->repo, &tree, &edit, 1, e);
	if (st == STATUS_OK)
		st = commit_write(&commit, q, &tree, &work, q->env->now_ms(q->env->ctx), subject, e);
	if (st == STATUS_OK)
		st = repo_flush(q->repo, e);
	return st == STATUS_OK ? home_move_ref(q, REF_WORK, &commit, &work, e) : st;
}

static void note_number(void *ctx, const cJSON *claim, const cJSON *value)
{
	int64_t *highest = ctx, n = 0;

	(void)value;
	if (json_integer(claim, "n", &n) && n > *highest)
		*highest = n;
}

/* The first slot from the step's field on whose edits do not have the record's highest number; "" for none. */
static void pick_slot(char *slot, size_t size, const struct field **field, const struct step *s, const cJSON *record)
{
	const struct record_kind_of_run *k = fields_record(s->record);
	int64_t highest = 0;

	slot[0] = '\0';
	for (unsigned i = 0; i < k->fields_len && !slot[0]; i++) {
		*field = &k->fields[(s->changes[0].field + i) % k->fields_len];
		fields_slot(slot, size, *field, s->changes[0].key);
		highest = 0;
		ledger_each_claim(record, slot, note_number, &highest);
		if (highest + 1 == ledger_next_number(record))
			slot[0] = '\0';
	}
}

/* With the number 1: too low, and the rest of the record keeps the highest one, so that edits on top of it are numbered as they must be. */
static enum status forge(struct run *r, const struct step *s, cJSON *record, struct error *e)
{
	struct qip *q = act_site(r, s->site)->q;
	const struct field *f = NULL;
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	char slot[RECORD_SLOT_MAX];
	enum status st = STATUS_OK;

	pick_slot(slot, sizeof(slot), &f, s, record);
	if (!slot[0] || ledger_next_number(record) < 3)
		return STATUS_USAGE;
	st = qip_edit_begin(&edit, q, ACT_DAY, e);
	if (st == STATUS_OK)
		st = qip_edit_stamp(&stamp, edit, e);
	qip_edit_abort(edit);
	stamp.n = 1;
	if (st == STATUS_OK)
		st = act_set(r, record, s->record, slot, fields_value(f, s->changes[0].value), &stamp, e);
	return st == STATUS_OK ? commit_unjudged(r, q, r->ledger.paths[s->record], record, e) : st;
}

void refuse_make(struct run *r, const struct step *s)
{
	struct qip *q = act_site(r, s->site)->q;
	struct error e = {0};
	cJSON *record = NULL;
	size_t deed = 0;
	enum status st = STATUS_USAGE;

	if (!r->ledger.paths[s->record][0] || qip_read(&record, q, r->ledger.paths[s->record], NULL) != STATUS_OK || act_is_return(s->record)) {
		cJSON_Delete(record);
		return;
	}
	deed = act_begin_deed(r, s);
	r->ledger.deeds[deed].wrong = true;
	r->ledger.deeds[deed].deletes = s->kind == STEP_DELETE;
	st = s->kind == STEP_DELETE ? commit_unjudged(r, q, r->ledger.paths[s->record], NULL, &e) : forge(r, s, record, &e);
	cJSON_Delete(record);
	if (st == STATUS_OK)
		return;
	ledger_undo(&r->ledger);
	if (st != STATUS_USAGE)
		run_finding(r, "forge", "%s cannot make a wrong edit: %s", act_site(r, s->site)->name, e.text);
}

/* ---- and made again ---- */

static void made_again(struct run *r, size_t deed, unsigned site)
{
	struct qip *q = act_site(r, site)->q;

	for (unsigned i = 0; i < RECORDS; i++) {
		cJSON *present = NULL;

		if (!r->ledger.paths[i][0])
			continue;
		if (qip_read(&present, q, r->ledger.paths[i], NULL) == STATUS_OK)
			ledger_made_again(&r->ledger, deed, i, act_site(r, site)->name, present);
		else /* a deletion that will be refused stands in the way */
			r->ledger.deeds[deed].may_fail = true;
		cJSON_Delete(present);
	}
}

static void retry(struct run *r, size_t deed)
{
	struct deed *d = &r->ledger.deeds[deed];
	struct qip *q = act_site(r, d->site)->q;
	struct qip_retried retried = {0};
	struct error e = {0};
	enum status st = STATUS_OK;

	made_again(r, deed, d->site);
	st = qip_refused_retry(&retried, q, d->number, &e);
	if (st == STATUS_NOT_FOUND && d->may_fail)
		return; /* its record is not here, until a deletion is refused */
	if (st == STATUS_OK) {
		r->counts.retries++;
		d->wrong = false;
		d->again = true;
		d->fate = FATE_MEANT;
		d->merged = INT64_MAX;
	} else if (st != STATUS_DENIED && st != STATUS_INVALID)
		run_finding(r, "retry", "%s cannot make No %d again: %s", act_site(r, d->site)->name, d->number, e.text);
	else if (qip_refused_drop(q, d->number, "Nobody wants it.", &e) == STATUS_OK)
		d->dropped = true;
	else
		run_finding(r, "drop", "%s cannot drop No %d: %s", act_site(r, d->site)->name, d->number, e.text);
}

void refuse_retry(struct run *r, const struct step *s)
{
	for (size_t i = 0; i < r->ledger.deeds_len; i++) {
		const struct deed *d = &r->ledger.deeds[i];

		if (d->site == s->site && d->fate == FATE_REFUSED && !d->dropped && (s->pick == 0 || (i + s->pick) % 4 > 0))
			retry(r, i);
	}
}
