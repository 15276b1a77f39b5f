/* server/kept_places.c - see kept.h: bodies of what is to be kept, on their way or at work. They are in memory, and may come slowly. */
#include <stdio.h>
#include <string.h>

#include "server/kept.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the rest, and practices' keeping */
static int taken;

enum status kept_place_take(char **out, struct practice *p, const char *device, struct error *e)
{
	char *mine = NULL;
	bool has = false;

	(void)pthread_mutex_lock(&mutex);
	for (size_t i = 0; i < LIMIT_KEPT_AT_ONCE; i++) {
		has = has || strcmp(p->keeping[i], device) == 0;
		if (!p->keeping[i][0])
			mine = p->keeping[i];
	}
	if (has || taken >= LIMIT_KEPT_AT_ONCE_ALL)
		mine = NULL;
	if (mine) {
		taken++;
		(void)snprintf(mine, sizeof(p->keeping[0]), "%s", device);
	}
	(void)pthread_mutex_unlock(&mutex);
	if (!mine)
		return error_set(e, STATUS_BUSY, "%s is being kept at the moment; try again", has ? "what this device sent before" : "what others sent");
	*out = mine;
	return STATUS_OK;
}

void kept_place_leave(char *place)
{
	if (!place)
		return;
	(void)pthread_mutex_lock(&mutex);
	place[0] = '\0';
	taken--;
	(void)pthread_mutex_unlock(&mutex);
}
