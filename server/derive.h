/* server/derive.h - the refs that derive from main: refs/devices/<device>, the last accepted head of each device, and
 * refs/kiosk/config, what kiosks may read. refs/qip/derived notes now and then how far they are. All need the
 * practice's lock. */
#ifndef QIP_SERVER_DERIVE_H
#define QIP_SERVER_DERIVE_H

#include "server/practice.h"
#include "server/view.h"

#define DERIVED_CONFIG "refs/kiosk/config"
#define DERIVED_MARK "refs/qip/derived"

/* Bring the derived refs up to view->main, if they are not: after a crash, or when another program moved main. Cost
 * follows the merges since the last mark. */
enum status derive_repair(struct practice *p, const struct view *v, struct store_txn *t, const struct env *env,
			  struct error *e) MUST_CHECK;

/* Stage the kiosk configuration's next commit if main's move from old_tree to new_tree changes what kiosks read; *out
 * is zero when not. */
enum status derive_stage_config(struct oid *out, struct practice *p, struct store_txn *t, const struct oid *old_tree,
				const struct oid *new_tree, int64_t index, const struct env *env,
				struct error *e) MUST_CHECK;

/* After main moved by one merge: the device's ref, the configuration's (if not zero), and the mark when it is due. */
enum status derive_move(struct practice *p, const char *device, const struct oid *head, const struct oid *config,
			const struct oid *main, int64_t index, struct error *e) MUST_CHECK;

#endif
