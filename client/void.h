/* client/void.h - void records in the place of a kiosk's refused answers. */
#ifndef QIP_CLIENT_VOID_H
#define QIP_CLIENT_VOID_H

#include "client/home.h"

/* Stage `tree` with the feedback that it adds to `parent_tree` replaced by void records of the same numbers and ids: at `path`, or all of
 * it when path names none of it. What adds no feedback comes to parent_tree. STATUS_REFUSED when what would be replaced is void already. */
enum status void_records(struct oid *out, struct qip *q, const struct oid *parent_tree, const struct oid *tree, const char *path,
			 const char *reason, struct error *e) MUST_CHECK;

#endif
