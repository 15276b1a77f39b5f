/* client/checkpoint_compare.c - the checkpoints of others, held against the log that they came with.
 *
 * Enters: a part of the log whose merges were checked. Leaves: which device's word it contradicts, or which word the server made up. A device's
 * word is what a commit of the device says, signed by its key; the merge alone, which the server signs, is the server's.
 */
#include <stdlib.h>
#include <string.h>

#include "client/checkpoint.h"
#include "client/place.h"
#include "core/array.h"
#include "core/record_file.h"
#include "core/signature.h"

struct said {
	char device[NAME_MAX_LEN + 1];
	char name[NAME_MAX_LEN + sizeof(".json")]; /* of its file */
	struct oid blob, main;
	int64_t index;
	struct place place; /* the merge that brought it; its index is 0 until that is found */
};

struct claims {
	struct qip *q;
	const struct registry *registry;
	struct said *list; /* owned */
	size_t len, cap;
};

/* ---- gathering ---- */

static enum status add_claim(struct claims *l, const char *path, const struct oid *blob, const cJSON *record, struct error *e)
{
	size_t name_len = strcspn(path, "./");
	const char *hex = json_string(record, "main");
	struct said s = {.blob = *blob};

	if (name_len < sizeof(s.device) && strcmp(path + name_len, ".json") == 0) {
		memcpy(s.device, path, name_len); /* and the rest is zero */
		memcpy(s.name, path, name_len + strlen(".json"));
	}
	if (l->len == REGISTRY_MAX_DEVICES || !name_valid(s.device) || !hex || oid_parse(&s.main, hex, strlen(hex)) != STATUS_OK ||
	    !json_integer(record, "index", &s.index))
		return error_set(e, STATUS_UNTRUSTED, CHECKPOINT_FOLDER "/ holds what is no checkpoint: nothing was taken over");
	if (!array_room(&l->list, &l->cap, l->len))
		return error_set(e, STATUS_NOMEM, "out of memory");
	l->list[l->len++] = s;
	return STATUS_OK;
}

static enum status read_claim(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id, struct error *e)
{
	struct claims *l = ctx;
	cJSON *record = NULL;
	enum status st = STATUS_OK;

	(void)old_id;
	if (!new_id)
		return STATUS_OK;
	st = record_read(&record, l->q->repo, new_id, e);
	if (st == STATUS_OK)
		st = add_claim(l, path, new_id, record, e);
	cJSON_Delete(record);
	return st;
}

/* An entry's id in a tree; zero where there is none. */
static enum status entry_of(struct oid *out, struct claims *l, const struct oid *tree, const char *name, struct error *e)
{
	enum status st = tree_find(out, NULL, l->q->repo, tree, name, e);

	if (st != STATUS_NOT_FOUND)
		return st;
	*out = (struct oid){{0}};
	return STATUS_OK;
}

static enum status folder_of(struct oid *out, struct claims *l, const struct oid *commit, struct error *e)
{
	struct oid tree;
	enum status st = home_tree_of(&tree, l->q, commit, e);

	return st == STATUS_OK ? entry_of(out, l, &tree, CHECKPOINT_FOLDER, e) : st;
}

/* ---- whose word is it? ---- */

/* The folder was another one before this merge: whose file did it bring? */
static enum status note_brought(size_t *left, struct claims *l, const struct place *p, const struct oid *folder_before, struct error *e)
{
	struct oid before;
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < l->len; i++) {
		struct said *s = &l->list[i];

		if (s->place.index > 0)
			continue;
		st = entry_of(&before, l, folder_before, s->name, e);
		if (st == STATUS_OK && !oid_equal(&before, &s->blob)) {
			s->place = *p;
			(*left)--;
		}
	}
	return st;
}

/* One walk down the log for all of them, as far as is needed. */
static enum status find_merges(struct claims *l, const struct oid *from, const struct oid *tip, struct error *e)
{
	struct place p = {.parent = *tip};
	struct oid here, before;
	size_t left = l->len;
	enum status st = folder_of(&here, l, tip, e);

	while (st == STATUS_OK && left > 0 && !oid_equal(&p.parent, from) && !oid_is_zero(&p.parent)) {
		st = place_read(&p, l->q, &p.parent, e);
		if (st == STATUS_OK)
			st = folder_of(&before, l, &p.parent, e);
		if (st == STATUS_OK && !oid_equal(&here, &before))
			st = note_brought(&left, l, &p, &before, e);
		here = before;
	}
	return st;
}

