/* server/kiosk_config.c - what kiosks may read of a practice. */
#include "server/kiosk_config.h"

#include <stdlib.h>
#include <string.h>

#include "core/head.h"
#include "core/record_file.h"

#define MESSAGE "What kiosks may read\n\nQip-Index: "
#define EMPTY_TREE "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

static const struct {
	const char *path;
	bool whole; /* goes in as it is; devices/ is picked from */
} parts[] = {{"practice.json", true}, {"retired-keys", true}, {"sites", true}, {"surveys", true},
	     {"keys", true}, {"devices", false}, {"incidents", true}, {"erasures", true}};

static enum status find_or_zero(struct oid *out, bool *is_dir, struct repo *r, const struct oid *tree, const char *path,
				struct error *e)
{
	enum status st = STATUS_NOT_FOUND;

	*out = (struct oid){{0}};
	if (!oid_is_zero(tree))
		st = tree_find(out, is_dir, r, tree, path, e);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

enum status kiosk_config_changed(bool *out, struct repo *r, const struct oid *old_tree, const struct oid *new_tree,
				 struct error *e)
{
	struct oid before = {{0}}, after = {{0}};
	enum status st = STATUS_OK;
	bool is_dir = false;

	*out = false;
	for (size_t i = 0; st == STATUS_OK && !*out && i < ARRAY_LEN(parts); i++) {
		st = find_or_zero(&before, &is_dir, r, old_tree, parts[i].path, e);
		if (st == STATUS_OK)
			st = find_or_zero(&after, &is_dir, r, new_tree, parts[i].path, e);
		*out = st == STATUS_OK && !oid_equal(&before, &after);
	}
	return st;
}

/* The edits that put managers' records in; paths are owned by the list. */
struct picked {
	struct tree_edit *edits;
	char (*paths)[TREE_PATH_MAX];
	struct repo *repo;
	size_t len;
};

static enum status pick_manager(void *ctx, const char *path, const struct oid *old_id, const struct oid *new_id,
				struct error *e)
{
	struct picked *p = ctx;
	cJSON *record = NULL;
	const char *role = NULL;
	enum status st = record_read(&record, p->repo, new_id, e);

	(void)old_id;
	if (st == STATUS_OK)
		role = json_string(record, "role");
	if (role && role_parse(role) == ROLE_MANAGER) {
		if (p->len >= REGISTRY_MAX_DEVICES || strlen(path) >= TREE_PATH_MAX) {
			st = error_set(e, STATUS_TOO_BIG, "there are too many devices");
		} else {
			memcpy(p->paths[p->len], path, strlen(path) + 1);
			p->edits[p->len] = (struct tree_edit){.path = p->paths[p->len], .id = *new_id};
			p->len++;
		}
	}
	cJSON_Delete(record);
	return st;
}

enum status kiosk_config_tree(struct oid *out, struct repo *r, const struct oid *main_tree, struct error *e)
{
	struct picked p = {
		.edits = calloc(REGISTRY_MAX_DEVICES + ARRAY_LEN(parts), sizeof(*p.edits)),
		.paths = calloc(REGISTRY_MAX_DEVICES, TREE_PATH_MAX),
		.repo = r,
	};
	struct oid nothing = {{0}};
	enum status st = STATUS_NOMEM;

	if (!p.edits || !p.paths)
		goto done;
	st = tree_each(r, main_tree, "devices", pick_manager, &p, e);
	for (size_t i = 0; st == STATUS_OK && i < ARRAY_LEN(parts); i++) {
		struct tree_edit edit = {.path = parts[i].path};

		st = find_or_zero(&edit.id, &edit.is_dir, r, main_tree, parts[i].path, e);
		if (st == STATUS_OK && parts[i].whole && !oid_is_zero(&edit.id))
			p.edits[p.len++] = edit;
	}
	if (st == STATUS_OK)
		st = tree_apply(out, r, &nothing, p.edits, p.len, e);
done:
	free(p.edits);
	free(p.paths);
	return st;
}

/* True if `last` is a commit of this tree already. */
static enum status same_as_last(bool *out, struct repo *r, const struct oid *tree, const struct oid *last,
				struct error *e)
{
	struct commit c = COMMIT_INIT;
	enum status st = STATUS_OK;

	*out = false;
	if (oid_is_zero(last))
		return STATUS_OK;
	st = repo_commit_read(&c, r, last, e);
	if (st == STATUS_OK)
		*out = oid_equal(&c.tree, tree);
	commit_clear(&c);
	return st;
}

enum status kiosk_config_commit(struct oid *out, const struct practice *p, struct repo *r, const struct oid *tree,
				const struct oid *last, int64_t index, const struct env *env, struct error *e)
{
	char email[HEAD_EMAIL_MAX], hex[OID_HEX_LEN + 1];
	struct buf message = BUF_INIT;
	struct commit_spec spec = {.tree = *tree,
				   .name = "server",
				   .email = email,
				   .time_ms = env->now_ms(env->ctx)};
	bool same = false;
	enum status st = same_as_last(&same, r, tree, last, e);

	*out = (struct oid){{0}};
	oid_hex(hex, tree);
	if (st != STATUS_OK || same || (oid_is_zero(last) && strcmp(hex, EMPTY_TREE) == 0))
		return st;
	if (signing_check(p, r, tree, NULL) != STATUS_OK)
		return STATUS_OK; /* none that kiosks would follow; the key's endorsement will change practice.json, and make another */
	spec.key = p->signing.with->key;
	if (!oid_is_zero(last)) {
		spec.parents[0] = *last;
		spec.parents_len = 1;
	}
	head_email(email, "server", p->ods);
	buf_addf(&message, MESSAGE "%lld\n", (long long)index);
	spec.message = buf_text(&message);
	st = buf_ok(&message) ? repo_commit_write(out, r, &spec, e) : error_set(e, STATUS_NOMEM, "out of memory");
	buf_clear(&message);
	return st;
}

bool kiosk_config_index(int64_t *out, const char *message)
{
	char *end = NULL;
	long long index = 0;

	if (strncmp(message, MESSAGE, strlen(MESSAGE)) != 0)
		return false;
	message += strlen(MESSAGE);
	if (*message < '0' || *message > '9')
		return false;
	index = strtoll(message, &end, 10);
	if (strcmp(end, "\n") != 0 || index < 0 || index > JSON_MAX_INTEGER)
		return false;
	*out = index;
	return true;
}
