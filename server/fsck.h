/* server/fsck.h - is a server folder as it should be? Nothing is changed, and a server may serve it meanwhile. */
#ifndef QIP_SERVER_FSCK_H
#define QIP_SERVER_FSCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

struct fsck_result {
	uint64_t practices, merges, objects, blobs; /* looked at */
	uint64_t damages;			    /* told of */
};

/* One sentence about a practice ("-": the folder itself); `damage` false: worth knowing, and no damage. */
typedef void (*fsck_report)(void *ctx, const char *ods, bool damage, const char *text);

/* Check every practice of the folder, or the one named: its files, every stored object and blob by its hash, every merge's signature, that all is
 * there that the refs need, and that all refs follow from main. STATUS_OK: it ran, whatever was found. STATUS_NOT_FOUND. */
enum status fsck_run(struct fsck_result *out, const char *dir, const char *ods, fsck_report report, void *ctx, struct error *e) MUST_CHECK;

#endif
