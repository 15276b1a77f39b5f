/* kiosk/network.h - told when the network came back: a kiosk that could not sync need not wait for its hour.
 *
 *     network_start(&n, back, ctx, &e); … back(ctx), now and then, on a thread of its own … network_stop(n);
 *
 * Asleep until the kernel says that a link, an address or a route has come (rtnetlink(7)).
 */
#ifndef QIP_KIOSK_NETWORK_H
#define QIP_KIOSK_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

/* A cable that is plugged in makes a dozen messages within seconds. */
#define NETWORK_QUIET_MS 2000 /* without another one, then it is told */
#define NETWORK_LATEST_MS 5000

struct network;

enum status network_start(struct network **out, void (*back)(void *ctx), void *ctx, struct error *e) MUST_CHECK;
/* NULL is allowed. back() is not called any more when this returns. */
void network_stop(struct network *n);

/* Is there something in the kernel's messages by which a server may have come into reach? Apart for tests. */
bool network_is_news(const void *messages, size_t len);

#endif
