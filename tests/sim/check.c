/* tests/sim/check.c - what came of a run, held against what was meant. */
#include <stdlib.h>
#include <string.h>

#include "client/audit.h"
#include "tests/sim/run.h"

/* ---- all sites hold the same ---- */

void check_sites(struct run *r)
{
	struct oid tree[WORLD_EDITORS], tip;

	for (unsigned i = 0; i < WORLD_EDITORS; i++) {
		struct qip *q = r->world.sites[i].q;

		if (qip_tip(&tip, q, NULL) != STATUS_OK || home_tree_of(&tree[i], q, &tip, NULL) != STATUS_OK)
			run_finding(r, "differs", "%s has no tree", r->world.sites[i].name);
		else if (!oid_equal(&tree[i], &tree[0]))
			run_finding(r, "differs", "%s does not hold what %s holds", r->world.sites[i].name, r->world.sites[0].name);
	}
}

/* ---- records ---- */

struct showing {
	struct run *run;
	unsigned record;
	const char *path;
	const cJSON *json;
	bool found[RECORDS]; /* of the paths of the ledger */
};

static const struct claim *find_claim(const struct ledger *l, const char *id)
{
	for (size_t i = 0; i < l->claims_len; i++)
		if (strcmp(l->claims[i].id, id) == 0)
			return &l->claims[i];
	return NULL;
}

static bool same_value(const cJSON *a, const cJSON *b)
{
	bool none_a = !a || cJSON_IsNull(a), none_b = !b || cJSON_IsNull(b);

	return none_a || none_b ? none_a == none_b : cJSON_Compare(a, b, true) != 0;
}

struct slot_seen {
	struct showing *showing;
	const char *slot;
	unsigned count;
};

static void check_claim(void *ctx, const cJSON *claim, const cJSON *value)
{
	struct slot_seen *s = ctx;
	struct run *r = s->showing->run;
	const char *id = json_string(claim, "id"), *device = json_string(claim, "device");
	const struct claim *c = id ? find_claim(&r->ledger, id) : NULL;
	int64_t n = 0;

	s->count++;
	if (!c || c->record != s->showing->record || strcmp(c->slot, s->slot) != 0)
		run_finding(r, "invented claim", "%s %s: nobody made the edit %s", s->showing->path, s->slot, id ? id : "-");
	else if (!ledger_is_alive(&r->ledger, c))
		run_finding(r, "stale claim", "%s %s: the edit of step %u by %s is there, and was %s", s->showing->path, s->slot,
			    r->ledger.deeds[c->deed].step, c->device,
			    r->ledger.deeds[c->deed].fate == FATE_REFUSED ? "refused" : "replaced");
	else if (!same_value(value, c->value) || !device || strcmp(device, c->device) != 0 || !json_integer(claim, "n", &n) || n != c->n)
		run_finding(r, "altered claim", "%s %s: the edit of step %u by %s is not as it was made", s->showing->path, s->slot,
			    r->ledger.deeds[c->deed].step, c->device);
}

/* The value that has to show, of the claims that are alive. */
static const struct claim *shown_claim(const struct run *r, unsigned record, const char *slot, unsigned *alive)
{
	const struct field *f = fields_of_slot(record, slot);
	const struct claim *best = NULL;

	*alive = 0;
	for (size_t i = 0; i < r->ledger.claims_len; i++) {
		const struct claim *c = &r->ledger.claims[i];
		int order = 0;

		if (c->record != record || strcmp(c->slot, slot) != 0 || !ledger_is_alive(&r->ledger, c))
			continue;
		++*alive;
		if (best && f->severe)
			order = fields_badness(f, c->value) - fields_badness(f, best->value);
		else if (best && f->shape == SHAPE_ELEMENT)
			order = (cJSON_IsTrue(c->value) ? 1 : 0) - (cJSON_IsTrue(best->value) ? 1 : 0);
		if (best && order == 0)
			order = (c->n > best->n) - (c->n < best->n);
		if (best && order == 0)
			order = strcmp(c->device, best->device);
		if (!best || order > 0)
			best = c;
	}
	return best;
}

