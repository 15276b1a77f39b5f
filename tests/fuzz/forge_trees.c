#include "tests/fuzz/forge_trees.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/tree.h"
#include "tests/fuzz/forge_bytes.h"
#include "tests/support/must.h"

#define ENTRIES_MORE 2100 /* that a forger may add to a directory */
#define FORGED_NAME_MAX 600
#define OBJECT_MAX ((size_t)8 << 20)

/* Any mode, name and order, unlike struct tree. */
struct raw_entry {
	char mode[8];
	char name[FORGED_NAME_MAX];
	struct oid id;
};

struct raw_tree {
	struct raw_entry *entries; /* owned */
	size_t len, cap;
};

static bool is_dir(const struct raw_entry *e)
{
	return strcmp(e->mode, "40000") == 0;
}

static void raw_read(struct raw_tree *t, struct repo *r, const struct oid *id)
{
	struct buf raw = BUF_INIT;
	struct error e;

	must(repo_read(&raw, r, id, REPO_TREE, OBJECT_MAX, &e), &e);
	*t = (struct raw_tree){.cap = raw.len / OID_LEN + ENTRIES_MORE};
	t->entries = calloc(t->cap, sizeof(*t->entries));
	for (size_t at = 0; at < raw.len;) {
		struct raw_entry *entry = &t->entries[t->len++];
		const char *text = (const char *)raw.data + at;
		const char *name = strchr(text, ' ') + 1;

		(void)snprintf(entry->mode, sizeof(entry->mode), "%.*s", (int)(name - 1 - text), text);
		(void)snprintf(entry->name, sizeof(entry->name), "%s", name);
		memcpy(entry->id.id, name + strlen(name) + 1, OID_LEN);
		at += (size_t)(name - text) + strlen(name) + 1 + OID_LEN;
	}
	buf_clear(&raw);
}

static void raw_write(struct oid *out, const struct raw_tree *t, struct repo *r)
{
	struct buf raw = BUF_INIT;
	struct error e;

	for (size_t i = 0; i < t->len; i++) {
		buf_addf(&raw, "%s %s", t->entries[i].mode, t->entries[i].name);
		buf_add(&raw, "", 1);
		buf_add(&raw, t->entries[i].id.id, OID_LEN);
	}
	must(repo_write(out, r, REPO_TREE, raw.data, raw.len, &e), &e);
	buf_clear(&raw);
}

static void raw_clear(struct raw_tree *t)
{
	free(t->entries);
}

/* ---- a directory's own entries ---- */

static void insert(struct raw_tree *t, size_t at, struct raw_entry entry)
{
	if (t->len == t->cap)
		return;
	memmove(&t->entries[at + 1], &t->entries[at], (t->len - at) * sizeof(*t->entries));
	t->entries[at] = entry;
	t->len++;
}

static void rename_entry(struct raw_entry *e, struct dice *d)
{
	static const char *const names[] = {"", ".", "..", ".git", ".GIT", "git~1", "a/b", "1.json", "practice.json", "devices", "feedback", "server.json",
					    "\xff", "a\nb", "\033[2J", "con", "x\\y", "999999999999999999999.json", "18446744073709551616.json", "0", "-1"};

	if (dice_once_in(d, 8)) {
		size_t len = 1 + dice_roll(d, FORGED_NAME_MAX - 2);

		memset(e->name, 'a', len);
		e->name[len] = '\0';
		return;
	}
	(void)snprintf(e->name, sizeof(e->name), "%s", names[dice_roll(d, ARRAY_LEN(names))]);
}

/* The same few directories again and again, level below level: few objects, and paths without number. */
static struct raw_entry bomb(const struct raw_entry *what, struct repo *r, struct dice *d)
{
	struct raw_entry out = *what;
	size_t wide = 1 + dice_roll(d, 40), deep = 1 + dice_roll(d, 40);

	for (size_t level = 0; level < deep; level++) {
		struct raw_tree t = {calloc(wide, sizeof(*t.entries)), wide, wide};

		for (size_t i = 0; i < wide; i++) {
			t.entries[i] = out;
			(void)snprintf(t.entries[i].name, sizeof(t.entries[i].name), "d%03zu", i);
		}
		raw_write(&out.id, &t, r);
		raw_clear(&t);
		(void)snprintf(out.mode, sizeof(out.mode), "40000");
	}
	return out;
}

/* More than anybody may have. */
static void crowd(struct raw_tree *t, struct dice *d)
{
	struct raw_entry copy = t->entries[dice_roll(d, t->len)];

	for (size_t n = dice_roll(d, 2000); n > 0 && t->len < t->cap; n--) {
		(void)snprintf(copy.name, sizeof(copy.name), "zz%06zu.json", t->len);
		insert(t, t->len, copy);
	}
}

