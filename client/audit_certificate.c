/* client/audit_certificate.c - a certificate of audit: written, read, and held against a log.
 *
 * Enters: an audit, and the device's key. Leaves: a file that says what was found, and that others can check.
 */
#include "client/audit_certificate.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/audit_checkpoint.h"
#include "client/audit_signed.h"
#include "client/build.h"
#include "client/files.h"
#include "client/home.h"

#define SCHEMA "audit-certificate/1"

/* ---- its parts ---- */

static void add_item(enum status *st, cJSON *list, cJSON *item)
{
	if (*st == STATUS_OK && (!list || !item || !cJSON_AddItemToArray(list, item)))
		*st = STATUS_NOMEM;
	if (*st != STATUS_OK)
		cJSON_Delete(item);
}

static cJSON *whole_or_none(enum status st, cJSON *json)
{
	if (st == STATUS_OK)
		return json;
	cJSON_Delete(json);
	return NULL;
}

cJSON *audit_findings_json(const struct audit *a)
{
	enum status st = STATUS_OK;
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < a->findings_len; i++) {
		cJSON *f = build_object(&st);

		build_string(&st, f, "commit", a->findings[i].commit);
		build_string(&st, f, "path", a->findings[i].path);
		build_string(&st, f, "device", a->findings[i].device);
		build_string(&st, f, "text", a->findings[i].text);
		add_item(&st, list, f);
	}
	return whole_or_none(st, list);
}

static cJSON *words_json(enum status *st, const char *text)
{
	cJSON *list = cJSON_CreateArray();
	char words[AUDIT_UNHEARD_MAX], *save = NULL;

	(void)snprintf(words, sizeof(words), "%s", text);
	for (const char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		add_item(st, list, cJSON_CreateString(word));
	return list;
}

cJSON *audit_incidents_json(const struct audit *a)
{
	enum status st = STATUS_OK;
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < a->incidents_len; i++) {
		cJSON *n = build_object(&st);

		build_string(&st, n, "restored", a->incidents[i].restored);
		build_string(&st, n, "backup", a->incidents[i].backup);
		build_integer(&st, n, "index", a->incidents[i].index);
		build_integer(&st, n, "known", a->incidents[i].known);
		build_item(&st, n, "unheard", words_json(&st, a->incidents[i].unheard));
		add_item(&st, list, n);
	}
	return whole_or_none(st, list);
}

cJSON *audit_settled_json(const struct audit *a)
{
	enum status st = STATUS_OK;
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < a->settled_len; i++) {
		const struct audit_settled *s = &a->settled[i];
		cJSON *n = build_object(&st);

		build_integer(&st, n, "number", s->number);
		build_string(&st, n, "commit", s->commit);
		build_string(&st, n, "device", s->device);
		build_string(&st, n, "text", s->text);
		build_string(&st, n, "found", s->found);
		build_string(&st, n, "settled", s->settled);
		build_string(&st, n, "by", a->settled_by);
		build_string(&st, n, "why", s->why);
		add_item(&st, list, n);
	}
	return whole_or_none(st, list);
}

static cJSON *counts_json(enum status *st, const struct audit_counts *counts)
{
	cJSON *c = build_object(st);

	build_integer(st, c, "merges", (int64_t)counts->merges);
	build_integer(st, c, "commits", (int64_t)counts->commits);
	build_integer(st, c, "records", (int64_t)counts->records);
	build_integer(st, c, "backdated", (int64_t)counts->backdated);
	return c;
}

cJSON *audit_from_json(const struct audit *a)
{
	enum status st = STATUS_OK;
	cJSON *from = build_object(&st);

	build_integer(&st, from, "index", (int64_t)a->from);
	if (a->from > 0) {
		build_string(&st, from, "main", a->from_main);
		build_string(&st, from, "at", a->from_at);
		build_item(&st, from, "counts", counts_json(&st, &a->before));
	}
	return whole_or_none(st, from);
}

/* ---- writing ---- */

static cJSON *auditor_json(enum status *st, const struct qip *q)
{
	char line[KEY_SSH_MAX], fingerprint[KEY_FINGERPRINT_MAX];
	cJSON *c = build_object(st);

	key_ssh(line, q->key);
	key_fingerprint_text(fingerprint, q->key);
	build_string(st, c, "device", q->identity.device);
	build_string(st, c, "role", role_text(q->identity.role));
	build_string(st, c, "key", line);
	build_string(st, c, "fingerprint", fingerprint);
	return c;
}

