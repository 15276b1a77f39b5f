/* kiosk/status.c - qip-kiosk status: how the kiosk stands, also while it runs. */
#include <stdio.h>

#include "kiosk/command.h"
#include "kiosk/standing.h"

#define LOCK_WAIT_MS 3000 /* a sync may be going on: what it holds is then told as not known */

static enum status note_key(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct standing *s = ctx;

	(void)path;
	(void)record;
	(void)e;
	s->comments = true;
	return STATUS_OK;
}

static enum status look(struct standing *s, const char *home, struct error *e)
{
	struct qip *q = NULL;
	enum status st = qip_open(&q, &(struct qip_options){.home = home, .lock_wait_ms = LOCK_WAIT_MS}, e);

	if (st == STATUS_OK && qip_identity(q)->role != ROLE_KIOSK) {
		st = error_set(e, STATUS_DENIED, "%s is the home of a device of the role %s, not of a kiosk: use `qip status`", home,
			       role_text(qip_identity(q)->role));
	} else if (st == STATUS_OK) {
		(void)snprintf(s->device, sizeof(s->device), "%s", qip_identity(q)->device);
		(void)snprintf(s->site, sizeof(s->site), "%s", qip_identity(q)->site);
		s->last_sync_ms = qip_last_sync_ms(q);
		st = qip_waiting(&s->waiting, q, e);
		s->waiting_known = st == STATUS_OK;
		if (st == STATUS_OK && qip_each(q, "keys/", note_key, s, NULL) != STATUS_OK)
			s->comments = false; /* nothing received yet */
	} else if (st == STATUS_BUSY) {
		(void)snprintf(s->sync_error, sizeof(s->sync_error), "another program is using this home, perhaps a sync");
		st = STATUS_OK;
	}
	qip_close(q);
	return st;
}

static enum status print_json(const struct standing *s, struct error *e)
{
	cJSON *json = standing_json(s);
	char *text = json ? cJSON_Print(json) : NULL;

	cJSON_Delete(json);
	if (!text)
		return error_set(e, STATUS_NOMEM, "no memory for the status");
	printf("%s\n", text);
	cJSON_free(text);
	return STATUS_OK;
}

enum status command_status(const struct command_options *o, struct error *e)
{
	struct standing s = {.last = 0};
	char last[128], waiting[64], sync[64];
	enum status st = look(&s, o->home, e);

	if (st == STATUS_OK)
		st = standing_read_journal(&s, o->home, env_system(), e);
	if (st != STATUS_OK)
		return st;
	if (o->json)
		return print_json(&s, e);
	standing_last_text(last, sizeof(last), &s);
	standing_waiting_text(waiting, sizeof(waiting), &s);
	standing_sync_text(sync, sizeof(sync), &s);
	printf("Device       %s at %s\nLast answer  %s\nWaiting      %s\nLast sync    %s\n", s.device, s.site, last, waiting, sync);
	if (s.sync_error[0])
		printf("Note         %s\n", s.sync_error);
	return STATUS_OK;
}
