/* client/recovery.c - the comment key opened by the recovery key's paper; see recovery.h. */
#include "client/recovery.h"

#include <string.h>

#include "client/comment_key.h"
#include "client/paper.h"
#include "client/seal_key.h"

struct recovering {
	struct qip *q;
	const struct registry *reg;
	struct comment_reader self;
	uint8_t secret[SEAL_KEY_LEN];
	struct qip_edit *edit;
	uint64_t papers;      /* generations that any paper opens */
	struct recovered did;
};

static enum status hand_to_self(struct recovering *r, const char *path, const cJSON *record, const uint8_t private_key[SEAL_KEY_LEN], struct error *e)
{
	cJSON *after = NULL;
	int64_t generation = 0;
	enum status st = STATUS_OK;

	if (json_get(json_get(record, "wrapped"), r->self.device))
		return STATUS_OK;
	after = cJSON_Duplicate(record, true);
	st = after && json_integer(record, "generation", &generation) ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = comment_key_wrap(cJSON_GetObjectItemCaseSensitive(after, "wrapped"), r->q->identity.ods, generation, private_key, &r->self, e);
	if (st == STATUS_OK && !r->edit)
		st = qip_edit_begin(&r->edit, r->q, NULL, e);
	if (st == STATUS_OK)
		st = qip_edit_put(r->edit, path, after, e);
	r->did.added += st == STATUS_OK;
	cJSON_Delete(after);
	return st;
}

static enum status recover_one(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct recovering *r = ctx;
	const char *wrapped = json_string(json_get(record, "recovery"), "wrapped");
	uint8_t private_key[SEAL_KEY_LEN] = {0};
	enum status st = registry_check_comment_key(r->reg, record, NULL);

	r->papers += wrapped != NULL;
	if (st != STATUS_OK || !wrapped || comment_key_unwrap(private_key, r->q->identity.ods, record, wrapped, r->secret, NULL) != STATUS_OK) {
		r->did.other++;
		return STATUS_OK;
	}
	r->did.opened++;
	st = hand_to_self(r, path, record, private_key, e);
	explicit_bzero(private_key, sizeof(private_key));
	return st;
}

/* What is wrapped to a key that this device has lost helps nobody. One under a passphrase is taken for what it was when it got that. */
static enum status check_own_key(const struct recovering *r, struct error *e)
{
	uint8_t own[SEAL_KEY_LEN] = {0}, public_key[SEAL_KEY_LEN];
	bool is_protected = false;
	enum status st = seal_key_is_protected(&is_protected, r->q, e);

	if (st != STATUS_OK || is_protected)
		return st;
	st = seal_key_read(own, r->q, e);
	if (st == STATUS_OK)
		st = seal_public(public_key, own, e);
	if (st == STATUS_OK && memcmp(public_key, r->self.seal_key, sizeof(public_key)) != 0)
		st = home_lacks(r->q, HOME_SEAL_KEY, e);
	explicit_bzero(own, sizeof(own));
	return st;
}

static enum status recover_all(struct recovering *r, struct error *e)
{
	const struct device *self = NULL;
	enum status st = view_registry(&r->reg, r->q, e);

	if (st != STATUS_OK)
		return st;
	self = registry_find(r->reg, r->q->identity.device);
	if (!self || !comment_key_may_read(self))
		return error_set(e, STATUS_DENIED, "this device has ended, or the practice does not know yet that it joined: qip sync");
	r->self = (struct comment_reader){.device = self->id, .seal_key = self->seal_key};
	st = check_own_key(r, e);
	if (st == STATUS_OK)
		st = qip_each(r->q, "keys/", recover_one, r, e);
	if (st == STATUS_OK && r->papers == 0)
		st = error_set(e, STATUS_NOT_FOUND, "this practice's comment keys have no recovery key: make one with qip keys rotate --new-paper");
	else if (st == STATUS_OK && r->did.opened == 0)
		st = error_set(e, STATUS_REFUSED, "that recovery key opens no comment key of %s: take the paper with the practice's own root key on it, the newest", r->q->identity.ods);
	return st;
}

enum status recovery_open(struct recovered *out, struct qip *q, const char *text, struct error *e)
{
	struct recovering r = {.q = q};
	enum status st = comment_key_check_manager(q, e);

	if (st == STATUS_OK)
		st = paper_read(r.secret, PAPER_RECOVERY, text, e);
	if (st == STATUS_OK)
		st = recover_all(&r, e);
	if (st == STATUS_OK && r.edit)
		st = qip_edit_commit(r.edit, "Open the comment key with the recovery key", e);
	else if (r.edit)
		qip_edit_abort(r.edit);
	explicit_bzero(r.secret, sizeof(r.secret));
	if (st == STATUS_OK)
		*out = r.did;
	return st;
}
