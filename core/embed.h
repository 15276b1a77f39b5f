/* core/embed.h - files carried inside a program, made by tools/cmake/embed.cmake. */
#ifndef QIP_CORE_EMBED_H
#define QIP_CORE_EMBED_H

#include <stddef.h>

struct embedded {
	const char *name;           /* file name without folder; NULL in the last entry */
	const unsigned char *bytes; /* followed by a NUL that `len` does not count */
	size_t len;
};

extern const struct embedded core_data[];   /* core/schemas and core/rules */
extern const struct embedded client_data[]; /* client/surveys */
extern const struct embedded kiosk_assets[]; /* kiosk/web, built */

/* The entry of that name, or NULL. */
const struct embedded *embed_find(const struct embedded *table, const char *name);

#endif
