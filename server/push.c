/* server/push.c - one device's head on its way into the log. */
#include "server/push.h"

#include <stdio.h>

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
	case STATUS_UNKNOWN:
		return true;
	default:
		return false;
	}
}

void push_clear(struct push *p)
{
	store_txn_end(p->txn);
	p->txn = NULL;
	view_put(p->view);
	p->view = NULL;
}
