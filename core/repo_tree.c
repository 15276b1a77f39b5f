/* core/repo_tree.c - tree objects: raw bytes in, entries out, and back. Stricter than git: plain files and directories
 * only, and names of a short list of characters, so that no file system can take one name for another. */
#include "core/repo_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char mode_file[] = "100644 ";
static const char mode_dir[] = "40000 ";

/* of git's modes in general */
#define MODE_KIND 0170000u
#define MODE_DIR 0040000u
#define MODE_FOREIGN 0160000u

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
	       c == '-';
}

static bool name_allowed(const char *name, size_t len)
{
	if (len == 0 || len > TREE_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!name_char(name[i]))
			return false;
	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return false;
	/* ".git" itself, what NTFS takes for it (".git.", ".GIT"), and git's own files; nothing of ours is called so.
	 */
	return len < 4 || name[0] != '.' || strncasecmp(name, ".git", 4) != 0;
}

int tree_name_compare(const char *a, size_t a_len, bool a_is_dir, const char *b, size_t b_len, bool b_is_dir)
{
	size_t shorter = a_len < b_len ? a_len : b_len;
	int order = memcmp(a, b, shorter);
	unsigned char a_next = 0, b_next = 0;

	if (order)
		return order;
	a_next = (unsigned char)(a_len > shorter ? a[shorter] : (a_is_dir ? '/' : '\0'));
	b_next = (unsigned char)(b_len > shorter ? b[shorter] : (b_is_dir ? '/' : '\0'));
	return (int)a_next - (int)b_next;
}

void tree_cursor_init(struct tree_cursor *c, const void *raw, size_t len, bool plain)
{
	*c = (struct tree_cursor){.at = raw, .end = len ? (const uint8_t *)raw + len : raw, .plain = plain};
}

static bool starts_with(const struct tree_cursor *c, const char *text, size_t len)
{
	return (size_t)(c->end - c->at) >= len && memcmp(c->at, text, len) == 0;
}

static enum status parse_mode(struct tree_item *out, struct tree_cursor *c)
{
	if (starts_with(c, mode_file, sizeof(mode_file) - 1)) {
		c->at += sizeof(mode_file) - 1;
		out->is_dir = false;
	} else if (starts_with(c, mode_dir, sizeof(mode_dir) - 1)) {
		c->at += sizeof(mode_dir) - 1;
		out->is_dir = true;
	} else {
		return STATUS_INVALID;
	}
	return STATUS_OK;
}

/* "<octal mode> "; *foreign: the entry is a commit of another repository. */
static enum status parse_plain_mode(struct tree_item *out, bool *foreign, struct tree_cursor *c)
{
	unsigned mode = 0;

	while (c->at < c->end && *c->at >= '0' && *c->at <= '7' && mode <= MODE_KIND)
		mode = mode * 8 + (unsigned)(*c->at++ - '0');
	if (c->at == c->end || *c->at++ != ' ')
		return STATUS_INVALID;
	out->is_dir = (mode & MODE_KIND) == MODE_DIR;
	*foreign = (mode & MODE_KIND) == MODE_FOREIGN;
	return STATUS_OK;
}

/* What stands behind the mode. */
static enum status parse_name_and_id(struct tree_item *out, struct tree_cursor *c)
{
	const uint8_t *nul = NULL;

	nul = memchr(c->at, '\0', (size_t)(c->end - c->at));
	if (!nul || c->end - nul < 1 + OID_LEN)
		return STATUS_INVALID;
	out->name = (const char *)c->at;
	out->name_len = (size_t)(nul - c->at);
	memcpy(out->id.id, nul + 1, OID_LEN);
	c->at = nul + 1 + OID_LEN;
	return STATUS_OK;
}

static enum status parse_item(struct tree_item *out, struct tree_cursor *c)
{
	enum status st = parse_mode(out, c);

	if (st == STATUS_OK)
		st = parse_name_and_id(out, c);
	return st != STATUS_OK || name_allowed(out->name, out->name_len) ? st : STATUS_INVALID;
}

static enum status next_plain(struct tree_cursor *c)
{
	struct tree_item item = {0};
	enum status st = STATUS_OK;
	bool foreign = true;

	while (foreign && st == STATUS_OK) {
		if (c->at == c->end)
			return STATUS_NOT_FOUND;
		st = parse_plain_mode(&item, &foreign, c);
		if (st == STATUS_OK)
			st = parse_name_and_id(&item, c);
	}
	if (st == STATUS_OK)
		c->item = item;
	return st;
}

/* The order puts "a-b" between a file "a" and a directory "a", so equal names need not be neighbours. A file can only
 * have such a directory behind it as long as all that comes between begins with its name: those are kept, each a
 * beginning of the next. */
static bool file_came_before(struct tree_cursor *c, const struct tree_item *item)
{
	while (c->lens_len) {
		size_t len = c->lens[c->lens_len - 1];

		/* of files no two have one name, which the order has shown */
		if ((len < item->name_len || (len == item->name_len && item->is_dir)) && memcmp(c->file, item->name, len) == 0)
			break;
		c->lens_len--;
	}
	if (item->is_dir)
		return c->lens_len && c->lens[c->lens_len - 1] == item->name_len;
	c->file = item->name;
	c->lens[c->lens_len++] = (uint8_t)item->name_len;
	return false;
}

enum status tree_cursor_next(struct tree_cursor *c)
{
	const struct tree_item last = c->item;
	struct tree_item item = {0};
	enum status st = STATUS_OK;

