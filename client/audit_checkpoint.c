/* client/audit_checkpoint.c - how far a home's audits came, kept with a signature.
 *
 * Enters: an audit of the home's log without a finding. Leaves: a file that the next one begins from, if it is still this device's own word.
 */
#include "client/audit_checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/audit_certificate.h"
#include "client/audit_internal.h"
#include "client/audit_signed.h"
#include "client/build.h"
#include "client/files.h"
#include "client/home.h"
#include "client/limits.h"

#define FILE_NAME HOME_AUDIT "/checkpoint.json"
#define SCHEMA "audit-checkpoint/1"

/* ---- keeping ---- */

cJSON *audit_rules_json(void)
{
	enum status st = STATUS_OK;
	cJSON *list = cJSON_CreateArray();

	for (int version = 1; version <= RULES_VERSION && st == STATUS_OK; version++) {
		const struct rules *rules = NULL;
		cJSON *table = build_object(&st);

		if (st == STATUS_OK)
			st = rules_get(&rules, version, NULL);
		if (st == STATUS_OK) {
			build_integer(&st, table, "version", version);
			build_string(&st, table, "digest", rules_digest(rules));
		}
		if (!list || !table || !cJSON_AddItemToArray(list, table)) {
			cJSON_Delete(table);
			st = STATUS_NOMEM;
		}
	}
	if (st == STATUS_OK)
		return list;
	cJSON_Delete(list);
	return NULL;
}

static cJSON *heads_json(enum status *st, const struct audit *a)
{
	cJSON *heads = build_object(st);

	for (size_t i = 0; i < a->heads_len; i++) {
		char hex[OID_HEX_LEN + 1];
		cJSON *head = build_object(st);

		oid_hex(hex, &a->heads[i].last);
		build_string(st, head, "commit", hex);
		build_string(st, head, "received", a->heads[i].received);
		build_item(st, heads, a->heads[i].device, head);
	}
	return heads;
}

static cJSON *answers_json(enum status *st, const struct audit *a)
{
	cJSON *answers = build_object(st);

	for (size_t i = 0; i < a->devices_len; i++)
		if (a->devices[i].last_seq > 0)
			build_integer(st, answers, a->devices[i].id, (int64_t)a->devices[i].last_seq);
	return answers;
}

static cJSON *counts_json(enum status *st, const struct audit *a)
{
	cJSON *counts = build_object(st);

	build_integer(st, counts, "merges", (int64_t)(a->before.merges + a->merges));
	build_integer(st, counts, "commits", (int64_t)(a->before.commits + a->commits));
	build_integer(st, counts, "records", (int64_t)(a->before.records + a->records));
	build_integer(st, counts, "backdated", (int64_t)(a->before.backdated + a->backdated));
	return counts;
}

enum status audit_checkpoint_save(struct qip *q, const struct audit *a, struct error *e)
{
	struct buf text = BUF_INIT;
	enum status st = STATUS_OK;
	cJSON *c = build_object(&st);

	build_string(&st, c, "schema", SCHEMA);
	build_string(&st, c, "ods", q->identity.ods);
	build_string(&st, c, "device", q->identity.device);
	build_string(&st, c, "root", a->root);
	build_string(&st, c, "main", a->main);
	build_integer(&st, c, "index", (int64_t)a->index);
	build_item(&st, c, "heads", heads_json(&st, a));
	build_item(&st, c, "answers", answers_json(&st, a));
	if (a->rooted_len > 0)
		build_item(&st, c, "let_in_by_root", audit_rooted_json(a));
	build_integer(&st, c, "checks", AUDIT_CHECKS);
	build_item(&st, c, "rules", audit_rules_json());
	build_integer(&st, c, "rules_version", a->rules_version);
	build_string(&st, c, "last_received", a->last_received);
	build_item(&st, c, "counts", counts_json(&st, a));
	build_time(&st, c, "at", q->env->now_ms(q->env->ctx));
	st = st == STATUS_OK ? audit_sign(&text, c, q->key, e) : error_set(e, st, "%s", status_text(st));
	if (st == STATUS_OK)
		st = files_make_dir(q->dir, HOME_AUDIT, e);
	if (st == STATUS_OK)
		st = files_write(q->dir, FILE_NAME, text.data, text.len, 0600, e);
	buf_clear(&text);
	cJSON_Delete(c);
	return st == STATUS_OK ? st : error_prefix(e, st, "the audit passed, but the next one may begin where this one did");
}

