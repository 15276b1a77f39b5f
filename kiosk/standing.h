/* kiosk/standing.h - how a kiosk stands: its last answer, what waits, its last sync. For staff, as a page, as JSON and as text. */
#ifndef QIP_KIOSK_STANDING_H
#define QIP_KIOSK_STANDING_H

#include "client/include/qip/client.h"
#include "client/state.h"

/* What staff should look after. The code is what other programs read. */
#define TROUBLE_LIST(X)                                                                             \
	X(DISK_FULL, "disk-full")       /* the journal is full by 90 % or more, or the disk is */    \
	X(DISK_ERRORS, "disk-errors")   /* answers cannot be kept, for another reason */             \
	X(LOST_RECORDS, "lost-records") /* places of the journal were lost lately */                      \
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
#define STANDING_ROOM_BYTES (16 * 1024 * 1024) /* with less room on the file system the disk counts as full */
#define STANDING_LANGUAGES_MAX 24
#define STANDING_LANGUAGE_MAX 20

struct standing {
	char device[NAME_MAX_LEN + 1];
	char site[NAME_MAX_LEN + 1];
	uint64_t last;               /* number of the last answer; 0 none yet */
	int64_t last_ms;             /* the kiosk's own clock when it came */
	enum clock_quality last_quality;
	bool waiting_known;
	uint64_t waiting;            /* answers without the server's receipt */
	uint64_t comments_waiting;   /* sealed comments whose answers may be at the server, and which are not; known with `waiting` */
	int64_t last_sync_ms;        /* the server's clock; 0 never */
	char sync_error[ERROR_TEXT_MAX]; /* "" while syncing works */
	char doubt[256];             /* why this may be one of two copies, so that nothing is sent; "" when all is well */
	bool comments;               /* comments can be sealed, so they are asked for */
	unsigned journal_percent;    /* full; 100: it takes no answers */
	unsigned damaged;            /* places in it */
	char journal_error[ERROR_TEXT_MAX]; /* why answers cannot be kept now; "" while they can */
	unsigned troubles;           /* 1 << enum trouble */
	bool space_known;
	uint64_t free_bytes;         /* on the home's file system */
	enum clock_quality clock;    /* how well an answer of now would be dated */
	int64_t clock_ms;            /* the kiosk's own clock */
	char languages[STANDING_LANGUAGES_MAX][STANDING_LANGUAGE_MAX + 1]; /* that the screen offers */
	size_t languages_len;
};

/* Which kiosk it is, and whether that is in doubt. Another one once it was joined again. */
void standing_note_identity(struct standing *s, const struct qip *q);
/* The journal's part, and no other, from how it stands. */
void standing_note_journal(struct standing *s, const struct qip_journal_standing *j);
/* Read a home's journal into *out, beside a writer: its last record, how full it is, what is damaged, and whether that is news by what the home remembers. */
enum status standing_read_journal(struct standing *out, const char *home, const struct state *state, const struct env *env, struct error *e) MUST_CHECK;
/* What the box itself tells: room on the home's file system, its clock. After the journal's part. */
void standing_note_box(struct standing *s, const char *home, const struct env *env, enum clock_quality clock);
/* Why the last sync failed; "" when it did not. */
void standing_note_sync(struct standing *s, const char *failure);
void standing_add_language(struct standing *s, const char *language);
/* Fill `out` with the codes of the troubles, ended by NULL. */
void standing_troubles(const char *out[TROUBLES + 1], const struct standing *s);
/* {"device", "site", "last", "last_answer_at", "last_answer_clock", "waiting", "comments_waiting", "last_sync", "sync_error", "doubt", "comments",
 * "journal_percent", "journal_error", "troubles", "free_bytes", "clock": {"quality", "own_time"}, "languages", "version"}; what is not known is
 * null. */
cJSON *standing_json(const struct standing *s);
/* What anybody at the screen may know: {"keeping", "last_sync", "troubles", "version"}. */
cJSON *standing_public_json(const struct standing *s);
/* True while answers can be kept. */
bool standing_keeps(const struct standing *s);

/* "Number 7 at 2026-…", in words for people. */
void standing_last_text(char *out, size_t size, const struct standing *s);
void standing_waiting_text(char *out, size_t size, const struct standing *s);
void standing_sync_text(char *out, size_t size, const struct standing *s);
void standing_clock_text(char *out, size_t size, const struct standing *s);
void standing_room_text(char *out, size_t size, const struct standing *s);
void standing_languages_text(char *out, size_t size, const struct standing *s);
/* What staff can do about it, one sentence. */
const char *trouble_words(enum trouble t);

#endif
