/* tests/support/canonical/main.c - core's canonical form of documents, compared with another program's.
 *
 *     canonical_check <documents
 *
 * Reads pairs as tests/web/canonical.mjs writes them: a document, NUL, its canonical form, NUL. Prints how many there were; the first that
 * differs, or that core does not take, ends it with status 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "core/json.h"

struct text {
	char *bytes;
	size_t room, len; /* len without the NUL */
};

static bool next_text(struct text *t)
{
	ssize_t n = getdelim(&t->bytes, &t->room, '\0', stdin);

	if (n <= 0 || t->bytes[n - 1] != '\0')
		return false;
	t->len = (size_t)n - 1;
	return true;
}

static bool differs(const struct text *document, const struct text *wanted, const char *what, const char *got)
{
	(void)printf("%s\ndocument: %s\nwanted:   %s\ngot:      %s\n", what, document->bytes, wanted->bytes, got);
	return false;
}

static bool agrees(const struct text *document, const struct text *wanted)
{
	struct buf out = BUF_INIT;
	struct error e = {0};
	cJSON *value = NULL, *again = NULL;
	bool ok = true;

	if (json_parse(&value, document->bytes, document->len, &e) != STATUS_OK)
		ok = differs(document, wanted, "the document is not taken", e.text);
	else if (json_canonical(&out, value) != STATUS_OK)
		ok = differs(document, wanted, "there is no canonical form", "");
	else if (out.len != wanted->len || memcmp(out.data, wanted->bytes, out.len) != 0)
		ok = differs(document, wanted, "the canonical forms differ", buf_text(&out));
	else if (json_parse_canonical(&again, wanted->bytes, wanted->len, &e) != STATUS_OK)
		ok = differs(document, wanted, "the canonical form is not taken as such", e.text);
	else if (!json_equal(value, again))
		ok = differs(document, wanted, "the canonical form says something else", buf_text(&out));
	cJSON_Delete(value);
	cJSON_Delete(again);
	buf_clear(&out);
	return ok;
}

int main(void)
{
	struct text document = {0}, wanted = {0};
	unsigned long n = 0;
	bool ok = true;

	while (ok && next_text(&document)) {
		ok = next_text(&wanted) && agrees(&document, &wanted);
		n += ok;
	}
	free(document.bytes);
	free(wanted.bytes);
	(void)printf("%lu\n", n);
	return ok ? 0 : 1;
}
