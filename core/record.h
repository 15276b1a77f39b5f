/* core/record.h - a record's fields as sets of claims.
 *
 * A slot is "field" or, in a set or map, "field/key". Its state is a set of claims {id, value, device, n, by, effective, at}: one in
 * peace, several in a conflict. In peace the record holds the plain value and the stamps (claims without value) under "edits"; in a
 * conflict the plain value is the one that shows, and "conflicts" holds the claims. Absence is the value null.
 * An edit replaces the claims it saw; that is all that ever removes one.
 */
#ifndef QIP_CORE_RECORD_H
#define QIP_CORE_RECORD_H

#include "core/id.h"
#include "core/rules.h"

#define RECORD_SLOT_MAX 128
#define RECORD_MAX_CLAIMS 64 /* of one slot */
#define RECORD_MAX_BYTES (256 * 1024)

/* What an edit leaves behind on every claim and log entry it makes. */
struct stamp {
	char id[ID_TEXT_LEN + 1]; /* UUIDv7 of the edit */
	char device[41];
	int64_t n;                /* edit number; 0: the record's next one */
	char by[16];              /* role */
	char effective[11];       /* the day it speaks of */
	char at[TIME_TEXT_MAX];   /* the device's clock; for people, decides nothing */
	char person[ID_TEXT_LEN + 1]; /* who made it, of people/; "": it is not said */
};

/* The type in the record's schema name ("action" of "action/1"), "" when it names none; cut to fit. */
#define RECORD_TYPE_MAX 48
void record_type(char out[RECORD_TYPE_MAX], const cJSON *record);

/* A slot's claims as an array of {id, device, n, by, effective, at, value}, sorted by id; the caller's to delete.
 * An unset slot gives an empty array. NULL when memory is out. */
cJSON *record_claims(const cJSON *record, const char *slot);
/* The one of such claims that has the id (may be NULL); borrowed. NULL: none. */
const cJSON *record_find_claim(const cJSON *claims, const char *id);

/* Set a slot: one new claim replaces all that are there. `value` is taken over; cJSON null clears. For a set's element, true adds and
 * null removes. Saying the same value again is an edit too. STATUS_INVALID: no such field, or a log. */
enum status record_set(cJSON *record, const char *slot, cJSON *value, const struct stamp *stamp, struct error *e) MUST_CHECK;

/* Add a log entry under stamp->id with the stamp's device, by, effective, at, person. `entry` (an object) is taken over. */
enum status record_append(cJSON *record, const char *field, cJSON *entry, const struct stamp *stamp, struct error *e) MUST_CHECK;

/* 1 + the highest edit number in the record. */
int64_t record_next_number(const cJSON *record);

/* Slots in conflict: number, and the i-th slot's name (borrowed), NULL past the end. */
size_t record_conflicts(const cJSON *record);
const char *record_conflict(const cJSON *record, size_t i);

/* Give the slot these claims (an array as record_claims gives, taken over) and set the plain value that shows.
 * Used by merges and by views as of a day. */
enum status record_put_claims(cJSON *record, const char *slot, cJSON *claims, const struct rules *rules, struct error *e) MUST_CHECK;

/* All slots that have claims in either record (b may be NULL): a cJSON array of strings, sorted, without doubles. NULL: memory. */
cJSON *record_slots(const cJSON *a, const cJSON *b);

/* The record keeps to its own form: every plain value agrees with its claims as the rules would show them, claims are sorted, sets match
 * their presence claims. A device's commit that breaks this is refused. STATUS_INVALID. */
enum status record_check(const cJSON *record, const struct rules *rules, struct error *e) MUST_CHECK;

#endif
