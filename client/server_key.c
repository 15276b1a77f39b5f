/* client/server_key.c - endorsing and retiring the server's keys; see server_key.h. */
#include "client/server_key.h"

#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/limits.h"
#include "client/paper.h"
#include "client/remote.h"
#include "core/signature.h"

#define PRACTICE "practice.json"

/* ---- what the server says ---- */

static bool is_signed(const char *line, const char *signature, const struct buf *statement)
{
	struct key *key = NULL;
	bool is = signature && key_from_ssh(&key, line, NULL) == STATUS_OK &&
		  signature_check(signature, strlen(signature), key, SIGNATURE_NAMESPACE_RECORD, statement->data, statement->len, NULL) == STATUS_OK;

	key_free(key);
	return is;
}

/* The next key says so by itself, or it would be nobody's; the present one, if it is one that counts. */
static enum status read_answer(struct server_key_next *out, const cJSON *json, const struct qip *q, const struct registry *reg, struct error *e)
{
	const char *key = json_string(json, "key"), *present = json_string(json, "present");
	struct server_key_next next = {.key = ""};
	struct buf statement = BUF_INIT;
	struct key *read = NULL;
	enum status st = STATUS_OK;

	if (!key) {
		*out = next;
		return STATUS_OK;
	}
	if (strlen(key) >= sizeof(next.key) || key_from_ssh(&read, key, NULL) != STATUS_OK)
		return error_set(e, STATUS_MALFORMED, "the server's answer holds no key");
	st = statement_next_key(&statement, q->identity.ods, present, key);
	if (st == STATUS_OK && !is_signed(key, json_string(json, "proof"), &statement))
		st = error_set(e, STATUS_UNTRUSTED, "the key that the server names is not shown to be its own: nothing was done");
	if (st == STATUS_OK) {
		(void)snprintf(next.key, sizeof(next.key), "%s", key);
		key_fingerprint_text(next.fingerprint, read);
		next.vouched = present && registry_key_counts(reg, present) && is_signed(present, json_string(json, "offer"), &statement);
		*out = next;
	}
	buf_clear(&statement);
	key_free(read);
	return st;
}

enum status server_key_ask(struct server_key_next *out, struct qip *q, struct error *e)
{
	struct buf body = BUF_INIT;
	const struct remote_question question = {.ods = q->identity.ods, .what = "server-key", .body = &body, .call_ms = LIMIT_CALL_MS};
	const struct registry *reg = NULL;
	struct remote r = {0};
	cJSON *json = NULL;
	enum status st = view_registry(&reg, q, e);

	buf_adds(&body, "{}");
	if (st == STATUS_OK && !buf_ok(&body))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = remote_open(&r, q, true, e);
	if (st == STATUS_OK) {
		st = remote_ask(&json, &r, &question, e);
		remote_end(&r, q);
	}
	if (st == STATUS_OK)
		st = read_answer(out, json, q, reg, e);
	cJSON_Delete(json);
	buf_clear(&body);
	return st;
}

enum status server_key_in_use(char out[KEY_SSH_MAX], struct qip *q, struct error *e)
{
	struct commit c = COMMIT_INIT;
	struct oid main;
	enum status st = home_ref(&main, q, REF_MAIN, e);

	out[0] = '\0';
	if (st == STATUS_OK && !oid_is_zero(&main))
		st = repo_commit_read(&c, q->repo, &main, e);
	if (st == STATUS_OK && c.signature)
		st = signature_signer(out, c.signature, strlen(c.signature), e);
	commit_clear(&c);
	return st;
}

/* ---- the root's word ---- */

static enum status check_manager(const struct registry **reg, struct qip *q, struct error *e)
{
	if (q->identity.role != ROLE_MANAGER)
		return error_set(e, STATUS_DENIED, "only a manager's device says which keys are the server's");
	return view_registry(reg, q, e);
}

/* The paper's key, if it is this practice's. */
static enum status read_root(struct key **out, const char *paper, const struct registry *reg, struct error *e)
{
	char line[KEY_SSH_MAX];
	struct key *root = NULL;
	enum status st = paper_read_root(&root, paper, e);

	if (st != STATUS_OK)
		return st;
	key_ssh(line, root);
	if (strcmp(line, reg->root_ssh) != 0) {
		key_free(root);
		return error_set(e, STATUS_UNTRUSTED, "this paper is of another practice's root key");
	}
	*out = root;
	return STATUS_OK;
}

static enum status put(struct qip *q, const char *path, const cJSON *record, const char *subject, struct error *e)
{
	struct qip_edit *edit = NULL;
	enum status st = qip_edit_begin(&edit, q, NULL, e);

	if (st != STATUS_OK)
		return st;
	st = qip_edit_put(edit, path, record, e);
	if (st == STATUS_OK)
		return qip_edit_commit(edit, subject, e);
	qip_edit_abort(edit);
	return st;
}

/* ---- endorse ---- */

static enum status check_next(const struct server_key_next *next, const struct registry *reg, const char *fingerprint, bool lost, struct error *e)
{
	const struct server_key *k = registry_server_key(reg, next->key);

