/* client/handed.c - see handed.h. */
#include "client/handed.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/build.h"
#include "client/chain.h"
#include "client/files.h"

#define HANDED_FILE "handed.json"

enum status handed_note(struct qip *q, const struct oid *head, const char *why, struct error *e)
{
	const struct env *env = q->env;
	enum status st = STATUS_OK;
	char hex[OID_HEX_LEN + 1], at[TIME_TEXT_MAX];
	cJSON *file = build_object(&st);

	oid_hex(hex, head);
	time_format(at, state_now_ms(&q->state, env));
	build_string(&st, file, "schema", "handed/1");
	build_string(&st, file, "head", hex);
	build_string(&st, file, "at", at);
	if (why[0])
		build_string(&st, file, "why", why);
	st = st == STATUS_OK ? files_write_json(q->dir, HANDED_FILE, file, 0600, e) : error_set(e, st, "out of memory");
	cJSON_Delete(file);
	return st;
}

enum status handed_forget(struct qip *q, struct error *e)
{
	return faccessat(q->dir, HANDED_FILE, F_OK, 0) == 0 ? files_remove(q->dir, HANDED_FILE, e) : STATUS_OK;
}

/* What waits behind the head that is kept. */
static enum status count_alone(uint64_t *out, struct qip *q, const struct oid *head, struct error *e)
{
	struct chain chain = {0};
	size_t kept = 0;
	enum status st = chain_load(&chain, q, e);

	for (size_t i = 0; st == STATUS_OK && i < chain.len; i++)
		kept = oid_equal(&chain.ids[i], head) ? i + 1 : kept;
	if (st == STATUS_OK)
		*out = chain.len - kept;
	chain_clear(&chain);
	return st;
}

enum status qip_handed(struct qip_handed *out, struct qip *q, struct error *e)
{
	struct qip_handed handed = {.alone = 0};
	const char *head, *at, *why;
	struct oid id;
	cJSON *file = NULL;
	enum status st = files_read_json(&file, q->dir, HANDED_FILE, NULL);

	if (st == STATUS_NOT_FOUND)
		return error_set(e, st, "this device was not told that it is revoked");
	head = json_string(file, "head");
	at = json_string(file, "at");
	why = json_string(file, "why");
	if (st != STATUS_OK || !head || oid_parse(&id, head, strlen(head)) != STATUS_OK || !at)
		id = (struct oid){{0}}; /* damaged: as if nothing were kept, until the next sync writes it anew */
	(void)snprintf(handed.at, sizeof(handed.at), "%.24s", at ? at : "");
	(void)snprintf(handed.why, sizeof(handed.why), "%s", why ? why : "");
	cJSON_Delete(file);
	st = count_alone(&handed.alone, q, &id, e);
	if (st == STATUS_OK)
		*out = handed;
	return st;
}
