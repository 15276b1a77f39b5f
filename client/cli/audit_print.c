/* client/cli/audit_print.c - what an audit found, for people and as JSON. */
#include "client/cli/audit.h"

#include <string.h>

#include "client/audit_certificate.h"
#include "client/cli/text.h"
#include "client/limits.h"

static cJSON *texts_json(const struct audit_texts *t)
{
	cJSON *out = cJSON_CreateObject();

	put_number(&out, "intact", (int64_t)t->intact);
	put_number(&out, "erased_here", (int64_t)t->erased_here);
	put_number(&out, "absent", (int64_t)t->absent);
	put_string(&out, "absent_first", t->absent_first);
	return out;
}

static cJSON *held_json(const struct audit_held *h)
{
	cJSON *held = cJSON_CreateObject();

	put_number(&held, "index", (int64_t)h->index);
	put_string(&held, "main", h->main);
	put_string(&held, "at", h->at);
	put_number(&held, "known", h->known);
	return held;
}

static enum status print_json(struct cli *c, const struct audit *a, const char *refusal, struct error *e)
{
	cJSON *out = cJSON_CreateObject(), *devices = cJSON_CreateArray();

	for (size_t i = 0; i < a->devices_len; i++) {
		cJSON *device = cJSON_CreateObject();

		put_string(&device, "device", a->devices[i].id);
		put_string(&device, "role", role_text(a->devices[i].role));
		put_string(&device, "invited_by", a->devices[i].invited_by);
		put_number(&device, "answers", (int64_t)a->devices[i].answers);
		put_number(&device, "last", (int64_t)a->devices[i].last_seq);
		put_string(&device, "last_received", a->devices[i].last_received);
		put_bool(&device, "silent", a->devices[i].silent);
		if (a->devices[i].replaces[0]) {
			put_string(&device, "replaces", a->devices[i].replaces);
			put_bool(&device, "ends", a->devices[i].ends);
		}
		if (a->devices[i].doubled > 0) {
			put_number(&device, "doubled", (int64_t)a->devices[i].doubled);
			put_string(&device, "doubled_first", a->devices[i].doubled_first);
		}
		push_item(&devices, device);
	}
	put_bool(&out, "passed", a->findings_len == 0);
	put_bool(&out, "anew", a->anew);
	put_item(&out, "from", audit_from_json(a));
	put_string(&out, "main", a->main);
	put_number(&out, "index", (int64_t)a->index);
	put_number(&out, "merges", (int64_t)a->merges);
	put_number(&out, "commits", (int64_t)a->commits);
	put_number(&out, "records", (int64_t)a->records);
	put_number(&out, "backdated", (int64_t)a->backdated);
	put_string(&out, "first_received", a->first_received);
	put_string(&out, "last_received", a->last_received);
	put_number(&out, "clock_back", (int64_t)a->clock_back);
	put_string(&out, "clock_back_first", a->clock_back_first);
	put_number(&out, "more_findings", (int64_t)a->findings_more);
	put_item(&out, "findings", audit_findings_json(a));
	put_item(&out, "devices", devices);
	put_item(&out, "let_in_by_root", audit_rooted_json(a));
	put_item(&out, "server_keys", audit_server_keys_json(a));
	put_item(&out, "incidents", audit_incidents_json(a));
	if (a->held.index > 0)
		put_item(&out, "held", held_json(&a->held));
	put_item(&out, "settled", audit_settled_json(a));
	put_number(&out, "more_settled", (int64_t)a->settled_more);
	if (a->texts.looked)
		put_item(&out, "texts", texts_json(&a->texts));
	if (refusal[0])
		put_string(&out, "refused_checkpoint", refusal);
	return cli_print_json(c, out, e);
}

static enum status print_devices(struct cli *c, const struct audit *a, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "Device", .gives = 1},	 {.title = "Role"},
		{.title = "Invited by", .gives = 1},	 {.title = "Answers", .right = true},
		{.title = "Last number", .right = true}, {.title = "Last heard of"},
	};
	struct table t;
	enum status st;

	table_init(&t, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < a->devices_len; i++) {
		const struct audit_device *d = &a->devices[i];
		char answers[24] = "", last[24] = "", heard[11] = "";

		if (d->last_seq > 0) {
			(void)snprintf(answers, sizeof(answers), "%llu", (unsigned long long)d->answers);
			(void)snprintf(last, sizeof(last), "%llu", (unsigned long long)d->last_seq);
		}
		(void)snprintf(heard, sizeof(heard), "%.10s", d->last_received);
		table_add(&t, (const char *const[]){d->id, role_text(d->role), d->invited_by, answers, last, heard});
	}
	st = table_print(c->out, &t, c->bold, e);
	table_clear(&t);
	return st;
}

