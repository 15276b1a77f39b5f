/* core/pkt.h - git's pkt-line framing (gitprotocol-common): four hex digits of length, then that many bytes less four. */
#ifndef QIP_CORE_PKT_H
#define QIP_CORE_PKT_H

#include <stdbool.h>

#include "core/buf.h"

#define PKT_MAX_PAYLOAD 65516 /* LARGE_PACKET_MAX - 4 */
#define PKT_MAX_BAND 65515

enum pkt_kind { PKT_DATA, PKT_FLUSH, PKT_DELIM };

struct pkt {
	enum pkt_kind kind;
	const char *bytes; /* borrowed from the input; not NUL-terminated */
	size_t len;
};

/* Append one packet. len at most PKT_MAX_PAYLOAD (a larger one is our own bug: assert). */
void pkt_add(struct buf *out, const void *bytes, size_t len);
void pkt_addf(struct buf *out, const char *fmt, ...) PRINTF_LIKE(2, 3);
void pkt_flush(struct buf *out);
void pkt_delim(struct buf *out); /* between two parts of one message (protocol v2) */
/* Append bytes as side-band-64k packets of one band (1 data, 2 progress, 3 fatal), split as needed. */
void pkt_band(struct buf *out, int band, const void *bytes, size_t len);

/* Take the next packet off bytes[*at..len). STATUS_OK and *at moved on; STATUS_NOT_FOUND when more bytes are needed;
 * STATUS_MALFORMED for a bad length. A trailing newline is left in. */
enum status pkt_next(struct pkt *out, const char *bytes, size_t len, size_t *at) MUST_CHECK;
/* The payload equals text, with or without a newline behind it. */
bool pkt_is(const struct pkt *p, const char *text);

#endif
