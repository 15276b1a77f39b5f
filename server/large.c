/* server/large.c - pushes that may take long. */
#include "server/large.h"

#include <pthread.h>
#include <string.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards all practices' lists */

static bool is_under_way(const struct practice *p, const char *device)
{
	for (const struct large *at = p->large; at; at = at->next) {
		if (strcmp(at->device, device) == 0)
			return true;
	}
	return false;
}

enum status large_begin(struct large *l, struct practice *p, const char *device, struct error *e)
{
	bool busy = false;

	if (l->practice)
		return STATUS_OK;
	(void)pthread_mutex_lock(&mutex);
	busy = is_under_way(p, device);
	if (!busy) {
		*l = (struct large){.practice = p, .device = device, .next = p->large};
		p->large = l;
	}
	(void)pthread_mutex_unlock(&mutex);
	return busy ? error_set(e, STATUS_BUSY, "another large push of this device has no outcome yet") : STATUS_OK;
}

void large_end(struct large *l)
{
	struct large **at = NULL;

	if (!l->practice)
		return;
	(void)pthread_mutex_lock(&mutex);
	for (at = &l->practice->large; *at != l; at = &(*at)->next)
		;
	*at = l->next;
	(void)pthread_mutex_unlock(&mutex);
	l->practice = NULL;
}