static void print_replaced(FILE *out, const struct audit *a)
{
	bool any = false;

	for (size_t i = 0; i < a->devices_len; i++) {
		const struct audit_device *d = &a->devices[i];

		if (!d->replaces[0])
			continue;
		fprintf(out, "%s%s goes on with the answers of %s%s.\n", any ? "" : "\n", d->id, d->replaces,
			d->ends ? ", under whose name nothing more is taken" : ", of which it was a copy");
		any = true;
	}
}

/* No fault: and yet whoever has the root key's paper can do it. */
static void print_rooted(FILE *out, const struct audit *a)
{
	if (a->rooted_len > 0)
		fputc('\n', out);
	for (size_t i = 0; i < a->rooted_len; i++) {
		const struct audit_rooted *r = &a->rooted[i];

		fprintf(out, "%s was let in as a manager by the root key's paper on %.10s, merge %llu (%.10s). Ask the practice who used it.\n", r->device,
			r->received, (unsigned long long)r->index, r->commit);
	}
}

static void print_server_keys(FILE *out, const struct audit *a)
{
	static const char *const texts[] = {
		[AUDIT_KEY_ENDORSED] = "was endorsed by the root key",
		[AUDIT_KEY_SIGNS] = "signs the log",
		[AUDIT_KEY_RETIRED] = "was retired by the root key",
	};

	if (a->server_keys_len > 0)
		fputc('\n', out);
	for (size_t i = 0; i < a->server_keys_len; i++) {
		const struct audit_server_key *k = &a->server_keys[i];

		bool signs = k->what == AUDIT_KEY_SIGNS;

		fprintf(out, "The server's key %s %s %s%.10s, merge %llu (%.10s)%s%s.\n", k->fingerprint, texts[k->what], signs ? "from " : "on ",
			k->received, (unsigned long long)k->index, k->commit, signs ? " on" : ", by ", signs ? "" : k->device);
	}
}

static void print_doubled(FILE *out, const struct audit *a)
{
	for (size_t i = 0; i < a->devices_len; i++) {
		const struct audit_device *d = &a->devices[i];

		if (d->doubled > 0)
			fprintf(out, "\n%llu answer%s of %s came from another copy of the same kiosk, too, first %s; each counts once. A server of now takes none such: "
				"ask the host.\n", (unsigned long long)d->doubled, plural(d->doubled), d->id, d->doubled_first);
	}
}

/* What is no fault, and yet may be the trace of one. */
static void print_silence(struct cli *c, const struct audit *a)
{
	const struct env *env = c->q ? qip_env(c->q) : env_system();
	int64_t last_ms = 0, still_ms = 0;
	char age[32];
	size_t silent = 0;

	if (time_parse(&last_ms, a->last_received) == STATUS_OK)
		still_ms = env->now_ms(env->ctx) - last_ms;
	if (still_ms > LIMIT_AUDIT_STALE_MS) {
		cli_age(age, sizeof(age), still_ms);
		fprintf(c->out, "\nNothing was received for %s by this device's clock: ask whether the practice is still, or its server keeps back what came since.\n",
			age);
	}
	for (size_t i = 0; i < a->devices_len; i++)
		if (a->devices[i].silent)
			fprintf(c->out, "%s%s", silent++ ? " " : "\nNot heard of in the last 30 days of the log: ", a->devices[i].id);
	if (silent)
		fputc('\n', c->out);
	if (a->clock_back > 0)
		fprintf(c->out, "\nThe server's clock was set back %llu time%s, first before merge %.10s.\n", (unsigned long long)a->clock_back,
			plural(a->clock_back), a->clock_back_first);
}

static void print_texts(FILE *out, const struct audit_texts *t)
{
	if (t->intact > 0)
		fprintf(out, "\nSealed texts here that are what the history holds the hash of: %llu\n", (unsigned long long)t->intact);
	if (t->erased_here > 0)
		fprintf(out, "Of them, erased by a manager and yet here: %llu\n", (unsigned long long)t->erased_here);
	if (t->absent > 0)
		fprintf(out, "\nSealed texts of this device's answers that are not here, and that nobody erased: %llu, the first of %s\n",
			(unsigned long long)t->absent, t->absent_first);
}

static void print_incidents(FILE *out, const struct audit *a)
{
	for (size_t i = 0; i < a->incidents_len; i++) {
		const struct audit_incident *n = &a->incidents[i];

		fprintf(out, "\nThe server was restored on %.10s from a backup of %.10s; its log goes on from merge %lld.\n", n->restored,
			n->backup, (long long)n->index);
		if (n->known > n->index)
			fprintf(out, "What were merges %lld to %lld are lost, but for what devices sent again since.\n", (long long)n->index + 1,
				(long long)n->known);
		if (n->unheard[0])
			fprintf(out, "Not asked, since they had not synced by then: %s\n", n->unheard);
	}
}

