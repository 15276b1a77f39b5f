/* client/cli/status.c - qip status: who this device is, how fresh its copy is, and what waits for somebody. */
#include <string.h>

#include "client/cli/broken.h"
#include "client/cli/inbox.h"
#include "client/cli/kiosks.h"

struct standing {
	struct cli *c;
	uint64_t waiting, conflicts, refused;
	uint64_t escalated, overdue; /* comments that a role has to see to; of them, those past their day */
	struct qip_blobs blobs;
	bool revoked;
	struct qip_handed handed; /* if it is */
	struct broken broken;
	int64_t last_sync_ms;
	uint64_t found;		/* contradictions of the server that nobody settled */
	struct qip_seen last_found; /* of them */
	struct kiosks kiosks;
};

/* ---- what waits ---- */

static enum status count_conflicts(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct standing *s = ctx;

	(void)path;
	(void)e;
	s->conflicts += record_conflicts(record);
	return STATUS_OK;
}

static enum status count_escalated(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct standing *s = ctx;
	const cJSON *escalation = comments_escalation(record);
	char today[11];

	(void)path;
	(void)e;
	inbox_day(today, s->c, 0);
	s->escalated += escalation != NULL;
	s->overdue += escalation && strcmp(text_of(escalation, "due"), today) < 0;
	return STATUS_OK;
}

static enum status count_refused(void *ctx, const struct qip_refusal *r, struct error *e)
{
	struct standing *s = ctx;

	(void)e;
	s->refused += r->state == QIP_REFUSAL_OPEN || r->state == QIP_REFUSAL_MAKING;
	return STATUS_OK;
}

static enum status read_broken(struct standing *s, struct error *e)
{
	struct plan p = PLAN_INIT;
	struct sites sites;
	enum status st = plan_read(&p, s->c, "qip", e);

	if (st == STATUS_OK)
		st = sites_read(&sites, s->c->q, e);
	p.sites = &sites;
	if (st == STATUS_OK) {
		broken_count(&s->broken, &p);
		st = broken_elsewhere(&s->broken, s->c->q, &p, e);
	}
	plan_clear(&p);
	return st;
}

static enum status count_found(void *ctx, const struct qip_seen *f, struct error *e)
{
	struct standing *s = ctx;

	(void)e;
	if (!f->settled[0]) {
		s->found++;
		s->last_found = *f;
	}
	return STATUS_OK;
}

static enum status read_handed(struct standing *s, struct error *e)
{
	enum status st = qip_handed(&s->handed, s->c->q, e);

	s->revoked = st == STATUS_OK;
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static enum status read_standing(struct standing *s, struct error *e)
{
	struct qip *q = s->c->q;
	enum status st = qip_waiting(&s->waiting, q, e);

	s->last_sync_ms = qip_last_sync_ms(q);
	if (st == STATUS_OK)
		st = qip_blobs(&s->blobs, q, e);
	if (st == STATUS_OK)
		st = qip_refused_each(q, count_refused, s, e);
	if (st == STATUS_OK)
		st = qip_seen_each(q, count_found, s, e);
	if (st == STATUS_OK)
		st = read_handed(s, e);
	if (qip_identity(q)->role == ROLE_KIOSK)
		return st; /* a kiosk has no copy of the plan */
	if (st == STATUS_OK)
		st = qip_conflicts_each(q, count_conflicts, s, e);
	if (st == STATUS_OK)
		st = qip_each(q, "triage/", count_escalated, s, e);
	if (st == STATUS_OK)
		st = read_broken(s, e);
	return st == STATUS_OK ? kiosks_read(&s->kiosks, q, e) : st;
}

/* ---- output ---- */

static enum status print_json(const struct standing *s, struct error *e)
{
	const struct qip_identity *id = qip_identity(s->c->q);
	cJSON *out = cJSON_CreateObject();
	char at[TIME_TEXT_MAX] = "";

