/* server/practices.h - all practices of a serving process, opened when first asked for and kept. */
#ifndef QIP_SERVER_PRACTICES_H
#define QIP_SERVER_PRACTICES_H

#include "server/practice.h"

struct practices;

enum status practices_open(struct practices **out, const char *dir, const struct limits *limits, const struct env *env,
			   struct error *e) MUST_CHECK;
void practices_close(struct practices *t);
/* Borrowed until practices_close. What a crash left was repaired when it was opened, so only one process may hold such
 * a table of a folder. STATUS_NOT_FOUND: no such practice. Thread-safe. */
enum status practices_get(struct practice **out, struct practices *t, const char *ods, struct error *e) MUST_CHECK;
/* Visit those that are open, by ODS code. Visits may take their time: the table is not locked. */
void practices_each(struct practices *t, void (*visit)(void *ctx, struct practice *p), void *ctx);
/* Of their large pushes that have no outcome yet. */
size_t practices_disk_bytes(const struct practices *t);
/* Open every practice in the folder; one that cannot be opened is logged, the others are served. */
void practices_open_all(struct practices *t);

#endif
