/* server/milestones.c - which commit of a practice's log has which number. */
#include "server/milestones.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/head.h"

struct milestones {
	pthread_mutex_t mutex;
	struct oid *ids; /* of the merges 0, MILESTONES_STEP, 2 * MILESTONES_STEP, … */
	size_t len, cap;
};

enum status milestones_open(struct milestones **out, struct error *e)
{
	struct milestones *m = calloc(1, sizeof(*m));

	if (!m || pthread_mutex_init(&m->mutex, NULL)) {
		free(m);
		return error_set(e, STATUS_NOMEM, "out of memory");
	}
	*out = m;
	return STATUS_OK;
}

void milestones_close(struct milestones *m)
{
	if (!m)
		return;
	(void)pthread_mutex_destroy(&m->mutex);
	free(m->ids);
	free(m);
}

static enum status not_the_log(const struct oid *at, struct error *e)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, at);
	return error_set(e, STATUS_CORRUPT, "the log is not whole at %s", hex);
}

static enum status step_back(struct oid *at, struct repo *r, struct error *e)
{
	struct oid parent = {{0}};
	enum status st = repo_commit_first_parent(&parent, r, at, e);

	if (st == STATUS_OK && oid_is_zero(&parent))
		return not_the_log(at, e);
	if (st == STATUS_OK)
		*at = parent;
	return st;
}

static enum status make_room(struct milestones *m, size_t len, struct error *e)
{
	struct oid *ids = NULL;
	size_t cap = m->cap ? m->cap : 16;

	while (cap < len)
		cap *= 2;
	if (cap == m->cap)
		return STATUS_OK;
	ids = realloc(m->ids, cap * sizeof(*ids));
	if (!ids)
		return error_set(e, STATUS_NOMEM, "out of memory");
	m->ids = ids;
	m->cap = cap;
	return STATUS_OK;
}

/* Walk from the log's end back to the last one remembered. Those between count only if the walk gets there. */
static enum status extend(struct milestones *m, const struct view *v, struct repo *r, struct error *e)
{
	size_t len = (size_t)(v->end.index / MILESTONES_STEP) + 1;
	int64_t number = v->end.index, known = m->len ? (int64_t)(m->len - 1) * MILESTONES_STEP : 0;
	struct oid at = v->end.commit;
	enum status st = STATUS_OK;

	if (v->end.index > LIMIT_LOG_MERGES)
		return error_set(e, STATUS_TOO_BIG, "the log has more than %d merges", LIMIT_LOG_MERGES);
	if (len <= m->len)
		return STATUS_OK;
	st = make_room(m, len, e);
	while (st == STATUS_OK && number > known) {
		if (number % MILESTONES_STEP == 0)
			m->ids[number / MILESTONES_STEP] = at;
		st = step_back(&at, r, e);
		number--;
	}
	if (st != STATUS_OK)
		return st;
	if (m->len && !oid_equal(&at, &m->ids[m->len - 1]))
		return not_the_log(&at, e);
	m->ids[known / MILESTONES_STEP] = at;
	m->len = len;
	return STATUS_OK;
}

enum status milestones_at(struct oid *out, struct milestones *m, const struct view *v, struct repo *reader,
			  int64_t number, struct error *e)
{
	size_t after = (size_t)((number + MILESTONES_STEP - 1) / MILESTONES_STEP);
	struct oid at = v->end.commit;
	int64_t from = v->end.index;
	enum status st = STATUS_OK;

	if (number < 0 || number > v->end.index)
		return error_set(e, STATUS_NOT_FOUND, "the log has no merge %" PRId64, number);
	(void)pthread_mutex_lock(&m->mutex);
	st = extend(m, v, reader, e);
	if (st == STATUS_OK && after < m->len && (int64_t)after * MILESTONES_STEP < from) {
		at = m->ids[after];
		from = (int64_t)after * MILESTONES_STEP;
	}
	(void)pthread_mutex_unlock(&m->mutex);
	for (; st == STATUS_OK && from > number; from--)
		st = step_back(&at, reader, e);
	if (st == STATUS_OK)
		*out = at;
	return st;
}

/* What the commit says of itself; the caller asks the log. */
static enum status claimed_number(int64_t *out, struct repo *r, const struct oid *id, struct error *e)
{
	struct merge_note note = {.index = 0};
	struct commit c = COMMIT_INIT;
	enum status st = STATUS_NOT_FOUND;

	if (repo_commit_read(&c, r, id, NULL) == STATUS_OK &&
	    (c.parents_len == 0 || (c.parents_len == 2 && merge_note_parse(&note, c.message, NULL) == STATUS_OK))) {
		*out = note.index;
		st = STATUS_OK;
	}
	buf_clear(&note.kept);
	commit_clear(&c);
	return st == STATUS_OK ? st : error_set(e, st, "that is no commit of the log");
}

enum status milestones_number(int64_t *out, struct milestones *m, const struct view *v, struct repo *reader,
			      const struct oid *id, struct error *e)
{
	struct oid there = {{0}};
	int64_t number = 0;
	enum status st = claimed_number(&number, reader, id, e);

	if (st == STATUS_OK)
		st = milestones_at(&there, m, v, reader, number, e);
	if (st != STATUS_OK)
		return st;
	if (!oid_equal(&there, id))
		return error_set(e, STATUS_NOT_FOUND, "that is no commit of the log");
	*out = number;
	return STATUS_OK;
}
