/* client/journal_scrub.c - see journal_scrub.h. */
#include "client/journal_scrub.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/journal_handle.h"

struct scrub {
	journal_doomed doomed;
	void *ctx;
	int fd;
	uint64_t count;
};

static bool is_doomed(const struct scrub *s, const uint8_t *bytes, const struct journal_record *r)
{
	char *text = r->attachment_len > 0 ? malloc(r->json_len + 1) : NULL;
	cJSON *json = NULL;
	bool doomed = false;

	if (!text)
		return false;
	journal_record_text(text, bytes, r);
	doomed = json_parse(&json, text, r->json_len, NULL) == STATUS_OK && s->doomed(s->ctx, json);
	cJSON_Delete(json);
	free(text);
	return doomed;
}

static enum status settle(const struct scrub *s, struct error *e)
{
	return fdatasync(s->fd) == 0 ? STATUS_OK : error_set_errno(e, errno, "cannot make the journal durable");
}

/* The attachment first: what is half done must never look whole and still have it. `bytes` are the record's in memory, `at` its place in the file. */
static enum status overwrite(struct scrub *s, uint8_t *bytes, size_t at, const struct journal_record *r, size_t size, struct error *e)
{
	uint8_t *before = malloc(size);
	size_t done = 0, attached = (size_t)((const uint8_t *)r->json - bytes) + r->json_len;
	enum status st = before ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");

	if (st != STATUS_OK)
		return st;
	memcpy(before, bytes, size);
	journal_record_scrub(bytes, r);
	if (memcmp(before, bytes, size) != 0) {
		s->count++;
		st = segment_write(&done, s->fd, bytes + attached, r->attachment_len, at + attached, e);
		if (st == STATUS_OK)
			st = settle(s, e);
		if (st == STATUS_OK)
			st = segment_write(&done, s->fd, bytes + JOURNAL_SUMS_AT, JOURNAL_SUMS_LEN, at + JOURNAL_SUMS_AT, e);
		if (st == STATUS_OK)
			st = settle(s, e);
	}
	explicit_bzero(before, size);
	free(before);
	return st;
}

static enum status scrub_bytes(struct scrub *s, struct buf *bytes, struct error *e)
{
	enum status st = STATUS_OK;
	size_t at = 0;

	while (st == STATUS_OK && at + JOURNAL_ALIGN <= bytes->len) {
		struct journal_record r;
		size_t size = 0;

		if (journal_record_decode(&r, &size, bytes->data + at, bytes->len - at) == JOURNAL_NOISE || size > bytes->len - at) {
			at += JOURNAL_ALIGN;
			continue;
		}
		if (is_doomed(s, bytes->data + at, &r))
			st = overwrite(s, bytes->data + at, at, &r, size, e);
		at += size;
	}
	return st;
}

static enum status scrub_segment(struct scrub *s, const struct journal *j, const char *name, struct error *e)
{
	struct buf bytes = BUF_INIT;
	enum status st = segment_open(&s->fd, j->dir, name, O_RDWR, e);

	if (st == STATUS_NOT_FOUND)
		return STATUS_OK; /* released since it was listed */
	if (st != STATUS_OK)
		return st;
	st = segment_load(&bytes, s->fd, e);
	if (st == STATUS_OK)
		st = scrub_bytes(s, &bytes, e);
	(void)close(s->fd);
	buf_clear(&bytes);
	return st;
}

enum status journal_scrub(uint64_t *count, struct journal *j, journal_doomed doomed, void *ctx, struct error *e)
{
	struct scrub s = {.doomed = doomed, .ctx = ctx, .fd = -1};
	struct segment_list *list = NULL;
	enum status st = journal_list(&list, j, e);

	for (size_t i = 0; st == STATUS_OK && i < list->len; i++)
		st = scrub_segment(&s, j, list->segments[i].name, e);
	free(list);
	*count = s.count;
	return st;
}
