/* server/server_key.c - POST /<ODS>/server-key {}: the key that the server would sign with next, for a manager to endorse.
 *
 * Enters: a manager's device. Leaves: {"key", "proof"}, the next key and its signature over a statement that names both, and, unless it is lost,
 * {"present", "offer"}, the present key and its own; nothing where none waits.
 */
#include <string.h>

#include "core/signature.h"
#include "server/request.h"

static enum status add_signature(cJSON *answer, const char *name, const struct key *key, const struct buf *statement, struct error *e)
{
	struct buf signature = BUF_INIT;
	enum status st = signature_make(&signature, key, SIGNATURE_NAMESPACE_RECORD, statement->data, statement->len, e);

	if (st == STATUS_OK)
		st = json_set_string(answer, name, buf_text(&signature));
	buf_clear(&signature);
	return st;
}

static enum status offer(cJSON *answer, const struct practice *p, struct error *e)
{
	const struct signing *s = &p->signing;
	const char *present = s->counts ? s->present.ssh : NULL;
	struct buf statement = BUF_INIT;
	enum status st;

	if (!s->next.key)
		return STATUS_OK;
	st = statement_next_key(&statement, p->ods, present, s->next.ssh);
	if (st == STATUS_OK)
		st = json_set_string(answer, "key", s->next.ssh);
	if (st == STATUS_OK)
		st = add_signature(answer, "proof", s->next.key, &statement, e);
	if (st == STATUS_OK && present)
		st = json_set_string(answer, "present", present);
	if (st == STATUS_OK && present)
		st = add_signature(answer, "offer", s->present.key, &statement, e);
	buf_clear(&statement);
	return st;
}

static enum status tell(cJSON *answer, struct request *r, const cJSON *asked, struct error *e)
{
	struct store_lock *lock = NULL;
	struct view *v = NULL;
	enum status st = STATUS_OK;

	if (cJSON_GetArraySize(asked) != 0)
		return error_set(e, STATUS_MALFORMED, "the server's next key is asked for by an empty object");
	if (r->who.standing != STANDING_MEMBER || r->who.role != ROLE_MANAGER)
		return error_set(e, STATUS_DENIED, "only a manager's device is told of the server's next key");
	st = store_lock(&lock, r->practice->history, LIMIT_LOCK_MS, e);
	if (st == STATUS_OK)
		st = view_get(&v, r->practice, e);
	if (st == STATUS_OK)
		st = signing_settle(r->practice, view_registry(v), e);
	if (st == STATUS_OK)
		st = offer(answer, r->practice, e);
	store_unlock(lock);
	view_put(v);
	return st;
}

static void end(struct request *r)
{
	request_end_json(r, tell);
}

const struct handler handler_server_key = {
	.needs_peer = true, .exclusive = true, .max_bytes = LIMIT_SLICE_BYTES, .feed = request_collect, .end = end};
