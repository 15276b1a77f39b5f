/* server/run_index.c - see run_index.h. */
#include "server/run_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "core/env.h"
#include "core/id.h"

#define HEAD "qip-backup-index/1"

void run_name(char out[RUN_NAME_MAX], int64_t now_ms)
{
	char text[TIME_TEXT_MAX];
	size_t len = 0;

	time_format(text, now_ms);
	for (const char *c = text; *c && len < RUN_NAME_MAX - 1; c++)
		if (*c != ':') /* not every file system takes it */
			out[len++] = *c;
	out[len] = '\0';
}

bool run_name_valid(const char *name)
{
	size_t len = strlen(name);

	return len > 8 && len < RUN_NAME_MAX && strspn(name, "0123456789-T.Z") == len;
}

/* ---- filling ---- */

static enum status no_memory(struct error *e)
{
	return error_set(e, STATUS_NOMEM, "out of memory");
}

enum status run_index_practice(struct run_index *ix, const char *ods, struct error *e)
{
	struct run_practice *p = NULL;

	if (ix->len == RUN_PRACTICES)
		return error_set(e, STATUS_TOO_BIG, "a backup holds at most %d practices", RUN_PRACTICES);
	if (!array_room(&ix->practices, &ix->cap, ix->len))
		return no_memory(e);
	p = &ix->practices[ix->len++];
	*p = (struct run_practice){.refs = NULL};
	(void)snprintf(p->ods, sizeof(p->ods), "%s", ods);
	return STATUS_OK;
}

enum status run_index_ref(struct run_index *ix, const struct oid *id, struct error *e)
{
	struct run_practice *p = &ix->practices[ix->len - 1];

	if (!array_room(&p->refs, &p->refs_cap, p->refs_len))
		return no_memory(e);
	p->refs[p->refs_len++] = *id;
	return STATUS_OK;
}

enum status run_index_blob(struct run_index *ix, const char *hex, struct error *e)
{
	struct run_practice *p = &ix->practices[ix->len - 1];

	if (!array_room(&p->blobs, &p->blobs_cap, p->blobs_len))
		return no_memory(e);
	(void)snprintf(p->blobs[p->blobs_len++].hex, sizeof(p->blobs->hex), "%s", hex);
	return STATUS_OK;
}

/* ---- asking ---- */

const struct run_practice *run_index_find(const struct run_index *ix, const char *ods)
{
	for (size_t i = 0; i < ix->len; i++)
		if (strcmp(ix->practices[i].ods, ods) == 0)
			return &ix->practices[i];
	return NULL;
}

static int by_hex(const void *key, const void *item)
{
	return strcmp(key, ((const struct run_blob *)item)->hex);
}

bool run_practice_has(const struct run_practice *p, const char *hex)
{
	return p->blobs_len > 0 && bsearch(hex, p->blobs, p->blobs_len, sizeof(*p->blobs), by_hex) != NULL;
}

/* ---- as text ---- */

static void add_practice(struct buf *out, const struct run_practice *p)
{
	char hex[OID_HEX_LEN + 1];

	buf_addf(out, "practice %s\n", p->ods);
	for (size_t i = 0; i < p->refs_len; i++) {
		oid_hex(hex, &p->refs[i]);
		buf_addf(out, "ref %s\n", hex);
	}
	for (size_t i = 0; i < p->blobs_len; i++)
		buf_addf(out, "blob %s\n", p->blobs[i].hex);
}

enum status run_index_text(struct buf *out, const struct run_index *ix, struct error *e)
{
	char at[TIME_TEXT_MAX];

	time_format(at, ix->at_ms);
	buf_addf(out, HEAD "\nname %s\nafter %s\nat %s\n", ix->name, ix->after[0] ? ix->after : "-", at);
	for (size_t i = 0; i < ix->len; i++)
		add_practice(out, &ix->practices[i]);
	return buf_ok(out) ? STATUS_OK : no_memory(e);
}

static enum status take_name(char out[RUN_NAME_MAX], const char *name)
{
	if (!run_name_valid(name))
		return STATUS_MALFORMED;
	(void)snprintf(out, RUN_NAME_MAX, "%s", name);
	return STATUS_OK;
}

static enum status take_ref(struct run_index *ix, const char *hex, struct error *e)
{
	struct oid id;
	enum status st = ix->len > 0 ? oid_parse(&id, hex, strlen(hex)) : STATUS_MALFORMED;

	return st == STATUS_OK ? run_index_ref(ix, &id, e) : st;
}

static enum status take_blob(struct run_index *ix, const char *hex, struct error *e)
{
	const struct run_practice *p = ix->len > 0 ? &ix->practices[ix->len - 1] : NULL;

	if (!p || strlen(hex) != SHA256_HEX_LEN || (p->blobs_len > 0 && strcmp(p->blobs[p->blobs_len - 1].hex, hex) >= 0))
		return STATUS_MALFORMED;
	return run_index_blob(ix, hex, e);
}

static enum status take_line(struct run_index *ix, char *line, struct error *e)
{
	char *value = strchr(line, ' ');

	if (!value)
		return STATUS_MALFORMED;
	*value++ = '\0';
	if (strcmp(line, "blob") == 0)
		return take_blob(ix, value, e);
	if (strcmp(line, "ref") == 0)
		return take_ref(ix, value, e);
	if (strcmp(line, "practice") == 0)
		return ods_valid(value) ? run_index_practice(ix, value, e) : STATUS_MALFORMED;
	if (strcmp(line, "name") == 0)
		return take_name(ix->name, value);
	if (strcmp(line, "after") == 0)
		return strcmp(value, "-") == 0 ? STATUS_OK : take_name(ix->after, value);
	if (strcmp(line, "at") == 0)
		return time_parse(&ix->at_ms, value);
	return STATUS_MALFORMED;
}

enum status run_index_parse(struct run_index *out, const struct buf *text, struct error *e)
{
	struct run_index ix = RUN_INDEX_INIT;
	char *copy = strndup(buf_text(text), text->len), *save = NULL, *line = NULL;
	enum status st = copy ? STATUS_OK : STATUS_NOMEM;

	if (copy) {
		line = strtok_r(copy, "\n", &save);
		st = line && strcmp(line, HEAD) == 0 ? STATUS_OK : STATUS_MALFORMED;
	}
	while (st == STATUS_OK && (line = strtok_r(NULL, "\n", &save)) != NULL)
		st = take_line(&ix, line, e);
	if (st == STATUS_OK && !ix.name[0])
		st = STATUS_MALFORMED;
	free(copy);
	if (st != STATUS_OK) {
		run_index_clear(&ix);
		return st == STATUS_NOMEM ? no_memory(e) : error_set(e, STATUS_CORRUPT, "the index of the backup is damaged");
	}
	*out = ix;
	return STATUS_OK;
}

void run_index_clear(struct run_index *ix)
{
	for (size_t i = 0; i < ix->len; i++) {
		free(ix->practices[i].refs);
		free(ix->practices[i].blobs);
	}
	free(ix->practices);
	*ix = (struct run_index)RUN_INDEX_INIT;
}
