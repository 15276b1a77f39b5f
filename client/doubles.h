/* client/doubles.h - answers that stand in the log more than once: under the names of kiosks that went on with each other's answers, and under one id.
 *
 * No server takes such, unless it is old or does not do what it should. An answer counts once all the same.
 */
#ifndef QIP_CLIENT_DOUBLES_H
#define QIP_CLIENT_DOUBLES_H

#include "core/registry.h"
#include "core/id.h"

struct doubles {
	struct doubles_answer {
		char id[ID_TEXT_LEN + 1]; /* "" where there is none */
		const struct device *line;
	} *table; /* owned; by hash */
	size_t len, cap;
};
#define DOUBLES_INIT {0}

/* An answer's record of a kiosk of that line (registry_line; NULL: none, and nothing is noted). *again: one of the same line and id came before.
 * The registry must outlive this. STATUS_NOMEM. */
enum status doubles_note(bool *again, struct doubles *d, const struct device *line, const cJSON *record, struct error *e) MUST_CHECK;
void doubles_clear(struct doubles *d);

#endif
