/* client/cli/status.c - qip status: who this device is, how fresh its copy is, and what waits for somebody. */
#include <stdlib.h>
#include <string.h>

#include "client/cli/broken.h"
#include "core/record_file.h"

#define MAX_KIOSKS 200

struct kiosk {
	char id[NAME_MAX_LEN + 1];
	int64_t last;		/* number of its last record */
	char at[TIME_TEXT_MAX]; /* "" unknown */
};

struct standing {
	struct cli *c;
	uint64_t waiting, conflicts, refused;
	bool revoked;
	struct qip_handed handed; /* if it is */
	struct broken broken;
	int64_t last_sync_ms;
	uint64_t found;		/* contradictions of the server that nobody settled */
	struct qip_seen last_found; /* of them */
	struct kiosk kiosks[MAX_KIOSKS];
	size_t kiosks_len;
};

/* ---- the last answer of a device: the highest number at each level, not a walk over all answers ---- */

static enum status highest_entry(struct tree_entry *out, struct repo *r, const struct oid *tree, struct error *e)
{
	struct tree t = TREE_INIT;
	long long best = -1;
	enum status st = repo_tree_read(&t, r, tree, e);

	for (size_t i = 0; st == STATUS_OK && i < t.len; i++) {
		long long number = strtoll(t.entries[i].name, NULL, 10);

		if (number > best) {
			best = number;
			*out = (struct tree_entry){.is_dir = t.entries[i].is_dir, .id = t.entries[i].id};
		}
	}
	tree_clear(&t);
	return st == STATUS_OK && best < 0 ? STATUS_NOT_FOUND : st;
}

static enum status read_last(struct kiosk *k, struct repo *r, const struct oid *folder, struct error *e)
{
	struct tree_entry entry = {.is_dir = true, .id = *folder};
	cJSON *record = NULL;
	const char *at;
	enum status st = STATUS_OK;

	for (int depth = 0; depth < TREE_DEPTH_MAX && entry.is_dir && st == STATUS_OK; depth++)
		st = highest_entry(&entry, r, &entry.id, e);
	if (st == STATUS_OK)
		st = record_read(&record, r, &entry.id, e);
	if (st == STATUS_OK) {
		at = json_string(json_get(record, "recorded"), "at");
		(void)snprintf(k->at, sizeof(k->at), "%s", at ? at : "");
		(void)json_integer(record, "seq", &k->last);
	}
	cJSON_Delete(record);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static enum status read_kiosk(struct standing *s, const struct device *d, const struct oid *tree, struct error *e)
{
	struct kiosk *k = &s->kiosks[s->kiosks_len];
	struct repo *r = qip_repo(s->c->q);
	char path[TREE_PATH_MAX];
	struct oid folder;
	bool is_dir;
	enum status st;

	if (d->role != ROLE_KIOSK || s->kiosks_len == MAX_KIOSKS)
		return STATUS_OK;
	*k = (struct kiosk){.last = 0};
	(void)snprintf(k->id, sizeof(k->id), "%s", d->id);
	(void)snprintf(path, sizeof(path), "feedback/%s", d->id);
	s->kiosks_len++;
	st = tree_find(&folder, &is_dir, r, tree, path, e);
	if (st == STATUS_NOT_FOUND)
		return STATUS_OK;
	return st == STATUS_OK ? read_last(k, r, &folder, e) : st;
}

static enum status read_kiosks(struct standing *s, struct error *e)
{
	struct registry reg = REGISTRY_INIT;
	struct commit commit = COMMIT_INIT;
	struct oid tip;
	enum status st = qip_registry(&reg, s->c->q, e);

