/* tests/sim/shrink.c - a failing run made short: steps, then changes and mishaps of what is left, are left out while it still fails. */
#include "tests/sim/trial.h"

#include <string.h>

#define SHRINK_TRIALS 250

struct shrinking {
	const struct trials *trials;
	const char *kind;
	struct plan best;
	int left; /* trials */
};

static bool still_fails(struct shrinking *s, const struct plan *plan)
{
	struct trial trial;
	struct verdict v;
	bool same = false;

	if (s->left-- <= 0 || trial_start(&trial, s->trials, plan, NULL) != STATUS_OK)
		return false;
	trial_end(&v, &trial);
	same = strcmp(v.kind, s->kind) == 0;
	verdict_clear(&v);
	if (same)
		s->best = *plan;
	return same;
}

static size_t steps_left(const struct plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->len; i++)
		n += !p->left_out[i];
	return n;
}

/* Leave out the steps from `from` on, `len` of those that are left; where that range ends. */
static size_t leave_out(struct plan *p, size_t from, size_t len)
{
	for (; from < p->len && len > 0; from++) {
		if (p->left_out[from])
			continue;
		p->left_out[from] = true;
		len--;
	}
	return from;
}

static void shrink_steps(struct shrinking *s)
{
	static struct plan plan;

	for (size_t len = steps_left(&s->best) / 2; len > 0 && s->left > 0; len /= 2) {
		/* from the end: what comes late is needed least */
		for (size_t from = s->best.len; from > 0 && s->left > 0;) {
			size_t start = from, n = 0;

			while (start > 0 && n < len)
				n += !s->best.left_out[--start];
			plan = s->best;
			(void)leave_out(&plan, start, n);
			if (n > 0)
				(void)still_fails(s, &plan);
			from = start;
		}
	}
}

static void shrink_changes(struct shrinking *s)
{
	static struct plan plan;

	for (size_t i = 0; i < s->best.len && s->left > 0; i++) {
		if (s->best.left_out[i])
			continue;
		for (unsigned k = s->best.steps[i].changes_len; k-- > 0 && s->best.steps[i].changes_len > 1;) {
			struct step *step = &plan.steps[i];

			plan = s->best;
			memmove(&step->changes[k], &step->changes[k + 1], (step->changes_len - k - 1) * sizeof(step->changes[0]));
			step->changes_len--;
			(void)still_fails(s, &plan);
		}
		plan = s->best;
		plan.steps[i].mishap = MISHAP_NONE;
		if (s->best.steps[i].mishap)
			(void)still_fails(s, &plan);
	}
}

void shrink(struct verdict *out, struct plan *plan, const struct trials *t, const char *kind)
{
	static struct shrinking s;
	struct trial trial;

	s = (struct shrinking){.trials = t, .kind = kind, .best = *plan, .left = SHRINK_TRIALS};
	shrink_steps(&s);
	shrink_changes(&s);
	*plan = s.best;
	*out = (struct verdict){.seed = plan->seed};
	if (trial_start(&trial, t, plan, NULL) == STATUS_OK)
		trial_end(out, &trial);
}
