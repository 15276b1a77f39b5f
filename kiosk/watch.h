/* kiosk/watch.h - is the kiosk well? It asks itself for its own page, and tells the service manager, which starts it again when it hears nothing.
 *
 * Spoken as sd_notify(3) documents it: a datagram to $NOTIFY_SOCKET, at most $WATCHDOG_USEC apart. Without these variables nobody listens, and all
 * of this does nothing.
 */
#ifndef QIP_KIOSK_WATCH_H
#define QIP_KIOSK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* How often to look, in ms: a little more often than the service manager wants to hear. 0: nobody watches. */
int64_t watch_every_ms(void);
/* The pages are served. */
void watch_ready(void);
/* An end was asked for. */
void watch_stopping(void);
/* Ask for the page at "127.0.0.1:8080" and, if it comes, say that all is well. False, and nothing said: it does not come. */
bool watch_look(const char *host);

/* How the watch names itself to the kiosk. */
#define WATCH_AGENT "qip-kiosk-watch"

/* Pure, in ms since boot: has a browser whose first page asks for itself again every reload_ms been silent for too long? */
bool watch_screen_is_gone(int64_t seen_ms, int64_t now_ms, int64_t reload_ms);

#endif