static cJSON *certificate_json(enum status *st, const struct qip *q, const struct audit *a)
{
	const struct audit_counts counts = {a->merges, a->commits, a->records, a->backdated};
	cJSON *c = build_object(st);

	build_string(st, c, "schema", SCHEMA);
	build_string(st, c, "practice", q->identity.ods);
	build_string(st, c, "root", a->root);
	build_string(st, c, "scope", a->from > 0 ? "since" : "all");
	build_item(st, c, "from", audit_from_json(a));
	build_string(st, c, "main", a->main);
	build_integer(st, c, "index", (int64_t)a->index);
	build_string(st, c, "result", a->findings_len > 0 ? "failed" : "passed");
	build_item(st, c, "counts", counts_json(st, &counts));
	build_item(st, c, "findings", audit_findings_json(a));
	build_integer(st, c, "more_findings", (int64_t)a->findings_more);
	build_item(st, c, "incidents", audit_incidents_json(a));
	build_item(st, c, "settled", audit_settled_json(a));
	build_integer(st, c, "more_settled", (int64_t)a->settled_more);
	build_item(st, c, "auditor", auditor_json(st, q));
	build_item(st, c, "rules", audit_rules_json());
	build_string(st, c, "program", "qip " QIP_VERSION);
	build_time(st, c, "at", q->env->now_ms(q->env->ctx));
	return c;
}

/* The folder of a path, opened, and the name in it. */
static enum status open_folder(int *dir, const char **name, const char *path, struct error *e)
{
	const char *slash = strrchr(path, '/');
	char folder[HOME_PATH_MAX];

	*name = slash ? slash + 1 : path;
	if (!**name || (slash && (size_t)(slash - path) + 2 > sizeof(folder)))
		return error_set(e, STATUS_USAGE, "\"%.80s\" is no name for a file", path);
	(void)snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	*dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *dir >= 0 ? STATUS_OK : error_set(e, STATUS_IO, "there is no folder %.200s to write the certificate to", folder);
}

enum status audit_certificate_write(struct qip *q, const struct audit *a, const char *path, struct error *e)
{
	struct buf text = BUF_INIT;
	const char *name = NULL;
	int dir = -1;
	enum status st = open_folder(&dir, &name, path, e);
	cJSON *c = NULL;

	if (st != STATUS_OK)
		return st;
	c = certificate_json(&st, q, a);
	st = st == STATUS_OK ? audit_sign(&text, c, q->key, e) : error_set(e, st, "%s", status_text(st));
	if (st == STATUS_OK)
		st = files_write(dir, name, text.data, text.len, 0644, e);
	(void)close(dir);
	buf_clear(&text);
	cJSON_Delete(c);
	return st == STATUS_OK ? st : error_prefix(e, st, "there is no certificate");
}

/* ---- reading ---- */

static bool is_place(const char *commit, const char *at)
{
	struct oid id;
	int64_t ms;

	return commit && oid_parse(&id, commit, strlen(commit)) == STATUS_OK && at && time_parse(&ms, at) == STATUS_OK;
}

static enum status read_members(struct audit_certificate *c, struct error *e)
{
	const cJSON *auditor = json_get(c->json, "auditor"), *from = json_get(c->json, "from");
	const char *schema = json_string(c->json, "schema"), *result = json_string(c->json, "result");
	uint8_t pin[CODE_PIN_LEN];

	if (!schema || strncmp(schema, SCHEMA, strlen(SCHEMA) - 1) != 0)
		return error_set(e, STATUS_MALFORMED, "it is no certificate of audit");
	if (strcmp(schema, SCHEMA) != 0)
		return error_set(e, STATUS_UNSUPPORTED, "a newer program made it");
	c->ods = json_string(c->json, "practice");
	c->root = json_string(c->json, "root");
	c->main = json_string(c->json, "main");
	c->at = json_string(c->json, "at");
	c->device = json_string(auditor, "device");
	c->role = json_string(auditor, "role");
	c->from_main = json_string(from, "main");
	c->from_at = json_string(from, "at");
	if (!c->ods || !ods_valid(c->ods) || !c->device || !name_valid(c->device) || role_parse(c->role) == ROLE_NONE ||
	    !c->root || (c->root[0] && audit_parse_root(pin, c->root, NULL) != STATUS_OK) || !result || !json_string(auditor, "key") ||
	    !json_integer(c->json, "index", &c->index) || !json_integer(from, "index", &c->from) || c->from < 0 || c->index < c->from ||
	    !is_place(c->main, c->at) || (c->from > 0 && !is_place(c->from_main, c->from_at)))
		return error_set(e, STATUS_MALFORMED, "something is missing in it");
	if (strcmp(c->key, json_string(auditor, "key")) != 0)
		return error_set(e, STATUS_UNTRUSTED, "it names another key than the one that signed it");
	c->passed = strcmp(result, "passed") == 0;
	return STATUS_OK;
}

