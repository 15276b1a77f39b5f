/* server/plain_hidden.c - refs that an ordinary repository hides. */
#include "server/plain_hidden.h"

#include <stdlib.h>
#include <string.h>

static enum status add_pattern(void *ctx, const char *value)
{
	struct hidden *h = ctx;
	char **more = realloc(h->patterns, (h->len + 1) * sizeof(*more));
	size_t len = strlen(value);

	if (!more)
		return STATUS_NOMEM;
	h->patterns = more;
	h->patterns[h->len] = strdup(value);
	if (!h->patterns[h->len])
		return STATUS_NOMEM;
	while (len > 0 && h->patterns[h->len][len - 1] == '/')
		h->patterns[h->len][--len] = 0;
	h->len++;
	return STATUS_OK;
}

enum status hidden_read(struct hidden *out, struct repo *r, bool push, struct error *e)
{
	struct hidden h = HIDDEN_INIT;
	enum status st = repo_config_each(r, "transfer.hiderefs", add_pattern, &h, e);

	if (st == STATUS_OK)
		st = repo_config_each(r, push ? "receive.hiderefs" : "uploadpack.hiderefs", add_pattern, &h, e);
	if (st != STATUS_OK) {
		hidden_clear(&h);
		return st;
	}
	*out = h;
	return STATUS_OK;
}

/* The ref itself, or a folder above it. */
static bool covers(const char *pattern, const char *ref)
{
	size_t len = strlen(pattern);

	return strncmp(ref, pattern, len) == 0 && (ref[len] == 0 || ref[len] == '/');
}

bool hidden_is(const struct hidden *h, const char *ref)
{
	for (size_t i = h->len; i > 0; i--) {
		const char *pattern = h->patterns[i - 1];
		bool shows = pattern[0] == '!';

		pattern += shows;
		pattern += pattern[0] == '^'; /* of the whole name, which is all that there is without namespaces */
		if (covers(pattern, ref))
			return !shows;
	}
	return false;
}

void hidden_clear(struct hidden *h)
{
	for (size_t i = 0; i < h->len; i++)
		free(h->patterns[i]);
	free(h->patterns);
	*h = (struct hidden)HIDDEN_INIT;
}
