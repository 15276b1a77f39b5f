/* core/log.h - logfmt lines on stderr: ts=… level=… msg="…" key=value …  One write(2) a line; thread-safe. */
#ifndef QIP_CORE_LOG_H
#define QIP_CORE_LOG_H

#include "core/status.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Lines below this level are dropped; LOG_LEVEL_INFO at start. */
void log_set_level(enum log_level level);
/* msg, then pairs of (const char *key, const char *value), ended by NULL. Values are quoted and escaped where needed. */
void log_line(enum log_level level, const char *msg, ...) __attribute__((sentinel));

#endif
