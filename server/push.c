/* server/push.c - stages 6 to 8, one after the other, under the practice's lock. */
#include "server/push.h"

#include <stdio.h>

#include "server/derive.h"
#include "server/merge.h"
#include "server/publish.h"
#include "server/verify.h"

void push_ref_name(char out[LIMIT_REF_BYTES], const char *device)
{
	(void)snprintf(out, LIMIT_REF_BYTES, "refs/devices/%s", device);
}

bool push_failed_here(enum status st)
{
	switch (st) {
	case STATUS_NOMEM:
	case STATUS_IO:
	case STATUS_NO_SPACE:
	case STATUS_BUSY:
	case STATUS_CORRUPT:
	case STATUS_CRYPTO:
	case STATUS_TIMEOUT:
		return true;
	default:
		return false;
	}
}

/* Read the moved log now, on the pusher's time: a changed registry costs signature checks, and who asks next is on an
 * HTTP thread. */
static void warm(struct practice *practice)
{
	struct view *v = NULL;

	if (view_get(&v, practice, NULL) == STATUS_OK)
		view_put(v);
}

enum status push_run_locked(struct push *p, const struct env *env, struct error *e)
{
	enum status st = store_txn_refresh(p->txn, e);

	if (st == STATUS_OK)
		st = view_get(&p->view, p->practice, e);
	if (st == STATUS_OK)
		st = derive_repair(p->practice, p->view, p->txn, env, e);
	if (st == STATUS_OK)
		st = verify_push(p, e);
	if (st == STATUS_OK)
		st = merge_push(p, env, e);
	if (st == STATUS_OK)
		st = publish_push(p, env, e);
	return st;
}

enum status push_run(struct push *p, const struct env *env, struct error *e)
{
	struct store_lock *lock = NULL;
	enum status st = store_lock(&lock, p->practice->history, LIMIT_LOCK_MS, e);

	if (st == STATUS_OK)
		st = push_run_locked(p, env, e);
	store_unlock(lock);
	if (st == STATUS_OK)
		warm(p->practice);
	return st;
}

void push_clear(struct push *p)
{
	store_txn_end(p->txn);
	p->txn = NULL;
	view_put(p->view);
	p->view = NULL;
}
