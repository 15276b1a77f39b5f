/* server/report.h - the report on a push as receive-pack sends it (gitprotocol-pack, "Report Status"): lines gathered in a buffer, then sent
 * as the client asked for it. */
#ifndef QIP_SERVER_REPORT_H
#define QIP_SERVER_REPORT_H

#include "server/commands.h"

/* Append "unpack ok", or the sentence that says what is wrong with the pack. */
void report_unpack(struct buf *lines, const char *fault);
/* Append "ok <ref>" or, with words that hold no newline, "ng <ref> <words>". */
void report_ref(struct buf *lines, const char *ref, const char *refusal);
/* A sentence as a line of the report takes it: on one line and within LIMIT_REASON_BYTES. */
void report_sentence(struct buf *out, const char *sentence);
/* Before report_send: append a message for whoever pushes, shown as "remote: …", unless they asked for quiet. */
void report_message(struct buf *out, const struct commands *c, const char *sentence);
/* End the report and append it to the answer, in side-band-64k if the client asked for it. */
void report_send(struct buf *out, struct buf *lines, const struct commands *c);

#endif