/* ---- reading ---- */

static bool read_text(char *out, size_t size, const cJSON *object, const char *key)
{
	const char *text = json_string(object, key);

	if (!text || strlen(text) >= size)
		return false;
	(void)snprintf(out, size, "%s", text);
	return true;
}

static bool read_count(uint64_t *out, const cJSON *object, const char *key)
{
	int64_t n;

	if (!json_integer(object, key, &n) || n < 0)
		return false;
	*out = (uint64_t)n;
	return true;
}

static bool read_heads(struct audit_checkpoint *c, const cJSON *heads)
{
	const cJSON *head;

	if (!cJSON_IsObject(heads) || cJSON_GetArraySize(heads) > AUDIT_MAX_HEADS)
		return false;
	cJSON_ArrayForEach(head, heads) {
		const char *hex = json_string(head, "commit");
		struct audit_head *h = &c->heads[c->heads_len];

		if (!hex || strlen(head->string) > NAME_MAX_LEN || oid_parse(&h->last, hex, strlen(hex)) != STATUS_OK ||
		    !read_text(h->received, sizeof(h->received), head, "received"))
			return false;
		(void)snprintf(h->device, sizeof(h->device), "%s", head->string);
		c->heads_len++;
	}
	return true;
}

static bool read_answers(struct audit_checkpoint *c, const cJSON *answers)
{
	const cJSON *last;

	if (!cJSON_IsObject(answers) || cJSON_GetArraySize(answers) > AUDIT_MAX_HEADS)
		return false;
	cJSON_ArrayForEach(last, answers) {
		struct audit_last *l = &c->lasts[c->lasts_len];

		if (strlen(last->string) > NAME_MAX_LEN || !read_count(&l->seq, answers, last->string))
			return false;
		(void)snprintf(l->device, sizeof(l->device), "%s", last->string);
		c->lasts_len++;
	}
	return true;
}

static bool read_all(struct audit_checkpoint *c, const cJSON *json)
{
	const char *main = json_string(json, "main");
	const cJSON *counts = json_get(json, "counts");

	return main && oid_parse(&c->main, main, strlen(main)) == STATUS_OK && read_count(&c->index, json, "index") && c->index > 0 &&
	       read_text(c->ods, sizeof(c->ods), json, "ods") && read_text(c->device, sizeof(c->device), json, "device") && read_text(c->root, sizeof(c->root), json, "root") &&
	       read_text(c->at, sizeof(c->at), json, "at") && read_text(c->last_received, sizeof(c->last_received), json, "last_received") &&
	       read_heads(c, json_get(json, "heads")) && read_answers(c, json_get(json, "answers")) &&
	       cJSON_IsArray(json_get(json, "rules")) && audit_read_rooted(c, json_get(json, "let_in_by_root")) &&
	       (!json_get(json, "checks") || read_count(&c->checks, json, "checks")) &&
	       read_count(&c->counts.merges, counts, "merges") && read_count(&c->counts.commits, counts, "commits") &&
	       read_count(&c->counts.records, counts, "records") && read_count(&c->counts.backdated, counts, "backdated");
}

/* Merges were re-run by tables that this program has, too. */
static enum status read_rules(struct audit_checkpoint *c, const cJSON *json, struct error *e)
{
	const cJSON *table;
	uint64_t highest = 0;

