/* client/cli/tell.h - values, days and devices as a sentence says them: "likely × major = 16", "1 Sep 2022", "Fleckney (fleckney-desk, staff)". */
#ifndef QIP_CLI_TELL_H
#define QIP_CLI_TELL_H

#include "client/cli/cli.h"
#include "client/cli/sites.h"
#include "core/buf.h"

#define TELL_WIDTH 80 /* columns of sentences */

/* Append what a slot's value says. Texts of several words stand in quotation marks; an element of a set is "added" or "removed", what is
 * not there is "nothing". */
void tell_value(struct buf *out, const char *slot, const cJSON *value);
/* The same, but of a text at most `max` characters, some from before its character number `from` on. */
void tell_value_cut(struct buf *out, const char *slot, const cJSON *value, size_t from, size_t max);
/* Append the value as --value takes it, quoted for a shell; false, and nothing appended, when it has no such short form. */
bool tell_typed(struct buf *out, const char *slot, const cJSON *value);

/* Append text so that a POSIX shell takes it as one word; false, and nothing appended, when it holds what cannot be typed or seen. */
bool tell_word(struct buf *out, const char *text);

/* "2022-09-01" → "1 Sep 2022"; what is no day stays as it is. */
void tell_day(struct buf *out, const char *day);
/* "2022-09-01T10:20:30.000Z" → "1 Sep 2022 10:20". */
void tell_time(struct buf *out, const char *time);
/* "Fleckney (fleckney-desk, staff)", without a site "fleckney-desk (staff, no site)". */
void tell_who(struct buf *out, const struct registry *reg, const struct sites *sites, const char *device, const char *by);
/* "Fleckney"; without a site the device's name. Borrowed. */
const char *tell_place(const struct registry *reg, const struct sites *sites, const char *device);

/* Print a sentence wrapped at TELL_WIDTH: its first line begins at column `first`, where the cursor stands, all others at `indent`. */
void tell_line(FILE *f, const char *text, size_t first, size_t indent);

#endif
