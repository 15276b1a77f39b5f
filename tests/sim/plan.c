/* tests/sim/plan.c - see plan.h. */
#include "tests/sim/plan.h"

#include <string.h>

#include "tests/sim/world.h"

#define HOUR_MS INT64_C(3600000)

static struct step *add(struct plan *p, struct dice *d, enum step_kind kind, unsigned site)
{
	struct step *s = &p->steps[p->len < PLAN_MAX_STEPS ? p->len++ : PLAN_MAX_STEPS - 1];

	/* one draw a statement: in which order an initializer draws is the compiler's choice */
	*s = (struct step){.kind = kind, .site = site};
	s->seed = dice_next(d);
	s->pick = dice_below(d, 1000);
	s->pass_ms = dice_below(d, 100) < 90 ? dice_below(d, 60000) : HOUR_MS * dice_below(d, 400);
	return s;
}

/* Half of all changes go to the first fields of a type, and most to the records that everybody has. */
static void add_changes(struct step *s, struct dice *d, unsigned len)
{
	const struct record_kind_of_run *r = fields_record(s->record);

	s->changes_len = len;
	for (unsigned i = 0; i < len; i++) {
		unsigned some = r->fields_len < 3 ? (unsigned)r->fields_len : 3;
		struct change *c = &s->changes[i];

		c->field = dice_below(d, dice_percent(d, 50) ? some : (unsigned)r->fields_len);
		c->key = dice_below(d, dice_percent(d, 60) ? 1 : 5);
		c->value = dice_below(d, 225);
	}
}

static void add_edit(struct plan *p, struct dice *d, enum step_kind kind, unsigned site)
{
	struct step *s = add(p, d, kind, site);

	s->record = dice_percent(d, 45) ? dice_below(d, 2) : dice_below(d, RECORDS);
	add_changes(s, d, kind == STEP_FORGE ? 1 : 1 + dice_below(d, PLAN_MAX_CHANGES));
}

static void add_create(struct plan *p, struct dice *d, unsigned site, unsigned record)
{
	struct step *s = add(p, d, STEP_CREATE, site);

	s->record = record;
	add_changes(s, d, 2);
}

static void add_sync(struct plan *p, struct dice *d, unsigned site, bool may_fail)
{
	struct step *s = add(p, d, STEP_SYNC, site);

	if (may_fail && dice_percent(d, 45))
		s->mishap = (enum mishap)(1 + dice_below(d, MISHAP_COUNT - 1));
	s->at = s->mishap >= MISHAP_KILL_MERGE ? 0 : dice_below(d, 4);
}

static void add_any(struct plan *p, struct dice *d)
{
	unsigned chance = dice_below(d, 100), site = dice_below(d, WORLD_EDITORS);

	if (chance < 54)
		add_edit(p, d, STEP_EDIT, site);
	else if (chance < 62)
		(void)add(p, d, STEP_RESOLVE, site);
	else if (chance < 82)
		add_sync(p, d, site, true);
	else if (chance < 84)
		(void)add(p, d, STEP_TOGETHER, site);
	else if (chance < 87)
		add_sync(p, d, WORLD_KIOSK, true);
	else if (chance < 90)
		(void)add(p, d, STEP_ANSWER, WORLD_KIOSK);
	else if (chance < 92)
		add_edit(p, d, STEP_FORGE, site);
	else if (chance < 93)
		add_edit(p, d, STEP_DELETE, site);
	else if (chance < 96)
		(void)add(p, d, STEP_RETRY, site);
	else if (chance < 97)
		(void)add(p, d, STEP_RESTART, 0);
	else
		(void)add(p, d, STEP_REOPEN, site);
}

static unsigned edits(const struct plan *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->len; i++)
		n += p->steps[i].changes_len + (p->steps[i].kind == STEP_RESOLVE);
	return n;
}

/* In every run: a refusal and a restart, whatever chance adds. */
static void add_duties(struct plan *p, struct dice *d)
{
	unsigned site = 1 + dice_below(d, 2);
	struct step *s = add(p, d, STEP_FORGE, site);

	s->record = dice_below(d, 2);
	add_changes(s, d, 1);
	add_sync(p, d, site, false);
	(void)add(p, d, STEP_RESTART, 0);
	(void)add(p, d, STEP_ANSWER, WORLD_KIOSK);
	add_sync(p, d, WORLD_KIOSK, true);
	add(p, d, STEP_RETRY, site)->pick = 0; /* all of them */
}

void plan_make(struct plan *p, uint64_t seed)
{
	struct dice d;
	unsigned created = RECORDS - 6;
	bool done = false;

	*p = (struct plan){.seed = seed};
	dice_start(&d, dice_mix(seed, 1));
	for (unsigned r = 0; r < RECORDS_MADE_FIRST; r++)
		add_create(p, &d, 0, r);
	for (unsigned s = 0; s < WORLD_EDITORS; s++)
		add_sync(p, &d, s, false);
	while (edits(p) < PLAN_EDITS && p->len < PLAN_MAX_STEPS - 8) {
		if (!done && edits(p) > PLAN_EDITS / 3) {
			add_duties(p, &d);
			done = true;
		}
		if (created < RECORDS && dice_percent(&d, 5))
			add_create(p, &d, dice_below(&d, WORLD_EDITORS), created++);
		add_any(p, &d);
	}
}

/* ---- in words ---- */

static const char *site_name(unsigned site)
{
	static const char *const names[WORLD_SITES] = {"manager", "fleckney", "kibworth", "glen", "wigston", "kiosk"};

	return names[site % WORLD_SITES];
}

static void tell_changes(FILE *out, const struct step *s)
{
	const struct record_kind_of_run *r = fields_record(s->record);

	for (unsigned i = 0; i < s->changes_len; i++) {
		const struct field *f = &r->fields[s->changes[i].field % r->fields_len];
		cJSON *value = fields_value(f, s->changes[i].value);
		char *text = value ? cJSON_PrintUnformatted(value) : NULL;
		char slot[128];

		fields_slot(slot, sizeof(slot), f, s->changes[i].key);
		(void)fprintf(out, "%s %s = %s", i > 0 ? "," : "", slot[0] ? slot : f->name, text ? text : "?");
		cJSON_free(text);
		cJSON_Delete(value);
	}
}

void plan_tell(FILE *out, const struct plan *p, size_t step)
{
	static const char *const verbs[] = {
		[STEP_CREATE] = "creates", [STEP_EDIT] = "edits",     [STEP_RESOLVE] = "settles a conflict",
		[STEP_SYNC] = "syncs",     [STEP_TOGETHER] = "and whoever else has something to send sync at once",     [STEP_ANSWER] = "is given answers", [STEP_FORGE] = "makes an edit that will be refused in",
		[STEP_DELETE] = "deletes", [STEP_RETRY] = "makes what was refused again",
		[STEP_RESTART] = "restarts", [STEP_REOPEN] = "is started anew",
	};
	const struct step *s = &p->steps[step];

	(void)fprintf(out, "  %3zu  %s %s", step, s->kind == STEP_RESTART ? "server" : site_name(s->site), verbs[s->kind]);
	if (s->changes_len > 0)
		(void)fprintf(out, " %s %u:", fields_record(s->record)->type, s->record);
	tell_changes(out, s);
	if (s->mishap)
		(void)fprintf(out, "; %s (No %u)", mishap_text(s->mishap), s->at + 1);
	(void)fputc('\n', out);
}
