/* client/erase.c - what an erasure names is gone from this home, and stays gone. See erase.h.
 *
 * {"schema":"erased/1","tree":<40 hex>}, written last, so that a cut before makes the same be done again:
 * blobs/erased.json: erasures/ was carried out as that tree has it. It stands in the folder, and so an older copy of the folder says that of itself.
 * erased.json: up to where this device's word was given.
 */
#include "client/erase.h"

#include <stdio.h>
#include <string.h>

#include "client/blobs.h"
#include "client/build.h"
#include "client/commit.h"
#include "client/files.h"
#include "client/journal_scrub.h"
#include "core/record_file.h"

#define CARRIED_OUT_FILE HOME_BLOBS "/erased.json"
#define SAID_FILE "erased.json"
#define SCHEMA "erased/1"
#define FOLDER "erasures"

/* ---- the records ---- */

/* erasures/ as this device sees it; zero: there is none. */
static enum status records_tree(struct oid *out, struct qip *q, struct error *e)
{
	struct oid tree;
	bool is_dir = false;
	enum status st = view_tree(&tree, q, home_is_kiosk(q) ? "practice.json" : FOLDER "/", e);

	*out = (struct oid){{0}};
	if (st == STATUS_OK && !oid_is_zero(&tree))
		st = tree_find(out, &is_dir, q->repo, &tree, FOLDER, e);
	if (st == STATUS_NOT_FOUND)
		*out = (struct oid){{0}};
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

struct note {
	bool there;
	struct oid tree; /* was carried out, */
	struct oid said; /* and this device's word given */
};

static void read_tree(struct oid *out, const struct qip *q, const cJSON *file, const char *member)
{
	const char *hex = json_string(file, member);

	if (!hex || oid_parse(out, hex, strlen(hex)) != STATUS_OK || !repo_has(q->repo, out))
		*out = (struct oid){{0}}; /* of a history that is not this one, after a restore: all is looked at */
}

static bool read_one(struct oid *out, const struct qip *q, const char *name)
{
	cJSON *file = NULL;
	bool there = files_read_json(&file, q->dir, name, NULL) == STATUS_OK;

	read_tree(out, q, file, "tree");
	cJSON_Delete(file);
	return there;
}

static void read_note(struct note *n, const struct qip *q)
{
	n->there = read_one(&n->tree, q, CARRIED_OUT_FILE);
	(void)read_one(&n->said, q, SAID_FILE);
}

static enum status write_one(struct qip *q, const char *name, const struct oid *tree, struct error *e)
{
	char hex[OID_HEX_LEN + 1];
	enum status st = STATUS_OK;
	cJSON *file = build_object(&st);

	oid_hex(hex, tree);
	build_string(&st, file, "schema", SCHEMA);
	build_string(&st, file, "tree", hex);
	st = st == STATUS_OK ? files_write_json(q->dir, name, file, 0600, e) : error_set(e, st, "out of memory");
	cJSON_Delete(file);
	return st;
}

/* ---- carrying out ---- */

struct carrying {
	struct qip *q;
	uint64_t records;
};

/* ---- a kiosk's journal ---- */

static bool is_erased_here(void *ctx, const cJSON *json)
{
	const char *hex = json_string(json_get(json, "comment"), "sha256");

	return hex && strlen(hex) == SHA256_HEX_LEN && blobs_is_erased(ctx, hex);
}

/* It holds the sealed bytes for 35 days. Whatever is erased has arrived before: its answer no longer waits. */
static enum status scrub(struct qip *q, struct error *e)
{
	char path[HOME_PATH_MAX];
	struct journal *j = NULL;
	uint64_t count = 0;
	enum status st = qip_home_path(path, sizeof(path), q, HOME_JOURNAL);

	if (st != STATUS_OK)
		return error_set(e, st, "the name of the home folder is too long");
	st = journal_open(&j, path, JOURNAL_READ, 1, q->env, e);
	if (st == STATUS_OK)
		st = journal_scrub(&count, j, is_erased_here, q, e);
	journal_close(j);
	return st;
}

static enum status delete_named(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct carrying *c = ctx;
	cJSON *record = NULL;
	const cJSON *item = NULL;
	enum status st = STATUS_OK;

	(void)path;
	(void)old_id;
	if (!new_id)
		return STATUS_OK; /* an older log than before, which the newer one joins again */
	st = record_read(&record, c->q->repo, new_id, e);
	cJSON_ArrayForEach(item, json_get(record, "blobs"))
	{
		if (st == STATUS_OK && cJSON_IsString(item))
			st = blobs_erase(c->q, item->valuestring, e);
		if (st == STATUS_MALFORMED) /* the audit tells of it, and the others go */
			st = STATUS_OK;
	}
	c->records += st == STATUS_OK;
	cJSON_Delete(record);
	return st;
}

/* A copy of a file that was erased, put back beside its mark. */
static enum status delete_marked(void *ctx, const char *hex, int64_t at_ms, struct error *e)
{
	struct qip *q = ctx;

	(void)at_ms;
	return blobs_is_erased(q, hex) ? blobs_erase(q, hex, e) : STATUS_OK;
}

enum status erase_carry_out(uint64_t *fresh, struct qip *q, struct error *e)
{
	struct carrying c = {.q = q};
	struct note note;
	struct oid after;
	enum status st = records_tree(&after, q, e);

