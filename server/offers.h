/* server/offers.h - what devices still hold of a restored practice: ends of the log (main) and of what kiosks read (config), each as
 * signed by this server before the backup was all that was left. Kept as refs that nobody may read:
 *
 *     refs/offers/main/<device>     the log's end that the device knows
 *     refs/offers/part/<device>     as much of the way there as has come so far
 *     refs/offers/config/<device>   a kiosk's: it holds no log, but its configuration names the merge that made it
 *
 * They stay behind when the practice is opened; a backup leaves them out.
 */
#ifndef QIP_SERVER_OFFERS_H
#define QIP_SERVER_OFFERS_H

#include "server/practice.h"

#define OFFERS_REFS "refs/offers/"

enum offer_kind { OFFER_MAIN, OFFER_PART, OFFER_CONFIG };
#define OFFER_KINDS 3
const char *offer_kind_text(enum offer_kind kind); /* "main", "part", "config" */

/* One end that is known. */
struct offered {
	char device[NAME_MAX_LEN + 1]; /* "" for the backup's own */
	struct oid id;
	int64_t index; /* of the merge that it is, or that made it */
	bool part;     /* the device knows more than this */
	/* Of a main that offers_compare found beside the best: the last merge that they share, and its number. */
	bool parts;
	struct oid place;
	int64_t place_index;
};

struct offers {
	struct offered *list; /* owned; the backup's own first, then by device */
	size_t len;
	size_t best; /* the highest; of equals the first */
};

/* All ends of a kind (of main, parts too); empty when the practice has none of its own. */
enum status offers_read(struct offers *out, enum offer_kind kind, struct practice *p, struct repo *r, struct error *e) MUST_CHECK;
void offers_clear(struct offers *o);
/* Find the mains that are not on the way to the best one: then two servers worked with the same keys. */
enum status offers_compare(struct offers *mains, struct repo *r, struct error *e) MUST_CHECK;
/* The highest of the device's; NULL: it offered nothing of that kind. */
const struct offered *offers_find(const struct offers *o, const char *device);

/* Judge an end whose objects the transaction sees, and keep it for the device; needs the practice's lock. Each commit on the way must be
 * signed by this server, on to the backup's end or to one that was judged before, and all objects be there. STATUS_STALE: it parts from
 * the backup's history; STATUS_UNTRUSTED; STATUS_INVALID: something is missing. */
enum status offers_take(enum offer_kind kind, const char *device, const struct oid *id, struct practice *p, struct store_txn *t,
			struct error *e) MUST_CHECK;

#endif
