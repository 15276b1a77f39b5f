/* client/void.h - void records in the place of a kiosk's refused answers. */
#ifndef QIP_CLIENT_VOID_H
#define QIP_CLIENT_VOID_H

#include "client/held.h"

struct void_order {
	const struct oid *parent_tree, *tree; /* of the commit */
	const char *path;        /* of one record; where it names none of the commit's, all are meant */
	const char *reason;      /* why */
	const struct held *sent; /* those that copies have sent go with it, in one refusal instead of many; sorted */
};

/* Stage the tree with the feedback that it adds to the parent's replaced by void records of the same numbers and ids. What adds no feedback comes to
 * parent_tree. STATUS_REFUSED when what would be replaced is void already. */
enum status void_records(struct oid *out, struct qip *q, const struct void_order *o, struct error *e) MUST_CHECK;

#endif