	if (st == STATUS_OK)
		st = files_make_dir(q->dir, HOME_BLOBS, e); /* the note stands in it */
	if (st != STATUS_OK)
		return st;
	read_note(&note, q);
	if (!note.there || !oid_equal(&note.tree, &after)) {
		st = tree_diff(q->repo, &note.tree, &after, delete_named, &c, e);
		if (st == STATUS_OK && c.records > 0 && home_is_kiosk(q))
			st = scrub(q, e);
		note.tree = after;
		if (st == STATUS_OK)
			st = write_one(q, CARRIED_OUT_FILE, &note.tree, e);
	}
	if (st == STATUS_OK && !q->swept) {
		st = blobs_each(q, HOME_BLOBS, delete_marked, q, e);
		if (st == STATUS_OK)
			st = blobs_each(q, HOME_OUTBOX, delete_marked, q, e);
		q->swept = st == STATUS_OK;
	}
	if (st == STATUS_OK && fresh)
		*fresh = c.records;
	return st;
}

/* ---- saying so ---- */

struct saying {
	struct qip *q;
	struct qip_edit *edit; /* of staff; begun with the first */
	struct oid tree;       /* where own acknowledgements stand */
	char joined[TIME_TEXT_MAX]; /* by what was erased before that, it was never held here; "": not known */
	int64_t now_ms;
	uint64_t said;
};

/* Staff may have any; a kiosk only what patients wrote on it, or on it under a former name. */
static bool concerns(const struct qip *q, const cJSON *record)
{
	const cJSON *item = NULL;

	if (!home_is_kiosk(q))
		return true;
	cJSON_ArrayForEach(item, json_get(record, "devices"))
	{
		const char *name = cJSON_GetStringValue(item);

		if (name && strcmp(name, q->identity.device) == 0)
			return true;
		for (size_t i = 0; name && i < q->numbers.former_len; i++)
			if (strcmp(name, q->numbers.former[i]) == 0)
				return true;
	}
	return false;
}

static enum status read_joined(struct saying *s, struct error *e)
{
	char path[TREE_PATH_MAX];
	cJSON *record = NULL;
	const char *at = NULL;
	enum status st = STATUS_OK;

	(void)snprintf(path, sizeof(path), "devices/%s.json", s->q->identity.device);
	st = qip_read(&record, s->q, path, e);
	at = json_string(json_get(record, "enrolment"), "at");
	if (at)
		(void)snprintf(s->joined, sizeof(s->joined), "%s", at);
	cJSON_Delete(record);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

/* As who looks where an erasure stands asks them. */
static bool was_there(const struct saying *s, const cJSON *record)
{
	const char *at = json_string(record, "at");

	return !at || strcmp(s->joined, at) <= 0;
}

static enum status make_ack(cJSON **out, const struct saying *s, const char *id)
{
	enum status st = STATUS_OK;
	cJSON *ack = build_object(&st);

	build_string(&st, ack, "schema", "ack/1");
	build_string(&st, ack, "device", s->q->identity.device);
	build_string(&st, ack, "id", id);
	build_string(&st, ack, "did", "erased");
	build_time(&st, ack, "at", s->now_ms);
	if (st == STATUS_OK)
		*out = ack;
	else
		cJSON_Delete(ack);
	return st;
}

static enum status put_ack(struct saying *s, const char *path, const char *id, struct error *e)
{
	cJSON *ack = NULL;
	enum status st = make_ack(&ack, s, id);

	if (st != STATUS_OK)
		return error_set(e, st, "out of memory");
	if (home_is_kiosk(s->q)) {
		st = commit_alone(s->q, path, ack, s->now_ms, "Erased", e);
	} else {
		if (!s->edit)
			st = qip_edit_begin(&s->edit, s->q, NULL, e);
		if (st == STATUS_OK)
			st = qip_edit_put(s->edit, path, ack, e);
	}
	s->said += st == STATUS_OK;
	cJSON_Delete(ack);
	return st;
}

static enum status say_one(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct saying *s = ctx;
	char own[TREE_PATH_MAX];
	cJSON *record = NULL;
	const char *id = NULL;
	struct oid there;
	bool is_dir = false;
	enum status st = STATUS_OK;

	(void)path;
	(void)old_id;
	if (!new_id)
		return STATUS_OK;
	st = record_read(&record, s->q->repo, new_id, e);
	id = json_string(record, "id");
	if (st == STATUS_OK && id && id_valid(id) && concerns(s->q, record) && was_there(s, record)) {
		(void)snprintf(own, sizeof(own), "acks/%s/%s/%s.json", s->q->identity.device, id + ID_TEXT_LEN - 2, id);
		st = oid_is_zero(&s->tree) ? STATUS_NOT_FOUND : tree_find(&there, &is_dir, s->q->repo, &s->tree, own, e);
		if (st == STATUS_NOT_FOUND)
			st = put_ack(s, own, id, e);
	}
	cJSON_Delete(record);
	return st;
}

enum status erase_acknowledge(uint64_t *said, struct qip *q, int64_t now_ms, struct error *e)
{
	struct saying s = {.q = q, .now_ms = now_ms};
	struct note note;
	struct oid work;
	enum status st = home_ref(&work, q, REF_WORK, e);

	*said = 0;
	if (!policy_may_put_blob(q->identity.role))
		return STATUS_OK; /* it never holds any, and may not write there */
	read_note(&note, q);
	if (st != STATUS_OK || oid_equal(&note.said, &note.tree))
		return st;
	st = home_tree_of(&s.tree, q, &work, e);
	if (st == STATUS_OK && !home_is_kiosk(q))
		st = read_joined(&s, e);
	if (st == STATUS_OK)
		st = tree_diff(q->repo, &note.said, &note.tree, say_one, &s, e);
	if (s.edit && st == STATUS_OK)
		st = qip_edit_commit(s.edit, "Erased here", e);
	else
		qip_edit_abort(s.edit);
	if (st == STATUS_OK)
		st = write_one(q, SAID_FILE, &note.tree, e);
	if (st == STATUS_OK)
		*said = s.said;
	return st;
}
