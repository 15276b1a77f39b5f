/* client/received.h - when the server had certain edits: found by going back along the log until each of them is gone. */
#ifndef QIP_CLIENT_RECEIVED_H
#define QIP_CLIENT_RECEIVED_H

#include "core/head.h"

#define RECEIVED_MAX_MERGES 200000 /* further back nobody looks */
#define RECEIVED_MAX_EDITS 2000    /* asked for at once */

struct received {
	char path[TREE_PATH_MAX];     /* of the record */
	char edit[ID_TEXT_LEN + 1];   /* a claim's or an entry's id in it */
	char at[TIME_TEXT_MAX];       /* found: by the server's clock; "" while it is not sent, or too long ago */
	bool sent;                    /* main has it */
};

/* Fill in `sent` and `at` of each. Cost: the merges since the oldest of them, and little for one that left its folder alone. */
enum status received_find(struct received *list, size_t len, struct repo *r, const struct oid *main, struct error *e) MUST_CHECK;

#endif
