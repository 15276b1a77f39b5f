/* client/refused_prune.c - see refused_prune.h. */
#include "client/refused_prune.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/files.h"
#include "client/refused_note.h"
#include "core/log.h"

#define DAY_MS 86400000LL

struct pruning {
	struct qip *q;
	int64_t before_ms;
	int highest, settled; /* settled: how many */
	int to_go;            /* of them, beyond what is kept */
};

static bool is_settled(const struct qip_refusal *r)
{
	return r->state == QIP_REFUSAL_DONE || r->state == QIP_REFUSAL_AGAIN || r->state == QIP_REFUSAL_DROPPED;
}

static enum status count(void *ctx, const struct qip_refusal *r, struct error *e)
{
	struct pruning *p = ctx;

	(void)e;
	p->settled += is_settled(r);
	p->highest = r->number; /* they come by number */
	return STATUS_OK;
}

/* Settled for so long; by a note of an earlier program, refused so long ago. */
static bool is_old(const struct pruning *p, const struct qip_refusal *r)
{
	int64_t at = 0;

	return time_parse(&at, r->since[0] ? r->since : r->at) == STATUS_OK && at < p->before_ms;
}

/* The ref first: a note without one says nothing, and is swept. */
static enum status forget(struct qip *q, int number, struct error *e)
{
	char ref[HOME_REF_MAX], name[32];
	struct oid kept;
	enum status st;

	(void)snprintf(ref, sizeof(ref), REF_REFUSED "%d", number);
	refused_note_name(name, sizeof(name), number);
	st = home_ref(&kept, q, ref, e);
	if (st == STATUS_OK)
		st = repo_ref_update(q->repo, ref, NULL, &kept, e);
	return st == STATUS_OK ? files_remove(q->dir, name, e) : st;
}

static enum status look_at(void *ctx, const struct qip_refusal *r, struct error *e)
{
	struct pruning *p = ctx;
	bool beyond = is_settled(r) && p->to_go > 0;

	if (!is_settled(r) || r->number == p->highest)
		return STATUS_OK;
	p->to_go -= beyond;
	return beyond || is_old(p, r) ? forget(p->q, r->number, e) : STATUS_OK;
}

/* Notes whose refs went before a program was killed. */
static void sweep_notes(struct qip *q, int highest)
{
	int fd = openat(q->dir, HOME_REFUSED, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (!folder && fd >= 0)
		(void)close(fd);
	while (folder && (entry = readdir(folder)) != NULL) {
		char *end = NULL, ref[HOME_REF_MAX], name[32];
		long n = strtol(entry->d_name, &end, 10);
		struct oid kept;

		if (n < 1 || n >= highest || strcmp(end, ".json") != 0)
			continue;
		(void)snprintf(ref, sizeof(ref), REF_REFUSED "%ld", n);
		refused_note_name(name, sizeof(name), (int)n);
		if (home_ref(&kept, q, ref, NULL) == STATUS_OK && oid_is_zero(&kept))
			(void)(files_remove(q->dir, name, NULL) == STATUS_OK); /* the next time does it */
	}
	if (folder)
		(void)closedir(folder);
}

void refused_prune(struct qip *q)
{
	struct pruning p = {.q = q, .before_ms = state_now_ms(&q->state, q->env) - LIMIT_SETTLED_DAYS * DAY_MS};
	struct error why = {0};
	enum status st = refused_note_each(q, count, &p, &why);

	p.to_go = p.settled - LIMIT_SETTLED;
	if (st == STATUS_OK && p.highest > 0)
		st = refused_note_each(q, look_at, &p, &why);
	if (st == STATUS_OK && p.highest > 0)
		sweep_notes(q, p.highest);
	if (st != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "settled refusals could not be forgotten", "reason", why.text, NULL);
}
