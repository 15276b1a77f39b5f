/* client/audit_seen.c - what syncs of this home found that contradicts the history, whatever a log shows that is sound in itself. */
#include <stdio.h>
#include <stdlib.h>

#include "client/audit_internal.h"
#include "client/include/qip/client.h"

static void list_settled(struct audit *a, const struct qip_seen *s)
{
	struct audit_settled *made;

	if (a->settled_len == AUDIT_MAX_SETTLED) {
		a->settled_more++;
		return;
	}
	made = &a->settled[a->settled_len++];
	*made = (struct audit_settled){.number = s->number};
	(void)snprintf(made->commit, sizeof(made->commit), "%s", s->commit);
	(void)snprintf(made->device, sizeof(made->device), "%s", s->device);
	(void)snprintf(made->found, sizeof(made->found), "%s", s->at);
	(void)snprintf(made->settled, sizeof(made->settled), "%s", s->settled_at);
	(void)snprintf(made->text, sizeof(made->text), "%s", s->text);
	(void)snprintf(made->why, sizeof(made->why), "%s", s->settled);
	audit_clean_text(made->text);
	audit_clean_text(made->why);
}

static enum status add(void *ctx, const struct qip_seen *s, struct error *e)
{
	struct audit *a = ctx;

	(void)e;
	if (s->settled[0])
		list_settled(a, s);
	else
		audit_find_beside(a, s->commit, s->ref, s->device, "%s (found on %.10s; \"qip checkpoint\" lists it as No %d)", s->text, s->at, s->number);
	return STATUS_OK;
}

enum status audit_seen(struct audit *a, struct qip *q, struct error *e)
{
	a->settled = calloc(AUDIT_MAX_SETTLED, sizeof(*a->settled));
	if (!a->settled)
		return error_set(e, STATUS_NOMEM, "out of memory");
	(void)snprintf(a->settled_by, sizeof(a->settled_by), "%s", qip_identity(q)->device);
	return qip_seen_each(q, add, a, e);
}
