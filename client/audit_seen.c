/* client/audit_seen.c - what syncs of this home found that contradicts the history, whatever a log shows that is sound in itself. */
#include <stdio.h>

#include "client/audit.h"
#include "client/include/qip/client.h"

static enum status add(void *ctx, const struct qip_seen *s, struct error *e)
{
	struct audit *a = ctx;
	struct audit_finding *f;

	(void)e;
	if (s->settled[0])
		return STATUS_OK;
	if (a->findings_len == AUDIT_MAX_FINDINGS) {
		a->findings_more++;
		return STATUS_OK;
	}
	f = &a->findings[a->findings_len++];
	*f = (struct audit_finding){.commit = ""};
	(void)snprintf(f->commit, sizeof(f->commit), "%s", s->commit);
	(void)snprintf(f->path, sizeof(f->path), "%s", s->ref);
	(void)snprintf(f->device, sizeof(f->device), "%s", s->device);
	(void)snprintf(f->text, sizeof(f->text), "%s (found on %.10s; \"qip checkpoint\" lists it as No %d)", s->text, s->at, s->number);
	return STATUS_OK;
}

enum status audit_seen(struct audit *a, struct qip *q, struct error *e)
{
	return qip_seen_each(q, add, a, e);
}
