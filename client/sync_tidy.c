/* client/sync_tidy.c - what a visit leaves behind: packs that are joined, and of a kiosk what was sent long ago. */
#include "client/forget.h"
#include "client/sync_internal.h"
#include "core/log.h"

/* Each visit leaves a pack or two. The home is locked, so nobody else reads the old ones. What was exchanged counts all the same if this fails. */
void sync_join_packs(struct qip *q)
{
	static const struct repo_bounds bounds = {
		.packs = LIMIT_PACKS,
		.objects = LIMIT_JOINED_OBJECTS,
		.pack_bytes = LIMIT_JOINED_BYTES,
	};
	struct error why = {0};

	if (repo_consolidate(NULL, q->repo, &bounds, &why) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "packs could not be joined", "reason", why.text, NULL);
}

/* It is at the server for long. What was exchanged counts all the same if this fails, and it is tried again. */
void sync_forget_old(struct qip *q, int64_t now_ms)
{
	const struct forget_bounds bounds = {
		.bytes = q->sent_bytes,
		.keep_ms = LIMIT_KEEP_RECEIPTED_MS,
		.keep = LIMIT_SENT_COMMITS,
		.again_ms = LIMIT_FORGET_AGAIN_MS,
	};
	struct error why = {0};
	bool forgot = false;

	if (home_is_kiosk(q) && forget_sent(&forgot, q, &bounds, now_ms, &why) != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "what was sent long ago could not be forgotten", "reason", why.text, NULL);
	if (forgot)
		log_line(LOG_LEVEL_INFO, "what was sent long ago was forgotten", NULL);
}
