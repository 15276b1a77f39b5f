/* server/large.h - pushes that may take long: of a device one at a time, from when that is known of it until its outcome. Whoever sends them side by
 * side takes no more of the disk, of the memory and of the others' turn than whoever sends one.
 *
 * Thread-safe; a struct large belongs to one push. */
#ifndef QIP_SERVER_LARGE_H
#define QIP_SERVER_LARGE_H

#include "server/practice.h"

struct large {
	struct practice *practice; /* borrowed; NULL: it is not under way */
	const char *device;	   /* borrowed */
	struct large *next;	   /* the practice's */
};

/* No harm when it has begun already. STATUS_BUSY while another one of the device is under way. */
enum status large_begin(struct large *l, struct practice *p, const char *device, struct error *e) MUST_CHECK;
/* No harm when it has not begun. */
void large_end(struct large *l);

#endif
