/* core/tls_dial.h - sockets under deadlines: connecting, and waiting for one. */
#ifndef QIP_CORE_TLS_DIAL_H
#define QIP_CORE_TLS_DIAL_H

#include "core/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Now on the clock that all deadlines here are told in: CLOCK_MONOTONIC, ms. */
int64_t dial_now_ms(void);
/* A number from 1 to 65535, in digits alone. */
bool dial_is_port(const char *text);
/* Wait until the socket is ready for `events` (of poll). STATUS_TIMEOUT, STATUS_IO. */
enum status dial_wait(int fd, short events, int64_t until_ms) MUST_CHECK;
/* A connected non-blocking TCP socket without Nagle's delay, the caller's to close. Every address of the host is tried.
 * STATUS_NETWORK, STATUS_TIMEOUT. The resolver alone has its own limits of time. */
enum status dial(int *fd, const char *host, const char *port, int64_t until_ms, struct error *e) MUST_CHECK;

#endif
