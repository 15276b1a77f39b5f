/* core/status.h - how a function says that it failed, and in words.
 *
 * Whatever can fail returns `enum status` (0 is success) and, where a person may have to act, fills a `struct error`
 * with one sentence that says what happened and what to do. The caller that handles the error logs or prints it, once.
 */
#ifndef QIP_CORE_STATUS_H
#define QIP_CORE_STATUS_H

#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* name, value, what it means */
#define STATUS_LIST(X)                                                          \
	X(OK, 0, "success")                                                     \
	X(NOMEM, -1, "out of memory")                                           \
	X(IO, -2, "the disk or the operating system failed")                    \
	X(NO_SPACE, -3, "the disk is full")                                     \
	X(NOT_FOUND, -4, "not there")                                           \
	X(EXISTS, -5, "already there")                                          \
	X(MALFORMED, -6, "not what the format asks for")                        \
	X(FORBIDDEN_FORM, -7, "well-formed, but outside the strict profile")    \
	X(TOO_BIG, -8, "over a limit of size, count, depth or time")            \
	X(INVALID, -9, "breaks its schema")                                     \
	X(UNSUPPORTED, -10, "a newer version than this program knows")          \
	X(DENIED, -11, "not allowed to this role or device")                    \
	X(STALE, -12, "somebody else moved it meanwhile")                       \
	X(UNTRUSTED, -13, "a signature, certificate or chain does not hold")    \
	X(NETWORK, -14, "the network or the peer failed; trying again may help") \
	X(TIMEOUT, -15, "a deadline passed")                                    \
	X(REFUSED, -16, "the server refused it; trying again will not help")    \
	X(BUSY, -17, "another process holds the lock")                          \
	X(CORRUPT, -18, "what is on disk is damaged")                           \
	X(USAGE, -19, "called wrongly")                                         \
	X(CRYPTO, -20, "a cryptographic operation failed")                      \
	X(GONE, -21, "erased for good")                                         \
	X(UNKNOWN, -22, "it is not known whether it was done; ask again")       \
	X(CLOSED, -23, "restored from a backup and not open yet")               \
	X(CONTRADICTED, -24, "the server showed one thing, and another before or to others")

enum status {
#define STATUS_ENUM(name, value, text) STATUS_##name = (value),
	STATUS_LIST(STATUS_ENUM)
#undef STATUS_ENUM
};

/* What the status means, in English; static storage. */
const char *status_text(enum status st);

#define ERROR_TEXT_MAX 1024

struct error {
	enum status status;
	char text[ERROR_TEXT_MAX]; /* one sentence, NUL-terminated; "" when nothing was said */
};

/* Fill *e (which may be NULL) and return st, so that callers write `return error_set(e, STATUS_IO, "...")`.
 * A text longer than the buffer is cut. */
enum status error_set(struct error *e, enum status st, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* As error_set, with ": " and strerror(errno_value) behind; ENOSPC and EDQUOT make STATUS_NO_SPACE, all others STATUS_IO. */
enum status error_set_errno(struct error *e, int errno_value, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Put "<prefix>: " in front of what *e (which may be NULL) says; returns st, so that callers write
 * `return error_prefix(e, st, "...")`. */
enum status error_prefix(struct error *e, enum status st, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