	if (c->plain)
		return next_plain(c);
	if (c->at == c->end)
		return STATUS_NOT_FOUND;
	st = parse_item(&item, c);
	if (st)
		return st;
	if (last.name &&
	    tree_name_compare(last.name, last.name_len, last.is_dir, item.name, item.name_len, item.is_dir) >= 0)
		return STATUS_INVALID;
	if (file_came_before(c, &item))
		return STATUS_INVALID;
	c->item = item;
	return STATUS_OK;
}

static void free_name(const struct tree *t, char *name)
{
	uintptr_t at = (uintptr_t)name, raw = (uintptr_t)t->raw;

	if (at < raw || at >= raw + t->raw_len)
		free(name);
}

void tree_drop(struct tree *t, size_t at)
{
	free_name(t, t->entries[at].name);
	t->entries[at] = t->entries[--t->len];
}

void tree_clear(struct tree *t)
{
	for (size_t i = 0; i < t->len; i++)
		free_name(t, t->entries[i].name);
	free(t->entries);
	free(t->raw);
	*t = (struct tree)TREE_INIT;
}

/* There is room for as many entries as the bytes can hold. */
static enum status add_entry(struct tree *t, const struct tree_item *item)
{
	if (t->len >= REPO_MAX_TREE_ENTRIES)
		return STATUS_TOO_BIG;
	/* A NUL stands behind the name, and the tree owns the bytes. */
	t->entries[t->len++] = (struct tree_entry){
		.name = (char *)t->raw + (item->name - (const char *)t->raw), .is_dir = item->is_dir, .id = item->id};
	return STATUS_OK;
}

/* at: where the entry that is refused begins. */
static enum status not_a_tree(const struct oid *id, const uint8_t *at, const uint8_t *end, enum status st, struct error *e)
{
	const uint8_t *mode_end = memchr(at, ' ', (size_t)(end - at)), *nul = NULL;
	const char *name = mode_end ? (const char *)mode_end + 1 : NULL;
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, id);
	if (st != STATUS_INVALID)
		return error_set(e, st, "tree %s: %s", hex, status_text(st));
	if (name)
		nul = memchr(name, '\0', (size_t)((const char *)end - name));
	if (nul && name_allowed(name, strlen(name)))
		return error_set(e, st, "tree %s: the entry \"%s\" has a mode or place that is not allowed", hex, name);
	return error_set(e, st, "tree %s: an entry has a mode, name or place that is not allowed", hex);
}

enum status repo_tree_read(struct tree *out, struct repo *r, const struct oid *id, struct error *e)
{
	struct buf raw = BUF_INIT;
	struct tree t = TREE_INIT;
	struct tree_cursor c;
	const uint8_t *at = NULL;
	size_t most = 0;
	enum status st = repo_read(&raw, r, id, REPO_TREE, REPO_MAX_OBJECT_BYTES, e);

	if (st)
		goto done;
	t.raw = raw.data;
	t.raw_len = raw.len;
	raw = (struct buf)BUF_INIT;
	most = t.raw_len / (sizeof("40000 x") + OID_LEN);
	most = most < REPO_MAX_TREE_ENTRIES ? most : REPO_MAX_TREE_ENTRIES;
	t.entries = malloc((most + 1) * sizeof(*t.entries));
	if (!t.entries) {
		st = error_set(e, STATUS_NOMEM, "no memory to read a directory");
		goto done;
	}
	tree_cursor_init(&c, t.raw, t.raw_len, false);
	do
		at = c.at;
	while (!(st = tree_cursor_next(&c)) && !(st = add_entry(&t, &c.item)));
	if (st != STATUS_NOT_FOUND) {
		st = not_a_tree(id, at, c.end, st, e);
		goto done;
	}
	st = STATUS_OK;
	*out = t;
	t = (struct tree)TREE_INIT;
done:
	tree_clear(&t);
	buf_clear(&raw);
	return st;
}

static int compare_entries(const void *a, const void *b)
{
	const struct tree_entry *x = a, *y = b;

	return tree_name_compare(x->name, strlen(x->name), x->is_dir, y->name, strlen(y->name), y->is_dir);
}

static enum status check_raw(const struct buf *raw)
{
	struct tree_cursor c;
	enum status st = STATUS_OK;

	tree_cursor_init(&c, raw->data, raw->len, false);
	while (!(st = tree_cursor_next(&c)))
		;
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

enum status repo_tree_write(struct oid *out, struct repo *r, struct tree *t, struct error *e)
{
	struct buf raw = BUF_INIT;
	enum status st = STATUS_OK;

	if (t->len > REPO_MAX_TREE_ENTRIES)
		return error_set(e, STATUS_TOO_BIG, "a directory of %zu entries; at most %d are allowed", t->len,
				 REPO_MAX_TREE_ENTRIES);
	if (t->len)
		qsort(t->entries, t->len, sizeof(*t->entries), compare_entries);
	for (size_t i = 0; i < t->len; i++) {
		buf_adds(&raw, t->entries[i].is_dir ? mode_dir : mode_file);
		buf_add(&raw, t->entries[i].name, strlen(t->entries[i].name) + 1);
		buf_add(&raw, t->entries[i].id.id, OID_LEN);
	}
	if (!buf_ok(&raw))
		st = error_set(e, STATUS_NOMEM, "no memory to write a directory");
	else if (check_raw(&raw)) /* by the reader's rules: what we write we can read */
		st = error_set(e, STATUS_INVALID, "a directory holds a name twice, or one that is not allowed");
	else
		st = repo_write_new(out, r, REPO_TREE, raw.data, raw.len, e);
	buf_clear(&raw);
	return st;
}
