/* tests/sim/act.c - steps carried out: syncing, answering, starting anew. */
#include "tests/sim/act.h"

#include <pthread.h>
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

	r->counts.restarts++;
	if (host_revive(&r->world.host, &e) != STATUS_OK)
		run_finding(r, "restart", "the server does not start again: %s", e.text);
}

struct visit {
	struct run *run;
	unsigned site;
	enum mishap mishap;
	unsigned at;
	pthread_barrier_t *together; /* NULL: alone */
	pthread_t thread;
	struct qip_sync_report report;
	enum status status;
	struct error error;
	bool line_failed;
};

static void *make_visit(void *visit)
{
	struct visit *v = visit;
	struct world *w = &v->run->world;

	link_up(w->host, w->sites[v->site].name, &w->machine);
	link_expect(v->mishap, v->at);
	link_together(v->together);
	v->status = qip_sync(w->sites[v->site].q, &v->report, &v->error);
	v->line_failed = link_failed();
	return NULL;
}

static bool end_visit(const struct visit *v)
{
	struct run *r = v->run;

	r->counts.mishaps += v->line_failed;
	r->unsure[v->site] = v->line_failed;
	if (v->status != STATUS_OK && !(v->line_failed && (v->status == STATUS_NETWORK || v->status == STATUS_TIMEOUT))) {
		run_finding(r, "sync", "%s cannot sync: %s (%s)", act_site(r, v->site)->name, v->error.text, status_text(v->status));
		return false;
	}
	refuse_notice(r, v->site);
	if (v->status == STATUS_OK && v->report.waiting > 0)
		run_finding(r, "waiting", "%s has synced, and %llu still wait", act_site(r, v->site)->name, (unsigned long long)v->report.waiting);
	if (v->status == STATUS_OK && v->site != WORLD_KIOSK)
		note_merged(r, v->site, v->report.main_index);
	return v->status == STATUS_OK;
}

static bool sync_site(struct run *r, unsigned site, enum mishap m, unsigned at)
{
	struct visit v = {.run = r, .site = site, .mishap = m, .at = at};

	(void)make_visit(&v);
	if (host_was_cut(r->world.host))
		revive(r);
	return r->findings == 0 && end_visit(&v);
}

/* It has something to send that nothing speaks against, and so sends it in one push. */
static bool sends_one_push(struct run *r, unsigned site)
{
	uint64_t waiting = 0;

	if (r->unsure[site] || qip_waiting(&waiting, act_site(r, site)->q, NULL) != STATUS_OK || waiting == 0)
		return false;
	for (size_t i = 0; i < r->ledger.deeds_len; i++) {
		const struct deed *d = &r->ledger.deeds[i];

		if (d->site == site && d->fate == FATE_MEANT && d->merged == INT64_MAX && (d->wrong || d->may_fail))
			return false;
	}
	return true;
}

/* One after the other they push and wait for the merge, which then takes all. */
static void sync_together(struct run *r, struct visit *visits, unsigned len)
{
	pthread_barrier_t together;
	bool all = pthread_barrier_init(&together, NULL, len) == 0 && host_hold(r->world.host) == STATUS_OK;

	for (unsigned i = 0; i < len; i++) {
		visits[i].together = &together;
		if (!all || pthread_create(&visits[i].thread, NULL, make_visit, &visits[i]) != 0)
			abort();
		if (!host_await_pushes(r->world.host, i + 1))
			run_finding(r, "together", "the push of %s does not come to wait for the merge", act_site(r, visits[i].site)->name);
	}
	host_let_go(r->world.host);
	for (unsigned i = 0; i < len; i++)
		(void)pthread_join(visits[i].thread, NULL);
	(void)pthread_barrier_destroy(&together);
	r->counts.together++;
}

static void act_together(struct run *r, const struct step *s)
{
	struct visit visits[WORLD_EDITORS];
	unsigned len = 0;

	for (unsigned i = 0; i < WORLD_EDITORS; i++)
		if (sends_one_push(r, (s->site + i) % WORLD_EDITORS))
			visits[len++] = (struct visit){.run = r, .site = (s->site + i) % WORLD_EDITORS};
	if (len > 1)
		sync_together(r, visits, len);
	for (unsigned i = 0; len > 1 && i < len; i++)
		(void)end_visit(&visits[i]);
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
	case STEP_TOGETHER:
		act_together(r, s);
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
