/* tests/sim/act.c - steps carried out: syncing, answering, starting anew. */
#include "tests/sim/act.h"

#include <stdlib.h>
#include <string.h>

#define SETTLE_ROUNDS 8

/* ---- what edits share ---- */

struct site *act_site(struct run *r, unsigned site)
{
	return &r->world.sites[site];
}

size_t act_begin_deed(struct run *r, const struct step *s)
{
	size_t deed = ledger_deed(&r->ledger, (unsigned)r->step, s->site);

	r->ledger.deeds[deed].past = run_place(r, s->site);
	return deed;
}

enum status act_set(struct run *r, cJSON *record, unsigned number, const char *slot, cJSON *value, struct stamp *stamp,
		    struct error *e)
{
	ledger_claim(&r->ledger, number, slot, stamp->id, stamp->device, value, record);
	return record_set(record, slot, value, stamp, e);
}

void act_subject(char out[32], const struct run *r)
{
	(void)snprintf(out, 32, "Step %zu", r->step);
}

bool act_is_return(unsigned record)
{
	return strcmp(fields_record(record)->type, "return") == 0;
}

/* ---- syncing ---- */

static void note_merged(struct run *r, unsigned site, int64_t index)
{
	for (size_t i = 0; i < r->ledger.deeds_len; i++) {
		struct deed *d = &r->ledger.deeds[i];

		if (d->site == site && d->fate == FATE_MEANT && d->merged == INT64_MAX)
			d->merged = index;
	}
}

static void revive(struct run *r)
{
	struct error e = {0};

	if (host_revive(&r->world.host, &e) != STATUS_OK)
		run_finding(r, "restart", "the server does not start again: %s", e.text);
}

static bool sync_site(struct run *r, unsigned site, enum mishap m, unsigned at)
{
	struct qip_sync_report report = {0};
	struct error e = {0};
	enum status st = world_sync(&report, &r->world, site, m, at, &e);

	if (link_failed())
		r->counts.mishaps++;
	if (host_was_cut(r->world.host))
		revive(r);
	if (st != STATUS_OK && !(link_failed() && (st == STATUS_NETWORK || st == STATUS_TIMEOUT))) {
		run_finding(r, "sync", "%s cannot sync: %s (%s)", act_site(r, site)->name, e.text, status_text(st));
		return false;
	}
	refuse_notice(r, site);
	if (st == STATUS_OK && report.waiting > 0)
		run_finding(r, "waiting", "%s has synced, and %llu still wait", act_site(r, site)->name, (unsigned long long)report.waiting);
	if (st == STATUS_OK && site != WORLD_KIOSK)
		note_merged(r, site, report.main_index);
	return st == STATUS_OK;
}

static bool all_agree(struct run *r)
{
	struct oid first, other;
	uint64_t waiting = 0;

	for (unsigned i = 0; i < WORLD_SITES; i++)
		if (qip_waiting(&waiting, act_site(r, i)->q, NULL) != STATUS_OK || waiting > 0)
			return false;
	if (qip_main(&first, act_site(r, 0)->q, NULL) != STATUS_OK)
		return false;
	for (unsigned i = 1; i < WORLD_EDITORS; i++)
		if (qip_main(&other, act_site(r, i)->q, NULL) != STATUS_OK || !oid_equal(&first, &other))
			return false;
	return true;
}

void act_settle(struct run *r)
{
	for (int round = 0; round < SETTLE_ROUNDS && r->findings == 0; round++) {
		for (unsigned i = 0; i < WORLD_SITES && r->findings == 0; i++)
			(void)sync_site(r, (i * 5 + 5) % WORLD_SITES, MISHAP_NONE, 0);
		if (all_agree(r))
			return;
	}
	if (r->findings == 0)
		run_finding(r, "unsettled", "after %d rounds of syncs not everybody has the same", SETTLE_ROUNDS);
}

/* ---- answers ---- */

static void act_answer(struct run *r, const struct step *s)
{
	static const char *const options[] = {"very-good", "good", "neither", "poor"};
	struct qip *q = act_site(r, WORLD_KIOSK)->q;
	struct qip_capture *c = NULL;
	struct error e = {0};
	enum status st = qip_capture_open(&c, q, &e);

	for (unsigned i = 0; st == STATUS_OK && i < 1 + s->pick % 3; i++) {
		cJSON *answers = cJSON_CreateObject();
		struct answer *a = NULL;
		struct qip_answer given = {.survey = "fft", .survey_version = 1, .language = "en", .mode = "kiosk", .answers = answers};

		r->answers = realloc(r->answers, (r->answers_len + 1) * sizeof(*r->answers));
		if (!r->answers)
			abort();
		a = &r->answers[r->answers_len++];
		st = id_make(a->id, qip_env(q));
		given.id = a->id;
		if (st == STATUS_OK)
			st = json_set_string(answers, "experience", options[(s->pick + i) % 4]);
		if (st == STATUS_OK)
			st = qip_capture(&a->seq, c, &given, &e);
		cJSON_Delete(answers);
	}
	qip_capture_close(c);
	if (st != STATUS_OK)
		run_finding(r, "capture", "an answer is not taken: %s", e.text);
}

/* ---- steps ---- */

static void act_reopen(struct run *r, const struct step *s)
{
	struct error e = {0};

	if (world_site_reopen(&r->world, s->site, &e) != STATUS_OK)
		run_finding(r, "open", "the home of %s cannot be opened again: %s", act_site(r, s->site)->name, e.text);
}

void act_step(struct run *r, const struct step *s)
{
	switch (s->kind) {
	case STEP_CREATE:
	case STEP_EDIT:
		edit_make(r, s);
		break;
	case STEP_RESOLVE:
		edit_resolve(r, s);
		break;
	case STEP_SYNC:
		(void)sync_site(r, s->site, s->mishap, s->at);
		break;
	case STEP_ANSWER:
		act_answer(r, s);
		break;
	case STEP_FORGE:
	case STEP_DELETE:
		refuse_make(r, s);
		break;
	case STEP_RETRY:
		refuse_retry(r, s);
		break;
	case STEP_RESTART:
		revive(r);
		break;
	case STEP_REOPEN:
		act_reopen(r, s);
		break;
	}
}
