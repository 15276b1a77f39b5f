/* kiosk/standing.h - how a kiosk stands: its last answer, what waits, its last sync. For staff, as a page, as JSON and as text. */
#ifndef QIP_KIOSK_STANDING_H
#define QIP_KIOSK_STANDING_H

#include "client/include/qip/client.h"

/* What staff should look after. The code is what other programs read. */
#define TROUBLE_LIST(X)                                                                             \
	X(DISK_FULL, "disk-full")       /* the journal is full by 90 % or more, or the disk is */    \
	X(DISK_ERRORS, "disk-errors")   /* answers cannot be kept, for another reason */             \
	X(LOST_RECORDS, "lost-records") /* the journal is damaged in places */                       \
	X(CLOCK_UNSET, "clock-unset")   /* nothing says what time it is */                           \
	X(SYNC_FAILING, "sync-failing") /* the last sync failed */                                   \
	X(CLONE, "clone")               /* of a card that another kiosk has: it must be joined again */

enum trouble {
#define TROUBLE_ENUM(name, code) TROUBLE_##name,
	TROUBLE_LIST(TROUBLE_ENUM)
#undef TROUBLE_ENUM
	TROUBLES
};
const char *trouble_code(enum trouble t);

#define STANDING_WARN_PERCENT 90

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
	unsigned journal_percent;    /* full; 100: it takes no answers */
	char journal_error[ERROR_TEXT_MAX]; /* why answers cannot be kept now; "" while they can */
	unsigned troubles;           /* 1 << enum trouble */
};

/* The journal's part, and no other, from how it stands. */
void standing_note_journal(struct standing *s, const struct qip_journal_standing *j);
/* Read a home's journal into *out, beside a writer: its last record, how full it is, what is damaged. */
enum status standing_read_journal(struct standing *out, const char *home, const struct env *env, struct error *e) MUST_CHECK;
/* {"device", "site", "last", "last_answer_at", "last_answer_clock", "waiting", "last_sync", "sync_error", "comments",
 * "journal_percent", "journal_error", "troubles"}; what is not known is null. */
cJSON *standing_json(const struct standing *s);

/* "Number 7 at 2026-…", in words for people. */
void standing_last_text(char *out, size_t size, const struct standing *s);
void standing_waiting_text(char *out, size_t size, const struct standing *s);
void standing_sync_text(char *out, size_t size, const struct standing *s);

#endif
