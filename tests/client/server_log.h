/* tests/client/server_log.h - the log of a practice's server as whoever holds its key can make it go on. Included after practice.h. */
#ifndef QIP_TESTS_CLIENT_SERVER_LOG_H
#define QIP_TESTS_CLIENT_SERVER_LOG_H

#include "tests/client/practice.h"

struct server_merge {
	const struct key *key;   /* that signs it */
	int64_t index;           /* its number; 0: the next */
	const struct oid *head;  /* that it says to have merged; NULL: the same again as the merge before */
	const char *device;      /* whose that is; NULL: as the merge before */
	int64_t received_ms;     /* 0: as the merge before */
	const char *path;        /* of the record that its tree has anew; NULL: the tree stays */
	const void *bytes;
	size_t len;
};

/* One more merge on `old`, staged. */
static inline struct oid server_merge(struct repo *r, const struct oid *old, const struct server_merge *m)
{
	struct commit last = COMMIT_INIT;
	struct merge_note note = {.kept = BUF_INIT};
	struct commit_spec spec = {.name = "server", .email = "server@c82999.qip.invalid", .time_ms = 1795323600000, .parents_len = 2, .key = m->key};
	struct buf message = BUF_INIT;
	struct tree_edit edit = {.path = m->path};
	struct oid id;

	OK(repo_commit_read(&last, r, old, &last_error));
	OK(merge_note_parse(&note, last.message, &last_error));
	note.index = m->index ? m->index : note.index + 1;
	if (m->device)
		(void)snprintf(note.device, sizeof(note.device), "%s", m->device);
	if (m->received_ms)
		time_format(note.received, m->received_ms);
	OK(merge_note_format(&message, &note));
	spec.tree = last.tree;
	if (m->path) {
		OK(repo_write(&edit.id, r, REPO_BLOB, m->bytes, m->len, &last_error));
		OK(tree_apply(&spec.tree, r, &last.tree, &edit, 1, &last_error));
	}
	spec.parents[0] = *old;
	spec.parents[1] = m->head ? *m->head : last.parents[1];
	spec.message = buf_text(&message);
	OK(repo_commit_write(&id, r, &spec, &last_error));
	buf_clear(&message);
	buf_clear(&note.kept);
	commit_clear(&last);
	return id;
}

/* Stop the server and open its history, to be closed by server_log_end, which serves again. *main: where the log ends. */
static inline struct repo *server_log_begin(struct practice *p, struct oid *main)
{
	struct repo *r = NULL;

	practice_kill(p, SIGKILL);
	OK(repo_open(&r, practice_path(p, "server/C82999/history.git"), &last_error));
	OK(repo_ref_get(main, r, REF_MAIN, &last_error));
	return r;
}

/* The log ends with `to` from now on. */
static inline void server_log_end(struct practice *p, struct repo *r, const struct oid *to)
{
	struct oid old;

	OK(repo_flush(r, &last_error));
	OK(repo_ref_get(&old, r, REF_MAIN, &last_error));
	if (!oid_equal(&old, to))
		OK(repo_ref_update(r, REF_MAIN, to, &old, &last_error));
	repo_close(r);
	practice_serve(p);
}

#endif