	if (s->last_sync_ms > 0)
		time_format(at, s->last_sync_ms);
	put_string(&out, "url", id->url);
	put_string(&out, "ods", id->ods);
	put_string(&out, "device", id->device);
	put_string(&out, "role", role_text(id->role));
	put_string(&out, "site", id->site);
	put_string(&out, "root_key", id->root_fingerprint);
	put_string(&out, "last_sync", at);
	put_number(&out, "waiting", (int64_t)s->waiting);
	put_number(&out, "blobs_waiting", (int64_t)s->blobs.waiting);
	put_number(&out, "blobs_missing", (int64_t)s->blobs.missing);
	put_number(&out, "conflicts", (int64_t)s->conflicts);
	put_number(&out, "refused", (int64_t)s->refused);
	put_number(&out, "escalated", (int64_t)s->escalated);
	put_number(&out, "overdue", (int64_t)s->overdue);
	broken_put(&out, &s->broken);
	put_number(&out, "contradictions", (int64_t)s->found);
	if (s->revoked) {
		cJSON *handed = cJSON_CreateObject();

		put_number(&handed, "alone", (int64_t)s->handed.alone);
		put_string(&handed, "at", s->handed.at);
		put_string(&handed, "why", s->handed.why);
		put_item(&out, "handed", handed);
	}
	put_item(&out, "kiosks", kiosks_json(&s->kiosks));
	return cli_print_json(s->c, out, e);
}

static void print_sync(const struct standing *s)
{
	int64_t age_ms = qip_now_ms(s->c->q) - s->last_sync_ms;
	char age[40], at[TIME_TEXT_MAX];

	if (s->last_sync_ms <= 0) {
		fprintf(s->c->out, "Last sync   never; please run: qip sync\n");
		return;
	}
	cli_age(age, sizeof(age), age_ms > 0 ? age_ms : 0);
	time_format(at, s->last_sync_ms);
	fprintf(s->c->out, "Last sync   %.10s %.5s UTC, %s ago\n", at, at + 11, age);
}

/* Comments, what was released of them, evidence and names of staff: nobody asks about those unless some wait. */
static void print_blobs(const struct standing *s)
{
	const struct qip_blobs *b = &s->blobs;

	if (b->waiting > 0)
		fprintf(s->c->out, "Free text   %llu piece%s of free text or evidence to send\n", (unsigned long long)b->waiting, plural(b->waiting));
	if (b->missing > 0)
		fprintf(s->c->out, "Free text   %llu piece%s not at the server yet: whoever has %s has to sync\n", (unsigned long long)b->missing, plural(b->missing),
			b->missing == 1 ? "it" : "them");
}

static void print_handed(const struct standing *s)
{
	const struct qip_handed *h = &s->handed;

	if (!s->revoked || s->waiting == 0)
		return;
	if (h->alone == 0)
		fprintf(s->c->out, "Revoked     what waits is kept aside at the server, for a manager to look at (%.10s)\n", h->at);
	else
		fprintf(s->c->out, "Revoked     %llu edit%s of what waits %s ON THIS DEVICE ALONE: the server did not keep %s aside (%.10s)%s%s\n",
			(unsigned long long)h->alone, plural(h->alone), h->alone == 1 ? "is" : "are", h->alone == 1 ? "it" : "them", h->at,
			h->why[0] ? ": " : "", h->why);
}

static void print_text(const struct standing *s)
{
	const struct qip_identity *id = qip_identity(s->c->q);
	FILE *out = s->c->out;

	fprintf(out, "Device      %s, role %s%s%s\n", id->device, role_text(id->role), id->site[0] ? ", site " : "",
		id->site);
	fprintf(out, "Practice    %s at %s\n", id->ods, id->url);
	fprintf(out, "Root key    %s\n", id->root_fingerprint);
	print_sync(s);
	fprintf(out, "Waiting     %llu to send\n", (unsigned long long)s->waiting);
	print_blobs(s);
	print_handed(s);
	fprintf(out, "Conflicts   %llu%s\n", (unsigned long long)s->conflicts,
		s->conflicts ? "; see: qip conflicts" : "");
	if (s->escalated > 0)
		fprintf(out, "Escalated   %llu comment%s, %llu OVERDUE; see: qip comments list --waiting\n", (unsigned long long)s->escalated,
			plural(s->escalated), (unsigned long long)s->overdue);
	if (s->found > 0)
		fprintf(out, "Server      CONTRADICTS ITSELF: %s (%.10s). Call the ICB; see: qip checkpoint\n", s->last_found.text, s->last_found.at);
	fprintf(out, "Refused     %llu%s\n", (unsigned long long)s->refused, s->refused ? "; see: qip refused list" : "");
	broken_print(out, &s->broken, "To mend     ");
}

enum status cmd_status(struct cli *c, struct error *e)
{
	struct standing s = {.c = c};
	enum status st = cli_open(c, e);

	if (st == STATUS_OK)
		st = read_standing(&s, e);
	if (st == STATUS_OK && c->json) {
		st = print_json(&s, e);
	} else if (st == STATUS_OK) {
		print_text(&s);
		st = kiosks_print(c, &s.kiosks, e);
	}
	kiosks_clear(&s.kiosks);
	return st;
}
