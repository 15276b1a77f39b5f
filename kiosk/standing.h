/* kiosk/standing.h - how a kiosk stands: its last answer, what waits, its last sync. For staff, as a page, as JSON and as text. */
#ifndef QIP_KIOSK_STANDING_H
#define QIP_KIOSK_STANDING_H

#include "client/include/qip/client.h"

struct standing {
	char device[NAME_MAX_LEN + 1];
	char site[NAME_MAX_LEN + 1];
	uint64_t last;               /* number of the last answer; 0 none yet */
	int64_t last_ms;             /* the kiosk's own clock when it came */
	enum clock_quality last_quality;
	bool waiting_known;
	uint64_t waiting;            /* answers without the server's receipt */
	int64_t last_sync_ms;        /* the server's clock; 0 never */
	char sync_error[ERROR_TEXT_MAX]; /* "" while syncing works */
	bool comments;               /* comments can be sealed, so they are asked for */
};

/* Read the journal's last record of a home into *out, beside a writer. */
enum status standing_read_journal(struct standing *out, const char *home, const struct env *env, struct error *e) MUST_CHECK;
/* {"device", "site", "last", "last_answer_at", "last_answer_clock", "waiting", "last_sync", "sync_error", "comments"}; what is not known is null. */
cJSON *standing_json(const struct standing *s);

/* "Number 7 at 2026-…", in words for people. */
void standing_last_text(char *out, size_t size, const struct standing *s);
void standing_waiting_text(char *out, size_t size, const struct standing *s);
void standing_sync_text(char *out, size_t size, const struct standing *s);

#endif
