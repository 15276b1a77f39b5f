/* client/cli/audit.c - qip audit: check the whole history again, of this home or of any copy. */
#include "client/audit.h"

#include <string.h>
#include <sys/stat.h>

#include "client/cli/cli.h"
#include "client/cli/text.h"
#include "client/limits.h"

const struct arg_option options_audit[] = {
	{"root", "FINGERPRINT",
	 "the root key to trust, \"SHA256:…\"; else the one that this device was given when it joined", false},
	{"repo", "PATH", "check this copy of a history instead of the home's", false},
	{"ods", "CODE", "the practice that the copy is of (needed with --repo)", false},
	{NULL, NULL, NULL, false},
};

/* The first bytes of "SHA256:<base64 without padding>". */
static enum status parse_root(uint8_t pin[CODE_PIN_LEN], const char *text, struct error *e)
{
	static const char prefix[] = "SHA256:";
	struct buf padded = BUF_INIT, bytes = BUF_INIT;
	enum status st = STATUS_MALFORMED;

	if (strncmp(text, prefix, strlen(prefix)) == 0) {
		buf_addf(&padded, "%s=", text + strlen(prefix));
		st = base64_decode(&bytes, buf_text(&padded), padded.len);
	}
	if (st == STATUS_OK && bytes.len == SHA256_LEN)
		memcpy(pin, bytes.data, CODE_PIN_LEN);
	else
		st = error_set(e, STATUS_USAGE,
			       "\"%.80s\" is not a key's fingerprint; \"qip status\" prints it as SHA256:…", text);
	buf_clear(&padded);
	buf_clear(&bytes);
	return st;
}

/* A bare repository, or the .git folder of a clone with files. */
static enum status open_copy(struct repo **out, struct oid *main, const char *path, struct error *e)
{
	char inner[4096];
	struct stat info;
	struct repo *r = NULL;
	enum status st;

	(void)snprintf(inner, sizeof(inner), "%s/.git", path);
	st = repo_init_library(e); /* no home was opened that would have done it */
	if (st != STATUS_OK)
		return st;
	st = repo_open(&r, stat(inner, &info) == 0 ? inner : path, e);
	if (st != STATUS_OK)
		return st;
	st = repo_ref_get(main, r, "refs/heads/main", e);
	if (st == STATUS_NOT_FOUND)
		st = repo_ref_get(main, r, "refs/remotes/origin/main", e);
	if (st != STATUS_OK) {
		repo_close(r);
		return error_prefix(e, st, "%.200s holds no history", path);
	}
	*out = r;
	return STATUS_OK;
}

static cJSON *finding_json(const struct audit_finding *f)
{
	cJSON *out = cJSON_CreateObject();

	put_string(&out, "commit", f->commit);
	put_string(&out, "path", f->path);
	put_string(&out, "device", f->device);
	put_string(&out, "text", f->text);
	return out;
}

