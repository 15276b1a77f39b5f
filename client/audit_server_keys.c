/* client/audit_server_keys.c - when the server's key changed: the practice endorsed one, the server went over to it, the practice retired one.
 *
 * It is no fault, and yet the practice has to know of each: whoever holds the root key can do it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/audit_certificate.h"
#include "client/audit_internal.h"
#include "client/build.h"
#include "core/signature.h"

static const char *const words[] = {[AUDIT_KEY_ENDORSED] = "endorsed", [AUDIT_KEY_SIGNS] = "signs", [AUDIT_KEY_RETIRED] = "retired"};

const char *audit_key_text(enum audit_key_event what)
{
	return words[what];
}

/* The merge at hand, of which several things may be told. */
struct telling {
	struct auditor *a;
	const struct oid *id;
	const struct merge_note *note;
	uint64_t index;
};

static enum status tell(const struct telling *t, enum audit_key_event what, const struct key *key)
{
	struct audit *out = t->a->out;
	struct audit_server_key *one = NULL;

	if (!out->server_keys)
		out->server_keys = calloc(AUDIT_MAX_SERVER_KEYS, sizeof(*out->server_keys));
	if (!out->server_keys)
		return error_set(&t->a->e, STATUS_NOMEM, "out of memory");
	if (out->server_keys_len == AUDIT_MAX_SERVER_KEYS)
		return STATUS_OK;
	one = &out->server_keys[out->server_keys_len++];
	*one = (struct audit_server_key){.what = what, .index = t->index};
	key_fingerprint_text(one->fingerprint, key);
	oid_hex(one->commit, t->id);
	(void)snprintf(one->device, sizeof(one->device), "%s", t->note->device);
	(void)snprintf(one->received, sizeof(one->received), "%s", t->note->received);
	return STATUS_OK;
}

/* Reading who signed costs some time, and only where there are several can it be another. */
static enum status tell_signer(const struct telling *t, const struct registry *after, const struct commit *c)
{
	struct auditor *a = t->a;
	char signer[KEY_SSH_MAX] = "";
	const struct server_key *k = NULL;
	bool changed;

	if (after->server_keys_len < 2)
		(void)snprintf(signer, sizeof(signer), "%s", after->server_keys_len ? after->server_keys[0].ssh : "");
	else if (!c->signature || signature_signer(signer, c->signature, strlen(c->signature), NULL) != STATUS_OK)
		return STATUS_OK; /* that is a finding */
	k = registry_server_key(after, signer);
	changed = k && a->signer[0] && strcmp(a->signer, signer) != 0;
	if (k)
		memcpy(a->signer, signer, sizeof(a->signer));
	return changed ? tell(t, AUDIT_KEY_SIGNS, k->key) : STATUS_OK;
}

enum status audit_note_server_keys(struct auditor *a, const struct oid *id, const struct commit *c, const struct merge_note *note, uint64_t index,
				   const struct registry *before)
{
	const struct telling t = {.a = a, .id = id, .note = note, .index = index};
	const struct registry *after = audit_registry_get(a->registry);
	enum status st = STATUS_OK;

	if (!after)
		return STATUS_OK;
	for (size_t i = 0; before && before != after && st == STATUS_OK && i < after->server_keys_len; i++) {
		const struct server_key *k = &after->server_keys[i], *was = registry_server_key(before, k->ssh);

		if (!was)
			st = tell(&t, AUDIT_KEY_ENDORSED, k->key);
		if (st == STATUS_OK && k->retired && !(was && was->retired))
			st = tell(&t, AUDIT_KEY_RETIRED, k->key);
	}
	return st == STATUS_OK ? tell_signer(&t, after, c) : st;
}

void audit_go_on_server_keys(struct auditor *a, const struct commit *c)
{
	if (!c->signature || signature_signer(a->signer, c->signature, strlen(c->signature), NULL) != STATUS_OK)
		a->signer[0] = '\0';
}

cJSON *audit_server_keys_json(const struct audit *a)
{
	enum status st = STATUS_OK;
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; list && i < a->server_keys_len && st == STATUS_OK; i++) {
		const struct audit_server_key *one = &a->server_keys[i];
		cJSON *item = build_object(&st);

		build_string(&st, item, "commit", one->commit);
		build_string(&st, item, "device", one->device);
		build_string(&st, item, "fingerprint", one->fingerprint);
		build_integer(&st, item, "index", (int64_t)one->index);
		build_string(&st, item, "received", one->received);
		build_string(&st, item, "what", words[one->what]);
		if (st != STATUS_OK || !cJSON_AddItemToArray(list, item)) {
			cJSON_Delete(item);
			st = STATUS_NOMEM;
		}
	}
	if (st == STATUS_OK)
		return list;
	cJSON_Delete(list);
	return NULL;
}
