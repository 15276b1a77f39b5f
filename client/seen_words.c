/* client/seen_words.c - contradictions of a server, each in a sentence that names both commits. */
#include "client/seen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/place.h"
#include "core/utf8.h"

enum status seen_parted(struct seen *out, struct qip *q, const struct oid *known, const struct oid *shown, const struct oid *parting,
			struct error *e)
{
	struct seen s = {.kind = "parted", .log = *shown};
	char here[OID_HEX_LEN + 1], there[OID_HEX_LEN + 1];
	struct oid mine, other;
	int64_t index = 0;
	enum status st = oid_is_zero(parting) ? STATUS_OK : home_log_number(&index, q, parting, e);

	if (!oid_is_zero(parting))
		index++;
	if (st == STATUS_OK)
		st = place_find(&mine, q, known, index, e);
	if (st == STATUS_OK)
		st = place_find(&other, q, shown, index, e);
	if (st != STATUS_OK)
		return st;
	oid_hex(here, &mine);
	oid_hex(there, &other);
	s.shown = other; /* the log may grow and stays the same one */
	s.index = index;
	(void)snprintf(s.text, sizeof(s.text),
		       "the server shows another history than before: merge %" PRId64 " of its log is %s now, and was %s when this home followed it; it has "
		       "signed both",
		       index, there, here);
	*out = s;
	return STATUS_OK;
}

enum status seen_older(struct seen *out, struct qip *q, const struct oid *known, const struct oid *shown, struct error *e)
{
	struct seen s = {.kind = "older", .shown = *shown, .log = *shown};
	char here[OID_HEX_LEN + 1], there[OID_HEX_LEN + 1];
	int64_t index = 0, known_index = 0;
	enum status st = home_log_number(&index, q, shown, e);

	if (st == STATUS_OK)
		st = home_log_number(&known_index, q, known, e);
	if (st != STATUS_OK)
		return st;
	oid_hex(here, known);
	oid_hex(there, shown);
	s.index = index;
	(void)snprintf(s.text, sizeof(s.text),
		       "the server shows another history than before: an older one, that ends with merge %" PRId64 " (%s), while it has shown and signed "
		       "merge %" PRId64 " (%s) to this home",
		       index, there, known_index, here);
	*out = s;
	return STATUS_OK;
}

enum status seen_gone(struct seen *out, struct qip *q, const struct oid *known, struct error *e)
{
	struct seen s = {.kind = "gone"};
	char here[OID_HEX_LEN + 1];
	int64_t index = 0;
	enum status st = home_log_number(&index, q, known, e);

	if (st != STATUS_OK)
		return st;
	oid_hex(here, known);
	s.index = index;
	(void)snprintf(s.text, sizeof(s.text),
		       "the server shows no history, while it has shown and signed merge %" PRId64 " (%s) to this home", index, here);
	*out = s;
	return STATUS_OK;
}

enum status seen_dropped(struct seen *out, struct qip *q, const struct oid *head, const struct oid *main, struct error *e)
{
	struct seen s = {.kind = "dropped", .shown = *head};
	char mine[OID_HEX_LEN + 1], there[OID_HEX_LEN + 1];
	int64_t index = 0;
	enum status st = home_log_number(&index, q, main, e);

	if (st != STATUS_OK)
		return st;
	oid_hex(mine, head);
	oid_hex(there, main);
	s.index = index;
	(void)snprintf(s.text, sizeof(s.text),
		       "the server acknowledged commit %s of this device, and the log that it shows does not hold it: that ends with merge %" PRId64 " (%s)",
		       mine, index, there);
	*out = s;
	return STATUS_OK;
}

/* Nobody's word but the server's. */
static void forged(struct seen *out, const struct checkpoint_fault *fault, const struct oid *shown)
{
	char said[OID_HEX_LEN + 1], merge[OID_HEX_LEN + 1];

	*out = (struct seen){.kind = "forged", .shown = fault->merge, .index = fault->merge_index, .log = *shown};
	oid_hex(said, &fault->said);
	oid_hex(merge, &fault->merge);
	(void)snprintf(out->text, sizeof(out->text),
		       "the server's log says in the name of %s that merge %" PRId64 " of it is %s, and %s has not signed that: it was made up by whoever has "
		       "the server's key, in merge %" PRId64 " (%s)",
		       fault->device, fault->index, said, fault->device, fault->merge_index, merge);
}

void seen_checkpoint(struct seen *out, const struct checkpoint_fault *fault, const struct oid *shown)
{
	char said[OID_HEX_LEN + 1], here[OID_HEX_LEN + 1];

	if (fault->is_forged) {
		forged(out, fault, shown);
		return;
	}
	*out = (struct seen){.kind = "checkpoint", .shown = fault->said, .index = fault->index, .log = *shown};
	(void)snprintf(out->device, sizeof(out->device), "%s", fault->device);
	oid_hex(said, &fault->said);
	oid_hex(here, oid_is_zero(&fault->shown) ? shown : &fault->shown);
	(void)snprintf(out->text, sizeof(out->text),
		       "%s has signed that merge %" PRId64 " of the log is %s, and the log that the server shows here %s %s: it shows different "
		       "histories to different readers",
		       fault->device, fault->index, said, oid_is_zero(&fault->shown) ? "ends earlier, with" : "has there", here);
}

void seen_not_taken(struct seen *out, const struct oid *commit, const char *reason)
{
	char hex[OID_HEX_LEN + 1];
	size_t len = strnlen(reason, 160);

	while (len > 0 && !utf8_valid(NULL, reason, len))
		len--; /* never inside a character */
	*out = (struct seen){.kind = "not-taken", .shown = *commit};
	oid_hex(hex, commit);
	(void)snprintf(out->text, sizeof(out->text),
		       "the server does not take this device's word on which history it showed to it (commit %s): \"%.*s\"", hex, (int)len, reason);
}