static enum status read_certificate(struct audit_certificate *c, const struct buf *text, struct error *e)
{
	struct key *key = NULL;
	enum status st = audit_read_signed(&c->json, c->key, buf_text(text), text->len, e);

	if (st == STATUS_OK)
		st = read_members(c, e);
	if (st == STATUS_OK)
		st = key_from_ssh(&key, c->key, e);
	if (st == STATUS_OK)
		key_fingerprint_text(c->key_fingerprint, key);
	key_free(key);
	return st;
}

enum status audit_certificate_read(struct audit_certificate *out, const char *path, struct error *e)
{
	struct audit_certificate c = AUDIT_CERTIFICATE_INIT;
	struct buf text = BUF_INIT;
	enum status st = files_read(&text, AT_FDCWD, path, AUDIT_CERTIFICATE_MAX_BYTES, e);

	if (st == STATUS_OK) {
		st = read_certificate(&c, &text, e);
		if (st != STATUS_OK)
			(void)error_prefix(e, st, "the certificate %.200s does not hold", path);
	}
	buf_clear(&text);
	if (st != STATUS_OK)
		audit_certificate_clear(&c);
	else
		*out = c;
	return st;
}

void audit_certificate_clear(struct audit_certificate *c)
{
	cJSON_Delete(c->json);
	*c = (struct audit_certificate)AUDIT_CERTIFICATE_INIT;
}

/* ---- against a log ---- */

static enum status judge_signer(const struct audit_certificate *c, const struct registry *reg, struct error *e)
{
	const struct device *d = registry_find(reg, c->device);
	char root[KEY_FINGERPRINT_MAX];

	key_fingerprint_text(root, reg->root);
	if (strcmp(reg->ods, c->ods) != 0)
		return error_set(e, STATUS_UNTRUSTED, "it is of practice %.20s, and the log here of %s", c->ods, reg->ods);
	if (strcmp(root, c->root) != 0)
		return error_set(e, STATUS_UNTRUSTED, "it went by another root key, %.64s", c->root);
	if (!d || strcmp(d->key_ssh, c->key) != 0)
		return error_set(e, STATUS_UNTRUSTED, "the key that signed it, %s, is not that of a device %.40s of this practice", c->key_fingerprint,
				 c->device);
	if (strcmp(role_text(d->role), c->role) != 0)
		return error_set(e, STATUS_UNTRUSTED, "%s is %s here, not %.20s", d->id, role_text(d->role), c->role);
	if (d->revoked)
		return error_set(e, STATUS_UNTRUSTED, "%s was revoked, and nobody can tell whether it signed before that", d->id);
	return STATUS_OK;
}

/* The merge of that number is that one. Goes on from *at, which has the number *number. */
static enum status judge_place(struct oid *at, int64_t *number, struct repo *r, int64_t index, const char *main, struct error *e)
{
	char hex[OID_HEX_LEN + 1];

	while (*number > index) {
		struct oid parent;
		enum status st = repo_commit_first_parent(&parent, r, at, e);

		if (st != STATUS_OK)
			return st;
		*at = parent;
		(*number)--;
	}
	oid_hex(hex, at);
	return strcmp(hex, main) == 0 ? STATUS_OK
				      : error_set(e, STATUS_UNTRUSTED, "merge %lld of the log here is %.10s, not %.10s: it is of another log",
						  (long long)index, hex, main);
}

static enum status judge_places(bool *reaches, const struct audit_certificate *c, struct repo *r, const struct oid *main,
				const struct commit *end, struct error *e)
{
	struct merge_note note = {.kept = BUF_INIT};
	struct oid at = *main;
	int64_t number = 0;
	enum status st = merge_note_parse(&note, end->message, e);

	if (st != STATUS_OK)
		return st;
	number = note.index;
	buf_clear(&note.kept);
	*reaches = c->index <= number;
	if (*reaches)
		st = judge_place(&at, &number, r, c->index, c->main, e);
	if (st == STATUS_OK && c->from > 0 && c->from <= number)
		st = judge_place(&at, &number, r, c->from, c->from_main, e);
	return st;
}

enum status audit_certificate_judge(bool *reaches, const struct audit_certificate *c, struct repo *r, const struct oid *main,
				    const uint8_t root_pin[CODE_PIN_LEN], struct error *e)
{
	struct registry reg = REGISTRY_INIT;
	struct commit end = COMMIT_INIT;
	enum status st = repo_commit_read(&end, r, main, e);

	if (st == STATUS_OK)
		st = registry_load(&reg, r, &end.tree, root_pin, e);
	if (st == STATUS_OK)
		st = judge_signer(c, &reg, e);
	if (st == STATUS_OK)
		st = judge_places(reaches, c, r, main, &end, e);
	registry_clear(&reg);
	commit_clear(&end);
	return st;
}
