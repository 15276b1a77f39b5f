/* kiosk/assets.h - the files that pages ask for, each at an address that says what is in it, so that a browser keeps it for good. */
#ifndef QIP_KIOSK_ASSETS_H
#define QIP_KIOSK_ASSETS_H

#include "core/embed.h"
#include "core/status.h"

#define ASSETS_MAX 48
#define ASSETS_PATH_MAX 48

struct assets {
	struct asset {
		const struct embedded *file;
		const char *type;           /* Content-Type */
		char path[ASSETS_PATH_MAX]; /* "/a/0123456789abcdef.css": half of the SHA-256 of its bytes */
	} list[ASSETS_MAX];
	size_t len;
};

/* All files of kiosk_assets that a browser may have: pages' templates are none. */
enum status assets_list(struct assets *out, struct error *e) MUST_CHECK;
/* By the file's name ("style.css"), and by the path of a request. NULL. */
const struct asset *assets_named(const struct assets *a, const char *name);
const struct asset *assets_at(const struct assets *a, const char *path);

#endif
