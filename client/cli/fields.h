/* client/cli/fields.h - the fields of an action point and of an inspection as people type and read them. */
#ifndef QIP_CLI_FIELDS_H
#define QIP_CLI_FIELDS_H

#include <stdbool.h>

#include "client/cli/sites.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/record.h"

enum field_form {
	FORM_TEXT,
	FORM_DAY,     /* YYYY-MM-DD */
	FORM_RISK,    /* likelihood x consequence: 4x5 */
	FORM_CHOICE,  /* one of `choices` */
	FORM_SITES,   /* a set: names or ids of sites */
	FORM_NUMBERS, /* a set: numbers of regulations */
};

struct field {
	const char *name;  /* as in the record */
	const char *title; /* for people */
	enum field_form form;
	const char *const *choices; /* ends with NULL */
};

/* In the order of screens; ends with name NULL. */
extern const struct field fields_action[], fields_inspection[];
extern const char *const field_key_questions[], *const field_ratings[];

/* By name; '-' counts as '_'. NULL when there is none. */
const struct field *field_find(const struct field *table, const char *name, size_t len);

/* What a person typed as the field's value: a string, a risk object, or for a set a sorted array of strings without
 * doubles, parts separated by ';' (sites also "all"). STATUS_INVALID with a sentence that does not name the field. */
enum status field_parse(cJSON **out, const struct field *f, const char *text, const struct sites *sites,
			struct error *e) MUST_CHECK;

/* Set a whole field of a record: sets gain or keep what is named and lose what is not. Saying again what is there is an
 * edit too. value is borrowed; JSON null clears. */
enum status field_set(cJSON *record, const struct field *f, const cJSON *value, const struct stamp *stamp,
		      struct error *e) MUST_CHECK;

/* One assignment of `action set`: "due_date=2023-01-31", "sites+=kibworth", "regulations-=12"; an empty value clears.
 * *out is the field. STATUS_USAGE, STATUS_INVALID. */
enum status field_assign(const struct field **out, cJSON *record, const char *assignment, const struct sites *sites,
			 const struct stamp *stamp, struct error *e) MUST_CHECK;

/* Append a value of any slot as people read it: "4x5 = 20", "Kibworth" stays an id, "(none)" for null. */
void field_show(struct buf *out, const cJSON *value);
/* The plain value of a slot, borrowed; NULL when absent. For an element of a set the element itself when it is there.
 */
const cJSON *slot_value(const cJSON *record, const char *slot);
/* "status" → "Status", "sites/kibworth" → "Sites: kibworth", into out. */
void slot_title(char *out, size_t size, const char *slot);

#endif