	if (st == STATUS_OK)
		st = qip_tip(&tip, s->c->q, e);
	if (st == STATUS_OK)
		st = repo_commit_read(&commit, qip_repo(s->c->q), &tip, e);
	for (size_t i = 0; st == STATUS_OK && i < reg.devices_len; i++)
		st = read_kiosk(s, &reg.devices[i], &commit.tree, e);
	commit_clear(&commit);
	registry_clear(&reg);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st; /* nothing has come from the server yet */
}

/* ---- what waits ---- */

static enum status count_conflicts(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct standing *s = ctx;

	(void)path;
	(void)e;
	s->conflicts += record_conflicts(record);
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
		st = read_broken(s, e);
	return st == STATUS_OK ? read_kiosks(s, e) : st;
}

/* ---- output ---- */

static enum status print_json(const struct standing *s, struct error *e)
{
	const struct qip_identity *id = qip_identity(s->c->q);
	cJSON *out = cJSON_CreateObject(), *kiosks = cJSON_CreateArray();
	char at[TIME_TEXT_MAX] = "";

	for (size_t i = 0; i < s->kiosks_len; i++) {
		cJSON *kiosk = cJSON_CreateObject();

		put_string(&kiosk, "device", s->kiosks[i].id);
		put_number(&kiosk, "last", s->kiosks[i].last);
		put_string(&kiosk, "last_answer", s->kiosks[i].at);
		push_item(&kiosks, kiosk);
	}
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
	put_number(&out, "conflicts", (int64_t)s->conflicts);
	put_number(&out, "refused", (int64_t)s->refused);
	broken_put(&out, &s->broken);
	put_number(&out, "contradictions", (int64_t)s->found);
	if (s->revoked) {
		cJSON *handed = cJSON_CreateObject();

		put_number(&handed, "alone", (int64_t)s->handed.alone);
		put_string(&handed, "at", s->handed.at);
		put_string(&handed, "why", s->handed.why);
		put_item(&out, "handed", handed);
	}
	put_item(&out, "kiosks", kiosks);
	return cli_print_json(s->c, out, e);
}

static void print_sync(const struct standing *s)
{
	const struct env *env = qip_env(s->c->q);
	int64_t age_ms = env->now_ms(env->ctx) - s->last_sync_ms;
	char age[40], at[TIME_TEXT_MAX];

	if (s->last_sync_ms <= 0) {
		fprintf(s->c->out, "Last sync   never; please run: qip sync\n");
		return;
	}
	cli_age(age, sizeof(age), age_ms > 0 ? age_ms : 0);
	time_format(at, s->last_sync_ms);
	fprintf(s->c->out, "Last sync   %.10s %.5s UTC, %s ago\n", at, at + 11, age);
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
	print_handed(s);
	fprintf(out, "Conflicts   %llu%s\n", (unsigned long long)s->conflicts,
		s->conflicts ? "; see: qip conflicts" : "");
	if (s->found > 0)
		fprintf(out, "Server      CONTRADICTS ITSELF: %s (%.10s). Call the ICB; see: qip checkpoint\n", s->last_found.text, s->last_found.at);
	fprintf(out, "Refused     %llu%s\n", (unsigned long long)s->refused, s->refused ? "; see: qip refused list" : "");
	broken_print(out, &s->broken, "To mend     ");
	for (size_t i = 0; i < s->kiosks_len; i++) {
		const struct kiosk *k = &s->kiosks[i];

		if (k->last == 0)
			fprintf(out, "Kiosk       %s: no answer yet\n", k->id);
		else
			fprintf(out, "Kiosk       %s: %lld answer%s, the last %.10s %.5s\n", k->id, (long long)k->last,
				plural((uint64_t)k->last), k->at, strlen(k->at) > 11 ? k->at + 11 : "");
	}
}

enum status cmd_status(struct cli *c, struct error *e)
{
	struct standing s = {.c = c};
	enum status st = cli_open(c, e);

	if (st == STATUS_OK)
		st = read_standing(&s, e);
	if (st == STATUS_OK && c->json)
		return print_json(&s, e);
	if (st == STATUS_OK)
		print_text(&s);
	return st;
}