static void check_shown(struct showing *s, const char *slot)
{
	struct run *r = s->run;
	struct slot_seen seen = {.showing = s, .slot = slot};
	const struct field *f = fields_of_slot(s->record, slot);
	const cJSON *plain = ledger_plain(s->json, slot, f->shape == SHAPE_ELEMENT);
	const struct claim *best = NULL;
	unsigned alive = 0;

	ledger_each_claim(s->json, slot, check_claim, &seen);
	best = shown_claim(r, s->record, slot, &alive);
	if (seen.count != alive)
		run_finding(r, "lost claim", "%s %s: %u edits stand that nobody replaced, and %u are there", s->path, slot, alive, seen.count);
	else if (best && f->severe && fields_badness(f, plain) < fields_badness(f, best->value))
		run_finding(r, "too good", "%s %s: what shows is better than what %s set in step %u", s->path, slot, best->device,
			    r->ledger.deeds[best->deed].step);
	else if (best && !same_value(plain, f->shape == SHAPE_ELEMENT && !cJSON_IsTrue(best->value) ? NULL : best->value))
		run_finding(r, "shown", "%s %s: what shows is not what %s set in step %u", s->path, slot, best->device,
			    r->ledger.deeds[best->deed].step);
}

/* Each slot once, those of the ledger first. */
static void check_slots(struct showing *s)
{
	static const char *const groups[] = {"edits", "conflicts"};
	const struct ledger *l = &s->run->ledger;
	const cJSON *slot;

	for (size_t i = 0; i < l->claims_len; i++) {
		bool first = l->claims[i].record == s->record;

		for (size_t k = 0; first && k < i; k++)
			first = l->claims[k].record != s->record || strcmp(l->claims[k].slot, l->claims[i].slot) != 0;
		if (first)
			check_shown(s, l->claims[i].slot);
	}
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		cJSON_ArrayForEach(slot, json_get(s->json, groups[i])) {
			bool known = false;

			for (size_t k = 0; k < l->claims_len && !known; k++)
				known = l->claims[k].record == s->record && strcmp(l->claims[k].slot, slot->string) == 0;
			if (!known)
				run_finding(s->run, "invented claim", "%s %s: nobody ever set it", s->path, slot->string);
		}
	}
}

static void check_entries(struct showing *s)
{
	const struct record_kind_of_run *k = fields_record(s->record);
	const struct ledger *l = &s->run->ledger;
	int expected = 0, there = 0;

	for (size_t i = 0; i < l->entries_len; i++) {
		const struct entry *e = &l->entries[i];
		const cJSON *entry = json_get(json_get(s->json, e->field), e->id);

		if (e->record != s->record || l->deeds[e->deed].fate != FATE_MEANT)
			continue;
		expected++;
		if (!entry)
			run_finding(s->run, "lost entry", "%s %s: the entry of step %u is gone", s->path, e->field, l->deeds[e->deed].step);
		else if (!cJSON_Compare(entry, e->value, true))
			run_finding(s->run, "altered entry", "%s %s: the entry of step %u was altered", s->path, e->field,
				    l->deeds[e->deed].step);
	}
	for (size_t i = 0; i < k->fields_len; i++)
		if (k->fields[i].shape == SHAPE_ENTRY)
			there += cJSON_GetArraySize(json_get(s->json, k->fields[i].name));
	if (there != expected)
		run_finding(s->run, "entries", "%s: %d log entries were made, and %d are there", s->path, expected, there);
}

static enum status visit_record(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct showing *s = ctx;

	(void)e;
	s->path = path;
	s->json = record;
	for (s->record = 0; s->record < RECORDS; s->record++)
		if (strcmp(s->run->ledger.paths[s->record], path) == 0)
			break;
	if (s->record == RECORDS) {
		run_finding(s->run, "invented record", "%s: nobody made it", path);
		return STATUS_OK;
	}
	s->found[s->record] = true;
	check_slots(s);
	check_entries(s);
	return STATUS_OK;
}

static bool is_meant(const struct ledger *l, unsigned record)
{
	for (size_t i = 0; i < l->claims_len; i++)
		if (l->claims[i].record == record && ledger_is_alive(l, &l->claims[i]))
			return true;
	return false;
}

void check_records(struct run *r)
{
	static const char *const folders[] = {"qip/", "inspections/", "themes/", "opel/", "access/", "returns/"};
	struct showing s = {.run = r};
	struct error e = {0};

	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (qip_each(r->world.sites[1].q, folders[i], visit_record, &s, &e) != STATUS_OK)
			run_finding(r, "unreadable", "%s: %s", folders[i], e.text);
	for (unsigned i = 0; i < RECORDS; i++)
		if (!s.found[i] && is_meant(&r->ledger, i))
			run_finding(r, "lost record", "%s is gone, though it was edited", r->ledger.paths[i]);
}

