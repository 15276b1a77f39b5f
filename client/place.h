/* client/place.h - places of the log: one merge, what it says of itself, and which one has a number. */
#ifndef QIP_CLIENT_PLACE_H
#define QIP_CLIENT_PLACE_H

#include "client/home.h"

struct place {
	struct oid id, parent; /* parent: the merge before; zero at the log's start */
	struct oid head, tree; /* head: the device's commit that it merged; zero at the log's start */
	int64_t index;
	char device[NAME_MAX_LEN + 1];
	char received[TIME_TEXT_MAX]; /* "" at the log's start */
};

/* Shape alone; whether it holds is for who follows the log. STATUS_UNTRUSTED: it is no merge. */
enum status place_read(struct place *out, struct qip *q, const struct oid *id, struct error *e) MUST_CHECK;

/* The merge of that number, in the log that ends with `tip` and was checked: numbers fall by one at each step, so the walk is as long as
 * the number lies back. STATUS_NOT_FOUND when the log has none (yet). */
enum status place_find(struct oid *out, struct qip *q, const struct oid *tip, int64_t index, struct error *e) MUST_CHECK;

#endif
