/* server/backed_up.h - when the server folder was last backed up: DIR/backed-up, for whoever watches the server. A backup does not hold it. */
#ifndef QIP_SERVER_BACKED_UP_H
#define QIP_SERVER_BACKED_UP_H

#include <stdint.h>

#include "core/status.h"

enum status backed_up_note(const char *dir, int64_t now_ms, struct error *e) MUST_CHECK;
/* 0: never, or nothing that can be read. */
int64_t backed_up_ms(const char *dir);

#endif
