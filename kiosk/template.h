/* kiosk/template.h - filling in the pages of kiosk/web.
 *
 *     {{name}}              the value, escaped for HTML text and quoted attributes
 *     {{{name}}}            the value as it stands: HTML made by another template
 *     {{#name}}…{{/name}}   kept only if the value is not empty; may hold other sections, not its own name
 *     {{:key}}              what the screen says (kiosk/texts), in the page's language, escaped; {name} in it is the value of that name
 *     {{@style.css}}        the address of one of the program's files
 */
#ifndef QIP_KIOSK_TEMPLATE_H
#define QIP_KIOSK_TEMPLATE_H

#include "kiosk/assets.h"
#include "kiosk/texts.h"

/* What is the same for all templates of a page. */
struct template_setting {
	const struct texts *texts;
	const struct assets *assets;
};

/* Append the filled-in template; `values` end with an entry without a name. STATUS_NOT_FOUND: there is no template of that name;
 * STATUS_MALFORMED: it names a value, text or file that there is none of, or a section is not closed; STATUS_NOMEM. */
enum status template_render(struct buf *out, const struct template_setting *setting, const char *name, const struct texts_value *values,
			    struct error *e) MUST_CHECK;
/* Append text with & < > " ' escaped. */
void template_escape(struct buf *out, const char *text);

#endif
