/* kiosk/template.h - filling in the pages of kiosk/web.
 *
 *     {{name}}              the value, escaped for HTML text and quoted attributes
 *     {{{name}}}            the value as it stands: HTML made by another template
 *     {{#name}}…{{/name}}   kept only if the value is not empty; may hold other sections, not its own name
 */
#ifndef QIP_KIOSK_TEMPLATE_H
#define QIP_KIOSK_TEMPLATE_H

#include "core/buf.h"

struct template_value {
	const char *name; /* NULL in the last entry */
	const char *text;
};

/* Append the filled-in template. STATUS_NOT_FOUND: there is no template of that name; STATUS_MALFORMED: it names a value that is not
 * among `values`, or a section is not closed; STATUS_NOMEM. */
enum status template_render(struct buf *out, const char *name, const struct template_value *values, struct error *e) MUST_CHECK;
/* Append text with & < > " ' escaped. */
void template_escape(struct buf *out, const char *text);

#endif
