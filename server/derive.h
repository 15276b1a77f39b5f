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
enum status derive_repair(struct practice *p, const struct view *v, const struct env *env, struct error *e) MUST_CHECK;

/* The same for who holds no lock, if p->lags. */
enum status derive_catch_up(struct practice *p, const struct env *env, struct error *e) MUST_CHECK;

/* Stage the kiosk configuration's next commit if main's move from old_tree to `end` changes what kiosks read; *out is
 * zero when not. */
enum status derive_stage_config(struct oid *out, struct practice *p, struct store_txn *t, const struct oid *old_tree,
				const struct log_end *end, const struct env *env, struct error *e) MUST_CHECK;

/* Main and all that derives from it moved from `from` to `to`: leave the mark, when it is due. */
enum status derive_moved(struct practice *p, const struct log_end *from, const struct log_end *to,
			 struct error *e) MUST_CHECK;

/* No batch follows at once: what moved with main is to be seen by all who read the store. What fails is repaired later. */
void derive_write(struct practice *p);

#endif
