/* kiosk/staff.h - the pages for staff: how the kiosk stands. Anybody at the screen may know whether it works; the rest is behind the site's PIN.
 *
 * There is no session: each right PIN shows the page once, and it goes away by itself.
 */
#ifndef QIP_KIOSK_STAFF_H
#define QIP_KIOSK_STAFF_H

#include <stdbool.h>
#include <stdint.h>

#define STAFF_TRIES 5                      /* wrong PINs before there is a wait */
#define STAFF_WAIT_MS (60 * 1000)          /* the first; each further wrong PIN doubles it */
#define STAFF_WAIT_MAX_MS (60 * 60 * 1000)

/* Against trying all PINs. Empty: {0}. Times are ms since boot. */
struct staff_guard {
	unsigned wrong;   /* since the last right one */
	int64_t until_ms; /* nobody may try before */
};

/* ms to wait; 0: go ahead. */
int64_t staff_guard_wait(const struct staff_guard *g, int64_t now_ms);
void staff_guard_wrong(struct staff_guard *g, int64_t now_ms);
void staff_guard_right(struct staff_guard *g);

struct turn;
void staff_status(struct turn *t);      /* GET /status */
void staff_status_json(struct turn *t); /* GET /status.json */
void staff_ask(struct turn *t);         /* GET /staff: the keypad for the PIN */
void staff_open(struct turn *t);        /* POST /staff/open: one key more, or the page */

#endif
