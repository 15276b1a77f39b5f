/* client/cli/text.h - text that people typed, and text that a screen shows. */
#ifndef QIP_CLI_TEXT_H
#define QIP_CLI_TEXT_H

#include <stdio.h>

#include "core/buf.h"

#define TEXT_MAX_CHARS 4000 /* of one field or entry */
#define TEXT_WIDTH 100	    /* columns that output keeps to */

/* What a person typed may be stored: UTF-8, something other than spaces, at most TEXT_MAX_CHARS characters, no control
 * character but the line break (LF). `what` names it in the sentence. STATUS_INVALID. */
enum status text_check(const char *text, const char *what, struct error *e) MUST_CHECK;

/* Columns that text takes, one a character. */
size_t text_width(const char *text);

/* Append text so that no terminal is steered by it: control characters, line breaks included, become spaces, and
 * characters that turn the direction of writing are left out. At most max_chars characters, the last of them "…" when
 * something was cut; 0: all. */
void text_clean(struct buf *out, const char *text, size_t max_chars);

/* Print cleaned text wrapped at TEXT_WIDTH. The cursor stands at column `indent`; so does every further line. Ends with
 * a newline. */
void text_wrap(FILE *f, const char *text, size_t indent);
/* The same at another width, the cursor standing at column `first`. */
void text_wrap_at(FILE *f, const char *text, size_t first, size_t indent, size_t width);

#endif
