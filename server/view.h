/* server/view.h - a practice's log as it stood at one moment: main, its tree, its number, and the registry in it.
 * Immutable and shared: the registry's signatures are checked once a change of it, not once a request. */
#ifndef QIP_SERVER_VIEW_H
#define QIP_SERVER_VIEW_H

#include <stdatomic.h>

#include "server/practice.h"

struct shared_registry {
	atomic_int refs;
	struct registry registry;
};

/* The log's last merge. */
struct log_end {
	struct oid commit, tree;
	int64_t index; /* 0 for M0 */
};

/* What heads are judged by: the ids of these places, zero where there is none. */
enum rules_place { RULES_PRACTICE, RULES_RETIRED, RULES_DEVICES, RULES_KEYS, RULES_SURVEYS, RULES_RETURNS, RULES_TOOLKIT, RULES_PLACES };
struct rules_ids {
	struct oid at[RULES_PLACES];
};

struct view {
	atomic_int refs;
	struct log_end end;
	struct rules_ids rules;
	struct shared_registry *registry; /* NULL while the practice has no genesis */
};

/* The log as it stands now; give it back with view_put. Thread-safe. */
enum status view_get(struct view **out, struct practice *p, struct error *e) MUST_CHECK;
void view_put(struct view *v);
/* Main was moved by a transaction whose handle is r: read it now, so that who asks next finds it read. Thread-safe. */
void view_moved(struct practice *p, struct repo *r);
/* One more reference to it. */
struct view *view_share(struct view *v);
/* True if heads are judged alike at both. */
bool view_same_rules(const struct view *a, const struct view *b);
/* Whether heads are judged otherwise at `tree` than at v. */
enum status view_rules_changed(bool *out, struct repo *r, const struct view *v, const struct oid *tree,
			       struct error *e) MUST_CHECK;
/* NULL while the practice has no genesis. */
const struct registry *view_registry(const struct view *v);

/* The device's record at `v`, the caller's to delete. STATUS_NOT_FOUND. */
enum status view_device_record(cJSON **out, struct practice *p, const struct view *v, const char *device,
			       struct error *e) MUST_CHECK;

#endif