/* Excused, and yet not told by the server. */
static void print_held(FILE *out, const struct audit_held *h)
{
	if (h->index > 0)
		fprintf(out,
			"\nThe audit of %.10s on this device had followed the log before that restore to merge %llu (%.10s), the server, which could not "
			"ask this device, knew of merge %lld at most: what were merges %lld to %llu may be in this home alone.\n",
			h->at, (unsigned long long)h->index, h->main, (long long)h->known, (long long)h->known + 1, (unsigned long long)h->index);
}

/* Explained by a person, and yet it was shown. */
static void print_settled(FILE *out, const struct audit *a)
{
	if (a->settled_len > 0)
		fprintf(out, "\nFound by syncs of this home, and settled on it since:\n");
	for (size_t i = 0; i < a->settled_len; i++) {
		const struct audit_settled *s = &a->settled[i];
		struct buf text = BUF_INIT;

		buf_addf(&text, "No %d, found on %.10s, settled%s%.10s by %s as \"%s\": %s", s->number, s->found, s->settled[0] ? " on " : "", s->settled,
			 a->settled_by, s->why, s->text);
		text_wrap(out, buf_ok(&text) ? buf_text(&text) : s->text, 0);
		buf_clear(&text);
	}
	if (a->settled_more > 0)
		fprintf(out, "and %llu more\n", (unsigned long long)a->settled_more);
}

static void print_counts(FILE *out, const struct audit *a)
{
	fprintf(out, "Checked every signature, right, schema, number and merge: %llu merge%s, %llu commit%s, %llu record%s.\n",
		(unsigned long long)a->merges, plural(a->merges), (unsigned long long)a->commits, plural(a->commits),
		(unsigned long long)a->records, plural(a->records));
	if (a->from > 0)
		fprintf(out, "From where the audit of %.10s ended, merge %llu (%.10s), to merge %llu (%.10s), where the log ends.\n", a->from_at,
			(unsigned long long)a->from, a->from_main, (unsigned long long)a->index, a->main);
	else
		fprintf(out, "From the start of the log to merge %llu (%.10s), where it ends.\n", (unsigned long long)a->index, a->main);
	if (a->first_received[0])
		fprintf(out, "Received from %.10s to %.10s.\n", a->first_received, a->last_received);
	fprintf(out, "Edits entered for a day before they were received: %llu", (unsigned long long)a->backdated);
	if (a->from > 0)
		fprintf(out, ", and %llu before that", (unsigned long long)a->before.backdated);
	fputs("\n", out);
}

static void print_findings(FILE *out, const struct audit *a)
{
	if (a->findings_len > 0)
		fputc('\n', out);
	for (size_t i = 0; i < a->findings_len; i++) {
		const struct audit_finding *f = &a->findings[i];
		struct buf text = BUF_INIT;

		text_clean(&text, f->text, 0);
		fprintf(out, "%s %s %s: %s\n", f->commit[0] ? f->commit : "-", f->path[0] ? f->path : "-", f->device[0] ? f->device : "-",
			buf_text(&text));
		buf_clear(&text);
	}
	if (a->findings_more > 0)
		fprintf(out, "and %llu more%s\n", (unsigned long long)a->findings_more,
			a->findings_len + a->findings_more >= AUDIT_MAX_FAULTS ? " at least: the rest of the log was not judged" : "");
}

static enum status print_text(struct cli *c, const struct audit *a, const char *refusal, struct error *e)
{
	enum status st;

	if (refusal[0])
		fprintf(c->out, "Not used: %s.\n", refusal);
	if (a->anew)
		fputs("Everything is checked anew: the last audit here was made by an earlier version of the checks.\n", c->out);
	print_counts(c->out, a);
	fputc('\n', c->out);
	st = print_devices(c, a, e);
	print_replaced(c->out, a);
	print_rooted(c->out, a);
	print_server_keys(c->out, a);
	print_doubled(c->out, a);
	print_silence(c, a);
	print_texts(c->out, &a->texts);
	print_incidents(c->out, a);
	print_held(c->out, &a->held);
	print_settled(c->out, a);
	print_findings(c->out, a);
	if (st == STATUS_OK && a->findings_len == 0)
		fprintf(c->out, "\nThe audit passed.\n");
	return st;
}

enum status audit_print(struct cli *c, const struct audit *a, const char *refusal, struct error *e)
{
	return c->json ? print_json(c, a, refusal, e) : print_text(c, a, refusal, e);
}
