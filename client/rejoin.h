/* client/rejoin.h - a kiosk's home takes a new name of the same practice, because it is a copy, was set back, or is to be called otherwise.
 *
 * The new name is joined in a folder of its own inside the home, rejoin/, as any home is. Then the server is asked what copies of the old name
 * have sent, the numbers of the new name are worked out (client/carry.h), and rejoin/ready says that all is there: from then on whoever opens
 * the home goes on with moving the new files over the old ones, config.json last. The journal stays where it is. Cut short before ready, the same
 * command goes on; after it, anything does. The old copy of the history stays as former.git for 35 days
 * after all that waited has its receipt.
 */
#ifndef QIP_CLIENT_REJOIN_H
#define QIP_CLIENT_REJOIN_H

#include "client/home.h"

#define REJOIN_FORMER "former.git"
#define REJOIN_RECEIPTS REJOIN_FORMER "/receipts.json" /* {"at"}: when all that waited had its receipt */

/* q: the joined home, open and locked; its repository is closed afterwards, and it serves for nothing but closing. */
enum status rejoin(struct qip *q, const struct qip_options *o, const char *url, const char *code, struct error *e) MUST_CHECK;
/* With the home locked and before anything of it is read: go on with what was cut short, if anything was. */
enum status rejoin_finish(struct qip *q, struct error *e) MUST_CHECK;
/* All that waited has its receipt, by the server's clock at now_ms. */
void rejoin_tidy(const struct qip *q, int64_t now_ms);

#endif
