/* kiosk/schedule.h - when the kiosk syncs: a pure state machine. Times are ms of a clock that only goes forward.
 *
 * At start at once; then every `every_ms`, a fifth earlier or later so that kiosks do not come all together; some time after a new answer, so that
 * several go together; after failures ever later, up to six hours, or soon after
 * the network came back.
 */
#ifndef QIP_KIOSK_SCHEDULE_H
#define QIP_KIOSK_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#define SCHEDULE_BATCH_MS (2 * 60 * 1000)
#define SCHEDULE_RETRY_MS (60 * 1000)
#define SCHEDULE_NETWORK_MS 5000 /* so many kiosks may come back at once */
#define SCHEDULE_RETRY_MAX_MS (6 * 60 * 60 * 1000)
#define SCHEDULE_EVERY_MAX_MS (24LL * 60 * 60 * 1000)

enum schedule_state { SCHEDULE_WAITING, SCHEDULE_SYNCING, SCHEDULE_STOPPED };
enum schedule_event { SCHEDULE_WAKE, SCHEDULE_ANSWER, SCHEDULE_NETWORK, SCHEDULE_SYNCED, SCHEDULE_FAILED, SCHEDULE_STOP };
enum schedule_action { SCHEDULE_SLEEP, SCHEDULE_SYNC, SCHEDULE_EXIT };

struct schedule {
	enum schedule_state state;
	int64_t every_ms;
	int64_t due_ms;    /* next sync, while waiting; also how long to sleep */
	unsigned failures; /* in a row */
	int64_t began_ms;  /* the last sync */
	bool answered;     /* an answer came during the sync that is going on */
	bool network;      /* the network came back meanwhile */
};

/* Due at once. */
void schedule_init(struct schedule *s, int64_t every_ms, int64_t now_ms);
/* random: 32 bits for the jitter; nothing depends on them being secret. SCHEDULE_SYNC: sync, then tell SYNCED or FAILED. SCHEDULE_SLEEP: until
 * s->due_ms, then WAKE, or until another event; after SYNCED and FAILED ask again with WAKE. */
enum schedule_action schedule_step(struct schedule *s, enum schedule_event event, int64_t now_ms, uint32_t random);

#endif