static cJSON *incident_json(const struct audit_incident *i)
{
	cJSON *out = cJSON_CreateObject(), *unheard = cJSON_CreateArray();
	char words[AUDIT_UNHEARD_MAX], *save = NULL;

	(void)snprintf(words, sizeof(words), "%s", i->unheard);
	for (const char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		push_item(&unheard, cJSON_CreateString(word));
	put_string(&out, "restored", i->restored);
	put_string(&out, "backup", i->backup);
	put_number(&out, "index", i->index);
	put_number(&out, "known", i->known);
	put_item(&out, "unheard", unheard);
	return out;
}

static enum status print_json(struct cli *c, const struct audit *a, struct error *e)
{
	cJSON *out = cJSON_CreateObject(), *findings = cJSON_CreateArray(), *devices = cJSON_CreateArray(), *incidents = cJSON_CreateArray();

	for (size_t i = 0; i < a->findings_len; i++)
		push_item(&findings, finding_json(&a->findings[i]));
	for (size_t i = 0; i < a->devices_len; i++) {
		cJSON *device = cJSON_CreateObject();

		put_string(&device, "device", a->devices[i].id);
		put_string(&device, "role", role_text(a->devices[i].role));
		put_string(&device, "invited_by", a->devices[i].invited_by);
		put_number(&device, "answers", (int64_t)a->devices[i].answers);
		put_number(&device, "last", (int64_t)a->devices[i].last_seq);
		put_string(&device, "last_received", a->devices[i].last_received);
		put_bool(&device, "silent", a->devices[i].silent);
		push_item(&devices, device);
	}
	for (size_t i = 0; i < a->incidents_len; i++)
		push_item(&incidents, incident_json(&a->incidents[i]));
	put_bool(&out, "passed", a->findings_len == 0);
	put_string(&out, "main", a->main);
	put_number(&out, "merges", (int64_t)a->merges);
	put_number(&out, "commits", (int64_t)a->commits);
	put_number(&out, "records", (int64_t)a->records);
	put_number(&out, "backdated", (int64_t)a->backdated);
	put_string(&out, "first_received", a->first_received);
	put_string(&out, "last_received", a->last_received);
	put_number(&out, "clock_back", (int64_t)a->clock_back);
	put_string(&out, "clock_back_first", a->clock_back_first);
	put_number(&out, "more_findings", (int64_t)a->findings_more);
	put_item(&out, "findings", findings);
	put_item(&out, "devices", devices);
	put_item(&out, "incidents", incidents);
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

static enum status print_text(struct cli *c, const struct audit *a, struct error *e)
{
	FILE *out = c->out;
	enum status st;

	fprintf(out,
		"Checked every signature, right, schema, number and merge: %llu merge%s, %llu commit%s, %llu "
		"record%s.\n",
		(unsigned long long)a->merges, plural(a->merges), (unsigned long long)a->commits, plural(a->commits),
		(unsigned long long)a->records, plural(a->records));
	if (a->first_received[0])
		fprintf(out, "Received from %.10s to %.10s; the log ends at %.10s.\n", a->first_received,
			a->last_received, a->main);
	fprintf(out, "Edits entered for a day before they were received: %llu\n\n", (unsigned long long)a->backdated);
	st = print_devices(c, a, e);
	print_silence(c, a);
	print_incidents(out, a);
	if (a->findings_len > 0)
		fputc('\n', out);
	for (size_t i = 0; i < a->findings_len; i++) {
		const struct audit_finding *f = &a->findings[i];
		struct buf text = BUF_INIT;

		text_clean(&text, f->text, 0);
		fprintf(out, "%s %s %s: %s\n", f->commit[0] ? f->commit : "-", f->path[0] ? f->path : "-",
			f->device[0] ? f->device : "-", buf_text(&text));
		buf_clear(&text);
	}
	if (a->findings_more > 0)
		fprintf(out, "and %llu more%s\n", (unsigned long long)a->findings_more,
			a->findings_len + a->findings_more >= AUDIT_MAX_FAULTS ? " at least: the rest of the log was not judged" : "");
	if (st == STATUS_OK && a->findings_len == 0)
		fprintf(out, "\nThe audit passed.\n");
	return st;
}

static enum status run(struct cli *c, struct repo *r, const struct oid *main, const char *ods, const char *root,
		       struct error *e)
{
	struct audit a = AUDIT_INIT;
	uint8_t pin[CODE_PIN_LEN];
	uint64_t findings;
	enum status st = root ? parse_root(pin, root, e) : STATUS_OK;

	if (st == STATUS_OK)
		st = audit_run(&a, r, main, ods, root ? pin : NULL, e);
	if (st == STATUS_OK)
		st = c->json ? print_json(c, &a, e) : print_text(c, &a, e);
	findings = a.findings_len + a.findings_more;
	if (st == STATUS_OK && findings > 0)
		st = error_set(
			e, STATUS_UNTRUSTED,
			"the audit found %llu fault%s; please do not rely on this history before %s explained",
			(unsigned long long)findings, plural(findings), findings == 1 ? "it is" : "they are");
	audit_clear(&a);
	return st;
}

enum status cmd_audit(struct cli *c, struct error *e)
{
	const char *copy = args_get(&c->args, "repo"), *ods = args_get(&c->args, "ods"),
		   *root = args_get(&c->args, "root");
	struct repo *r = NULL;
	struct oid main;
	enum status st;

	if (!copy && ods)
		return error_set(e, STATUS_USAGE, "--ods goes with --repo PATH");
	if (copy) {
		if (!ods || !ods_valid(ods))
			return error_set(e, STATUS_USAGE, "please say which practice the copy is of: --ods C82999");
		st = open_copy(&r, &main, copy, e);
		if (st == STATUS_OK)
			st = run(c, r, &main, ods, root, e);
		if (r)
			repo_close(r);
		return st;
	}
	st = cli_open_log(c, e);
	if (st == STATUS_OK)
		st = qip_main(&main, c->q, e);
	if (st == STATUS_NOT_FOUND)
		return error_set(e, st, "there is no history here yet; please run \"qip sync\" first");
	if (st == STATUS_OK)
		st = run(c, qip_repo(c->q), &main, qip_identity(c->q)->ods,
			 root ? root : qip_identity(c->q)->root_fingerprint, e);
	return st;
}
