/* tests/sim/run.c - see run.h. */
#include "tests/sim/run.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void run_finding(struct run *r, const char *kind, const char *fmt, ...)
{
	va_list args;

	r->findings++;
	(void)fprintf(r->out, "[%s] ", kind);
	va_start(args, fmt);
	(void)vfprintf(r->out, fmt, args);
	va_end(args);
	(void)fputc('\n', r->out);
	(void)fflush(r->out);
}

int64_t run_place(struct run *r, unsigned site)
{
	struct qip *q = r->world.sites[site].q;
	struct oid main;
	int64_t index = 0;

	return qip_main(&main, q, NULL) == STATUS_OK && home_log_number(&index, q, &main, NULL) == STATUS_OK ? index : 0;
}

static void pass_time(struct run *r, const struct step *s)
{
	struct world *w = &r->world;

	dice_start(&r->dice, s->seed);
	machine_pass(&w->machine, dice_next(&r->dice), s->pass_ms + 1);
	for (unsigned i = 0; i < WORLD_SITES; i++)
		machine_pass(&w->sites[i].machine, dice_next(&r->dice), s->pass_ms + 1);
}

static size_t edits_made(const struct run *r)
{
	return r->ledger.claims_len + r->ledger.entries_len;
}

static bool is_large_enough(const struct run *r, unsigned overlap)
{
	return edits_made(r) >= RUN_EDITS_LEAST && r->counts.refusals > 0 && r->counts.restarts > 0 && ledger_overlap(&r->ledger) >= overlap;
}

/* Of what is planned some comes to nothing, so more is planned than has to be done; what is not merged yet counts as met, and some of it will
 * not have been. */
static bool has_done_enough(const struct run *r)
{
	return is_large_enough(r, RUN_OVERLAP_LEAST + 4);
}

/* What a run has to be to say something: its findings would be few if it did little. Not asked of one that is being shortened. */
static void check_size(struct run *r)
{
	for (size_t i = 0; i < r->plan->len; i++)
		if (r->plan->left_out[i])
			return;
	r->counts.overlap = ledger_overlap(&r->ledger);
	if (!is_large_enough(r, RUN_OVERLAP_LEAST))
		run_finding(r, "small", "only %zu edits, %u %% of them met by another, %u refusals, %u restarts of the server", edits_made(r),
			    r->counts.overlap, r->counts.refusals, r->counts.restarts);
}

static void check_all(struct run *r)
{
	check_sites(r);
	check_refusals(r);
	ledger_settle(&r->ledger);
	check_records(r);
	check_answers(r);
	check_audit(r);
	check_orders(r);
	check_size(r);
}

void run_plan(struct run *r, const struct plan *plan, const char *dir, FILE *out)
{
	struct error e = {0};

	*r = (struct run){.plan = plan, .out = out};
	if (world_open(&r->world, dir, plan->seed, &e) != STATUS_OK) {
		run_finding(r, "start", "the world cannot be opened: %s", e.text);
		return;
	}
	r->first = run_place(r, 0);
	for (r->step = 0; r->step < plan->len && r->findings == 0 && !has_done_enough(r); r->step++) {
		if (plan->left_out[r->step])
			continue;
		pass_time(r, &plan->steps[r->step]);
		act_step(r, &plan->steps[r->step]);
	}
	if (r->findings == 0)
		act_settle(r);
	if (r->findings == 0)
		check_all(r);
}

void run_clear(struct run *r)
{
	world_close(&r->world);
	ledger_clear(&r->ledger);
	free(r->answers);
	free(r->refused);
	r->answers = NULL;
	r->refused = NULL;
}
