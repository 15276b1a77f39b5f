/* server/fsck_internal.h - what fsck.c and fsck_log.c share while one practice is checked. */
#ifndef QIP_SERVER_FSCK_INTERNAL_H
#define QIP_SERVER_FSCK_INTERNAL_H

#include "server/fsck.h"
#include "server/link.h"
#include "server/practice.h"

struct fsck {
	struct fsck_result *out;
	fsck_report report;
	void *ctx;
	const char *dir, *ods;
	struct practice *practice;
	struct store_refs refs; /* of one moment */
	struct repo *repo;	/* opened after that */
	struct link_signers signers; /* while the log is checked */
};

void fsck_tell(struct fsck *f, bool damage, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Every blob by its name. */
void fsck_check_blobs(struct fsck *f);

/* The log from main back to M0, and the refs that derive from it. */
void fsck_check_log(struct fsck *f);

#endif
