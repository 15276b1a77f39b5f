/* client/commit.c - stage 3 of 9, for people: an edit becomes a signed commit on the own branch.
 *
 * Enters: records, each judged at once by the policy that the server will judge it by. Leaves: one commit on disk, and refs/qip/work on it.
 */
#include "client/commit.h"

#include <stdlib.h>
#include <string.h>

#include "client/people.h"
#include "client/unnamed.h"
#include "core/array.h"
#include "core/log.h"
#include "core/record_file.h"
#include "core/utf8.h"

#define SUBJECT_MAX 250

struct qip_edit {
	struct qip *q;
	struct oid work, tree;         /* where it starts from */
	const struct registry *registry; /* of that tree; borrowed from q */
	char effective[11];
	struct oid adopts;             /* zero: nothing */
	struct tree_edit *files;       /* owned, with their paths */
	size_t files_len, files_cap;
};

/* One line: a second one could look like a trailer. */
static bool is_subject(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= SUBJECT_MAX && utf8_valid(NULL, text, len) && !strpbrk(text, "\r\n");
}

enum status commit_write_adopting(struct oid *out, struct qip *q, const struct oid *tree, const struct oid *parent, int64_t time_ms,
				  const char *subject, const struct oid *adopts, struct error *e)
{
	struct buf message = BUF_INIT;
	char email[HEAD_EMAIL_MAX];
	struct commit_spec spec = {.tree = *tree, .name = q->identity.device, .email = email, .time_ms = time_ms, .key = q->key};
	enum status st = STATUS_OK;

	if (!is_subject(subject))
		return error_set(e, STATUS_INVALID, "what a change is about must be told in one line of at most %d bytes", SUBJECT_MAX);
	st = oid_is_zero(adopts) ? head_message_format(&message, subject, q->identity.device)
				 : head_message_adopt(&message, subject, adopts, q->identity.device);
	if (st != STATUS_OK) {
		st = error_set(e, st, "out of memory");
		goto done;
	}
	spec.message = buf_text(&message);
	head_email(email, q->identity.device, q->identity.ods);
	if (!oid_is_zero(parent)) {
		spec.parents[0] = *parent;
		spec.parents_len = 1;
	}
	st = repo_commit_write(out, q->repo, &spec, e);
done:
	buf_clear(&message);
	return st;
}

enum status commit_write(struct oid *out, struct qip *q, const struct oid *tree, const struct oid *parent, int64_t time_ms,
			 const char *subject, struct error *e)
{
	return commit_write_adopting(out, q, tree, parent, time_ms, subject, &(struct oid){{0}}, e);
}

void commit_adopts(struct qip_edit *edit, const struct oid *adopted)
{
	edit->adopts = *adopted;
}

enum status commit_stage(struct oid *out, struct qip *q, const cJSON *record, struct error *e)
{
	struct buf text = BUF_INIT;
	enum status st = json_canonical(&text, record);

	if (st != STATUS_OK)
		st = error_set(e, st, "the record cannot be written as JSON: %s", status_text(st));
	else if (text.len > RECORD_MAX_BYTES)
		st = error_set(e, STATUS_TOO_BIG, "the record is larger than %d bytes", RECORD_MAX_BYTES);
	else
		st = repo_write_new(out, q->repo, REPO_BLOB, text.data, text.len, e);
	buf_clear(&text);
	return st;
}

enum status qip_edit_begin(struct qip_edit **out, struct qip *q, const char *effective, struct error *e)
{
	struct qip_edit *edit = NULL;
	enum status st = STATUS_OK;

	if (home_is_kiosk(q))
		return error_set(e, STATUS_DENIED, "a kiosk records answers; it does not edit the plan");
	if (effective && !date_valid(effective))
		return error_set(e, STATUS_USAGE, "\"%s\" is not a day: write YYYY-MM-DD", effective);
	edit = calloc(1, sizeof(*edit));
	if (!edit)
		return error_set(e, STATUS_NOMEM, "out of memory");
	edit->q = q;
	if (effective)
		memcpy(edit->effective, effective, sizeof(edit->effective));
	else
		date_format(edit->effective, state_now_ms(&q->state, q->env));
	st = home_ref(&edit->work, q, REF_WORK, e);
	if (st == STATUS_OK)
		st = home_tree_of(&edit->tree, q, &edit->work, e);
	if (st == STATUS_OK)
		st = view_registry(&edit->registry, q, e);
	if (st != STATUS_OK) {
		qip_edit_abort(edit);
		return st;
	}
	*out = edit;
	return STATUS_OK;
}

enum status qip_edit_stamp(struct stamp *out, struct qip_edit *edit, struct error *e)
{
	struct stamp s = {0};
	const struct qip_identity *id = &edit->q->identity;
	enum status st = id_make(s.id, edit->q->env);

	if (st != STATUS_OK)
		return error_set(e, st, "no id can be made: %s", status_text(st));
	memcpy(s.device, id->device, sizeof(id->device));
	memcpy(s.by, role_text(id->role), strlen(role_text(id->role)) + 1);
	memcpy(s.effective, edit->effective, sizeof(s.effective));
	time_format(s.at, state_now_ms(&edit->q->state, edit->q->env));
	st = people_editor(s.person, edit->q, e);
	if (st == STATUS_OK)
		*out = s;
	return st;
}

