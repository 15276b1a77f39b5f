/* server/plain_hidden.h - refs that an ordinary repository's configuration hides (git-config: transfer.hideRefs, uploadpack.hideRefs,
 * receive.hideRefs): they are not told, and pushes do not touch them. */
#ifndef QIP_SERVER_PLAIN_HIDDEN_H
#define QIP_SERVER_PLAIN_HIDDEN_H

#include "core/repo.h"

struct hidden {
	char **patterns; /* owned; a later one outdoes an earlier one */
	size_t len;
};
#define HIDDEN_INIT                                                                                                    \
	{                                                                                                              \
		.len = 0                                                                                               \
	}

/* push: those for pushing, instead of those for fetching. */
enum status hidden_read(struct hidden *out, struct repo *r, bool push, struct error *e) MUST_CHECK;
bool hidden_is(const struct hidden *h, const char *ref);
void hidden_clear(struct hidden *h);

#endif
