/* server/doubts.h - which kiosks of a practice are in doubt: some home that has a kiosk's key takes itself for a copy of it, collects answers, and sends
 * none until somebody joins it again. It cannot say so in the log, where only the kiosk itself may write; the host notes it and tells those that
 * read the log, as its own word and the kiosk's: it decides nothing.
 *
 *     DIR/<ODS>/doubts.json  {"schema":"doubts/1","devices":{device: {"by":"hardware"|"head","at","kin"}}}: what it goes by, when it last said so, and how
 *                            many kiosks had taken the name over then. Once there are more, that one has been joined again.
 */
#ifndef QIP_SERVER_DOUBTS_H
#define QIP_SERVER_DOUBTS_H

#include "server/view.h"

#define DOUBTS_FILE "doubts.json"

/* A kiosk's word, durable on STATUS_OK. One stands for each device, for LIMIT_DOUBT_DAYS after the last time, and the file is written once in
 * LIMIT_DOUBT_MS for it. One at a time for a practice. STATUS_MALFORMED: `by` is not as above. */
enum status doubts_note(struct practice *p, const struct registry *reg, const char *device, const char *by, int64_t now_ms,
			struct error *e) MUST_CHECK;
/* Append a capability " qip-doubt=<device>,<by>,<Unix ms>" for each that still stands. What cannot be read is logged and left out. */
void doubts_tell(struct buf *out, const struct practice *p, const struct registry *reg, int64_t now_ms);

#endif
