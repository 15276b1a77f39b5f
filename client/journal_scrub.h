/* client/journal_scrub.h - erasing for good what is attached to records of the journal; the records stay, with zeros in its place. */
#ifndef QIP_CLIENT_JOURNAL_SCRUB_H
#define QIP_CLIENT_JOURNAL_SCRUB_H

#include "client/journal.h"
#include "core/json.h"

/* Is the attachment of a record with this JSON to go? */
typedef bool (*journal_doomed)(void *ctx, const cJSON *json);

/* Overwrite the attachments that are to go, in place and durably; *count: how many were not gone yet. Only of records that no longer wait to be sent, which
 * nobody writes any more; a writer may append meanwhile. A power cut leaves each as it was, as it is to be, or as one whose contents are damaged, which
 * the same call finds by its JSON and ends. (Of version 1, with one checksum over all, the last form is none that can be read.) */
enum status journal_scrub(uint64_t *count, struct journal *j, journal_doomed doomed, void *ctx, struct error *e) MUST_CHECK;

#endif
