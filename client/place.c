/* client/place.c - see place.h. */
#include "client/place.h"

#include <stdio.h>

enum status place_read(struct place *out, struct qip *q, const struct oid *id, struct error *e)
{
	struct place p = {.id = *id};
	struct commit c = COMMIT_INIT;
	struct merge_note note = {0};
	enum status st = repo_commit_read(&c, q->repo, id, e);

	p.tree = c.tree;
	if (st == STATUS_OK && c.parents_len > 0) {
		if (c.parents_len != 2 || merge_note_parse(&note, c.message, NULL) != STATUS_OK)
			st = STATUS_UNTRUSTED;
		p.parent = c.parents[0];
		p.head = c.parents[1];
		p.index = note.index;
		(void)snprintf(p.device, sizeof(p.device), "%s", note.device);
		(void)snprintf(p.received, sizeof(p.received), "%s", note.received);
	}
	if (st == STATUS_OK)
		*out = p;
	buf_clear(&note.kept);
	commit_clear(&c);
	return st;
}

enum status place_find(struct oid *out, struct qip *q, const struct oid *tip, int64_t index, struct error *e)
{
	struct oid at = *tip;
	int64_t number = 0;
	enum status st = home_log_number(&number, q, tip, e);

	if (st == STATUS_OK && (oid_is_zero(tip) || index < 0 || index > number))
		return STATUS_NOT_FOUND;
	for (; st == STATUS_OK && number > index; number--) {
		struct oid parent;

		st = repo_commit_first_parent(&parent, q->repo, &at, e);
		if (st == STATUS_OK)
			at = parent;
	}
	if (st == STATUS_OK)
		*out = at;
	return st;
}
