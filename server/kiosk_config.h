/* server/kiosk_config.h - what kiosks may read of a practice, as a tree of its own: practice.json, retired-keys/, sites/, surveys/,
 * keys/ and those devices/ that the chain of trust runs through, the managers. */
#ifndef QIP_SERVER_KIOSK_CONFIG_H
#define QIP_SERVER_KIOSK_CONFIG_H

#include "server/practice.h"

/* True if any of it differs, or may differ, between two trees of main. */
enum status kiosk_config_changed(bool *out, struct repo *r, const struct oid *old_tree, const struct oid *new_tree,
				 struct error *e) MUST_CHECK;
/* Stage the tree out of main's. The empty tree while there is no practice.json. */
enum status kiosk_config_tree(struct oid *out, struct repo *r, const struct oid *main_tree, struct error *e) MUST_CHECK;
/* Stage the server-signed commit of it on top of `last` (zero: the first); *out is zero when `last` holds that tree
 * already, there is nothing to hold, or no key to sign it with. Settled, see server/signing.h. */
enum status kiosk_config_commit(struct oid *out, const struct practice *p, struct repo *r, const struct oid *tree,
				const struct oid *last, int64_t index, const struct env *env,
				struct error *e) MUST_CHECK;
/* The number of the merge that made the configuration, out of its commit's message. */
bool kiosk_config_index(int64_t *out, const char *message);

#endif