/* Does this commit say it? */
static enum status read_word(bool *says, struct commit *c, struct claims *l, const struct said *s, const struct oid *id, struct error *e)
{
	char path[sizeof(CHECKPOINT_FOLDER "/") + sizeof(s->name)] = CHECKPOINT_FOLDER "/";
	struct oid blob;
	enum status st = repo_commit_read(c, l->q->repo, id, e);

	memcpy(path + strlen(path), s->name, sizeof(s->name));
	if (st == STATUS_OK)
		st = entry_of(&blob, l, &c->tree, path, e);
	if (st == STATUS_OK)
		*says = oid_equal(&blob, &s->blob);
	return st;
}

/* The device's commits back to the first that says it: that one must bear the device's signature. */
static enum status check_word(bool *is_own, struct claims *l, const struct said *s, struct error *e)
{
	const struct device *device = registry_find(l->registry, s->device);
	struct commit c = COMMIT_INIT;
	struct oid at = s->place.head;
	bool says = device && device->key && strcmp(s->place.device, s->device) == 0;
	enum status st = STATUS_OK;

	*is_own = false;
	for (int i = 0; st == STATUS_OK && says && i < LIMIT_CHAIN && !oid_is_zero(&at); i++) {
		struct commit next = COMMIT_INIT;

		st = read_word(&says, &next, l, s, &at, e);
		at = st == STATUS_OK && next.parents_len == 1 ? next.parents[0] : (struct oid){{0}};
		if (st == STATUS_OK && says) {
			commit_clear(&c);
			c = next;
		} else {
			commit_clear(&next);
		}
	}
	if (st == STATUS_OK && c.signature)
		*is_own = signature_check(c.signature, strlen(c.signature), device->key, SIGNATURE_NAMESPACE_GIT, c.signed_text, c.signed_len, NULL) ==
			  STATUS_OK;
	commit_clear(&c);
	return st;
}

static struct checkpoint_fault fault_of(const struct said *s)
{
	struct checkpoint_fault fault = {.index = s->index, .said = s->main, .merge = s->place.id, .merge_index = s->place.index};

	memcpy(fault.device, s->device, sizeof(fault.device));
	return fault;
}

static enum status look_for_forgery(struct checkpoint_fault *fault, struct claims *l, const struct oid *from, const struct oid *tip,
				    struct error *e)
{
	enum status st = find_merges(l, from, tip, e);

	for (size_t i = 0; st == STATUS_OK && i < l->len && !fault->device[0]; i++) {
		bool is_own = false;

		st = check_word(&is_own, l, &l->list[i], e);
		if (st == STATUS_OK && !is_own) {
			*fault = fault_of(&l->list[i]);
			fault->is_forged = true;
		}
	}
	return st;
}

/* ---- does the log bear it out? ---- */

static int highest_first(const void *a, const void *b)
{
	const struct said *x = a, *y = b;

	return x->index < y->index ? 1 : x->index > y->index ? -1 : 0;
}

/* One walk down the log for all of them. */
static enum status look_for_fault(struct checkpoint_fault *fault, struct claims *l, const struct oid *tip, struct error *e)
{
	struct oid at = *tip, shown;
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < l->len; i++) {
		const struct said *s = &l->list[i];

		st = place_find(&shown, l->q, &at, s->index, e);
		if (st == STATUS_OK && oid_equal(&shown, &s->main)) {
			at = shown;
			continue;
		}
		if (st != STATUS_OK && st != STATUS_NOT_FOUND)
			return st;
		*fault = fault_of(s);
		if (st == STATUS_OK)
			fault->shown = shown;
		return STATUS_OK;
	}
	return st;
}

enum status checkpoint_compare(struct checkpoint_fault *fault, struct qip *q, const struct registry *reg, const struct oid *from,
			       const struct oid *tip, struct error *e)
{
	struct claims l = {.q = q, .registry = reg};
	struct oid before, after;
	enum status st = folder_of(&before, &l, from, e);

	*fault = (struct checkpoint_fault){.index = 0};
	if (st == STATUS_OK)
		st = folder_of(&after, &l, tip, e);
	if (st == STATUS_OK)
		st = tree_diff(q->repo, &before, &after, read_claim, &l, e);
	if (l.len > 1)
		qsort(l.list, l.len, sizeof(l.list[0]), highest_first);
	if (st == STATUS_OK)
		st = look_for_forgery(fault, &l, from, tip, e);
	if (st == STATUS_OK && !fault->device[0])
		st = look_for_fault(fault, &l, tip, e);
	free(l.list);
	return st;
}