	if (!next->key[0])
		return error_set(e, STATUS_NOT_FOUND, "no next key of the server waits to be endorsed; its host makes one by qip-server server-key --new");
	if (strcmp(next->fingerprint, fingerprint) != 0)
		return error_set(e, STATUS_UNTRUSTED,
				 "the server's next key is %s, not what you typed: nothing was done. Ask the host, by telephone, for the one that "
				 "\"qip-server server-key\" prints; if it is what you typed, somebody else answers for the server",
				 next->fingerprint);
	if (k)
		return error_set(e, STATUS_EXISTS, k->retired ? "this key was retired, and never comes back" : "this key is endorsed already. Next: qip sync");
	if (!next->vouched && !lost)
		return error_set(e, STATUS_UNTRUSTED,
				 "the key that the server signs with now does not vouch for this one: nothing was done. If this device is behind, sync first. "
				 "If the host says, by telephone, that the server has lost its key, add --lost");
	return STATUS_OK;
}

static enum status add_key(cJSON *practice, const struct key *root, const char *ods, const char *line)
{
	enum status st = STATUS_OK;
	struct buf statement = BUF_INIT;
	cJSON *item = build_object(&st), *list = cJSON_GetObjectItemCaseSensitive(practice, "server_keys");

	build_string(&st, item, "key", line);
	if (st == STATUS_OK)
		st = statement_server_key(&statement, ods, line);
	build_signature(&st, item, "signature", root, &statement);
	buf_clear(&statement);
	if (st == STATUS_OK && cJSON_AddItemToArray(list, item))
		return STATUS_OK;
	cJSON_Delete(item);
	return st == STATUS_OK ? STATUS_NOMEM : st;
}

enum status server_key_endorse(struct qip *q, const char *fingerprint, bool lost, const char *paper, struct error *e)
{
	const struct registry *reg = NULL;
	struct server_key_next next;
	struct key *root = NULL;
	cJSON *practice = NULL;
	enum status st = check_manager(&reg, q, e);

	if (st == STATUS_OK)
		st = server_key_ask(&next, q, e);
	if (st == STATUS_OK)
		st = check_next(&next, reg, fingerprint, lost, e);
	if (st == STATUS_OK)
		st = read_root(&root, paper, reg, e);
	if (st == STATUS_OK)
		st = qip_read(&practice, q, PRACTICE, e);
	if (st == STATUS_OK && (st = add_key(practice, root, q->identity.ods, next.key)) != STATUS_OK)
		(void)error_set(e, st, "the key cannot be endorsed: %s", status_text(st));
	if (st == STATUS_OK)
		st = put(q, PRACTICE, practice, "Endorse the server's next key", e);
	cJSON_Delete(practice);
	key_free(root);
	return st;
}

/* ---- retire ---- */

static enum status find_key(const struct server_key **out, const struct registry *reg, const char *fingerprint, struct error *e)
{
	for (size_t i = 0; i < reg->server_keys_len; i++) {
		char text[KEY_FINGERPRINT_MAX];

		key_fingerprint_text(text, reg->server_keys[i].key);
		if (strcmp(text, fingerprint) != 0)
			continue;
		*out = &reg->server_keys[i];
		return reg->server_keys[i].retired ? error_set(e, STATUS_EXISTS, "this key is retired already") : STATUS_OK;
	}
	return error_set(e, STATUS_NOT_FOUND, "no key of the server has that fingerprint; \"qip server-key list\" shows them");
}

static enum status check_not_in_use(struct qip *q, const struct server_key *k, struct error *e)
{
	char line[KEY_SSH_MAX];
	enum status st = server_key_in_use(line, q, e);

	if (st == STATUS_OK && strcmp(line, k->ssh) == 0)
		st = error_set(e, STATUS_INVALID,
			       "the server signs with this key, as far as this device knows: endorse its next key, sync until \"qip server-key list\" shows "
			       "that in use, then retire this one");
	return st;
}

static enum status make_end(cJSON **out, char path[TREE_PATH_MAX], struct qip *q, const struct server_key *k, const struct key *root, struct error *e)
{
	enum status st = STATUS_OK;
	struct buf statement = BUF_INIT;
	cJSON *record = build_object(&st);
	char id[TREE_PATH_MAX];

	registry_retired_path(path, k->key);
	(void)snprintf(id, sizeof(id), "%.*s", (int)(strlen(path) - strlen(RETIRED_KEYS) - strlen(".json")), path + strlen(RETIRED_KEYS));
	build_string(&st, record, "schema", "retired-key/1");
	build_string(&st, record, "id", id);
	build_string(&st, record, "key", k->ssh);
	build_string(&st, record, "device", q->identity.device);
	build_time(&st, record, "at", state_now_ms(&q->state, q->env));
	if (st == STATUS_OK)
		st = statement_retired_key(&statement, q->identity.ods, k->ssh);
	build_signature(&st, record, "signature", root, &statement);
	buf_clear(&statement);
	if (st != STATUS_OK) {
		cJSON_Delete(record);
		return error_set(e, st, "the key cannot be retired: %s", status_text(st));
	}
	*out = record;
	return STATUS_OK;
}

enum status server_key_retire(struct qip *q, const char *fingerprint, const char *paper, struct error *e)
{
	const struct registry *reg = NULL;
	const struct server_key *k = NULL;
	char path[TREE_PATH_MAX];
	struct key *root = NULL;
	cJSON *record = NULL;
	enum status st = check_manager(&reg, q, e);

	if (st == STATUS_OK)
		st = find_key(&k, reg, fingerprint, e);
	if (st == STATUS_OK)
		st = check_not_in_use(q, k, e);
	if (st == STATUS_OK)
		st = read_root(&root, paper, reg, e);
	if (st == STATUS_OK)
		st = make_end(&record, path, q, k, root, e);
	if (st == STATUS_OK)
		st = put(q, path, record, "Retire a key of the server", e);
	cJSON_Delete(record);
	key_free(root);
	return st;
}
