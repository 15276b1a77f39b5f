/* core/repo_links.c - what a walk needs to know of a commit: its tree, its parents, its time. Read in any form that git itself reads; how a
 * commit of ours must look is core/repo_commit.c's to say. */
#include "core/repo_internal.h"

#include <stdlib.h>
#include <string.h>

#define PARENT_LINE_LEN (sizeof("parent ") - 1 + OID_HEX_LEN + 1)
#define TIME_DIGITS_MAX 18

static enum status not_a_commit(const struct oid *id, struct error *e)
{
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, id);
	return error_set(e, STATUS_INVALID, "commit %s is not of the allowed form", hex);
}

/* "<word><hex>\n" at the beginning of the text. */
static bool id_line(struct oid *out, const char *text, const char *end, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(end - text) > len + OID_HEX_LEN && memcmp(text, word, len) == 0 &&
	       text[len + OID_HEX_LEN] == '\n' && oid_parse(out, text + len, OID_HEX_LEN) == STATUS_OK;
}

/* The number behind the last '>' of the line: names may hold others. */
static int64_t seconds_of(const char *line, const char *end)
{
	const char *at = memrchr(line, '>', (size_t)(end - line));
	int64_t value = 0;
	bool below = false;

	if (!at)
		return 0;
	for (at++; at < end && *at == ' ';)
		at++;
	if (at < end && *at == '-') {
		below = true;
		at++;
	}
	for (int i = 0; i < TIME_DIGITS_MAX && at < end && *at >= '0' && *at <= '9'; i++)
		value = value * 10 + (*at++ - '0');
	return below ? -value : value;
}

static int64_t committer_seconds(const char *text, const char *end)
{
	static const char word[] = "committer ";

	while (text < end && *text != '\n') {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));

		if (!line_end)
			line_end = end;
		if ((size_t)(line_end - text) >= sizeof(word) && memcmp(text, word, sizeof(word) - 1) == 0)
			return seconds_of(text, line_end);
		text = line_end < end ? line_end + 1 : end;
	}
	return 0;
}

static enum status parse(struct commit_links *out, const struct buf *raw, const struct repo *r, const struct oid *id,
			 struct error *e)
{
	const char *at = buf_text(raw), *end = at + raw->len;
	struct commit_links links = COMMIT_LINKS_INIT;
	struct oid parent;
	size_t count = 0;

	if (!id_line(&links.tree, at, end, "tree "))
		return not_a_commit(id, e);
	at += sizeof("tree ") - 1 + OID_HEX_LEN + 1;
	for (const char *line = at; id_line(&parent, line, end, "parent "); line += PARENT_LINE_LEN)
		count++;
	if (!r->plain && count > REPO_MAX_PARENTS)
		return not_a_commit(id, e);
	if (count > 0)
		links.parents = calloc(count, sizeof(*links.parents));
	if (count > 0 && !links.parents)
		return error_set(e, STATUS_NOMEM, "no memory to read a commit");
	for (; links.parents_len < count; at += PARENT_LINE_LEN) {
		if (!id_line(&links.parents[links.parents_len++], at, end, "parent "))
			break;
	}
	links.committer_s = committer_seconds(at, end);
	if (oid_map_find(&r->shallow, id) != OID_MAP_NONE)
		links.parents_len = 0;
	*out = links;
	return STATUS_OK;
}

enum status commit_links_read(struct commit_links *out, struct repo *r, const struct oid *id, struct error *e)
{
	size_t max_bytes = r->plain ? REPO_MAX_OBJECT_BYTES : REPO_MAX_COMMIT_BYTES;
	struct buf raw = BUF_INIT;
	enum status st = repo_read(&raw, r, id, REPO_COMMIT, max_bytes, e);

	if (st == STATUS_TOO_BIG)
		st = not_a_commit(id, e);
	if (st == STATUS_OK)
		st = parse(out, &raw, r, id, e);
	buf_clear(&raw);
	return st;
}

void commit_links_clear(struct commit_links *links)
{
	free(links->parents);
	*links = (struct commit_links)COMMIT_LINKS_INIT;
}

enum status repo_commit_first_parent(struct oid *out, struct repo *r, const struct oid *id, struct error *e)
{
	struct commit_links links = COMMIT_LINKS_INIT;
	enum status st = commit_links_read(&links, r, id, e);

	if (st == STATUS_OK)
		*out = links.parents_len ? links.parents[0] : (struct oid){{0}};
	commit_links_clear(&links);
	return st;
}
