/* client/waiting.c - a home enters; how much of it the server has not acknowledged leaves. */
#include "client/waiting.h"

#include "client/answers.h"
#include "client/blobs_send.h"
#include "client/chain.h"
#include "client/files.h"

enum status waiting_of(uint64_t *out, struct qip *q, uint64_t record, struct error *e)
{
	uint64_t sent = 0, last = numbers_number(&q->numbers, record);
	struct oid accepted;
	enum status st = home_ref(&accepted, q, q->own_ref, e);

	if (st == STATUS_OK)
		st = answers_last(&sent, q, &accepted, e);
	if (st == STATUS_OK)
		*out = last > sent ? last - sent : 0;
	return st;
}

static enum status kiosk_waiting(uint64_t *out, struct qip *q, struct error *e)
{
	char path[HOME_PATH_MAX];
	struct journal *j = NULL;
	enum status st = qip_home_path(path, sizeof(path), q, HOME_JOURNAL);

	if (st == STATUS_OK)
		st = journal_open(&j, path, JOURNAL_READ, 1, q->env, e);
	if (st == STATUS_OK)
		st = waiting_of(out, q, journal_last(j), e);
	journal_close(j);
	return st;
}

enum status qip_waiting(uint64_t *out, struct qip *q, struct error *e)
{
	struct chain chain = {0};
	enum status st = STATUS_OK;

	if (home_is_kiosk(q))
		return kiosk_waiting(out, q, e);
	st = chain_load(&chain, q, e);
	if (st == STATUS_OK)
		*out = chain.len;
	chain_clear(&chain);
	return st;
}

enum status qip_blobs(struct qip_blobs *out, struct qip *q, struct error *e)
{
	struct qip_blobs found = {.waiting = 0};
	cJSON *wanted = NULL;
	enum status st = blobs_waiting(&found.waiting, q, e);

	if (st == STATUS_OK && files_read_json(&wanted, q->dir, HOME_WANTED, NULL) == STATUS_OK) /* else nothing was asked for yet, or all is asked for again */
		found.missing = (uint64_t)cJSON_GetArraySize(json_get(wanted, "missing"));
	cJSON_Delete(wanted);
	if (st == STATUS_OK)
		*out = found;
	return st;
}
