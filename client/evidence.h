/* client/evidence.h - a file that is kept as evidence: a PDF, or a picture without what its camera noted of place and time. */
#ifndef QIP_CLIENT_EVIDENCE_H
#define QIP_CLIENT_EVIDENCE_H

#include "core/buf.h"
#include "core/status.h"

/* Append what is kept of a file: a PDF (ISO 32000) as it is; of a JPEG (ITU-T T.81) and a PNG (ISO/IEC 15948) all but notes and what comes after the picture's
 * end: Exif with its place and camera, XMP, IPTC, comments. What it is, is told by its bytes; *type is one of action-1's. STATUS_INVALID: none of these, or broken. */
enum status evidence_take(struct buf *out, const char **type, const void *file, size_t len, struct error *e) MUST_CHECK;

/* "PDF" for "application/pdf"; "file" for what is not known. Static storage. */
const char *evidence_word(const char *type);

#endif
