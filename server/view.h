/* server/view.h - a practice's log as it stood at one moment: main, its tree, its number, and the registry in it.
 * Immutable and shared: the registry's signatures are checked once a change of it, not once a request. */
#ifndef QIP_SERVER_VIEW_H
#define QIP_SERVER_VIEW_H

#include <stdatomic.h>

#include "server/practice.h"

struct shared_registry {
	atomic_int refs;
	struct oid practice, devices; /* ids of practice.json and devices/ that it was read from */
	struct registry registry;
};

struct view {
	atomic_int refs;
	struct oid main, main_tree;
	int64_t index;			  /* of main's merge; 0 for M0 */
	struct shared_registry *registry; /* NULL while the practice has no genesis */
};

/* The log as it stands now; give it back with view_put. Thread-safe. */
enum status view_get(struct view **out, struct practice *p, struct error *e) MUST_CHECK;
void view_put(struct view *v);
/* NULL while the practice has no genesis. */
const struct registry *view_registry(const struct view *v);

/* The device's record at `v`, canonical bytes appended. STATUS_NOT_FOUND. */
enum status view_device_record(struct buf *out, struct practice *p, const struct view *v, const char *device,
			       struct error *e) MUST_CHECK;

#endif
