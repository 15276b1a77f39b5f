/* core/record_slot.h - a slot's name taken apart, and what stands under it. Inside core only, for record*.c and merge*.c. */
#ifndef QIP_CORE_RECORD_SLOT_H
#define QIP_CORE_RECORD_SLOT_H

#include "core/record.h"

/* "sites/kibworth" has field "sites" and key "kibworth". */
struct slot {
	char field[RECORD_SLOT_MAX];
	const char *key; /* behind the '/', inside the caller's text; NULL when there is none */
};

bool slot_parse(struct slot *out, const char *text);

/* Take a slot's name apart and find its kind. STATUS_INVALID when the record's type has no such slot. */
enum status slot_resolve(struct slot *s, enum field_kind *kind, const char *type, const char *slot, const struct rules *rules,
			 struct error *e) MUST_CHECK;

/* The names of all slots that have claims in either record (b may be NULL), sorted, without doubles; borrowed from them. The array is the
 * caller's, to free(). NULL without memory. */
const char **slot_names(size_t *len, const cJSON *a, const cJSON *b);

/* The plain value that a record has for the slot; borrowed; for an element of a set, the element itself. NULL: none. */
const cJSON *slot_plain(const cJSON *record, const struct slot *s);

/* A slot's stamps, where they are the one of a single edit as it stands in peace: an object without a value. */
bool slot_is_lone(const cJSON *stamps);

#endif