static enum status judge(struct qip_edit *edit, const char *path, const cJSON *record, struct error *e)
{
	struct qip *q = edit->q;
	cJSON *before = NULL;
	enum status st = record_read_path(&before, q->repo, &edit->tree, path, e);
	struct policy_change change = {
		.ods = q->identity.ods,
		.device = q->identity.device,
		.role = q->identity.role,
		.path = path,
		.after = record,
		.schema_level = edit->registry->schema_level,
		.registry = edit->registry,
	};

	if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		return st;
	change.before = before;
	st = policy_check(&change, q->rules, e); /* the form and the schema included */
	if (st != STATUS_OK && e)
		st = error_prefix(e, st, "%s", path);
	cJSON_Delete(before);
	return st;
}

static struct tree_edit *find_file(struct qip_edit *edit, const char *path)
{
	for (size_t i = 0; i < edit->files_len; i++) {
		if (strcmp(edit->files[i].path, path) == 0)
			return &edit->files[i];
	}
	return NULL;
}

static enum status add_file(struct qip_edit *edit, const char *path, const struct oid *id, struct error *e)
{
	struct tree_edit *file = find_file(edit, path);
	char *copy = NULL;

	if (file) {
		file->id = *id;
		return STATUS_OK;
	}
	if (edit->files_len == LIMIT_EDIT_FILES)
		return error_set(e, STATUS_TOO_BIG, "more than %d records in one edit", LIMIT_EDIT_FILES);
	if (!array_room(&edit->files, &edit->files_cap, edit->files_len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	copy = strdup(path);
	if (!copy)
		return error_set(e, STATUS_NOMEM, "out of memory");
	edit->files[edit->files_len++] = (struct tree_edit){.path = copy, .id = *id};
	return STATUS_OK;
}

enum status qip_edit_put(struct qip_edit *edit, const char *path, const cJSON *record, struct error *e)
{
	struct oid id = {0};
	enum status st = judge(edit, path, record, e);

	if (st == STATUS_OK && record)
		st = commit_stage(&id, edit->q, record, e);
	return st == STATUS_OK ? add_file(edit, path, &id, e) : st;
}

/* Drop the edit's memory; what it staged is the caller's to flush or discard. */
static void edit_free(struct qip_edit *edit)
{
	for (size_t i = 0; i < edit->files_len; i++)
		free((char *)edit->files[i].path);
	free(edit->files);
	free(edit);
}

static enum status keep(struct qip_edit *edit, const char *subject, struct error *e)
{
	struct qip *q = edit->q;
	struct oid tree, commit;
	enum status st = tree_apply(&tree, q->repo, &edit->tree, edit->files, edit->files_len, e);

	if (st != STATUS_OK || oid_equal(&tree, &edit->tree))
		return st;
	st = commit_write_adopting(&commit, q, &tree, &edit->work, state_now_ms(&q->state, q->env), subject, &edit->adopts,
					   e);
	if (st == STATUS_OK)
		st = repo_flush(q->repo, e);
	return st == STATUS_OK ? home_move_ref(q, REF_WORK, &commit, &edit->work, e) : st;
}

enum status qip_edit_commit(struct qip_edit *edit, const char *subject, struct error *e)
{
	struct error why = {.text = ""};
	enum status st = edit->files_len > 0 ? keep(edit, subject, e) : STATUS_OK;

	repo_discard(edit->q->repo); /* blobs of a commit that came to nothing */
	if (st == STATUS_OK && !home_is_kiosk(edit->q) && unnamed_settle(edit->q, false, &why) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "what the edit names could not be noted; that is found out when the home is opened next", "reason", why.text, NULL);
	edit_free(edit);
	return st;
}

void commit_try_on(struct qip_edit *edit, const struct oid *tree)
{
	edit->tree = *tree;
}

enum status commit_try(struct oid *tree, struct qip_edit *edit, struct error *e)
{
	struct oid made = edit->tree;
	enum status st = edit->files_len > 0 ? tree_apply(&made, edit->q->repo, &edit->tree, edit->files, edit->files_len, e) : STATUS_OK;

	edit_free(edit);
	if (st == STATUS_OK)
		*tree = made;
	return st;
}

void qip_edit_abort(struct qip_edit *edit)
{
	if (!edit)
		return;
	repo_discard(edit->q->repo);
	edit_free(edit);
}

enum status commit_alone(struct qip *q, const char *path, const cJSON *record, int64_t time_ms, const char *subject, struct error *e)
{
	struct tree_edit edit = {.path = path};
	struct oid tip, tree, commit;
	enum status st = home_ref(&tip, q, REF_WORK, e);

	if (st == STATUS_OK)
		st = home_tree_of(&tree, q, &tip, e);
	if (st == STATUS_OK)
		st = commit_stage(&edit.id, q, record, e);
	if (st == STATUS_OK)
		st = tree_apply(&tree, q->repo, &tree, &edit, 1, e);
	if (st == STATUS_OK)
		st = commit_write(&commit, q, &tree, &tip, time_ms, subject, e);
	if (st == STATUS_OK)
		st = repo_flush(q->repo, e);
	if (st == STATUS_OK)
		st = home_move_ref(q, REF_WORK, &commit, &tip, e);
	repo_discard(q->repo);
	return st;
}
