/* server/fsck_log.c - a practice's log, and whether its refs follow from it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "server/derive.h"
#include "server/fsck_internal.h"
#include "server/kiosk_config.h"
#include "server/link.h"
#include "server/push.h"

#define DEVICES "refs/devices/"
#define REMEDY "; with the server stopped, remove the ref " DERIVED_MARK " by git update-ref -d, and it is made anew out of the log"

/* A device's newest head in the log. */
struct newest {
	char device[NAME_MAX_LEN + 1];
	struct oid head;
	int64_t index;
	const struct oid *ref; /* what refs/devices/<device> says, NULL: not there */
	bool ref_in_log;       /* it is a head of that device, the newest or an older one */
};

struct heads {
	struct newest *list;
	size_t len, cap;
};

static struct newest *find_head(const struct heads *h, const char *device)
{
	for (size_t i = 0; i < h->len; i++) {
		if (strcmp(h->list[i].device, device) == 0)
			return &h->list[i];
	}
	return NULL;
}

static const struct oid *find_ref(const struct fsck *f, const char *name)
{
	for (size_t i = 0; i < f->refs.len; i++) {
		if (strcmp(f->refs.refs[i].name, name) == 0)
			return &f->refs.refs[i].id;
	}
	return NULL;
}

static struct newest *add_head(struct heads *h, const struct fsck *f, const struct link *l)
{
	char ref[LIMIT_REF_BYTES];
	struct newest *more = NULL;

	if (!array_room(&h->list, &h->cap, h->len))
		return NULL;
	more = &h->list[h->len++];
	push_ref_name(ref, l->device);
	*more = (struct newest){.head = l->head, .index = l->index, .ref = find_ref(f, ref)};
	memcpy(more->device, l->device, sizeof(l->device));
	return more;
}

/* The first one met on the way back is the newest. */
static bool note_head(struct heads *h, const struct fsck *f, const struct link *l)
{
	struct newest *n = NULL;

	if (l->index == 0)
		return true;
	n = find_head(h, l->device);
	if (!n)
		n = add_head(h, f, l);
	if (n && n->ref && oid_equal(n->ref, &l->head))
		n->ref_in_log = true;
	return n != NULL;
}

/* ---- the log ---- */

/* By the keys of main's practice; where it cannot be read, or has not begun, by the server's own. */
static void begin_signers(struct fsck *f, const struct oid *main_id)
{
	struct registry reg = REGISTRY_INIT;
	struct commit c = COMMIT_INIT;
	struct error e = {STATUS_OK, ""};
	enum status st = repo_commit_read(&c, f->repo, main_id, &e);

	if (st == STATUS_OK)
		st = registry_load_keys(&reg, NULL, f->repo, &c.tree, NULL, &e);
	if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		fsck_tell(f, true, "%s", e.text);
	if (st == STATUS_OK && !registry_key_counts(&reg, f->practice->signing.present.ssh) && !registry_key_counts(&reg, f->practice->signing.next.ssh))
		fsck_tell(f, true, "no key that the server has is one of the practice's: make one by qip-server server-key, for a manager to endorse");
	link_signers_begin(&f->signers, f->repo, st == STATUS_OK ? &reg : NULL, f->practice->signing.present.key);
	registry_clear(&reg);
	commit_clear(&c);
}

/* *main_link is the newest; *marked how far the derived refs are noted to be, -1 when the mark was not met. False: it cannot be followed. */
static bool walk_log(struct fsck *f, struct heads *heads, struct link *main_link, int64_t *marked, const struct oid *main_id)
{
	const struct oid *mark = find_ref(f, DERIVED_MARK);
	struct oid at = *main_id;
	struct link l = {.index = -1};
	int64_t expected = -1;
	struct error e = {STATUS_OK, ""};

	do {
		enum status st = link_check(&l, f->repo, &at, &f->signers, &e);

		if (st != STATUS_OK)
			fsck_tell(f, true, "%s", e.text);
		if (st == STATUS_UNTRUSTED)
			st = link_read(&l, f->repo, &at, &e);
		if (st != STATUS_OK || !note_head(heads, f, &l))
			return false;
		if (expected >= 0 && l.index != expected)
			fsck_tell(f, true, "the log jumps from merge %" PRId64 " to %" PRId64, l.index, expected + 1);
		if (expected < 0)
			*main_link = l;
		if (mark && oid_equal(mark, &at))
			*marked = l.index;
		expected = l.index - 1;
		at = l.parent;
		f->out->merges++;
	} while (!oid_is_zero(&at));
	if (l.index != 0)
		fsck_tell(f, true, "the log starts with merge %" PRId64, l.index);
	return true;
}

