/* client/state.h - what a home remembers of time: the last sync, and where the server's clock stood against this machine's in recent boots.
 *
 * Wall clocks of kiosks may be wrong by decades, so a time is worked out from the server's: an anchor says that at `monotonic_ms` of one boot
 * it was `server_ms`, give or take `error_ms`. Losing the file costs accuracy, nothing else.
 */
#ifndef QIP_CLIENT_STATE_H
#define QIP_CLIENT_STATE_H

#include <stdbool.h>

#include "client/limits.h"
#include "core/env.h"

#define STATE_FILE "state.json"

struct anchor {
	char boot_id[ENV_BOOT_ID_MAX];
	int64_t server_ms, monotonic_ms, error_ms;
};

struct state {
	int64_t last_sync_ms;   /* server's clock; 0: never */
	uint64_t last_sync_seq; /* kiosk: the journal's last record when that sync read it; later ones are younger than that sync */
	struct anchor anchors[LIMIT_ANCHORS]; /* oldest first */
	size_t anchors_len;
	int64_t blob_bytes;    /* that the server takes as one piece of free text or evidence; 0: it did not tell */
	int64_t kept_all_ms;   /* kiosk: when it looked in vain for what it may forget (client/forget.h), by the server's clock; 0: it did not */
	int64_t tidied_ms;     /* kiosk: when it last looked for sealed comments that it need not keep any longer, by the server's clock; 0: never */
	int64_t unreadable_ms; /* kiosk: since when the disk does not give a file of the journal, by the server's clock; 0: it gives all */
	int64_t health_ms;   /* kiosk: the server's clock when it last made a record of its health; 0: never */
	int64_t lost_told;   /* kiosk: damaged places of its journal, as many as it last told the practice of and are still there */
	int64_t lost_ms;     /* when that was, by the server's clock; 0: never */
	char durable_boot[ENV_BOOT_ID_MAX]; /* the newest of which an anchor is on the disk for sure; not in the file */
	struct anchor noted; /* kiosk: the last that went into a record of its clock; no boot id: none */
};

/* A missing or damaged file gives an empty state. */
void state_load(struct state *out, int dir);
/* Durable with the first anchor of a boot, which tells when its answers were given; later in the same boot on the disk when the system gets to it. */
enum status state_save(struct state *s, int dir, struct error *e) MUST_CHECK;

/* The server's clock showed server_ms (cut to a second) in an answer that took elapsed_ms and came just now. */
void state_anchor(struct state *s, const struct env *env, int64_t server_ms, int64_t elapsed_ms);
/* The anchor of a boot, or NULL. */
const struct anchor *state_find_anchor(const struct state *s, const char *boot_id);
/* Now, as well as an answer of this moment would be dated, and how well that is: synchronised by the own clock, estimated from the server's, or
 * unknown. */
enum clock_quality state_clock(int64_t *now_ms, const struct state *s, const struct env *env);
/* The best guess of now: the own clock if it is synchronised, else the server's carried on, else the own clock. */
int64_t state_now_ms(const struct state *s, const struct env *env);

/* Are damaged places of the journal, so many, still news: more than the practice was told of, or told for less than LIMIT_LOST_NEWS_MS? After that the
 * journal keeps them for years, and they would hide others. */
bool state_losses_are_news(const struct state *s, unsigned damaged, int64_t now_ms);
/* The practice was told of so many (`told`), or there are so many now, by the server's clock: what left the journal is not counted any more. */
void state_note_losses(struct state *s, unsigned damaged, bool told, int64_t now_ms);

#endif
