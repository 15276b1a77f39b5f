/* client/erase.c - what an erasure names is gone from this home, and stays gone. See erase.h.
 *
 * erased.json: {"schema":"erased/1","tree":<40 hex>,"said":<40 hex>,"folder":<inode>}: erasures/ was carried out as `tree` has it, in this folder of blobs,
 * and this device's word given up to `said`. It is written last, so that a cut before makes the same be done again.
 */
#include "client/erase.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "client/blobs.h"
#include "client/build.h"
#include "client/commit.h"
#include "client/files.h"
#include "client/journal_scrub.h"
#include "core/record_file.h"

#define ERASED_FILE "erased.json"
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

static uint64_t folder_of_blobs(const struct qip *q)
{
	struct stat s;

	return fstatat(q->dir, HOME_BLOBS, &s, AT_SYMLINK_NOFOLLOW) == 0 ? (uint64_t)s.st_ino & (uint64_t)JSON_MAX_INTEGER : 0;
}

struct note {
	bool there;
	struct oid tree; /* was carried out, */
	struct oid said; /* and this device's word given */
	int64_t folder;
};

static void read_tree(struct oid *out, const struct qip *q, const cJSON *file, const char *member)
{
	const char *hex = json_string(file, member);

	if (!hex || oid_parse(out, hex, strlen(hex)) != STATUS_OK || !repo_has(q->repo, out))
		*out = (struct oid){{0}}; /* of a history that is not this one, after a restore: all is looked at */
}

static void read_note(struct note *n, const struct qip *q)
{
	cJSON *file = NULL;

	*n = (struct note){.there = files_read_json(&file, q->dir, ERASED_FILE, NULL) == STATUS_OK};
	read_tree(&n->tree, q, file, "tree");
	read_tree(&n->said, q, file, "said");
	if (!json_integer(file, "folder", &n->folder) || (uint64_t)n->folder != folder_of_blobs(q))
		n->tree = (struct oid){{0}};
	cJSON_Delete(file);
}

static enum status write_note(struct qip *q, const struct note *n, struct error *e)
{
	char tree[OID_HEX_LEN + 1], said[OID_HEX_LEN + 1];
	enum status st = STATUS_OK;
	cJSON *file = build_object(&st);

	oid_hex(tree, &n->tree);
	oid_hex(said, &n->said);
	build_string(&st, file, "schema", SCHEMA);
	build_string(&st, file, "tree", tree);
	build_string(&st, file, "said", said);
	build_integer(&st, file, "folder", (int64_t)folder_of_blobs(q));
	st = st == STATUS_OK ? files_write_json(q->dir, ERASED_FILE, file, 0600, e) : error_set(e, st, "out of memory");
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
		st = files_make_dir(q->dir, HOME_BLOBS, e); /* the note names it */
	if (st != STATUS_OK)
		return st;
	read_note(&note, q);
	if (!note.there || !oid_equal(&note.tree, &after)) {
		st = tree_diff(q->repo, &note.tree, &after, delete_named, &c, e);
		if (st == STATUS_OK && c.records > 0 && home_is_kiosk(q))
			st = scrub(q, e);
		note.tree = after;
		if (!note.there) /* a new home: it never had what was erased before */
			note.said = after;
		if (st == STATUS_OK)
			st = write_note(q, &note, e);
	}
	if (st == STATUS_OK)
		st = blobs_each(q, HOME_BLOBS, delete_marked, q, e);
	if (st == STATUS_OK)
		st = blobs_each(q, HOME_OUTBOX, delete_marked, q, e);
	if (st == STATUS_OK && fresh)
		*fresh = c.records;
	return st;
}

/* ---- saying so ---- */

struct saying {
	struct qip *q;
	struct qip_edit *edit; /* of staff; begun with the first */
	struct oid tree;       /* where own acknowledgements stand */
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
	if (st == STATUS_OK && id && id_valid(id) && concerns(s->q, record)) {
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
	if (st == STATUS_OK)
		st = tree_diff(q->repo, &note.said, &note.tree, say_one, &s, e);
	if (s.edit && st == STATUS_OK)
		st = qip_edit_commit(s.edit, "Erased here", e);
	else
		qip_edit_abort(s.edit);
	note.said = note.tree;
	if (st == STATUS_OK)
		st = write_note(q, &note, e);
	if (st == STATUS_OK)
		*said = s.said;
	return st;
}