/* ---- what derives from it ---- */

static void check_device(struct fsck *f, const struct newest *n, int64_t marked)
{
	bool behind = n->index > marked && (!n->ref || n->ref_in_log);

	if (n->ref && oid_equal(n->ref, &n->head))
		return;
	if (behind)
		fsck_tell(f, false, DEVICES "%s is behind the log; the next push or start moves it", n->device);
	else
		fsck_tell(f, true, DEVICES "%s is not the last head of %s in the log" REMEDY, n->device, n->device);
}

static enum status tree_of_config(struct oid *tree, struct fsck *f, const struct oid *config, struct error *e)
{
	struct commit c = COMMIT_INIT;
	int64_t index = 0;
	bool is_signed = false;
	enum status st = repo_commit_read(&c, f->repo, config, e);

	if (st == STATUS_OK && !kiosk_config_index(&index, c.message))
		st = error_set(e, STATUS_CORRUPT, DERIVED_CONFIG " is no configuration of kiosks; take it from a backup");
	if (st == STATUS_OK)
		st = link_signed(&is_signed, &f->signers, &c, e);
	if (st == STATUS_OK && !is_signed)
		st = error_set(e, STATUS_UNTRUSTED, DERIVED_CONFIG " is not signed by this server's key of the practice");
	if (st == STATUS_OK)
		*tree = c.tree;
	commit_clear(&c);
	return st;
}

/* What kiosks may read, as it should be; staged in memory and forgotten. */
static void check_config(struct fsck *f, const struct link *main_link, int64_t marked)
{
	const struct oid *config = find_ref(f, DERIVED_CONFIG);
	struct oid expected, actual;
	struct error e = {STATUS_OK, ""};
	enum status st = kiosk_config_tree(&expected, f->repo, &main_link->tree, &e);

	if (st == STATUS_OK && !config && main_link->index == 0)
		return; /* no practice yet */
	if (st == STATUS_OK && config)
		st = tree_of_config(&actual, f, config, &e);
	if (st != STATUS_OK)
		fsck_tell(f, true, "%s", e.text);
	else if (!config || !oid_equal(&expected, &actual))
		fsck_tell(f, main_link->index <= marked, DERIVED_CONFIG " is not what the log says%s",
			  main_link->index <= marked ? REMEDY : "; the next push or start moves it");
	repo_discard(f->repo);
}

static void check_refs(struct fsck *f, const struct heads *heads, const struct link *main_link, int64_t marked)
{
	for (size_t i = 0; i < f->refs.len; i++) {
		const char *name = f->refs.refs[i].name;

		if (strncmp(name, DEVICES, strlen(DEVICES)) == 0 && !find_head(heads, name + strlen(DEVICES)))
			fsck_tell(f, true, "%s names a device of which the log holds nothing", name);
	}
	for (size_t i = 0; i < heads->len; i++)
		check_device(f, &heads->list[i], marked);
	if (find_ref(f, DERIVED_MARK) && marked < 0)
		fsck_tell(f, true, DERIVED_MARK " is not on the log" REMEDY);
	check_config(f, main_link, marked);
}

void fsck_check_log(struct fsck *f)
{
	const struct oid *main_id = find_ref(f, "refs/heads/main");
	struct heads heads = {NULL, 0, 0};
	struct link main_link = {.index = 0};
	int64_t marked = -1;

	if (!main_id) {
		fsck_tell(f, true, "the history has no main; restore it from a backup");
		return;
	}
	begin_signers(f, main_id);
	if (walk_log(f, &heads, &main_link, &marked, main_id))
		check_refs(f, &heads, &main_link, marked);
	server_chain_clear(&f->signers.chain);
	free(heads.list);
}
