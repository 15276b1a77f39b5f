/* core/registry_ends.c - which kiosks go on with another's answers, and whom they end by that. */
#include <stdio.h>
#include <string.h>

#include "core/registry.h"
#include "core/signature.h"

/* Whoever goes on with a kiosk's answers holds its key: it is that kiosk, or a copy of it. */
enum status registry_check_replacement(const struct registry *reg, const cJSON *record, struct error *e)
{
	const cJSON *enrolment = json_get(record, "enrolment"), *replaces = json_get(enrolment, "replaces");
	const char *id = json_string(record, "id"), *name = json_string(replaces, "device"), *proof = json_string(replaces, "proof");
	const struct device *old = replaces ? registry_find(reg, name) : NULL;
	const struct statement_replacement says = {
		.ods = reg->ods,
		.replaces = name,
		.device = id,
		.invite_key = json_string(json_get(record, "invite"), "key"),
		.key = json_string(enrolment, "key"),
		.ends = cJSON_IsTrue(json_get(replaces, "ends")),
	};
	struct buf text = BUF_INIT;
	enum status st;

	if (!replaces)
		return STATUS_OK;
	if (role_parse(json_string(record, "role")) != ROLE_KIOSK || !old || old->role != ROLE_KIOSK || !old->key || strcmp(old->id, id) == 0)
		return error_set(e, STATUS_UNTRUSTED, "it names \"%s\" as the kiosk that it replaces, which is none that could be", name);
	st = statement_replacement(&text, &says);
	if (st == STATUS_OK)
		st = signature_check(proof, strlen(proof), old->key, SIGNATURE_NAMESPACE_RECORD, text.data, text.len, e);
	buf_clear(&text);
	return st;
}

static enum status has_answers(bool *out, const struct device *d, struct repo *r, const struct oid *tree, struct error *e)
{
	char path[TREE_PATH_MAX];
	struct oid folder;
	enum status st;

	(void)snprintf(path, sizeof(path), "feedback/%s", d->id);
	st = tree_find(&folder, NULL, r, tree, path, e);
	if (st == STATUS_OK || st == STATUS_NOT_FOUND) {
		*out = st == STATUS_OK;
		st = STATUS_OK;
	}
	return st;
}

static struct device *find_own(struct registry *reg, const char *id)
{
	const struct device *d = registry_find(reg, id);

	return d ? &reg->devices[d - reg->devices] : NULL;
}

/* Of several that end one, the first by name is told: any of them is a reason. */
enum status registry_find_ends(struct registry *reg, struct repo *r, const struct oid *tree, struct error *e)
{
	enum status st = STATUS_OK;

	for (size_t i = reg->devices_len; st == STATUS_OK && i-- > 0;) {
		struct device *d = &reg->devices[i], *old = d->replaces[0] && d->ends ? find_own(reg, d->replaces) : NULL;

		if (old && d->revoked)
			st = has_answers(&d->answered, d, r, tree, e);
		if (old && (!d->revoked || d->answered))
			memcpy(old->replaced_by, d->id, sizeof(old->replaced_by));
	}
	return st;
}

enum status registry_same_ends(bool *out, const struct registry *reg, struct repo *r, const struct oid *tree, struct error *e)
{
	bool same = true, answered = false;
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && same && i < reg->devices_len; i++) {
		const struct device *d = &reg->devices[i];

		if (d->revoked && d->ends && registry_find(reg, d->replaces)) {
			st = has_answers(&answered, d, r, tree, e);
			same = answered == d->answered;
		}
	}
	if (st == STATUS_OK)
		*out = same;
	return st;
}
