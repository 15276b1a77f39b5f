/* core/json_path.h - where in a JSON document something stands, as a JSON pointer (RFC 6901). Inside core only.
 *
 * Whoever descends into a document keeps one link a level on its own stack, joined to the level above.
 */
#ifndef QIP_CORE_JSON_PATH_H
#define QIP_CORE_JSON_PATH_H

#include <stddef.h>

#define JSON_POINTER_MAX 512 /* bytes of a pointer's text with NUL; a longer one ends in "..." */

struct json_path {
	const struct json_path *parent; /* NULL at the top */
	const char *key;                /* member name; NULL for an element of an array */
	size_t index;                   /* of the element */
};

/* The pointer's text; "top level" for the whole document, whose pointer would be empty. Control characters of keys are
 * written as in a JSON string, so that the text may be printed. */
void json_path_text(char out[JSON_POINTER_MAX], const struct json_path *path);

#endif