	if (!read_count(&highest, json, "rules_version"))
		return error_set(e, STATUS_CORRUPT, "something is missing in it");
	if (highest > RULES_VERSION)
		return error_set(e, STATUS_UNSUPPORTED, "a newer program made it");
	c->rules_version = (int)highest;
	cJSON_ArrayForEach(table, json_get(json, "rules")) {
		const char *digest = json_string(table, "digest");
		const struct rules *rules;
		int64_t version = 0;

		if (!json_integer(table, "version", &version) || version > RULES_VERSION || rules_get(&rules, (int)version, NULL) != STATUS_OK)
			return error_set(e, STATUS_UNSUPPORTED, "a newer program made it");
		if (!digest || strcmp(digest, rules_digest(rules)) != 0)
			return error_set(e, STATUS_UNTRUSTED, "it went by other rules %d than this program's", (int)version);
	}
	return STATUS_OK;
}

static enum status check_owner(struct qip *q, const cJSON *json, const char *signer, struct error *e)
{
	const char *schema = json_string(json, "schema"), *device = json_string(json, "device");
	char own[KEY_SSH_MAX];

	key_ssh(own, q->key);
	if (strcmp(own, signer) != 0)
		return error_set(e, STATUS_UNTRUSTED, "another device signed it%s%.40s", device ? ", by its own account " : "", device ? device : "");
	if (!schema || strncmp(schema, SCHEMA, strlen(SCHEMA) - 1) != 0)
		return error_set(e, STATUS_UNTRUSTED, "this device signed it as something else");
	return strcmp(schema, SCHEMA) == 0 ? STATUS_OK : error_set(e, STATUS_UNSUPPORTED, "a newer program made it");
}

static enum status read_checkpoint(struct audit_checkpoint *c, struct qip *q, const uint8_t *root_pin, const struct buf *text, struct error *e)
{
	uint8_t pin[CODE_PIN_LEN];
	char signer[KEY_SSH_MAX];
	cJSON *json = NULL;
	enum status st = audit_read_signed(&json, signer, buf_text(text), text->len, e);

	if (st == STATUS_MALFORMED)
		st = STATUS_CORRUPT;
	if (st == STATUS_OK)
		st = check_owner(q, json, signer, e);
	c->heads = calloc(AUDIT_MAX_HEADS, sizeof(*c->heads));
	c->lasts = calloc(AUDIT_MAX_HEADS, sizeof(*c->lasts));
	if (st == STATUS_OK && (!c->heads || !c->lasts))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK && !read_all(c, json))
		st = error_set(e, STATUS_CORRUPT, "something is missing in it");
	if (st == STATUS_OK && strcmp(c->ods, q->identity.ods) != 0)
		st = error_set(e, STATUS_UNTRUSTED, "it is of practice %s", c->ods);
	if (st == STATUS_OK && (audit_parse_root(pin, c->root, NULL) != STATUS_OK || memcmp(pin, root_pin, CODE_PIN_LEN) != 0))
		st = error_set(e, STATUS_UNTRUSTED, "it went by another root key, %s", c->root);
	if (st == STATUS_OK && c->checks > AUDIT_CHECKS)
		st = error_set(e, STATUS_UNSUPPORTED, "a newer program made it, which checks more");
	if (st == STATUS_OK)
		st = read_rules(c, json, e);
	cJSON_Delete(json);
	return st;
}

enum status audit_checkpoint_load(struct audit_checkpoint *out, struct qip *q, const uint8_t *root_pin, struct error *e)
{
	struct audit_checkpoint c = AUDIT_CHECKPOINT_INIT;
	struct buf text = BUF_INIT;
	enum status st;

	files_sweep(q->dir, HOME_AUDIT);
	st = files_read(&text, q->dir, FILE_NAME, LIMIT_FILE_BYTES, e);
	if (st == STATUS_NOT_FOUND)
		return st;
	if (st == STATUS_OK)
		st = read_checkpoint(&c, q, root_pin, &text, e);
	buf_clear(&text);
	if (st == STATUS_OK) {
		*out = c;
		return st;
	}
	audit_checkpoint_clear(&c);
	return error_prefix(e, st, "%.300s/" FILE_NAME ", which says how far this device audited, is refused", q->path);
}

void audit_checkpoint_clear(struct audit_checkpoint *c)
{
	free(c->heads);
	free(c->lasts);
	free(c->rooted);
	*c = (struct audit_checkpoint)AUDIT_CHECKPOINT_INIT;
}
