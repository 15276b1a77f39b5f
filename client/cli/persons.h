/* client/cli/persons.h - what to call a person of people/, whose name this device may be able to open or not. */
#ifndef QIP_CLI_PERSONS_H
#define QIP_CLI_PERSONS_H

#include "client/cli/cli.h"

#define PERSONS_SHORT 13 /* characters of an id: the millisecond in which it was made */

/* "Amina Khan" where it opens, else "practice nurse 0190c8a2-7f1e", or "person 0190c8a2-7f1e"; as a terminal may show it. Borrowed, kept
 * in c. The home is open. */
const char *persons_called(struct cli *c, const char *id);

/* The same of a record: append its name, clean. STATUS_OK; else *why is one word or a few for a table: "erased". */
enum status persons_name(struct buf *out, struct cli *c, const cJSON *person, const char **why) MUST_CHECK;

#endif