static void forge_entries(struct raw_tree *t, struct repo *r, struct dice *d)
{
	static const char *const modes[] = {"100755", "120000", "160000", "40000", "100644", "100600", "0", "0100644", "77777777", ""};
	size_t at = t->len ? dice_roll(d, t->len) : 0, other = t->len ? dice_roll(d, t->len) : 0;
	struct raw_entry *e = &t->entries[at], kept;

	if (t->len == 0)
		return;
	switch (dice_roll(d, 10)) {
	case 0:
		(void)snprintf(e->mode, sizeof(e->mode), "%.7s", modes[dice_roll(d, ARRAY_LEN(modes))]);
		break;
	case 1:
		rename_entry(e, d);
		break;
	case 2:
		insert(t, at, *e);
		break;
	case 3:
		kept = *e;
		*e = t->entries[other];
		t->entries[other] = kept;
		break;
	case 4:
		memmove(e, e + 1, (t->len - at - 1) * sizeof(*e));
		t->len--;
		break;
	case 5:
		*e = bomb(e, r, d);
		break;
	case 6:
		e->id.id[dice_roll(d, OID_LEN)] ^= 1; /* an object that is missing */
		break;
	case 7:
		crowd(t, d);
		break;
	case 8:
		e->id = t->entries[other].id; /* maybe of another kind */
		break;
	default:
		insert(t, at, t->entries[other]);
		rename_entry(&t->entries[at], d);
	}
}

/* The bytes of the directory itself. */
static void forge_raw(struct oid *id, struct repo *r, struct dice *d)
{
	struct buf raw = BUF_INIT;
	struct error e;

	must(repo_read(&raw, r, id, REPO_TREE, OBJECT_MAX, &e), &e);
	forge_bytes(&raw, d);
	must(repo_write(id, r, REPO_TREE, raw.data, raw.len, &e), &e);
	buf_clear(&raw);
}

static void forge_blob(struct oid *id, struct repo *r, struct dice *d)
{
	struct buf bytes = BUF_INIT;
	struct error e;

	must(repo_read(&bytes, r, id, REPO_BLOB, OBJECT_MAX, &e), &e);
	forge_record(&bytes, d);
	must(repo_write(id, r, REPO_BLOB, bytes.data, bytes.len, &e), &e);
	buf_clear(&bytes);
}

static void forge_below(struct oid *id, struct tree_forgery *out, struct repo *r, struct dice *d)
{
	struct raw_tree t;
	size_t len = strlen(out->path), at;

	raw_read(&t, r, id);
	out->was = *id;
	if (t.len == 0 || dice_once_in(d, 6)) {
		if (t.len == 0 || dice_once_in(d, 8)) {
			forge_raw(id, r, d);
		} else {
			forge_entries(&t, r, d);
			raw_write(id, &t, r);
		}
		out->is = *id;
		raw_clear(&t);
		return;
	}
	at = dice_roll(d, t.len);
	(void)snprintf(out->path + len, sizeof(out->path) - len, "%s%s", len ? "/" : "", t.entries[at].name);
	if (is_dir(&t.entries[at])) {
		forge_below(&t.entries[at].id, out, r, d);
	} else {
		out->was = t.entries[at].id;
		forge_blob(&t.entries[at].id, r, d);
		out->is = t.entries[at].id;
	}
	raw_write(id, &t, r);
	raw_clear(&t);
}

void forge_tree(struct oid *root, struct tree_forgery *out, struct repo *r, struct dice *d)
{
	out->path[0] = '\0';
	forge_below(root, out, r, d);
}

/* True if it was there. */
static bool graft(struct oid *id, const char *path, const struct tree_forgery *f, struct repo *r)
{
	struct raw_tree t;
	size_t len = strcspn(path, "/");
	bool done = false;

	if (!path[0]) {
		done = oid_equal(id, &f->was);
		*id = done ? f->is : *id;
		return done;
	}
	raw_read(&t, r, id);
	for (size_t i = 0; i < t.len && !done; i++)
		if (strncmp(t.entries[i].name, path, len) == 0 && !t.entries[i].name[len] && (is_dir(&t.entries[i]) || !path[len]))
			done = graft(&t.entries[i].id, path + len + (path[len] == '/'), f, r);
	if (done)
		raw_write(id, &t, r);
	raw_clear(&t);
	return done;
}

void forge_tree_again(struct oid *root, const struct tree_forgery *f, struct repo *r)
{
	(void)graft(root, f->path, f, r);
}