/* ---- answers ---- */

void check_answers(struct run *r)
{
	struct qip *q = r->world.sites[0].q;
	char path[TREE_PATH_MAX];

	for (size_t i = 0; i < r->answers_len; i++) {
		cJSON *record = NULL;
		const char *id = NULL;

		policy_feedback_path(path, r->world.sites[WORLD_KIOSK].name, r->answers[i].seq);
		if (qip_read(&record, q, path, NULL) == STATUS_OK)
			id = json_string(record, "id");
		if (r->answers[i].seq != i + 1 || !id || strcmp(id, r->answers[i].id) != 0)
			run_finding(r, "lost answer", "%s: the %zuth answer is not there under its number", path, i + 1);
		cJSON_Delete(record);
	}
}

/* ---- refusals ---- */

/* The refused commit is kept, and what it wanted can be read in it. */
static bool is_kept(struct run *r, const struct deed *d)
{
	struct qip *q = r->world.sites[d->site].q;
	struct commit c = COMMIT_INIT;
	struct buf bytes = BUF_INIT;
	struct oid id, tip;
	char ref[64];
	bool kept = oid_parse(&id, d->commit, OID_HEX_LEN) == STATUS_OK;

	(void)snprintf(ref, sizeof(ref), "refs/refused/%d", d->number);
	kept = kept && repo_ref_get(&tip, q->repo, ref, NULL) == STATUS_OK && repo_is_ancestor(&kept, q->repo, &id, &tip, NULL) == STATUS_OK &&
	       kept && repo_commit_read(&c, q->repo, &id, NULL) == STATUS_OK;
	for (size_t i = 0; kept && i < r->ledger.claims_len; i++) {
		const struct claim *claim = &r->ledger.claims[i];

		if (&r->ledger.deeds[claim->deed] != d || claim->overtaken)
			continue;
		buf_reset(&bytes);
		kept = tree_read_path(&bytes, q->repo, &c.tree, r->ledger.paths[claim->record], RECORD_MAX_BYTES, NULL) == STATUS_OK &&
		       strstr(buf_text(&bytes), claim->id) != NULL;
	}
	commit_clear(&c);
	buf_clear(&bytes);
	return kept;
}

struct listed {
	int number;
	bool found;
};

static enum status look_for(void *ctx, const struct qip_refusal *refusal, struct error *e)
{
	struct listed *l = ctx;

	(void)e;
	l->found = l->found || refusal->number == l->number;
	return STATUS_OK;
}

void check_refusals(struct run *r)
{
	for (size_t i = 0; i < r->ledger.deeds_len; i++) {
		const struct deed *d = &r->ledger.deeds[i];
		struct listed l = {.number = d->number};

		if (d->wrong && !d->deletes && d->fate == FATE_MEANT)
			run_finding(r, "forgotten", "%s: the wrong edit of step %u was neither taken up nor kept as refused",
				    r->world.sites[d->site].name, d->step);
		if (d->fate != FATE_REFUSED || d->dropped) /* what is settled is forgotten after some weeks */
			continue;
		if (qip_refused_each(r->world.sites[d->site].q, look_for, &l, NULL) != STATUS_OK || !l.found || !is_kept(r, d))
			run_finding(r, "forgotten", "%s: the refused edit of step %u is kept nowhere", r->world.sites[d->site].name, d->step);
	}
}

/* ---- the audit ---- */

void check_audit(struct run *r)
{
	struct qip *q = r->world.sites[2].q;
	struct audit a = AUDIT_INIT;
	struct error e = {0};
	struct oid main;

	if (qip_main(&main, q, &e) != STATUS_OK || audit_run(&a, q->repo, &main, HOST_ODS, q->root_pin, &e) != STATUS_OK) {
		run_finding(r, "audit", "the audit does not run: %s", e.text);
		return;
	}
	r->counts.merges = (unsigned)a.merges;
	for (size_t i = 0; i < a.findings_len; i++)
		run_finding(r, "audit", "%s %s: %s", a.findings[i].commit, a.findings[i].path, a.findings[i].text);
	audit_clear(&a);
}
