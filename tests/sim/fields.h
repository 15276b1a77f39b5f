/* tests/sim/fields.h - the records that a run is about, and what may be written into them. */
#ifndef QIP_TESTS_SIM_FIELDS_H
#define QIP_TESTS_SIM_FIELDS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

enum shape {
	SHAPE_TEXT,
	SHAPE_DAY,
	SHAPE_WORD,    /* one of `words` */
	SHAPE_LEVEL,   /* 1 to 4, the highest is the worst */
	SHAPE_RISK,    /* a pair */
	SHAPE_TOTALS,  /* of a return */
	SHAPE_ELEMENT, /* of a set; `words` are its elements */
	SHAPE_RATING,  /* of a map; `words` are its keys */
	SHAPE_COUNTS,  /* of a map; `words` are its keys */
	SHAPE_ENTRY    /* of a log; words[0] is the member with the text */
};

struct field {
	const char *name;
	enum shape shape;
	const char *const *words; /* NULL-terminated */
	bool severe;              /* of several values the worst shows: the last of `words`, the highest level, the gravest risk */
};

/* Records by number: some have an id of their own and must be created; others are named by a week or month, so that anybody may make them. */
#define RECORDS 18
#define RECORDS_MADE_FIRST 6 /* 0 to 5 are created before anything else */

struct record_kind_of_run {
	const char *type;
	const char *folder;
	const char *named; /* the name that the path ends with, NULL: by its id */
	const char *name_member;
	const struct field *fields;
	size_t fields_len;
};
const struct record_kind_of_run *fields_record(unsigned record);
/* A field that every record of this type has to have, or NULL. */
const char *fields_required(unsigned record);

/* The slot's text for a field and the key-th of its words, "" for an entry. */
void fields_slot(char *out, size_t size, const struct field *f, unsigned key);
/* The value-th value; few of them, so that sites often write the same. Never NULL but without memory. */
cJSON *fields_value(const struct field *f, unsigned value);
/* The field of a slot ("ratings/safe") of a record. */
const struct field *fields_of_slot(unsigned record, const char *slot);
/* How bad a value of a severe field is; none (null) is the least. */
int fields_badness(const struct field *f, const cJSON *value);

#endif
