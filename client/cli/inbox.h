/* client/cli/inbox.h - what the commands of "qip comments" share: the comment that a word names, and its text as a screen may show it. */
#ifndef QIP_CLI_INBOX_H
#define QIP_CLI_INBOX_H

#include "client/cli/change.h"
#include "client/comments.h"

#define INBOX_SHORT_ID 13 /* characters of an id that a list shows: they count milliseconds */

/* Open the home. STATUS_DENIED where no comment can be read: not the practice's own staff. */
enum status inbox_open(struct cli *c, struct error *e) MUST_CHECK;
/* And find the comment that the first word names; *out to be cleared. */
enum status inbox_find(struct comment *out, struct cli *c, struct error *e) MUST_CHECK;
/* Today, by the best clock there is, and so many days later. */
void inbox_day(char out[11], const struct cli *c, int days);

/* Change what was made of it, as change_record does; the commit's subject is the verb and the answer's id. */
enum status inbox_change(struct cli *c, const struct comment *m, const char *effective, const char *verb, change_apply change, void *ctx, cJSON **after,
			 struct error *e) MUST_CHECK;

/* Print a text so that it steers no terminal, wrapped, what may tell who somebody is marked: by inverse video on a terminal, else as [[… (NHS number)]]. Line
 * breaks stay, each line after `indent` columns; at most max_chars characters, 0: all. */
enum status inbox_print_text(struct cli *c, const char *text, size_t indent, size_t max_chars, struct error *e) MUST_CHECK;
/* "NHS number". */
const char *inbox_kind(enum personal_kind kind);
/* Of a JSON array: {kind, text} of each that is found. NULL when memory is out. */
cJSON *inbox_personal_json(const char *text);

#endif
